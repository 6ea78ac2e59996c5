//! Numbers that states give to persons, by their check digits and invalid ranges.

use std::ops::Range;

use super::Checked;

/// A US social security number in none of the ranges that are never given out: areas 000, 666 and
/// 900 to 999, group 00, serial 0000.
pub(crate) fn us_ssn(text: &str, candidate: Range<usize>) -> Checked {
    confirm(text, candidate, |digits| match digits {
        [9, ..] | [0, 0, 0, ..] | [6, 6, 6, ..] | [_, _, _, 0, 0, ..] => false,
        [.., 0, 0, 0, 0] => false,
        _ => digits.len() == 9,
    })
}

/// A Canadian social insurance number: Luhn's digit, and a first digit that is given out.
pub(crate) fn ca_sin(text: &str, candidate: Range<usize>) -> Checked {
    confirm(text, candidate, |digits| {
        digits.len() == 9 && !matches!(digits[0], 0 | 8) && super::account::luhn(digits)
    })
}

/// An Australian tax file number: the weighted sum of its nine digits is a multiple of 11.
pub(crate) fn au_tfn(text: &str, candidate: Range<usize>) -> Checked {
    const WEIGHTS: [u32; 9] = [1, 4, 3, 7, 5, 8, 6, 9, 10];
    confirm(text, candidate, |digits| {
        let weighted = digits.iter().zip(WEIGHTS);
        let sum: u32 = weighted
            .map(|(digit, weight)| u32::from(*digit) * weight)
            .sum();
        digits.len() == 9 && sum > 0 && sum.is_multiple_of(11)
    })
}

/// A German tax identification number: of its first ten digits exactly one occurs two or three
/// times (never three times in a row) and no other more than once; the eleventh is the check digit
/// of ISO 7064, MOD 11,10.
pub(crate) fn de_tax_id(text: &str, candidate: Range<usize>) -> Checked {
    confirm(text, candidate, |digits| {
        let [first @ .., check] = digits else {
            return false;
        };
        if first.len() != 10 || first[0] == 0 {
            return false;
        }
        let mut counts = [0; 10];
        for digit in first {
            counts[usize::from(*digit)] += 1;
        }
        let repeated: Vec<_> = counts.iter().filter(|count| **count > 1).collect();
        let in_a_row = first.windows(3).any(|w| w[0] == w[1] && w[1] == w[2]);
        let product = first.iter().fold(10, |product, digit| {
            let sum = (u32::from(*digit) + product) % 10;
            (if sum == 0 { 10 } else { sum }) * 2 % 11
        });
        matches!(repeated[..], [2 | 3]) && !in_a_row && (11 - product) % 10 == u32::from(*check)
    })
}

/// Keeps a candidate whose digits pass and which stands alone: no digit or letter goes on beside
/// it, nor a decimal fraction or another group.
fn confirm(text: &str, candidate: Range<usize>, valid: fn(&[u8]) -> bool) -> Checked {
    let bytes = text.as_bytes();
    let joins = |b: u8| matches!(b, b'-' | b'.' | b'_' | b'/' | b':');
    let before = candidate.start.checked_sub(1).map(|at| bytes[at]);
    let before_that = candidate.start.checked_sub(2).map(|at| bytes[at]);
    let behind = bytes.get(candidate.end).copied();
    let behind_that = bytes.get(candidate.end + 1).copied();
    let digit = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_digit());
    let word = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    let continues = word(before)
        || word(behind)
        || before.is_some_and(joins) && digit(before_that)
        || behind.is_some_and(joins) && digit(behind_that)
        || before == Some(b'-') && word(before_that)
        || before == Some(b' ') && digit(before_that);
    let digits: Vec<u8> = bytes[candidate.clone()]
        .iter()
        .filter(|b| b.is_ascii_digit())
        .map(|b| b - b'0')
        .collect();
    if !continues && valid(&digits) {
        Ok(candidate)
    } else {
        Err(candidate.end)
    }
}
