//! The spool: redacted requests become durable here, and segments become blobs.
//!
//! A request is appended to its class's open segment with others of its moment: one write and one
//! fdatasync a commit, then the answers. A sealed segment gets an entry in the instance's chain and
//! waits in the outbox until the store has both; what the store has is dropped.
//!
//! ```text
//! append ─► writer ─► segment, commit        open/<segment>.seg
//!              │ seal
//!              ▼
//!            chain ─► entry                  outbox/<seq>.{json,lines,seg}
//!              │ upload, confirm
//!              ▼
//!            digests, head                   outbox/<seq>.{done,lines}
//! ```
//! Exporters that send segments on read them from the outbox, and a segment stays until the store
//! and each of them has it: `delivery`, `forwarding`.
//!
//! `chain` has the order in which files are written and what a crash between any two of them
//! leaves; `recover` puts it in order again.

mod ack;
mod append;
mod chain;
mod clock;
mod commit;
mod compress;
mod config;
mod counts;
#[cfg(test)]
mod crash;
mod delivery;
mod digests;
mod entry;
mod error;
mod file_system;
mod forwarding;
#[cfg(test)]
mod golden;
mod group;
mod hold;
mod instance;
mod leftover;
mod listing;
mod logs;
mod outbox;
mod place;
mod recover;
mod release;
mod reserve;
mod segment;
mod shared;
#[cfg(test)]
mod simulated;
mod spool;
mod stats;
mod verify;
mod writer;

pub use ack::Stored;
pub use append::Append;
pub use compress::zstd_compressor;
pub use config::{ClassConfig, Compression, Durability, SpoolConfig};
pub use counts::Counts;
pub use delivery::Progress;
pub use error::{Refusal, SpoolError};
pub use file_system::{AppendFile, FileSystem, Lock, RealFileSystem};
pub use forwarding::{OwedLine, OwedLines, OwedSegment};
pub use hold::{HeldPart, Hold, Key, Level, Mark, Release};
pub use listing::{Listed, State, list};
pub use outbox::OutboxItem;
pub use spool::Spool;
pub use stats::{ClassStats, FSYNC_BUCKETS_US, Latency, OwedStats, Recovered, Stats};
pub use verify::{Fault, Verified, verify};
