//! Attribute maps as the Collector sees them: lists of entries, of which the first with a key counts.

use otlp::model::{KeyValue, Value};

pub(crate) fn get<'m, 'a>(map: &'m [KeyValue<'a>], key: &str) -> Option<&'m Value<'a>> {
    map.iter()
        .find(|entry| entry.key == key)
        .map(|entry| entry.value.as_ref().unwrap_or(&Value::Empty))
}

pub(crate) fn get_mut<'m, 'a>(map: &'m mut [KeyValue<'a>], key: &str) -> Option<&'m mut Value<'a>> {
    map.iter_mut()
        .find(|entry| entry.key == key)
        .map(|entry| entry.value.get_or_insert_default())
}

/// Sets the value of a key, behind the others if it is new.
pub(crate) fn put<'a>(map: &mut Vec<KeyValue<'a>>, key: &str, value: Value<'a>) {
    match get_mut(map, key) {
        Some(known) => *known = value,
        None => map.push(KeyValue {
            key: key.to_owned().into(),
            value: Some(value),
        }),
    }
}
