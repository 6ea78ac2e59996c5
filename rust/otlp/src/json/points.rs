//! The data points of metrics.

use super::parser::{Parser, UNKNOWN};
use crate::error::Read;
use crate::model::{
    Buckets, Exemplar, ExponentialHistogramPoint, HistogramPoint, Number, NumberPoint, Quantile,
    SummaryPoint,
};

impl<'a, 'd> Parser<'a, 'd> {
    pub fn number_point(&mut self) -> Read<NumberPoint<'a>> {
        let mut point = NumberPoint::default();
        self.object("", |parser, key| {
            Ok(match key {
                "attributes" => {
                    point.attributes = parser.attributes()?;
                    7
                }
                "startTimeUnixNano" | "start_time_unix_nano" => {
                    point.start_time_unix_nano = parser.integer()?;
                    2
                }
                "timeUnixNano" | "time_unix_nano" => {
                    point.time_unix_nano = parser.integer()?;
                    3
                }
                "exemplars" => {
                    point.exemplars = parser.list(Self::exemplar)?;
                    5
                }
                "flags" => {
                    point.flags = parser.integer()?;
                    8
                }
                "asDouble" | "as_double" | "asInt" | "as_int" => {
                    if let Some(number) = parser.number_value(key)? {
                        point.value = Some(number);
                    }
                    4
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(point)
    }

    pub fn histogram_point(&mut self) -> Read<HistogramPoint<'a>> {
        let mut point = HistogramPoint::default();
        self.object("", |parser, key| {
            Ok(match key {
                "attributes" => {
                    point.attributes = parser.attributes()?;
                    9
                }
                "startTimeUnixNano" | "start_time_unix_nano" => {
                    point.start_time_unix_nano = parser.integer()?;
                    2
                }
                "timeUnixNano" | "time_unix_nano" => {
                    point.time_unix_nano = parser.integer()?;
                    3
                }
                "count" => {
                    point.count = parser.integer()?;
                    4
                }
                "sum" => {
                    point.sum = parser.optional_double()?;
                    5
                }
                "bucketCounts" | "bucket_counts" => {
                    point.bucket_counts = parser.list(Self::integer)?;
                    6
                }
                "explicitBounds" | "explicit_bounds" => {
                    point.explicit_bounds = parser.list(Self::double)?;
                    7
                }
                "exemplars" => {
                    point.exemplars = parser.list(Self::exemplar)?;
                    8
                }
                "flags" => {
                    point.flags = parser.integer()?;
                    10
                }
                "min" => {
                    point.min = parser.optional_double()?;
                    11
                }
                "max" => {
                    point.max = parser.optional_double()?;
                    12
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(point)
    }

    pub fn exponential_histogram_point(&mut self) -> Read<ExponentialHistogramPoint<'a>> {
        let mut point = ExponentialHistogramPoint::default();
        self.object("", |parser, key| {
            Ok(match key {
                "attributes" => {
                    point.attributes = parser.attributes()?;
                    1
                }
                "startTimeUnixNano" | "start_time_unix_nano" => {
                    point.start_time_unix_nano = parser.integer()?;
                    2
                }
                "timeUnixNano" | "time_unix_nano" => {
                    point.time_unix_nano = parser.integer()?;
                    3
                }
                "count" => {
                    point.count = parser.integer()?;
                    4
                }
                "sum" => {
                    point.sum = parser.optional_double()?;
                    5
                }
                "scale" => {
                    point.scale = parser.integer()?;
                    6
                }
                "zeroCount" | "zero_count" => {
                    point.zero_count = parser.integer()?;
                    7
                }
                "positive" => {
                    point.positive = parser.optional(Self::buckets)?;
                    8
                }
                "negative" => {
                    point.negative = parser.optional(Self::buckets)?;
                    9
                }
                "flags" => {
                    point.flags = parser.integer()?;
                    10
                }
                "exemplars" => {
                    point.exemplars = parser.list(Self::exemplar)?;
                    11
                }
                "min" => {
                    point.min = parser.optional_double()?;
                    12
                }
                "max" => {
                    point.max = parser.optional_double()?;
                    13
                }
                "zeroThreshold" | "zero_threshold" => {
                    point.zero_threshold = parser.double()?;
                    14
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(point)
    }

    fn buckets(&mut self) -> Read<Buckets> {
        let mut buckets = Buckets::default();
        self.object("", |parser, key| {
            Ok(match key {
                "offset" => {
                    buckets.offset = parser.integer()?;
                    1
                }
                "bucketCounts" | "bucket_counts" => {
                    buckets.bucket_counts = parser.list(Self::integer)?;
                    2
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(buckets)
    }

    pub fn summary_point(&mut self) -> Read<SummaryPoint<'a>> {
        let mut point = SummaryPoint::default();
        self.object("", |parser, key| {
            Ok(match key {
                "attributes" => {
                    point.attributes = parser.attributes()?;
                    7
                }
                "startTimeUnixNano" | "start_time_unix_nano" => {
                    point.start_time_unix_nano = parser.integer()?;
                    2
                }
                "timeUnixNano" | "time_unix_nano" => {
                    point.time_unix_nano = parser.integer()?;
                    3
                }
                "count" => {
                    point.count = parser.integer()?;
                    4
                }
                "sum" => {
                    point.sum = parser.double()?;
                    5
                }
                "quantileValues" | "quantile_values" => {
                    point.quantile_values = parser.list(Self::quantile)?;
                    6
                }
                "flags" => {
                    point.flags = parser.integer()?;
                    8
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(point)
    }

    fn quantile(&mut self) -> Read<Quantile> {
        let mut quantile = Quantile::default();
        self.object("", |parser, key| {
            Ok(match key {
                "quantile" => {
                    quantile.quantile = parser.double()?;
                    1
                }
                "value" => {
                    quantile.value = parser.double()?;
                    2
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(quantile)
    }

    fn exemplar(&mut self) -> Read<Exemplar<'a>> {
        let mut exemplar = Exemplar::default();
        self.object("", |parser, key| {
            Ok(match key {
                "filteredAttributes" | "filtered_attributes" => {
                    exemplar.filtered_attributes = parser.attributes()?;
                    7
                }
                "timeUnixNano" | "time_unix_nano" => {
                    exemplar.time_unix_nano = parser.integer()?;
                    2
                }
                "spanId" | "span_id" => {
                    exemplar.span_id = parser.id(8)?;
                    3
                }
                "traceId" | "trace_id" => {
                    exemplar.trace_id = parser.id(16)?;
                    5
                }
                "asDouble" | "as_double" | "asInt" | "as_int" => {
                    if let Some(number) = parser.number_value(key)? {
                        exemplar.value = Some(number);
                    }
                    4
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(exemplar)
    }

    /// A member of the oneof that points and exemplars share; `null` sets none.
    fn number_value(&mut self, key: &str) -> Read<Option<Number>> {
        if self.null()? {
            return Ok(None);
        }
        Ok(Some(match key {
            "asInt" | "as_int" => Number::Int(self.integer()?),
            _ => Number::Double(self.double()?),
        }))
    }
}
