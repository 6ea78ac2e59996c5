//! The attributes by which a processor tells what it did, as contrib names and merges them.

use std::borrow::Cow;

use otlp::model::{KeyValue, Value};

use crate::attributes::Redactor;
use crate::spec::Summary;

const SEPARATOR: &str = ",";

/// The names of what one processor did something to, in one attribute map or body.
#[derive(Clone, Default)]
pub(crate) struct Touched {
    pub redacted: Vec<String>,
    pub masked: Vec<String>,
    pub allowed: Vec<String>,
    pub ignored: Vec<String>,
}

impl Redactor<'_> {
    /// Remembers a name for the summary of a processor that writes one.
    pub(crate) fn touch(
        &mut self,
        processor: usize,
        list: impl FnOnce(&mut Touched) -> &mut Vec<String>,
        name: &str,
    ) {
        if self.policy.processors[processor].summary == Summary::Silent {
            return;
        }
        // A name that would itself be masked must not come back in a summary.
        let shown = if self.policy.full {
            self.policy
                .masked_name(name, u32::MAX)
                .map(|(masked, _)| masked)
        } else {
            None
        };
        list(&mut self.touched[processor]).push(shown.unwrap_or_else(|| name.to_owned()));
    }

    /// Writes what was remembered, under `redaction` or `redaction.body`, and forgets it.
    pub(crate) fn summarise(&mut self, attributes: &mut Vec<KeyValue<'_>>, prefix: &str) {
        for (index, touched) in self.touched.iter_mut().enumerate() {
            let summary = self.policy.processors[index].summary;
            let touched = std::mem::take(touched);
            for (list, names) in [
                ("redacted", touched.redacted),
                ("masked", touched.masked),
                ("allowed", touched.allowed),
                ("ignored", touched.ignored),
            ] {
                if names.is_empty() || summary == Summary::Silent {
                    continue;
                }
                let count = names.len() as i64;
                if summary == Summary::Debug && list != "ignored" {
                    write_names(attributes, format!("{prefix}.{list}.keys"), names);
                }
                write_count(attributes, format!("{prefix}.{list}.count"), count);
            }
        }
    }
}

fn write_names(attributes: &mut Vec<KeyValue<'_>>, key: String, names: Vec<String>) {
    let mut names = names;
    let value = slot(attributes, key);
    if let Value::Text(before) = value
        && !before.is_empty()
    {
        names.extend(before.split(SEPARATOR).map(str::to_owned));
    }
    names.sort();
    *value = Value::Text(Cow::Owned(names.join(SEPARATOR)));
}

fn write_count(attributes: &mut Vec<KeyValue<'_>>, key: String, count: i64) {
    let value = slot(attributes, key);
    let before = if let Value::Int(before) = value {
        *before
    } else {
        0
    };
    *value = Value::Int(before.saturating_add(count));
}

/// The value of an attribute, which is added where it is not there.
fn slot<'r, 'a>(attributes: &'r mut Vec<KeyValue<'a>>, key: String) -> &'r mut Value<'a> {
    let index = attributes
        .iter()
        .position(|attribute| attribute.key == key)
        .unwrap_or_else(|| {
            attributes.push(KeyValue {
                key: Cow::Owned(key),
                value: None,
            });
            attributes.len() - 1
        });
    attributes[index].value.get_or_insert_default()
}
