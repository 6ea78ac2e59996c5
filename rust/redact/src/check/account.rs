//! Numbers of payment cards and bank accounts.

use std::ops::Range;

use super::Checked;

/// Countries that have IBANs, and how long theirs are (the IBAN registry of SWIFT).
const IBAN_LENGTHS: [(&[u8; 2], usize); 88] = [
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
];

/// 13 to 19 digits of an issuer that exists, in the usual groups or in one, with Luhn's digit.
pub(crate) fn payment_card(text: &str, candidate: Range<usize>) -> Checked {
    let bytes = text.as_bytes();
    let start = candidate.start;
    let fraction = start >= 2 && bytes[start - 1] == b'.' && bytes[start - 2].is_ascii_digit();
    if fraction {
        return Err(start + 1);
    }
    let mut digits = [0; 19];
    let mut count = 0;
    let mut groups = Vec::with_capacity(5);
    let mut group = 0;
    let mut separator = None;
    let mut found = None;
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'0'..=b'9' if count < 19 => {
                digits[count] = byte - b'0';
                count += 1;
                group += 1;
                at += 1;
                let next = bytes.get(at);
                let ends = !next.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
                if ends
                    && usual_groups(&groups, group, count)
                    && issued(&digits[..count])
                    && luhn(&digits[..count])
                {
                    found = Some(start..at);
                }
            }
            b' ' | b'-' if group > 0 && separator.is_none_or(|known| known == byte) => {
                separator = Some(byte);
                groups.push(group);
                group = 0;
                at += 1;
            }
            _ => break,
        }
    }
    found.ok_or(start + 1)
}

fn usual_groups(before: &[usize], last: usize, count: usize) -> bool {
    match (before, last) {
        ([], _) => (13..=19).contains(&count),
        ([4, 4, 4], 1..=4) | ([4, 4, 4, 4], 1..=3) | ([4, 6], 4 | 5) => true,
        _ => false,
    }
}

/// Whether the first digits are those of a card network.
fn issued(digits: &[u8]) -> bool {
    let head = digits[..4]
        .iter()
        .fold(0u16, |head, digit| head * 10 + u16::from(*digit));
    match head {
        2200..=2204 | 2221..=2720 => true, // Mir, Mastercard
        3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 => true, // Diners
        3400..=3499 | 3700..=3799 => digits.len() == 15, // American Express
        3528..=3589 => true,               // JCB
        4000..=4999 => true,               // Visa
        5000..=5099 | 5600..=5899 | 6000..=6999 => true, // Maestro, Discover, UnionPay, RuPay
        5100..=5599 => true,               // Mastercard
        _ => false,
    }
}

pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| {
            let weighted = u32::from(*digit) * (1 + index as u32 % 2);
            weighted / 10 + weighted % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

/// As many characters as the country's IBANs have, in one or in groups, with the right remainder.
pub(crate) fn iban(text: &str, candidate: Range<usize>) -> Checked {
    let bytes = text.as_bytes();
    let refused = Err(candidate.start + 1);
    let mut characters = Vec::with_capacity(34);
    let mut end = candidate.start;
    let country = [
        bytes[end].to_ascii_uppercase(),
        bytes[end + 1].to_ascii_uppercase(),
    ];
    let Some((_, length)) = IBAN_LENGTHS.iter().find(|(code, _)| **code == country) else {
        return refused;
    };
    while characters.len() < *length {
        match bytes.get(end) {
            Some(byte) if byte.is_ascii_alphanumeric() => {
                characters.push(byte.to_ascii_uppercase());
            }
            Some(b' ' | b'-') if bytes[end - 1].is_ascii_alphanumeric() => {}
            _ => return refused,
        }
        end += 1;
    }
    characters.rotate_left(4);
    let remainder = characters.iter().fold(0u32, |remainder, byte| match byte {
        b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
        _ => (remainder * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    if remainder == 1 && !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
        Ok(candidate.start..end)
    } else {
        refused
    }
}

pub(crate) fn has_thirteen_digits(text: &[u8]) -> bool {
    text.len() >= 13 && text.iter().filter(|b| b.is_ascii_digit()).count() >= 13
}

/// Whether two letters and two digits stand together in a text that is long enough.
pub(crate) fn may_hold_iban(text: &[u8]) -> bool {
    text.len() >= 15
        && text.windows(4).any(|w| {
            w[2].is_ascii_digit()
                && w[3].is_ascii_digit()
                && w[0].is_ascii_alphabetic()
                && w[1].is_ascii_alphabetic()
        })
}
