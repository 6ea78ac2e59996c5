//! `MetricsData`.

use super::Writer;
use crate::model::{Metric, MetricData, ResourceMetrics, ScopeMetrics};

impl Writer<'_> {
    pub fn metrics(&mut self, resources: &[ResourceMetrics<'_>]) {
        self.raw("{");
        self.list("\"resourceMetrics\":[", resources, Self::resource_metrics);
        self.end_line();
    }

    fn resource_metrics(&mut self, metrics: &ResourceMetrics<'_>) {
        self.raw("{");
        self.resource(metrics.resource.as_ref());
        self.list("\"scopeMetrics\":[", &metrics.scopes, Self::scope_metrics);
        self.text("\"schemaUrl\":\"", &metrics.schema_url);
        self.end_object();
    }

    fn scope_metrics(&mut self, metrics: &ScopeMetrics<'_>) {
        self.raw("{");
        self.scope(metrics.scope.as_ref());
        self.list("\"metrics\":[", &metrics.metrics, Self::metric);
        self.text("\"schemaUrl\":\"", &metrics.schema_url);
        self.end_object();
    }

    fn metric(&mut self, metric: &Metric<'_>) {
        self.raw("{");
        self.text("\"name\":\"", &metric.name);
        self.text("\"description\":\"", &metric.description);
        self.text("\"unit\":\"", &metric.unit);
        if let Some(data) = &metric.data {
            self.metric_data(data);
        }
        self.attributes("\"metadata\":[", &metric.metadata);
        self.end_object();
    }

    fn metric_data(&mut self, data: &MetricData<'_>) {
        match data {
            MetricData::Gauge(points) => {
                self.raw("\"gauge\":{");
                self.list("\"dataPoints\":[", points, Self::number_point);
            }
            MetricData::Sum {
                points,
                aggregation_temporality,
                is_monotonic,
            } => {
                self.raw("\"sum\":{");
                self.list("\"dataPoints\":[", points, Self::number_point);
                self.aggregation_temporality(*aggregation_temporality);
                if *is_monotonic {
                    self.raw("\"isMonotonic\":true,");
                }
            }
            MetricData::Histogram {
                points,
                aggregation_temporality,
            } => {
                self.raw("\"histogram\":{");
                self.list("\"dataPoints\":[", points, Self::histogram_point);
                self.aggregation_temporality(*aggregation_temporality);
            }
            MetricData::ExponentialHistogram {
                points,
                aggregation_temporality,
            } => {
                self.raw("\"exponentialHistogram\":{");
                self.list(
                    "\"dataPoints\":[",
                    points,
                    Self::exponential_histogram_point,
                );
                self.aggregation_temporality(*aggregation_temporality);
            }
            MetricData::Summary(points) => {
                self.raw("\"summary\":{");
                self.list("\"dataPoints\":[", points, Self::summary_point);
            }
        }
        self.end_object();
    }

    fn aggregation_temporality(&mut self, number: i32) {
        self.small("\"aggregationTemporality\":", number);
    }
}
