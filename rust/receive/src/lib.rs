//! Receiving OTLP: servers, framing, bounds, and each request's way through decoder, steps and
//! encoder to the spool.

mod assembly;
mod body;
mod claims;
mod data_plane;
mod faults;
mod grpc;
mod http;
mod identity;
mod intake;
mod memory;
mod pipeline;
mod plan;
mod replies;
mod reply_body;
mod server;
mod stats;
mod steps;
mod times;
mod ways;

pub use data_plane::{DataPlane, Ports, Report, StartError};
pub use identity::Identity;
pub use plan::{Plan, PlanError, StepPlan};
pub use steps::{Steps, Taken};
