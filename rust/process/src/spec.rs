//! What options are made of, and what is said of those that cannot be carried out.

use std::fmt;

use otlp::model::{KeyValue, Value};

/// Options that cannot be carried out: where in them, as in `actions[0].pattern`, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecError {
    pub place: String,
    pub reason: String,
}

impl SpecError {
    pub(crate) fn new(place: impl Into<String>, reason: impl Into<String>) -> SpecError {
        SpecError {
            place: place.into(),
            reason: reason.into(),
        }
    }

    /// The same, seen from further out.
    pub(crate) fn within(self, place: &str) -> SpecError {
        let place = match self.place.as_str() {
            "" => place.to_owned(),
            inner => format!("{place}.{inner}"),
        };
        SpecError { place, ..self }
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl std::error::Error for SpecError {}

/// A value of the configuration as telemetry has it; `None` for one that is not given.
pub(crate) fn value_of(given: &serde_json::Value) -> Option<Value<'static>> {
    Some(match given {
        serde_json::Value::Null => return None,
        serde_json::Value::Bool(bool) => Value::Bool(*bool),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(int) => Value::Int(int),
            None => Value::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::Text(text.clone().into()),
        serde_json::Value::Array(items) => {
            let items = items.iter().map(|item| value_of(item).unwrap_or_default());
            Value::Array(items.collect())
        }
        serde_json::Value::Object(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| KeyValue {
                    key: key.clone().into(),
                    value: Some(value_of(value).unwrap_or_default()),
                })
                .collect(),
        ),
    })
}
