//! What the three signals share: texts, ids, values, attributes, resources and scopes.

use super::{Cursor, Decoder, Field, Read};
use crate::model::{EntityRef, KeyValue, Resource, Scope, Text, Value};
use std::borrow::Cow;
use std::mem;

/// Vectors grow ahead on a guess, but never by more than the bytes that remain could fill with
/// elements of at least this size: a guess must not let a small body take much memory.
const LEAST_ATTRIBUTE: usize = 8;
const LEAST_RECORD: usize = 64;

impl Decoder<'_> {
    #[inline]
    pub fn text<'a>(&mut self, bytes: &'a [u8]) -> Text<'a> {
        match str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => self.repaired(bytes),
        }
    }

    #[cold]
    fn repaired<'a>(&mut self, bytes: &'a [u8]) -> Text<'a> {
        self.state.notes.invalid_utf8 += 1;
        String::from_utf8_lossy(bytes)
    }

    #[inline]
    pub fn unknown(&mut self) {
        self.state.notes.unknown_fields += 1;
    }

    /// Account for one more node of the tree.
    #[inline]
    pub fn charge<T>(&mut self, place: &Cursor<'_>) -> Read<()> {
        self.state.charge::<T>().map_err(|code| place.error(code))
    }

    /// Make room for the records that follow the first, should they be of the first one's size.
    #[inline]
    pub fn reserve<T>(records: &mut Vec<T>, first: usize, remaining: usize) {
        if records.is_empty() {
            records.reserve(1 + remaining / first.max(LEAST_RECORD));
        }
    }

    /// Add one attribute of a record, resource or scope; `remaining` bytes follow in its message.
    #[inline]
    pub fn attribute<'a>(
        &mut self,
        attributes: &mut Vec<KeyValue<'a>>,
        bytes: &'a [u8],
        remaining: usize,
    ) -> Read<()> {
        if attributes.is_empty() {
            attributes.reserve(self.attributes.min(1 + remaining / LEAST_ATTRIBUTE));
        }
        if let Some((key, text)) = plain_attribute(bytes) {
            self.charge::<KeyValue>(&Cursor::new(bytes))?;
            attributes.push(KeyValue {
                key: Cow::Borrowed(key),
                value: Some(Value::Text(Cow::Borrowed(text))),
            });
        } else {
            let attribute = self.key_value(Cursor::new(bytes))?;
            attributes.push(attribute);
        }
        Ok(())
    }

    fn key_value<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<KeyValue<'a>> {
        self.charge::<KeyValue>(&cursor)?;
        let mut attribute = KeyValue::default();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => attribute.key = self.text(bytes),
                (2, Field::Bytes(bytes)) => {
                    self.value(attribute.value.get_or_insert_default(), Cursor::new(bytes))?;
                }
                _ => self.unknown(),
            }
        }
        Ok(attribute)
    }

    /// Merge an `AnyValue` into `value`.
    pub fn value<'a>(&mut self, value: &mut Value<'a>, mut cursor: Cursor<'a>) -> Read<()> {
        self.state.enter().map_err(|code| cursor.error(code))?;
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => *value = Value::Text(self.text(bytes)),
                (2, Field::Varint(number)) => *value = Value::Bool(number != 0),
                (3, Field::Varint(number)) => *value = Value::Int(number as i64),
                (4, Field::Fixed64(bits)) => *value = Value::Double(f64::from_bits(bits)),
                (5, Field::Bytes(bytes)) => {
                    let mut values = match mem::take(value) {
                        Value::Array(values) => values,
                        _ => Vec::new(),
                    };
                    self.array(&mut values, Cursor::new(bytes))?;
                    *value = Value::Array(values);
                }
                (6, Field::Bytes(bytes)) => {
                    let mut values = match mem::take(value) {
                        Value::Map(values) => values,
                        _ => Vec::new(),
                    };
                    self.map(&mut values, Cursor::new(bytes))?;
                    *value = Value::Map(values);
                }
                (7, Field::Bytes(bytes)) => *value = Value::Bytes(Cow::Borrowed(bytes)),
                _ => self.unknown(),
            }
        }
        self.state.leave();
        Ok(())
    }

    fn array<'a>(&mut self, values: &mut Vec<Value<'a>>, mut cursor: Cursor<'a>) -> Read<()> {
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    self.charge::<Value>(&cursor)?;
                    let mut value = Value::Empty;
                    self.value(&mut value, Cursor::new(bytes))?;
                    values.push(value);
                }
                _ => self.unknown(),
            }
        }
        Ok(())
    }

    fn map<'a>(&mut self, values: &mut Vec<KeyValue<'a>>, mut cursor: Cursor<'a>) -> Read<()> {
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    let value = self.key_value(Cursor::new(bytes))?;
                    values.push(value);
                }
                _ => self.unknown(),
            }
        }
        Ok(())
    }

    /// Merge a `Resource`.
    pub fn resource<'a>(
        &mut self,
        resource: &mut Resource<'a>,
        mut cursor: Cursor<'a>,
    ) -> Read<()> {
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    self.attribute(&mut resource.attributes, bytes, cursor.remaining())?
                }
                (2, Field::Varint(number)) => resource.dropped_attributes_count = number as u32,
                (3, Field::Bytes(bytes)) => {
                    let entity = self.entity_ref(Cursor::new(bytes))?;
                    resource.entity_refs.push(entity);
                }
                _ => self.unknown(),
            }
        }
        Ok(())
    }

    fn entity_ref<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<EntityRef<'a>> {
        self.charge::<EntityRef>(&cursor)?;
        let mut entity = EntityRef::default();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => entity.schema_url = self.text(bytes),
                (2, Field::Bytes(bytes)) => entity.kind = self.text(bytes),
                (3, Field::Bytes(bytes)) => {
                    self.charge::<Text>(&cursor)?;
                    entity.id_keys.push(self.text(bytes));
                }
                (4, Field::Bytes(bytes)) => {
                    self.charge::<Text>(&cursor)?;
                    entity.description_keys.push(self.text(bytes));
                }
                _ => self.unknown(),
            }
        }
        Ok(entity)
    }

    /// Merge an `InstrumentationScope`.
    pub fn scope<'a>(&mut self, scope: &mut Scope<'a>, mut cursor: Cursor<'a>) -> Read<()> {
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => scope.name = self.text(bytes),
                (2, Field::Bytes(bytes)) => scope.version = self.text(bytes),
                (3, Field::Bytes(bytes)) => {
                    self.attribute(&mut scope.attributes, bytes, cursor.remaining())?
                }
                (4, Field::Varint(number)) => scope.dropped_attributes_count = number as u32,
                _ => self.unknown(),
            }
        }
        Ok(())
    }
}

/// Read the attribute that nearly all are: a key, then a text, each shorter than 128 bytes.
///
/// All that frames the two is ASCII then, so that one check of the whole is one of both.
#[inline]
fn plain_attribute(bytes: &[u8]) -> Option<(&str, &str)> {
    const KEY: u8 = 1 << 3 | 2;
    const VALUE: u8 = 2 << 3 | 2;
    const STRING_VALUE: u8 = 1 << 3 | 2;
    let &[KEY, key_length @ 0..0x80, ref rest @ ..] = bytes else {
        return None;
    };
    let (_, rest) = rest.split_at_checked(usize::from(key_length))?;
    let &[
        VALUE,
        value_length @ 0..0x80,
        STRING_VALUE,
        text_length,
        ref text @ ..,
    ] = rest
    else {
        return None;
    };
    if text.len() != usize::from(text_length) || text.len() + 2 != usize::from(value_length) {
        return None;
    }
    let whole = str::from_utf8(bytes).ok()?;
    let key = whole.get(2..2 + usize::from(key_length))?;
    let text = whole.get(whole.len() - text.len()..)?;
    Some((key, text))
}
