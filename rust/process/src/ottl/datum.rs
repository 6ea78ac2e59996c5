//! What an expression gives: values of telemetry, and the times that statements reckon with.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Deref;

use jiff::Timestamp;
use otlp::model::{KeyValue, Value};
use otlp::text_form;

use super::syntax::{CompareOp, MathOp};

/// An item that a condition or statement could not be evaluated for. It says no more, since what it
/// could say is the item's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Datum<'e> {
    Nil,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Cow<'e, str>),
    Bytes(Cow<'e, [u8]>),
    Map(Parts<'e, KeyValue<'e>>),
    Array(Parts<'e, Value<'e>>),
    /// Nanoseconds since 1970.
    Time(i64),
    /// Nanoseconds.
    Duration(i64),
}

/// The parts of a map or an array: an item's own, or made by a function. (A `Cow` of a slice would
/// tie the lifetimes of the two together.)
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Parts<'e, T> {
    Borrowed(&'e [T]),
    Owned(Vec<T>),
}

impl<T> Deref for Parts<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Parts::Borrowed(parts) => parts,
            Parts::Owned(parts) => parts,
        }
    }
}

impl<'e> Datum<'e> {
    pub fn of(value: &'e Value<'_>) -> Datum<'e> {
        match value {
            Value::Empty => Datum::Nil,
            Value::Text(text) => Datum::Text(Cow::Borrowed(text)),
            Value::Bool(bool) => Datum::Bool(*bool),
            Value::Int(int) => Datum::Int(*int),
            Value::Double(double) => Datum::Double(*double),
            Value::Array(values) => Datum::Array(Parts::Borrowed(values)),
            Value::Map(entries) => Datum::Map(Parts::Borrowed(entries)),
            Value::Bytes(bytes) => Datum::Bytes(Cow::Borrowed(bytes)),
        }
    }

    pub fn text(text: &'e str) -> Datum<'e> {
        Datum::Text(Cow::Borrowed(text))
    }

    /// A value of its own; times have none.
    pub fn into_value(self) -> Result<Value<'static>, Failed> {
        Ok(match self {
            Datum::Nil => Value::Empty,
            Datum::Bool(bool) => Value::Bool(bool),
            Datum::Int(int) => Value::Int(int),
            Datum::Double(double) => Value::Double(double),
            Datum::Text(text) => Value::Text(text.into_owned().into()),
            Datum::Bytes(bytes) => Value::Bytes(bytes.into_owned().into()),
            Datum::Map(entries) => Value::Map(owned_entries(&entries)),
            Datum::Array(values) => Value::Array(values.iter().map(owned).collect()),
            Datum::Time(_) | Datum::Duration(_) => return Err(Failed),
        })
    }

    /// The same, borrowing nothing.
    pub fn into_owned(self) -> Datum<'static> {
        match self {
            Datum::Nil => Datum::Nil,
            Datum::Bool(bool) => Datum::Bool(bool),
            Datum::Int(int) => Datum::Int(int),
            Datum::Double(double) => Datum::Double(double),
            Datum::Text(text) => Datum::Text(Cow::Owned(text.into_owned())),
            Datum::Bytes(bytes) => Datum::Bytes(Cow::Owned(bytes.into_owned())),
            Datum::Map(entries) => Datum::Map(Parts::Owned(owned_entries(&entries))),
            Datum::Array(values) => Datum::Array(Parts::Owned(values.iter().map(owned).collect())),
            Datum::Time(nanos) => Datum::Time(nanos),
            Datum::Duration(nanos) => Datum::Duration(nanos),
        }
    }

    /// A text as it is; nothing else is one.
    pub fn as_text(&self) -> Result<&str, Failed> {
        match self {
            Datum::Text(text) => Ok(text),
            _ => Err(Failed),
        }
    }

    /// The text that a function for texts makes of anything; `None` for nil.
    pub fn text_like(&self) -> Result<Option<Cow<'_, str>>, Failed> {
        Ok(Some(match self {
            Datum::Nil => return Ok(None),
            Datum::Text(text) => Cow::Borrowed(text.as_ref()),
            Datum::Bytes(bytes) => Cow::Owned(hex::encode(bytes)),
            Datum::Map(_) | Datum::Array(_) => {
                let value = self.clone().into_value()?;
                // Go's plain JSON has these three escaped, its text form of a value has not.
                let text = text_form(&value).replace('<', "\\u003c");
                Cow::Owned(text.replace('>', "\\u003e").replace('&', "\\u0026"))
            }
            Datum::Bool(bool) => Cow::Borrowed(if *bool { "true" } else { "false" }),
            Datum::Int(int) => Cow::Owned(int.to_string()),
            Datum::Double(double) if double.is_finite() => {
                Cow::Owned(text_form(&Value::Double(*double)).into_owned())
            }
            Datum::Double(_) => return Err(Failed),
            // As Go's JSON has them: a time in quotes, a duration as its nanoseconds.
            Datum::Time(nanos) => {
                let time = Timestamp::from_nanosecond(i128::from(*nanos)).map_err(|_| Failed)?;
                Cow::Owned(format!("\"{time}\""))
            }
            Datum::Duration(nanos) => Cow::Owned(nanos.to_string()),
        }))
    }

    pub fn compare(&self, op: CompareOp, other: &Datum<'_>) -> bool {
        let ordering = match (self, other) {
            (Datum::Nil, Datum::Nil) => Some(Ordering::Equal),
            (Datum::Bool(left), Datum::Bool(right)) => Some(left.cmp(right)),
            (Datum::Int(left), Datum::Int(right))
            | (Datum::Time(left), Datum::Time(right))
            | (Datum::Duration(left), Datum::Duration(right)) => Some(left.cmp(right)),
            (Datum::Int(left), Datum::Double(right)) => (*left as f64).partial_cmp(right),
            (Datum::Double(left), Datum::Int(right)) => left.partial_cmp(&(*right as f64)),
            (Datum::Double(left), Datum::Double(right)) => left.partial_cmp(right),
            (Datum::Text(left), Datum::Text(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
            (Datum::Bytes(left), Datum::Bytes(right)) => Some(left.cmp(right)),
            (Datum::Map(left), Datum::Map(right)) => {
                return only_equality(op, same_entries(left, right));
            }
            (Datum::Array(left), Datum::Array(right)) => {
                return only_equality(op, same_values(left, right));
            }
            _ => None,
        };
        match op {
            CompareOp::Equal => ordering == Some(Ordering::Equal),
            CompareOp::NotEqual => ordering != Some(Ordering::Equal),
            CompareOp::Less => ordering == Some(Ordering::Less),
            CompareOp::LessOrEqual => ordering.is_some_and(Ordering::is_le),
            CompareOp::Greater => ordering == Some(Ordering::Greater),
            CompareOp::GreaterOrEqual => ordering.is_some_and(Ordering::is_ge),
        }
    }

    pub fn calculate(&self, op: MathOp, other: &Datum<'_>) -> Result<Datum<'static>, Failed> {
        match (self, op, other) {
            (Datum::Int(left), op, Datum::Int(right)) => whole(*left, op, *right).map(Datum::Int),
            (Datum::Double(left), op, Datum::Double(right)) => broken(*left, op, *right),
            (Datum::Int(left), op, Datum::Double(right)) => broken(*left as f64, op, *right),
            (Datum::Double(left), op, Datum::Int(right)) => broken(*left, op, *right as f64),
            (Datum::Time(left), MathOp::Subtract, Datum::Time(right)) => {
                Ok(Datum::Duration(left.wrapping_sub(*right)))
            }
            (Datum::Time(left), MathOp::Add | MathOp::Subtract, Datum::Duration(right)) => {
                whole(*left, op, *right).map(Datum::Time)
            }
            (Datum::Duration(left), MathOp::Add, Datum::Time(right)) => {
                whole(*left, op, *right).map(Datum::Time)
            }
            (Datum::Duration(left), MathOp::Add | MathOp::Subtract, Datum::Duration(right)) => {
                whole(*left, op, *right).map(Datum::Duration)
            }
            _ => Err(Failed),
        }
    }

    pub fn negative(&self) -> Result<Datum<'static>, Failed> {
        match self {
            Datum::Int(int) => Ok(Datum::Int(int.wrapping_neg())),
            Datum::Double(double) => Ok(Datum::Double(-double)),
            _ => Err(Failed),
        }
    }
}

fn whole(left: i64, op: MathOp, right: i64) -> Result<i64, Failed> {
    Ok(match op {
        MathOp::Add => left.wrapping_add(right),
        MathOp::Subtract => left.wrapping_sub(right),
        MathOp::Multiply => left.wrapping_mul(right),
        MathOp::Divide if right == 0 => return Err(Failed),
        MathOp::Divide => left.wrapping_div(right),
    })
}

fn broken(left: f64, op: MathOp, right: f64) -> Result<Datum<'static>, Failed> {
    Ok(Datum::Double(match op {
        MathOp::Add => left + right,
        MathOp::Subtract => left - right,
        MathOp::Multiply => left * right,
        MathOp::Divide if right == 0.0 => return Err(Failed),
        MathOp::Divide => left / right,
    }))
}

