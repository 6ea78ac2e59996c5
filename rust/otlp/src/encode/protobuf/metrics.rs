//! `ExportMetricsServiceRequest`.

use super::Writer;
use crate::model::{Metric, MetricData, ResourceMetrics, ScopeMetrics};

impl Writer<'_> {
    pub fn metrics(&mut self, resources: &[ResourceMetrics<'_>]) {
        self.messages(1, resources, Self::resource_metrics);
    }

    fn resource_metrics(&mut self, metrics: &ResourceMetrics<'_>) {
        self.resource(metrics.resource.as_ref());
        self.messages(2, &metrics.scopes, Self::scope_metrics);
        self.text(3, &metrics.schema_url);
    }

    fn scope_metrics(&mut self, metrics: &ScopeMetrics<'_>) {
        self.scope(metrics.scope.as_ref());
        self.messages(2, &metrics.metrics, Self::metric);
        self.text(3, &metrics.schema_url);
    }

    fn metric(&mut self, metric: &Metric<'_>) {
        self.text(1, &metric.name);
        self.text(2, &metric.description);
        self.text(3, &metric.unit);
        if let Some(data) = &metric.data {
            self.metric_data(data);
        }
        self.attributes(12, &metric.metadata);
    }

    fn metric_data(&mut self, data: &MetricData<'_>) {
        match data {
            MetricData::Gauge(points) => self.message(5, |writer| {
                writer.messages(1, points, Self::number_point);
            }),
            MetricData::Sum {
                points,
                aggregation_temporality,
                is_monotonic,
            } => self.message(7, |writer| {
                writer.messages(1, points, Self::number_point);
                writer.enumeration(2, *aggregation_temporality);
                writer.uint(3, u32::from(*is_monotonic));
            }),
            MetricData::Histogram {
                points,
                aggregation_temporality,
            } => self.message(9, |writer| {
                writer.messages(1, points, Self::histogram_point);
                writer.enumeration(2, *aggregation_temporality);
            }),
            MetricData::ExponentialHistogram {
                points,
                aggregation_temporality,
            } => self.message(10, |writer| {
                writer.messages(1, points, Self::exponential_histogram_point);
                writer.enumeration(2, *aggregation_temporality);
            }),
            MetricData::Summary(points) => self.message(11, |writer| {
                writer.messages(1, points, Self::summary_point);
            }),
        }
    }
}
