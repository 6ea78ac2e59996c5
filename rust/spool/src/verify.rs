//! Whether what lies in a spool's folder is whole: sums, hashes and the chain, for people. Nothing is
//! changed, and another process may hold the spool meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use crate::entry::{Entry, NO_PREVIOUS, sha256};
use crate::error::SpoolError;
use crate::file_system::FileSystem;
use crate::hold::HeldPart;
use crate::outbox::OutboxItem;
use crate::place::{Part, Place};
use crate::segment::{Commits, holds_commits, scan};

/// What was looked at, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Entries of the chain that are still here.
    pub entries: u64,
    /// Segments, open and sealed.
    pub segments: u64,
    /// Bytes of their blobs.
    pub bytes: u64,
    /// Logs with records that wait.
    pub logs: u64,
    /// Bytes behind the last commit of open segments: writes under way, or cut off by a crash.
    /// Nobody was told that they are stored.
    pub unfinished_bytes: u64,
    pub faults: Vec<Fault>,
}

/// Something that no crash explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file, relative to the spool.
    pub file: String,
    pub reason: String,
}

impl Verified {
    fn fault(&mut self, file: impl Into<String>, reason: impl Into<String>) {
        self.faults.push(Fault {
            file: file.into(),
            reason: reason.into(),
        });
    }
}

/// Read all that a spool holds and check it.
///
/// # Errors
/// `Io` where a folder or a file cannot be read.
pub fn verify(path: &Path, fs: Arc<dyn FileSystem>) -> Result<Verified, SpoolError> {
    let place = Place {
        fs,
        root: path.to_owned(),
    };
    let mut verified = Verified::default();
    verify_outbox(&place, &mut verified)?;
    verify_open(&place, &mut verified)?;
    verify_held(&place, &mut verified)?;
    Ok(verified)
}

fn verify_outbox(place: &Place, verified: &mut Verified) -> Result<(), SpoolError> {
    let mut files: BTreeMap<u64, BTreeSet<Part>> = BTreeMap::new();
    for (seq, part) in place.outbox_parts()? {
        files.entry(seq).or_default().insert(part);
    }
    // Of two entries that follow each other here, the later one names the hash of the earlier.
    let mut before: Option<(u64, String, String)> = None;
    for (&seq, parts) in &files {
        let Some(part) = [Part::Entry, Part::Done]
            .into_iter()
            .find(|part| parts.contains(part))
        else {
            continue;
        };
        let Some(bytes) = read_entry(place, seq)? else {
            continue;
        };
        let file = format!("outbox/{seq:012}.{}", part.extension());
        let Some(entry) = Entry::read(&bytes).filter(|entry| entry.seq == seq) else {
            verified.fault(file, "is not an entry of this chain");
            before = None;
            continue;
        };
        verified.entries += 1;
        match &before {
            Some((last, ..)) if last + 1 != seq && part == Part::Entry => {
                verified.fault(&file, "follows a gap");
            }
            Some((last, hash, instance))
                if last + 1 == seq && (*hash != entry.previous || *instance != entry.instance) =>
            {
                verified.fault(&file, "does not follow the entry before");
            }
            None if seq == 0 && entry.previous != NO_PREVIOUS => {
                verified.fault(&file, "does not begin a chain");
            }
            _ => {}
        }
        before = Some((seq, sha256(&bytes), entry.instance.clone()));
        if part == Part::Entry {
            verify_sealed(place, seq, &entry, verified)?;
        }
    }
    Ok(())
}

/// An entry's bytes; `None` where it was confirmed and forgotten meanwhile.
fn read_entry(place: &Place, seq: u64) -> Result<Option<Vec<u8>>, SpoolError> {
    for part in [Part::Entry, Part::Done] {
        if let Some(bytes) = place.read_if_there(&place.part(seq, part))? {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

/// Check the receipts and the blob of an entry that waits, as an upload would.
fn verify_sealed(
    place: &Place,
    seq: u64,
    entry: &Entry,
    verified: &mut Verified,
) -> Result<(), SpoolError> {
    let Some(sealed) = &entry.sealed else {
        return Ok(());
    };
    verified.segments += 1;
    verified.bytes += sealed.blob.as_ref().map_or(0, |blob| blob.bytes);
    let checked = OutboxItem::read(place, seq).and_then(|item| item.verify());
    match checked {
        Err(SpoolError::Damaged { file, reason }) => {
            // Confirmed meanwhile, or between the two renames of its sealing.
            let waits = place
                .read_if_there(&place.part(seq, Part::Entry))?
                .is_some();
            let sealing = place.open_segments()?.contains(&sealed.segment);
            if waits && !sealing {
                verified.fault(file, reason);
            }
            Ok(())
        }
        checked => checked,
    }
}

fn verify_open(place: &Place, verified: &mut Verified) -> Result<(), SpoolError> {
    for segment in place.open_segments()? {
        let Some(bytes) = place.read_if_there(&place.open_segment(&segment))? else {
            continue;
        };
        let file = format!("open/{segment}.seg");
        match scan(&bytes) {
            Some(scan) => {
                verified.segments += 1;
                verified.bytes += scan.summary.payload_bytes;
                verified.unfinished_bytes += (bytes.len() - scan.valid) as u64;
                if scan.damaged {
                    verified.fault(file, "has a broken commit before whole ones");
                }
            }
            None if holds_commits(&bytes) => verified.fault(file, "has a broken header"),
            None => verified.unfinished_bytes += bytes.len() as u64,
        }
    }
    for segment in place.damaged_segments()? {
        let file = format!("open/{segment}.damaged");
        verified.fault(file, "was found broken at a start and is kept aside");
    }
    Ok(())
}

/// Check that every commit of the logs that counts is whole, its held parts too.
fn verify_held(place: &Place, verified: &mut Verified) -> Result<(), SpoolError> {
    for log in place.logs()? {
        let path = place.log(&log);
        let Some(bytes) = place.read_if_there(&path)? else {
            continue;
        };
        verified.logs += 1;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let file = format!("held/{name}");
        let Some(mut commits) = Commits::open(&bytes[..]).map_err(SpoolError::io("read"))? else {
            verified.fault(file, "has a broken header");
            continue;
        };
        while commits.ordinal < log.commits {
            let commit = commits.next().map_err(SpoolError::io("read"))?;
            if commit.is_none_or(|commit| HeldPart::decode(commit.held).is_none()) {
                verified.fault(file, "has a broken commit");
                break;
            }
        }
    }
    Ok(())
}
