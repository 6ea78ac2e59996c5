//! Some records of a blob as OTLP/JSON again, with the resources and scopes that they stand in.

use crate::blob::{InvalidLines, Row, each_line};
use crate::lines::Lines;
use otlp::model::{Metric, MetricData, Request, Signal};
use otlp::nest::retain_records;
use std::collections::{HashMap, HashSet};

/// One request a line of the blob: the records at the given places. `wanted` has, by number of
/// line, their ordinals within it, both from 0, as a row's `line` and `ordinal` say.
pub fn select(data: &[u8], signal: Signal, wanted: &HashMap<u64, HashSet<u64>>) -> Vec<Vec<u8>> {
    let mut requests = Vec::new();
    let taken = each_line(Lines::new(data), signal, &[], |number, _, request| {
        if let Some(ordinals) = wanted.get(&number) {
            let mut part = request.clone();
            keep(&mut part, ordinals);
            let mut text = Vec::new();
            otlp::encode::write_json(&part, &mut text);
            requests.push(text);
        }
        Ok::<_, InvalidLines>(Row::Skipped)
    });
    debug_assert!(taken.is_ok(), "nothing above refuses a line");
    requests
}

/// Numbers the records in the order of the rows, and says which are wanted.
struct Counter<'w> {
    next: u64,
    wanted: &'w HashSet<u64>,
}

impl Counter<'_> {
    fn wants_next(&mut self) -> bool {
        let ordinal = self.next;
        self.next += 1;
        self.wanted.contains(&ordinal)
    }

    fn retain<R>(&mut self, records: &mut Vec<R>) {
        records.retain(|_| self.wants_next());
    }

    fn retain_points(&mut self, metric: &mut Metric<'_>) -> bool {
        match &mut metric.data {
            None => return false,
            Some(MetricData::Gauge(points) | MetricData::Sum { points, .. }) => self.retain(points),
            Some(MetricData::Histogram { points, .. }) => self.retain(points),
            Some(MetricData::ExponentialHistogram { points, .. }) => self.retain(points),
            Some(MetricData::Summary(points)) => self.retain(points),
        }
        metric.data.as_ref().is_some_and(|data| data.points() > 0)
    }
}

fn keep(request: &mut Request<'_>, wanted: &HashSet<u64>) {
    let mut counter = Counter { next: 0, wanted };
    match request {
        Request::Traces(resources) => retain_records(resources, |_| counter.wants_next()),
        Request::Logs(resources) => retain_records(resources, |_| counter.wants_next()),
        Request::Metrics(resources) => {
            retain_records(resources, |metric| counter.retain_points(metric));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_records_asked_for_come_back_with_what_they_stand_in() {
        let blob = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"a"},{"eventName":"b"}]},{"scope":{"name":"s"},"logRecords":[{"eventName":"c"}]}]}]}
{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"d"}]}]}]}
"#;
        let texts = |wanted: &[(u64, &[u64])]| -> Vec<String> {
            let wanted = wanted
                .iter()
                .map(|(line, ordinals)| (*line, ordinals.iter().copied().collect()));
            select(blob, Signal::Logs, &wanted.collect())
                .into_iter()
                .map(|text| String::from_utf8(text).unwrap())
                .collect()
        };
        assert_eq!(
            texts(&[(0, &[2])]),
            [
                r#"{"resourceLogs":[{"scopeLogs":[{"scope":{"name":"s"},"logRecords":[{"eventName":"c"}]}]}]}"#
            ]
        );
        assert_eq!(
            texts(&[(0, &[0]), (1, &[0])]),
            [
                r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"a"}]}]}]}"#,
                r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"d"}]}]}]}"#
            ]
        );
        assert!(texts(&[(7, &[0])]).is_empty());
    }

    #[test]
    fn points_are_numbered_over_all_metrics() {
        let blob = br#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"asInt":"1"},{"asInt":"2"}]}},{"name":"n","gauge":{"dataPoints":[{"asInt":"3"}]}}]}]}]}"#;
        let wanted = HashMap::from([(0, HashSet::from([2]))]);
        let texts = select(blob, Signal::Metrics, &wanted);
        assert_eq!(
            String::from_utf8(texts.concat()).unwrap(),
            r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"n","gauge":{"dataPoints":[{"asInt":"3"}]}}]}]}]}"#
        );
    }
}
