//! A committer and its class's hold: parts go in once they are durable, releases are committed
//! before anything else.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::commit::Commit;
use crate::compress::zstd_compressor;
use crate::error::{Refusal, SpoolError};
use crate::group::Group;
use crate::hold::{HeldPart, Level, Release};
use crate::logs::{Holding, Log, LogPlace};
use crate::segment::Header;
use crate::shared::{Shared, lock};
use crate::stats::ClassStats;
use crate::writer::Writer;

/// A class's hold, at its committer's hand.
pub(crate) struct Keeper {
    holding: Holding,
    /// What was decided and is not written yet. No request is taken before it is: a restart would
    /// read of the request first, and let it go with what the marks speak of.
    pending: Option<Release>,
    next: LogPlace,
    /// As the class's counts have it.
    told: (Level, u64),
    zstd: zstd::bulk::Compressor<'static>,
}

impl Keeper {
    pub(crate) fn new(holding: Holding, shared: &Shared) -> Result<Self, SpoolError> {
        let number = (shared.writers.fetch_add(1, Ordering::Relaxed) + 1) << 32;
        let since = if holding.inherits { 0 } else { number };
        Ok(Self {
            holding,
            pending: None,
            next: LogPlace { number, since },
            told: (Level::default(), 0),
            zstd: zstd_compressor().map_err(SpoolError::io("start compression"))?,
        })
    }

    /// The place of a log that is opened now.
    pub(crate) fn next_log(&mut self) -> LogPlace {
        let place = self.next;
        self.next.number += 1;
        place
    }

    /// Parts as a commit has them.
    pub(crate) fn compress(&mut self, parts: &[u8]) -> Result<Vec<u8>, SpoolError> {
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        let frame = self.zstd.compress(parts);
        frame.map_err(SpoolError::io("compress"))
    }

    /// Parts are durable in the segment of this header.
    pub(crate) fn admit(&mut self, parts: Vec<HeldPart>, header: &Header) {
        if parts.is_empty() {
            return;
        }
        let policy = header.policy.as_str().into();
        for part in parts {
            let log = header.log.map_or(0, |place| place.number);
            self.holding.hold.admit(part, log, &policy);
        }
    }

    /// A log is sealed, and lies in `held/`.
    pub(crate) fn sealed(&mut self, log: Log) {
        self.holding.logs.push_back(log);
    }

    pub(crate) fn due_in(&self, now_ns: u64) -> Option<Duration> {
        match self.pending {
            Some(_) => Some(Duration::from_secs(1)),
            None => self.holding.hold.due_in(now_ns),
        }
    }

    /// Tell the class's counts what is held now.
    pub(crate) fn tell(&mut self, stats: &mut ClassStats) {
        let (before, logs_before) = self.told;
        let level = self.holding.hold.level();
        let logs = self.holding.logs.len() as u64;
        // Another writer of the class may count in them too.
        let change = |sum: &mut u64, before: u64, now: u64| *sum = (*sum + now) - before;
        change(&mut stats.held_keys, before.keys, level.keys);
        change(&mut stats.held_records, before.records, level.records);
        change(&mut stats.held_bytes, before.bytes, level.bytes);
        change(&mut stats.held_logs, logs_before, logs);
        self.told = (level, logs);
    }
}

impl Writer {
    /// Let go of what is due, a commit at a time.
    pub(crate) fn release_due(&mut self) -> Result<(), SpoolError> {
        if self.rests() {
            return self.prune();
        }
        while let Some((group, policy)) = self.next_release() {
            // A segment that is closed is sealed first: only its entry says that what was refused of
            // it does not count.
            let written = self
                .seal_due()
                .and_then(|()| self.sealed_unless(&policy))
                .and_then(|()| self.write(&group, &policy));
            match written {
                Ok(payload) => {
                    if let Some(keeper) = &mut self.keeper {
                        keeper.pending = None;
                        keeper.holding.hold.released();
                    }
                    self.answer(group, payload);
                }
                Err(error) => {
                    self.give_up(&error);
                    return Err(error);
                }
            }
        }
        self.prune()
    }

    /// Whether nothing is to be let go any more. What was decided before has to be written all the
    /// same, or no request could be taken.
    pub(crate) fn rests(&self) -> bool {
        let pending = self.keeper.as_ref().is_some_and(|it| it.pending.is_some());
        self.shared.resting.load(Ordering::Acquire) && !pending
    }

    /// What is to be let go next, and the policy of its segment. It stays pending until it is written.
    fn next_release(&mut self) -> Option<(Group, String)> {
        let keeper = self.keeper.as_mut()?;
        if keeper.pending.is_none() {
            keeper.pending = keeper.holding.hold.decide(self.shared.clock.unix_ns());
        }
        let release = keeper.pending.as_ref()?;
        let own = self.class.policy.as_str();
        let policy = match release.policy.as_deref() {
            // Held under one policy and let go under another: what is stored went through both.
            Some(before) if before != own => format!("{before}+{own}"),
            _ => own.to_owned(),
        };
        Some((Group::of_release(release), policy))
    }

    /// A release could not be written: what lies behind the segment's last good commit is refused,
    /// and a full disk gets the reserve, since a release is what frees it.
    fn give_up(&mut self, error: &SpoolError) {
        if Refusal::from(error) == Refusal::DiskFull {
            self.shared.reserve.release();
        }
        self.close_segment();
    }

    /// Remove the logs in which nothing waits; none while something is to be let go, which the hold
    /// tells of no more.
    pub(crate) fn prune(&mut self) -> Result<(), SpoolError> {
        let Some(keeper) = self.keeper.as_mut().filter(|it| it.pending.is_none()) else {
            return Ok(());
        };
        let pruned = keeper.holding.prune(&self.shared);
        keeper.tell(&mut lock(&self.stats));
        pruned
    }

    /// End, if nothing waits and all is sealed.
    pub(crate) fn finish(&mut self) -> bool {
        if self.release_due().is_err() || self.seal().is_err() {
            return false;
        }
        let Some(keeper) = &mut self.keeper else {
            return true;
        };
        let waits = keeper.holding.hold.oldest_log().is_some();
        !waits && self.prune().is_ok()
    }
}

/// A commit of what a group holds, with its held parts as one frame, and without its payload.
pub(crate) fn commit_of<'a>(group: &'a Group, held: &'a [u8]) -> Commit<'a> {
    Commit {
        books: group.books.clone(),
        lines: &group.lines,
        silent: &group.silent,
        held,
        marks: &group.marks,
        payload: &[],
    }
}
