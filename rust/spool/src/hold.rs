//! Records that wait for a decision: what a class's committer holds back, durably, and how it is
//! told to let go of it.
//!
//! A class with a hold writes its segments as logs. A commit may take records in without giving
//! them to the blob (its *held parts*), and may let go of records that earlier commits took in (its
//! *marks*), together with the lines that come of them. Both happen in one commit, so a crash never
//! parts a line from the mark that accounts for it. `logs` has what becomes of the files.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::append::Append;
use crate::counts::Counts;

/// What held records are let go by: a trace's id, or any one key for all.
pub type Key = [u8; 16];

/// Records of one request that wait under one key.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldPart {
    pub key: Key,
    /// When the request was received.
    pub received_at_ns: u64,
    /// Spans, log records or data points.
    pub records: u32,
    /// One line of OTLP/JSON without its newline.
    pub line: Vec<u8>,
}

impl fmt::Debug for HeldPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldPart")
            .field("records", &self.records)
            .field("line_bytes", &self.line.len())
            .finish_non_exhaustive()
    }
}

/// What was held under a key before this is let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub key: Key,
    /// The hold's own remark, as what was decided; it is told again after a restart.
    pub note: u8,
}

/// What is let go at once: one commit.
#[derive(Debug)]
pub struct Release {
    pub marks: Vec<Mark>,
    /// Lines for the blob: what is left of the records. Of an `Append`, `counts`, `redactions` and
    /// the times count here; a digest is remembered by the loader alone.
    pub lines: Vec<Append>,
    /// Counts of records that left no line; balanced, as those of each line are.
    pub counts: Counts,
    /// The policy that the records were held under, where it is not the class's own any more.
    pub policy: Option<Arc<str>>,
}

/// How much waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Level {
    /// Keys: traces, or series.
    pub keys: u64,
    pub records: u64,
    /// Bytes in memory.
    pub bytes: u64,
}

/// Decides when held records go on. Its class's committer alone calls it, in the order of the
/// commits; at a start it is told first what was let go lately, and then what still waits.
pub trait Hold: Send {
    /// A part is durable, in the class's log of this number, redacted under this policy.
    fn admit(&mut self, part: HeldPart, log: u64, policy: &Arc<str>);

    /// An earlier run let this go, with this remark.
    fn recall(&mut self, mark: Mark);

    /// Time until `decide` has something to say, if ever.
    fn due_in(&self, now_ns: u64) -> Option<Duration>;

    /// What is to be let go now, if anything. It is taken out of the hold: the committer writes it
    /// before it takes any other request.
    fn decide(&mut self, now_ns: u64) -> Option<Release>;

    /// What `decide` gave last is durable.
    fn released(&mut self) {}

    /// The number of the oldest log with a part that still waits.
    fn oldest_log(&self) -> Option<u64>;

    fn level(&self) -> Level;
}

/// Bytes of a part before its line: key, time of receipt, records, length.
const PART: usize = 16 + 8 + 4 + 4;
/// Bytes of a mark in a commit: key and note.
pub(crate) const MARK: usize = 17;

impl HeldPart {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let length = u32::try_from(self.line.len()).expect("a request is shorter than 4 GiB");
        out.reserve(PART + self.line.len());
        out.extend_from_slice(&self.key);
        out.extend_from_slice(&self.received_at_ns.to_le_bytes());
        out.extend_from_slice(&self.records.to_le_bytes());
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&self.line);
    }

    /// The parts that a commit has as one frame, or has not; `None` where it is broken.
    pub(crate) fn decode(frame: &[u8]) -> Option<Vec<Self>> {
        if frame.is_empty() {
            return Some(Vec::new());
        }
        Self::read_all(&zstd::decode_all(frame).ok()?)
    }

    /// The parts in the bytes that `write` made; `None` where they are none.
    pub(crate) fn read_all(mut bytes: &[u8]) -> Option<Vec<Self>> {
        let mut parts = Vec::new();
        while !bytes.is_empty() {
            let (head, rest) = bytes.split_at_checked(PART)?;
            let length = usize::try_from(u32::from_le_bytes(head[28..].try_into().ok()?)).ok()?;
            let (line, rest) = rest.split_at_checked(length)?;
            parts.push(Self {
                key: head[..16].try_into().ok()?,
                received_at_ns: u64::from_le_bytes(head[16..24].try_into().ok()?),
                records: u32::from_le_bytes(head[24..28].try_into().ok()?),
                line: line.to_vec(),
            });
            bytes = rest;
        }
        Some(parts)
    }
}

