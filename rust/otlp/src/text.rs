//! Values as text, in the form that the collector's own data model gives them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use crate::model::{KeyValue, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A value's text: a string as it is, a number in decimal, bytes in base64, maps and arrays as JSON
/// with sorted keys, and nothing for an empty value.
pub fn text_form<'v>(value: &'v Value<'_>) -> Cow<'v, str> {
    match value {
        Value::Empty => Cow::Borrowed(""),
        Value::Text(text) => Cow::Borrowed(text),
        Value::Bool(bool) => Cow::Borrowed(if *bool { "true" } else { "false" }),
        Value::Int(int) => Cow::Owned(int.to_string()),
        Value::Double(double) => Cow::Owned(match finite(*double) {
            Some(text) => text,
            None => format!("json: unsupported value: {}", infinite(*double)),
        }),
        Value::Bytes(bytes) => Cow::Owned(STANDARD.encode(bytes)),
        Value::Array(_) | Value::Map(_) => {
            let mut out = String::new();
            match json(value, &mut out) {
                Some(()) => Cow::Owned(out),
                None => Cow::Borrowed(""),
            }
        }
    }
}

fn infinite(double: f64) -> &'static str {
    if double.is_nan() {
        "NaN"
    } else if double > 0.0 {
        "+Inf"
    } else {
        "-Inf"
    }
}

/// Go's JSON number: the shortest digits, with an exponent below 1e-6 and from 1e21.
fn finite(double: f64) -> Option<String> {
    if !double.is_finite() {
        return None;
    }
    let size = double.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{double:e}");
        return Some(match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => {
                format!("{digits}e+{exponent}")
            }
            _ => text,
        });
    }
    Some(double.to_string())
}

/// Go's JSON of a value; None where it has none (a number that is not finite).
fn json(value: &Value<'_>, out: &mut String) -> Option<()> {
    match value {
        Value::Empty => out.push_str("null"),
        Value::Text(text) => quoted(text, out),
        Value::Double(double) => out.push_str(&finite(*double)?),
        Value::Bytes(_) => quoted(&text_form(value), out),
        Value::Bool(_) | Value::Int(_) => out.push_str(&text_form(value)),
        Value::Array(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                json(value, out)?;
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            for (index, (key, value)) in sorted(entries).into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                quoted(key, out);
                out.push(':');
                json(value, out)?;
            }
            out.push('}');
        }
    }
    Some(())
}

fn sorted<'v, 'a>(entries: &'v [KeyValue<'a>]) -> BTreeMap<&'v str, &'v Value<'a>> {
    entries
        .iter()
        .map(|entry| {
            (
                entry.key.as_ref(),
                entry.value.as_ref().unwrap_or(&Value::Empty),
            )
        })
        .collect()
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\x1f' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_text_that_the_collector_gives_them() {
        let map = Value::Map(vec![
            KeyValue {
                key: "b".into(),
                value: Some(Value::Text("<x>\n".into())),
            },
            KeyValue {
                key: "a".into(),
                value: Some(Value::Array(vec![
                    Value::Int(1),
                    Value::Double(0.5),
                    Value::Empty,
                ])),
            },
        ]);
        for (value, text) in [
            (Value::Double(1.0), "1"),
            (Value::Double(1e21), "1e+21"),
            (Value::Double(-2.5e-7), "-2.5e-7"),
            (Value::Double(f64::NAN), "json: unsupported value: NaN"),
            (Value::Bytes(vec![1, 2].into()), "AQI="),
            (Value::Bool(true), "true"),
            (map, r#"{"a":[1,0.5,null],"b":"<x>\n"}"#),
        ] {
            assert_eq!(text_form(&value), text);
        }
    }
}
