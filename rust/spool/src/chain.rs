//! The chain of entries, and the outbox that they wait in.
//!
//! # Sealing, and each place where it may stop
//! Entry N goes out in this order: `N.lines` and `N.tmp` are written and synced, then the outbox
//! (1), `N.tmp` becomes `N.json` and `open/<id>.seg` becomes `N.seg`, then the outbox and `open`
//! are synced (2). Only then is N offered for upload, and N + 1 begun.
//! - A stop before (2) leaves any of the two renames done. `N.json` decides: with it, recovery
//!   moves the segment to it, and all that it names was durable at (1); without it, recovery moves
//!   the segment back and seals it again. N may get other bytes then, and that is well: it was
//!   never offered.
//! - After (2) N has its bytes for good. Its upload may be repeated at will.
//! - A failure that is no crash leaves the same states. The chain remembers that N is soiled, and
//!   takes back whatever of it is there, durably, before N is tried again.
//!
//! A log (see `logs`) goes another way: `N.copy` and `N.silent`, its silent receipts, are written
//! before (1), then `N.copy` becomes `N.seg`, and after (2) the log moves to `held`. Recovery moves
//! it where that did not happen; taking N back begins with it.
//!
//! # Confirming
//! `N.json` becomes `N.done`, the outbox is synced, and only then `N.seg` goes. A stop before the
//! sync repeats the upload with the same bytes; after it, recovery removes what is left.
//! The last `.done` stays as the chain's head until the next is durable, so an uploaded number is
//! never given out again. A segment's stays until its hour is closed, and the last `hour_closed`
//! stays, so that no hour is closed twice. A segment that exporters send on stays, with its entry,
//! until all have finished: see `delivery`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::ack::Ack;
use crate::clock::{Clock, Hour};
use crate::delivery::Delivery;
use crate::entry::{Entry, Kind, Link, Repeated, Subject, sha256};
use crate::error::SpoolError;
use crate::logs::Log;
use crate::place::{Part, Place};

/// Time between heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(300);

/// Who writes the chain.
#[derive(Debug, Clone)]
pub(crate) struct Author {
    pub(crate) instance: String,
    pub(crate) region: String,
    pub(crate) environment: String,
}

/// An entry that waits for confirmation.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) record: Record,
    /// Bytes of the segment's blob.
    pub(crate) bytes: u64,
    /// Appends that are answered at confirmation.
    acks: Vec<Ack>,
}

/// What the chain remembers of an entry.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    pub(crate) at_ns: u64,
    pub(crate) sha256: String,
    /// The hour of a segment, or the closed one.
    pub(crate) hour: Option<Hour>,
    /// Receipts stand in `<seq>.lines`.
    pub(crate) has_lines: bool,
    /// Receipts stand in `<seq>.silent`.
    pub(crate) has_silent: bool,
}

impl Record {
    pub(crate) fn of(entry: &Entry, bytes: &[u8]) -> Self {
        let sealed = entry.sealed.as_ref();
        let lines = sealed.and_then(|sealed| sealed.lines_sha256.as_ref());
        Self {
            kind: entry.kind,
            at_ns: entry.at_ns(),
            sha256: sha256(bytes),
            hour: entry.hour(),
            has_lines: lines.is_some(),
            has_silent: false,
        }
    }
}

/// A segment on its way into the chain.
pub(crate) struct Sealing<'a> {
    pub(crate) segment: &'a str,
    pub(crate) lines: &'a [u8],
    pub(crate) bytes: u64,
    /// It holds records back, or lets them go.
    pub(crate) log: Option<SealedLog<'a>>,
    /// Taken when the entry is durable.
    pub(crate) acks: &'a mut Vec<Ack>,
}

/// What sealing a log keeps beside what the store gets.
pub(crate) struct SealedLog<'a> {
    pub(crate) log: Log,
    /// `Receipt`s of the requests that left no line.
    pub(crate) silent: &'a [u8],
}

