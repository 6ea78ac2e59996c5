//! `coverage: attributes`: attribute maps, log bodies and span names exactly as contrib's redaction
//! processor has them, one processor after the other.
//!
//! Detectors and personal keys, where a policy asks for them too, come behind all processors.

use std::borrow::Cow;

use otlp::model::{KeyValue, LogRecord, Span, Value};

use crate::attributes::{DEEPEST, Redactor};
use crate::processor::{KeyAction, Processor};
use crate::rules::Place;
use crate::sanitize::{Sanitized, Sanitizer, database_system};
use otlp::text_form;

impl Redactor<'_> {
    /// A resource's, scope's or data point's attributes under all processors.
    pub fn contrib_attributes(&mut self, attributes: &mut Vec<KeyValue<'_>>) {
        for index in 0..self.policy.processors.len() {
            self.contrib_map(index, attributes);
        }
    }

    pub fn contrib_span(&mut self, span: &mut Span<'_>) {
        let policy = self.policy;
        for (index, processor) in policy.processors.iter().enumerate() {
            self.contrib_map(index, &mut span.attributes);
            for event in &mut span.events {
                self.contrib_map(index, &mut event.attributes);
            }
            self.sanitize_span_name(processor, span);
        }
    }

    pub fn contrib_log_record(&mut self, record: &mut LogRecord<'_>) {
        let policy = self.policy;
        for (index, processor) in policy.processors.iter().enumerate() {
            self.contrib_map(index, &mut record.attributes);
            let present = record.body.is_some();
            if present || processor.looks_at_empty() {
                let mut body = record.body.take().unwrap_or_default();
                self.contrib_body(index, &mut body, "", 0);
                if present || body != Value::Empty {
                    record.body = Some(body);
                }
            }
            self.summarise_one(index, &mut record.attributes, "redaction.body");
        }
    }

    fn contrib_map(&mut self, index: usize, attributes: &mut Vec<KeyValue<'_>>) {
        let processor = &self.policy.processors[index];
        let system = match processor.sanitizer {
            Some(_) => database_system(attributes),
            None => String::new(),
        };
        attributes.retain_mut(|attribute| {
            let plan = self.plan(&attribute.key);
            let action = plan.actions.get(index).copied().unwrap_or(KeyAction::Look);
            if let Some(stays) = self.contrib_key(index, action, &attribute.key) {
                return stays;
            }
            let text = match &attribute.value {
                Some(Value::Text(text)) => Cow::Borrowed(text.as_ref()),
                Some(value) if processor.all_types => text_form(value),
                _ if action == KeyAction::Look && !processor.looks_at_empty() => return true,
                _ => Cow::Borrowed(""),
            };
            let any_system = self.any_system;
            let sanitize = |sanitizer: &Sanitizer, text: &str| {
                sanitizer.attribute(text, &attribute.key, &system, any_system)
            };
            let after = match action {
                KeyAction::Mask(rule) => {
                    let sieved = self.policy.sieve.sift(text.as_bytes());
                    if processor.allows(&text, sieved) {
                        self.touch(index, |touched| &mut touched.allowed, &attribute.key);
                        return true;
                    }
                    self.count(rule);
                    self.touch(index, |touched| &mut touched.masked, &attribute.key);
                    Some(processor.mask.of(&text).into_owned())
                }
                _ => self.contrib_text(index, &text, &attribute.key, sanitize),
            };
            if let Some(after) = after {
                attribute.value = Some(Value::Text(Cow::Owned(after)));
            }
            true
        });
        self.summarise_one(index, attributes, "redaction");
    }

    /// What a key decides: whether its entry stays, or None where the value is looked at.
    fn contrib_key(&mut self, index: usize, action: KeyAction, name: &str) -> Option<bool> {
        match action {
            KeyAction::Pass => Some(true),
            KeyAction::Ignore => {
                self.touch(index, |touched| &mut touched.ignored, name);
                Some(true)
            }
            KeyAction::Remove(rule) => {
                self.count(rule);
                self.touch(index, |touched| &mut touched.redacted, name);
                Some(false)
            }
            KeyAction::Mask(_) | KeyAction::Look => None,
        }
    }

    /// A body or a value within it. A key that is blocked is masked before any allowed value is
    /// looked for, and a value that is no text counts as empty then.
    fn contrib_body(&mut self, index: usize, value: &mut Value<'_>, path: &str, depth: u32) {
        if depth > DEEPEST {
            self.unsafe_record = true;
            return;
        }
        let step = |step: &str| match path {
            "" => step.to_owned(),
            _ => format!("{path}.{step}"),
        };
        match value {
            Value::Map(entries) => entries.retain_mut(|entry| {
                let name = step(&entry.key);
                let action = self.contrib_body_action(index, &entry.key);
                if let Some(stays) = self.contrib_key(index, action, &name) {
                    return stays;
                }
                let present = entry.value.is_some();
                let mut value = entry.value.take().unwrap_or_default();
                if let KeyAction::Mask(rule) = action {
                    let text = match &value {
                        Value::Text(text) => text.as_ref(),
                        _ => "",
                    };
                    let masked = self.policy.processors[index].mask.of(text).into_owned();
                    value = Value::Text(Cow::Owned(masked));
                    self.count(rule);
                    self.touch(index, |touched| &mut touched.masked, &name);
                } else {
                    self.contrib_body(index, &mut value, &name, depth + 1);
                }
                if present || value != Value::Empty {
                    entry.value = Some(value);
                }
                true
            }),
            Value::Array(values) => {
                for (at, value) in values.iter_mut().enumerate() {
                    self.contrib_body(index, value, &step(&format!("[{at}]")), depth + 1);
                }
            }
            _ => {
                let name = if path.is_empty() { "body" } else { path };
                let text = text_form(value);
                if let Some(after) = self.contrib_text(index, &text, name, Sanitizer::body) {
                    *value = Value::Text(Cow::Owned(after));
                }
            }
        }
    }

    fn contrib_body_action(&self, index: usize, key: &str) -> KeyAction {
        let sieved = self.policy.sieve.sift(key.as_bytes());
        let processor: &Processor = &self.policy.processors[index];
        processor.action(key, sieved, &Place::InBody(None)).0
    }

    /// A text under one processor's values and sanitizers; None if unchanged.
    fn contrib_text(
        &mut self,
        index: usize,
        text: &str,
        name: &str,
        sanitize: impl Fn(&Sanitizer, &str) -> Sanitized,
    ) -> Option<String> {
        let policy = self.policy;
        let processor = &policy.processors[index];
        let sieved = policy.sieve.sift(text.as_bytes());
        if processor.allows(text, sieved) {
            self.touch(index, |touched| &mut touched.allowed, name);
            return None;
        }
        let mut outcome = std::mem::take(&mut self.outcome);
        let mut after = processor.block(text, sieved, &policy.sieve, &mut outcome);
        if let Some(sanitizer) = &processor.sanitizer {
            let sanitized = sanitize(sanitizer, after.as_deref().unwrap_or(text));
            outcome.rules.extend(sanitized.rules);
            after = Some(sanitized.text).filter(|after| after != text);
        }
        for rule in outcome.rules.drain(..) {
            self.count(rule);
        }
        self.outcome = outcome;
        if after.is_some() {
            self.touch(index, |touched| &mut touched.masked, name);
        }
        after
    }
}
