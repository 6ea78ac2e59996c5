//! The way through a request: every place in OTLP where a string can stand.

use otlp::model::{
    EntityRef, Exemplar, KeyValue, LogRecord, Metric, MetricData, Request, Resource, Scope, Span,
    Text,
};

use crate::attributes::Redactor;
use crate::policy::{Policy, Tally};

impl Policy {
    /// Redacts a request in place. A record that cannot be redacted safely is removed and counted.
    pub fn apply(&self, request: &mut Request<'_>, tally: &mut Tally) {
        Redactor::new(self, tally).request(request);
    }
}

impl Redactor<'_> {
    fn request(&mut self, request: &mut Request<'_>) {
        match request {
            Request::Traces(resources) => {
                for one in resources {
                    let resource = self.resource(&mut one.resource, &mut one.schema_url);
                    for scope in &mut one.scopes {
                        let safe = self.scope(&mut scope.scope, &mut scope.schema_url) && resource;
                        self.records(&mut scope.spans, safe, Self::span);
                    }
                }
            }
            Request::Logs(resources) => {
                self.any_system = true;
                for one in resources {
                    let resource = self.resource(&mut one.resource, &mut one.schema_url);
                    for scope in &mut one.scopes {
                        let safe = self.scope(&mut scope.scope, &mut scope.schema_url) && resource;
                        self.records(&mut scope.log_records, safe, Self::log_record);
                    }
                }
            }
            Request::Metrics(resources) => {
                for one in resources {
                    let resource = self.resource(&mut one.resource, &mut one.schema_url);
                    for scope in &mut one.scopes {
                        let safe = self.scope(&mut scope.scope, &mut scope.schema_url) && resource;
                        scope.metrics.retain_mut(|metric| self.metric(metric, safe));
                    }
                }
            }
        }
    }

    /// Redacts what many records share; false where that cannot be done safely, and it is emptied.
    fn resource(&mut self, resource: &mut Option<Resource<'_>>, schema_url: &mut Text<'_>) -> bool {
        self.covered_text(schema_url);
        let Some(found) = resource else { return true };
        self.attributes(&mut found.attributes);
        if self.policy.full {
            found
                .entity_refs
                .iter_mut()
                .for_each(|one| self.entity_ref(one));
        }
        let safe = self.was_safe();
        if !safe {
            *resource = None;
        }
        safe
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

    fn scope(&mut self, scope: &mut Option<Scope<'_>>, schema_url: &mut Text<'_>) -> bool {
        self.covered_text(schema_url);
        let Some(found) = scope else { return true };
        self.attributes(&mut found.attributes);
        if self.policy.full {
            self.name(&mut found.name);
            self.version(&mut found.version);
        }
        let safe = self.was_safe();
        if !safe {
            *scope = None;
        }
        safe
    }

    fn records<R>(&mut self, records: &mut Vec<R>, safe: bool, redact: fn(&mut Self, &mut R)) {
        if !safe {
            self.tally.rejected += records.len() as u64;
            records.clear();
            return;
        }
        records.retain_mut(|record| {
            redact(self, record);
            let safe = self.was_safe();
            self.tally.rejected += u64::from(!safe);
            safe
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
    fn metric(&mut self, metric: &mut Metric<'_>, safe: bool) -> bool {
        if self.policy.full {
            self.name(&mut metric.name);
            self.text(&mut metric.description);
            self.text(&mut metric.unit);
            self.attributes(&mut metric.metadata);
        }
        if !(self.was_safe() && safe) {
            self.tally.rejected += metric.data.as_ref().map_or(0, MetricData::points) as u64;
            return false;
        }
        match &mut metric.data {
            None => {}
            Some(MetricData::Gauge(points) | MetricData::Sum { points, .. }) => {
                self.records(points, true, |redactor, point| {
                    redactor.point(&mut point.attributes, &mut point.exemplars);
                });
            }
            Some(MetricData::Histogram { points, .. }) => {
                self.records(points, true, |redactor, point| {
                    redactor.point(&mut point.attributes, &mut point.exemplars);
                });
            }
            Some(MetricData::ExponentialHistogram { points, .. }) => {
                self.records(points, true, |redactor, point| {
                    redactor.point(&mut point.attributes, &mut point.exemplars);
                });
            }
            Some(MetricData::Summary(points)) => {
                self.records(points, true, |redactor, point| {
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

    /// Whether all since the last call could be redacted safely.
    fn was_safe(&mut self) -> bool {
        !std::mem::take(&mut self.unsafe_record)
    }
}
