//! `ExportMetricsServiceRequest`.

use super::{Cursor, Decoder, Field, Read};
use crate::error::{Within, path};
use crate::model::{Metric, MetricData, ResourceMetrics, ScopeMetrics};

impl Decoder<'_> {
    pub fn metrics<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<Vec<ResourceMetrics<'a>>> {
        let mut resources = Vec::new();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    let resource = self.resource_metrics(Cursor::new(bytes));
                    resources.push(resource.within(path::METRICS)?);
                }
                _ => self.unknown(),
            }
        }
        Ok(resources)
    }

    fn resource_metrics<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<ResourceMetrics<'a>> {
        self.charge::<ResourceMetrics>(&cursor)?;
        let mut metrics = ResourceMetrics::default();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    let resource = metrics.resource.get_or_insert_default();
                    self.resource(resource, Cursor::new(bytes))
                        .within(path::METRICS_RESOURCE)?;
                }
                (2, Field::Bytes(bytes)) => {
                    let scope = self.scope_metrics(Cursor::new(bytes));
                    metrics.scopes.push(scope.within(path::METRICS_SCOPES)?);
                }
                (3, Field::Bytes(bytes)) => metrics.schema_url = self.text(bytes),
                _ => self.unknown(),
            }
        }
        Ok(metrics)
    }

    fn scope_metrics<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<ScopeMetrics<'a>> {
        self.charge::<ScopeMetrics>(&cursor)?;
        let mut metrics = ScopeMetrics::default();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    let scope = metrics.scope.get_or_insert_default();
                    self.scope(scope, Cursor::new(bytes))
                        .within(path::METRICS_SCOPE)?;
                }
                (2, Field::Bytes(bytes)) => {
                    let metric = self.metric(Cursor::new(bytes));
                    metrics.metrics.push(metric.within(path::METRIC)?);
                }
                (3, Field::Bytes(bytes)) => metrics.schema_url = self.text(bytes),
                _ => self.unknown(),
            }
        }
        Ok(metrics)
    }

    fn metric<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<Metric<'a>> {
        self.charge::<Metric>(&cursor)?;
        let mut metric = Metric::default();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => metric.name = self.text(bytes),
                (2, Field::Bytes(bytes)) => metric.description = self.text(bytes),
                (3, Field::Bytes(bytes)) => metric.unit = self.text(bytes),
                (5, Field::Bytes(bytes)) => {
                    let before = metric.data.take();
                    let gauge = self.gauge(before, Cursor::new(bytes));
                    metric.data = Some(gauge.within(path::GAUGE)?);
                }
                (7, Field::Bytes(bytes)) => {
                    let before = metric.data.take();
                    let sum = self.sum(before, Cursor::new(bytes));
                    metric.data = Some(sum.within(path::SUM)?);
                }
                (9, Field::Bytes(bytes)) => {
                    let before = metric.data.take();
                    let histogram = self.histogram(before, Cursor::new(bytes));
                    metric.data = Some(histogram.within(path::HISTOGRAM)?);
                }
                (10, Field::Bytes(bytes)) => {
                    let before = metric.data.take();
                    let histogram = self.exponential_histogram(before, Cursor::new(bytes));
                    metric.data = Some(histogram.within(path::EXPONENTIAL_HISTOGRAM)?);
                }
                (11, Field::Bytes(bytes)) => {
                    let before = metric.data.take();
                    let summary = self.summary(before, Cursor::new(bytes));
                    metric.data = Some(summary.within(path::SUMMARY)?);
                }
                (12, Field::Bytes(bytes)) => {
                    self.attribute(&mut metric.metadata, bytes, cursor.remaining())?
                }
                _ => self.unknown(),
            }
        }
        Ok(metric)
    }

    // The five members of the oneof take what an earlier part of the message left: the same member
    // is merged, another is replaced.

    fn gauge<'a>(
        &mut self,
        before: Option<MetricData<'a>>,
        mut cursor: Cursor<'a>,
    ) -> Read<MetricData<'a>> {
        let mut points = match before {
            Some(MetricData::Gauge(points)) => points,
            _ => Vec::new(),
        };
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    let point = self.number_point(Cursor::new(bytes))?;
                    self.state.keep(&mut points, point);
                }
                _ => self.unknown(),
            }
        }
        Ok(MetricData::Gauge(points))
    }

    fn sum<'a>(
        &mut self,
        before: Option<MetricData<'a>>,
        mut cursor: Cursor<'a>,
    ) -> Read<MetricData<'a>> {
        let (mut points, mut aggregation_temporality, mut is_monotonic) = match before {
            Some(MetricData::Sum {
                points,
                aggregation_temporality,
                is_monotonic,
            }) => (points, aggregation_temporality, is_monotonic),
            _ => (Vec::new(), 0, false),
        };
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    let point = self.number_point(Cursor::new(bytes))?;
                    self.state.keep(&mut points, point);
                }
                (2, Field::Varint(number)) => aggregation_temporality = number as i32,
                (3, Field::Varint(number)) => is_monotonic = number != 0,
                _ => self.unknown(),
            }
        }
        Ok(MetricData::Sum {
            points,
            aggregation_temporality,
            is_monotonic,
        })
    }

    fn histogram<'a>(
        &mut self,
        before: Option<MetricData<'a>>,
        mut cursor: Cursor<'a>,
    ) -> Read<MetricData<'a>> {
        let (mut points, mut aggregation_temporality) = match before {
            Some(MetricData::Histogram {
                points,
                aggregation_temporality,
            }) => (points, aggregation_temporality),
            _ => (Vec::new(), 0),
        };
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    let point = self.histogram_point(Cursor::new(bytes))?;
                    self.state.keep(&mut points, point);
                }
                (2, Field::Varint(number)) => aggregation_temporality = number as i32,
                _ => self.unknown(),
            }
        }
        Ok(MetricData::Histogram {
            points,
            aggregation_temporality,
        })
    }

    fn exponential_histogram<'a>(
        &mut self,
        before: Option<MetricData<'a>>,
        mut cursor: Cursor<'a>,
    ) -> Read<MetricData<'a>> {
        let (mut points, mut aggregation_temporality) = match before {
            Some(MetricData::ExponentialHistogram {
                points,
                aggregation_temporality,
            }) => (points, aggregation_temporality),
            _ => (Vec::new(), 0),
        };
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    let point = self.exponential_histogram_point(Cursor::new(bytes))?;
                    self.state.keep(&mut points, point);
                }
                (2, Field::Varint(number)) => aggregation_temporality = number as i32,
                _ => self.unknown(),
            }
        }
        Ok(MetricData::ExponentialHistogram {
            points,
            aggregation_temporality,
        })
    }

    fn summary<'a>(
        &mut self,
        before: Option<MetricData<'a>>,
        mut cursor: Cursor<'a>,
    ) -> Read<MetricData<'a>> {
        let mut points = match before {
            Some(MetricData::Summary(points)) => points,
            _ => Vec::new(),
        };
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    let point = self.summary_point(Cursor::new(bytes))?;
                    self.state.keep(&mut points, point);
                }
                _ => self.unknown(),
            }
        }
        Ok(MetricData::Summary(points))
    }
}
