//! What `attributes` and `resource` do to an attribute map, action by action.
//!
//! <https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/attributesprocessor>

use otlp::model::{KeyValue, Value};
use otlp::text_form;
use regex_automata::meta::Regex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::map;
use crate::spec::{SpecError, value_of};

/// One action as it is configured.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ActionSpec {
    pub key: String,
    pub action: String,
    pub value: serde_json::Value,
    pub default_value: serde_json::Value,
    pub pattern: String,
    pub from_attribute: String,
    pub from_context: String,
    pub converted_type: String,
}

/// Compiled actions, in order.
pub(crate) struct Actions(Vec<Action>);

struct Action {
    key: String,
    kind: Kind,
}

enum Kind {
    Insert(Source),
    Update(Source),
    Upsert(Source),
    /// The key, and every key that the pattern matches.
    Delete(Option<Regex>),
    Hash(Option<Regex>),
    /// The pattern, and the keys that its groups give.
    Extract(Regex, Vec<String>),
    Convert(Target),
}

/// Where a value comes from.
struct Source {
    value: Option<Value<'static>>,
    from_attribute: String,
    default: Option<Value<'static>>,
}

#[derive(Clone, Copy)]
enum Target {
    Text,
    Int,
    Double,
}

impl Actions {
    /// Compiles the actions of the option `place`.
    pub fn compile(specs: &[ActionSpec], place: &str) -> Result<Actions, SpecError> {
        if specs.is_empty() {
            return Err(SpecError::new(place, "is missing: it says what is done"));
        }
        let compiled = specs.iter().enumerate().map(|(index, spec)| {
            Action::compile(spec).map_err(|error| error.within(&format!("{place}[{index}]")))
        });
        Ok(Actions(compiled.collect::<Result<_, _>>()?))
    }

    pub fn apply(&self, map: &mut Vec<KeyValue<'_>>) {
        for action in &self.0 {
            action.apply(map);
        }
    }
}

impl Action {
    fn compile(spec: &ActionSpec) -> Result<Action, SpecError> {
        let name = spec.action.to_ascii_lowercase();
        let taken: &[&str] = match name.as_str() {
            "insert" | "update" | "upsert" => &["value", "from_attribute", "default_value"],
            "delete" | "hash" | "extract" => &["pattern"],
            "convert" => &["converted_type"],
            _ => {
                let reason = "must be insert, update, upsert, delete, hash, extract or convert";
                return Err(SpecError::new("action", reason));
            }
        };
        let given = [
            ("value", !spec.value.is_null()),
            ("from_attribute", !spec.from_attribute.is_empty()),
            ("default_value", !spec.default_value.is_null()),
            ("pattern", !spec.pattern.is_empty()),
            ("converted_type", !spec.converted_type.is_empty()),
            ("from_context", !spec.from_context.is_empty()),
        ];
        if given[5].1 {
            let reason = "is not built: a sender's headers and credentials go no further than the \
                          receiver";
            return Err(SpecError::new("from_context", reason));
        }
        if let Some((option, _)) = given
            .iter()
            .find(|(option, is)| *is && !taken.contains(option))
        {
            return Err(SpecError::new(
                *option,
                format!("has no meaning for {name}"),
            ));
        }
        let needs_key = !(matches!(name.as_str(), "delete" | "hash") && given[3].1);
        if spec.key.is_empty() && needs_key {
            return Err(SpecError::new("key", "is missing"));
        }
        let kind = match name.as_str() {
            "insert" => Kind::Insert(Source::compile(spec)?),
            "update" => Kind::Update(Source::compile(spec)?),
            "upsert" => Kind::Upsert(Source::compile(spec)?),
            "delete" => Kind::Delete(optional_pattern(spec)?),
            "hash" => Kind::Hash(optional_pattern(spec)?),
            "extract" => extract(spec)?,
            _ => Kind::Convert(match spec.converted_type.as_str() {
                "string" => Target::Text,
                "int" => Target::Int,
                "double" => Target::Double,
                _ => {
                    let reason = "must be string, int or double";
                    return Err(SpecError::new("converted_type", reason));
                }
            }),
        };
        Ok(Action {
            key: spec.key.clone(),
            kind,
        })
    }

