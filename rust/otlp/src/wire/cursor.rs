//! One message's bytes, read field by field.

use super::Read;
use crate::error::{DecodeCode, DecodeError};

/// Groups within groups; only unknown fields can be groups, so nothing real comes near.
const MAX_GROUPS: usize = 64;

/// One field's value by its wire type. A group is skipped whole before it is returned.
pub(super) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Group,
    Fixed32(u32),
}

/// Errors carry the address of their place: see `wire::decode`.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes not yet read.
    #[inline]
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next field's number and value, or `None` at the message's end.
    #[inline(always)]
    pub fn next(&mut self) -> Read<Option<(u32, Field<'a>)>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (number, wire_type) = self.tag()?;
        let field = match wire_type {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(self.fixed64()?),
            2 => Field::Bytes(self.bytes()?),
            5 => Field::Fixed32(self.fixed32()?),
            3 => {
                self.skip_group(number)?;
                Field::Group
            }
            4 => return Err(self.error(DecodeCode::BadGroup)),
            _ => return Err(self.error(DecodeCode::BadTag)),
        };
        Ok(Some((number, field)))
    }

    #[cold]
    pub fn error(&self, code: DecodeCode) -> DecodeError {
        DecodeError::new(code, self.rest.as_ptr() as usize)
    }

    #[inline(always)]
    fn tag(&mut self) -> Read<(u32, u8)> {
        let place = *self;
        let tag = self.varint()?;
        let number = tag >> 3;
        if number == 0 || number >= 1 << 29 {
            return Err(place.error(DecodeCode::BadTag));
        }
        Ok((number as u32, (tag & 7) as u8))
    }

    #[inline(always)]
    pub fn varint(&mut self) -> Read<u64> {
        match *self.rest {
            [first, ref rest @ ..] if first < 0x80 => {
                self.rest = rest;
                Ok(u64::from(first))
            }
            [first, second, ref rest @ ..] if second < 0x80 => {
                self.rest = rest;
                Ok(u64::from(first & 0x7f) | u64::from(second) << 7)
            }
            _ => self.long_varint(),
        }
    }

    /// Over-long forms are read, and bits beyond the 64th fall away, as protobuf's own parsers do.
    fn long_varint(&mut self) -> Read<u64> {
        let mut value = 0;
        for (index, &byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.rest = &self.rest[index + 1..];
                return Ok(value);
            }
        }
        let code = if self.rest.len() < 10 {
            DecodeCode::Truncated
        } else {
            DecodeCode::BadVarint
        };
        Err(self.error(code))
    }

    #[inline(always)]
    pub fn fixed64(&mut self) -> Read<u64> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else {
            return Err(self.error(DecodeCode::Truncated));
        };
        self.rest = rest;
        Ok(u64::from_le_bytes(*bytes))
    }

    #[inline(always)]
    fn fixed32(&mut self) -> Read<u32> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else {
            return Err(self.error(DecodeCode::Truncated));
        };
        self.rest = rest;
        Ok(u32::from_le_bytes(*bytes))
    }

    #[inline(always)]
    fn bytes(&mut self) -> Read<&'a [u8]> {
        let place = *self;
        let length = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            return Err(place.error(DecodeCode::Truncated));
        };
        self.rest = rest;
        Ok(bytes)
    }

    /// Without recursion, so that depth costs no stack.
    #[cold]
    fn skip_group(&mut self, number: u32) -> Read<()> {
        let mut open = vec![number];
        while let Some(&innermost) = open.last() {
            if self.rest.is_empty() {
                return Err(self.error(DecodeCode::BadGroup));
            }
            let place = *self;
            match self.tag()? {
                (_, 0) => drop(self.varint()?),
                (_, 1) => drop(self.fixed64()?),
                (_, 2) => drop(self.bytes()?),
                (_, 5) => drop(self.fixed32()?),
                (_, 3) if open.len() == MAX_GROUPS => {
                    return Err(place.error(DecodeCode::TooDeep));
                }
                (inner, 3) => open.push(inner),
                (end, 4) if end == innermost => drop(open.pop()),
                (_, 4) => return Err(place.error(DecodeCode::BadGroup)),
                _ => return Err(place.error(DecodeCode::BadTag)),
            }
        }
        Ok(())
    }
}