#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) place: Place,
    clock: Arc<dyn Clock>,
    author: Author,
    next: u64,
    previous: String,
    last_at_ns: u64,
    /// Files of entry `next` may lie about; the id of the segment that may be among them.
    soiled: Option<Option<String>>,
    pub(crate) waiting: BTreeMap<u64, Waiting>,
    /// The entry at the head was renamed, but not durably.
    half_confirmed: bool,
    done: BTreeMap<u64, Record>,
    /// Segments of each hour that is not closed; an hour without any was lived through.
    hours: BTreeMap<Hour, Vec<u64>>,
    closed: Option<Hour>,
    heartbeat_at: Duration,
    lines_kept_ns: u64,
    /// Segments that exporters have not finished with, or the store has not confirmed.
    pub(crate) deliveries: BTreeMap<u64, Delivery>,
}

impl Chain {
    /// Go on from what recovery found: entries that wait, and confirmed ones that are still here.
    pub(crate) fn new(
        place: Place,
        clock: Arc<dyn Clock>,
        author: Author,
        waiting: BTreeMap<u64, Waiting>,
        done: BTreeMap<u64, Record>,
        deliveries: BTreeMap<u64, Delivery>,
        lines_kept_ns: u64,
    ) -> Self {
        let records = || {
            done.iter()
                .chain(waiting.iter().map(|(seq, item)| (seq, &item.record)))
        };
        let closed = records()
            .filter(|(_, record)| record.kind == Kind::HourClosed)
            .filter_map(|(_, record)| record.hour)
            .max();
        let mut hours: BTreeMap<Hour, Vec<u64>> = BTreeMap::new();
        for (seq, record) in records() {
            hours.entry(Hour::of(record.at_ns)).or_default();
            if let (Kind::Segment, Some(hour)) = (record.kind, record.hour) {
                hours.entry(hour).or_default().push(*seq);
            }
        }
        hours.retain(|hour, _| closed.is_none_or(|closed| *hour > closed));
        let last = records()
            .next_back()
            .map(|(seq, record)| (*seq, record.clone()));
        let heartbeat_at = clock.elapsed() + HEARTBEAT;
        Self {
            next: last.as_ref().map_or(0, |(seq, _)| seq + 1),
            previous: last
                .as_ref()
                .map_or(crate::entry::NO_PREVIOUS.to_owned(), |(_, record)| {
                    record.sha256.clone()
                }),
            last_at_ns: last.map_or(0, |(_, record)| record.at_ns),
            place,
            clock,
            author,
            soiled: None,
            waiting,
            half_confirmed: false,
            done,
            hours,
            closed,
            heartbeat_at,
            lines_kept_ns,
            deliveries,
        }
    }

    /// The earliest hour that a segment may still open in.
    pub(crate) fn latest_hour(&self) -> Hour {
        let known = self.hours.keys().next_back().copied();
        let after_closed = self.closed.map(Hour::next);
        Hour::of(self.last_at_ns).max(known.max(after_closed).unwrap_or_default())
    }

    /// Remember that an hour was lived through, and a segment of it.
    fn live(&mut self, hour: Hour, segment: Option<u64>) {
        if self.closed.is_none_or(|closed| hour > closed) {
            self.hours.entry(hour).or_default().extend(segment);
        }
    }

    /// When an entry was written that waits or is still here.
    pub(crate) fn written_at_ns(&self, seq: u64) -> u64 {
        let waiting = self.waiting.get(&seq).map(|item| &item.record);
        let record = waiting.or_else(|| self.done.get(&seq));
        record.map_or(self.last_at_ns, |record| record.at_ns)
    }

    pub(crate) fn failing(&self) -> bool {
        self.soiled.is_some()
    }

