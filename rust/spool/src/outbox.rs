//! What waits in the outbox, as those who upload it see it.

use std::fmt;

use crate::entry::{Entry, sha256};
use crate::error::SpoolError;
use crate::place::{Part, Place};
use crate::segment;

/// An entry that waits for upload, with what it needs. The order of upload is lines, blob, entry;
/// then it is to be confirmed.
#[derive(Clone)]
pub struct OutboxItem {
    pub seq: u64,
    /// `genesis`, `segment`, `heartbeat` or `hour_closed`.
    pub kind: &'static str,
    /// The entry's object name in the ledger container; the lines' ends in `.lines` in place of
    /// `.json`.
    pub entry_name: String,
    pub entry: Vec<u8>,
    /// 24 bytes a line of the blob; `None` where there is no blob.
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
        let lines = match &blob {
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

    /// The blob's bytes, with every commit's CRC and the whole's SHA-256 verified; none where there
    /// is no blob.
    ///
    /// # Errors
    /// `Damaged` where they are not what the entry says; `Io` where they cannot be read.
    pub fn payload(&self) -> Result<Vec<u8>, SpoolError> {
        let Some(expected) = &self.sha256 else {
            return Ok(Vec::new());
        };
        let name = || format!("outbox/{:012}.seg", self.seq);
        let bytes = self
            .place
            .read_if_there(&self.place.part(self.seq, Part::Segment))?;
        let bytes = bytes.ok_or_else(|| SpoolError::damaged(name(), "is missing"))?;
        let payload = segment::payload(&bytes, self.bytes)
            .ok_or_else(|| SpoolError::damaged(name(), "has a broken commit"))?;
        if sha256(&payload) != *expected {
            return Err(SpoolError::damaged(name(), "is not what the entry says"));
        }
        Ok(payload)
    }
}
