//! Fields' values: numbers, enumerations, booleans, ids and bytes. `null` is each one's default.

use super::parser::Parser;
use crate::error::{DecodeCode, Read};
use crate::model::{Octets, Text};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::borrow::Cow;
use std::str::FromStr;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

impl<'a> Parser<'a, '_> {
    #[inline]
    pub fn text(&mut self) -> Read<Text<'a>> {
        if self.null()? {
            return Ok(Text::default());
        }
        self.string()
    }

    pub fn boolean(&mut self) -> Read<bool> {
        match self.peek() {
            Some(b't') => self.literal("true").map(|()| true),
            Some(b'f') => self.literal("false").map(|()| false),
            Some(b'n') => self.literal("null").map(|()| false),
            _ => Err(self.wrong_type()),
        }
    }

    /// An integer of any width, as a number or a string. `1.0` and `1e3` are integers too.
    pub fn integer<T>(&mut self) -> Read<T>
    where
        T: FromStr + TryFrom<i128> + Default,
    {
        if self.null()? {
            return Ok(T::default());
        }
        let place = self.place();
        let token = self.number_or_string()?;
        integer(&token).map_err(|code| self.error_at(code, place))
    }

    pub fn double(&mut self) -> Read<f64> {
        if self.null()? {
            return Ok(0.0);
        }
        let place = self.place();
        let token = self.number_or_string()?;
        let number = match &*token {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            token if number_length(token.as_bytes()) == Some(token.len()) => {
                let number = token.parse().unwrap_or(f64::INFINITY);
                if !f64::is_finite(number) {
                    return Err(self.error_at(DecodeCode::OutOfRange, place));
                }
                number
            }
            _ => return Err(self.error_at(DecodeCode::BadNumber, place)),
        };
        Ok(number)
    }

    /// `None` where the value is `null`, which a double with a presence of its own tells apart.
    pub fn optional_double(&mut self) -> Read<Option<f64>> {
        if self.null()? {
            return Ok(None);
        }
        self.double().map(Some)
    }

    /// A member of an enumeration by its number or by its place in `names`. A number may be one
    /// that this version does not know.
    pub fn enumeration(&mut self, names: &[&str]) -> Read<i32> {
        if self.peek() != Some(b'"') {
            return self.integer();
        }
        let place = self.place();
        let name = self.string()?;
        match names.iter().position(|known| *known == name) {
            Some(number) => Ok(number as i32),
            None => integer(&name).map_err(|_| self.error_at(DecodeCode::UnknownEnum, place)),
        }
    }

    /// An id in hex of either case. What is no id is noted for the record around it.
    pub fn id(&mut self, length: usize) -> Read<Octets<'a>> {
        let text = self.text()?;
        let id = unhex(text.as_bytes());
        if id.is_none() {
            self.state.bad_id();
        }
        let id = Cow::Owned(id.unwrap_or_default());
        self.state.check_id(&id, length);
        Ok(id)
    }

    pub fn base64(&mut self) -> Read<Octets<'a>> {
        let place = self.place();
        let text = self.text()?;
        let engine = if text.contains(['-', '_']) {
            URL_SAFE
        } else {
            STANDARD
        };
        match engine.decode(text.as_bytes()) {
            Ok(bytes) => Ok(Cow::Owned(bytes)),
            Err(_) => Err(self.error_at(DecodeCode::BadBase64, place)),
        }
    }

    fn number_or_string(&mut self) -> Read<Text<'a>> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number().map(Cow::Borrowed),
            _ => Err(self.wrong_type()),
        }
    }

    /// A number's text, as JSON spells one.
    pub fn number(&mut self) -> Read<&'a str> {
        let rest = self.rest();
        let Some(length) = number_length(rest) else {
            return Err(self.error(DecodeCode::BadNumber));
        };
        self.advance(length);
        Ok(str::from_utf8(&rest[..length]).unwrap_or_default())
    }
}

/// How many bytes at the start of `bytes` are a JSON number.
fn number_length(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let count = bytes[from..].iter().take_while(|b| b.is_ascii_digit());
        from + count.count()
    };
    let start = usize::from(bytes.first() == Some(&b'-'));
    let mut end = digits(start);
    if end == start || (bytes[start] == b'0' && end > start + 1) {
        return None;
    }
    if bytes.get(end) == Some(&b'.') {
        let fraction = end + 1;
        end = digits(fraction);
        if end == fraction {
            return None;
        }
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = end + 1 + sign;
        end = digits(exponent);
        if end == exponent {
            return None;
        }
    }
    Some(end)
}

fn integer<T: FromStr + TryFrom<i128>>(token: &str) -> Result<T, DecodeCode> {
    if token.starts_with('+') {
        return Err(DecodeCode::BadNumber);
    }
    if let Ok(number) = token.parse() {
        return Ok(number);
    }
    if number_length(token.as_bytes()) != Some(token.len()) {
        return Err(DecodeCode::BadNumber);
    }
    match token.parse::<f64>() {
        // Beyond 2^100 nothing fits, and below the conversion is exact.
        Ok(number) if number.fract() == 0.0 && number.abs() < 2f64.powi(100) => {
            T::try_from(number as i128).map_err(|_| DecodeCode::OutOfRange)
        }
        Ok(number) if number.fract() == 0.0 => Err(DecodeCode::OutOfRange),
        _ => Err(DecodeCode::BadNumber),
    }
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(pairs.len());
    for &[high, low] in pairs {
        let (high, low) = (HEX[usize::from(high)], HEX[usize::from(low)]);
        if high | low > 15 {
            return None;
        }
        bytes.push(high << 4 | low);
    }
    Some(bytes)
}

/// The value of each hex digit, and 16 for what is none.
static HEX: [u8; 256] = {
    let mut values = [16; 256];
    let mut value = 0;
    while value < 16 {
        let digit = b"0123456789abcdef"[value];
        values[digit as usize] = value as u8;
        values[digit.to_ascii_uppercase() as usize] = value as u8;
        value += 1;
    }
    values
};