    /// Make the next entry durable and offer it; the sealed segment, if it is one's, goes with it.
    pub(crate) fn extend(
        &mut self,
        subject: &Subject,
        sealing: Option<Sealing<'_>>,
    ) -> Result<(), SpoolError> {
        self.take_back()?;
        let seq = self.next;
        let at_ns = self.clock.unix_ns().max(self.last_at_ns);
        let entry = Entry::new(
            &Link {
                instance: &self.author.instance,
                seq,
                previous: &self.previous,
                region: &self.author.region,
                environment: &self.author.environment,
                at_ns,
            },
            subject,
        );
        let bytes = entry.write(subject);

        self.soiled = Some(sealing.as_ref().map(|sealing| sealing.segment.to_owned()));
        let draft = self.place.part(seq, Part::Draft);
        self.place.write_new(&draft, &bytes)?;
        let mut record = Record::of(&entry, &bytes);
        if let Some(sealing) = sealing.as_ref().filter(|_| record.has_lines) {
            self.place
                .write_new(&self.place.part(seq, Part::Lines), sealing.lines)?;
        }
        let log = sealing.as_ref().and_then(|sealing| sealing.log.as_ref());
        if let Some(SealedLog { log, silent }) = log {
            self.place
                .copy_blob(log, &self.place.part(seq, Part::Copy))?;
            record.has_silent = !silent.is_empty();
            if record.has_silent {
                self.place
                    .write_new(&self.place.part(seq, Part::Silent), silent)?;
            }
        }
        self.place.sync_outbox()?;
        self.place
            .rename(&draft, &self.place.part(seq, Part::Entry))?;
        let sealed = self.place.part(seq, Part::Segment);
        if let Some(sealing) = &sealing {
            let from = match log {
                Some(_) => self.place.part(seq, Part::Copy),
                None => self.place.open_segment(sealing.segment),
            };
            self.place.rename(&from, &sealed)?;
        }
        self.place.sync_outbox()?;
        if let Some(SealedLog { log, .. }) = log {
            // Only now: without its entry, nothing says that a log in `held` is to be sealed.
            let open = self.place.open_segment(&log.segment);
            self.place.rename(&open, &self.place.log(log))?;
            self.place.sync_held()?;
        }
        if sealing.is_some() {
            self.place.sync_open()?;
        }
        self.soiled = None;

        self.next = seq + 1;
        self.previous.clone_from(&record.sha256);
        self.last_at_ns = at_ns;
        self.live(Hour::of(at_ns), None);
        if let (Kind::Segment, Some(hour)) = (record.kind, record.hour) {
            self.live(hour, Some(seq));
        }
        if let Some(delivery) = Delivery::of(&entry) {
            self.deliveries.insert(seq, delivery);
        }
        let (bytes, acks) = sealing.map_or((0, vec![]), |sealing| {
            (sealing.bytes, std::mem::take(sealing.acks))
        });
        let item = Waiting {
            record,
            bytes,
            acks,
        };
        self.waiting.insert(seq, item);
        Ok(())
    }

    /// Undo, durably, what a failed attempt left of the next entry.
    fn take_back(&mut self) -> Result<(), SpoolError> {
        let Some(segment) = self.soiled.clone() else {
            return Ok(());
        };
        if let Some(segment) = &segment {
            self.place.reopen_log(segment)?;
        }
        // The entry goes first and durably: while it may be there, all that it names must be.
        self.place
            .remove_if_there(&self.place.part(self.next, Part::Entry))?;
        self.place.sync_outbox()?;
        for (seq, part) in self.place.outbox_parts()? {
            if seq != self.next {
                continue;
            }
            let path = self.place.part(seq, part);
            match (part, &segment) {
                (Part::Segment, Some(segment)) => self.place.reopen(seq, segment)?,
                _ => self.place.remove_if_there(&path)?,
            }
        }
        if segment.is_some() {
            self.place.sync_open()?;
        }
        self.place.sync_outbox()?;
        self.soiled = None;
        Ok(())
    }

    /// The store has entry `seq` and all that belongs to it.
    pub(crate) fn confirm(&mut self, seq: u64) -> Result<(), SpoolError> {
        let Some(mut first) = self.waiting.first_entry() else {
            return if seq < self.next {
                Ok(())
            } else {
                Err(SpoolError::OutOfOrder { seq })
            };
        };
        if *first.key() != seq {
            let before = seq < *first.key();
            return if before {
                Ok(())
            } else {
                Err(SpoolError::OutOfOrder { seq })
            };
        }
        // The store has it, whatever this disk says.
        for ack in first.get_mut().acks.drain(..) {
            ack.send();
        }
        let entry = self.place.part(seq, Part::Entry);
        let done = self.place.part(seq, Part::Done);
        if !self.half_confirmed {
            self.place.rename(&entry, &done)?;
            self.half_confirmed = true;
        }
        self.place.sync_outbox()?;
        self.half_confirmed = false;

        let record = first.remove().record;
        let is_segment = record.kind == Kind::Segment;
        self.done.insert(seq, record);
        match self.deliveries.get_mut(&seq) {
            Some(delivery) => {
                delivery.confirmed = true;
                self.settle(seq)?;
            }
            None if is_segment => self
                .place
                .remove_if_there(&self.place.part(seq, Part::Segment))?,
            None => {}
        }
        self.forget_done()
    }

