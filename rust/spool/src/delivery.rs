//! Segments on their way to exporters that send them on, and how far each has come.
//!
//! A segment's entry names the exporters that it is owed to. Its file stays until the store has
//! confirmed the entry and every exporter has finished. How far they are stands in
//! `outbox/<seq>.sent`, which is replaced as a whole and durably; without it, nothing was sent.
//! What a crash takes back of it is sent again. The segment goes, durably, before that file does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::entry::{Entry, Forwarded};
use crate::error::SpoolError;
use crate::place::{Part, Place};

/// How far one exporter is with one segment. Records are spans, log records or data points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Lines that are settled, from the first one on.
    pub lines: u64,
    /// Records that the receiver took.
    pub sent: u64,
    /// Records that the receiver rejected out of requests that it took.
    pub rejected: u64,
    /// Records in requests that the receiver refused for good.
    pub refused: u64,
    /// Records in requests that were given up because the configuration said so.
    pub abandoned: u64,
}

impl Progress {
    /// Whether the receiver did not take all of it.
    #[must_use]
    pub fn lacks(&self) -> bool {
        self.rejected + self.refused + self.abandoned > 0
    }
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Standing {
    #[serde(flatten)]
    progress: Progress,
    finished: bool,
}

/// One segment that is owed to exporters.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) segment: String,
    pub(crate) signal: String,
    pub(crate) class: String,
    pub(crate) hour: String,
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    /// Records in its lines.
    pub(crate) records: u64,
    standings: BTreeMap<String, Standing>,
    /// The store has the entry and what belongs to it.
    pub(crate) confirmed: bool,
    /// No store has the segment's blob.
    pub(crate) only_here: bool,
}

impl Delivery {
    /// What an entry owes to exporters, from the start.
    pub(crate) fn of(entry: &Entry) -> Option<Self> {
        let sealed = entry.sealed.as_ref()?;
        let owed = sealed.forward.as_ref()?;
        let standing = |exporter: &String| (exporter.clone(), Standing::default());
        Some(Self {
            segment: sealed.segment.clone(),
            signal: sealed.signal.clone(),
            class: sealed.class.clone(),
            hour: entry.hour()?.to_string(),
            lines: owed.lines,
            bytes: owed.bytes,
            records: sealed.counts.stored,
            standings: owed.exporters.iter().map(standing).collect(),
            confirmed: false,
            only_here: sealed.blob.is_none(),
        })
    }

    /// What an entry owes to exporters, as far as they were when this spool was open last.
    pub(crate) fn read(place: &Place, entry: &Entry) -> Result<Option<Self>, SpoolError> {
        let Some(mut delivery) = Self::of(entry) else {
            return Ok(None);
        };
        if let Some(bytes) = place.read_if_there(&place.part(entry.seq, Part::Sent))? {
            let standings: BTreeMap<String, Standing> =
                serde_json::from_slice(&bytes).map_err(|_| {
                    let file = format!("outbox/{:012}.sent", entry.seq);
                    SpoolError::damaged(file, "does not say how far a segment was sent")
                })?;
            for (exporter, standing) in standings {
                if let Some(known) = delivery.standings.get_mut(&exporter) {
                    *known = standing;
                }
            }
        }
        Ok(Some(delivery))
    }

    /// How far an exporter is, if it has not finished.
    pub(crate) fn owed_to(&self, exporter: &str) -> Option<Progress> {
        let standing = self.standings.get(exporter)?;
        (!standing.finished).then_some(standing.progress)
    }

    /// How far an exporter is that is to have nothing more of it: the rest is abandoned.
    pub(crate) fn given_up(&self, exporter: &str) -> Option<Progress> {
        let progress = self.owed_to(exporter)?;
        let settled = progress.sent + progress.rejected + progress.refused + progress.abandoned;
        Some(Progress {
            lines: self.lines,
            abandoned: progress.abandoned + self.records.saturating_sub(settled),
            ..progress
        })
    }

    /// Exporters that have not finished.
    pub(crate) fn open_exporters(&self) -> impl Iterator<Item = &str> {
        let open = self.standings.iter().filter(|(_, one)| !one.finished);
        open.map(|(exporter, _)| exporter.as_str())
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.standings.values().all(|standing| standing.finished)
    }

    /// Whether records are neither at a receiver nor in a store.
    pub(crate) fn must_be_kept(&self) -> bool {
        self.only_here && self.standings.values().any(|one| one.progress.lacks())
    }

    /// What the chain records of an exporter that has finished.
    pub(crate) fn forwarded(&self, exporter: &str, progress: Progress) -> Forwarded {
        Forwarded {
            segment: self.segment.clone(),
            signal: self.signal.clone(),
            class: self.class.clone(),
            hour: self.hour.clone(),
            exporter: exporter.to_owned(),
            progress,
        }
    }

    /// Remember, durably, how far an exporter is.
    pub(crate) fn write(
        &mut self,
        place: &Place,
        seq: u64,
        exporter: &str,
        progress: Progress,
        finished: bool,
    ) -> Result<(), SpoolError> {
        let mut standings = self.standings.clone();
        let standing = Standing { progress, finished };
        standings.insert(exporter.to_owned(), standing);
        let bytes = serde_json::to_vec(&standings).expect("a map with texts as keys");
        let draft = place.part(seq, Part::SentDraft);
        place.write_new(&draft, &bytes)?;
        place.rename(&draft, &place.part(seq, Part::Sent))?;
        place.sync_outbox()?;
        self.standings = standings;
        Ok(())
    }
}
