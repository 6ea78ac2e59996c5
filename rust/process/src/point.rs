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
