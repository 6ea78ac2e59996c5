//! What lies in a spool's folder, for people: open segments, the outbox and what is held.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use crate::entry::Entry;
use crate::error::SpoolError;
use crate::file_system::FileSystem;
use crate::place::{Part, Place};
use crate::segment::{Header, scan};

/// How far a segment or an entry has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Takes commits, or was left open.
    Open,
    /// Waits for the store's confirmation.
    Waiting,
    /// Confirmed, and still needed here.
    Confirmed,
    /// Confirmed, and owed to an exporter that sends it on.
    Owed,
    /// A log with records that wait for a decision, or that tells of those in other logs.
    Held,
}

/// One segment or entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    pub state: State,
    /// The entry's number, once there is one.
    pub seq: Option<u64>,
    /// `segment`, `log`, or another kind of entry.
    pub kind: &'static str,
    pub segment: Option<String>,
    pub class: Option<String>,
    pub lines: u64,
    /// Bytes of the blob, or of the log's file.
    pub bytes: u64,
    /// When the segment was opened or the entry written.
    pub at_unix_nano: u64,
}

/// List a spool, which another process may hold: what goes while this looks is left out.
///
/// # Errors
/// `Io` where the folder cannot be read.
pub fn list(path: &Path, fs: Arc<dyn FileSystem>) -> Result<Vec<Listed>, SpoolError> {
    let place = Place {
        fs,
        root: path.to_owned(),
    };
    let mut listed = Vec::new();
    let parts = place.outbox_parts()?;
    for &(seq, part) in &parts {
        let is_here = || parts.contains(&(seq, Part::Segment));
        let state = match part {
            Part::Entry => State::Waiting,
            Part::Done if is_here() => State::Owed,
            Part::Done => State::Confirmed,
            Part::Segment
            | Part::Lines
            | Part::Silent
            | Part::Draft
            | Part::Copy
            | Part::Sent
            | Part::SentDraft => continue,
        };
        let Some(bytes) = place.read_if_there(&place.part(seq, part))? else {
            continue;
        };
        listed.extend(Entry::read(&bytes).map(|entry| of_entry(state, entry)));
    }
    for segment in place.open_segments()? {
        let Some(bytes) = place.read_if_there(&place.open_segment(&segment))? else {
            continue;
        };
        listed.extend(scan(&bytes).map(|scan| Listed {
            state: State::Open,
            seq: None,
            kind: "segment",
            segment: Some(segment),
            class: Some(scan.header.class),
            lines: scan.summary.line_count(),
            bytes: scan.summary.payload_bytes,
            at_unix_nano: scan.header.opened_unix_nano,
        }));
    }
    for log in place.logs()? {
        let Some(bytes) = place.read_if_there(&place.log(&log))? else {
            continue;
        };
        listed.extend(Header::read(&bytes).map(|(header, ..)| Listed {
            state: State::Held,
            seq: None,
            kind: "log",
            segment: Some(log.segment),
            class: Some(header.class),
            lines: 0,
            bytes: bytes.len() as u64,
            at_unix_nano: header.opened_unix_nano,
        }));
    }
    Ok(listed)
}

fn of_entry(state: State, entry: Entry) -> Listed {
    let at_unix_nano = entry.at_ns();
    let (segment, class, blob) = match entry.sealed {
        Some(sealed) => (Some(sealed.segment), Some(sealed.class), sealed.blob),
        None => (None, None, None),
    };
    Listed {
        state,
        seq: Some(entry.seq),
        kind: entry.kind.as_str(),
        segment,
        class,
        lines: blob.as_ref().map_or(0, |blob| blob.lines),
        bytes: blob.map_or(0, |blob| blob.bytes),
        at_unix_nano,
    }
}
