//! Coarser values: an address's network, a time's hour, a number's bucket.

use std::net::IpAddr;

use crate::own::spec::To;

/// How coarse a value becomes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Generalise {
    /// IPv4 to /24, IPv6 to /48.
    Network,
    Hour,
    /// The lower bound of its bucket, of this size.
    Bucket(f64),
}

impl Generalise {
    pub fn new(to: To, size: Option<f64>) -> Result<Self, &'static str> {
        Ok(match to {
            To::Network => Generalise::Network,
            To::Hour => Generalise::Hour,
            To::Bucket => match size {
                Some(size) if size.is_finite() && size > 0.0 => Generalise::Bucket(size),
                _ => return Err("bucket wants a size above 0"),
            },
        })
    }

    pub fn effect(&self) -> &'static str {
        match self {
            Generalise::Network => "generalised to its network",
            Generalise::Hour => "generalised to the hour",
            Generalise::Bucket(_) => "generalised to its bucket",
        }
    }
}

/// A text's coarser form; None for what is no address, time or number.
pub(crate) fn text(found: &str, how: &Generalise) -> Option<String> {
    match how {
        Generalise::Network => network(found),
        Generalise::Hour => match found.parse() {
            Ok(number) => int(number, how).map(|number| number.to_string()),
            Err(_) => hour(found),
        },
        Generalise::Bucket(_) => match found.trim().parse::<i64>() {
            Ok(number) => int(number, how).map(|number| number.to_string()),
            Err(_) => double(found.trim().parse().ok()?, how).map(|number| number.to_string()),
        },
    }
}

/// An integer's coarser form. A time is in seconds, or in milli-, micro- or nanoseconds, by its size.
pub(crate) fn int(number: i64, how: &Generalise) -> Option<i64> {
    match *how {
        Generalise::Network => None,
        Generalise::Hour => {
            let unit = match number {
                100_000_000..100_000_000_000 => 1,
                100_000_000_000..100_000_000_000_000 => 1_000,
                100_000_000_000_000..100_000_000_000_000_000 => 1_000_000,
                100_000_000_000_000_000.. => 1_000_000_000,
                _ => return None,
            };
            Some(number - number % (3_600 * unit))
        }
        Generalise::Bucket(size) if size.fract() == 0.0 && size <= 9e15 => {
            let size = size as i64;
            number.div_euclid(size).checked_mul(size)
        }
        Generalise::Bucket(_) => double(number as f64, how).map(|number| number.floor() as i64),
    }
}

pub(crate) fn double(number: f64, how: &Generalise) -> Option<f64> {
    match *how {
        Generalise::Bucket(size) if number.is_finite() => Some((number / size).floor() * size),
        _ => None,
    }
}

fn network(found: &str) -> Option<String> {
    let address = found.split_once('/').map_or(found, |(address, _)| address);
    match address.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Some(format!("{a}.{b}.{c}.0/24"))
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            let network = std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0);
            Some(format!("{network}/48"))
        }
    }
}

/// The text with its first time of day's minutes and seconds as zeros, and no fraction.
fn hour(found: &str) -> Option<String> {
    let bytes = found.as_bytes();
    let two = |at: usize| {
        bytes.len() >= at + 2 && bytes[at].is_ascii_digit() && bytes[at + 1].is_ascii_digit()
    };
    let longer = |at: usize| at > 0 && bytes[at - 1].is_ascii_digit();
    let minutes = (2..bytes.len())
        .find(|at| bytes[*at] == b':' && two(at - 2) && !longer(at - 2) && two(at + 1))?;
    let mut end = minutes + 3;
    let mut out = format!("{}:00", &found[..minutes]);
    if bytes.get(end) == Some(&b':') && two(end + 1) {
        out.push_str(":00");
        end += 3;
        if matches!(bytes.get(end), Some(b'.' | b',')) {
            end += 1;
            end += bytes[end..]
                .iter()
                .take_while(|b| b.is_ascii_digit())
                .count();
        }
    }
    out.push_str(&found[end..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_coarser_and_stay_so() {
        let (network, hour, ten) = (
            Generalise::Network,
            Generalise::Hour,
            Generalise::Bucket(10.0),
        );
        for (found, how, coarse) in [
            ("203.0.113.77", network, Some("203.0.113.0/24")),
            ("203.0.113.0/24", network, Some("203.0.113.0/24")),
            ("2001:db8:1:2::77", network, Some("2001:db8:1::/48")),
            ("::ffff:203.0.113.77", network, Some("203.0.113.0/24")),
            ("anna", network, None),
            (
                "2026-11-24T08:41:47.123Z",
                hour,
                Some("2026-11-24T08:00:00Z"),
            ),
            (
                "24/Nov/2026:08:41:47 +0100",
                hour,
                Some("24/Nov/2026:08:00:00 +0100"),
            ),
            ("1795509707", hour, Some("1795507200")),
            ("1795509707123", hour, Some("1795507200000")),
            ("soon", hour, None),
            ("127", ten, Some("120")),
            ("-127", ten, Some("-130")),
            ("12.75", ten, Some("10")),
            ("0.3", Generalise::Bucket(0.25), Some("0.25")),
            ("many", ten, None),
        ] {
            let once = text(found, &how);
            assert_eq!(once.as_deref(), coarse, "{found}");
            if let Some(once) = once {
                assert_eq!(text(&once, &how).as_deref(), coarse, "{found} again");
            }
        }
    }
}