fn only_equality(op: CompareOp, same: bool) -> bool {
    match op {
        CompareOp::Equal => same,
        CompareOp::NotEqual => !same,
        _ => false,
    }
}

/// The order of a map's entries means nothing.
fn same_entries(left: &[KeyValue<'_>], right: &[KeyValue<'_>]) -> bool {
    left.len() == right.len()
        && left.iter().all(|entry| {
            let value = entry.value.as_ref().unwrap_or(&Value::Empty);
            crate::map::get(right, &entry.key).is_some_and(|other| same(value, other))
        })
}

fn same_values(left: &[Value<'_>], right: &[Value<'_>]) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .all(|(left, right)| same(left, right))
}

fn same(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left, right) {
        (Value::Map(left), Value::Map(right)) => same_entries(left, right),
        (Value::Array(left), Value::Array(right)) => same_values(left, right),
        (left, right) => left == right,
    }
}

fn owned(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::Empty => Value::Empty,
        Value::Text(text) => Value::Text(text.to_string().into()),
        Value::Bool(bool) => Value::Bool(*bool),
        Value::Int(int) => Value::Int(*int),
        Value::Double(double) => Value::Double(*double),
        Value::Array(values) => Value::Array(values.iter().map(owned).collect()),
        Value::Map(entries) => Value::Map(owned_entries(entries)),
        Value::Bytes(bytes) => Value::Bytes(bytes.to_vec().into()),
    }
}

fn owned_entries(entries: &[KeyValue<'_>]) -> Vec<KeyValue<'static>> {
    entries
        .iter()
        .map(|entry| KeyValue {
            key: entry.key.to_string().into(),
            value: entry.value.as_ref().map(owned),
        })
        .collect()
}
