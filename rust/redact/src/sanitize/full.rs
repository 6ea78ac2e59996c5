//! The sanitizers with full coverage: behind everything else, on what that left.

use std::borrow::Cow;

use otlp::model::{KeyValue, Span, Text, Value};

use super::{Sanitized, Sanitizer, database_system};
use crate::attributes::Redactor;
use crate::processor::{KeyAction, Processor};

impl Redactor<'_> {
    pub(crate) fn sanitize_attributes(&mut self, attributes: &mut [KeyValue<'_>]) {
        for (index, processor, sanitizer) in self.sanitizers() {
            let system = database_system(attributes);
            for attribute in attributes.iter_mut() {
                let plan = self.plan(&attribute.key);
                let looked_at = plan
                    .actions
                    .get(index)
                    .is_none_or(|a| *a == KeyAction::Look);
                if let Some(Value::Text(text)) = &mut attribute.value
                    && looked_at
                {
                    let any_system = self.any_system;
                    self.sanitize(processor, text, |text| {
                        sanitizer.attribute(text, &attribute.key, &system, any_system)
                    });
                }
            }
        }
    }

    /// The strings of a log body. The depth was bounded by who went through it before.
    pub(crate) fn sanitize_body(&mut self, body: &mut Value<'_>) {
        for (_, processor, sanitizer) in self.sanitizers() {
            self.sanitize_value(processor, sanitizer, body);
        }
    }

    fn sanitize_value(&mut self, processor: &Processor, by: &Sanitizer, value: &mut Value<'_>) {
        match value {
            Value::Text(text) => self.sanitize(processor, text, |text| by.body(text)),
            Value::Array(values) => {
                for value in values {
                    self.sanitize_value(processor, by, value);
                }
            }
            Value::Map(entries) => {
                for value in entries.iter_mut().filter_map(|entry| entry.value.as_mut()) {
                    self.sanitize_value(processor, by, value);
                }
            }
            _ => {}
        }
    }

    /// A span's name, with either coverage.
    pub(crate) fn sanitize_span_name(&mut self, processor: &Processor, span: &mut Span<'_>) {
        let Some(sanitizer) = &processor.sanitizer else {
            return;
        };
        let sieved = self.policy.sieve.sift(span.name.as_bytes());
        if processor.allows(&span.name, sieved) {
            return;
        }
        if let Some((name, rule)) = sanitizer.span_name(span) {
            span.name = Cow::Owned(name);
            self.count(rule);
        }
    }

    fn sanitize(
        &mut self,
        processor: &Processor,
        text: &mut Text<'_>,
        sanitize: impl Fn(&str) -> Sanitized,
    ) {
        let sieved = self.policy.sieve.sift(text.as_bytes());
        if processor.allows(text, sieved) {
            return;
        }
        let sanitized = sanitize(text);
        if !sanitized.rules.is_empty() {
            sanitized.rules.iter().for_each(|rule| self.count(*rule));
            *text = Cow::Owned(sanitized.text);
        }
    }
}

impl<'p> Redactor<'p> {
    fn sanitizers(&self) -> impl Iterator<Item = (usize, &'p Processor, &'p Sanitizer)> + use<'p> {
        let policy = self.policy;
        policy
            .processors
            .iter()
            .enumerate()
            .filter_map(|(index, one)| Some((index, one, one.sanitizer.as_ref()?)))
    }
}
