//! The functions that give a value (converters, as the language calls them).

use std::borrow::Cow;

use otlp::model::Value;
use regex_automata::meta::Regex;
use sha2::{Digest, Sha256};

use super::Refused;
use super::arguments::{self, Arguments};
use super::datum::{Datum, Failed, Parts};
use super::expression::{Expression, Names};
use super::item::{Item, Record};
use super::path::Context;
use super::syntax::Call;
use crate::actions::parse_double;
use crate::map;
use crate::point::any_attributes;

/// The functions that are built, for messages.
const NAMES: &str = "Bool, Concat, Double, Duration, HasAttrKeyOnDatapoint, HasAttrOnDatapoint, \
                     HasPrefix, HasSuffix, Int, IsBool, IsDouble, IsInt, IsList, IsMap, IsMatch, \
                     IsRootSpan, IsString, Len, SHA256, Split, String, Substring, ToLowerCase, \
                     ToUpperCase";

pub(super) enum Function {
    Constant(Datum<'static>),
    IsMatch(Expression, Regex),
    /// Whether a value is of a kind.
    Is(Kind, Expression),
    HasPrefix(Expression, Expression),
    HasSuffix(Expression, Expression),
    IsRootSpan,
    /// A key, and the text that the first point which has it has.
    OnDatapoint(String, Option<String>),
    Concat(Vec<Expression>, Expression),
    Lower(Expression),
    Upper(Expression),
    Text(Expression),
    Int(Expression),
    Double(Expression),
    Bool(Expression),
    Len(Expression),
    Sha256(Expression),
    Split(Expression, Expression),
    /// A text, and which bytes of it: the first, and how many.
    Substring(Expression, Expression, Expression),
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Int,
    Double,
    Bool,
    Map,
    List,
}

impl Function {
    pub fn compile(call: &Call, column: usize, names: Names) -> Result<Function, Refused> {
        let mut given = Arguments::new(call, column, names);
        let function = match call.function.as_str() {
            "IsMatch" => Function::IsMatch(given.value()?, given.pattern()?.0),
            "IsString" => Function::Is(Kind::Text, given.value()?),
            "IsInt" => Function::Is(Kind::Int, given.value()?),
            "IsDouble" => Function::Is(Kind::Double, given.value()?),
            "IsBool" => Function::Is(Kind::Bool, given.value()?),
            "IsMap" => Function::Is(Kind::Map, given.value()?),
            "IsList" => Function::Is(Kind::List, given.value()?),
            "HasPrefix" => Function::HasPrefix(given.value()?, given.value()?),
            "HasSuffix" => Function::HasSuffix(given.value()?, given.value()?),
            "IsRootSpan" if names.context == Context::Span => Function::IsRootSpan,
            "HasAttrKeyOnDatapoint" if names.context == Context::Metric => {
                Function::OnDatapoint(given.text()?, None)
            }
            "HasAttrOnDatapoint" if names.context == Context::Metric => {
                Function::OnDatapoint(given.text()?, Some(given.text()?))
            }
            "IsRootSpan" | "HasAttrKeyOnDatapoint" | "HasAttrOnDatapoint" => {
                let reason = format!("has no meaning for a {}", names.context.name());
                return Err(Refused::new(column, &reason));
            }
            "Concat" => Function::Concat(given.list()?, given.value()?),
            "ToLowerCase" => Function::Lower(given.value()?),
            "ToUpperCase" => Function::Upper(given.value()?),
            "String" => Function::Text(given.value()?),
            "Int" => Function::Int(given.value()?),
            "Double" => Function::Double(given.value()?),
            "Bool" => Function::Bool(given.value()?),
            "Len" => Function::Len(given.value()?),
            "SHA256" => Function::Sha256(given.value()?),
            "Split" => Function::Split(given.value()?, given.value()?),
            "Substring" => Function::Substring(given.value()?, given.value()?, given.value()?),
            "Duration" => {
                let column = given.column();
                let nanos = arguments::duration(&given.text()?).ok_or_else(|| {
                    Refused::new(column, "must be a duration, such as 1.5s or 2h")
                })?;
                Function::Constant(Datum::Duration(nanos))
            }
            _ => {
                let reason = format!("is no function known here; there are {NAMES}");
                return Err(Refused::new(column, &reason));
            }
        };
        given.end()?;
        Ok(function)
    }

