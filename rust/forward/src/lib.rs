//! Sending on what the spool holds: an OTLP client over gRPC and HTTP, and the loop that brings
//! each line of a segment to a receiver until it is settled.

mod backoff;
mod client;
mod config;
mod connect;
mod exporter;
mod grpc;
mod http;
mod messages;
mod outcome;
mod stats;
mod verifier;

pub use client::{Client, Origin};
pub use config::{Compression, ConfigError, Encoding, ExporterPlan, Retry, Target, Tls, Urls};
pub use exporter::{Exporter, Pace};
pub use outcome::{Fault, Outcome, Refusal};
pub use stats::{ExporterReport, ExporterStats};
