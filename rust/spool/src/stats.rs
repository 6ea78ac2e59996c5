//! What the spool tells of itself.

use serde::Serialize;

/// Upper bounds of the fsync histogram's buckets, in microseconds; one more bucket has the rest.
pub const FSYNC_BUCKETS_US: [u64; 12] = [
    100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 500_000, 1_000_000,
];

/// A histogram of how long the commits' fdatasync took.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// Counts by bucket of `FSYNC_BUCKETS_US`, the last one without bound.
    pub buckets: [u64; FSYNC_BUCKETS_US.len() + 1],
    pub count: u64,
    pub sum_us: u64,
}

impl Latency {
    pub(crate) fn record(&mut self, micros: u64) {
        let bucket = FSYNC_BUCKETS_US.partition_point(|&bound| bound < micros);
        self.buckets[bucket] += 1;
        self.count += 1;
        self.sum_us += micros;
    }
}

/// One class's share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ClassStats {
    pub class: String,
    /// Requests made durable, duplicates included.
    pub requests: u64,
    pub lines: u64,
    pub duplicates: u64,
    pub commits: u64,
    pub refused_disk_full: u64,
    pub refused_storage: u64,
    pub sealed: u64,
    /// Closed segments that may hold a refused commit and are not sealed yet.
    pub closing: u64,
    /// Bytes of the open segment, 0 if none is.
    pub open_bytes: u64,
    /// What a hold keeps back: keys (traces, series), records, and their bytes in memory.
    pub held_keys: u64,
    pub held_records: u64,
    pub held_bytes: u64,
    /// Logs that are kept for it.
    pub held_logs: u64,
    pub fsync: Latency,
}

/// What recovery found when the spool opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Recovered {
    /// Segments that an earlier run left open, sealed at their last valid commit.
    pub segments: u64,
    /// Bytes cut off them.
    pub cut_bytes: u64,
    /// Segments in which commits stand behind broken bytes, which no crash leaves; kept beside the
    /// open ones as `*.damaged`.
    pub damaged: u64,
    /// Logs of held records whose class is not configured any more; they are left as they are.
    pub unclaimed: u64,
}

/// What waits for one exporter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OwedStats {
    pub exporter: String,
    pub segments: u64,
    /// Bytes of the segments, those of lines that were sent included.
    pub bytes: u64,
    pub oldest_age_ms: u64,
}

/// The spool as it stands.
#[derive(Debug, Clone, Serialize)]
pub struct Stats {
    pub instance: String,
    /// `overlay` or `tmpfs` where the spool lies on a file system that may not last.
    pub fleeting: Option<&'static str>,
    /// Entries that wait for confirmation, and the bytes of their segments.
    pub outbox_entries: u64,
    pub outbox_bytes: u64,
    /// Age of the oldest record not confirmed: by the entry at the outbox's head, or 0.
    pub oldest_age_ms: u64,
    /// Bytes kept for sealing; 0 while a full disk has them, and nothing is taken.
    pub reserve_bytes: u64,
    pub digests: u64,
    /// The chain could not be written when last tried.
    pub failing: bool,
    pub recovered: Recovered,
    /// By exporter; one that is not configured any more may be among them.
    pub owed: Vec<OwedStats>,
    pub classes: Vec<ClassStats>,
}
