//! Telephone numbers.

use std::ops::Range;

use super::{Checked, byte_before};

/// An international number (E.164): a plus sign, 8 to 15 digits, not the end of a sum like `1+1..`.
pub(crate) fn international(text: &str, candidate: Range<usize>) -> Checked {
    let bytes = text.as_bytes();
    let digits = bytes[candidate.clone()]
        .iter()
        .filter(|b| b.is_ascii_digit());
    let before = byte_before(text, candidate.start).is_some_and(|b| b.is_ascii_alphanumeric());
    let behind = bytes
        .get(candidate.end)
        .is_some_and(u8::is_ascii_alphanumeric);
    if (8..=15).contains(&digits.count()) && !before && !behind {
        Ok(candidate)
    } else {
        Err(candidate.end)
    }
}

/// A number as it is dialled within the United States and Canada, Germany or Australia: the right
/// count of digits behind an area code that exists, with nothing that goes on beside it.
pub(crate) fn national(text: &str, candidate: Range<usize>) -> Checked {
    let bytes = text.as_bytes();
    let goes_on =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b'=');
    let before = byte_before(text, candidate.start).is_some_and(|b| goes_on(&b) && b != b'=');
    let behind = &bytes[candidate.end..];
    let joined = behind
        .first()
        .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
        || behind.len() > 1 && goes_on(&behind[0]) && behind[1].is_ascii_alphanumeric();
    let digits: Vec<u8> = bytes[candidate.clone()]
        .iter()
        .copied()
        .filter(u8::is_ascii_digit)
        .collect();
    if !before && !joined && is_dialled(&digits) {
        Ok(candidate)
    } else {
        // Behind the first group, so that a number behind another one is found.
        let group = bytes[candidate.clone()]
            .iter()
            .skip(1)
            .take_while(|b| b.is_ascii_digit());
        Err(candidate.start + 1 + group.count())
    }
}

fn is_dialled(digits: &[u8]) -> bool {
    match digits {
        // North America: neither the area nor the exchange begins with 0 or 1, nor ends in 11.
        [b'1', rest @ ..] | rest if rest.len() == 10 && !rest.starts_with(b"0") => {
            matches!(rest, [b'2'..=b'9', _, _, b'2'..=b'9', ..])
                && &rest[1..3] != b"11"
                && &rest[4..6] != b"11"
        }
        // Australia: 02, 03, 07, 08 and mobile 04 have ten digits. Germany: cities and mobiles.
        [b'0', b'2' | b'3' | b'4' | b'7' | b'8', ..] if digits.len() == 10 => true,
        [b'0', b'1', b'5'..=b'7', ..] => (11..=12).contains(&digits.len()),
        [b'0', b'2'..=b'9', ..] => (9..=12).contains(&digits.len()),
        _ => false,
    }
}
