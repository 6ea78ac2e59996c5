//! Receiving OTLP: servers, framing, bounds, and each request's way through decoder, steps and
//! encoder to the spool.

mod assembly;
mod classes;
mod data_plane;
mod faults;
mod forwarders;
mod listen;
mod live;
mod memory;
mod origins;
mod pipeline;
mod plan;
mod receiver;
mod sender;
mod stats;

pub use data_plane::{DataPlane, Report, StartError};
pub use memory::Pressure;
pub use pipeline::gated::check_hold;
pub use pipeline::steps::{Steps, Taken};
pub use plan::{Plan, PlanError, StepPlan};
pub use receiver::Ports;
pub use sender::identity::Identity;