    /// Remove confirmed entries that nothing needs any more. Of those removed in vain, recovery
    /// removes again.
    pub(crate) fn forget_done(&mut self) -> Result<(), SpoolError> {
        let now_ns = self.clock.unix_ns();
        let head = self.done.keys().next_back().copied();
        let last_closed = self
            .done
            .iter()
            .rfind(|(_, record)| record.kind == Kind::HourClosed);
        let last_closed = last_closed.map(|(seq, _)| *seq);
        let needed = |seq: u64, record: &Record| {
            let hour_open = record.kind == Kind::Segment
                && record
                    .hour
                    .is_some_and(|hour| self.hours.contains_key(&hour));
            let fresh = record.at_ns.saturating_add(self.lines_kept_ns) >= now_ns;
            let receipts_fresh = (record.has_lines || record.has_silent) && fresh;
            let owed = self.deliveries.contains_key(&seq);
            Some(seq) == head || Some(seq) == last_closed || hour_open || receipts_fresh || owed
        };
        let gone: Vec<(u64, bool, bool)> = self
            .done
            .iter()
            .filter(|(seq, record)| !needed(**seq, record))
            .map(|(seq, record)| (*seq, record.has_lines, record.has_silent))
            .collect();
        for (seq, has_lines, has_silent) in gone {
            for (_, part) in [(has_lines, Part::Lines), (has_silent, Part::Silent)]
                .into_iter()
                .filter(|(has, _)| *has)
            {
                self.place.remove_if_there(&self.place.part(seq, part))?;
            }
            self.place
                .remove_if_there(&self.place.part(seq, Part::Done))?;
            self.done.remove(&seq);
        }
        Ok(())
    }

    /// The first hour that is not closed.
    pub(crate) fn first_open_hour(&self) -> Option<Hour> {
        self.hours.keys().next().copied()
    }

    /// Close an hour: no segment of it is unsealed, and none can come.
    pub(crate) fn close_hour(&mut self, hour: Hour) -> Result<(), SpoolError> {
        let mut entries = Vec::new();
        for &seq in self.hours.get(&hour).into_iter().flatten() {
            let (part, record) = match self.waiting.get(&seq) {
                Some(item) => (Part::Entry, &item.record),
                None => match self.done.get(&seq) {
                    Some(record) => (Part::Done, record),
                    None => continue,
                },
            };
            // Half confirmed, it bears the other name.
            let (first, second) = match part {
                Part::Entry => (Part::Entry, Part::Done),
                _ => (Part::Done, Part::Entry),
            };
            let bytes = match self.place.read_if_there(&self.place.part(seq, first))? {
                Some(bytes) => Some(bytes),
                None => self.place.read_if_there(&self.place.part(seq, second))?,
            };
            entries.push(Repeated {
                sha256: record.sha256.clone(),
                bytes: bytes.ok_or_else(|| missing(seq))?,
            });
        }
        self.extend(&Subject::HourClosed(hour, entries), None)?;
        self.hours.remove(&hour);
        self.closed = Some(hour);
        Ok(())
    }

    /// Write the heartbeat that is due, if one is.
    pub(crate) fn beat(&mut self) -> Result<(), SpoolError> {
        if self.clock.elapsed() < self.heartbeat_at {
            return Ok(());
        }
        self.extend(&Subject::Heartbeat, None)?;
        self.heartbeat_at = self.clock.elapsed() + HEARTBEAT;
        Ok(())
    }

    /// Let go of all who wait for a confirmation that this process will not see.
    pub(crate) fn drop_acks(&mut self) {
        for item in self.waiting.values_mut() {
            item.acks.clear();
        }
    }
}

impl Waiting {
    pub(crate) fn recovered(record: Record, bytes: u64) -> Self {
        Self {
            record,
            bytes,
            acks: Vec::new(),
        }
    }
}

fn missing(seq: u64) -> SpoolError {
    SpoolError::damaged(format!("outbox/{seq:012}.json"), "is missing")
}
