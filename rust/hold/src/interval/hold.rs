//! Metrics that wait for the end of their interval.

use std::sync::Arc;
use std::time::Duration;

use otlp::model::{Request, ResourceMetrics, Signal};
use spool::{Counts, HeldPart, Hold, Key, Level, Mark, Release};

use super::IntervalSpec;
use super::gather::Gathered;
use crate::release::{Finish, append, decode, digest};

/// The key of all that is gathered: it goes together.
pub(super) const ALL: Key = [0; 16];
/// So much more than after the last time, and what is gathered is folded to one point a series.
const FOLD_BYTES: usize = 8 << 20;
/// Points in a line, about: whole resources.
const LINE_POINTS: u64 = 2000;

/// The hold of `interval`.
pub struct Interval {
    interval_ns: u64,
    most_bytes: usize,
    policy: String,
    finish: Finish,
    /// In the order of arrival; the first may be what earlier ones were folded to.
    parts: Vec<HeldPart>,
    bytes: usize,
    folded_bytes: usize,
    /// Points that were received.
    records: u64,
    since_ns: u64,
    log: u64,
    held_under: Option<Arc<str>>,
}

impl Interval {
    /// A hold that gathers for as long as the options say, or until it has `most_bytes` after
    /// folding. `policy` is the class's fingerprint: what is held under another goes at once.
    #[must_use]
    pub fn new(spec: &IntervalSpec, policy: &str, most_bytes: usize, finish: Finish) -> Self {
        Self {
            interval_ns: spec.interval_ms.saturating_mul(1_000_000),
            most_bytes,
            policy: policy.to_owned(),
            finish,
            parts: Vec::new(),
            bytes: 0,
            folded_bytes: 0,
            records: 0,
            since_ns: 0,
            log: 0,
            held_under: None,
        }
    }

    fn due_ns(&self) -> Option<u64> {
        let policy = self.held_under.as_ref()?;
        let now = **policy != *self.policy || self.folded_bytes > self.most_bytes;
        Some(if now {
            0
        } else {
            self.since_ns.saturating_add(self.interval_ns)
        })
    }

    fn gather(parts: &[HeldPart]) -> Vec<ResourceMetrics<'_>> {
        let mut gathered = Gathered::default();
        for part in parts {
            if let Some(Request::Metrics(resources)) = decode(Signal::Metrics, &part.line) {
                gathered.add(resources);
            }
        }
        gathered.resources
    }

    /// Keep one point a series in memory.
    fn fold(&mut self) {
        let request = Request::Metrics(Self::gather(&self.parts));
        let mut line = Vec::new();
        otlp::encode::write_json(&request, &mut line);
        let first = &self.parts[0];
        let folded = HeldPart {
            key: ALL,
            received_at_ns: first.received_at_ns,
            records: 0,
            line,
        };
        self.bytes = folded.line.len();
        self.folded_bytes = self.bytes;
        self.parts = vec![folded];
    }
}

impl Hold for Interval {
    fn admit(&mut self, part: HeldPart, log: u64, policy: &Arc<str>) {
        if self.parts.is_empty() {
            (self.since_ns, self.log) = (part.received_at_ns, log);
            self.held_under = Some(Arc::clone(policy));
        }
        self.bytes += part.line.len();
        self.records += u64::from(part.records);
        self.parts.push(part);
        if self.bytes > self.folded_bytes + FOLD_BYTES.max(self.folded_bytes) {
            self.fold();
        }
    }

    fn recall(&mut self, _mark: Mark) {}

    fn due_in(&self, now_ns: u64) -> Option<Duration> {
        let due = self.due_ns()?;
        Some(Duration::from_nanos(due.saturating_sub(now_ns)))
    }

    fn decide(&mut self, now_ns: u64) -> Option<Release> {
        if self.due_ns()? > now_ns {
            return None;
        }
        let parts = std::mem::take(&mut self.parts);
        let policy = self.held_under.take();
        let records = std::mem::take(&mut self.records);
        (self.bytes, self.folded_bytes) = (0, 0);
        let mut release = Release {
            marks: vec![Mark { key: ALL, note: 0 }],
            lines: Vec::new(),
            counts: Counts::default(),
            policy,
        };
        let received = parts.iter().map(|part| part.received_at_ns).max();
        let mut left = 0;
        let mut chunk = Vec::new();
        let mut resources = Self::gather(&parts).into_iter().peekable();
        while let Some(resource) = resources.next() {
            chunk.push(resource);
            let request = Request::Metrics(std::mem::take(&mut chunk));
            let points = request.records();
            if points < LINE_POINTS && resources.peek().is_some() {
                if let Request::Metrics(resources) = request {
                    chunk = resources;
                }
                continue;
            }
            left += points;
            let line = append(
                digest(parts.iter(), release.lines.len()),
                received.unwrap_or(now_ns),
                points,
                (self.finish)(request),
            );
            if line.line.is_empty() {
                release.counts += line.counts;
            } else {
                release.lines.push(line);
            }
        }
        let gone = records.saturating_sub(left);
        release.counts.held_before += gone;
        release.counts.aggregated += gone;
        Some(release)
    }

    fn oldest_log(&self) -> Option<u64> {
        self.held_under.as_ref().map(|_| self.log)
    }

    fn level(&self) -> Level {
        Level {
            keys: u64::from(!self.parts.is_empty()),
            records: self.records,
            bytes: self.bytes as u64,
        }
    }
}
