//! What a sampler knows: its policies, the traces that wait for their decision, and the decisions
//! that are on their way. What keeps a trace of several regions whole over a kill is in `Verdict`.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spool::{HeldPart, Key};

use super::cache::Decisions;
use super::counts::SamplingCounts;
use super::policy::{Opinion, Rule, Trace};
use super::region::{Region, RegionId, Share};
use super::seen::Seen;
use super::spec::TailSamplingSpec;

/// A trace that waits.
struct Waits {
    spans: u64,
    /// As protobuf, where traces may have no more than so many.
    size: u64,
    too_large: bool,
    /// `None`: not before the next start.
    due: Option<Due>,
    shares: Vec<(RegionId, Share)>,
}

impl Waits {
    fn bytes(&self) -> usize {
        self.shares.iter().map(|(_, share)| share.bytes()).sum()
    }
}

/// When a trace is due, and before which others.
type Due = (u64, u64);

/// A decision that not every region with spans of the trace has carried out durably.
///
/// Gates learn of it with the first region that has, since only then a restart would decide the
/// same; and a region that has keeps the log that tells of it until all have, since a restart asks
/// the logs of all regions before anything is decided.
struct Verdict {
    kept: bool,
    durable: bool,
    /// Regions that still have to let go.
    open: Vec<RegionId>,
    /// Logs that stay until the last has.
    logs: Vec<(RegionId, u64)>,
}

/// Behind the sampler's lock.
pub(super) struct State {
    wait_ns: u64,
    most_traces: usize,
    most_bytes: usize,
    first_match: bool,
    root_wait_ns: Option<u64>,
    most_trace_bytes: Option<u64>,
    /// In the order in which they are asked: those that drop come first.
    rules: Vec<(usize, Rule)>,
    /// The class's policy.
    policy: String,
    /// Every region has said what waits in it: from now on traces are decided.
    begun: bool,
    traces: HashMap<Key, Waits>,
    queue: BTreeSet<(Due, Key)>,
    arrived: u64,
    /// Bytes of what waits undecided.
    bytes: usize,
    verdicts: HashMap<Key, Verdict>,
    /// Traces that one region let go before the start, and another not yet.
    halfway: HashSet<Key>,
    pub(super) regions: HashMap<RegionId, Region>,
    joined: RegionId,
    decisions: Arc<Mutex<Decisions>>,
    counts: Arc<SamplingCounts>,
}

impl State {
    pub(super) fn new(
        spec: &TailSamplingSpec,
        policy: &str,
        most_bytes: usize,
        rules: Vec<(usize, Rule)>,
        decisions: &Arc<Mutex<Decisions>>,
        counts: &Arc<SamplingCounts>,
    ) -> Self {
        Self {
            wait_ns: spec.decision_wait_ms.saturating_mul(1_000_000),
            most_traces: spec.num_traces,
            most_bytes,
            first_match: spec.sample_on_first_match,
            root_wait_ns: (spec.root_wait_ms > 0)
                .then(|| spec.root_wait_ms.saturating_mul(1_000_000)),
            most_trace_bytes: (spec.most_trace_bytes > 0).then_some(spec.most_trace_bytes),
            rules,
            policy: policy.to_owned(),
            begun: false,
            traces: HashMap::new(),
            queue: BTreeSet::new(),
            arrived: 0,
            bytes: 0,
            verdicts: HashMap::new(),
            halfway: HashSet::new(),
            regions: HashMap::new(),
            joined: 0,
            decisions: Arc::clone(decisions),
            counts: Arc::clone(counts),
        }
    }

    /// One more region.
    pub(super) fn join(&mut self) -> RegionId {
        let id = self.joined;
        self.joined += 1;
        self.regions.insert(id, Region::default());
        id
    }

