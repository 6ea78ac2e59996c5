//! What the three signals share: values, attributes, resources and scopes.

use super::Writer;
use crate::model::{EntityRef, KeyValue, Resource, Scope, Text, Value};

impl Writer<'_> {
    /// `key` is `"name":[`.
    #[inline]
    pub fn attributes(&mut self, key: &str, attributes: &[KeyValue<'_>]) {
        self.list(key, attributes, Self::key_value);
    }

    #[inline]
    fn key_value(&mut self, attribute: &KeyValue<'_>) {
        // Nearly all attributes look like this one.
        if let KeyValue {
            key,
            value: Some(Value::Text(text)),
        } = attribute
            && !key.is_empty()
        {
            self.raw("{\"key\":\"");
            self.escaped(key);
            self.raw("\",\"value\":{\"stringValue\":\"");
            self.escaped(text);
            self.raw("\"}},");
            return;
        }
        self.raw("{");
        self.text("\"key\":\"", &attribute.key);
        if let Some(value) = &attribute.value {
            self.raw("\"value\":");
            self.value(value);
        }
        self.end_object();
    }

    pub fn value(&mut self, value: &Value<'_>) {
        match value {
            Value::Empty => self.raw("{},"),
            Value::Text(text) => {
                self.raw("{\"stringValue\":\"");
                self.escaped(text);
                self.raw("\"},");
            }
            Value::Bool(true) => self.raw("{\"boolValue\":true},"),
            Value::Bool(false) => self.raw("{\"boolValue\":false},"),
            Value::Int(number) => {
                self.raw("{\"intValue\":\"");
                self.integer(*number);
                self.raw("\"},");
            }
            Value::Double(number) => {
                self.raw("{\"doubleValue\":");
                self.float(*number);
                self.raw("},");
            }
            Value::Array(values) => {
                self.raw("{\"arrayValue\":{");
                self.list("\"values\":[", values, Self::value);
                self.end_object();
                self.end_object();
            }
            Value::Map(values) => {
                self.raw("{\"kvlistValue\":{");
                self.list("\"values\":[", values, Self::key_value);
                self.end_object();
                self.end_object();
            }
            Value::Bytes(bytes) => {
                self.raw("{\"bytesValue\":\"");
                self.base64(bytes);
                self.raw("\"},");
            }
        }
    }

    pub fn resource(&mut self, resource: Option<&Resource<'_>>) {
        if let Some(resource) = resource {
            self.raw("\"resource\":{");
            self.attributes("\"attributes\":[", &resource.attributes);
            self.small(
                "\"droppedAttributesCount\":",
                resource.dropped_attributes_count,
            );
            self.list("\"entityRefs\":[", &resource.entity_refs, Self::entity_ref);
            self.end_object();
        }
    }

    fn entity_ref(&mut self, entity: &EntityRef<'_>) {
        self.raw("{");
        self.text("\"schemaUrl\":\"", &entity.schema_url);
        self.text("\"type\":\"", &entity.kind);
        self.list("\"idKeys\":[", &entity.id_keys, Self::text_element);
        self.list(
            "\"descriptionKeys\":[",
            &entity.description_keys,
            Self::text_element,
        );
        self.end_object();
    }

    fn text_element(&mut self, text: &Text<'_>) {
        self.raw("\"");
        self.escaped(text);
        self.raw("\",");
    }

    pub fn scope(&mut self, scope: Option<&Scope<'_>>) {
        if let Some(scope) = scope {
            self.raw("\"scope\":{");
            self.text("\"name\":\"", &scope.name);
            self.text("\"version\":\"", &scope.version);
            self.attributes("\"attributes\":[", &scope.attributes);
            self.small(
                "\"droppedAttributesCount\":",
                scope.dropped_attributes_count,
            );
            self.end_object();
        }
    }
}
