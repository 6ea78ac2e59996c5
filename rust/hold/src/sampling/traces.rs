//! Traces that wait for their decision.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use otlp::model::{Request, ResourceSpans, Signal};
use spool::{Counts, HeldPart, Hold, Key, Level, Mark, Release};

use super::cache::Decisions;
use super::counts::SamplingCounts;
use super::gate::TailSamplingGate;
use super::policy::{Opinion, Rule, Trace};
use super::spec::{PolicySpec, TailSamplingSpec};
use crate::SpecError;
use crate::release::{Finish, append, decode, digest};

/// Decisions are made at most so often, so that a commit serves many.
const TICK_NS: u64 = 1_000_000_000;
/// Traces and bytes that one release lets go, about.
const RELEASE_TRACES: usize = 4096;
const RELEASE_BYTES: usize = 8 << 20;
/// What a mark remarks.
const KEPT: u8 = 1;
const NOT_KEPT: u8 = 2;

/// A trace that waits, or spans that came late for one.
struct Waits {
    parts: Vec<HeldPart>,
    spans: u64,
    /// When its first span was received.
    since_ns: u64,
    /// The log with its first span.
    log: u64,
    policy: Arc<str>,
}

impl Waits {
    fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.line.len()).sum()
    }
}

/// The hold of `tail_sampling`.
pub struct TailSampling {
    wait_ns: u64,
    most_traces: usize,
    most_bytes: usize,
    first_match: bool,
    /// In the order in which they are asked: those that drop come first.
    rules: Vec<(usize, Rule)>,
    /// The class's policy.
    policy: String,
    finish: Finish,
    decisions: Arc<Mutex<Decisions>>,
    counts: Arc<SamplingCounts>,
    traces: HashMap<Key, Waits>,
    /// Keys of `traces` by arrival.
    queue: VecDeque<Key>,
    /// Spans of traces that were decided while these were on their way, with what was decided; and
    /// their keys by arrival. All of a key go together, since a mark speaks of all.
    late: HashMap<Key, (bool, Waits)>,
    late_queue: VecDeque<Key>,
    bytes: usize,
    records: u64,
    decided_at_ns: u64,
}

/// Find out whether the policies compile.
///
/// # Errors
/// The place and the reason of one that does not.
pub fn check(spec: &TailSamplingSpec) -> Result<(), SpecError> {
    compile(spec).map(|_| ())
}

fn compile(spec: &TailSamplingSpec) -> Result<Vec<(usize, Rule)>, SpecError> {
    let compile = |(index, one): (usize, &PolicySpec)| {
        let rule = Rule::compile(&one.rule).map_err(|error| SpecError {
            place: format!("policies[{index}].{}", error.place),
            ..error
        });
        Ok((index, rule?))
    };
    spec.policies.iter().enumerate().map(compile).collect()
}

impl TailSampling {
    /// The gate and the hold of a pipeline. `policy` is the class's fingerprint: what is held under
    /// another is decided as soon as it is read. `counts` has the names of the policies.
    ///
    /// # Errors
    /// The place and the reason of a policy that cannot be compiled.
    pub fn new(
        spec: &TailSamplingSpec,
        policy: &str,
        most_bytes: usize,
        finish: Finish,
        counts: &Arc<SamplingCounts>,
    ) -> Result<(TailSamplingGate, Self), SpecError> {
        let mut rules = compile(spec)?;
        rules.sort_by_key(|(_, rule)| !rule.is_drop());
        let decisions = Arc::new(Mutex::new(Decisions::new(
            spec.non_sampled_cache_size.max(spec.num_traces),
            spec.sampled_cache_size.max(spec.num_traces),
        )));
        let gate = TailSamplingGate {
            decisions: Arc::clone(&decisions),
            counts: Arc::clone(counts),
        };
        let hold = Self {
            wait_ns: spec.decision_wait_ms.saturating_mul(1_000_000),
            most_traces: spec.num_traces,
            most_bytes,
            first_match: spec.sample_on_first_match,
            rules,
            policy: policy.to_owned(),
            finish,
            decisions,
            counts: Arc::clone(counts),
            traces: HashMap::new(),
            queue: VecDeque::new(),
            late: HashMap::new(),
            late_queue: VecDeque::new(),
            bytes: 0,
            records: 0,
            decided_at_ns: 0,
        };
        Ok((gate, hold))
    }

    fn is_over(&self) -> bool {
        self.traces.len() > self.most_traces || self.bytes > self.most_bytes
    }

    /// When the oldest trace is due.
    fn due_ns(&self) -> Option<u64> {
        let oldest = self.traces.get(self.queue.front()?)?;
        Some(if *oldest.policy == *self.policy {
            oldest.since_ns.saturating_add(self.wait_ns)
        } else {
            0
        })
    }

    /// The next trace to let go, with what was decided of it before, if it was.
    fn next(&mut self, now_ns: u64) -> Option<(Key, Option<bool>, Waits)> {
        let taken = if let Some(key) = self.late_queue.pop_front() {
            let (kept, waits) = self.late.remove(&key)?;
            (key, Some(kept), waits)
        } else {
            let is_due = self.due_ns().is_some_and(|due| due <= now_ns);
            if !is_due && !self.is_over() {
                return None;
            }
            if !is_due {
                self.counts.early();
            }
            let key = self.queue.pop_front()?;
            let waits = self.traces.remove(&key)?;
            self.counts.waiting(self.traces.len());
            (key, None, waits)
        };
        self.bytes = self.bytes.saturating_sub(taken.2.bytes());
        self.records = self.records.saturating_sub(taken.2.spans);
        Some(taken)
    }