impl Mark {
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.key);
        out.push(self.note);
    }

    pub(crate) fn read_all(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.as_chunks::<MARK>().0.iter().map(|mark| Self {
            key: mark[..16].try_into().expect("16 of 17 bytes"),
            note: mark[16],
        })
    }
}

/// The hold of a class that has none any more: lets go of all that an earlier one left, as it is.
#[derive(Debug, Default)]
pub(crate) struct LetGo {
    parts: Vec<(HeldPart, Arc<str>)>,
}

/// Bytes of lines that `LetGo` gives at a time, about.
const LET_GO_BYTES: usize = 4 << 20;

impl Hold for LetGo {
    fn admit(&mut self, part: HeldPart, _log: u64, policy: &Arc<str>) {
        self.parts.push((part, Arc::clone(policy)));
    }

    fn recall(&mut self, _mark: Mark) {}

    fn due_in(&self, _now_ns: u64) -> Option<Duration> {
        (!self.parts.is_empty()).then_some(Duration::ZERO)
    }

    fn decide(&mut self, _now_ns: u64) -> Option<Release> {
        let (first, policy) = self.parts.first()?;
        let mut keys = vec![first.key];
        let policy = Arc::clone(policy);
        let mut bytes = 0;
        for (part, of) in &self.parts {
            // All of a key or none of it, since a mark lets all of it go.
            if *of == policy && bytes < LET_GO_BYTES && !keys.contains(&part.key) {
                keys.push(part.key);
            }
            bytes += part.line.len();
        }
        let gone = self
            .parts
            .extract_if(.., |(part, _)| keys.contains(&part.key));
        let lines = gone.map(|(part, _)| line_of(part)).collect();
        Some(Release {
            marks: keys.iter().map(|&key| Mark { key, note: 0 }).collect(),
            lines,
            counts: Counts::default(),
            policy: Some(policy),
        })
    }

    fn oldest_log(&self) -> Option<u64> {
        (!self.parts.is_empty()).then_some(0)
    }

    fn level(&self) -> Level {
        Level {
            keys: self.parts.len() as u64,
            records: self
                .parts
                .iter()
                .map(|(part, _)| u64::from(part.records))
                .sum(),
            bytes: self
                .parts
                .iter()
                .map(|(part, _)| part.line.len() as u64)
                .sum(),
        }
    }
}

/// A part as a line of its own.
fn line_of(part: HeldPart) -> Append {
    let records = u64::from(part.records);
    let mut hash = blake3::Hasher::new();
    hash.update(&part.key);
    hash.update(&part.received_at_ns.to_le_bytes());
    hash.update(&part.line);
    let mut digest = [0; 16];
    digest.copy_from_slice(&hash.finalize().as_bytes()[..16]);
    Append {
        digest,
        received_at_ns: part.received_at_ns,
        line: part.line,
        counts: Counts {
            held_before: records,
            stored: records,
            ..Counts::default()
        },
        redactions: Vec::new(),
        first_ns: 0,
        last_ns: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(key: u8, line: &str) -> HeldPart {
        HeldPart {
            key: [key; 16],
            received_at_ns: 7,
            records: 2,
            line: line.as_bytes().to_vec(),
        }
    }

    #[test]
    fn parts_and_marks_are_read_as_they_were_written() {
        let parts = [part(1, "{}"), part(2, ""), part(1, "{\"a\":1}")];
        let mut bytes = Vec::new();
        parts.iter().for_each(|part| part.write(&mut bytes));
        assert_eq!(HeldPart::read_all(&bytes).unwrap(), parts);
        assert_eq!(HeldPart::read_all(&bytes[..bytes.len() - 1]), None);
        let marks = [
            Mark {
                key: [3; 16],
                note: 1,
            },
            Mark {
                key: [4; 16],
                note: 0,
            },
        ];
        let mut bytes = Vec::new();
        marks.iter().for_each(|mark| mark.write(&mut bytes));
        assert!(Mark::read_all(&bytes).eq(marks));
    }

    #[test]
    fn what_no_hold_claims_any_more_goes_as_it_is_a_policy_at_a_time() {
        let mut hold = LetGo::default();
        let (old, older): (Arc<str>, Arc<str>) = ("b".into(), "a".into());
        hold.admit(part(1, "one"), 1, &older);
        hold.admit(part(2, "two"), 1, &older);
        hold.admit(part(4, "three"), 2, &old);
        let first = hold.decide(0).unwrap();
        assert_eq!(first.policy.as_deref(), Some("a"));
        assert_eq!(first.marks.len(), 2);
        let second = hold.decide(0).unwrap();
        assert_eq!(second.lines[0].line, b"three");
        assert!(second.lines[0].counts.balance());
        assert!(hold.decide(0).is_none() && hold.oldest_log().is_none());
    }
}
