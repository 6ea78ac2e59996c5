//! What the three signals share: values, attributes, resources and scopes.

use super::Writer;
use crate::model::{EntityRef, KeyValue, Resource, Scope, Value};

impl Writer<'_> {
    #[inline]
    pub fn attributes(&mut self, field: u32, attributes: &[KeyValue<'_>]) {
        self.messages(field, attributes, Self::key_value);
    }

    fn key_value(&mut self, attribute: &KeyValue<'_>) {
        self.text(1, &attribute.key);
        if let Some(value) = &attribute.value {
            self.message(2, |writer| writer.value(value));
        }
    }

    pub fn value(&mut self, value: &Value<'_>) {
        match value {
            Value::Empty => {}
            Value::Text(text) => self.bytes_always(1, text.as_bytes()),
            Value::Bool(yes) => self.uint_always(2, u64::from(*yes)),
            Value::Int(number) => self.uint_always(3, *number as u64),
            Value::Double(number) => self.fixed64_always(4, number.to_bits()),
            Value::Array(values) => {
                self.message(5, |writer| writer.messages(1, values, Self::value));
            }
            Value::Map(values) => self.message(6, |writer| writer.attributes(1, values)),
            Value::Bytes(bytes) => self.bytes_always(7, bytes),
        }
    }

    pub fn resource(&mut self, resource: Option<&Resource<'_>>) {
        if let Some(resource) = resource {
            self.message(1, |writer| {
                writer.attributes(1, &resource.attributes);
                writer.uint(2, resource.dropped_attributes_count);
                writer.messages(3, &resource.entity_refs, Self::entity_ref);
            });
        }
    }

    fn entity_ref(&mut self, entity: &EntityRef<'_>) {
        self.text(1, &entity.schema_url);
        self.text(2, &entity.kind);
        for key in &entity.id_keys {
            self.bytes_always(3, key.as_bytes());
        }
        for key in &entity.description_keys {
            self.bytes_always(4, key.as_bytes());
        }
    }

    pub fn scope(&mut self, scope: Option<&Scope<'_>>) {
        if let Some(scope) = scope {
            self.message(1, |writer| {
                writer.text(1, &scope.name);
                writer.text(2, &scope.version);
                writer.attributes(3, &scope.attributes);
                writer.uint(4, scope.dropped_attributes_count);
            });
        }
    }
}
