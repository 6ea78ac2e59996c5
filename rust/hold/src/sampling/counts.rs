//! What the sampler counts, for the metrics under the collector's names.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::policy::Opinion;

/// Counts that the gate and the hold share; by kept or not.
#[derive(Debug, Default)]
pub struct SamplingCounts {
    names: Vec<String>,
    by_policy: Vec<[AtomicU64; 3]>,
    decided: [AtomicU64; 3],
    new_traces: AtomicU64,
    waiting: AtomicU64,
    early: AtomicU64,
    too_large: AtomicU64,
    late_spans: [AtomicU64; 2],
}

/// One policy's opinions, in traces.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct SampledByPolicy {
    pub policy: String,
    pub sampled: u64,
    pub not_sampled: u64,
    pub dropped: u64,
}

#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct SamplingReport {
    pub policies: Vec<SampledByPolicy>,
    /// Traces by their decision.
    pub sampled: u64,
    pub not_sampled: u64,
    pub dropped: u64,
    pub new_traces: u64,
    /// Traces that wait now.
    pub waiting: u64,
    /// Traces that were decided before their time, to make room.
    pub decided_early: u64,
    /// Traces that were not kept since they had too many bytes.
    pub too_large: u64,
    /// Spans that came after their trace's decision, and followed it.
    pub late_spans_sampled: u64,
    pub late_spans_not_sampled: u64,
}

impl SamplingCounts {
    /// Counts of policies of these names, in the order of the configuration.
    #[must_use]
    pub fn new(names: Vec<String>) -> Self {
        Self {
            by_policy: names.iter().map(|_| Default::default()).collect(),
            names,
            ..Self::default()
        }
    }

    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn judged(&self, policy: usize, opinion: Opinion) {
        if let Some(index) = index(opinion) {
            add(&self.by_policy[policy][index], 1);
        }
    }

    pub(super) fn decided(&self, opinion: Opinion) {
        if let Some(index) = index(opinion) {
            add(&self.decided[index], 1);
        }
    }

    pub(super) fn new_trace(&self) {
        add(&self.new_traces, 1);
    }

    pub(super) fn waiting(&self, traces: usize) {
        self.waiting.store(traces as u64, Ordering::Relaxed);
    }

    pub(super) fn early(&self) {
        add(&self.early, 1);
    }

    pub(super) fn too_large(&self) {
        add(&self.too_large, 1);
    }

    pub(super) fn traces_waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    pub(super) fn late(&self, kept: bool, spans: u64) {
        add(&self.late_spans[usize::from(kept)], spans);
    }

    #[must_use]
    pub fn report(&self) -> SamplingReport {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let policies = self.names.iter().zip(&self.by_policy);
        SamplingReport {
            policies: policies
                .map(|(name, [keep, pass, drop])| SampledByPolicy {
                    policy: name.clone(),
                    sampled: get(keep),
                    not_sampled: get(pass),
                    dropped: get(drop),
                })
                .collect(),
            sampled: get(&self.decided[0]),
            not_sampled: get(&self.decided[1]),
            dropped: get(&self.decided[2]),
            new_traces: get(&self.new_traces),
            waiting: get(&self.waiting),
            decided_early: get(&self.early),
            too_large: get(&self.too_large),
            late_spans_sampled: get(&self.late_spans[1]),
            late_spans_not_sampled: get(&self.late_spans[0]),
        }
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn index(opinion: Opinion) -> Option<usize> {
    match opinion {
        Opinion::Keep => Some(0),
        Opinion::Pass => Some(1),
        Opinion::Drop => Some(2),
        Opinion::Failed => None,
    }
}
