//! A segment file: a header, then commits. Its payloads in order are the blob.
//!
//! ```text
//! 8  "MSTMSEG1"
//! 4  length of the description
//! 4  CRC32C of the description, which salts the CRC of each commit
//!    the description, JSON
//!    commits
//! ```
//! The header goes out in one write with the first commit, so a segment without a valid header
//! holds nothing that was acknowledged.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clock::Hour;
use crate::commit::{self, Books, Commit, RECEIPT, Receipt, u32_at};
use crate::config::Compression;
use crate::logs::LogPlace;

const MAGIC: [u8; 8] = *b"MSTMSEG1";
const PREFACE: usize = 16;

/// What a segment file says of itself, so that it can be sealed without its configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    /// 16 hex digits.
    pub(crate) segment: String,
    pub(crate) instance: String,
    pub(crate) region: String,
    pub(crate) environment: String,
    pub(crate) signal: String,
    pub(crate) class: String,
    /// `None` where no store takes the segment.
    pub(crate) container: Option<String>,
    /// The name that the blob will have.
    pub(crate) blob: String,
    pub(crate) compression: Compression,
    pub(crate) policy: String,
    pub(crate) rules: Vec<String>,
    /// Exporters that the segment is owed to, besides the store.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(crate) exporters: Vec<String>,
    /// The books' hour, `2026-11-24T05`.
    pub(crate) hour: String,
    pub(crate) opened_unix_nano: u64,
    /// Which log it is, in a class that holds records back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) log: Option<LogPlace>,
}

impl Header {
    /// The header's bytes, and the salt of its commits.
    pub(crate) fn write(&self) -> (Vec<u8>, u32) {
        let description = serde_json::to_vec(self).expect("a header has no maps with other keys");
        let length = u32::try_from(description.len()).expect("a header is short");
        let salt = crc32c::crc32c(&description);
        let mut out = Vec::with_capacity(PREFACE + description.len());
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&salt.to_le_bytes());
        out.extend_from_slice(&description);
        (out, salt)
    }

    /// The header, its salt and its length, if a valid one is at the start of `bytes`.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Self, u32, usize)> {
        if bytes.get(..8)? != MAGIC {
            return None;
        }
        let end = PREFACE.checked_add(usize::try_from(u32_at(bytes, 8)?).ok()?)?;
        let salt = u32_at(bytes, 12)?;
        let description = bytes.get(PREFACE..end)?;
        if crc32c::crc32c(description) != salt {
            return None;
        }
        let header: Self = serde_json::from_slice(description).ok()?;
        Hour::parse(&header.hour)?;
        Some((header, salt, end))
    }

    /// The books' hour.
    pub(crate) fn hour(&self) -> Hour {
        Hour::parse(&self.hour).expect("checked when the header was made or read")
    }
}

/// What a segment's commits add up to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Summary {
    pub(crate) commits: u32,
    pub(crate) books: Books,
    /// `Receipt`s of the blob's lines: the content of `<seq>.lines`.
    pub(crate) lines: Vec<u8>,
    /// `Receipt`s of the requests that left no line.
    pub(crate) silent: Vec<u8>,
    /// A commit takes records in or lets them go.
    pub(crate) holds: bool,
    pub(crate) payload_bytes: u64,
    payload_hash: Sha256,
}

impl Summary {
    /// Add a commit, but for its payload.
    pub(crate) fn add(&mut self, commit: &Commit<'_>) {
        self.commits += 1;
        self.books.add(&commit.books);
        self.lines.extend_from_slice(commit.lines);
        self.silent.extend_from_slice(commit.silent);
        self.holds |= commit.holds();
    }

    /// Add a piece of the payload of the commit that was added last.
    pub(crate) fn add_payload(&mut self, piece: &[u8]) {
        self.payload_bytes += piece.len() as u64;
        self.payload_hash.update(piece);
    }

    pub(crate) fn line_count(&self) -> u64 {
        (self.lines.len() / RECEIPT) as u64
    }

    /// SHA-256 of the blob, in hex.
    pub(crate) fn payload_sha256(&self) -> String {
        hex::encode(self.payload_hash.clone().finalize())
    }
}

/// What recovery reads from a segment file.
pub(crate) struct Scan {
    pub(crate) header: Header,
    pub(crate) summary: Summary,
    /// Receipts of all requests, those that stored nothing too.
    pub(crate) receipts: Vec<Receipt>,
    /// Bytes up to the end of the last valid commit.
    pub(crate) valid: usize,
    /// Valid commits stand behind the cut, which no crash does.
    pub(crate) damaged: bool,
}

/// Read a segment up to its last valid commit; `None` where the header is not valid.
pub(crate) fn scan(bytes: &[u8]) -> Option<Scan> {
    let (header, salt, mut at) = Header::read(bytes)?;
    let mut summary = Summary::default();
    let mut receipts = Vec::new();
    while let Some((commit, length)) = Commit::read(&bytes[at..], salt, summary.commits) {
        receipts.extend(Receipt::read_all(commit.lines));
        receipts.extend(Receipt::read_all(commit.silent));
        summary.add(&commit);
        summary.add_payload(commit.payload);
        at += length;
    }
    Some(Scan {
        header,
        summary,
        receipts,
        valid: at,
        damaged: Commit::stands_in(&bytes[at..], salt, 0),
    })
}