    pub(super) fn begin(&mut self) {
        self.begun = true;
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether more waits than may.
    pub(super) fn is_over(&self) -> bool {
        self.queue.len() > self.most_traces || self.bytes > self.most_bytes
    }

    /// When the next trace is due.
    pub(super) fn due_ns(&self) -> Option<u64> {
        self.queue.first().map(|((due, _), _)| *due)
    }

    /// The policy of a region's share of the trace that is due now, if there is one; `None` within
    /// where the region has no share of it.
    pub(super) fn due_now(&self, now_ns: u64, of: RegionId) -> Option<Option<Arc<str>>> {
        let ((due, _), key) = self.queue.first()?;
        if *due > now_ns && !self.is_over() {
            return None;
        }
        let shares = &self.traces.get(key)?.shares;
        let own = shares.iter().find(|(id, _)| *id == of);
        Some(own.map(|(_, share)| Arc::clone(&share.policy)))
    }

    /// Take the trace out that is due first: its spans, a region's share, and those of the others.
    pub(super) fn take(&mut self, now_ns: u64, of: RegionId) -> Option<Taken> {
        let (due, key) = self.queue.pop_first()?;
        let waits = self.traces.remove(&key)?;
        if due.0 > now_ns {
            self.counts.early();
        }
        self.counts.waiting(self.traces.len());
        self.bytes -= waits.bytes();
        let mut others = waits.shares;
        for (id, _) in &others {
            if let Some(region) = self.regions.get_mut(id) {
                region.waiting -= 1;
            }
        }
        let own = others.iter().position(|(id, _)| *id == of);
        Some(Taken {
            key,
            spans: waits.spans,
            too_large: waits.too_large,
            own: own.map(|at| others.remove(at).1),
            others,
        })
    }

    /// Ask the policies, all of them unless one that matches is enough.
    pub(super) fn judge(&mut self, trace: &Trace<'_, '_>) -> bool {
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
                Opinion::Pass | Opinion::Failed => {}
            }
            if self.first_match && opinion == Opinion::Keep {
                break;
            }
        }
        self.counts.decided(opinion);
        opinion == Opinion::Keep
    }

    /// A trace was decided: its shares are to be let go, those of `others` by their own holds.
    pub(super) fn decided(
        &mut self,
        key: Key,
        kept: bool,
        own: Option<RegionId>,
        others: Vec<(RegionId, Share)>,
    ) {
        let open = own.into_iter().chain(others.iter().map(|(id, _)| *id));
        let verdict = Verdict {
            kept,
            durable: false,
            open: open.collect(),
            logs: Vec::new(),
        };
        self.verdicts.insert(key, verdict);
        for (id, share) in others {
            if let Some(region) = self.regions.get_mut(&id) {
                region.let_go(key, kept, share);
            }
        }
    }

    /// A region has let go of these, durably.
    pub(super) fn carried_out(&mut self, id: RegionId) {
        let released = self.regions.get_mut(&id).map(Region::released);
        for (key, log) in released.unwrap_or_default() {
            let Some(verdict) = self.verdicts.get_mut(&key) else {
                continue;
            };
            if !std::mem::replace(&mut verdict.durable, true) {
                lock(&self.decisions).put(key, verdict.kept);
            }
            verdict.logs.push((id, log));
            if let Some(at) = verdict.open.iter().position(|open| *open == id) {
                verdict.open.swap_remove(at);
            }
            if verdict.open.is_empty() {
                self.close(key);
            }
        }
    }

    /// Forget a verdict that all have carried out, and let the logs go that tell of it.
    fn close(&mut self, key: Key) {
        self.halfway.remove(&key);
        let verdict = self.verdicts.remove(&key);
        for (id, log) in verdict.map_or_else(Vec::new, |verdict| verdict.logs) {
            if let Some(region) = self.regions.get_mut(&id) {
                region.leave_log(log);
            }
        }
    }

    /// A part is durable in a region's log.
    pub(super) fn admit(&mut self, id: RegionId, part: HeldPart, log: u64, policy: &Arc<str>) {
        let key = part.key;
        let spans = u64::from(part.records);
        let Some(region) = self.regions.get_mut(&id) else {
            return;
        };
        region.count(&part);
        let remembered = lock(&self.decisions).get(&key);
        let decided = self.verdicts.get(&key).map(|it| it.kept).or(remembered);
        if let Some(kept) = decided {
            self.counts.late(kept, spans);
            if region.follow(key, kept, part, log, policy) {
                self.owe(key, kept, id);
            }
            return;
        }
        let (bytes, since_ns) = (part.line.len(), part.received_at_ns);
        let measures = self.most_trace_bytes.is_some();
        let seen = if measures || self.root_wait_ns.is_some() {
            Seen::of(&part, measures)
        } else {
            Seen::default()
        };
        if let Some(waits) = self.traces.get_mut(&key) {
            waits.spans += spans;
            if waits.due.is_some() {
                self.bytes += bytes;
            }
            if let Some((_, share)) = waits.shares.iter_mut().find(|(of, _)| *of == id) {
                share.add(part);
            } else {
                region.wait(log);
                waits.shares.push((id, Share::new(part, log, policy)));
            }
        } else {
            region.wait(log);
            self.bytes += bytes;
            let due_ns = if **policy == *self.policy {
                since_ns.saturating_add(self.wait_ns)
            } else {
                0
            };
            self.arrived += 1;
            let due = (due_ns, self.arrived);
            self.queue.insert((due, key));
            self.traces.insert(
                key,
                Waits {
                    spans,
                    size: 0,
                    too_large: false,
                    due: Some(due),
                    shares: vec![(id, Share::new(part, log, policy))],
                },
            );
            self.counts.new_trace();
            self.counts.waiting(self.traces.len());
        }
        self.hasten(key, since_ns, &seen);
    }

    /// Have a trace decided sooner whose root has come, or that is too large to be kept.
    fn hasten(&mut self, key: Key, now_ns: u64, seen: &Seen) {
        let Some(waits) = self.traces.get_mut(&key) else {
            return;
        };
        waits.size += seen.bytes;
        let mut due_ns = u64::MAX;
        if let Some(wait_ns) = self.root_wait_ns.filter(|_| seen.root) {
            due_ns = now_ns.saturating_add(wait_ns);
        }
        if self.most_trace_bytes.is_some_and(|most| waits.size > most) && !waits.too_large {
            waits.too_large = true;
            self.counts.too_large();
            due_ns = 0;
        }
        if let Some(due) = waits.due.filter(|due| due.0 > due_ns) {
            self.queue.remove(&(due, key));
            let due = (due_ns, due.1);
            waits.due = Some(due);
            self.queue.insert((due, key));
        }
    }

    /// A region has to follow a decision that was made before.
    fn owe(&mut self, key: Key, kept: bool, id: RegionId) {
        let verdict = self.verdicts.entry(key).or_insert_with(|| Verdict {
            kept,
            durable: true,
            open: Vec::new(),
            logs: Vec::new(),
        });
        verdict.open.push(id);
        if !self.begun {
            self.halfway.insert(key);
        }
    }

    /// An earlier run let a trace go; what another region still holds of it follows.
    pub(super) fn recall(&mut self, key: Key, kept: bool) {
        lock(&self.decisions).put(key, kept);
        let Some(waits) = self.traces.remove(&key) else {
            return;
        };
        if let Some(due) = waits.due {
            self.queue.remove(&(due, key));
            self.bytes -= waits.bytes();
        }
        for (id, share) in waits.shares {
            if let Some(region) = self.regions.get_mut(&id) {
                region.waiting -= 1;
                region.let_go(key, kept, share);
            }
            self.owe(key, kept, id);
        }
    }

    /// The oldest log that a region needs; all of them while a decision of before the start is not
    /// carried out everywhere.
    pub(super) fn oldest_log(&self, id: RegionId) -> Option<u64> {
        if !self.halfway.is_empty() {
            return Some(0);
        }
        self.regions.get(&id)?.oldest_log()
    }

    /// A region's hold is gone, and what waits in it is in its logs alone: traces that it has spans
    /// of wait for the next start, which reads of all of them.
    pub(super) fn leave(&mut self, id: RegionId) {
        self.regions.remove(&id);
        for (key, waits) in &mut self.traces {
            if waits.shares.iter().any(|(of, _)| *of == id) {
                if let Some(due) = waits.due.take() {
                    self.queue.remove(&(due, *key));
                    self.bytes -= waits.bytes();
                }
                waits.shares.retain(|(of, _)| *of != id);
            }
        }
    }
}

/// A trace that was taken out to be decided.
pub(super) struct Taken {
    pub(super) key: Key,
    /// Of all regions.
    pub(super) spans: u64,
    /// It is not kept, and no policy is asked.
    pub(super) too_large: bool,
    pub(super) own: Option<Share>,
    pub(super) others: Vec<(RegionId, Share)>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
