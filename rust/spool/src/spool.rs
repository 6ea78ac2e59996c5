//! The spool as its users see it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::config::SpoolConfig;
use crate::counts::Counts;
use crate::error::{Refusal, SpoolError};
use crate::file_system::FileSystem;
use crate::stats::Stats;

/// One request, redacted and encoded.
#[derive(Debug, Clone)]
pub struct Append {
    /// Keyed digest of the request's decompressed body.
    pub digest: [u8; 16],
    pub received_at_ns: u64,
    /// One line of OTLP/JSON without its newline; empty where nothing is stored.
    pub line: Vec<u8>,
    pub counts: Counts,
    /// Masked values by rule: index into `ClassConfig::rules`, count.
    pub redactions: Vec<(u16, u32)>,
    /// First and last time of the records, 0 where there is none.
    pub first_ns: u64,
    pub last_ns: u64,
}

/// What became of a request that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is durable.
    New,
    /// Its digest is durable already, and it was counted as a duplicate.
    Duplicate,
}

/// An entry that waits for upload, with what it needs.
#[derive(Debug, Clone)]
pub struct OutboxItem {
    pub seq: u64,
    /// `genesis`, `segment`, `heartbeat` or `hour_closed`.
    pub kind: String,
    /// The entry's object name in the ledger container.
    pub entry_name: String,
    pub entry: Vec<u8>,
    /// Content of `<seq>.lines`, beside the entry; `None` where there is no blob.
    pub lines: Option<Vec<u8>>,
    pub container: Option<String>,
    pub blob_name: Option<String>,
    pub sha256: Option<String>,
    /// Bytes of the blob, 0 where there is none.
    pub bytes: u64,
}

impl OutboxItem {
    /// The blob's bytes, with every commit's CRC and the whole's SHA-256 verified.
    ///
    /// # Errors
    /// `Damaged` where they are not what the entry says; `Io` where they cannot be read.
    pub fn payload(&self) -> Result<Vec<u8>, SpoolError> {
        todo!()
    }
}

/// A spool that this process holds.
#[derive(Debug)]
pub struct Spool {}

impl Spool {
    /// Take the lock, recover what an earlier run left, and start the committers.
    ///
    /// # Errors
    /// `Held` where another process has it; else what is wrong with the configuration or the files.
    pub fn open(config: SpoolConfig, fs: Arc<dyn FileSystem>) -> Result<Self, SpoolError> {
        let _ = (config, fs);
        todo!()
    }

    /// Hand a request to a class's committer; the future resolves when it is durable.
    pub fn append(
        &self,
        class: usize,
        append: Append,
    ) -> impl Future<Output = Result<Stored, Refusal>> + Send + 'static {
        let _ = (class, append);
        async { todo!() }
    }

    /// The first entry that is not confirmed; waits up to `timeout` for one. The same entry is
    /// given until it is confirmed.
    ///
    /// # Errors
    /// `Io` where the entry cannot be read.
    pub fn next_outbox(&self, timeout: Duration) -> Result<Option<OutboxItem>, SpoolError> {
        let _ = timeout;
        todo!()
    }

    /// The store has the entry and its blob: drop them here. Well if confirmed before.
    ///
    /// # Errors
    /// `OutOfOrder` where an earlier entry is not confirmed; `Io` where the file system refuses.
    pub fn confirm(&self, seq: u64) -> Result<(), SpoolError> {
        let _ = seq;
        todo!()
    }

    /// Seal every open segment.
    ///
    /// # Errors
    /// `Io` where one cannot be sealed; it is tried again.
    pub fn seal_all(&self) -> Result<(), SpoolError> {
        todo!()
    }

    /// Take no more, finish what is queued, seal, and let the lock go.
    ///
    /// # Errors
    /// As `seal_all`.
    pub fn close(&self) -> Result<(), SpoolError> {
        todo!()
    }

    #[must_use]
    pub fn stats(&self) -> Stats {
        todo!()
    }
}