/// Whether a file with an unreadable header holds what was acknowledged. Its first commit goes out
/// with the header, and a crash may tear the one and leave the other; a second one tells.
pub(crate) fn holds_commits(bytes: &[u8]) -> bool {
    u32_at(bytes, 12).is_some_and(|salt| Commit::stands_in(bytes, salt, 1))
}

/// Reads the commits of a segment file one by one: of a large segment only one is in memory.
pub(crate) struct Commits<R> {
    pub(crate) header: Header,
    file: R,
    salt: u32,
    /// The next commit's.
    pub(crate) ordinal: u32,
    commit: Vec<u8>,
}

impl<R: Read> Commits<R> {
    /// `Ok(None)` where the header is not valid.
    pub(crate) fn open(mut file: R) -> io::Result<Option<Self>> {
        let mut header = Vec::new();
        if !fill(&mut file, &mut header, PREFACE)? {
            return Ok(None);
        }
        let length = u32_at(&header, 8).and_then(|length| usize::try_from(length).ok());
        let Some(end) = length.and_then(|length| PREFACE.checked_add(length)) else {
            return Ok(None);
        };
        fill(&mut file, &mut header, end)?;
        Ok(Header::read(&header).map(|(header, salt, _)| Self {
            header,
            file,
            salt,
            ordinal: 0,
            commit: Vec::new(),
        }))
    }

    pub(crate) fn compression(&self) -> Compression {
        self.header.compression
    }

    /// The next commit; `Ok(None)` where no valid one follows.
    pub(crate) fn next(&mut self) -> io::Result<Option<Commit<'_>>> {
        self.commit.clear();
        if !fill(&mut self.file, &mut self.commit, commit::PREFACE)? {
            return Ok(None);
        }
        let Some(length) = Commit::length(&self.commit) else {
            return Ok(None);
        };
        if !fill(&mut self.file, &mut self.commit, length)? {
            return Ok(None);
        }
        let read = Commit::read(&self.commit, self.salt, self.ordinal);
        self.ordinal += u32::from(read.is_some());
        Ok(read.map(|(commit, _)| commit))
    }
}

/// Read on until `bytes` is `length` long; `false` where the file ends before.
fn fill(file: &mut impl Read, bytes: &mut Vec<u8>, length: usize) -> io::Result<bool> {
    let missing = length.saturating_sub(bytes.len());
    let limit = u64::try_from(missing).unwrap_or(u64::MAX);
    Ok(file.by_ref().take(limit).read_to_end(bytes)? == missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first `length` bytes of the payloads, if they end with a commit.
    fn payload(bytes: &[u8], length: u64) -> Option<Vec<u8>> {
        let mut commits = Commits::open(bytes).unwrap()?;
        let mut all = Vec::new();
        while (all.len() as u64) < length {
            all.extend_from_slice(commits.next().unwrap()?.payload);
        }
        (all.len() as u64 == length).then_some(all)
    }

    fn header() -> Header {
        Header {
            segment: "00ff00ff00ff00ff".into(),
            instance: "0123456789abcdef".into(),
            region: "euc".into(),
            environment: "test".into(),
            signal: "logs".into(),
            class: "logs".into(),
            container: Some("logs".into()),
            blob: "2025/01/24/logs_10_30_45_00ff00ff00ff00ff.json".into(),
            compression: Compression::None,
            policy: "fedcba9876543210".into(),
            rules: vec!["email".into()],
            exporters: vec![],
            hour: "2025-01-24T10".into(),
            opened_unix_nano: 1_737_714_645_000_000_000,
            log: None,
        }
    }

    fn file(payloads: &[&[u8]]) -> Vec<u8> {
        let (mut bytes, salt) = header().write();
        for (ordinal, payload) in payloads.iter().enumerate() {
            let commit = Commit {
                books: Books::default(),
                lines: &[7; RECEIPT],
                silent: &[],
                held: &[],
                marks: &[],
                payload,
            };
            commit.write(salt, u32::try_from(ordinal).unwrap(), &mut bytes);
        }
        bytes
    }

    #[test]
    fn the_payloads_in_order_are_the_blob() {
        let bytes = file(&[b"a\n", b"", b"b\n"]);
        let scan = scan(&bytes).unwrap();
        assert_eq!(scan.header, header());
        assert_eq!((scan.valid, scan.damaged), (bytes.len(), false));
        assert_eq!(scan.summary.line_count(), 3);
        assert_eq!(
            payload(&bytes, scan.summary.payload_bytes).unwrap(),
            b"a\nb\n"
        );
        assert_eq!(
            scan.summary.payload_sha256(),
            hex::encode(Sha256::digest(b"a\nb\n"))
        );
    }

    #[test]
    fn a_torn_end_is_cut_and_a_hole_is_damage() {
        let bytes = file(&[b"a\n", b"b\n", b"c\n"]);
        let torn = scan(&bytes[..bytes.len() - 1]).unwrap();
        assert_eq!((torn.summary.commits, torn.damaged), (2, false));
        let mut holed = bytes.clone();
        let second = file(&[b"a\n"]).len();
        holed[second + 40] ^= 1;
        let holed = scan(&holed).unwrap();
        assert_eq!((holed.summary.commits, holed.damaged), (1, true));
    }

    #[test]
    fn a_payload_ends_where_its_entry_says_even_if_commits_follow() {
        let bytes = file(&[b"a\n", b"refused\n"]);
        assert_eq!(payload(&bytes, 2).unwrap(), b"a\n");
        assert_eq!(payload(&bytes, 3), None);
        assert_eq!(payload(&bytes, 100), None);
    }
}
