//! What waits, for how long, and what of it is bounded.

use std::sync::Arc;
use std::time::Duration;

use hold::{
    Finished, Gate, SamplingCounts, TailSampling, TailSamplingGate, TailSamplingHold,
    TailSamplingSpec,
};
use otlp::model::{Request, Signal};
use otlp::{Limits, Notes};
use serde_json::json;
use spool::{HeldPart, Hold, Mark};

const SECOND: u64 = 1_000_000_000;
const T: u64 = 1_000 * SECOND;

struct World {
    gate: TailSamplingGate,
    hold: TailSamplingHold,
    counts: Arc<SamplingCounts>,
}

/// Keeps traces of two spans or more, after ten seconds.
fn world(most_traces: usize, most_bytes: usize) -> World {
    let spec: TailSamplingSpec = serde_json::from_value(json!({
        "decision_wait_ms": 10_000, "num_traces": most_traces, "sampled_cache_size": 0,
        "non_sampled_cache_size": 0, "sample_on_first_match": false,
        "policies": [
            {"name": "two", "rule": {"span_count": {"min_spans": 2, "max_spans": 0}}},
        ],
    }))
    .unwrap();
    let counts = Arc::new(SamplingCounts::new(vec!["two".into()]));
    let finish = Arc::new(|request: Request<'_>| {
        let mut line = Vec::new();
        otlp::encode::write_json(&request, &mut line);
        Finished {
            line,
            stored: request.records(),
            ..Finished::default()
        }
    });
    let sampling = TailSampling::new(&spec, "p", most_bytes, &counts).unwrap();
    sampling.begin();
    let (gate, hold) = sampling.join(finish);
    World { gate, hold, counts }
}

/// A request with one span of each of these traces.
fn request(traces: &[u8]) -> String {
    let spans: Vec<_> = traces
        .iter()
        .enumerate()
        .map(|(n, trace)| json!({"traceId": hex(*trace), "spanId": format!("{n:016x}")}))
        .collect();
    json!({"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "s"}}]},
        "scopeSpans": [{"scope": {"name": "lib"}, "spans": spans}],
    }]})
    .to_string()
}

fn hex(trace: u8) -> String {
    format!("{trace:02x}").repeat(16)
}

fn part(gate: &TailSamplingGate, body: &str, at_ns: u64) -> (u64, u64, Vec<HeldPart>) {
    let limits = Limits::default();
    let mut request = otlp::json::decode(
        Signal::Traces,
        body.as_bytes(),
        &limits,
        &mut Notes::default(),
    )
    .unwrap();
    let parted = gate.part(&mut request, at_ns);
    (request.records(), parted.sampled, parted.held)
}

impl World {
    fn take(&mut self, traces: &[u8], at_ns: u64, log: u64) -> (u64, u64, u64) {
        let (passed, sampled, held) = part(&self.gate, &request(traces), at_ns);
        let waits = held.iter().map(|part| u64::from(part.records)).sum();
        for part in held {
            self.hold.admit(part, log, &"p".into());
        }
        (passed, sampled, waits)
    }

    /// Trace ids of the marks, and the lines.
    fn decide(&mut self, now_ns: u64) -> (Vec<u8>, Vec<String>) {
        let Some(release) = self.hold.decide(now_ns) else {
            return (vec![], vec![]);
        };
        self.hold.released();
        let marks = release.marks.iter().map(|mark| mark.key[0]).collect();
        let lines = release.lines.into_iter();
        let lines = lines.map(|line| String::from_utf8(line.line).unwrap());
        (marks, lines.collect())
    }
}

