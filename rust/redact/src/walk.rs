//! The way through a request: every place in OTLP where a string can stand.

use std::time::SystemTime;

use otlp::model::{
    EntityRef, Exemplar, KeyValue, LogRecord, Metric, MetricData, Request, Resource, Scope, Span,
    Text,
};

use crate::attributes::Redactor;
use crate::policy::{Policy, Tally};

impl Policy {
    /// Redacts a request in place. A record that cannot be redacted safely is removed and counted.
    pub fn apply(&self, request: &mut Request<'_>, tally: &mut Tally) {
        self.apply_at(SystemTime::now(), request, tally);
    }

    /// The same at a time of which the periods of pseudonyms depend.
    pub fn apply_at(&self, now: SystemTime, request: &mut Request<'_>, tally: &mut Tally) {
        Redactor::new(self, tally, now).request(request);
    }
}

/// What becomes of a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    /// It cannot be redacted safely.
    Rejected,
    /// A rule drops it.
    Dropped,
}

impl Fate {
    fn or(self, other: Fate) -> Fate {
        if self == Fate::Kept { other } else { self }
    }
}

impl Redactor<'_> {
    fn request(&mut self, request: &mut Request<'_>) {
        match request {
            Request::Traces(resources) => {
                for one in resources {
                    let resource = self.resource(&mut one.resource, &mut one.schema_url);
                    for scope in &mut one.scopes {
                        let own = self.scope(&mut scope.scope, &mut scope.schema_url);
                        let fate = resource.or(own);
                        self.records(&mut scope.spans, fate, Self::span);
                    }
                }
            }
            Request::Logs(resources) => {
                self.any_system = true;
                for one in resources {
                    let resource = self.resource(&mut one.resource, &mut one.schema_url);
                    for scope in &mut one.scopes {
                        let own = self.scope(&mut scope.scope, &mut scope.schema_url);
                        let fate = resource.or(own);
                        self.records(&mut scope.log_records, fate, Self::log_record);
                    }
                }
            }
            Request::Metrics(resources) => {
                for one in resources {
                    let resource = self.resource(&mut one.resource, &mut one.schema_url);
                    for scope in &mut one.scopes {
                        let own = self.scope(&mut scope.scope, &mut scope.schema_url);
                        let fate = resource.or(own);
                        scope.metrics.retain_mut(|metric| self.metric(metric, fate));
                    }
                }
            }
        }
    }

    /// Redacts what many records share; where they go, it is emptied.
    fn resource(&mut self, resource: &mut Option<Resource<'_>>, schema_url: &mut Text<'_>) -> Fate {
        self.covered_text(schema_url);
        if let Some(found) = resource {
            self.attributes(&mut found.attributes);
            if self.policy.full {
                found
                    .entity_refs
                    .iter_mut()
                    .for_each(|one| self.entity_ref(one));
            }
        }
        let fate = self.fate();
        if fate != Fate::Kept {
            *resource = None;
        }
        fate
    }

    fn entity_ref(&mut self, entity: &mut EntityRef<'_>) {
        self.text(&mut entity.schema_url);
        self.name(&mut entity.kind);
        for key in entity
            .id_keys
            .iter_mut()
            .chain(&mut entity.description_keys)
        {
            self.key(key);
        }
    }

    fn scope(&mut self, scope: &mut Option<Scope<'_>>, schema_url: &mut Text<'_>) -> Fate {
        self.covered_text(schema_url);
        if let Some(found) = scope {
            self.attributes(&mut found.attributes);
            if self.policy.full {
                self.name(&mut found.name);
                self.version(&mut found.version);
            }
        }
        let fate = self.fate();
        if fate != Fate::Kept {
            *scope = None;
        }
        fate
    }

    fn records<R>(&mut self, records: &mut Vec<R>, fate: Fate, redact: fn(&mut Self, &mut R)) {
        if fate != Fate::Kept {
            self.gone(fate, records.len());
            records.clear();
            return;
        }
        records.retain_mut(|record| {
            redact(self, record);
            let fate = self.fate();
            self.gone(fate, 1);
            fate == Fate::Kept
        });
    }

    fn span(&mut self, span: &mut Span<'_>) {
        if !self.policy.full {
            self.contrib_span(span);
            self.found(&mut span.attributes);
            for event in &mut span.events {
                self.found(&mut event.attributes);
            }
            return;
        }
        self.attributes(&mut span.attributes);
        for event in &mut span.events {
            self.text(&mut event.name);
            self.attributes(&mut event.attributes);
        }
        self.text(&mut span.name);
        let policy = self.policy;
        for processor in &policy.processors {
            self.sanitize_span_name(processor, span);
        }
        self.text(&mut span.trace_state);
        for link in &mut span.links {
            self.text(&mut link.trace_state);
            self.attributes(&mut link.attributes);
        }
        if let Some(status) = &mut span.status {
            self.text(&mut status.message);
        }
    }

    fn log_record(&mut self, record: &mut LogRecord<'_>) {
        if !self.policy.full {
            self.contrib_log_record(record);
            self.found(&mut record.attributes);
            if let Some(body) = record.body.as_mut().filter(|_| self.policy.finds()) {
                self.body(body, &mut record.attributes);
            }
            return;
        }
        self.attributes(&mut record.attributes);
        if let Some(body) = &mut record.body {
            self.body(body, &mut record.attributes);
        }
        self.text(&mut record.severity_text);
        self.text(&mut record.event_name);
    }

    /// Redacts a metric and its points; false where the metric goes.
    fn metric(&mut self, metric: &mut Metric<'_>, fate: Fate) -> bool {
        if self.policy.full {
            self.name(&mut metric.name);
            self.text(&mut metric.description);
            self.text(&mut metric.unit);
            self.attributes(&mut metric.metadata);
        }
        let fate = fate.or(self.fate());
        if fate != Fate::Kept {
            self.gone(fate, metric.data.as_ref().map_or(0, MetricData::points));
            return false;
        }
        match &mut metric.data {
            None => {}
            Some(MetricData::Gauge(points) | MetricData::Sum { points, .. }) => {
                self.records(points, Fate::Kept, |redactor, point| {
                    redactor.point(&mut point.attributes, &mut point.exemplars);
                });
            }
            Some(MetricData::Histogram { points, .. }) => {
                self.records(points, Fate::Kept, |redactor, point| {
                    redactor.point(&mut point.attributes, &mut point.exemplars);
                });
            }
            Some(MetricData::ExponentialHistogram { points, .. }) => {
                self.records(points, Fate::Kept, |redactor, point| {
                    redactor.point(&mut point.attributes, &mut point.exemplars);
                });
            }
            Some(MetricData::Summary(points)) => {
                self.records(points, Fate::Kept, |redactor, point| {
                    redactor.attributes(&mut point.attributes);
                });
            }
        }
        true
    }

    fn point(&mut self, attributes: &mut Vec<KeyValue<'_>>, exemplars: &mut [Exemplar<'_>]) {
        self.attributes(attributes);
        if self.policy.full {
            for exemplar in exemplars {
                self.attributes(&mut exemplar.filtered_attributes);
            }
        }
    }

    /// A text that only full coverage reaches.
    fn covered_text(&mut self, text: &mut Text<'_>) {
        if self.policy.full {
            self.text(text);
        }
    }

    /// What becomes of what was redacted since the last call.
    fn fate(&mut self) -> Fate {
        let dropped = std::mem::take(&mut self.drop_record);
        match (std::mem::take(&mut self.unsafe_record), dropped) {
            (true, _) => Fate::Rejected,
            (false, true) => Fate::Dropped,
            (false, false) => Fate::Kept,
        }
    }

    fn gone(&mut self, fate: Fate, records: usize) {
        match fate {
            Fate::Kept => {}
            Fate::Rejected => self.tally.rejected += records as u64,
            Fate::Dropped => self.tally.dropped += records as u64,
        }
    }
}
