//! Receiving OTLP: servers, framing, bounds, and each request's way through decoder, steps and
//! encoder to the spool.

mod addresses;
mod answer;
mod assembly;
mod body;
mod certificate;
mod claims;
mod classes;
mod connection;
mod data_plane;
mod faults;
mod forwarded;
mod forwarders;
mod gated;
mod grpc;
mod guard;
mod http;
mod identity;
mod intake;
mod listener;
mod live;
mod memory;
mod origins;
mod passwords;
mod pipeline;
mod plan;
mod replies;
mod reply_body;
mod senders;
mod server;
mod stats;
mod steps;
mod times;
mod tls;
mod ways;

pub use data_plane::{DataPlane, Ports, Report, StartError};
pub use gated::check_hold;
pub use identity::Identity;
pub use memory::Pressure;
pub use plan::{Plan, PlanError, StepPlan};
pub use steps::{Steps, Taken};
