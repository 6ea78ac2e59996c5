//! Receiving OTLP: servers, framing, bounds, and each request's way through decoder, policy and
//! encoder to the spool.

mod body;
mod claims;
mod data_plane;
mod faults;
mod grpc;
mod http;
mod identity;
mod memory;
mod plan;
mod process;
mod replies;
mod reply_body;
mod server;
mod stats;
mod times;

pub use data_plane::{DataPlane, Ports, Report, StartError};
pub use identity::Identity;
pub use plan::{Plan, PlanError};