    fn apply(&self, map: &mut Vec<KeyValue<'_>>) {
        match &self.kind {
            Kind::Insert(source) => {
                if map::get(map, &self.key).is_none()
                    && let Some(value) = source.value(map)
                {
                    map::put(map, &self.key, value);
                }
            }
            Kind::Update(source) => {
                if map::get(map, &self.key).is_some()
                    && let Some(value) = source.value(map)
                {
                    map::put(map, &self.key, value);
                }
            }
            Kind::Upsert(source) => {
                if let Some(value) = source.value(map) {
                    map::put(map, &self.key, value);
                }
            }
            Kind::Delete(pattern) => {
                // The Collector removes the first entry of a doubled key alone, and a second would then
                // stand for what was to go.
                map.retain(|entry| entry.key != self.key && !matches(pattern, &entry.key));
            }
            Kind::Hash(pattern) => {
                for entry in map.iter_mut() {
                    if entry.key == self.key {
                        hash(entry);
                    }
                    // A key that is named and matches is hashed twice, as the Collector does.
                    if matches(pattern, &entry.key) {
                        hash(entry);
                    }
                }
            }
            Kind::Extract(pattern, keys) => {
                if let Some(Value::Text(text)) = map::get(map, &self.key) {
                    for (key, part) in keys.iter().zip(groups(pattern, text).unwrap_or_default()) {
                        map::put(map, key, Value::Text(part.into()));
                    }
                }
            }
            Kind::Convert(target) => {
                if let Some(value) = map::get_mut(map, &self.key) {
                    convert(value, *target);
                }
            }
        }
    }
}

impl Source {
    fn compile(spec: &ActionSpec) -> Result<Source, SpecError> {
        let value = value_of(&spec.value);
        if value.is_some() && !spec.from_attribute.is_empty() {
            let reason = "stands beside `value`: a value has one source";
            return Err(SpecError::new("from_attribute", reason));
        }
        let default = value_of(&spec.default_value);
        if value.is_none() && spec.from_attribute.is_empty() && default.is_none() {
            let reason = "is missing, and from_attribute and default_value are, too";
            return Err(SpecError::new("value", reason));
        }
        Ok(Source {
            value,
            from_attribute: spec.from_attribute.clone(),
            default,
        })
    }

    fn value<'a>(&self, map: &[KeyValue<'a>]) -> Option<Value<'a>> {
        if let Some(value) = &self.value {
            return Some(value.clone());
        }
        let from = match self.from_attribute.as_str() {
            "" => None,
            key => map::get(map, key),
        };
        from.cloned().or_else(|| self.default.clone())
    }
}

fn pattern_of(spec: &ActionSpec) -> Result<(Regex, Vec<Option<String>>), SpecError> {
    re2::compile(&spec.pattern).map_err(|reason| SpecError::new("pattern", reason))
}

fn optional_pattern(spec: &ActionSpec) -> Result<Option<Regex>, SpecError> {
    if spec.pattern.is_empty() {
        return Ok(None);
    }
    Ok(Some(pattern_of(spec)?.0))
}

fn extract(spec: &ActionSpec) -> Result<Kind, SpecError> {
    if spec.pattern.is_empty() {
        return Err(SpecError::new("pattern", "is missing"));
    }
    let (pattern, groups) = pattern_of(spec)?;
    let names: Option<Vec<String>> = groups.into_iter().collect();
    match names {
        Some(names) if !names.is_empty() => Ok(Kind::Extract(pattern, names)),
        _ => {
            let reason = "must have groups, all of them named: (?P<name>...)";
            Err(SpecError::new("pattern", reason))
        }
    }
}

fn matches(pattern: &Option<Regex>, key: &str) -> bool {
    pattern
        .as_ref()
        .is_some_and(|pattern| pattern.is_match(key))
}

/// The texts of a pattern's groups in its first match; empty for one that took no part.
pub(crate) fn groups(pattern: &Regex, text: &str) -> Option<Vec<String>> {
    let mut captures = pattern.create_captures();
    pattern.captures(text, &mut captures);
    if !captures.is_match() {
        return None;
    }
    let of_group = |group| {
        captures
            .get_group(group)
            .map_or("", |span| &text[span.range()])
    };
    Some(
        (1..captures.group_len())
            .map(|group| of_group(group).to_owned())
            .collect(),
    )
}

/// SHA-256 in hex of a text, or of a number's or boolean's bytes; a value of any other kind becomes
/// an empty text.
fn hash(entry: &mut KeyValue<'_>) {
    let value = entry.value.get_or_insert_default();
    let hashed = match value {
        Value::Text(text) => Some(Sha256::digest(text.as_bytes())),
        Value::Bool(bool) => Some(Sha256::digest([u8::from(*bool)])),
        Value::Int(int) => Some(Sha256::digest(int.to_le_bytes())),
        Value::Double(double) => Some(Sha256::digest(double.to_bits().to_le_bytes())),
        Value::Empty | Value::Array(_) | Value::Map(_) | Value::Bytes(_) => None,
    };
    *value = Value::Text(hashed.map(hex::encode).unwrap_or_default().into());
}

