//! What of a request travels and what stays in its region, record by record.
//!
//! The rules see a request as it would be stored, behind redaction. Each record goes one way, whole
//! but for the regional keys, which what travels loses.

mod matches;
mod regional;
mod routing;
mod spec;
mod split;

pub use routing::Routing;
pub use spec::{RecordSpec, RoutingSpec};
pub use split::Split;
