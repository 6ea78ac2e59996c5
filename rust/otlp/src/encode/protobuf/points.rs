//! The data points of metrics.

use super::Writer;
use crate::model::{
    Buckets, Exemplar, ExponentialHistogramPoint, HistogramPoint, NumberPoint, Quantile,
    SummaryPoint,
};

impl Writer<'_> {
    pub fn number_point(&mut self, point: &NumberPoint<'_>) {
        self.fixed64(2, point.start_time_unix_nano);
        self.fixed64(3, point.time_unix_nano);
        self.number(4, 6, point.value);
        self.messages(5, &point.exemplars, Self::exemplar);
        self.attributes(7, &point.attributes);
        self.uint(8, point.flags);
    }

    pub fn histogram_point(&mut self, point: &HistogramPoint<'_>) {
        self.fixed64(2, point.start_time_unix_nano);
        self.fixed64(3, point.time_unix_nano);
        self.fixed64(4, point.count);
        self.optional_double(5, point.sum);
        self.packed_fixed64(6, point.bucket_counts.iter().copied());
        self.packed_fixed64(7, point.explicit_bounds.iter().map(|bound| bound.to_bits()));
        self.messages(8, &point.exemplars, Self::exemplar);
        self.attributes(9, &point.attributes);
        self.uint(10, point.flags);
        self.optional_double(11, point.min);
        self.optional_double(12, point.max);
    }

    pub fn exponential_histogram_point(&mut self, point: &ExponentialHistogramPoint<'_>) {
        self.attributes(1, &point.attributes);
        self.fixed64(2, point.start_time_unix_nano);
        self.fixed64(3, point.time_unix_nano);
        self.fixed64(4, point.count);
        self.optional_double(5, point.sum);
        self.zigzag(6, point.scale);
        self.fixed64(7, point.zero_count);
        self.buckets(8, point.positive.as_ref());
        self.buckets(9, point.negative.as_ref());
        self.uint(10, point.flags);
        self.messages(11, &point.exemplars, Self::exemplar);
        self.optional_double(12, point.min);
        self.optional_double(13, point.max);
        self.double(14, point.zero_threshold);
    }

    fn buckets(&mut self, field: u32, buckets: Option<&Buckets>) {
        if let Some(buckets) = buckets {
            self.message(field, |writer| {
                writer.zigzag(1, buckets.offset);
                writer.packed_varints(2, &buckets.bucket_counts);
            });
        }
    }

    pub fn summary_point(&mut self, point: &SummaryPoint<'_>) {
        self.fixed64(2, point.start_time_unix_nano);
        self.fixed64(3, point.time_unix_nano);
        self.fixed64(4, point.count);
        self.double(5, point.sum);
        self.messages(6, &point.quantile_values, Self::quantile);
        self.attributes(7, &point.attributes);
        self.uint(8, point.flags);
    }

    fn quantile(&mut self, quantile: &Quantile) {
        self.double(1, quantile.quantile);
        self.double(2, quantile.value);
    }

    fn exemplar(&mut self, exemplar: &Exemplar<'_>) {
        self.fixed64(2, exemplar.time_unix_nano);
        self.number(3, 6, exemplar.value);
        self.bytes(4, &exemplar.span_id);
        self.bytes(5, &exemplar.trace_id);
        self.attributes(7, &exemplar.filtered_attributes);
    }
}
