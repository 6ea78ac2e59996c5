//! Many requests' metrics as one point a series.

use std::collections::HashMap;

use otlp::model::{
    ExponentialHistogramPoint, HistogramPoint, KeyValue, Metric, MetricData, Number, NumberPoint,
    ResourceMetrics, ScopeMetrics, SummaryPoint,
};

use super::{DELTA, identity};

/// Resources, scopes, metrics and points gathered so far, and where each is found by what
/// identifies it.
#[derive(Default)]
pub(super) struct Gathered<'a> {
    pub(super) resources: Vec<ResourceMetrics<'a>>,
    by_resource: HashMap<Vec<u8>, usize>,
    by_scope: HashMap<(usize, Vec<u8>), usize>,
    by_metric: HashMap<(usize, usize, Vec<u8>), usize>,
    by_point: HashMap<(usize, usize, usize, Vec<u8>), usize>,
}

impl<'a> Gathered<'a> {
    /// Gather a request's metrics, which are later than those before.
    pub(super) fn add(&mut self, resources: Vec<ResourceMetrics<'a>>) {
        for resource in resources {
            let id = identity::resource(resource.resource.as_ref());
            let r = *self.by_resource.entry(id).or_insert_with(|| {
                self.resources.push(ResourceMetrics {
                    resource: resource.resource,
                    scopes: Vec::new(),
                    schema_url: resource.schema_url,
                });
                self.resources.len() - 1
            });
            for scope in resource.scopes {
                let scopes = &mut self.resources[r].scopes;
                let id = identity::scope(scope.scope.as_ref());
                let s = *self.by_scope.entry((r, id)).or_insert_with(|| {
                    scopes.push(ScopeMetrics {
                        scope: scope.scope,
                        metrics: Vec::new(),
                        schema_url: scope.schema_url,
                    });
                    scopes.len() - 1
                });
                for metric in scope.metrics {
                    self.add_metric(r, s, metric);
                }
            }
        }
    }

    fn add_metric(&mut self, r: usize, s: usize, mut metric: Metric<'a>) {
        let metrics = &mut self.resources[r].scopes[s].metrics;
        let id = identity::metric(&metric);
        let data = metric.data.take();
        let m = *self.by_metric.entry((r, s, id)).or_insert_with(|| {
            metric.data = data.as_ref().map(without_points);
            metrics.push(metric);
            metrics.len() - 1
        });
        let mut series = Series {
            by_point: &mut self.by_point,
            of: (r, s, m),
            // Of whatever is no delta, the newest point stays.
            delta: false,
        };
        match (&mut metrics[m].data, data) {
            (Some(MetricData::Gauge(known)), Some(MetricData::Gauge(points))) => {
                series.fold(known, points);
            }
            (Some(MetricData::Summary(known)), Some(MetricData::Summary(points))) => {
                series.fold(known, points);
            }
            (
                Some(MetricData::Sum {
                    points: known,
                    aggregation_temporality,
                    ..
                }),
                Some(MetricData::Sum { points, .. }),
            ) => {
                series.delta = *aggregation_temporality == DELTA;
                series.fold(known, points);
            }
            (
                Some(MetricData::Histogram {
                    points: known,
                    aggregation_temporality,
                }),
                Some(MetricData::Histogram { points, .. }),
            ) => {
                series.delta = *aggregation_temporality == DELTA;
                series.fold(known, points);
            }
            (
                Some(MetricData::ExponentialHistogram { points: known, .. }),
                Some(MetricData::ExponentialHistogram { points, .. }),
            ) => series.fold(known, points),
            // The kind is a part of the metric's identity.
            _ => {}
        }
    }
}

/// The points of one metric.
struct Series<'g> {
    by_point: &'g mut HashMap<(usize, usize, usize, Vec<u8>), usize>,
    of: (usize, usize, usize),
    delta: bool,
}

