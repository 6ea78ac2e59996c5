//! The first and last time that a request's records speak of.

use otlp::model::{Metric, MetricData, Request};

/// Earliest and latest record time in nanoseconds since 1970; zeros where no record has one.
///
/// A span's time is its start, a log record's its time or else its observed time.
pub fn record_times(request: &Request<'_>) -> (u64, u64) {
    let mut range = Range { first: 0, last: 0 };
    match request {
        Request::Traces(resources) => resources
            .iter()
            .flat_map(|resource| &resource.scopes)
            .flat_map(|scope| &scope.spans)
            .for_each(|span| range.add(span.start_time_unix_nano)),
        Request::Logs(resources) => resources
            .iter()
            .flat_map(|resource| &resource.scopes)
            .flat_map(|scope| &scope.log_records)
            .for_each(|record| {
                range.add(match record.time_unix_nano {
                    0 => record.observed_time_unix_nano,
                    time => time,
                });
            }),
        Request::Metrics(resources) => resources
            .iter()
            .flat_map(|resource| &resource.scopes)
            .flat_map(|scope| &scope.metrics)
            .for_each(|metric| range.add_points(metric)),
    }
    (range.first, range.last)
}

struct Range {
    first: u64,
    last: u64,
}

impl Range {
    fn add(&mut self, time: u64) {
        if time == 0 {
            return;
        }
        if self.first == 0 || time < self.first {
            self.first = time;
        }
        self.last = self.last.max(time);
    }

    fn add_points(&mut self, metric: &Metric<'_>) {
        match &metric.data {
            None => {}
            Some(MetricData::Gauge(points) | MetricData::Sum { points, .. }) => {
                points
                    .iter()
                    .for_each(|point| self.add(point.time_unix_nano));
            }
            Some(MetricData::Histogram { points, .. }) => {
                points
                    .iter()
                    .for_each(|point| self.add(point.time_unix_nano));
            }
            Some(MetricData::ExponentialHistogram { points, .. }) => {
                points
                    .iter()
                    .for_each(|point| self.add(point.time_unix_nano));
            }
            Some(MetricData::Summary(points)) => {
                points
                    .iter()
                    .for_each(|point| self.add(point.time_unix_nano));
            }
        }
    }
}
