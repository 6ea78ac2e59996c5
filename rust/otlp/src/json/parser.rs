//! JSON's grammar: objects, arrays, strings, and values that nobody wants.

use crate::error::{DecodeCode, DecodeError, Read, Within};
use crate::model::Text;
use crate::scan::plain_prefix;
use crate::state::State;
use std::borrow::Cow;

/// How deep a value nests that is only read over. This needs no stack.
const MAX_SKIPPED: usize = 128;

/// What a member function of `object` answers for a key that its message does not have.
pub(super) const UNKNOWN: u32 = 0;

pub(super) struct Parser<'a, 'd> {
    body: &'a [u8],
    /// The body again, where all of it is UTF-8: its strings need no check of their own then.
    text: Option<&'a str>,
    place: usize,
    pub state: State<'d>,
    /// How many attributes the last list had: the next one's are likely to be as many.
    pub attributes: usize,
}

impl<'a, 'd> Parser<'a, 'd> {
    pub fn new(body: &'a [u8], state: State<'d>) -> Self {
        Self {
            body,
            text: str::from_utf8(body).ok(),
            place: 0,
            state,
            attributes: 0,
        }
    }

    /// Nothing but white space may follow.
    pub fn end(&mut self) -> Read<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.error(DecodeCode::TrailingData)),
        }
    }

    #[cold]
    pub fn error(&self, code: DecodeCode) -> DecodeError {
        DecodeError::new(code, self.place)
    }

    #[cold]
    pub fn error_at(&self, code: DecodeCode, place: usize) -> DecodeError {
        DecodeError::new(code, place)
    }

    pub fn place(&self) -> usize {
        self.place
    }

    pub fn rest(&self) -> &'a [u8] {
        &self.body[self.place..]
    }

    pub fn advance(&mut self, bytes: usize) {
        self.place += bytes;
    }

    /// The next byte that is no white space, which stays.
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        loop {
            match self.body.get(self.place) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.place += 1,
                other => return other.copied(),
            }
        }
    }

    /// The code for a byte that is not `wanted`.
    fn unexpected(&mut self, code: DecodeCode) -> DecodeError {
        match self.peek() {
            None => self.error(DecodeCode::Truncated),
            Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => self.error(code),
            Some(_) => self.error(DecodeCode::BadSyntax),
        }
    }

    pub fn wrong_type(&mut self) -> DecodeError {
        self.unexpected(DecodeCode::WrongType)
    }

    #[inline]
    fn expect(&mut self, wanted: u8) -> Read<()> {
        if self.peek() == Some(wanted) {
            self.place += 1;
            return Ok(());
        }
        Err(self.unexpected(DecodeCode::BadSyntax))
    }

    pub fn literal(&mut self, literal: &str) -> Read<()> {
        let rest = self.rest();
        if rest.starts_with(literal.as_bytes()) {
            self.place += literal.len();
            Ok(())
        } else if literal.as_bytes().starts_with(rest) {
            Err(self.error(DecodeCode::Truncated))
        } else {
            Err(self.error(DecodeCode::BadSyntax))
        }
    }

    /// Read over a `null`, which stands for a field that is absent.
    #[inline]
    pub fn null(&mut self) -> Read<bool> {
        if self.peek() != Some(b'n') {
            return Ok(false);
        }
        self.literal("null")?;
        Ok(true)
    }

    /// One object. `member` reads the value behind a key and answers with the field's number, so
    /// that a doubled key is noticed (members of a oneof share one), or reads nothing and answers
    /// `UNKNOWN`.
    #[inline]
    pub fn object(
        &mut self,
        path: &'static str,
        member: impl FnMut(&mut Self, &str) -> Read<u32>,
    ) -> Read<()> {
        self.members(member).within(path)
    }

    #[inline]
    fn members(&mut self, mut member: impl FnMut(&mut Self, &str) -> Read<u32>) -> Read<()> {
        if self.peek() != Some(b'{') {
            return Err(self.wrong_type());
        }
        self.place += 1;
        if self.peek() == Some(b'}') {
            self.place += 1;
            return Ok(());
        }
        let mut seen = 0u32;
        loop {
            let key = self.key()?;
            match member(self, &key)? {
                UNKNOWN => {
                    self.state.notes.unknown_fields += 1;
                    self.skip()?;
                }
                number => {
                    self.state.notes.doubled_keys += u64::from(seen >> number & 1);
                    seen |= 1 << number;
                }
            }
            if !self.another(b'}')? {
                return Ok(());
            }
        }
    }

    fn key(&mut self) -> Read<Text<'a>> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected(DecodeCode::BadSyntax));
        }
        let key = self.string()?;
        self.expect(b':')?;
        Ok(key)
    }

    /// Whether a comma follows, and not the end.
    #[inline]
    fn another(&mut self, end: u8) -> Read<bool> {
        match self.peek() {
            Some(b',') => {
                self.place += 1;
                Ok(true)
            }
            Some(byte) if byte == end => {
                self.place += 1;
                Ok(false)
            }
            _ => Err(self.unexpected(DecodeCode::BadSyntax)),
        }
    }

    /// One array; `null` is an empty one.
    pub fn array(&mut self, mut element: impl FnMut(&mut Self) -> Read<()>) -> Read<()> {
        if self.null()? {
            return Ok(());
        }
        if self.peek() != Some(b'[') {
            return Err(self.wrong_type());
        }
        self.place += 1;
        if self.peek() == Some(b']') {
            self.place += 1;
            return Ok(());
        }
        loop {
            element(self)?;
            if !self.another(b']')? {
                return Ok(());
            }
        }
    }

    /// One string.
    #[inline]
    pub fn string(&mut self) -> Read<Text<'a>> {
        if self.peek() != Some(b'"') {
            return Err(self.wrong_type());
        }
        let start = self.place + 1;
        let end = start + plain_prefix(&self.body[start..]);
        if self.body.get(end) == Some(&b'"') {
            self.place = end + 1;
            return Ok(self.slice(start, end));
        }
        self.escaped_string(start, end)
    }

    #[inline]
    pub fn slice(&mut self, start: usize, end: usize) -> Text<'a> {
        // Both ends lie beside an ASCII character, so that they never split another.
        match self.text.and_then(|text| text.get(start..end)) {
            Some(text) => Cow::Borrowed(text),
            None => self.repaired(&self.body[start..end]),
        }
    }

    #[cold]
    fn repaired<'b>(&mut self, bytes: &'b [u8]) -> Text<'b> {
        let text = String::from_utf8_lossy(bytes);
        self.state.notes.invalid_utf8 += u64::from(matches!(text, Cow::Owned(_)));
        text
    }

    /// The string from `start`, of which the part before `special` is plain.
    fn escaped_string(&mut self, start: usize, special: usize) -> Read<Text<'a>> {
        let mut bytes = self.body[start..special].to_vec();
        self.place = special;
        loop {
            match self.body.get(self.place) {
                None => return Err(self.error(DecodeCode::Truncated)),
                Some(b'"') => {
                    self.place += 1;
                    let text = match String::from_utf8(bytes) {
                        Ok(text) => text,
                        Err(error) => self.repaired(error.as_bytes()).into_owned(),
                    };
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => {
                    let character = self.escape()?;
                    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Some(_) => return Err(self.error(DecodeCode::BadString)),
            }
            let plain = &self.rest()[..plain_prefix(self.rest())];
            bytes.extend_from_slice(plain);
            self.place += plain.len();
        }
    }

    fn escape(&mut self) -> Read<char> {
        let character = match self.body.get(self.place + 1) {
            None => return Err(self.error(DecodeCode::Truncated)),
            Some(b'u') => return self.unicode_escape(),
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(_) => return Err(self.error(DecodeCode::BadString)),
        };
        self.place += 2;
        Ok(character)
    }

    /// `\uXXXX`, and a second one where the first is the high half of a pair. Half a pair alone
    /// becomes U+FFFD.
    fn unicode_escape(&mut self) -> Read<char> {
        let unit = self.unit()?;
        if (0xd800..0xdc00).contains(&unit) && self.rest().starts_with(b"\\u") {
            let place = self.place;
            let low = self.unit()?;
            if (0xdc00..0xe000).contains(&low) {
                let scalar = 0x10000 + ((unit - 0xd800) << 10 | (low - 0xdc00));
                return Ok(char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.place = place;
        }
        Ok(char::from_u32(unit).unwrap_or_else(|| {
            self.state.notes.invalid_utf8 += 1;
            char::REPLACEMENT_CHARACTER
        }))
    }

    fn unit(&mut self) -> Read<u32> {
        let Some(digits) = self.rest().get(2..6) else {
            return Err(self.error(DecodeCode::Truncated));
        };
        let mut unit = 0;
        for &digit in digits {
            let Some(value) = char::from(digit).to_digit(16) else {
                return Err(self.error(DecodeCode::BadString));
            };
            unit = unit << 4 | value;
        }
        self.place += 6;
        Ok(unit)
    }

    /// Read over one value of any kind.
    pub fn skip(&mut self) -> Read<()> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            let opened = match self.peek() {
                Some(b'{') => Some(b'}'),
                Some(b'[') => Some(b']'),
                Some(b'"') => {
                    self.string()?;
                    None
                }
                Some(b't') => {
                    self.literal("true")?;
                    None
                }
                Some(b'f') => {
                    self.literal("false")?;
                    None
                }
                Some(b'n') => {
                    self.literal("null")?;
                    None
                }
                Some(b'-' | b'0'..=b'9') => {
                    self.number()?;
                    None
                }
                _ => return Err(self.unexpected(DecodeCode::BadSyntax)),
            };
            if let Some(end) = opened {
                if open.len() == MAX_SKIPPED {
                    return Err(self.error(DecodeCode::TooDeep));
                }
                self.place += 1;
                if self.peek() == Some(end) {
                    self.place += 1;
                } else {
                    open.push(end);
                    if end == b'}' {
                        self.key()?;
                    }
                    continue;
                }
            }
            loop {
                let Some(&end) = open.last() else {
                    return Ok(());
                };
                if self.another(end)? {
                    if end == b'}' {
                        self.key()?;
                    }
                    break;
                }
                open.pop();
            }
        }
    }
}
