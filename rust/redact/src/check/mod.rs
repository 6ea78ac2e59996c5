//! Checks that tell a find from what only looks like one: checksums, ranges, surroundings.

mod account;
mod national;
mod network;
mod phone;

use std::ops::Range;

pub(crate) use account::{has_thirteen_digits, iban, may_hold_iban, payment_card};
pub(crate) use national::{au_tfn, ca_sin, de_tax_id, us_ssn};
pub(crate) use network::{has_two_colons, ipv4, ipv6, mac, may_hold_mac};
pub(crate) use phone::{international, national};

/// The range to mask, or where to look on: behind the first byte of what was refused, since a true
/// find may begin within it, or behind all of it where that would cost a long text's square.
pub(crate) type Checked = Result<Range<usize>, usize>;

/// The whole match, as it is.
pub(crate) fn whole(_text: &str, candidate: Range<usize>) -> Checked {
    Ok(candidate)
}

/// An address of a person, and not that of a repository: `git@github.com:..`.
pub(crate) fn email(text: &str, candidate: Range<usize>) -> Checked {
    let is_git = text[candidate.clone()].starts_with("git@");
    if is_git && text.as_bytes().get(candidate.end) == Some(&b':') {
        Err(candidate.end)
    } else {
        Ok(candidate)
    }
}

/// A key and not a name: it has a digit.
pub(crate) fn with_a_digit(text: &str, candidate: Range<usize>) -> Checked {
    if text.as_bytes()[candidate.clone()]
        .iter()
        .any(u8::is_ascii_digit)
    {
        Ok(candidate)
    } else {
        Err(candidate.end)
    }
}

/// A parameter's value: what is before an `&` is a parameter too, or the question mark.
pub(crate) fn query_value(text: &str, candidate: Range<usize>) -> Checked {
    let bytes = text.as_bytes();
    let begins = |b: &u8| matches!(b, b'?' | b'&');
    let name = bytes[..candidate.start]
        .iter()
        .rposition(begins)
        .unwrap_or(0);
    if bytes[name] == b'?' {
        return Ok(candidate);
    }
    let ends =
        |b: &u8| b.is_ascii_whitespace() || begins(b) || matches!(b, b'"' | b'\'' | b'<' | b'>');
    let before = bytes[..name].iter().rposition(ends);
    let parameter = &bytes[before.map_or(0, |at| at + 1)..name];
    let asked = before.is_some_and(|at| bytes[at] == b'?');
    if asked || memchr::memchr(b'=', parameter).is_some() {
        Ok(candidate)
    } else {
        Err(candidate.end)
    }
}

/// A token and not a word of prose: it has a digit, or at least 20 characters.
pub(crate) fn looks_random(text: &str, candidate: Range<usize>) -> Checked {
    let token = &text.as_bytes()[candidate.clone()];
    if token.len() >= 20 || token.iter().any(u8::is_ascii_digit) {
        Ok(candidate)
    } else {
        Err(candidate.end)
    }
}

fn byte_before(text: &str, at: usize) -> Option<u8> {
    at.checked_sub(1).map(|before| text.as_bytes()[before])
}

pub(crate) fn has_nine_digits(text: &[u8]) -> bool {
    text.len() >= 9 && text.iter().filter(|b| b.is_ascii_digit()).count() >= 9
}
