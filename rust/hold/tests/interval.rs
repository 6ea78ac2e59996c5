//! Metrics over an interval: what is gathered, what goes on at once, and that the books add up.

use std::sync::Arc;

use hold::{Finished, Gate, Interval, IntervalGate, IntervalSpec};
use otlp::model::{Request, Signal};
use otlp::{Limits, Notes};
use serde_json::{Value, json};
use spool::{Counts, Hold, Release};

const SECOND: u64 = 1_000_000_000;
const T: u64 = 1_000 * SECOND;

struct World {
    gate: IntervalGate,
    hold: Interval,
}

fn world(pass_gauges: bool, most_bytes: usize) -> World {
    let spec = IntervalSpec {
        interval_ms: 60_000,
        pass_gauges,
        pass_summaries: false,
    };
    let finish = Arc::new(|request: Request<'_>| {
        let mut line = Vec::new();
        otlp::encode::write_json(&request, &mut line);
        Finished {
            line,
            stored: request.records(),
            ..Finished::default()
        }
    });
    World {
        gate: IntervalGate::new(&spec),
        hold: Interval::new(&spec, "p", most_bytes, finish),
    }
}

impl World {
    /// Points that went on at once, and that wait.
    fn take(&mut self, metrics: &Value, at_ns: u64) -> (u64, u64) {
        let body = json!({"resourceMetrics": [{
            "resource": {"attributes": [{"key": "host", "value": {"stringValue": "h"}}]},
            "scopeMetrics": [{"scope": {"name": "lib"}, "metrics": metrics}],
        }]});
        let body = body.to_string();
        let limits = Limits::default();
        let mut notes = Notes::default();
        let mut request =
            otlp::json::decode(Signal::Metrics, body.as_bytes(), &limits, &mut notes).unwrap();
        let parted = self.gate.part(&mut request, at_ns);
        let waits = parted.records();
        for part in parted.held {
            self.hold.admit(part, 1, &"p".into());
        }
        (request.records(), waits)
    }

    /// The metrics of the one line of a release.
    fn metrics(release: &Release) -> Value {
        let mut counts = release.counts;
        for line in &release.lines {
            counts += line.counts;
        }
        assert!(counts.balance(), "{counts:?}");
        let line: Value = serde_json::from_slice(&release.lines[0].line).unwrap();
        line["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].clone()
    }
}

fn sum(temporality: i32, value: u64, time: u64, host: &str) -> Value {
    json!({"name": "requests", "unit": "1", "sum": {
        "aggregationTemporality": temporality, "isMonotonic": true,
        "dataPoints": [{"asInt": value.to_string(), "timeUnixNano": time.to_string(),
                        "startTimeUnixNano": "5",
                        "attributes": [{"key": "host", "value": {"stringValue": host}}]}],
    }})
}

#[test]
fn of_a_cumulative_series_the_newest_point_stays() {
    let mut world = world(false, 1 << 20);
    let (a, b) = (sum(2, 10, 100, "a"), sum(2, 3, 100, "b"));
    assert_eq!(world.take(&json!([a, b]), T), (0, 2));
    world.take(&json!([sum(2, 30, 300, "a")]), T + SECOND);
    world.take(&json!([sum(2, 20, 200, "a")]), T + 2 * SECOND);
    assert!(world.hold.decide(T + 59 * SECOND).is_none());
    let release = world.hold.decide(T + 60 * SECOND).unwrap();
    assert_eq!(release.counts.aggregated, 2);
    let metrics = World::metrics(&release);
    assert_eq!(metrics.as_array().unwrap().len(), 1);
    let points = metrics[0]["sum"]["dataPoints"].as_array().unwrap();
    let values: Vec<_> = points.iter().map(|point| point["asInt"].clone()).collect();
    assert_eq!(values, ["30", "3"]);
    assert!(world.hold.oldest_log().is_none());
    assert!(
        world.hold.decide(T + 600 * SECOND).is_none(),
        "only what came in goes on"
    );
}

#[test]
fn deltas_are_added_up() {
    let mut world = world(false, 1 << 20);
    world.take(&json!([sum(1, 10, 100, "a")]), T);
    world.take(
        &json!([sum(1, 5, 300, "a"), sum(1, 7, 200, "a")]),
        T + SECOND,
    );
    let histogram = |count: u64, time: u64| {
        json!({"name": "took", "histogram": {"aggregationTemporality": 1, "dataPoints": [{
            "count": count.to_string(), "sum": 1.5, "min": 0.1 * count as f64, "max": 2.0,
            "bucketCounts": [count.to_string(), "1"], "explicitBounds": [1.0],
            "timeUnixNano": time.to_string()}]}})
    };
    world.take(&json!([histogram(2, 100)]), T);
    world.take(&json!([histogram(3, 200)]), T);
    let release = world.hold.decide(T + 60 * SECOND).unwrap();
    let metrics = World::metrics(&release);
    let point = &metrics[0]["sum"]["dataPoints"][0];
    assert_eq!(
        (&point["asInt"], &point["timeUnixNano"]),
        (&json!("22"), &json!("300"))
    );
    let point = &metrics[1]["histogram"]["dataPoints"][0];
    assert_eq!(point["count"], "5");
    assert_eq!(point["bucketCounts"], json!(["5", "2"]));
    assert_eq!((&point["sum"], &point["min"]), (&json!(3.0), &json!(0.2)));
}

#[test]
fn what_cannot_be_gathered_goes_on_at_once() {
    let mut world = world(true, 1 << 20);
    let gauge = json!({"name": "g", "gauge": {"dataPoints": [{"asInt": "1"}]}});
    let falling = json!({"name": "f", "sum": {"aggregationTemporality": 2,
                                             "dataPoints": [{"asInt": "1"}]}});
    let unknown = json!({"name": "u", "sum": {"isMonotonic": true,
                                             "dataPoints": [{"asInt": "1"}]}});
    let summary = json!({"name": "s", "summary": {"dataPoints": [{"count": "1"}]}});
    assert_eq!(
        world.take(&json!([gauge, falling, unknown, summary]), T),
        (3, 1)
    );
}

#[test]
fn memory_is_bounded_by_the_series_and_not_by_their_points() {
    let mut world = world(false, 1 << 20);
    let filler = "x".repeat(2_000);
    let mut counts = Counts::default();
    for n in 0..20_000_u64 {
        let metric = sum(2, n, n, &format!("{filler}{}", n % 10));
        world.take(&json!([metric]), T);
        assert!(world.hold.level().bytes < 24 << 20);
    }
    let release = world.hold.decide(T + 60 * SECOND).unwrap();
    counts += release.counts;
    assert_eq!(counts.aggregated, 20_000 - 10);
}

#[test]
fn too_many_series_go_early() {
    let mut world = world(false, 1 << 20);
    let filler = "x".repeat(2_000);
    let mut early = 0;
    for n in 0..10_000_u64 {
        world.take(&json!([sum(2, n, n, &format!("{filler}{n}"))]), T);
        while world.hold.decide(T).is_some() {
            early += 1;
        }
    }
    assert!(early > 0);
}
