//! Values hidden in other values: in JSON text, percent- and base64-encoded.
//!
//! What changes within is encoded again in its place, so that all around it stays byte for byte.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::mask::STARS;
use crate::own::spec::Decoding;

/// What is encoded more often is not followed.
const DEEPEST: u32 = 4;
/// Shorter runs of base64's letters are words.
const SHORTEST_BASE64: usize = 12;

/// Changes a decoded text; None where it stays.
pub(crate) type Change<'c> = dyn FnMut(&str) -> Option<String> + 'c;

/// The text after a change of what is hidden in it; None where nothing changed.
pub(crate) fn redact(text: &str, ways: &[Decoding], change: &mut Change<'_>) -> Option<String> {
    within(text, ways, DEEPEST, change)
}

fn within(text: &str, ways: &[Decoding], depth: u32, change: &mut Change<'_>) -> Option<String> {
    if depth == 0 {
        return None;
    }
    let mut current: Option<String> = None;
    for way in ways {
        let before = current.as_deref().unwrap_or(text);
        let mut look = |inner: &str| {
            let changed = change(inner);
            within(changed.as_deref().unwrap_or(inner), ways, depth - 1, change).or(changed)
        };
        let after = match way {
            Decoding::Json => json(before, &mut look),
            Decoding::Url => url(before, &mut look),
            Decoding::Base64 => base64(before, &mut look),
        };
        current = after.or(current);
    }
    current
}

/// Every string of a JSON text, and of the part of a text that is JSON. One that does not decode
/// is none; one that cannot be told from what is around it does no harm.
fn json(text: &str, look: &mut Change<'_>) -> Option<String> {
    let bytes = text.as_bytes();
    let begins = memchr::memchr3(b'{', b'[', b'"', bytes)?;
    let mut pieces = Pieces::of(text);
    let mut at = begins;
    while let Some(open) = memchr::memchr(b'"', &bytes[at..]) {
        let open = at + open;
        let Some(close) = string_end(bytes, open + 1) else {
            break;
        };
        at = close + 1;
        let Ok(decoded) = serde_json::from_str::<String>(&text[open..at]) else {
            continue;
        };
        if let Some(changed) = look(&decoded) {
            let encoded = serde_json::to_string(&changed);
            pieces.put(
                open..at,
                &encoded.unwrap_or_else(|_| format!("\"{STARS}\"")),
            );
        }
    }
    pieces.end()
}

fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// Every run of what a URL's component is made of, if it has an encoded byte.
fn url(text: &str, look: &mut Change<'_>) -> Option<String> {
    memchr::memchr(b'%', text.as_bytes())?;
    let mut pieces = Pieces::of(text);
    for run in runs(text.as_bytes(), |b| is_unreserved(b) || b == b'%') {
        let encoded = &text[run.clone()];
        let Some(decoded) = percent_decoded(encoded) else {
            continue;
        };
        if let Some(changed) = look(&decoded) {
            pieces.put(run, &percent_encoded(&changed));
        }
    }
    pieces.end()
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'*' | b'+')
}

