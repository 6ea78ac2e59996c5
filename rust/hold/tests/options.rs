//! The options that have a trace decided sooner, or not at all, and what is refused meanwhile.

use std::sync::Arc;

use hold::{
    Finished, Gate, SamplingCounts, TailSampling, TailSamplingGate, TailSamplingHold,
    TailSamplingSpec,
};
use otlp::model::{Request, Signal};
use otlp::{Limits, Notes};
use serde_json::{Value, json};
use spool::Hold;

const SECOND: u64 = 1_000_000_000;
const T: u64 = 1_000 * SECOND;

struct World {
    gate: TailSamplingGate,
    hold: TailSamplingHold,
    counts: Arc<SamplingCounts>,
}

fn world(changes: &Value, rule: &Value) -> World {
    let mut spec = json!({
        "decision_wait_ms": 10_000, "num_traces": 2, "sampled_cache_size": 0,
        "non_sampled_cache_size": 0, "sample_on_first_match": false,
        "policies": [{"name": "one", "rule": rule}],
    });
    for (key, value) in changes.as_object().unwrap() {
        spec[key] = value.clone();
    }
    let spec: TailSamplingSpec = serde_json::from_value(spec).unwrap();
    let counts = Arc::new(SamplingCounts::new(vec!["one".into()]));
    let sampling = TailSampling::new(&spec, "p", 1 << 20, &counts).unwrap();
    sampling.begin();
    let (gate, hold) = sampling.join(Arc::new(|request: Request<'_>| Finished {
        line: b"kept".to_vec(),
        stored: request.records(),
        ..Finished::default()
    }));
    World { gate, hold, counts }
}

impl World {
    fn take(&mut self, trace: u8, spans: &Value, at_ns: u64) {
        let mut spans = spans.clone();
        for span in spans.as_array_mut().unwrap() {
            span["traceId"] = format!("{trace:02x}").repeat(16).into();
        }
        let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).to_string();
        let mut request = otlp::json::decode(
            Signal::Traces,
            body.as_bytes(),
            &Limits::default(),
            &mut Notes::default(),
        )
        .unwrap();
        for part in self.gate.part(&mut request, at_ns).held {
            self.hold.admit(part, 1, &"p".into());
        }
    }

    /// Traces that were let go, and how many of them were kept.
    fn decide(&mut self, now_ns: u64) -> (Vec<u8>, usize) {
        let Some(release) = self.hold.decide(now_ns) else {
            return (vec![], 0);
        };
        self.hold.released();
        let marks = release.marks.iter().map(|mark| mark.key[0]).collect();
        (marks, release.lines.len())
    }
}

const CHILD: &str = r#"[{"parentSpanId": "0102030405060708"}]"#;

fn child() -> Value {
    serde_json::from_str(CHILD).unwrap()
}

#[test]
fn a_trace_with_its_root_is_decided_sooner() {
    let mut world = world(&json!({"root_wait_ms": 2_000}), &json!("always_sample"));
    world.take(1, &child(), T);
    world.take(2, &child(), T);
    world.take(1, &json!([{}]), T + SECOND);
    assert_eq!(world.decide(T + 2 * SECOND), (vec![], 0));
    assert_eq!(world.decide(T + 3 * SECOND), (vec![1], 1));
    // A root that comes late hastens nothing.
    world.take(2, &json!([{}]), T + 9 * SECOND);
    assert_eq!(world.decide(T + 10 * SECOND), (vec![2], 1));
}

#[test]
fn a_trace_that_is_too_large_goes_and_no_policy_is_asked() {
    let mut world = world(&json!({"most_trace_bytes": 200}), &json!("always_sample"));
    world.take(1, &json!([{"name": "x".repeat(80)}]), T);
    world.take(2, &json!([{}]), T);
    assert_eq!(world.decide(T), (vec![], 0));
    world.take(1, &json!([{"name": "x".repeat(80)}]), T);
    assert_eq!(world.decide(T + SECOND), (vec![1], 0));
    // What comes later follows.
    world.take(1, &json!([{}]), T + 2 * SECOND);
    assert_eq!(world.hold.level().keys, 1);
    let report = world.counts.report();
    assert_eq!((report.too_large, report.late_spans_not_sampled), (1, 1));
    assert_eq!((report.sampled, report.not_sampled), (0, 0));
}

#[test]
fn requests_are_refused_while_as_many_traces_wait_as_may() {
    let mut world = world(&json!({"refuse_more": true}), &json!("always_sample"));
    world.take(1, &json!([{}]), T);
    assert!(!world.gate.is_full());
    world.take(2, &json!([{}]), T);
    assert!(world.gate.is_full());
    assert_eq!(world.decide(T + 10 * SECOND), (vec![1, 2], 2));
    assert!(!world.gate.is_full());
}

#[test]
fn bytes_are_kept_while_there_are_tokens_for_them() {
    let rule = json!({"bytes_limiting": {"bytes_per_second": 100, "burst_capacity": 0}});
    let mut world = world(&json!({"num_traces": 10}), &rule);
    for trace in 1..=3 {
        world.take(trace, &json!([{"name": "x".repeat(50)}]), T);
    }
    // Twice as many bytes at once as in a second, which two of the traces are.
    assert_eq!(world.decide(T + 10 * SECOND), (vec![1, 2, 3], 2));
}

#[test]
fn a_condition_keeps_traces_by_any_span_or_event() {
    let rule = json!({"ottl_condition": {
        "error_mode": "ignore",
        "span": [r#"attributes["tier"] == "gold""#],
        "spanevent": [r#"name == "exception""#],
    }});
    let mut world = world(&json!({"num_traces": 10}), &rule);
    let gold = json!({"key": "tier", "value": {"stringValue": "gold"}});
    world.take(1, &json!([{}, {"attributes": [gold]}]), T);
    world.take(2, &json!([{"events": [{"name": "exception"}]}]), T);
    world.take(3, &json!([{"name": "exception"}]), T);
    assert_eq!(world.decide(T + 10 * SECOND), (vec![1, 2, 3], 2));
}

#[test]
fn a_condition_that_fails_keeps_nothing_where_failures_are_to_be_told() {
    // A part of a text is taken that is shorter.
    let failing = r#"Substring(name, 5, 9) == "x""#;
    for (error_mode, kept) in [("ignore", 1), ("propagate", 0)] {
        let condition = json!({"ottl_condition": {
            "error_mode": error_mode, "span": [failing], "spanevent": [],
        }});
        let rule = json!({"not": {"name": "inner", "rule": condition}});
        let mut world = world(&json!({}), &rule);
        world.take(1, &json!([{"name": "x"}]), T);
        assert_eq!(
            world.decide(T + 10 * SECOND),
            (vec![1], kept),
            "{error_mode}"
        );
    }
}

#[test]
fn a_condition_that_is_none_is_named_by_its_place() {
    let rule = json!({"ottl_condition": {
        "error_mode": "ignore", "span": ["attributes["], "spanevent": [],
    }});
    let spec: TailSamplingSpec = serde_json::from_value(json!({
        "decision_wait_ms": 1, "num_traces": 2, "sampled_cache_size": 0,
        "non_sampled_cache_size": 0, "sample_on_first_match": false,
        "policies": [{"name": "one", "rule": rule}],
    }))
    .unwrap();
    let error = hold::check(&spec).unwrap_err();
    assert_eq!(error.place, "policies[0].span[0]");
}
