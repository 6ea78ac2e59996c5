//! Redaction in memory, over every string that an OTLP request can carry.
//!
//! [`Policy::compile`] makes rules from a [`PolicySpec`] and a region's key once; [`Policy::apply`]
//! changes a request's tree in place. docs/redaction.md says what is covered and why.

mod attributes;
mod check;
mod contrib;
mod detect;
mod key;
mod keys;
mod mask;
mod own;
mod pattern;
mod personal;
mod plan;
mod policy;
mod processor;
mod rotation;
mod rules;
mod sanitize;
mod spec;
mod statement;
mod summary;
mod survey;
mod values;
mod walk;

pub use detect::{BY_CHOICE, DETECTORS};
pub use key::{KeyError, RegionKey};
pub use own::spec::{ActionSpec, Decoding, Keep, NumberType, RuleSpec, To};
pub use policy::{Policy, Tally};
pub use rotation::Rotate;
pub use spec::{
    Coverage, DbSanitizerSpec, DbSystemSpec, HashFunction, PolicyError, PolicySpec, ProcessorSpec,
    Secret, Summary, UrlSanitizerSpec,
};
pub use survey::{Seen, Survey};
