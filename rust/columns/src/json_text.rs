//! JSON text with typed values for the columns that hold more than one value.
//!
//! Attributes become an object, of a doubled key the last; integers and doubles stay numbers, a
//! double always with a point or an exponent; what JSON has no number for is a string; bytes are
//! base64. NUL becomes U+FFFD, which every engine takes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use otlp::model::{Exemplar, KeyValue, Number, Octets, Quantile, SpanEvent, SpanLink, Value};
use otlp::scan::plain_prefix;
use std::collections::HashMap;
use std::fmt::Write;

/// Up to so many keys, comparing each with those behind it is quicker than a map.
const FEW_KEYS: usize = 24;

pub(crate) fn attributes(out: &mut String, attributes: &[KeyValue<'_>]) {
    out.push('{');
    let mut separator = "";
    let mut entry = |attribute: &KeyValue<'_>| {
        out.push_str(separator);
        separator = ",";
        string(out, &attribute.key);
        out.push(':');
        match &attribute.value {
            Some(one) => value(out, one),
            None => out.push_str("null"),
        }
    };
    if attributes.len() <= FEW_KEYS {
        for (index, attribute) in attributes.iter().enumerate() {
            let behind = &attributes[index + 1..];
            if !behind.iter().any(|other| other.key == attribute.key) {
                entry(attribute);
            }
        }
    } else {
        let last: HashMap<&str, usize> = attributes
            .iter()
            .enumerate()
            .map(|(index, attribute)| (&*attribute.key, index))
            .collect();
        for (index, attribute) in attributes.iter().enumerate() {
            if last[&*attribute.key] == index {
                entry(attribute);
            }
        }
    }
    out.push('}');
}

pub(crate) fn value(out: &mut String, one: &Value<'_>) {
    match one {
        Value::Empty => out.push_str("null"),
        Value::Text(text) => string(out, text),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(number) => integer(out, *number),
        Value::Double(number) => double(out, *number),
        Value::Array(values) => array(out, values, value),
        Value::Map(values) => attributes(out, values),
        Value::Bytes(bytes) => {
            out.push('"');
            base64(out, bytes);
            out.push('"');
        }
    }
}

pub(crate) fn base64(out: &mut String, bytes: &[u8]) {
    STANDARD.encode_string(bytes, out);
}

pub(crate) fn array<T>(out: &mut String, elements: &[T], mut write: impl FnMut(&mut String, &T)) {
    out.push('[');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(out, element);
    }
    out.push(']');
}

pub(crate) fn integer(out: &mut String, number: impl itoa::Integer) {
    out.push_str(itoa::Buffer::new().format(number));
}

pub(crate) fn double(out: &mut String, number: f64) {
    if number.is_finite() {
        out.push_str(ryu::Buffer::new().format_finite(number));
    } else if number.is_nan() {
        out.push_str("\"NaN\"");
    } else if number > 0.0 {
        out.push_str("\"Infinity\"");
    } else {
        out.push_str("\"-Infinity\"");
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    loop {
        let (plain, special) = rest.split_at(plain_prefix(rest.as_bytes()));
        out.push_str(plain);
        let mut characters = special.chars();
        match characters.next() {
            None => break,
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some('\0') => out.push('\u{fffd}'),
            Some(control) => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
        }
        rest = characters.as_str();
    }
    out.push('"');
}

pub(crate) fn hex(out: &mut String, id: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in id {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// An object's members, those at OTLP's default left out.
struct Members<'o> {
    out: &'o mut String,
    separator: char,
}

impl<'o> Members<'o> {
    fn new(out: &'o mut String) -> Self {
        Self {
            out,
            separator: '{',
        }
    }

    fn member(&mut self, key: &str) -> &mut String {
        self.out.push(self.separator);
        self.separator = ',';
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
        self.out
    }

    fn time(&mut self, key: &str, time: u64) {
        if let Some(time) = crate::time::time(time) {
            integer(self.member(key), time);
        }
    }

    fn count(&mut self, key: &str, number: u32) {
        if number != 0 {
            integer(self.member(key), number);
        }
    }

    fn text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            string(self.member(key), text);
        }
    }

    fn id(&mut self, key: &str, id: &Octets<'_>) {
        if !id.is_empty() {
            let out = self.member(key);
            out.push('"');
            hex(out, id);
            out.push('"');
        }
    }

    fn attributes(&mut self, key: &str, list: &[KeyValue<'_>]) {
        if !list.is_empty() {
            attributes(self.member(key), list);
        }
    }

    fn end(self) {
        if self.separator == '{' {
            self.out.push('{');
        }
        self.out.push('}');
    }
}

pub(crate) fn span_event(out: &mut String, event: &SpanEvent<'_>) {
    let mut members = Members::new(out);
    members.time("time_unix_nano", event.time_unix_nano);
    members.text("name", &event.name);
    members.attributes("attributes", &event.attributes);
    members.count("dropped_attributes_count", event.dropped_attributes_count);
    members.end();
}

pub(crate) fn span_link(out: &mut String, link: &SpanLink<'_>) {
    let mut members = Members::new(out);
    members.id("trace_id", &link.trace_id);
    members.id("span_id", &link.span_id);
    members.text("trace_state", &link.trace_state);
    members.attributes("attributes", &link.attributes);
    members.count("dropped_attributes_count", link.dropped_attributes_count);
    members.count("flags", link.flags);
    members.end();
}

pub(crate) fn exemplar(out: &mut String, exemplar: &Exemplar<'_>) {
    let mut members = Members::new(out);
    members.time("time_unix_nano", exemplar.time_unix_nano);
    match exemplar.value {
        Some(Number::Int(number)) => integer(members.member("int_value"), number),
        Some(Number::Double(number)) => double(members.member("double_value"), number),
        None => {}
    }
    members.id("trace_id", &exemplar.trace_id);
    members.id("span_id", &exemplar.span_id);
    members.attributes("filtered_attributes", &exemplar.filtered_attributes);
    members.end();
}

pub(crate) fn quantile(out: &mut String, quantile: &Quantile) {
    let mut members = Members::new(out);
    double(members.member("quantile"), quantile.quantile);
    double(members.member("value"), quantile.value);
    members.end();
}
