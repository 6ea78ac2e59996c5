//! Processors that hold records back: `tail_sampling` until a trace can be judged as a whole, and
//! `interval` until a longer interval of metrics is over.
//!
//! Each has two ends. A *gate* stands in the pipeline and parts a request in what goes on at once,
//! what is counted away, and what waits. A *hold* (see `spool::Hold`) stands at the class's
//! committer, gets what waits once it is durable, and decides by the clock what becomes of it.
//! Nothing here touches a disk, and the time is handed in.

mod interval;
mod release;
mod sampling;

pub use interval::{Interval, IntervalGate, IntervalSpec};
pub use release::{Finish, Finished};
pub use sampling::{
    PolicySpec, Rule, RuleSpec, SampledByPolicy, SamplingCounts, SamplingReport, TailSampling,
    TailSamplingGate, TailSamplingHold, TailSamplingSpec, check,
};

use otlp::model::Request;
use spool::HeldPart;

/// Bytes of held records in memory, at most, unless told otherwise: what is over goes early.
pub const MOST_BYTES: usize = 256 << 20;

/// What a gate took out of a request, which keeps what goes on at once.
#[derive(Debug, Default)]
pub struct Parted {
    pub held: Vec<HeldPart>,
    /// Records of traces that were decided against before.
    pub sampled: u64,
}

impl Parted {
    /// Records that wait.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.held.iter().map(|part| u64::from(part.records)).sum()
    }
}

/// Stands in a pipeline where records are held back.
pub trait Gate: Send + Sync {
    /// Take out what does not go on at once.
    fn part(&self, request: &mut Request<'_>, received_at_ns: u64) -> Parted;

    /// Whether no request is to be taken now, since too much waits.
    fn is_full(&self) -> bool {
        false
    }
}

/// Options that cannot be carried out: where in them, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecError {
    pub place: String,
    pub reason: String,
}
