//! At the centre: one decision for a trace whose spans come from several regions, each with logs and
//! books of its own, over kills.

use std::sync::Arc;
use std::time::Duration;

use hold::{
    Finished, Gate, SamplingCounts, TailSampling, TailSamplingGate, TailSamplingHold,
    TailSamplingSpec,
};
use otlp::model::{Request, Signal};
use otlp::{Limits, Notes};
use serde_json::json;
use spool::{HeldPart, Hold, Mark, Release};

const SECOND: u64 = 1_000_000_000;
const T: u64 = 1_000 * SECOND;
const TRACE: u8 = 7;

/// A region as its committer keeps it: its log outlives a kill.
struct Region {
    gate: TailSamplingGate,
    hold: TailSamplingHold,
    log: Vec<Logged>,
}

enum Logged {
    Part(HeldPart),
    Mark(Mark),
}

/// Keeps traces of three spans or more, after ten seconds.
fn sampler(most_traces: usize) -> Arc<TailSampling> {
    let spec: TailSamplingSpec = serde_json::from_value(json!({
        "decision_wait_ms": 10_000, "num_traces": most_traces, "sampled_cache_size": 0,
        "non_sampled_cache_size": 0, "sample_on_first_match": false,
        "policies": [{"name": "three", "rule": {"span_count": {"min_spans": 3, "max_spans": 0}}}],
    }))
    .unwrap();
    let counts = Arc::new(SamplingCounts::new(vec!["three".into()]));
    TailSampling::new(&spec, "p", 1 << 20, &counts).unwrap()
}

fn region(sampler: &Arc<TailSampling>) -> Region {
    let (gate, hold) = sampler.join(Arc::new(|request: Request<'_>| {
        let mut line = Vec::new();
        otlp::encode::write_json(&request, &mut line);
        Finished {
            line,
            stored: request.records(),
            ..Finished::default()
        }
    }));
    Region {
        gate,
        hold,
        log: Vec::new(),
    }
}

fn world() -> (Arc<TailSampling>, Region, Region) {
    let sampler = sampler(100);
    let regions = (region(&sampler), region(&sampler));
    sampler.begin();
    (sampler, regions.0, regions.1)
}

impl Region {
    /// Take so many spans of a trace; how many went on at once, and how many wait.
    fn take(&mut self, trace: u8, spans: usize, at_ns: u64) -> (u64, usize) {
        let id = format!("{trace:02x}").repeat(16);
        let spans: Vec<_> = (0..spans).map(|_| json!({"traceId": id})).collect();
        let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).to_string();
        let mut request = otlp::json::decode(
            Signal::Traces,
            body.as_bytes(),
            &Limits::default(),
            &mut Notes::default(),
        )
        .unwrap();
        let held = self.gate.part(&mut request, at_ns).held;
        let waits = held.len();
        for part in held {
            self.log.push(Logged::Part(part.clone()));
            self.hold.admit(part, 1, &"p".into());
        }
        (request.records(), waits)
    }

    fn decide(&mut self, now_ns: u64) -> Option<Release> {
        let release = self.hold.decide(now_ns)?;
        let mut counts = release.counts;
        for line in &release.lines {
            counts += line.counts;
        }
        assert!(counts.balance(), "each region's books");
        Some(release)
    }

    /// A release is durable.
    fn commit(&mut self, release: &Release) {
        let marks = release.marks.iter();
        self.log.extend(marks.map(|mark| Logged::Mark(*mark)));
        self.hold.released();
    }

    /// What a start tells a hold of this log.
    fn tell(&self, hold: &mut TailSamplingHold) {
        let mut waits: Vec<&HeldPart> = Vec::new();
        for logged in &self.log {
            match logged {
                Logged::Part(part) => waits.push(part),
                Logged::Mark(mark) => {
                    waits.retain(|part| part.key != mark.key);
                    hold.recall(*mark);
                }
            }
        }
        for part in waits {
            hold.admit(part.clone(), 1, &"p".into());
        }
    }
}

fn stored(release: &Release) -> u64 {
    release.lines.iter().map(|line| line.counts.stored).sum()
}

