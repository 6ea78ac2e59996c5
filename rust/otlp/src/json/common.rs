//! What the three signals share: lists, values, attributes, resources and scopes.

use super::parser::{Parser, UNKNOWN};
use crate::error::Read;
use crate::model::{EntityRef, KeyValue, Resource, Scope, Value};
use crate::scan::plain_prefix;

/// No attribute is shorter, with the comma behind it, but those that are hardly sent.
const LEAST_ATTRIBUTE: usize = 16;

impl<'a, 'd> Parser<'a, 'd> {
    pub fn charge<T>(&mut self) -> Read<()> {
        self.state.charge::<T>().map_err(|code| self.error(code))
    }

    pub fn list<T>(&mut self, mut element: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut list = Vec::new();
        self.array(|parser| {
            parser.charge::<T>()?;
            list.push(element(parser)?);
            Ok(())
        })?;
        Ok(list)
    }

    /// A list of records, without those that have a bad id.
    pub fn records<T>(&mut self, mut record: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut records = Vec::new();
        self.array(|parser| {
            parser.charge::<T>()?;
            let record = record(parser)?;
            parser.state.keep(&mut records, record);
            Ok(())
        })?;
        Ok(records)
    }

    /// A message that may be absent.
    pub fn optional<T>(&mut self, message: impl FnOnce(&mut Self) -> Read<T>) -> Read<Option<T>> {
        if self.null()? {
            return Ok(None);
        }
        message(self).map(Some)
    }

    /// The attributes of a record, resource or scope.
    pub fn attributes(&mut self) -> Read<Vec<KeyValue<'a>>> {
        let mut attributes = Vec::new();
        self.array(|parser| {
            parser.charge::<KeyValue>()?;
            if attributes.is_empty() {
                // As many as the last list had, unless the body is too short for them.
                let most = 1 + parser.rest().len() / LEAST_ATTRIBUTE;
                attributes.reserve(parser.attributes.min(most));
            }
            attributes.push(match parser.plain_attribute() {
                Some(attribute) => attribute,
                None => parser.key_value()?,
            });
            Ok(())
        })?;
        self.attributes = attributes.len();
        Ok(attributes)
    }

    /// Read the attribute that nearly all are, written as every encoder without white space writes
    /// it: a key and a text, neither with an escape.
    #[inline]
    fn plain_attribute(&mut self) -> Option<KeyValue<'a>> {
        const KEY: &[u8] = br#"{"key":""#;
        const VALUE: &[u8] = br#"","value":{"stringValue":""#;
        const END: &[u8] = br#""}}"#;
        self.peek();
        let rest = self.rest().strip_prefix(KEY)?;
        let (key, rest) = rest.split_at(plain_prefix(rest));
        let rest = rest.strip_prefix(VALUE)?;
        let (text, rest) = rest.split_at(plain_prefix(rest));
        if !rest.starts_with(END) {
            return None;
        }
        let key_place = self.place() + KEY.len();
        let text_place = key_place + key.len() + VALUE.len();
        let attribute = KeyValue {
            key: self.slice(key_place, key_place + key.len()),
            value: Some(Value::Text(self.slice(text_place, text_place + text.len()))),
        };
        self.advance(text_place + text.len() + END.len() - self.place());
        Some(attribute)
    }

    fn key_value(&mut self) -> Read<KeyValue<'a>> {
        let mut attribute = KeyValue::default();
        self.object("", |parser, key| {
            Ok(match key {
                "key" => {
                    attribute.key = parser.text()?;
                    1
                }
                "value" => {
                    attribute.value = parser.optional(Self::value)?;
                    2
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(attribute)
    }

    pub fn value(&mut self) -> Read<Value<'a>> {
        self.state.enter().map_err(|code| self.error(code))?;
        let mut value = Value::Empty;
        self.object("", |parser, key| {
            match key {
                "stringValue" | "string_value" | "boolValue" | "bool_value" | "intValue"
                | "int_value" | "doubleValue" | "double_value" | "arrayValue" | "array_value"
                | "kvlistValue" | "kvlist_value" | "bytesValue" | "bytes_value" => {}
                _ => return Ok(UNKNOWN),
            }
            if parser.null()? {
                return Ok(1);
            }
            value = match key {
                "stringValue" | "string_value" => Value::Text(parser.text()?),
                "boolValue" | "bool_value" => Value::Bool(parser.boolean()?),
                "intValue" | "int_value" => Value::Int(parser.integer()?),
                "doubleValue" | "double_value" => Value::Double(parser.double()?),
                "arrayValue" | "array_value" => Value::Array(parser.values(Self::value)?),
                "kvlistValue" | "kvlist_value" => Value::Map(parser.values(Self::key_value)?),
                _ => Value::Bytes(parser.base64()?),
            };
            Ok(1)
        })?;
        self.state.leave();
        Ok(value)
    }

    /// `ArrayValue` or `KeyValueList`.
    fn values<T>(&mut self, element: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut values = Vec::new();
        self.object("", |parser, key| {
            Ok(match key {
                "values" => {
                    values = parser.list(&element)?;
                    1
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(values)
    }

    pub fn resource(&mut self, path: &'static str) -> Read<Resource<'a>> {
        let mut resource = Resource::default();
        self.object(path, |parser, key| {
            Ok(match key {
                "attributes" => {
                    resource.attributes = parser.attributes()?;
                    1
                }
                "droppedAttributesCount" | "dropped_attributes_count" => {
                    resource.dropped_attributes_count = parser.integer()?;
                    2
                }
                "entityRefs" | "entity_refs" => {
                    resource.entity_refs = parser.list(Self::entity_ref)?;
                    3
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(resource)
    }

    fn entity_ref(&mut self) -> Read<EntityRef<'a>> {
        let mut entity = EntityRef::default();
        self.object("", |parser, key| {
            Ok(match key {
                "schemaUrl" | "schema_url" => {
                    entity.schema_url = parser.text()?;
                    1
                }
                "type" => {
                    entity.kind = parser.text()?;
                    2
                }
                "idKeys" | "id_keys" => {
                    entity.id_keys = parser.list(Self::string)?;
                    3
                }
                "descriptionKeys" | "description_keys" => {
                    entity.description_keys = parser.list(Self::string)?;
                    4
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(entity)
    }

    pub fn scope(&mut self, path: &'static str) -> Read<Scope<'a>> {
        let mut scope = Scope::default();
        self.object(path, |parser, key| {
            Ok(match key {
                "name" => {
                    scope.name = parser.text()?;
                    1
                }
                "version" => {
                    scope.version = parser.text()?;
                    2
                }
                "attributes" => {
                    scope.attributes = parser.attributes()?;
                    3
                }
                "droppedAttributesCount" | "dropped_attributes_count" => {
                    scope.dropped_attributes_count = parser.integer()?;
                    4
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(scope)
    }
}
