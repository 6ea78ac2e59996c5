//! What becomes of a condition or statement that cannot be evaluated for an item.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorMode {
    /// It is passed over. The Collector logs it in the first of these modes, with what was evaluated;
    /// nothing of telemetry is logged here.
    #[default]
    Ignore,
    Silent,
    /// The whole request is rejected.
    Propagate,
}
