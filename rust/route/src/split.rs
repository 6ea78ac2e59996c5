//! One request into two: each record in one of them, under the resource and scope that it had.

use otlp::model::{
    KeyValue, Metric, MetricData, Request, Resource, ResourceLogs, ResourceMetrics, ResourceSpans,
    ScopeLogs, ScopeMetrics, ScopeSpans,
};

use crate::matches::Seen;

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Split<'a> {
    /// What may leave the region; it may hold no record.
    pub travels: Request<'a>,
    /// What stays, whole; `None` where no record does.
    pub local: Option<Request<'a>>,
    /// Attributes that what travels lost, by index into `Routing::rules`.
    pub removed: Vec<u64>,
}

type Stays<'s> = &'s dyn Fn(&Seen<'_>) -> bool;

pub(crate) fn divide<'a>(
    request: Request<'a>,
    stays: Stays<'_>,
) -> (Request<'a>, Option<Request<'a>>) {
    fn some<T, R>(kept: Vec<T>, of: impl Fn(Vec<T>) -> R) -> Option<R> {
        (!kept.is_empty()).then(|| of(kept))
    }
    match request {
        Request::Traces(resources) => {
            let (go, stay) = each(resources, |resource| spans(resource, stays));
            (Request::Traces(go), some(stay, Request::Traces))
        }
        Request::Logs(resources) => {
            let (go, stay) = each(resources, |resource| logs(resource, stays));
            (Request::Logs(go), some(stay, Request::Logs))
        }
        Request::Metrics(resources) => {
            let (go, stay) = each(resources, |resource| metrics(resource, stays));
            (Request::Metrics(go), some(stay, Request::Metrics))
        }
    }
}

/// Two halves of one thing, the one that goes first; a half that holds nothing is not there.
type Halves<T> = (Option<T>, Option<T>);

fn each<T>(whole: Vec<T>, mut halve: impl FnMut(T) -> Halves<T>) -> (Vec<T>, Vec<T>) {
    let mut halves = (Vec::with_capacity(whole.len()), Vec::new());
    for item in whole {
        let (go, stay) = halve(item);
        halves.0.extend(go);
        halves.1.extend(stay);
    }
    halves
}

/// Puts a half's parts under a copy of their head, and the rest under the head itself.
///
/// What had no parts from the beginning goes.
fn under<T: Clone, P>(
    mut head: T,
    (go, stay): (Vec<P>, Vec<P>),
    parts: impl Fn(&mut T) -> &mut Vec<P>,
) -> Halves<T> {
    if stay.is_empty() {
        *parts(&mut head) = go;
        return (Some(head), None);
    }
    if go.is_empty() {
        *parts(&mut head) = stay;
        return (None, Some(head));
    }
    let mut copy = head.clone();
    *parts(&mut copy) = stay;
    *parts(&mut head) = go;
    (Some(head), Some(copy))
}

fn of<'r, 'a>(resource: Option<&'r Resource<'a>>) -> &'r [KeyValue<'a>] {
    resource.map_or(&[], |resource| &resource.attributes)
}

fn spans<'a>(mut whole: ResourceSpans<'a>, stays: Stays<'_>) -> Halves<ResourceSpans<'a>> {
    let scopes = std::mem::take(&mut whole.scopes);
    let resource = of(whole.resource.as_ref());
    let halves = each(scopes, |mut scope: ScopeSpans<'a>| {
        let spans = std::mem::take(&mut scope.spans);
        let (stay, go) = spans.into_iter().partition(|span| {
            stays(&Seen {
                name: &span.name,
                severity: 0,
                attributes: &span.attributes,
                resource,
            })
        });
        under(scope, (go, stay), |scope| &mut scope.spans)
    });
    under(whole, halves, |whole| &mut whole.scopes)
}

fn logs<'a>(mut whole: ResourceLogs<'a>, stays: Stays<'_>) -> Halves<ResourceLogs<'a>> {
    let scopes = std::mem::take(&mut whole.scopes);
    let resource = of(whole.resource.as_ref());
    let halves = each(scopes, |mut scope: ScopeLogs<'a>| {
        let records = std::mem::take(&mut scope.log_records);
        let (stay, go) = records
            .into_iter()
            .partition(|record| stays(&Seen::log(record, resource)));
        under(scope, (go, stay), |scope| &mut scope.log_records)
    });
    under(whole, halves, |whole| &mut whole.scopes)
}

fn metrics<'a>(mut whole: ResourceMetrics<'a>, stays: Stays<'_>) -> Halves<ResourceMetrics<'a>> {
    let scopes = std::mem::take(&mut whole.scopes);
    let resource = of(whole.resource.as_ref());
    let halves = each(scopes, |mut scope: ScopeMetrics<'a>| {
        let metrics = std::mem::take(&mut scope.metrics);
        let halves = each(metrics, |metric| points(metric, resource, stays));
        under(scope, halves, |scope| &mut scope.metrics)
    });
    under(whole, halves, |whole| &mut whole.scopes)
}

fn points<'a>(
    mut metric: Metric<'a>,
    resource: &[KeyValue<'a>],
    stays: Stays<'_>,
) -> Halves<Metric<'a>> {
    let Some(data) = metric.data.take() else {
        return (Some(metric), None);
    };
    let seen = |attributes: &[KeyValue<'_>]| {
        stays(&Seen {
            name: &metric.name,
            severity: 0,
            attributes,
            resource,
        })
    };
    /// The points that go and those that stay, as the data that they were of.
    fn parted<P, D>(
        points: Vec<P>,
        stays: impl Fn(&P) -> bool,
        of: impl Fn(Vec<P>) -> D,
    ) -> Halves<D> {
        let (stay, go): (Vec<P>, Vec<P>) = points.into_iter().partition(stays);
        let nothing_stays = stay.is_empty();
        let data = |points: Vec<P>| (!points.is_empty()).then(|| of(points));
        if nothing_stays {
            return (Some(of(go)), None);
        }
        (data(go), data(stay))
    }
    let (go, stay) = match data {
        MetricData::Gauge(points) => {
            parted(points, |point| seen(&point.attributes), MetricData::Gauge)
        }
        MetricData::Sum {
            points,
            aggregation_temporality,
            is_monotonic,
        } => parted(
            points,
            |point| seen(&point.attributes),
            |points| MetricData::Sum {
                points,
                aggregation_temporality,
                is_monotonic,
            },
        ),
        MetricData::Histogram {
            points,
            aggregation_temporality,
        } => parted(
            points,
            |point| seen(&point.attributes),
            |points| MetricData::Histogram {
                points,
                aggregation_temporality,
            },
        ),
        MetricData::ExponentialHistogram {
            points,
            aggregation_temporality,
        } => parted(
            points,
            |point| seen(&point.attributes),
            |points| MetricData::ExponentialHistogram {
                points,
                aggregation_temporality,
            },
        ),
        MetricData::Summary(points) => {
            parted(points, |point| seen(&point.attributes), MetricData::Summary)
        }
    };
    let copy = (go.is_some() && stay.is_some()).then(|| metric.clone());
    match (go, stay) {
        (go, None) => {
            metric.data = go;
            (Some(metric), None)
        }
        (None, stay) => {
            metric.data = stay;
            (None, Some(metric))
        }
        (go, stay) => {
            metric.data = go;
            let local = copy.map(|mut copy| {
                copy.data = stay;
                copy
            });
            (Some(metric), local)
        }
    }
}
