//! The files of a class that holds records back.
//!
//! While it is open, a log lies in `open/` like any segment. Sealing parts the two things that it
//! is: what its commits give to the blob is copied to `outbox/<seq>.seg`, and the log itself, if
//! anything in it was held or let go, moves to `held/<number>-<segment>.<commits>.seg`. There it
//! stays, from when the entry is durable, until nothing in it waits and every earlier log is gone, since its marks speak of those.
//! A restart reads the logs in the order of their numbers and knows what waits.
//!
//! `commits` is how many of its commits count: one behind them was refused, after an fsync that
//! failed, and is written again elsewhere.

use std::collections::{HashMap, VecDeque};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};

use crate::counts::Counts;
use crate::error::SpoolError;
use crate::hold::{HeldPart, Hold, Key, LetGo, Mark};
use crate::place::{Part, Place};
use crate::segment::{Commits, Header};
use crate::shared::{Shared, lock};

/// What a log's header says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LogPlace {
    /// Counts up within a writer; those of a later writer are higher.
    pub(crate) number: u64,
    /// The first log that its marks speak of: after a restart all, but a writer that takes over a
    /// class while the one before still holds records has its own.
    pub(crate) since: u64,
}

/// A log in `held/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Log {
    pub(crate) number: u64,
    pub(crate) segment: String,
    pub(crate) commits: u32,
}

impl Log {
    /// The log that a segment becomes, if it is one.
    pub(crate) fn of(header: &Header, commits: u32) -> Option<Self> {
        header.log.map(|place| Self {
            number: place.number,
            segment: header.segment.clone(),
            commits,
        })
    }

    fn name(&self) -> String {
        format!("{:016x}-{}.{}.seg", self.number, self.segment, self.commits)
    }

    fn parse(name: &str) -> Option<Self> {
        let (number, rest) = name.strip_suffix(".seg")?.split_once('-')?;
        let (segment, commits) = rest.split_once('.')?;
        Some(Self {
            number: u64::from_str_radix(number, 16).ok()?,
            segment: segment.to_owned(),
            commits: commits.parse().ok()?,
        })
    }
}

impl Place {
    pub(crate) fn held(&self) -> PathBuf {
        self.root.join("held")
    }

    pub(crate) fn log(&self, log: &Log) -> PathBuf {
        self.held().join(log.name())
    }

    /// The logs in `held/`, in the order of their numbers; none where there is no such folder.
    pub(crate) fn logs(&self) -> Result<Vec<Log>, SpoolError> {
        let names = match self.fs.list(&self.held()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            names => names.map_err(SpoolError::io("list held"))?,
        };
        let mut logs: Vec<Log> = names.iter().filter_map(|name| Log::parse(name)).collect();
        logs.sort_unstable();
        Ok(logs)
    }

    pub(crate) fn sync_held(&self) -> Result<(), SpoolError> {
        let held = self.held();
        self.fs.sync_dir(&held).map_err(SpoolError::io("sync held"))
    }

    fn is_there(&self, path: &Path) -> bool {
        self.fs.size(path).is_ok()
    }

    /// Take a log back that sealing moved. Its entry still stands, and may: a start would find the
    /// log in `open/` and move it again.
    pub(crate) fn reopen_log(&self, segment: &str) -> Result<(), SpoolError> {
        if let Some(log) = self.logs()?.iter().find(|log| log.segment == segment) {
            self.rename(&self.log(log), &self.open_segment(segment))?;
            self.sync_open()?;
            self.sync_held()?;
        }
        Ok(())
    }

    /// Take a segment back that sealing moved to entry `seq`; a log's copy goes.
    pub(crate) fn reopen(&self, seq: u64, segment: &str) -> Result<(), SpoolError> {
        let open = self.open_segment(segment);
        let sealed = self.part(seq, Part::Segment);
        if self.is_there(&open) {
            self.remove_if_there(&sealed)
        } else {
            self.rename(&sealed, &open)
        }
    }

