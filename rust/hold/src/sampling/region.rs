//! One region at a sampler: its shares of traces, and the logs that it needs.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use spool::{HeldPart, Key, Level};

/// Holds that joined a sampler, by number.
pub(super) type RegionId = u64;

/// What a region holds of a trace.
pub(super) struct Share {
    pub(super) parts: Vec<HeldPart>,
    pub(super) spans: u64,
    /// The log with the first of it.
    pub(super) log: u64,
    pub(super) policy: Arc<str>,
}

impl Share {
    pub(super) fn new(part: HeldPart, log: u64, policy: &Arc<str>) -> Self {
        Self {
            spans: u64::from(part.records),
            parts: vec![part],
            log,
            policy: Arc::clone(policy),
        }
    }

    pub(super) fn add(&mut self, part: HeldPart) {
        self.spans += u64::from(part.records);
        self.parts.push(part);
    }

    pub(super) fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.line.len()).sum()
    }
}

/// A region's own books at the sampler.
#[derive(Default)]
pub(super) struct Region {
    /// Shares of traces that wait undecided.
    pub(super) waiting: usize,
    /// Shares to be let go, with what was decided; and their keys by arrival. All of a key go
    /// together, since a mark speaks of all.
    decided: HashMap<Key, (bool, Share)>,
    order: VecDeque<Key>,
    /// What is let go and not durable yet, each with its log.
    releasing: Vec<(Key, u64)>,
    /// How many shares or verdicts need a log.
    logs: BTreeMap<u64, usize>,
    records: u64,
    bytes: usize,
}

impl Region {
    /// A share of an undecided trace begins in a log.
    pub(super) fn wait(&mut self, log: u64) {
        self.waiting += 1;
        *self.logs.entry(log).or_default() += 1;
    }

    /// A share of a trace that was decided.
    pub(super) fn let_go(&mut self, key: Key, kept: bool, share: Share) {
        self.order.push_back(key);
        self.decided.insert(key, (kept, share));
    }

    /// Spans of a trace that was decided; true where they are the first to be let go.
    pub(super) fn follow(
        &mut self,
        key: Key,
        kept: bool,
        part: HeldPart,
        log: u64,
        policy: &Arc<str>,
    ) -> bool {
        if let Some((_, share)) = self.decided.get_mut(&key) {
            share.add(part);
            return false;
        }
        *self.logs.entry(log).or_default() += 1;
        self.let_go(key, kept, Share::new(part, log, policy));
        true
    }

    /// The policy of the share that is to be let go next.
    pub(super) fn next_policy(&self) -> Option<Arc<str>> {
        let (_, share) = self.decided.get(self.order.front()?)?;
        Some(Arc::clone(&share.policy))
    }

    pub(super) fn next(&mut self) -> Option<(Key, bool, Share)> {
        let key = self.order.pop_front()?;
        let (kept, share) = self.decided.remove(&key)?;
        Some((key, kept, share))
    }

    pub(super) fn has_decided(&self) -> bool {
        !self.order.is_empty()
    }

    /// A part came in.
    pub(super) fn count(&mut self, part: &HeldPart) {
        self.records += u64::from(part.records);
        self.bytes += part.line.len();
    }

    /// A share is in a release.
    pub(super) fn releasing(&mut self, key: Key, share: &Share) {
        self.releasing.push((key, share.log));
        self.records -= share.spans;
        self.bytes -= share.bytes();
    }

    /// The release is durable.
    pub(super) fn released(&mut self) -> Vec<(Key, u64)> {
        std::mem::take(&mut self.releasing)
    }

    pub(super) fn leave_log(&mut self, log: u64) {
        if let Some(count) = self.logs.get_mut(&log) {
            *count -= 1;
            if *count == 0 {
                self.logs.remove(&log);
            }
        }
    }

    pub(super) fn oldest_log(&self) -> Option<u64> {
        self.logs.keys().next().copied()
    }

    pub(super) fn level(&self) -> Level {
        Level {
            keys: (self.waiting + self.decided.len()) as u64,
            records: self.records,
            bytes: self.bytes as u64,
        }
    }
}
