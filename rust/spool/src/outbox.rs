//! What waits in the outbox, as those who upload it see it.

use std::fmt;
use std::io::Read;

use sha2::{Digest, Sha256};

use crate::entry::{Entry, sha256};
use crate::error::SpoolError;
use crate::place::{Part, Place};
use crate::segment::Commits;

/// Bytes that a piece of a blob has at least, but for the last.
const PIECE: usize = 1 << 20;

/// An entry that waits for upload, with what it needs. The order of upload is lines, blob, entry;
/// then it is to be confirmed.
#[derive(Clone)]
pub struct OutboxItem {
    pub seq: u64,
    /// `genesis`, `segment`, `heartbeat`, `hour_closed` or `forwarded`.
    pub kind: &'static str,
    /// The entry's object name in the ledger container; the lines' ends in `.lines` in place of
    /// `.json`.
    pub entry_name: String,
    pub entry: Vec<u8>,
    /// 24 bytes a line of the segment; `None` where it has none.
    pub lines: Option<Vec<u8>>,
    pub container: Option<String>,
    pub blob_name: Option<String>,
    pub sha256: Option<String>,
    /// Bytes of the blob, 0 where there is none.
    pub bytes: u64,
    place: Place,
}

impl fmt::Debug for OutboxItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxItem")
            .field("seq", &self.seq)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl OutboxItem {
    pub(crate) fn read(place: &Place, seq: u64) -> Result<Self, SpoolError> {
        let name = format!("outbox/{seq:012}.json");
        let mut bytes = place.read_if_there(&place.part(seq, Part::Entry))?;
        if bytes.is_none() {
            // Its confirmation got as far as the name.
            bytes = place.read_if_there(&place.part(seq, Part::Done))?;
        }
        let bytes = bytes.ok_or_else(|| SpoolError::damaged(&name, "is missing"))?;
        let entry = Entry::read(&bytes)
            .filter(|entry| entry.seq == seq)
            .ok_or_else(|| SpoolError::damaged(&name, "is not this chain's entry"))?;
        let entry_name = entry.object_name();
        let (blob, lines_sha256) = entry
            .sealed
            .map_or((None, None), |sealed| (sealed.blob, sealed.lines_sha256));
        let lines = match &lines_sha256 {
            Some(_) => place.read_if_there(&place.part(seq, Part::Lines))?,
            None => None,
        };
        if lines.as_deref().map(sha256) != lines_sha256 {
            let lines = format!("outbox/{seq:012}.lines");
            return Err(SpoolError::damaged(lines, "is not what the entry says"));
        }
        let bytes_of_blob = blob.as_ref().map_or(0, |blob| blob.bytes);
        let (container, blob_name, sha256) = blob.map_or((None, None, None), |blob| {
            (Some(blob.container), Some(blob.name), Some(blob.sha256))
        });
        Ok(Self {
            seq,
            kind: entry.kind.as_str(),
            entry_name,
            entry: bytes,
            lines,
            container,
            blob_name,
            sha256,
            bytes: bytes_of_blob,
            place: place.clone(),
        })
    }

    /// The blob's bytes whole, as `pieces` gives them.
    ///
    /// # Errors
    /// As `pieces`.
    pub fn payload(&self) -> Result<Vec<u8>, SpoolError> {
        let mut payload = Vec::new();
        for piece in self.pieces()? {
            payload.extend_from_slice(&piece?);
        }
        Ok(payload)
    }

    /// The blob's bytes in pieces of about a MiB, read as they are asked for, with every commit's
    /// CRC verified, and the whole's SHA-256 before the last piece is given; none where there is no
    /// blob.
    ///
    /// # Errors
    /// `Damaged` where they are not what the entry says; `Io` where they cannot be read.
    pub fn pieces(&self) -> Result<Pieces, SpoolError> {
        let name = format!("outbox/{:012}.seg", self.seq);
        let commits = match &self.sha256 {
            None => None,
            Some(_) => {
                let path = self.place.part(self.seq, Part::Segment);
                let file = self
                    .place
                    .open_if_there(&path)?
                    .ok_or_else(|| SpoolError::damaged(&name, "is missing"))?;
                let commits = Commits::open(file).map_err(SpoolError::io("read"))?;
                Some(commits.ok_or_else(|| SpoolError::damaged(&name, "has a broken header"))?)
            }
        };
        Ok(Pieces {
            name,
            commits,
            left: self.bytes,
            hash: Sha256::new(),
            sha256: self.sha256.clone().unwrap_or_default(),
        })
    }
}

/// A blob's bytes in order, see `OutboxItem::pieces`.
pub struct Pieces {
    name: String,
    /// `None` once all is read, or has failed.
    commits: Option<Commits<Box<dyn Read + Send>>>,
    left: u64,
    hash: Sha256,
    sha256: String,
}

impl Pieces {
    fn read(&mut self, commits: &mut Commits<Box<dyn Read + Send>>) -> Result<Vec<u8>, SpoolError> {
        let mut piece = Vec::new();
        while piece.len() < PIECE && self.left > 0 {
            let commit = commits.next().map_err(SpoolError::io("read"))?;
            let payload = commit
                .map(|commit| commit.payload)
                .filter(|payload| payload.len() as u64 <= self.left)
                .ok_or_else(|| SpoolError::damaged(&self.name, "has a broken commit"))?;
            piece.extend_from_slice(payload);
            self.left -= payload.len() as u64;
        }
        self.hash.update(&piece);
        if self.left == 0 && hex::encode(self.hash.clone().finalize()) != self.sha256 {
            return Err(SpoolError::damaged(
                &self.name,
                "is not what the entry says",
            ));
        }
        Ok(piece)
    }
}

impl Iterator for Pieces {
    type Item = Result<Vec<u8>, SpoolError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut commits = self.commits.take()?;
        let piece = self.read(&mut commits);
        if piece.is_ok() && self.left > 0 {
            self.commits = Some(commits);
        }
        Some(piece)
    }
}
