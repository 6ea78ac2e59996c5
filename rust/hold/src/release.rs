//! From held lines to lines for the blob.

use std::sync::Arc;

use otlp::model::{Request, Signal};
use otlp::{Limits, Notes};
use spool::{Append, Counts, HeldPart};

/// What is left of a request behind the steps that follow a hold, as a line.
#[derive(Debug, Default)]
pub struct Finished {
    /// One line of OTLP/JSON, empty where nothing is left.
    pub line: Vec<u8>,
    /// Records in the line, and what the steps took.
    pub stored: u64,
    pub rejected: u64,
    pub dropped: u64,
    pub sampled: u64,
    pub redactions: Vec<(u16, u32)>,
    /// First and last time of the records, 0 where there is none.
    pub first_ns: u64,
    pub last_ns: u64,
}

/// Runs the steps that follow a hold, and encodes.
pub type Finish = Arc<dyn Fn(Request<'_>) -> Finished + Send + Sync>;

/// Decode what a gate encoded. A line that cannot be read is none of the gate's: it is damage that
/// the log's sums did not show, and its records count as rejected.
pub(crate) fn decode(signal: Signal, line: &[u8]) -> Option<Request<'_>> {
    let limits = Limits::default();
    otlp::json::decode(signal, line, &limits, &mut Notes::default()).ok()
}

/// The digest of a line that comes of these parts, which no other line has.
pub(crate) fn digest<'a>(parts: impl Iterator<Item = &'a HeldPart>, ordinal: usize) -> [u8; 16] {
    let mut hash = blake3::Hasher::new();
    hash.update(b"mainstem.held/1");
    hash.update(&(ordinal as u64).to_le_bytes());
    for part in parts {
        hash.update(&part.key);
        hash.update(&part.received_at_ns.to_le_bytes());
        hash.update(blake3::hash(&part.line).as_bytes());
    }
    let mut digest = [0; 16];
    digest.copy_from_slice(&hash.finalize().as_bytes()[..16]);
    digest
}

/// A finished line of `records` held ones, for the spool.
pub(crate) fn append(
    digest: [u8; 16],
    received_at_ns: u64,
    records: u64,
    finished: Finished,
) -> Append {
    Append {
        digest,
        received_at_ns,
        line: finished.line,
        counts: Counts {
            held_before: records,
            stored: finished.stored,
            rejected: finished.rejected,
            dropped: finished.dropped,
            sampled: finished.sampled,
            ..Counts::default()
        },
        redactions: finished.redactions,
        first_ns: finished.first_ns,
        last_ns: finished.last_ns,
    }
}
