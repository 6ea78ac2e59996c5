//! What exporters that send segments on see of the spool: what they are owed, line by line, and
//! how they say how far they are.

use std::io::Read;

use crate::chain::Chain;
use crate::commit::Receipt;
use crate::compress::inflate;
use crate::config::Compression;
use crate::delivery::Progress;
use crate::entry::Subject;
use crate::error::SpoolError;
use crate::place::{Part, Place};
use crate::segment::Commits;

/// A sealed segment that is owed to an exporter.
#[derive(Debug, Clone)]
pub struct OwedSegment {
    pub seq: u64,
    /// 16 hex digits.
    pub segment: String,
    /// `traces`, `logs` or `metrics`.
    pub signal: String,
    /// How far the exporter is.
    pub progress: Progress,
    /// Lines of the segment, each what is left of one request.
    pub lines: u64,
    bytes: u64,
    place: Place,
}

/// A line of a segment, and the request that it is left of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwedLine {
    /// The line's number in the segment, from 0.
    pub number: u64,
    pub digest: [u8; 16],
    /// OTLP/JSON, without the line's end.
    pub text: Vec<u8>,
}

impl OwedSegment {
    /// Open the segment to read the lines that are not settled.
    ///
    /// # Errors
    /// `Damaged` where it is not what its entry says; `Io` where it cannot be read.
    pub fn open(&self) -> Result<OwedLines, SpoolError> {
        let name = format!("outbox/{:012}.seg", self.seq);
        let file = self
            .place
            .open_if_there(&self.place.part(self.seq, Part::Segment))?
            .ok_or_else(|| SpoolError::damaged(&name, "is missing"))?;
        let commits = Commits::open(file)
            .map_err(SpoolError::io("read"))?
            .ok_or_else(|| SpoolError::damaged(&name, "has a broken header"))?;
        Ok(OwedLines {
            compression: commits.compression(),
            name,
            commits,
            left: self.bytes,
            next: 0,
            from: self.progress.lines,
        })
    }
}

/// The lines of a segment, a commit's at a time.
pub struct OwedLines {
    name: String,
    commits: Commits<Box<dyn Read + Send>>,
    compression: Compression,
    /// Bytes of the payloads that were not read.
    left: u64,
    next: u64,
    from: u64,
}

impl OwedLines {
    /// The lines of the next commit that has any that are not settled; `None` at the end.
    ///
    /// # Errors
    /// `Damaged` where the segment is not what its entry says; `Io` where it cannot be read.
    pub fn next_commit(&mut self) -> Result<Option<Vec<OwedLine>>, SpoolError> {
        let damaged = |name: &str| SpoolError::damaged(name, "has a broken commit");
        while self.left > 0 {
            let commit = self.commits.next();
            let commit = commit.map_err(SpoolError::io("read"))?;
            let commit = commit
                .filter(|commit| commit.payload.len() as u64 <= self.left)
                .ok_or_else(|| damaged(&self.name))?;
            self.left -= commit.payload.len() as u64;
            let first = self.next;
            let receipts: Vec<Receipt> = Receipt::read_all(commit.lines).collect();
            self.next += receipts.len() as u64;
            if self.next <= self.from {
                continue;
            }
            let text = inflate(self.compression, commit.payload)
                .map_err(|_| SpoolError::damaged(&self.name, "cannot be inflated"))?;
            let lines: Vec<&[u8]> = match text.strip_suffix(b"\n") {
                Some(text) => text.split(|byte| *byte == b'\n').collect(),
                None => Vec::new(),
            };
            if lines.len() != receipts.len() {
                return Err(SpoolError::damaged(
                    &self.name,
                    "has other lines than requests",
                ));
            }
            let lines = (first..).zip(receipts).zip(lines);
            let owed = lines.filter(|((number, _), _)| *number >= self.from);
            let owed = owed.map(|((number, receipt), text)| OwedLine {
                number,
                digest: receipt.digest,
                text: text.to_vec(),
            });
            return Ok(Some(owed.collect()));
        }
        Ok(None)
    }
}

impl Chain {
    /// The first segment that is owed to an exporter.
    pub(crate) fn owed_to(&self, exporter: &str) -> Option<OwedSegment> {
        self.deliveries.iter().find_map(|(&seq, delivery)| {
            Some(OwedSegment {
                seq,
                progress: delivery.owed_to(exporter)?,
                segment: delivery.segment.clone(),
                signal: delivery.signal.clone(),
                lines: delivery.lines,
                bytes: delivery.bytes,
                place: self.place.clone(),
            })
        })
    }

    /// Remember, durably, how far an exporter is with a segment.
    pub(crate) fn advance(
        &mut self,
        seq: u64,
        exporter: &str,
        progress: Progress,
    ) -> Result<(), SpoolError> {
        match self.deliveries.get_mut(&seq) {
            Some(delivery) if delivery.owed_to(exporter).is_some() => {
                delivery.write(&self.place, seq, exporter, progress, false)
            }
            _ => Ok(()),
        }
    }

    /// An exporter has settled every line of a segment: record it in the chain, and let the
    /// segment go if all have it. Should a crash come between the two, it is recorded twice; the
    /// later entry counts.
    pub(crate) fn finish(
        &mut self,
        seq: u64,
        exporter: &str,
        progress: Progress,
    ) -> Result<(), SpoolError> {
        let Some(delivery) = self.deliveries.get(&seq) else {
            return Ok(());
        };
        if delivery.owed_to(exporter).is_none() {
            return Ok(());
        }
        let forwarded = Box::new(delivery.forwarded(exporter, progress));
        self.extend(&Subject::Forwarded(forwarded), None)?;
        if let Some(delivery) = self.deliveries.get_mut(&seq) {
            delivery.write(&self.place, seq, exporter, progress, true)?;
        }
        self.settle(seq)?;
        self.forget_done()
    }

    /// Finish all that is owed to an exporter, as abandoned; gives how many segments and records.
    pub(crate) fn give_up(&mut self, exporter: &str) -> Result<(u64, u64), SpoolError> {
        let of_exporter = self.deliveries.iter().filter_map(|(&seq, delivery)| {
            let before = delivery.owed_to(exporter)?;
            Some((seq, before, delivery.given_up(exporter)?))
        });
        let mut given_up = (0, 0);
        for (seq, before, progress) in of_exporter.collect::<Vec<_>>() {
            self.finish(seq, exporter, progress)?;
            given_up.0 += 1;
            given_up.1 += progress.abandoned - before.abandoned;
        }
        Ok(given_up)
    }

    /// Let a segment go that the store has confirmed and every exporter has finished with. One of
    /// which a receiver did not take all, and that no store has, is set aside.
    pub(crate) fn settle(&mut self, seq: u64) -> Result<(), SpoolError> {
        let Some(delivery) = self.deliveries.get(&seq) else {
            return Ok(());
        };
        if !delivery.confirmed || !delivery.is_finished() {
            return Ok(());
        }
        let segment = self.place.part(seq, Part::Segment);
        if delivery.must_be_kept() {
            let aside = self.place.refused_segment(&delivery.segment);
            if self.place.open_if_there(&segment)?.is_some() {
                self.place.rename(&segment, &aside)?;
            }
        } else {
            self.place.remove_if_there(&segment)?;
        }
        self.place.sync_outbox()?;
        self.deliveries.remove(&seq);
        self.place
            .remove_if_there(&self.place.part(seq, Part::Sent))
    }
}