    pub fn give<'e>(&'e self, item: &'e Item<'_, '_>) -> Result<Datum<'e>, Failed> {
        let like = |expression: &Expression, of: &dyn Fn(&str) -> bool| {
            let datum = expression.give(item)?;
            Ok(Datum::Bool(
                datum.text_like()?.is_some_and(|text| of(&text)),
            ))
        };
        let text = |expression: &Expression, of: &dyn Fn(&str) -> String| {
            Ok(Datum::Text(Cow::Owned(of(expression
                .give(item)?
                .as_text()?))))
        };
        match self {
            Function::Constant(datum) => Ok(datum.clone()),
            Function::IsMatch(target, pattern) => like(target, &|text| pattern.is_match(text)),
            Function::Is(kind, value) => Ok(Datum::Bool(kind.is_of(&value.give(item)?))),
            Function::HasPrefix(target, part) => {
                let (target, part) = (target.give(item)?, part.give(item)?);
                Ok(Datum::Bool(target.as_text()?.starts_with(part.as_text()?)))
            }
            Function::HasSuffix(target, part) => {
                let (target, part) = (target.give(item)?, part.give(item)?);
                Ok(Datum::Bool(target.as_text()?.ends_with(part.as_text()?)))
            }
            Function::IsRootSpan => match &item.record {
                Record::Span(span) => Ok(Datum::Bool(
                    span.parent_span_id.iter().all(|byte| *byte == 0),
                )),
                _ => Err(Failed),
            },
            Function::OnDatapoint(key, expected) => on_datapoint(item, key, expected.as_deref()),
            Function::Concat(parts, delimiter) => concat(item, parts, delimiter),
            Function::Lower(target) => text(target, &str::to_lowercase),
            Function::Upper(target) => text(target, &str::to_uppercase),
            Function::Sha256(target) => {
                text(target, &|text| hex::encode(Sha256::digest(text.as_bytes())))
            }
            Function::Text(target) => match target.give(item)?.text_like()? {
                Some(text) => Ok(Datum::Text(Cow::Owned(text.into_owned()))),
                None => Ok(Datum::Nil),
            },
            Function::Int(target) => int(&target.give(item)?),
            Function::Double(target) => double(&target.give(item)?),
            Function::Bool(target) => bool(&target.give(item)?),
            Function::Len(target) => {
                let length = match target.give(item)? {
                    Datum::Text(text) => text.len(),
                    Datum::Bytes(bytes) => bytes.len(),
                    Datum::Map(entries) => entries.len(),
                    Datum::Array(values) => values.len(),
                    _ => return Err(Failed),
                };
                i64::try_from(length).map(Datum::Int).map_err(|_| Failed)
            }
            Function::Split(target, delimiter) => {
                let (target, delimiter) = (target.give(item)?, delimiter.give(item)?);
                Ok(Datum::Array(Parts::Owned(split(
                    target.as_text()?,
                    delimiter.as_text()?,
                ))))
            }
            Function::Substring(target, start, length) => {
                let target = target.give(item)?;
                let (Datum::Int(start), Datum::Int(length)) =
                    (start.give(item)?, length.give(item)?)
                else {
                    return Err(Failed);
                };
                let part = substring(target.as_text()?, start, length).ok_or(Failed)?;
                Ok(Datum::Text(Cow::Owned(part.to_owned())))
            }
        }
    }
}

impl Kind {
    fn is_of(self, datum: &Datum<'_>) -> bool {
        match self {
            Kind::Text => matches!(datum, Datum::Text(_)),
            Kind::Int => matches!(datum, Datum::Int(_)),
            Kind::Double => matches!(datum, Datum::Double(_)),
            Kind::Bool => matches!(datum, Datum::Bool(_)),
            Kind::Map => matches!(datum, Datum::Map(_)),
            Kind::List => matches!(datum, Datum::Array(_)),
        }
    }
}

/// The first point that has the key decides.
fn on_datapoint<'e>(
    item: &Item<'_, '_>,
    key: &str,
    expected: Option<&str>,
) -> Result<Datum<'e>, Failed> {
    let Record::Metric(metric) = &item.record else {
        return Err(Failed);
    };
    let data = metric.data.as_ref().ok_or(Failed)?;
    let mut found = None;
    any_attributes(data, |attributes| {
        found = map::get(attributes, key).map(|value| {
            expected.is_none_or(|expected| match value {
                Value::Text(text) => text == expected,
                _ => expected.is_empty(),
            })
        });
        found.is_some()
    });
    Ok(Datum::Bool(found.unwrap_or(false)))
}