impl Series<'_> {
    fn fold<P: Point>(&mut self, known: &mut Vec<P>, points: Vec<P>) {
        let (r, s, m) = self.of;
        for point in points {
            let mut id = Vec::new();
            identity::attributes(point.attributes(), &mut id);
            match self.by_point.get(&(r, s, m, id.clone())) {
                None => {
                    self.by_point.insert((r, s, m, id), known.len());
                    known.push(point);
                }
                Some(&at) if self.delta => {
                    let (start, time) = known[at].times();
                    let (other_start, other_time) = point.times();
                    let start = if start == 0 || other_start < start {
                        other_start
                    } else {
                        start
                    };
                    known[at].add(point);
                    known[at].set_times(start, time.max(other_time));
                }
                Some(&at) if point.times().1 > known[at].times().1 => known[at] = point,
                Some(_) => {}
            }
        }
    }
}

fn without_points<'a>(data: &MetricData<'a>) -> MetricData<'a> {
    match data {
        MetricData::Gauge(_) => MetricData::Gauge(Vec::new()),
        MetricData::Sum {
            aggregation_temporality,
            is_monotonic,
            ..
        } => MetricData::Sum {
            points: Vec::new(),
            aggregation_temporality: *aggregation_temporality,
            is_monotonic: *is_monotonic,
        },
        MetricData::Histogram {
            aggregation_temporality,
            ..
        } => MetricData::Histogram {
            points: Vec::new(),
            aggregation_temporality: *aggregation_temporality,
        },
        MetricData::ExponentialHistogram {
            aggregation_temporality,
            ..
        } => MetricData::ExponentialHistogram {
            points: Vec::new(),
            aggregation_temporality: *aggregation_temporality,
        },
        MetricData::Summary(_) => MetricData::Summary(Vec::new()),
    }
}

/// A point of any kind.
trait Point {
    fn attributes(&self) -> &[KeyValue<'_>];
    /// Its start and its time.
    fn times(&self) -> (u64, u64);
    fn set_times(&mut self, start: u64, time: u64);
    /// Add a later delta, but for the times.
    fn add(&mut self, later: Self);
}

macro_rules! common_fields {
    () => {
        fn attributes(&self) -> &[KeyValue<'_>] {
            &self.attributes
        }

        fn times(&self) -> (u64, u64) {
            (self.start_time_unix_nano, self.time_unix_nano)
        }

        fn set_times(&mut self, start: u64, time: u64) {
            (self.start_time_unix_nano, self.time_unix_nano) = (start, time);
        }
    };
}

impl Point for NumberPoint<'_> {
    common_fields!();

    fn add(&mut self, later: Self) {
        self.value = match (self.value, later.value) {
            (Some(Number::Int(sum)), Some(Number::Int(more))) => {
                Some(Number::Int(sum.wrapping_add(more)))
            }
            (Some(Number::Double(sum)), Some(Number::Double(more))) => {
                Some(Number::Double(sum + more))
            }
            // Of another type than before, the later one counts from nothing.
            (sum, more) => more.or(sum),
        };
    }
}

impl Point for HistogramPoint<'_> {
    common_fields!();

    fn add(&mut self, later: Self) {
        if self.explicit_bounds != later.explicit_bounds {
            // Buckets that cannot be added: it begins anew.
            *self = later;
            return;
        }
        for (sum, more) in self.bucket_counts.iter_mut().zip(&later.bucket_counts) {
            *sum = sum.wrapping_add(*more);
        }
        self.count = self.count.wrapping_add(later.count);
        self.sum = self.sum.zip(later.sum).map(|(sum, more)| sum + more);
        self.min = self.min.zip(later.min).map(|(one, other)| one.min(other));
        self.max = self.max.zip(later.max).map(|(one, other)| one.max(other));
    }
}

impl Point for ExponentialHistogramPoint<'_> {
    common_fields!();

    fn add(&mut self, later: Self) {
        *self = later;
    }
}

impl Point for SummaryPoint<'_> {
    common_fields!();

    fn add(&mut self, later: Self) {
        *self = later;
    }
}
