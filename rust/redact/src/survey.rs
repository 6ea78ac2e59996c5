//! What detectors would find in records that exist already, by key and without a value.

use std::collections::BTreeMap;

use otlp::model::{Exemplar, KeyValue, Metric, MetricData, Request, Value};

use crate::detect::{DETECTORS, Detector};
use crate::key::RegionKey;
use crate::keys;
use crate::pattern::Sieve;
use crate::spec::PolicyError;

/// Keys beyond so many are reported together, under `(other keys)`.
const MOST_KEYS: usize = 10_000;
const OTHER: &str = "(other keys)";

/// All detectors, each by itself, and what they found so far.
pub struct Survey {
    detectors: Vec<Detector>,
    sieve: Sieve,
    key: RegionKey,
    seen: BTreeMap<String, Seen>,
}

/// What was seen under one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Texts, numbers and bytes.
    pub values: u64,
    /// What becomes of them by the key's name alone, under the defaults.
    pub by_name: Option<&'static str>,
    /// By detector: the values in which it finds something.
    pub finds: BTreeMap<&'static str, u64>,
}

impl Survey {
    pub fn new() -> Result<Self, PolicyError> {
        let mut sieve = Sieve::new();
        let mut detectors = Vec::new();
        for (index, name) in DETECTORS.iter().enumerate() {
            let compiled = Detector::compile(index, &mut sieve);
            detectors.extend(compiled.map_err(|reason| PolicyError::new(*name, reason))?);
        }
        Ok(Survey {
            detectors,
            sieve,
            // The mask of a key that is itself a find: it only has to tell such keys apart.
            key: RegionKey::from_bytes(&[0; 32]),
            seen: BTreeMap::new(),
        })
    }

    /// By key; what is no attribute stands under its place, in brackets: `(body)`, `(span name)`.
    pub fn seen(&self) -> &BTreeMap<String, Seen> {
        &self.seen
    }

    /// Looks at a request, as the detectors would under full coverage.
    pub fn look(&mut self, request: &Request<'_>) {
        match request {
            Request::Traces(resources) => {
                for resource in resources {
                    self.resource(resource.resource.as_ref().map(|one| &one.attributes));
                    for scope in &resource.scopes {
                        self.resource(scope.scope.as_ref().map(|one| &one.attributes));
                        for span in &scope.spans {
                            self.text("(span name)", &span.name);
                            self.text("(trace state)", &span.trace_state);
                            self.attributes(&span.attributes);
                            for event in &span.events {
                                self.text("(span event name)", &event.name);
                                self.attributes(&event.attributes);
                            }
                            for link in &span.links {
                                self.text("(trace state)", &link.trace_state);
                                self.attributes(&link.attributes);
                            }
                            if let Some(status) = &span.status {
                                self.text("(status message)", &status.message);
                            }
                        }
                    }
                }
            }
            Request::Logs(resources) => {
                for resource in resources {
                    self.resource(resource.resource.as_ref().map(|one| &one.attributes));
                    for scope in &resource.scopes {
                        self.resource(scope.scope.as_ref().map(|one| &one.attributes));
                        for record in &scope.log_records {
                            self.text("(event name)", &record.event_name);
                            self.text("(severity)", &record.severity_text);
                            self.attributes(&record.attributes);
                            if let Some(body) = &record.body {
                                self.value("(body)", body, 0);
                            }
                        }
                    }
                }
            }
            Request::Metrics(resources) => {
                for resource in resources {
                    self.resource(resource.resource.as_ref().map(|one| &one.attributes));
                    for scope in &resource.scopes {
                        self.resource(scope.scope.as_ref().map(|one| &one.attributes));
                        scope.metrics.iter().for_each(|metric| self.metric(metric));
                    }
                }
            }
        }
    }

    fn resource(&mut self, attributes: Option<&Vec<KeyValue<'_>>>) {
        self.attributes(attributes.map_or(&[], Vec::as_slice));
    }

    fn metric(&mut self, metric: &Metric<'_>) {
        self.text("(metric name)", &metric.name);
        self.text("(metric description)", &metric.description);
        self.attributes(&metric.metadata);
        match &metric.data {
            None => {}
            Some(MetricData::Gauge(points) | MetricData::Sum { points, .. }) => {
                for point in points {
                    self.point(&point.attributes, &point.exemplars);
                }
            }
            Some(MetricData::Histogram { points, .. }) => {
                for point in points {
                    self.point(&point.attributes, &point.exemplars);
                }
            }
            Some(MetricData::ExponentialHistogram { points, .. }) => {
                for point in points {
                    self.point(&point.attributes, &point.exemplars);
                }
            }
            Some(MetricData::Summary(points)) => {
                for point in points {
                    self.attributes(&point.attributes);
                }
            }
        }
    }

