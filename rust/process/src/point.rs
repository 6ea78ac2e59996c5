//! The five kinds of data point, seen as one.

use otlp::model::{KeyValue, MetricData};

/// Does something to the attributes of each of a metric's points.
pub(crate) fn each_attributes<'a>(
    data: &mut Option<MetricData<'a>>,
    mut work: impl FnMut(&mut Vec<KeyValue<'a>>),
) {
    match data {
        None => {}
        Some(MetricData::Gauge(points) | MetricData::Sum { points, .. }) => {
            points
                .iter_mut()
                .for_each(|point| work(&mut point.attributes));
        }
        Some(MetricData::Histogram { points, .. }) => {
            points
                .iter_mut()
                .for_each(|point| work(&mut point.attributes));
        }
        Some(MetricData::ExponentialHistogram { points, .. }) => {
            points
                .iter_mut()
                .for_each(|point| work(&mut point.attributes));
        }
        Some(MetricData::Summary(points)) => {
            points
                .iter_mut()
                .for_each(|point| work(&mut point.attributes));
        }
    }
}

/// Shows each of a metric's points' attributes to `seen` until it says true.
pub(crate) fn any_attributes(data: &MetricData<'_>, seen: impl FnMut(&[KeyValue<'_>]) -> bool) {
    let mut seen = seen;
    match data {
        MetricData::Gauge(points) | MetricData::Sum { points, .. } => {
            points.iter().any(|point| seen(&point.attributes))
        }
        MetricData::Histogram { points, .. } => points.iter().any(|point| seen(&point.attributes)),
        MetricData::ExponentialHistogram { points, .. } => {
            points.iter().any(|point| seen(&point.attributes))
        }
        MetricData::Summary(points) => points.iter().any(|point| seen(&point.attributes)),
    };
}
