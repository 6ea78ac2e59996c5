//! Keys that do not leave their region.

use otlp::model::{Exemplar, KeyValue, Metric, MetricData, Request, Resource, Scope, Span, Value};

use crate::matches::Pattern;

/// Removes attributes by their keys wherever OTLP has attributes, and counts them by rule.
pub(crate) struct Remover<'k> {
    pub keys: &'k [Pattern],
    pub removed: Vec<u64>,
}

impl Remover<'_> {
    pub fn request(&mut self, request: &mut Request<'_>) {
        match request {
            Request::Traces(resources) => {
                for resource in resources {
                    self.resource(resource.resource.as_mut());
                    for scope in &mut resource.scopes {
                        self.scope(scope.scope.as_mut());
                        scope.spans.iter_mut().for_each(|span| self.span(span));
                    }
                }
            }
            Request::Logs(resources) => {
                for resource in resources {
                    self.resource(resource.resource.as_mut());
                    for scope in &mut resource.scopes {
                        self.scope(scope.scope.as_mut());
                        for record in &mut scope.log_records {
                            self.attributes(&mut record.attributes);
                            record.body.iter_mut().for_each(|body| self.value(body));
                        }
                    }
                }
            }
            Request::Metrics(resources) => {
                for resource in resources {
                    self.resource(resource.resource.as_mut());
                    for scope in &mut resource.scopes {
                        self.scope(scope.scope.as_mut());
                        scope.metrics.iter_mut().for_each(|m| self.metric(m));
                    }
                }
            }
        }
    }

    fn resource(&mut self, resource: Option<&mut Resource<'_>>) {
        let Some(resource) = resource else { return };
        self.attributes(&mut resource.attributes);
        // What an entity is known by names attributes, which would be missing.
        for entity in &mut resource.entity_refs {
            for keys in [&mut entity.id_keys, &mut entity.description_keys] {
                keys.retain(|key| !self.keys.iter().any(|pattern| pattern.fits(key)));
            }
        }
    }

    fn scope(&mut self, scope: Option<&mut Scope<'_>>) {
        if let Some(scope) = scope {
            self.attributes(&mut scope.attributes);
        }
    }

    fn span(&mut self, span: &mut Span<'_>) {
        self.attributes(&mut span.attributes);
        for event in &mut span.events {
            self.attributes(&mut event.attributes);
        }
        for link in &mut span.links {
            self.attributes(&mut link.attributes);
        }
    }

    fn metric(&mut self, metric: &mut Metric<'_>) {
        self.attributes(&mut metric.metadata);
        match &mut metric.data {
            None => {}
            Some(MetricData::Gauge(points) | MetricData::Sum { points, .. }) => {
                for point in points {
                    self.attributes(&mut point.attributes);
                    self.exemplars(&mut point.exemplars);
                }
            }
            Some(MetricData::Histogram { points, .. }) => {
                for point in points {
                    self.attributes(&mut point.attributes);
                    self.exemplars(&mut point.exemplars);
                }
            }
            Some(MetricData::ExponentialHistogram { points, .. }) => {
                for point in points {
                    self.attributes(&mut point.attributes);
                    self.exemplars(&mut point.exemplars);
                }
            }
            Some(MetricData::Summary(points)) => {
                for point in points {
                    self.attributes(&mut point.attributes);
                }
            }
        }
    }

    fn exemplars(&mut self, exemplars: &mut [Exemplar<'_>]) {
        for exemplar in exemplars {
            self.attributes(&mut exemplar.filtered_attributes);
        }
    }

    fn attributes(&mut self, attributes: &mut Vec<KeyValue<'_>>) {
        attributes.retain_mut(|pair| {
            let rule = self.keys.iter().position(|pattern| pattern.fits(&pair.key));
            if let Some(rule) = rule {
                self.removed[rule] += 1;
                return false;
            }
            pair.value.iter_mut().for_each(|value| self.value(value));
            true
        });
    }

    fn value(&mut self, value: &mut Value<'_>) {
        match value {
            Value::Map(pairs) => self.attributes(pairs),
            Value::Array(values) => values.iter_mut().for_each(|value| self.value(value)),
            _ => {}
        }
    }
}
