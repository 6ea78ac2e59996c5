//! The spool: redacted requests become durable here, and segments become blobs.

mod config;
mod counts;
mod error;
mod file_system;
mod spool;
mod stats;

pub use config::{ClassConfig, Compression, Durability, SpoolConfig};
pub use counts::Counts;
pub use error::{Refusal, SpoolError};
pub use file_system::{AppendFile, FileSystem, Lock, RealFileSystem};
pub use spool::{Append, OutboxItem, Spool, Stored};
pub use stats::{ClassStats, FSYNC_BUCKETS_US, Latency, Recovered, Stats};
