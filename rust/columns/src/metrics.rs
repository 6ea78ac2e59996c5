//! One row a data point, of five kinds in one shape.

use crate::json_text;
use crate::record::{Line, Origin, Rows};
use crate::time::time;
use otlp::model::{
    Buckets, Exemplar, ExponentialHistogramPoint, HistogramPoint, KeyValue, Metric, MetricData,
    Number, NumberPoint, Quantile, ResourceMetrics, SummaryPoint,
};

/// A point of any kind. What its kind does not have stays `None`.
#[derive(Default)]
struct Point<'p> {
    kind: &'static str,
    attributes: &'p [KeyValue<'p>],
    start_time_unix_nano: u64,
    time_unix_nano: u64,
    value: Option<Number>,
    aggregation_temporality: Option<i32>,
    is_monotonic: Option<bool>,
    count: Option<u64>,
    sum: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    bucket_counts: Option<&'p [u64]>,
    explicit_bounds: Option<&'p [f64]>,
    scale: Option<i32>,
    zero_count: Option<u64>,
    zero_threshold: Option<f64>,
    positive: Option<&'p Buckets>,
    negative: Option<&'p Buckets>,
    quantile_values: Option<&'p [Quantile]>,
    exemplars: &'p [Exemplar<'p>],
    flags: u32,
}

impl Rows<'_> {
    pub(crate) fn metrics(&mut self, line: &mut Line, resources: &[ResourceMetrics<'_>]) {
        for metrics in resources {
            let mut origin = Origin::new(metrics.resource.as_ref(), &metrics.schema_url);
            for scope in &metrics.scopes {
                origin.set_scope(scope.scope.as_ref(), &scope.schema_url);
                for metric in &scope.metrics {
                    self.metric(line, &origin, metric);
                }
            }
        }
    }

    fn metric(&mut self, line: &mut Line, origin: &Origin<'_>, metric: &Metric<'_>) {
        let mut row = |point: Point<'_>| self.point(line, origin, metric, &point);
        match &metric.data {
            None => {}
            Some(MetricData::Gauge(points)) => {
                for point in points {
                    row(number_point("gauge", point));
                }
            }
            Some(MetricData::Sum {
                points,
                aggregation_temporality,
                is_monotonic,
            }) => {
                for point in points {
                    row(Point {
                        aggregation_temporality: Some(*aggregation_temporality),
                        is_monotonic: Some(*is_monotonic),
                        ..number_point("sum", point)
                    });
                }
            }
            Some(MetricData::Histogram {
                points,
                aggregation_temporality,
            }) => {
                for point in points {
                    row(Point {
                        aggregation_temporality: Some(*aggregation_temporality),
                        ..histogram_point(point)
                    });
                }
            }
            Some(MetricData::ExponentialHistogram {
                points,
                aggregation_temporality,
            }) => {
                for point in points {
                    row(Point {
                        aggregation_temporality: Some(*aggregation_temporality),
                        ..exponential_histogram_point(point)
                    });
                }
            }
            Some(MetricData::Summary(points)) => {
                for point in points {
                    row(summary_point(point));
                }
            }
        }
    }

    fn point(
        &mut self,
        line: &mut Line,
        origin: &Origin<'_>,
        metric: &Metric<'_>,
        point: &Point<'_>,
    ) {
        let own = time(point.time_unix_nano);
        self.begin(line, origin, point.attributes, own, None);
        self.table.text(&metric.name);
        self.table.text_or_null(&metric.description);
        self.table.text_or_null(&metric.unit);
        self.table.text(point.kind);
        self.table.long(time(point.start_time_unix_nano));
        self.table.long(own);
        let (int_value, double_value) = match point.value {
            Some(Number::Int(number)) => (Some(number), None),
            Some(Number::Double(number)) => (None, Some(number)),
            None => (None, None),
        };
        self.table.long(int_value);
        self.table.double(double_value);
        self.table.integer(point.aggregation_temporality);
        self.table.boolean(point.is_monotonic);
        self.table.long(count(point.count));
        self.table.double(point.sum);
        self.table.double(point.min);
        self.table.double(point.max);
        self.list(point.bucket_counts, |text, count| {
            json_text::integer(text, *count);
        });
        self.list(point.explicit_bounds, |text, bound| {
            json_text::double(text, *bound);
        });
        self.table.integer(point.scale);
        self.table.long(count(point.zero_count));
        self.table.double(point.zero_threshold);
        self.buckets(point.positive);
        self.buckets(point.negative);
        self.list(point.quantile_values, json_text::quantile);
        self.composed(|text| json_text::array(text, point.exemplars, json_text::exemplar));
        self.composed(|text| json_text::attributes(text, &metric.metadata));
        self.composed(|text| json_text::attributes(text, point.attributes));
        self.table.long(i64::from(point.flags));
        self.table.end_row();
    }

    fn buckets(&mut self, buckets: Option<&Buckets>) {
        self.table.integer(buckets.map(|buckets| buckets.offset));
        let counts = buckets.map(|buckets| &*buckets.bucket_counts);
        self.list(counts, |text, count| json_text::integer(text, *count));
    }

    fn list<T>(&mut self, elements: Option<&[T]>, write: impl FnMut(&mut String, &T)) {
        match elements {
            Some(elements) => self.composed(|text| json_text::array(text, elements, write)),
            None => self.table.optional_text(None),
        }
    }
}

/// A count beyond 2^63 is none that a column can hold.
fn count(number: Option<u64>) -> Option<i64> {
    number.and_then(|number| i64::try_from(number).ok())
}

fn number_point<'p>(kind: &'static str, point: &'p NumberPoint<'p>) -> Point<'p> {
    Point {
        kind,
        attributes: &point.attributes,
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        value: point.value,
        exemplars: &point.exemplars,
        flags: point.flags,
        ..Point::default()
    }
}

fn histogram_point<'p>(point: &'p HistogramPoint<'p>) -> Point<'p> {
    Point {
        kind: "histogram",
        attributes: &point.attributes,
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        count: Some(point.count),
        sum: point.sum,
        min: point.min,
        max: point.max,
        bucket_counts: Some(&point.bucket_counts),
        explicit_bounds: Some(&point.explicit_bounds),
        exemplars: &point.exemplars,
        flags: point.flags,
        ..Point::default()
    }
}

fn exponential_histogram_point<'p>(point: &'p ExponentialHistogramPoint<'p>) -> Point<'p> {
    Point {
        kind: "exponential_histogram",
        attributes: &point.attributes,
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        count: Some(point.count),
        sum: point.sum,
        min: point.min,
        max: point.max,
        scale: Some(point.scale),
        zero_count: Some(point.zero_count),
        zero_threshold: Some(point.zero_threshold),
        positive: point.positive.as_ref(),
        negative: point.negative.as_ref(),
        exemplars: &point.exemplars,
        flags: point.flags,
        ..Point::default()
    }
}

fn summary_point<'p>(point: &'p SummaryPoint<'p>) -> Point<'p> {
    Point {
        kind: "summary",
        attributes: &point.attributes,
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        count: Some(point.count),
        sum: Some(point.sum),
        quantile_values: Some(&point.quantile_values),
        flags: point.flags,
        ..Point::default()
    }
}
