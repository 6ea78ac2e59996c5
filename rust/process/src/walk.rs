//! Every item of a context in a request, one after the other.

use otlp::model::{LogRecord, Metric, MetricData, Request, Resource, Scope, Span, SpanEvent};
use otlp::nest::{OfResource, OfScope};

use crate::ottl::{Context, Failed, Item, Point, Record};

/// What is done with an item; it goes where that says false.
pub(crate) type Visit<'v> = &'v mut dyn FnMut(&mut Item<'_, '_>) -> Result<bool, Failed>;

/// Visits the items of a context, and removes those that are not kept. What is empty then stays.
pub(crate) fn retain(
    request: &mut Request<'_>,
    context: Context,
    visit: Visit<'_>,
) -> Result<(), Failed> {
    let mut walk = Walk {
        context,
        visit,
        failed: Ok(()),
    };
    match request {
        Request::Traces(resources) => walk.records(resources, Walk::span),
        Request::Logs(resources) => walk.records(resources, Walk::log_record),
        Request::Metrics(resources) => walk.records(resources, Walk::metric),
    }
    walk.failed
}

struct Walk<'v> {
    context: Context,
    visit: Visit<'v>,
    /// The first failure, after which nothing is visited any more.
    failed: Result<(), Failed>,
}

impl Walk<'_> {
    fn keeps<'i, 'a>(
        &mut self,
        resource: &'i mut Resource<'a>,
        scope: &'i mut Scope<'a>,
        record: Record<'i, 'a>,
    ) -> bool {
        if self.failed.is_err() {
            return true;
        }
        let mut item = Item {
            resource,
            scope,
            record,
        };
        (self.visit)(&mut item).unwrap_or_else(|failed| {
            self.failed = Err(failed);
            true
        })
    }

    /// Whether a resource is kept where resources are what is visited; `None` where they are not.
    fn keeps_resource(&mut self, resource: &mut Resource<'_>) -> Option<bool> {
        (self.context == Context::Resource)
            .then(|| self.keeps(resource, &mut Scope::default(), Record::None))
    }

    fn keeps_scope<'a>(
        &mut self,
        resource: &mut Resource<'a>,
        scope: &mut Scope<'a>,
    ) -> Option<bool> {
        (self.context == Context::Scope).then(|| self.keeps(resource, scope, Record::None))
    }

    /// Visits resources or scopes where those are the context, and gives each record to `visit`
    /// otherwise, which says whether it is kept.
    fn records<'a, R: OfResource<'a>>(
        &mut self,
        resources: &mut Vec<R>,
        visit: impl Fn(
            &mut Self,
            &mut Resource<'a>,
            &mut Scope<'a>,
            &mut <R::Scoped as OfScope<'a>>::Record,
        ) -> bool,
    ) {
        resources.retain_mut(|one| {
            let (resource, scopes) = one.parts();
            let mut resource = Present::new(resource);
            if let Some(keep) = self.keeps_resource(&mut resource.value) {
                return keep;
            }
            scopes.retain_mut(|one| {
                let (scope, records) = one.parts();
                let mut scope = Present::new(scope);
                if let Some(keep) = self.keeps_scope(&mut resource.value, &mut scope.value) {
                    return keep;
                }
                records.retain_mut(|record| {
                    visit(self, &mut resource.value, &mut scope.value, record)
                });
                true
            });
            true
        });
    }

    fn span<'a>(
        &mut self,
        resource: &mut Resource<'a>,
        scope: &mut Scope<'a>,
        span: &mut Span<'a>,
    ) -> bool {
        if self.context == Context::Span {
            return self.keeps(resource, scope, Record::Span(span));
        }
        let mut events: Vec<SpanEvent<'_>> = std::mem::take(&mut span.events);
        events.retain_mut(|event| self.keeps(resource, scope, Record::SpanEvent(span, event)));
        span.events = events;
        true
    }

    fn log_record<'a>(
        &mut self,
        resource: &mut Resource<'a>,
        scope: &mut Scope<'a>,
        record: &mut LogRecord<'a>,
    ) -> bool {
        self.keeps(resource, scope, Record::Log(record))
    }

    fn metric<'a>(
        &mut self,
        resource: &mut Resource<'a>,
        scope: &mut Scope<'a>,
        metric: &mut Metric<'a>,
    ) -> bool {
        if self.context == Context::Metric {
            return self.keeps(resource, scope, Record::Metric(metric));
        }
        self.points(resource, scope, metric);
        true
    }

    /// The points are out of their metric while they are visited, so that both can be changed.
    fn points<'a>(
        &mut self,
        resource: &mut Resource<'a>,
        scope: &mut Scope<'a>,
        metric: &mut Metric<'a>,
    ) {
        macro_rules! visit {
            ($kind:ident, $variant:pat => $points:ident) => {{
                let mut points = std::mem::take($points);
                points.retain_mut(|point| {
                    self.keeps(resource, scope, Record::Point(metric, Point::$kind(point)))
                });
                if let Some($variant) = &mut metric.data {
                    *$points = points;
                }
            }};
        }
        match &mut metric.data {
            None => {}
            Some(MetricData::Gauge(points)) => visit!(Number, MetricData::Gauge(points) => points),
            Some(MetricData::Sum { points, .. }) => {
                visit!(Number, MetricData::Sum { points, .. } => points);
            }
            Some(MetricData::Histogram { points, .. }) => {
                visit!(Histogram, MetricData::Histogram { points, .. } => points);
            }
            Some(MetricData::ExponentialHistogram { points, .. }) => {
                visit!(ExponentialHistogram, MetricData::ExponentialHistogram { points, .. } => points);
            }
            Some(MetricData::Summary(points)) => {
                visit!(Summary, MetricData::Summary(points) => points);
            }
        }
    }
}

/// A resource or scope that is there while its items are visited, and absent again afterwards if it
/// was and nothing came into it.
struct Present<'p, T: Default + PartialEq> {
    place: &'p mut Option<T>,
    value: T,
}

impl<'p, T: Default + PartialEq> Present<'p, T> {
    fn new(place: &'p mut Option<T>) -> Present<'p, T> {
        let value = place.take().unwrap_or_default();
        Present { place, value }
    }
}

impl<T: Default + PartialEq> Drop for Present<'_, T> {
    fn drop(&mut self) {
        let value = std::mem::take(&mut self.value);
        *self.place = (value != T::default()).then_some(value);
    }
}