/// A value that has no such form stays as it is.
fn convert(value: &mut Value<'_>, target: Target) {
    let converted = match (target, &*value) {
        (Target::Text, Value::Text(_))
        | (Target::Int, Value::Int(_))
        | (Target::Double, Value::Double(_)) => return,
        (Target::Text, other) => Some(Value::Text(text_form(other).into_owned().into())),
        (Target::Int, Value::Double(double)) => Some(Value::Int(*double as i64)),
        (Target::Int, Value::Bool(bool)) => Some(Value::Int(i64::from(*bool))),
        (Target::Int, Value::Text(text)) => text.parse().ok().map(Value::Int),
        (Target::Double, Value::Int(int)) => Some(Value::Double(*int as f64)),
        (Target::Double, Value::Bool(bool)) => Some(Value::Double(f64::from(*bool))),
        (Target::Double, Value::Text(text)) => parse_double(text).map(Value::Double),
        _ => None,
    };
    if let Some(converted) = converted {
        *value = converted;
    }
}

/// Go refuses a number beyond a double's range, which Rust reads as infinite.
pub(crate) fn parse_double(text: &str) -> Option<f64> {
    let double: f64 = text.parse().ok()?;
    let named = text.bytes().any(|byte| matches!(byte, b'n' | b'N'));
    (double.is_finite() || named).then_some(double)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(spec: &str) -> Result<Action, SpecError> {
        Action::compile(&serde_json::from_str(spec).unwrap())
    }

    fn entry(key: &'static str, value: Value<'static>) -> KeyValue<'static> {
        KeyValue {
            key: key.into(),
            value: Some(value),
        }
    }

    fn applied(spec: &str, value: Value<'static>) -> Option<Value<'static>> {
        let mut map = vec![entry("k", value)];
        compile(spec).unwrap().apply(&mut map);
        map.into_iter().next()?.value
    }

    #[test]
    fn values_are_converted_as_go_parses_and_prints_them() {
        let text = |text: &'static str| Value::Text(text.into());
        for (target, value, expected) in [
            ("int", text("+7"), Value::Int(7)),
            ("int", text("7.5"), text("7.5")),
            ("int", Value::Double(-7.9), Value::Int(-7)),
            ("int", Value::Bool(true), Value::Int(1)),
            ("int", Value::Array(vec![]), Value::Array(vec![])),
            ("double", text("1e3"), Value::Double(1000.0)),
            ("double", text("1e999"), text("1e999")),
            ("double", text("-Inf"), Value::Double(f64::NEG_INFINITY)),
            ("double", text(" 1"), text(" 1")),
            ("double", Value::Int(2), Value::Double(2.0)),
            ("string", Value::Double(1e21), text("1e+21")),
            ("string", Value::Empty, text("")),
        ] {
            let spec = format!(r#"{{"action":"convert","key":"k","converted_type":"{target}"}}"#);
            assert_eq!(
                applied(&spec, value.clone()),
                Some(expected),
                "{target} {value:?}"
            );
        }
    }

    #[test]
    fn every_entry_of_a_doubled_key_goes() {
        let mut map = vec![entry("k", Value::Int(1)), entry("k", Value::Int(2))];
        compile(r#"{"action":"DELETE","key":"k"}"#)
            .unwrap()
            .apply(&mut map);
        assert!(map.is_empty());
    }

    #[test]
    fn what_does_not_fit_together_is_named() {
        for (spec, place) in [
            (r#"{"key":"k","action":"drop"}"#, "action"),
            (r#"{"action":"insert","value":1}"#, "key"),
            (r#"{"action":"hash"}"#, "key"),
            (r#"{"key":"k","action":"insert"}"#, "value"),
            (
                r#"{"key":"k","action":"insert","value":1,"from_attribute":"a"}"#,
                "from_attribute",
            ),
            (
                r#"{"key":"k","action":"upsert","from_context":"auth.x"}"#,
                "from_context",
            ),
            (r#"{"key":"k","action":"delete","value":1}"#, "value"),
            (
                r#"{"key":"k","action":"extract","pattern":"a(b)"}"#,
                "pattern",
            ),
            (
                r#"{"key":"k","action":"extract","pattern":"ab"}"#,
                "pattern",
            ),
            (r#"{"key":"k","action":"extract","pattern":"("}"#, "pattern"),
            (
                r#"{"key":"k","action":"convert","converted_type":"bool"}"#,
                "converted_type",
            ),
        ] {
            assert_eq!(
                compile(spec).err().map(|error| error.place).as_deref(),
                Some(place),
                "{spec}"
            );
        }
    }
}
