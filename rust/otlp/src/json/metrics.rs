//! `MetricsData` and `ExportMetricsServiceRequest`.

use super::parser::{Parser, UNKNOWN};
use crate::error::{Read, path};
use crate::model::{Metric, MetricData, ResourceMetrics, ScopeMetrics};

const TEMPORALITIES: [&str; 3] = [
    "AGGREGATION_TEMPORALITY_UNSPECIFIED",
    "AGGREGATION_TEMPORALITY_DELTA",
    "AGGREGATION_TEMPORALITY_CUMULATIVE",
];

/// What one of the five kinds of metric holds.
struct Data<T> {
    points: Vec<T>,
    aggregation_temporality: i32,
    is_monotonic: bool,
}

impl<'a, 'd> Parser<'a, 'd> {
    pub fn metrics(&mut self) -> Read<Vec<ResourceMetrics<'a>>> {
        let mut resources = Vec::new();
        self.object("", |parser, key| {
            Ok(match key {
                "resourceMetrics" | "resource_metrics" => {
                    resources = parser.list(Self::resource_metrics)?;
                    1
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(resources)
    }

    fn resource_metrics(&mut self) -> Read<ResourceMetrics<'a>> {
        let mut metrics = ResourceMetrics::default();
        self.object(path::METRICS, |parser, key| {
            Ok(match key {
                "resource" => {
                    metrics.resource = parser.optional(|p| p.resource(path::METRICS_RESOURCE))?;
                    1
                }
                "scopeMetrics" | "scope_metrics" => {
                    metrics.scopes = parser.list(Self::scope_metrics)?;
                    2
                }
                "schemaUrl" | "schema_url" => {
                    metrics.schema_url = parser.text()?;
                    3
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(metrics)
    }

    fn scope_metrics(&mut self) -> Read<ScopeMetrics<'a>> {
        let mut metrics = ScopeMetrics::default();
        self.object(path::METRICS_SCOPES, |parser, key| {
            Ok(match key {
                "scope" => {
                    metrics.scope = parser.optional(|p| p.scope(path::METRICS_SCOPE))?;
                    1
                }
                "metrics" => {
                    metrics.metrics = parser.list(Self::metric)?;
                    2
                }
                "schemaUrl" | "schema_url" => {
                    metrics.schema_url = parser.text()?;
                    3
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(metrics)
    }

    fn metric(&mut self) -> Read<Metric<'a>> {
        let mut metric = Metric::default();
        self.object(path::METRIC, |parser, key| {
            let number = match key {
                "name" => {
                    metric.name = parser.text()?;
                    1
                }
                "description" => {
                    metric.description = parser.text()?;
                    2
                }
                "unit" => {
                    metric.unit = parser.text()?;
                    3
                }
                "metadata" => {
                    metric.metadata = parser.attributes()?;
                    12
                }
                "gauge"
                | "sum"
                | "histogram"
                | "exponentialHistogram"
                | "exponential_histogram"
                | "summary" => {
                    if !parser.null()? {
                        metric.data = Some(parser.metric_data(key)?);
                    }
                    5
                }
                _ => UNKNOWN,
            };
            Ok(number)
        })?;
        Ok(metric)
    }

    fn metric_data(&mut self, key: &str) -> Read<MetricData<'a>> {
        Ok(match key {
            "gauge" => MetricData::Gauge(self.data(path::GAUGE, Self::number_point)?.points),
            "sum" => {
                let sum = self.data(path::SUM, Self::number_point)?;
                MetricData::Sum {
                    points: sum.points,
                    aggregation_temporality: sum.aggregation_temporality,
                    is_monotonic: sum.is_monotonic,
                }
            }
            "histogram" => {
                let histogram = self.data(path::HISTOGRAM, Self::histogram_point)?;
                MetricData::Histogram {
                    points: histogram.points,
                    aggregation_temporality: histogram.aggregation_temporality,
                }
            }
            "summary" => MetricData::Summary(self.data(path::SUMMARY, Self::summary_point)?.points),
            _ => {
                let path = path::EXPONENTIAL_HISTOGRAM;
                let histogram = self.data(path, Self::exponential_histogram_point)?;
                MetricData::ExponentialHistogram {
                    points: histogram.points,
                    aggregation_temporality: histogram.aggregation_temporality,
                }
            }
        })
    }

    /// Any of the five kinds. A field that the kind does not have is unknown to it, as elsewhere.
    fn data<T>(
        &mut self,
        path: &'static str,
        point: impl Fn(&mut Self) -> Read<T>,
    ) -> Read<Data<T>> {
        let has_temporality = !matches!(path, path::GAUGE | path::SUMMARY);
        let mut data = Data {
            points: Vec::new(),
            aggregation_temporality: 0,
            is_monotonic: false,
        };
        self.object(path, |parser, key| {
            Ok(match key {
                "dataPoints" | "data_points" => {
                    data.points = parser.records(&point)?;
                    1
                }
                "aggregationTemporality" | "aggregation_temporality" if has_temporality => {
                    data.aggregation_temporality = parser.enumeration(&TEMPORALITIES)?;
                    2
                }
                "isMonotonic" | "is_monotonic" if path == path::SUM => {
                    data.is_monotonic = parser.boolean()?;
                    3
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(data)
    }
}