    /// Finish the move of a log whose entry is durable. `counts` are the entry's, and tell how many
    /// of its commits count.
    pub(crate) fn keep_log(&self, bytes: &[u8], counts: Counts) -> Result<(), SpoolError> {
        let mut commits = Commits::open(bytes).map_err(SpoolError::io("read"))?;
        let Some(commits) = &mut commits else {
            return Ok(());
        };
        let mut sum = Counts::default();
        let mut holds = false;
        while sum != counts
            && let Some(commit) = commits.next().map_err(SpoolError::io("read"))?
        {
            sum += commit.books.counts;
            holds |= commit.holds();
        }
        let Some(log) = Log::of(&commits.header, commits.ordinal).filter(|_| holds) else {
            return Ok(());
        };
        if !self.is_there(&self.log(&log)) {
            self.rename(&self.open_segment(&log.segment), &self.log(&log))?;
            self.sync_held()?;
        }
        Ok(())
    }

    /// Copy what a log's commits give to the blob into a segment file of its own, durable but for
    /// its name.
    pub(crate) fn copy_blob(&self, log: &Log, to: &Path) -> Result<(), SpoolError> {
        let name = format!("open/{}.seg", log.segment);
        let file = self
            .open_if_there(&self.open_segment(&log.segment))?
            .ok_or_else(|| SpoolError::damaged(&name, "is missing"))?;
        let mut commits = Commits::open(file)
            .map_err(SpoolError::io("read"))?
            .ok_or_else(|| SpoolError::damaged(&name, "has a broken header"))?;
        self.remove_if_there(to)?;
        let mut copy = self.fs.create_new(to).map_err(SpoolError::io("create"))?;
        let (mut bytes, salt) = commits.header.write();
        while commits.ordinal < log.commits {
            let ordinal = commits.ordinal;
            let mut commit = commits
                .next()
                .map_err(SpoolError::io("read"))?
                .ok_or_else(|| SpoolError::damaged(&name, "has a broken commit"))?;
            (commit.held, commit.marks) = (&[], &[]);
            commit.write(salt, ordinal, &mut bytes);
            copy.append(&mut [IoSlice::new(&bytes)])
                .map_err(SpoolError::io("write"))?;
            bytes.clear();
        }
        copy.sync_data().map_err(SpoolError::io("sync"))
    }
}

/// A class's hold and its logs.
pub(crate) struct Holding {
    pub(crate) hold: Box<dyn Hold>,
    pub(crate) logs: VecDeque<Log>,
    /// It knows of all that an earlier run held for the class.
    pub(crate) inherits: bool,
}

impl Holding {
    /// A hold that begins empty, whatever another one of the class may hold.
    pub(crate) fn new(hold: Box<dyn Hold>) -> Self {
        Self {
            hold,
            logs: VecDeque::new(),
            inherits: false,
        }
    }

    /// Remove the logs in which nothing waits any more, oldest first, each for good before the next.
    pub(crate) fn prune(&mut self, shared: &Shared) -> Result<(), SpoolError> {
        if !lock(&shared.leftovers).is_empty() {
            // The latest log of an earlier run lies in `open/` still.
            return Ok(());
        }
        let oldest = self.hold.oldest_log();
        while let Some(log) = self.logs.front()
            && oldest.is_none_or(|oldest| log.number < oldest)
        {
            shared.place.remove_if_there(&shared.place.log(log))?;
            shared.place.sync_held()?;
            self.logs.pop_front();
        }
        Ok(())
    }
}

/// A part with its place among all, its log and its policy.
struct WaitingPart {
    order: u64,
    part: HeldPart,
    log: u64,
    policy: Arc<str>,
}

/// What waits in a class, as its logs say.
#[derive(Default)]
struct Waiting {
    parts: HashMap<Key, Vec<WaitingPart>>,
    marks: Vec<Mark>,
    logs: VecDeque<Log>,
    read: u64,
}