    fn point(&mut self, attributes: &[KeyValue<'_>], exemplars: &[Exemplar<'_>]) {
        self.attributes(attributes);
        for exemplar in exemplars {
            self.attributes(&exemplar.filtered_attributes);
        }
    }

    fn attributes(&mut self, attributes: &[KeyValue<'_>]) {
        for attribute in attributes {
            if let Some(value) = &attribute.value {
                self.value(&attribute.key, value, 0);
            }
        }
    }

    fn value(&mut self, path: &str, value: &Value<'_>, depth: u32) {
        if depth > crate::attributes::DEEPEST {
            return;
        }
        match value {
            Value::Empty | Value::Bool(_) => {}
            Value::Text(text) => self.text(path, text),
            Value::Int(_) | Value::Double(_) => self.text(path, &otlp::text_form(value)),
            Value::Bytes(bytes) => self.text(path, &String::from_utf8_lossy(bytes)),
            Value::Array(values) => {
                for value in values {
                    self.value(path, value, depth + 1);
                }
            }
            Value::Map(entries) => {
                for entry in entries {
                    if let Some(value) = &entry.value {
                        self.value(&format!("{path}.{}", entry.key), value, depth + 1);
                    }
                }
            }
        }
    }

    fn text(&mut self, key: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let spared = keys::is_version(key) && keys::is_identifier(text);
        let found = self.finds(text, spared);
        let seen = self.under(key);
        seen.values += 1;
        for name in found {
            *seen.finds.entry(name).or_default() += 1;
        }
    }

    /// The detectors that find something in a text.
    fn finds(&self, text: &str, spared: bool) -> Vec<&'static str> {
        let sieved = self.sieve.sift(text.as_bytes());
        let mut found = Vec::new();
        for detector in &self.detectors {
            let name = DETECTORS[detector.index];
            let passed = found.last() == Some(&name) || (spared && detector.ambiguous);
            if !passed && detector.pattern.possible(sieved) && !detector.found(text).is_empty() {
                found.push(name);
            }
        }
        found
    }

    fn under(&mut self, key: &str) -> &mut Seen {
        let shown = if self.seen.contains_key(key) {
            key.to_owned()
        } else if !self.finds(key, false).is_empty() {
            self.key.structural_mask(key)
        } else {
            key.to_owned()
        };
        let full = self.seen.len() >= MOST_KEYS && !self.seen.contains_key(&shown);
        let shown = if full { OTHER.to_owned() } else { shown };
        self.seen.entry(shown).or_insert_with(|| Seen {
            by_name: by_name(key),
            ..Seen::default()
        })
    }
}

/// What the defaults make of a key's values whatever they look like.
fn by_name(key: &str) -> Option<&'static str> {
    match keys::personal(key) {
        Some((personal, _)) => Some(personal.effect(crate::rotation::Rotate::Never)),
        None if keys::is_secret(key) => Some("masked"),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use otlp::model::{LogRecord, ResourceLogs, ScopeLogs};

    #[test]
    fn finds_are_counted_by_key_and_no_value_is_kept() {
        let attribute = |key: &'static str, text: &'static str| KeyValue {
            key: key.into(),
            value: Some(Value::Text(text.into())),
        };
        let record = LogRecord {
            attributes: vec![
                attribute("note", "to anna@contoso.com from 10.1.2.3"),
                attribute("note", "nothing"),
                attribute("user.id", "anna"),
                attribute("anna@contoso.com", "x"),
                attribute("service.version", "1.2.3.4"),
            ],
            body: Some(Value::Map(vec![attribute("card", "4111 1111 1111 1111")])),
            ..LogRecord::default()
        };
        let mut survey = Survey::new().unwrap();
        survey.look(&Request::Logs(vec![ResourceLogs {
            scopes: vec![ScopeLogs {
                log_records: vec![record],
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }]));
        let seen = survey.seen();
        let note = &seen["note"];
        assert_eq!(note.values, 2);
        assert_eq!(note.finds, BTreeMap::from([("email", 1), ("ipv4", 1)]));
        assert_eq!(seen["user.id"].by_name, Some("pseudonym"));
        assert_eq!(
            seen["(body).card"].finds,
            BTreeMap::from([("payment_card", 1)])
        );
        assert_eq!(seen["service.version"].finds, BTreeMap::new());
        assert!(seen.keys().all(|key| !key.contains("anna")));
    }
}