    /// Ask the policies, all of them unless one that matches is enough.
    fn judge(&mut self, trace: &Trace<'_, '_>) -> Opinion {
        let mut opinion = Opinion::Pass;
        for (index, rule) in &mut self.rules {
            let said = rule.judge(trace);
            self.counts.judged(*index, said);
            match said {
                Opinion::Drop => {
                    opinion = said;
                    break;
                }
                Opinion::Keep => opinion = said,
                Opinion::Pass => {}
            }
            if self.first_match && opinion == Opinion::Keep {
                break;
            }
        }
        self.counts.decided(opinion);
        opinion
    }

    /// Decide, and put what comes of it into the release.
    fn let_go(
        &mut self,
        key: Key,
        before: Option<bool>,
        waits: &Waits,
        now_ns: u64,
        release: &mut Release,
    ) {
        let mut resources: Vec<ResourceSpans<'_>> = Vec::new();
        for part in &waits.parts {
            if let Some(Request::Traces(more)) = decode(Signal::Traces, &part.line) {
                resources.extend(more);
            }
        }
        let kept = before.unwrap_or_else(|| {
            let opinion = self.judge(&Trace {
                id: key,
                resources: &resources,
                spans: waits.spans,
                now_ns,
            });
            opinion == Opinion::Keep
        });
        lock(&self.decisions).put(key, kept);
        release.marks.push(Mark {
            key,
            note: if kept { KEPT } else { NOT_KEPT },
        });
        if !kept {
            release.counts.held_before += waits.spans;
            release.counts.sampled += waits.spans;
            return;
        }
        let request = Request::Traces(resources);
        let unread = waits.spans.saturating_sub(request.records());
        let mut finished = (self.finish)(request);
        finished.rejected += unread;
        let received = waits.parts.iter().map(|part| part.received_at_ns).max();
        let line = append(
            digest(waits.parts.iter(), 0),
            received.unwrap_or(now_ns),
            waits.spans,
            finished,
        );
        if line.line.is_empty() {
            release.counts += line.counts;
        } else {
            release.lines.push(line);
        }
    }
}

impl Hold for TailSampling {
    fn admit(&mut self, part: HeldPart, log: u64, policy: &Arc<str>) {
        let key = part.key;
        self.bytes += part.line.len();
        self.records += u64::from(part.records);
        let waits = |part: HeldPart| Waits {
            spans: u64::from(part.records),
            since_ns: part.received_at_ns,
            log,
            policy: Arc::clone(policy),
            parts: vec![part],
        };
        let known = match self.late.get_mut(&key) {
            Some((_, known)) => Some(known),
            None => self.traces.get_mut(&key),
        };
        if let Some(known) = known {
            known.spans += u64::from(part.records);
            known.parts.push(part);
        } else if let Some(kept) = lock(&self.decisions).get(&key) {
            self.counts.late(kept, u64::from(part.records));
            self.late_queue.push_back(key);
            self.late.insert(key, (kept, waits(part)));
        } else {
            self.counts.new_trace();
            self.queue.push_back(key);
            self.traces.insert(key, waits(part));
            self.counts.waiting(self.traces.len());
        }
    }

    fn recall(&mut self, mark: Mark) {
        lock(&self.decisions).put(mark.key, mark.note == KEPT);
    }

    fn due_in(&self, now_ns: u64) -> Option<Duration> {
        if self.is_over() {
            return Some(Duration::ZERO);
        }
        let due = if self.late.is_empty() {
            self.due_ns()?
        } else {
            0
        };
        let due = due.max(
            self.decided_at_ns
                .saturating_add(TICK_NS)
                .min(now_ns + TICK_NS),
        );
        Some(Duration::from_nanos(due.saturating_sub(now_ns)))
    }

    fn decide(&mut self, now_ns: u64) -> Option<Release> {
        if self.due_in(now_ns)? > Duration::ZERO {
            return None;
        }
        let mut release = Release {
            marks: Vec::new(),
            lines: Vec::new(),
            counts: Counts::default(),
            policy: None,
        };
        let mut bytes = 0;
        loop {
            let late = self.late_queue.front().and_then(|key| self.late.get(key));
            let next = match late {
                Some((_, waits)) => Some(waits),
                None => self.queue.front().and_then(|key| self.traces.get(key)),
            };
            let other = |policy: &Arc<str>| next.is_some_and(|next| next.policy != *policy);
            let full = release.marks.len() >= RELEASE_TRACES || bytes >= RELEASE_BYTES;
            if full || release.policy.as_ref().is_some_and(other) {
                // The rest follows in a release of its own.
                return Some(release);
            }
            let Some((key, before, waits)) = self.next(now_ns) else {
                break;
            };
            bytes += waits.bytes();
            release.policy = Some(Arc::clone(&waits.policy));
            self.let_go(key, before, &waits, now_ns, &mut release);
        }
        self.decided_at_ns = now_ns;
        (!release.marks.is_empty()).then_some(release)
    }

    fn oldest_log(&self) -> Option<u64> {
        let late = self.late_queue.front().and_then(|key| self.late.get(key));
        let late = late.map(|(_, waits)| waits.log);
        let oldest = self.queue.front().and_then(|key| self.traces.get(key));
        let oldest = oldest.map(|waits| waits.log);
        match (late, oldest) {
            (Some(late), Some(oldest)) => Some(late.min(oldest)),
            (late, oldest) => late.or(oldest),
        }
    }

    fn level(&self) -> Level {
        Level {
            keys: (self.traces.len() + self.late.len()) as u64,
            records: self.records,
            bytes: self.bytes as u64,
        }
    }
}

fn lock(decisions: &Mutex<Decisions>) -> std::sync::MutexGuard<'_, Decisions> {
    decisions.lock().unwrap_or_else(PoisonError::into_inner)
}
