//! JSON's tokens, appended to a buffer.
//!
//! Every value writes a comma behind itself, and whatever closes around it takes the last one back:
//! so no field needs to know whether it is the first. The literals given to a field hold its key,
//! its colon and the quotes around its value, which makes one copy of what would be three.

use crate::model::Number;
use crate::scan::plain_prefix;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub(super) struct Writer<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> Writer<'o> {
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out }
    }

    /// Append what is JSON already.
    #[inline(always)]
    pub fn raw(&mut self, literal: &str) {
        self.out.extend_from_slice(literal.as_bytes());
    }

    /// End an object or an array: its last comma becomes `end`.
    #[inline]
    fn end(&mut self, end: u8) {
        match self.out.last_mut() {
            Some(last) if *last == b',' => *last = end,
            _ => self.out.push(end),
        }
    }

    /// End the outermost object, which nothing follows.
    pub fn end_line(&mut self) {
        self.end(b'}');
    }

    #[inline]
    pub fn end_object(&mut self) {
        self.end(b'}');
        self.out.push(b',');
    }

    #[inline]
    pub fn end_array(&mut self) {
        self.end(b']');
        self.out.push(b',');
    }

    /// `key` is `"name":"`; nothing is written for an empty text.
    #[inline]
    pub fn text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.raw(key);
            self.escaped(text);
            self.raw("\",");
        }
    }

    /// `key` is `"name":"`.
    #[inline]
    pub fn id(&mut self, key: &str, id: &[u8]) {
        if !id.is_empty() {
            self.raw(key);
            self.hex(id);
            self.raw("\",");
        }
    }

    /// `key` is `"name":"`, since JSON holds 64 bits as a string.
    #[inline]
    pub fn long(&mut self, key: &str, number: u64) {
        if number != 0 {
            self.raw(key);
            self.integer(number);
            self.raw("\",");
        }
    }

    /// `key` is `"name":`.
    #[inline]
    pub fn small(&mut self, key: &str, number: impl itoa::Integer + Default + PartialEq) {
        if number != Default::default() {
            self.raw(key);
            self.integer(number);
            self.raw(",");
        }
    }

    /// `key` is `"name":`. A negative zero is no default.
    pub fn double(&mut self, key: &str, number: f64) {
        if number.to_bits() != 0 {
            self.raw(key);
            self.float(number);
            self.raw(",");
        }
    }

    /// `key` is `"name":`.
    pub fn optional_double(&mut self, key: &str, number: Option<f64>) {
        if let Some(number) = number {
            self.raw(key);
            self.float(number);
            self.raw(",");
        }
    }

    /// A number of the oneof that points and exemplars share.
    pub fn number(&mut self, number: Option<Number>) {
        match number {
            Some(Number::Int(number)) => {
                self.raw("\"asInt\":\"");
                self.integer(number);
                self.raw("\",");
            }
            Some(Number::Double(number)) => self.optional_double("\"asDouble\":", Some(number)),
            None => {}
        }
    }

    /// `key` is `"name":[`.
    pub fn longs(&mut self, key: &str, numbers: &[u64]) {
        if !numbers.is_empty() {
            self.raw(key);
            for &number in numbers {
                self.raw("\"");
                self.integer(number);
                self.raw("\",");
            }
            self.end_array();
        }
    }

    /// `key` is `"name":[`.
    pub fn doubles(&mut self, key: &str, numbers: &[f64]) {
        if !numbers.is_empty() {
            self.raw(key);
            for &number in numbers {
                self.float(number);
                self.raw(",");
            }
            self.end_array();
        }
    }

    /// `key` is `"name":[`; `element` writes one element with its comma.
    #[inline]
    pub fn list<T>(&mut self, key: &str, elements: &[T], mut element: impl FnMut(&mut Self, &T)) {
        if !elements.is_empty() {
            self.raw(key);
            for one in elements {
                element(self, one);
            }
            self.end_array();
        }
    }

    #[inline]
    pub fn integer(&mut self, number: impl itoa::Integer) {
        self.raw(itoa::Buffer::new().format(number));
    }

    pub fn float(&mut self, number: f64) {
        if number.is_finite() {
            self.raw(ryu::Buffer::new().format_finite(number));
        } else if number.is_nan() {
            self.raw("\"NaN\"");
        } else if number > 0.0 {
            self.raw("\"Infinity\"");
        } else {
            self.raw("\"-Infinity\"");
        }
    }

    /// The inside of a JSON string.
    #[inline]
    pub fn escaped(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let plain = plain_prefix(bytes);
        self.out.extend_from_slice(&bytes[..plain]);
        if plain < bytes.len() {
            self.escape_rest(&bytes[plain..]);
        }
    }

    /// `rest` begins with a character that needs an escape.
    fn escape_rest(&mut self, mut rest: &[u8]) {
        while let Some((&byte, after)) = rest.split_first() {
            match byte {
                b'"' => self.raw("\\\""),
                b'\\' => self.raw("\\\\"),
                b'\n' => self.raw("\\n"),
                b'\r' => self.raw("\\r"),
                b'\t' => self.raw("\\t"),
                _ => {
                    self.raw("\\u00");
                    self.out.extend_from_slice(&hex_digits(byte));
                }
            }
            let plain = plain_prefix(after);
            self.out.extend_from_slice(&after[..plain]);
            rest = &after[plain..];
        }
    }

    fn hex(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.out.extend_from_slice(&hex_digits(byte));
        }
    }

    pub fn base64(&mut self, bytes: &[u8]) {
        // In pieces of whole triples, so that no value needs a buffer of its size.
        let mut encoded = [0; 1024];
        for piece in bytes.chunks(768) {
            let written = STANDARD
                .encode_slice(piece, &mut encoded)
                .expect("four characters for each three bytes");
            self.out.extend_from_slice(&encoded[..written]);
        }
    }
}

#[inline]
fn hex_digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [
        DIGITS[usize::from(byte >> 4)],
        DIGITS[usize::from(byte & 15)],
    ]
}