#[test]
fn a_trace_of_two_regions_is_judged_whole_and_each_stores_its_own_spans() {
    let (_, mut one, mut other) = world();
    one.take(TRACE, 1, T);
    other.take(TRACE, 2, T + 3 * SECOND);
    assert!(other.decide(T + 9 * SECOND).is_none());
    // The region that holds the later spans is the first to look.
    let of_other = other.decide(T + 10 * SECOND).unwrap();
    let of_one = one.decide(T + 10 * SECOND).unwrap();
    assert_eq!((stored(&of_one), stored(&of_other)), (1, 2));
    assert_eq!(of_one.marks[0].note, of_other.marks[0].note);
    other.commit(&of_other);
    one.commit(&of_one);
    for region in [&one, &other] {
        assert_eq!(region.hold.oldest_log(), None);
        assert_eq!(region.hold.level().bytes, 0);
        assert_eq!(region.hold.due_in(T), None);
    }
}

#[test]
fn a_trace_that_is_not_kept_is_sampled_in_each_region_s_books() {
    let (_, mut one, mut other) = world();
    one.take(TRACE, 1, T);
    other.take(TRACE, 1, T);
    for region in [&mut one, &mut other] {
        let release = region.decide(T + 10 * SECOND).unwrap();
        assert_eq!((release.counts.held_before, release.counts.sampled), (1, 1));
        region.commit(&release);
    }
}

#[test]
fn late_spans_of_another_region_follow_once_the_decision_is_durable() {
    let (_, mut one, mut other) = world();
    one.take(TRACE, 3, T);
    let release = one.decide(T + 10 * SECOND).unwrap();
    // A kill now would take the decision back: what comes waits for it to be durable.
    assert_eq!(other.take(TRACE, 1, T + 11 * SECOND), (0, 1));
    one.commit(&release);
    assert_eq!(other.take(TRACE, 1, T + 11 * SECOND), (1, 0));
    assert_eq!(
        one.hold.oldest_log(),
        Some(1),
        "the log that tells of it stays until the other region has followed"
    );
    assert!(one.hold.due_in(T).is_some(), "and is looked after");
    let followed = other.decide(T + 12 * SECOND).unwrap();
    assert_eq!(stored(&followed), 1);
    other.commit(&followed);
    assert_eq!(one.hold.oldest_log(), None);
}

/// Whichever region was first to let go, and whichever spool opens first.
#[test]
fn a_kill_between_two_regions_leaves_one_decision() {
    for (kept, spans) in [(true, 3), (false, 1)] {
        for first in [0, 1] {
            for opened in [[0, 1], [1, 0]] {
                let (_, one, other) = world();
                let mut regions = [one, other];
                regions[0].take(TRACE, spans, T);
                regions[1].take(TRACE, 1, T);
                let release = regions[first].decide(T + 10 * SECOND).unwrap();
                regions[first].commit(&release);
                // Killed: the other's release was never written.
                let again = sampler(100);
                let mut after = [region(&again), region(&again)];
                for index in opened {
                    regions[index].tell(&mut after[index].hold);
                }
                assert!(after[1 - first].decide(T + 60 * SECOND).is_none());
                again.begin();
                for region in &after {
                    assert_eq!(region.hold.oldest_log(), Some(0), "all logs stay");
                }
                let followed = after[1 - first].decide(T + 60 * SECOND).unwrap();
                assert_eq!(followed.marks[0].note, release.marks[0].note);
                assert_eq!(stored(&followed) > 0, kept);
                assert!(after[first].decide(T + 60 * SECOND).is_none());
                after[1 - first].commit(&followed);
                assert_eq!(after[first].hold.oldest_log(), None);
            }
        }
    }
}

#[test]
fn nothing_is_decided_without_a_region_that_stops_first() {
    let (_, mut one, mut other) = world();
    one.take(TRACE, 2, T);
    other.take(TRACE, 1, T);
    other.take(8, 3, T);
    drop(one);
    let release = other.decide(T + 60 * SECOND).unwrap();
    let marks: Vec<u8> = release.marks.iter().map(|mark| mark.key[0]).collect();
    assert_eq!(marks, [8], "its own trace alone");
    other.commit(&release);
    assert_eq!(other.hold.oldest_log(), Some(1));
    assert_eq!(other.hold.due_in(T + 90 * SECOND), None);
}

#[test]
fn traces_of_all_regions_count_for_the_bound() {
    let sampler = sampler(2);
    let (mut one, mut other) = (region(&sampler), region(&sampler));
    sampler.begin();
    one.take(1, 1, T);
    one.take(2, 1, T + 1);
    other.take(3, 1, T + 2);
    assert_eq!(other.hold.due_in(T + 2), Some(Duration::ZERO));
    // The oldest is another region's, which lets it go when it looks next.
    assert!(other.decide(T + 2).is_none());
    let release = one.decide(T + SECOND).unwrap();
    assert_eq!(release.marks[0].key[0], 1);
}