impl Waiting {
    /// Read a log up to its last commit that counts; false where it is broken.
    fn read(&mut self, log: &Log, bytes: &[u8]) -> bool {
        self.logs.push_back(log.clone());
        let Ok(Some(mut commits)) = Commits::open(bytes) else {
            return false;
        };
        let policy: Arc<str> = commits.header.policy.as_str().into();
        let since = commits.header.log.map_or(0, |place| place.since);
        while commits.ordinal < log.commits {
            let Ok(Some(commit)) = commits.next() else {
                return false;
            };
            for mark in Mark::read_all(commit.marks) {
                if let Some(parts) = self.parts.get_mut(&mark.key) {
                    parts.retain(|waits| waits.log < since);
                }
                self.marks.push(mark);
            }
            let Some(parts) = HeldPart::decode(commit.held) else {
                return false;
            };
            for part in parts {
                self.read += 1;
                let waits = self.parts.entry(part.key).or_default();
                waits.push(WaitingPart {
                    order: self.read,
                    part,
                    log: log.number,
                    policy: Arc::clone(&policy),
                });
            }
        }
        true
    }

    /// Tell a hold all of it.
    fn tell(self, mut hold: Box<dyn Hold>) -> Holding {
        for mark in self.marks {
            hold.recall(mark);
        }
        let mut parts: Vec<_> = self.parts.into_values().flatten().collect();
        parts.sort_unstable_by_key(|waits| waits.order);
        for waits in parts {
            hold.admit(waits.part, waits.log, &waits.policy);
        }
        Holding {
            hold,
            logs: self.logs,
            inherits: true,
        }
    }
}

/// Read the logs and give each class's hold what waits. A class without a hold gets one that lets
/// go, if there is anything for it; logs of classes that are not configured are left alone.
pub(crate) fn read_logs(
    shared: &Shared,
    classes: &[String],
    holds: Vec<Option<Box<dyn Hold>>>,
) -> Result<(Vec<Option<Holding>>, Found), SpoolError> {
    let place = &shared.place;
    let mut waiting: Vec<Waiting> = classes.iter().map(|_| Waiting::default()).collect();
    let mut found = Found::default();
    let mut files: Vec<(Log, PathBuf)> = place
        .logs()?
        .into_iter()
        .map(|log| (log.clone(), place.log(&log)))
        .collect();
    for leftover in lock(&shared.leftovers).iter() {
        let log = Log::of(&leftover.header, leftover.commits());
        let open = place.open_segment(&leftover.header.segment);
        files.extend(log.map(|log| (log, open)));
    }
    files.sort();
    let latest = files.last().map_or(0, |(log, _)| log.number);
    shared.writers.store(latest >> 32, Ordering::Relaxed);
    for (log, path) in files {
        let Some(bytes) = place.read_if_there(&path)? else {
            continue;
        };
        let Some((header, ..)) = Header::read(&bytes) else {
            found.damaged += 1;
            place.rename(&path, &place.damaged_segment(&log.segment))?;
            continue;
        };
        let Some(index) = classes.iter().position(|class| *class == header.class) else {
            found.unclaimed += 1;
            continue;
        };
        if !waiting[index].read(&log, &bytes) {
            // What was read of it waits on; the evidence outlasts the log.
            found.damaged += 1;
            place.write_new(&place.damaged_segment(&log.segment), &bytes)?;
        }
    }
    place.sync_held()?;
    place.sync_open()?;
    let holds = holds.into_iter().chain(std::iter::repeat_with(|| None));
    let holdings = waiting.into_iter().zip(holds).map(|(waiting, hold)| {
        let let_go = || -> Option<Box<dyn Hold>> {
            let needed = !waiting.logs.is_empty();
            needed.then(|| Box::new(LetGo::default()) as Box<dyn Hold>)
        };
        let hold = hold.or_else(let_go)?;
        Some(waiting.tell(hold))
    });
    Ok((holdings.collect(), found))
}

/// What `read_logs` could not give to any hold.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Found {
    /// Logs of classes that are not configured.
    pub(crate) unclaimed: u64,
    /// Logs that are broken; a copy is kept beside the open segments.
    pub(crate) damaged: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logs_name_says_its_place_and_how_much_of_it_counts() {
        let log = Log {
            number: 12,
            segment: "00ff00ff00ff00ff".into(),
            commits: 7,
        };
        assert_eq!(log.name(), "000000000000000c-00ff00ff00ff00ff.7.seg");
        assert_eq!(Log::parse(&log.name()), Some(log));
        assert_eq!(Log::parse("000000000000000c.seg"), None);
    }
}
