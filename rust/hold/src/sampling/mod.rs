//! `tail_sampling`: each trace is kept or dropped as a whole, some time after its first span.
//!
//! Options and meaning are those of the processor of the OpenTelemetry Collector (contrib 0.165.0);
//! where it differs: a trace that must make room is decided early by what is there, and never
//! dropped without a decision; what waits when the collector stops waits on after the next start;
//! and at the centre a trace is one, whichever regions its spans come from.

mod cache;
mod counts;
mod gate;
mod hold;
mod policy;
mod rate;
mod region;
mod sampler;
mod seen;
mod spec;
mod state;
mod tag;

pub use counts::{SampledByPolicy, SamplingCounts, SamplingReport};
pub use gate::TailSamplingGate;
pub use hold::TailSamplingHold;
pub use policy::Rule;
pub use sampler::{TailSampling, check};
pub use spec::{PolicySpec, RuleSpec, TailSamplingSpec};
