//! What a request leaves for the spool.

use std::fmt;

use crate::counts::Counts;

/// One request, redacted and encoded.
#[derive(Clone)]
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

impl fmt::Debug for Append {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Append")
            .field("line_bytes", &self.line.len())
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}
