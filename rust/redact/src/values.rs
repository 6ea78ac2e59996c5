//! Values under a policy: texts, what counts as one, and what is within maps, arrays and bytes.

use std::borrow::Cow;

use otlp::model::{Text, Value};
use otlp::text_form;

use crate::attributes::{DEEPEST, Redactor};
use crate::mask::STARS;
use crate::rules::{Look, Place};

impl Redactor<'_> {
    /// An attribute's value.
    pub fn value(&mut self, value: &mut Value<'_>, look: Look, key: &str) {
        match value {
            Value::Text(text) => {
                self.redact(text, look, Some(key));
                return;
            }
            _ if self.policy.looks_at_empty => {
                self.counted_as_text(value, look.active, key, false);
            }
            _ => {}
        }
        match value {
            // It has just become one.
            Value::Text(text) => self.search(text, look),
            Value::Array(_) | Value::Map(_) | Value::Bytes(_) if self.policy.full => {
                let place = Place::InAttribute(key);
                self.inner(value, look, place, &mut String::new(), 0);
            }
            Value::Int(_) | Value::Double(_) => self.number(value, look),
            _ => {}
        }
    }

    /// What is no text, as processors see it: its text form where `always` or they redact all types,
    /// else nothing. It becomes a text where they change it.
    fn counted_as_text(&mut self, value: &mut Value<'_>, active: u32, path: &str, always: bool) {
        let mut outcome = std::mem::take(&mut self.outcome);
        for index in 0..self.policy.processors.len() {
            if active >> index & 1 == 0 {
                continue;
            }
            let all_types = always || self.policy.processors[index].all_types;
            let text = match &*value {
                Value::Text(text) => Cow::Borrowed(text.as_ref()),
                _ if all_types => text_form(value),
                _ => Cow::Borrowed(""),
            };
            let sieved = self.policy.sieve.sift(text.as_bytes());
            if let Some(after) = self.policy.process(index, &text, sieved, &mut outcome) {
                *value = Value::Text(Cow::Owned(after));
            }
        }
        self.settle(outcome, Some(path));
    }

    /// A value within a body (the body itself too) or within an attribute's map, array or bytes.
    /// `path` is its name in a body's summary.
    pub fn inner(
        &mut self,
        value: &mut Value<'_>,
        look: Look,
        place: Place<'_>,
        path: &mut String,
        depth: u32,
    ) {
        if depth > DEEPEST {
            self.unsafe_record = true;
            return;
        }
        let in_body = matches!(place, Place::InBody(_));
        let length = path.len();
        match value {
            Value::Array(values) => {
                for (index, value) in values.iter_mut().enumerate() {
                    self.step(path, || format!("[{index}]"));
                    self.inner(value, look, place, path, depth + 1);
                    path.truncate(length);
                }
                self.joined(values, look.rules);
            }
            Value::Map(entries) => entries.retain_mut(|entry| {
                let key = entry.key.clone();
                let plan = self.policy.plan(&key, place, &self.pseudonyms);
                self.step(path, || key.to_string());
                let name = path.clone();
                let kept = self.entry(
                    entry,
                    &plan,
                    look.active,
                    &name,
                    |redactor, value, active| {
                        let place = match place {
                            Place::InBody(_) => Place::InBody(Some(&key)),
                            _ => Place::InAttribute(&key),
                        };
                        redactor.inner(value, plan.look(active), place, path, depth + 1);
                    },
                );
                path.truncate(length);
                self.mask_key(&mut entry.key, &plan);
                kept && !std::mem::take(&mut self.drop_entry)
            }),
            Value::Text(text) => {
                let name = if path.is_empty() {
                    "body"
                } else {
                    path.as_str()
                };
                self.redact(text, look, in_body.then_some(name));
            }
            _ if in_body => {
                let name = if path.is_empty() {
                    "body"
                } else {
                    path.as_str()
                };
                self.counted_as_text(value, look.active, name, true);
                match value {
                    Value::Text(text) => self.search(text, look),
                    _ => self.scalar(value, look),
                }
            }
            _ => self.scalar(value, look),
        }
    }

    /// Bytes that hold what a rule matches are masked whole.
    fn scalar(&mut self, value: &mut Value<'_>, look: Look) {
        let Value::Bytes(bytes) = value else {
            self.number(value, look);
            return;
        };
        if !self.policy.full {
            return;
        }
        let mut outcome = std::mem::take(&mut self.outcome);
        let text = String::from_utf8_lossy(bytes);
        let look = Look {
            spared: false,
            ..look
        };
        let after = self
            .policy
            .redact(&text, look, &self.pseudonyms, &mut outcome);
        if after.is_some() {
            *value = Value::Bytes(Cow::Borrowed(STARS.as_bytes()));
        }
        outcome.allowed = 0;
        outcome.masked = 0;
        self.settle(outcome, None);
    }

    /// What is behind the processors, for a text that they have just made.
    pub fn search(&mut self, text: &mut Text<'_>, look: Look) {
        let mut outcome = std::mem::take(&mut self.outcome);
        let sieved = self.policy.sieve.sift(text.as_bytes());
        let keys = &self.pseudonyms;
        if let Some(after) = self.policy.search(text, sieved, look, keys, &mut outcome) {
            *text = Cow::Owned(after);
        }
        self.settle(outcome, None);
    }

    /// Adds a step to a path, which only summaries need.
    fn step(&self, path: &mut String, step: impl FnOnce() -> String) {
        if self.policy.summarises {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&step());
        }
    }
}
