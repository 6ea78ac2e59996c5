//! A region's hold at a sampler: what its class's committer calls.

use std::sync::Arc;
use std::time::Duration;

use otlp::model::{Request, ResourceSpans, Signal};
use spool::{Counts, HeldPart, Hold, Key, Level, Mark, Release};

use super::policy::Trace;
use super::region::{RegionId, Share};
use super::sampler::TailSampling;
use super::state::State;
use crate::release::{Finish, append, decode, digest};

/// Decisions are made at most so often, so that a commit serves many.
const TICK: Duration = Duration::from_secs(1);
const TICK_NS: u64 = 1_000_000_000;
/// Traces and bytes that one release lets go, about.
const RELEASE_TRACES: usize = 4096;
const RELEASE_BYTES: usize = 8 << 20;
/// What a mark remarks.
const KEPT: u8 = 1;
const NOT_KEPT: u8 = 2;

/// The hold of `tail_sampling` for one region.
pub struct TailSamplingHold {
    id: RegionId,
    sampling: Arc<TailSampling>,
    finish: Finish,
    decided_at_ns: u64,
}

impl TailSamplingHold {
    pub(super) fn new(id: RegionId, sampling: Arc<TailSampling>, finish: Finish) -> Self {
        Self {
            id,
            sampling,
            finish,
            decided_at_ns: 0,
        }
    }

    /// Let go of the next share; what it took of a release's bytes. `None`: nothing is due, or it
    /// does not go into this release.
    fn step(&self, now_ns: u64, release: &mut Release) -> Step {
        let mut state = self.sampling.state();
        let Some(region) = state.regions.get_mut(&self.id) else {
            return Step::Nothing;
        };
        let decided = region.next_policy();
        let is_decided = decided.is_some();
        let policy = match decided {
            Some(policy) => Some(policy),
            None => match state.due_now(now_ns, self.id) {
                Some(policy) => policy,
                None => return Step::Nothing,
            },
        };
        let other = |policy: &Arc<str>| release.policy.as_ref().is_some_and(|it| it != policy);
        if policy.as_ref().is_some_and(other) {
            return Step::Another;
        }
        release.policy = policy.or(release.policy.take());
        let share = if is_decided {
            state.follow(self, release)
        } else {
            state.decide(self, now_ns, release)
        };
        let Some((key, share)) = share else {
            return Step::Did(0);
        };
        if let Some(region) = state.regions.get_mut(&self.id) {
            region.releasing(key, &share);
        }
        Step::Did(share.bytes())
    }

    /// Put what becomes of a share into the release.
    fn put(
        &self,
        key: Key,
        kept: bool,
        share: &Share,
        resources: Vec<ResourceSpans<'_>>,
        release: &mut Release,
    ) {
        release.marks.push(Mark {
            key,
            note: if kept { KEPT } else { NOT_KEPT },
        });
        if !kept {
            release.counts.held_before += share.spans;
            release.counts.sampled += share.spans;
            return;
        }
        let request = Request::Traces(resources);
        let unread = share.spans.saturating_sub(request.records());
        let mut finished = (self.finish)(request);
        finished.rejected += unread;
        let received = share.parts.iter().map(|part| part.received_at_ns).max();
        let line = append(
            digest(share.parts.iter(), 0),
            received.unwrap_or_default(),
            share.spans,
            finished,
        );
        if line.line.is_empty() {
            release.counts += line.counts;
        } else {
            release.lines.push(line);
        }
    }
}

/// What came of a look for something to let go.
enum Step {
    Did(usize),
    Nothing,
    /// It was held under another policy, and goes into a release of its own.
    Another,
}

impl State {
    /// Let a share go by what was decided of its trace.
    fn follow(&mut self, hold: &TailSamplingHold, release: &mut Release) -> Option<(Key, Share)> {
        let region = self.regions.get_mut(&hold.id)?;
        let (key, kept, share) = region.next()?;
        let resources = if kept { read(&share) } else { Vec::new() };
        hold.put(key, kept, &share, resources, release);
        Some((key, share))
    }

