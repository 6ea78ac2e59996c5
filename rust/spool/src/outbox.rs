//! What waits in the outbox, as those who upload it see it.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::entry::{Entry, sha256};
use crate::error::SpoolError;
use crate::place::{Part, Place};
use crate::segment::Commits;

/// Bytes that a piece of a blob has at least, but for the last: the commits of small requests are
/// joined, those of large ones are not copied.
const PIECE: usize = 64 << 10;

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
    /// The blob's segment, where there is a blob.
    segment: Option<String>,
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
        let (segment, blob, lines_sha256) = entry.sealed.map_or((None, None, None), |sealed| {
            (Some(sealed.segment), sealed.blob, sealed.lines_sha256)
        });
        let lines = match &lines_sha256 {
            Some(_) => place.read_if_there(&place.part(seq, Part::Lines))?,
            None => None,
        };
        if lines.as_deref().map(sha256) != lines_sha256 {
            let lines = format!("outbox/{seq:012}.lines");
            return Err(SpoolError::damaged(lines, "is not what the entry says"));
        }
        let segment = segment.filter(|_| blob.is_some());
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
            segment,
            place: place.clone(),
        })
    }

    /// The blob's bytes whole, with the SHA-256 that the entry says.
    ///
    /// # Errors
    /// As `pieces`.
    pub fn payload(&self) -> Result<Vec<u8>, SpoolError> {
        let mut payload = Vec::new();
        self.pieces(|piece| payload.extend_from_slice(piece))?;
        self.expect_sha256(&Sha256::digest(&payload))?;
        Ok(payload)
    }

    /// Read the blob through and compare it with the SHA-256 that the entry says.
    ///
    /// # Errors
    /// As `pieces`.
    pub fn verify(&self) -> Result<(), SpoolError> {
        let mut hash = Sha256::new();
        self.pieces(|piece| hash.update(piece))?;
        self.expect_sha256(&hash.finalize())
    }

    fn expect_sha256(&self, found: &[u8]) -> Result<(), SpoolError> {
        match &self.sha256 {
            Some(expected) if *expected != hex::encode(found) => Err(SpoolError::damaged(
                self.segment_name(),
                "is not what the entry says",
            )),
            _ => Ok(()),
        }
    }

    /// Give the blob's bytes in their order, in pieces that are short only at the end; none where
    /// there is no blob. Each commit's CRC is verified, as recovery does, and that the file is the
    /// entry's segment, which salts the CRCs. The SHA-256 was taken of the same bytes when they
    /// were written, and is not taken again: that costs as much as all else of an upload.
    ///
    /// # Errors
    /// `Damaged` where they are not what the entry says; `Io` where they cannot be read. What was
    /// given before is not to be used then.
    pub fn pieces(&self, mut give: impl FnMut(&[u8])) -> Result<(), SpoolError> {
        let Some(segment) = &self.segment else {
            return Ok(());
        };
        let damaged = |reason| SpoolError::damaged(self.segment_name(), reason);
        let path = self.place.part(self.seq, Part::Segment);
        let file = self
            .place
            .open_if_there(&path)?
            .ok_or_else(|| damaged("is missing"))?;
        let mut commits = Commits::open(file)
            .map_err(SpoolError::io("read"))?
            .filter(|commits| commits.header.segment == *segment)
            .ok_or_else(|| damaged("has a broken header"))?;
        let mut left = self.bytes;
        let mut piece = Vec::new();
        while left > 0 {
            let commit = commits.next().map_err(SpoolError::io("read"))?;
            let payload = commit
                .map(|commit| commit.payload)
                .filter(|payload| payload.len() as u64 <= left)
                .ok_or_else(|| damaged("has a broken commit"))?;
            left -= payload.len() as u64;
            if piece.is_empty() && payload.len() >= PIECE {
                give(payload);
                continue;
            }
            piece.extend_from_slice(payload);
            if piece.len() >= PIECE {
                give(&piece);
                piece.clear();
            }
        }
        if !piece.is_empty() {
            give(&piece);
        }
        Ok(())
    }

    fn segment_name(&self) -> String {
        format!("outbox/{:012}.seg", self.seq)
    }
}
