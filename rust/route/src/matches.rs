//! Conditions on one record.

use std::borrow::Cow;

use otlp::model::{KeyValue, LogRecord, Value};

use crate::spec::RecordSpec;

const SERVICE: &str = "service.name";
/// Where event names stood before log records had a field for them.
const EVENT_NAME: &str = "event.name";

/// What the conditions look at.
pub(crate) struct Seen<'r> {
    /// The name of a log record's event, of a span or of a metric; empty where there is none.
    pub name: &'r str,
    /// 0 where there is none.
    pub severity: i32,
    pub attributes: &'r [KeyValue<'r>],
    pub resource: &'r [KeyValue<'r>],
}

impl<'r> Seen<'r> {
    pub fn log(record: &'r LogRecord<'r>, resource: &'r [KeyValue<'r>]) -> Seen<'r> {
        let name = match &*record.event_name {
            "" => text_of(&record.attributes, EVENT_NAME).unwrap_or(""),
            name => name,
        };
        Seen {
            name,
            severity: record.severity_number,
            attributes: &record.attributes,
            resource,
        }
    }
}

/// A text, or all texts that begin as it does.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    Whole(String),
    Prefix(String),
}

impl Pattern {
    pub fn new(text: &str) -> Pattern {
        match text.strip_suffix('*') {
            Some(prefix) => Pattern::Prefix(prefix.to_owned()),
            None => Pattern::Whole(text.to_owned()),
        }
    }

    pub fn fits(&self, text: &str) -> bool {
        match self {
            Pattern::Whole(whole) => whole == text,
            Pattern::Prefix(prefix) => text.starts_with(prefix.as_str()),
        }
    }
}

/// The conditions of one rule, all of which have to hold.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    event: Option<bool>,
    names: Vec<Pattern>,
    severity_below: Option<i32>,
    values: Vec<(Keys, Vec<String>)>,
}

#[derive(Clone, Debug)]
struct Keys {
    keys: Vec<String>,
    /// Not looked for in the record's own attributes.
    resource_only: bool,
}

impl Matcher {
    pub fn new(spec: &RecordSpec, tenant_keys: &[String]) -> Matcher {
        let mut values = Vec::new();
        let mut add = |keys: &[String], resource_only, wanted: &[String]| {
            if !wanted.is_empty() {
                let keys = keys.to_vec();
                values.push((
                    Keys {
                        keys,
                        resource_only,
                    },
                    wanted.to_vec(),
                ));
            }
        };
        add(tenant_keys, false, &spec.tenant);
        add(&[SERVICE.to_owned()], true, &spec.service);
        for (key, wanted) in &spec.attributes {
            add(std::slice::from_ref(key), false, wanted);
        }
        Matcher {
            event: spec.event,
            names: spec.name.iter().map(|name| Pattern::new(name)).collect(),
            severity_below: spec.severity_below,
            values,
        }
    }

    pub fn fits(&self, seen: &Seen<'_>) -> bool {
        self.event.is_none_or(|event| event != seen.name.is_empty())
            && (self.names.is_empty() || self.names.iter().any(|name| name.fits(seen.name)))
            && self
                .severity_below
                .is_none_or(|below| (1..below).contains(&seen.severity))
            && self.values.iter().all(|(keys, wanted)| {
                keys.find(seen)
                    .is_some_and(|found| wanted.iter().any(|value| *value == found))
            })
    }
}

impl Keys {
    /// The value of the first key that the record has, or else the resource.
    fn find<'r>(&self, seen: &Seen<'r>) -> Option<Cow<'r, str>> {
        let within = |attributes: &'r [KeyValue<'r>]| {
            self.keys
                .iter()
                .find_map(|key| attributes.iter().find(|pair| pair.key == key.as_str()))
                .and_then(|pair| plain(pair.value.as_ref()?))
        };
        let own = if self.resource_only {
            None
        } else {
            within(seen.attributes)
        };
        own.or_else(|| within(seen.resource))
    }
}

fn text_of<'r>(attributes: &'r [KeyValue<'r>], key: &str) -> Option<&'r str> {
    attributes
        .iter()
        .find(|pair| pair.key == key)
        .and_then(|pair| match pair.value.as_ref()? {
            Value::Text(text) => Some(&**text),
            _ => None,
        })
}

/// A value's text; a rule can name none of what has none.
fn plain<'r>(value: &'r Value<'r>) -> Option<Cow<'r, str>> {
    match value {
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        Value::Int(value) => Some(Cow::Owned(value.to_string())),
        _ => None,
    }
}
