//! The Collector's processors that look at one request at a time: `attributes`, `resource`, `filter`,
//! `transform` and `probabilistic_sampler`.
//!
//! Each is compiled once from its options for one signal, and then changes requests in place.
//! docs/processors.md says what of each is built, and docs/contrib-differences.md what differs.

mod actions;
mod attributes;
mod errors;
mod filter;
mod map;
mod matching;
mod ottl;
mod point;
mod resource;
mod sampler;
mod selection;
mod spec;
mod statements;
mod transform;
mod walk;

pub use attributes::{Attributes, AttributesSpec};
pub use errors::ErrorMode;
pub use filter::{Filter, FilterSpec, OlderTraces};
pub use ottl::Failed;
pub use resource::{ResourceAttributes, ResourceSpec};
pub use sampler::{ProbabilisticSampler, SamplerSpec};
pub use selection::SelectionSpec;
pub use spec::SpecError;
pub use transform::{Transform, TransformSpec};
