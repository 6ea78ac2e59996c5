//! Addresses of networks and of their cards.

use std::net::Ipv6Addr;
use std::ops::Range;

use super::{Checked, byte_before};

/// Four octets that are not the middle of a longer number, nor a version (`v1.2.3.4`, or a
/// browser's `Chrome/120.0.0.0`), nor a network of 256 addresses or more (`10.1.2.0/24`).
pub(crate) fn ipv4(text: &str, candidate: Range<usize>) -> Checked {
    let bytes = text.as_bytes();
    let start = candidate.start;
    let is = |at: Option<usize>, test: fn(&u8) -> bool| {
        at.and_then(|at| bytes.get(at)).is_some_and(test)
    };
    let longer =
        is(Some(candidate.end), u8::is_ascii_digit) || is(start.checked_sub(1), u8::is_ascii_digit);
    let before_last = start.checked_sub(2);
    let version = match start.checked_sub(1).map(|at| bytes[at]) {
        Some(b'v' | b'V') => !is(before_last, u8::is_ascii_alphanumeric),
        Some(b'/') => {
            is(before_last, u8::is_ascii_alphabetic) && text[candidate.clone()].ends_with(".0.0.0")
        }
        _ => false,
    };
    if longer || version || is_network(&text[candidate.clone()], ".0", &bytes[candidate.end..]) {
        Err(start + 1)
    } else {
        Ok(candidate)
    }
}

/// Whether an address is that of a network, which is what generalising leaves of one: it ends in
/// zeros, and a prefix of at most two digits stands behind it.
fn is_network(address: &str, zeros: &str, behind: &[u8]) -> bool {
    let Some(behind) = behind.strip_prefix(b"/") else {
        return false;
    };
    let digits = behind.iter().take_while(|b| b.is_ascii_digit());
    let prefix = digits.fold(0u32, |prefix, digit| {
        prefix
            .saturating_mul(10)
            .saturating_add(u32::from(digit - b'0'))
    });
    let most = if zeros == "::" { 64 } else { 24 };
    address.ends_with(zeros) && (1..=most).contains(&prefix)
}

/// A run of hexadecimal groups that parses as an address and has a digit; a first or last group
/// that does not belong to it (a label before, a port behind) is left out.
pub(crate) fn ipv6(text: &str, run: Range<usize>) -> Checked {
    let bytes = text.as_bytes();
    let resume = run.end;
    let trimmed = text[run.clone()].trim_end_matches('.').len();
    let run = run.start..run.start + trimmed;
    let is_word = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    let first = text[run.clone()].find(':').unwrap_or(0);
    let last = text[run.clone()].rfind(':').unwrap_or(0);
    let starts = [run.start, run.start + first + 1];
    let ends = [run.end, run.start + last];
    for start in starts {
        if is_word(byte_before(text, start)) {
            continue;
        }
        for end in ends {
            if end <= start || is_word(bytes.get(end).copied()) {
                continue;
            }
            let address = &text[start..end];
            let has_digit = address.bytes().any(|b| b.is_ascii_digit());
            if has_digit && address.parse::<Ipv6Addr>().is_ok() {
                if is_network(address, "::", &bytes[end..]) {
                    return Err(resume);
                }
                return Ok(start..end);
            }
        }
    }
    Err(resume)
}

pub(crate) fn has_two_colons(text: &[u8]) -> bool {
    memchr::memchr_iter(b':', text).nth(1).is_some()
}

/// Six groups of two digits that are no part of a longer run (a key's fingerprint), name an
/// interface (not all zeros or all ones), and between hyphens have a letter (else: a time stamp). One
/// that has no digit at all is not looked for.
pub(crate) fn mac(text: &str, candidate: Range<usize>) -> Checked {
    let bytes = text.as_bytes();
    let is_part = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'-' | b'.');
    let behind = &bytes[candidate.end..];
    let longer = behind.len() > 1 && is_part(&behind[0]) && behind[1].is_ascii_hexdigit();
    let part_before = |b: u8| b.is_ascii_alphanumeric() || is_part(&b);
    if longer || byte_before(text, candidate.start).is_some_and(part_before) {
        let run = bytes[candidate.start..].iter().take_while(|b| is_part(b));
        return Err(candidate.start + run.count());
    }
    let found = &bytes[candidate.clone()];
    let digits = || found.iter().filter(|b| b.is_ascii_hexdigit());
    let none = digits().all(|b| *b == b'0') || digits().all(|b| matches!(b, b'f' | b'F'));
    let stamp = found.contains(&b'-') && !digits().any(u8::is_ascii_alphabetic);
    if none || stamp {
        Err(candidate.end)
    } else {
        Ok(candidate)
    }
}

/// Whether separators stand as far from each other as in a MAC address. Of every nine bytes five are
/// looked at: no address, with a separator at every third or fifth byte, fits in between.
pub(crate) fn may_hold_mac(text: &[u8]) -> bool {
    let repeats = |at: usize, step: usize| {
        let same = |other: Option<usize>| other.and_then(|at| text.get(at)) == Some(&text[at]);
        same(Some(at + step)) || same(at.checked_sub(step))
    };
    (0..text.len()).step_by(9).any(|from| {
        (from..text.len().min(from + 5)).any(|at| match text[at] {
            b':' | b'-' => repeats(at, 3),
            b'.' => repeats(at, 5),
            _ => false,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mac_address_is_passed_over() {
        for before in 0..20 {
            for mac in ["00:1b:44:11:3a:b7", "00-1b-44-11-3a-b7", "001b.4411.3ab7"] {
                let text = format!("{}{mac}", " ".repeat(before));
                assert!(may_hold_mac(text.as_bytes()), "{text:?}");
            }
        }
        for text in [
            "0d9f3a52-9c1e-4b57-8c66-0b1e7a9d2f41",
            "app-7.euc.contoso.example",
            "",
        ] {
            assert!(!may_hold_mac(text.as_bytes()), "{text:?}");
        }
    }
}