#[test]
fn a_trace_waits_for_all_of_its_requests_and_goes_as_one_line() {
    let mut world = world(100, 1 << 20);
    assert_eq!(world.take(&[1, 2, 1], T, 1), (0, 0, 3));
    assert_eq!(world.take(&[2, 3], T + 9 * SECOND, 2), (0, 0, 2));
    assert_eq!(world.hold.due_in(T), Some(Duration::from_secs(10)));
    assert_eq!(world.decide(T + 9 * SECOND), (vec![], vec![]));
    let (marks, lines) = world.decide(T + 10 * SECOND);
    assert_eq!(marks, [1, 2]);
    assert_eq!(lines.len(), 2);
    for (line, trace) in lines.iter().zip([1, 2]) {
        assert_eq!(line.matches(&hex(trace)).count(), 2, "whole: {line}");
        assert_eq!(line.matches("traceId").count(), 2, "and alone");
    }
    assert_eq!(
        world.hold.oldest_log(),
        Some(2),
        "a trace of the second log"
    );
    assert_eq!(world.decide(T + 20 * SECOND), (vec![3], vec![]));
    assert_eq!(world.hold.oldest_log(), None);
    assert_eq!(world.hold.level().bytes, 0);
}

#[test]
fn late_spans_follow_their_trace() {
    let mut world = world(100, 1 << 20);
    world.take(&[1, 1, 2], T, 1);
    let on_its_way = part(&world.gate, &request(&[1, 2]), T + 9 * SECOND).2;
    world.decide(T + 10 * SECOND);
    assert_eq!(world.take(&[1, 2, 1], T + 11 * SECOND, 2), (2, 1, 0));
    // Spans that passed the gate before the decision and are admitted after it.
    for part in on_its_way {
        world.hold.admit(part, 2, &"p".into());
    }
    let (marks, lines) = world.decide(T + 12 * SECOND);
    assert_eq!((marks.as_slice(), lines.len()), (&[1, 2][..], 1));
    assert!(lines[0].contains(&hex(1)));
    let report = world.counts.report();
    assert_eq!(
        (report.late_spans_sampled, report.late_spans_not_sampled),
        (3, 2)
    );
    assert_eq!((report.sampled, report.not_sampled), (1, 1));
}

#[test]
fn a_trace_too_many_has_the_oldest_decided_early() {
    let mut world = world(2, 1 << 20);
    world.take(&[1, 1], T, 1);
    world.take(&[2], T + 1, 1);
    assert_eq!(world.decide(T + 2), (vec![], vec![]));
    world.take(&[3], T + 2, 1);
    assert_eq!(world.hold.due_in(T + 2), Some(Duration::ZERO));
    let (marks, lines) = world.decide(T + 2);
    assert_eq!((marks.as_slice(), lines.len()), (&[1][..], 1));
    assert_eq!(world.counts.report().decided_early, 1);
    assert_eq!(world.hold.level().keys, 2);
}

#[test]
fn bytes_are_bounded_whatever_the_number_of_traces() {
    const MOST: usize = 64 << 10;
    let mut world = world(usize::MAX, MOST);
    let mut let_go = 0;
    for n in 0..5_000_u64 {
        let trace = u8::try_from(n % 250).unwrap();
        world.take(&[trace; 3], T + n, n);
        // What the committer does before each commit.
        while let Some(release) = world.hold.decide(T + n) {
            let_go += release.marks.len();
            world.hold.released();
        }
        assert!(world.hold.level().bytes <= MOST as u64);
    }
    assert!(let_go > 0);
}

#[test]
fn what_was_held_under_another_policy_goes_at_once_and_alone() {
    let mut world = world(100, 1 << 20);
    let held = part(&world.gate, &request(&[1, 1, 2]), T).2;
    for part in held {
        world.hold.admit(part, 1, &"older".into());
    }
    world.take(&[3, 3], T, 2);
    let release = world.hold.decide(T + 1).unwrap();
    assert_eq!(release.policy.as_deref(), Some("older"));
    assert_eq!(release.marks.len(), 2);
    assert!(world.hold.decide(T + 2).is_none(), "the other waits");
}

#[test]
fn a_decision_is_recalled_after_a_restart() {
    let mut world = world(100, 1 << 20);
    for (trace, note) in [(1, 1), (2, 2)] {
        let key = [trace; 16];
        world.hold.recall(Mark { key, note });
    }
    assert_eq!(world.take(&[1, 2, 3], T, 1), (1, 1, 1));
}
