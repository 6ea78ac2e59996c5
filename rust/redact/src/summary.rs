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
                .masked_name(name, u32::MAX, &self.pseudonyms)
                .map(|masked| masked.name)
        } else {
            None
        };
        list(&mut self.touched[processor]).push(shown.unwrap_or_else(|| name.to_owned()));
    }

    /// Writes what was remembered, under `redaction` or `redaction.body`, and forgets it.
    pub(crate) fn summarise(&mut self, attributes: &mut Vec<KeyValue<'_>>, prefix: &str) {
        for index in 0..self.touched.len() {
            self.summarise_one(index, attributes, prefix);
        }
    }

    /// The same for one processor. What it removed and masked adds to what others wrote; what it
    /// allowed and ignored stands in its place, since every processor finds that anew.
    pub(crate) fn summarise_one(
        &mut self,
        index: usize,
        attributes: &mut Vec<KeyValue<'_>>,
        prefix: &str,
    ) {
        let summary = self.policy.processors[index].summary;
        if summary == Summary::Silent {
            return;
        }
        let touched = std::mem::take(&mut self.touched[index]);
        for (list, names, adds) in [
            ("redacted", touched.redacted, true),
            ("masked", touched.masked, true),
            ("allowed", touched.allowed, false),
            ("ignored", touched.ignored, false),
        ] {
            let keys = format!("{prefix}.{list}.keys");
            let count = format!("{prefix}.{list}.count");
            if names.is_empty() {
                if !adds {
                    attributes
                        .retain(|one| one.key != count && (one.key != keys || list == "ignored"));
                }
                continue;
            }
            let number = names.len() as i64;
            if summary == Summary::Debug && list != "ignored" {
                write_names(attributes, keys, names, adds);
            }
            write_count(attributes, count, number, adds);
        }
    }
}

fn write_names(attributes: &mut Vec<KeyValue<'_>>, key: String, names: Vec<String>, adds: bool) {
    let mut names = names;
    let value = slot(attributes, key);
    if let Value::Text(before) = value
        && adds
        && !before.is_empty()
    {
        names.extend(before.split(SEPARATOR).map(str::to_owned));
    }
    names.sort();
    *value = Value::Text(Cow::Owned(names.join(SEPARATOR)));
}

fn write_count(attributes: &mut Vec<KeyValue<'_>>, key: String, count: i64, adds: bool) {
    let value = slot(attributes, key);
    let before = match value {
        Value::Int(before) if adds => *before,
        _ => 0,
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