fn concat<'e>(
    item: &Item<'_, '_>,
    parts: &[Expression],
    delimiter: &Expression,
) -> Result<Datum<'e>, Failed> {
    let delimiter = delimiter.give(item)?;
    let mut texts = Vec::with_capacity(parts.len());
    for part in parts {
        let datum = part.give(item)?;
        texts.push(match datum.text_like()? {
            Some(text) => text.into_owned(),
            None => "<nil>".to_owned(),
        });
    }
    Ok(Datum::Text(Cow::Owned(texts.join(delimiter.as_text()?))))
}

fn int<'e>(datum: &Datum<'_>) -> Result<Datum<'e>, Failed> {
    Ok(match datum {
        Datum::Nil => Datum::Nil,
        Datum::Int(int) => Datum::Int(*int),
        Datum::Double(double) => Datum::Int(*double as i64),
        Datum::Bool(bool) => Datum::Int(i64::from(*bool)),
        Datum::Text(text) => Datum::Int(text.parse().map_err(|_| Failed)?),
        _ => return Err(Failed),
    })
}

fn double<'e>(datum: &Datum<'_>) -> Result<Datum<'e>, Failed> {
    Ok(match datum {
        Datum::Nil => Datum::Nil,
        Datum::Int(int) => Datum::Double(*int as f64),
        Datum::Double(double) => Datum::Double(*double),
        Datum::Bool(bool) => Datum::Double(f64::from(*bool)),
        Datum::Text(text) => Datum::Double(parse_double(text).ok_or(Failed)?),
        _ => return Err(Failed),
    })
}

fn bool<'e>(datum: &Datum<'_>) -> Result<Datum<'e>, Failed> {
    Ok(match datum {
        Datum::Nil => Datum::Nil,
        Datum::Bool(bool) => Datum::Bool(*bool),
        Datum::Int(int) => Datum::Bool(*int != 0),
        Datum::Double(double) => Datum::Bool(*double != 0.0),
        Datum::Text(text) => match text.as_ref() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Datum::Bool(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Datum::Bool(false),
            _ => return Err(Failed),
        },
        _ => return Err(Failed),
    })
}

/// An empty delimiter splits into characters.
fn split(text: &str, delimiter: &str) -> Vec<Value<'static>> {
    let value = |part: &str| Value::Text(part.to_owned().into());
    if delimiter.is_empty() {
        return text
            .chars()
            .map(|c| value(c.encode_utf8(&mut [0; 4])))
            .collect();
    }
    text.split(delimiter).map(value).collect()
}

/// `None` for a range that is empty, outside, or cuts a character in two.
fn substring(text: &str, start: i64, length: i64) -> Option<&str> {
    let start = usize::try_from(start).ok()?;
    let length = usize::try_from(length).ok().filter(|length| *length > 0)?;
    text.get(start..start.checked_add(length)?)
}