/// None where nothing is encoded, or what is encoded is no UTF-8.
fn percent_decoded(text: &str) -> Option<String> {
    let hex = |byte: Option<&u8>| byte.and_then(|b| char::from(*b).to_digit(16));
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, _, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    let decoded = out.len() < bytes.len();
    String::from_utf8(out).ok().filter(|_| decoded)
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_unreserved(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Every run of base64 that decodes to text.
fn base64(text: &str, look: &mut Change<'_>) -> Option<String> {
    let bytes = text.as_bytes();
    let mut pieces = Pieces::of(text);
    let in_run = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    for run in runs(bytes, in_run) {
        let padding = bytes[run.end..]
            .iter()
            .take(2)
            .take_while(|b| **b == b'=')
            .count();
        let of_urls = memchr::memchr2(b'-', b'_', &bytes[run.clone()]).is_some();
        let engine = engine(of_urls, padding > 0);
        if run.len() + padding < SHORTEST_BASE64 {
            continue;
        }
        // Without the padding, which may be wrong: lenient readers do not look at it.
        let Some(decoded) = decoded_text(&engine, &bytes[run.clone()]) else {
            continue;
        };
        if let Some(changed) = look(&decoded) {
            pieces.put(run.start..run.end + padding, &engine.encode(changed));
        }
    }
    pieces.end()
}

fn engine(of_urls: bool, padded: bool) -> GeneralPurpose {
    let alphabet = match of_urls {
        true => &base64::alphabet::URL_SAFE,
        false => &base64::alphabet::STANDARD,
    };
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(padded)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, config)
}

/// Text and not the bytes of an id or of a picture: UTF-8 without control characters.
fn decoded_text(engine: &GeneralPurpose, encoded: &[u8]) -> Option<String> {
    let text = String::from_utf8(engine.decode(encoded).ok()?).ok()?;
    let plain = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    text.chars().all(plain).then_some(text)
}

/// The longest stretches of such bytes.
fn runs(
    bytes: &[u8],
    belongs: impl Fn(u8) -> bool,
) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() && !belongs(bytes[at]) {
            at += 1;
        }
        let start = at;
        while at < bytes.len() && belongs(bytes[at]) {
            at += 1;
        }
        (start < at).then_some(start..at)
    })
}

/// A text of which some ranges, in order, are replaced.
struct Pieces<'t> {
    text: &'t str,
    out: String,
    copied: usize,
}

impl<'t> Pieces<'t> {
    fn of(text: &'t str) -> Self {
        Pieces {
            text,
            out: String::new(),
            copied: 0,
        }
    }

    fn put(&mut self, range: std::ops::Range<usize>, replacement: &str) {
        self.out.push_str(&self.text[self.copied..range.start]);
        self.out.push_str(replacement);
        self.copied = range.end;
    }

    fn end(mut self) -> Option<String> {
        if self.copied == 0 {
            return None;
        }
        self.out.push_str(&self.text[self.copied..]);
        Some(self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Decoding; 3] = [Decoding::Json, Decoding::Url, Decoding::Base64];

    fn masked(text: &str) -> Option<String> {
        redact(text, &ALL, &mut |inner| {
            inner.contains("anna").then(|| inner.replace("anna", STARS))
        })
    }

    #[test]
    fn what_is_hidden_is_found_and_encoded_again() {
        for (text, after) in [
            (
                r#"{"a": "\u0061nna", "n": 1.50}"#,
                r#"{"a": "****", "n": 1.50}"#,
            ),
            (
                r#"got {"a":"{\"b\":\"\\u0061nna\"}"} ok"#,
                r#"got {"a":"{\"b\":\"****\"}"} ok"#,
            ),
            ("u=%61nna&v=%20&w=1", "u=****&v=%20&w=1"),
            ("u=anna%20b", "u=****%20b"),
            ("id YW5uYSB3YXMgaGVyZQ== ok", "id KioqKiB3YXMgaGVyZQ== ok"),
            ("id YW5uYSB3YXMgaGVyZQ ok", "id KioqKiB3YXMgaGVyZQ ok"),
            ("id YW5uYSB3YXMgaGVyZSE== ok", "id KioqKiB3YXMgaGVyZSE= ok"),
            ("x=YW5uYSB3YXMgaGVyZQ%3D%3D", "x=KioqKiB3YXMgaGVyZQ%3D%3D"),
        ] {
            assert_eq!(masked(text).as_deref(), Some(after), "{text}");
            assert_eq!(masked(after), None, "{after}");
        }
    }

    #[test]
    fn what_hides_nothing_stays() {
        for text in [
            "",
            "{",
            "\"",
            "\"\\",
            "{\"a\": \"open",
            "%",
            "%zz%ff",
            "5d41402abc4b2a76b9719d911017c592",
            "no such thing",
        ] {
            assert_eq!(masked(text), None, "{text}");
        }
    }

    #[test]
    fn nesting_has_an_end() {
        let mut text = "anna was here".to_owned();
        for _ in 0..DEEPEST {
            text = serde_json::to_string(&text).unwrap();
        }
        assert!(masked(&text).is_some());
        text = (0..40).fold("%61nna".to_owned(), |inner, _| percent_encoded(&inner));
        assert_eq!(masked(&text), None);
    }
}