    /// Decide the trace that is due, and let the hold's own share of it go, if it has one.
    fn decide(
        &mut self,
        hold: &TailSamplingHold,
        now_ns: u64,
        release: &mut Release,
    ) -> Option<(Key, Share)> {
        let taken = self.take(now_ns, hold.id)?;
        let others = taken.others.iter();
        let mut resources: Vec<_> = others.flat_map(|(_, share)| read(share)).collect();
        let foreign = resources.len();
        resources.extend(taken.own.iter().flat_map(read));
        let request = Request::Traces(resources);
        let kept = !taken.too_large
            && self.judge(&Trace {
                id: taken.key,
                request: &request,
                spans: taken.spans,
                now_ns,
            });
        if let (Some(share), Request::Traces(mut resources)) = (&taken.own, request) {
            resources.drain(..foreign);
            hold.put(taken.key, kept, share, resources, release);
        }
        let own = taken.own.as_ref().map(|_| hold.id);
        self.decided(taken.key, kept, own, taken.others);
        Some((taken.key, taken.own?))
    }
}

fn read(share: &Share) -> Vec<ResourceSpans<'_>> {
    let mut resources = Vec::new();
    for part in &share.parts {
        if let Some(Request::Traces(more)) = decode(Signal::Traces, &part.line) {
            resources.extend(more);
        }
    }
    resources
}

impl Hold for TailSamplingHold {
    fn admit(&mut self, part: HeldPart, log: u64, policy: &Arc<str>) {
        self.sampling.state().admit(self.id, part, log, policy);
    }

    fn recall(&mut self, mark: Mark) {
        self.sampling.state().recall(mark.key, mark.note == KEPT);
    }

    fn due_in(&self, now_ns: u64) -> Option<Duration> {
        let state = self.sampling.state();
        if !state.has_begun() {
            return Some(TICK);
        }
        let region = state.regions.get(&self.id)?;
        if region.waiting == 0 && !region.has_decided() {
            // Its logs may be free once other regions have followed.
            return region.oldest_log().map(|_| TICK);
        }
        if state.is_over() {
            return Some(Duration::ZERO);
        }
        let due = if region.has_decided() {
            0
        } else {
            state.due_ns()?
        };
        let rested = self.decided_at_ns.saturating_add(TICK_NS);
        let due = due.max(rested.min(now_ns + TICK_NS));
        let due = Duration::from_nanos(due.saturating_sub(now_ns));
        // Another region may decide what this one holds, and early.
        let is_alone = state.regions.len() == 1;
        Some(if is_alone { due } else { due.min(TICK) })
    }

    fn decide(&mut self, now_ns: u64) -> Option<Release> {
        if self.due_in(now_ns)? > Duration::ZERO || !self.sampling.state().has_begun() {
            return None;
        }
        let mut release = Release {
            marks: Vec::new(),
            lines: Vec::new(),
            counts: Counts::default(),
            policy: None,
        };
        let mut bytes = 0;
        for _ in 0..RELEASE_TRACES {
            // The lock is let go in between: other regions' committers wait no longer than a trace.
            match self.step(now_ns, &mut release) {
                Step::Did(more) => bytes += more,
                Step::Another => break,
                Step::Nothing => {
                    self.decided_at_ns = now_ns;
                    break;
                }
            }
            if bytes >= RELEASE_BYTES {
                break;
            }
        }
        // What is left follows in a release of its own.
        (!release.marks.is_empty()).then_some(release)
    }

    fn released(&mut self) {
        self.sampling.state().carried_out(self.id);
    }

    fn oldest_log(&self) -> Option<u64> {
        self.sampling.state().oldest_log(self.id)
    }

    fn level(&self) -> Level {
        let state = self.sampling.state();
        let region = state.regions.get(&self.id);
        region.map(|region| region.level()).unwrap_or_default()
    }
}

impl Drop for TailSamplingHold {
    fn drop(&mut self) {
        self.sampling.state().leave(self.id);
    }
}
