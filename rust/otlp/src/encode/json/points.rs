//! The data points of metrics.

use super::Writer;
use crate::model::{
    Buckets, Exemplar, ExponentialHistogramPoint, HistogramPoint, NumberPoint, Quantile,
    SummaryPoint,
};

impl Writer<'_> {
    pub fn number_point(&mut self, point: &NumberPoint<'_>) {
        self.raw("{");
        self.attributes("\"attributes\":[", &point.attributes);
        self.times(point.start_time_unix_nano, point.time_unix_nano);
        self.number(point.value);
        self.exemplars(&point.exemplars);
        self.small("\"flags\":", point.flags);
        self.end_object();
    }

    pub fn histogram_point(&mut self, point: &HistogramPoint<'_>) {
        self.raw("{");
        self.attributes("\"attributes\":[", &point.attributes);
        self.times(point.start_time_unix_nano, point.time_unix_nano);
        self.long("\"count\":\"", point.count);
        self.optional_double("\"sum\":", point.sum);
        self.longs("\"bucketCounts\":[", &point.bucket_counts);
        self.doubles("\"explicitBounds\":[", &point.explicit_bounds);
        self.exemplars(&point.exemplars);
        self.small("\"flags\":", point.flags);
        self.optional_double("\"min\":", point.min);
        self.optional_double("\"max\":", point.max);
        self.end_object();
    }

    pub fn exponential_histogram_point(&mut self, point: &ExponentialHistogramPoint<'_>) {
        self.raw("{");
        self.attributes("\"attributes\":[", &point.attributes);
        self.times(point.start_time_unix_nano, point.time_unix_nano);
        self.long("\"count\":\"", point.count);
        self.optional_double("\"sum\":", point.sum);
        self.small("\"scale\":", point.scale);
        self.long("\"zeroCount\":\"", point.zero_count);
        self.buckets("\"positive\":{", point.positive.as_ref());
        self.buckets("\"negative\":{", point.negative.as_ref());
        self.small("\"flags\":", point.flags);
        self.exemplars(&point.exemplars);
        self.optional_double("\"min\":", point.min);
        self.optional_double("\"max\":", point.max);
        self.double("\"zeroThreshold\":", point.zero_threshold);
        self.end_object();
    }

    /// `key` is `"name":{`.
    fn buckets(&mut self, key: &str, buckets: Option<&Buckets>) {
        if let Some(buckets) = buckets {
            self.raw(key);
            self.small("\"offset\":", buckets.offset);
            self.longs("\"bucketCounts\":[", &buckets.bucket_counts);
            self.end_object();
        }
    }

    pub fn summary_point(&mut self, point: &SummaryPoint<'_>) {
        self.raw("{");
        self.attributes("\"attributes\":[", &point.attributes);
        self.times(point.start_time_unix_nano, point.time_unix_nano);
        self.long("\"count\":\"", point.count);
        self.double("\"sum\":", point.sum);
        self.list(
            "\"quantileValues\":[",
            &point.quantile_values,
            Self::quantile,
        );
        self.small("\"flags\":", point.flags);
        self.end_object();
    }

    fn quantile(&mut self, quantile: &Quantile) {
        self.raw("{");
        self.double("\"quantile\":", quantile.quantile);
        self.double("\"value\":", quantile.value);
        self.end_object();
    }

    fn times(&mut self, start: u64, time: u64) {
        self.long("\"startTimeUnixNano\":\"", start);
        self.long("\"timeUnixNano\":\"", time);
    }

    fn exemplars(&mut self, exemplars: &[Exemplar<'_>]) {
        self.list("\"exemplars\":[", exemplars, Self::exemplar);
    }

    fn exemplar(&mut self, exemplar: &Exemplar<'_>) {
        self.raw("{");
        self.attributes("\"filteredAttributes\":[", &exemplar.filtered_attributes);
        self.long("\"timeUnixNano\":\"", exemplar.time_unix_nano);
        self.number(exemplar.value);
        self.id("\"spanId\":\"", &exemplar.span_id);
        self.id("\"traceId\":\"", &exemplar.trace_id);
        self.end_object();
    }
}
