//! What a verified certificate says of its owner, and until when it holds.
//!
//! Names come from the subject alternative name (DNS names and URIs), and after them the subject's
//! common name. The certificate was verified before; a shape that is not understood has no name.

use tokio_rustls::rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_ID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const EXPLICIT_VERSION: u8 = 0xa0;
/// UTF8String, PrintableString, TeletexString, IA5String: what a common name is written in.
const TEXTS: [u8; 4] = [0x0c, 0x13, 0x14, 0x16];
/// id-at-commonName, 2.5.4.3.
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];

/// The names that a certificate gives its owner, the first of them the one to call it by.
pub fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let mut names = Vec::new();
    if let Ok(parsed) = EndEntityCert::try_from(certificate) {
        names.extend(parsed.valid_dns_names().map(str::to_owned));
        names.extend(parsed.valid_uri_names().map(str::to_owned));
    }
    if let Some(name) = Body::of(certificate).and_then(|body| common_name(body.subject))
        && !names.contains(&name)
    {
        names.push(name);
    }
    names
}

/// The second, since 1970, after which a certificate holds no longer.
pub fn expires_unix(certificate: &CertificateDer<'_>) -> Option<i64> {
    let mut validity = Body::of(certificate)?.validity;
    next(&mut validity)?;
    let (tag, text) = next(&mut validity)?;
    unix_of(tag, std::str::from_utf8(text).ok()?)
}

/// Two parts of a certificate's body (RFC 5280, 4.1), as their contents.
struct Body<'a> {
    validity: &'a [u8],
    subject: &'a [u8],
}

impl<'a> Body<'a> {
    fn of(certificate: &'a CertificateDer<'_>) -> Option<Body<'a>> {
        let mut whole = inside(&mut certificate.as_ref(), SEQUENCE)?;
        let mut body = inside(&mut whole, SEQUENCE)?;
        let (first, _) = next(&mut body)?;
        if first == EXPLICIT_VERSION {
            next(&mut body)?; // the serial number
        }
        next(&mut body)?; // the signature's algorithm
        next(&mut body)?; // the issuer
        Some(Body {
            validity: inside(&mut body, SEQUENCE)?,
            subject: inside(&mut body, SEQUENCE)?,
        })
    }
}

fn common_name(mut subject: &[u8]) -> Option<String> {
    while !subject.is_empty() {
        let mut set = inside(&mut subject, SET)?;
        while !set.is_empty() {
            let mut attribute = inside(&mut set, SEQUENCE)?;
            let kind = inside(&mut attribute, OBJECT_ID)?;
            let (tag, value) = next(&mut attribute)?;
            if kind == COMMON_NAME && TEXTS.contains(&tag) {
                return String::from_utf8(value.to_vec()).ok();
            }
        }
    }
    None
}

/// Takes one element off, which has to be of a kind, and gives its contents.
fn inside<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    next(rest).and_then(|(found, contents)| (found == tag).then_some(contents))
}

/// Takes one DER element off: its tag and its contents.
fn next<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&[tag, length], after) = rest.split_first_chunk()?;
    let (length, after) = match length {
        0..=0x7f => (usize::from(length), after),
        // Longer than 64 KiB is no certificate's part that is looked at here.
        0x81 => after
            .split_first()
            .map(|(&a, rest)| (usize::from(a), rest))?,
        0x82 => after
            .split_first_chunk()
            .map(|(&ab, rest)| (usize::from(u16::from_be_bytes(ab)), rest))?,
        _ => return None,
    };
    let (contents, after) = after.split_at_checked(length)?;
    *rest = after;
    Some((tag, contents))
}

/// `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ` in seconds since 1970.
fn unix_of(tag: u8, text: &str) -> Option<i64> {
    let digits = text.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let year: i64 = digits.get(..2)?.parse().ok()?;
            // RFC 5280, 4.1.2.5.1.
            (
                if year < 50 { 2000 + year } else { 1900 + year },
                digits.get(2..)?,
            )
        }
        GENERALIZED_TIME => (digits.get(..4)?.parse().ok()?, digits.get(4..)?),
        _ => return None,
    };
    let part = |at: usize| {
        rest.get(at..at + 2)
            .and_then(|text| text.parse::<i64>().ok())
    };
    let (month, day) = (part(0)?, part(2)?);
    let (hour, minute, second) = (part(4)?, part(6)?, part(8)?);
    Some(((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

/// Of the Gregorian calendar, counted from the first of March so that a leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = year * 365 + year / 4 - year / 100 + year / 400;
    days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_seconds() {
        assert_eq!(unix_of(UTC_TIME, "700101000000Z"), Some(0));
        assert_eq!(unix_of(UTC_TIME, "491231235959Z"), Some(2_524_607_999));
        assert_eq!(
            unix_of(GENERALIZED_TIME, "20240229120000Z"),
            Some(1_709_208_000)
        );
        assert_eq!(
            unix_of(GENERALIZED_TIME, "20240301000000Z"),
            Some(1_709_251_200)
        );
        assert_eq!(unix_of(GENERALIZED_TIME, "2024"), None);
        assert_eq!(unix_of(0x04, "700101000000Z"), None);
    }

    #[test]
    fn what_is_no_certificate_has_no_name() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 0x82, 0xff],
            &[0x30, 3, 0x30, 1, 0],
        ] {
            let certificate = CertificateDer::from(bytes);
            assert_eq!(names(&certificate), Vec::<String>::new());
            assert_eq!(expires_unix(&certificate), None);
        }
    }
}
