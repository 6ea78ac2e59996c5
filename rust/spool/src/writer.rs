//! A class's committer: one write and one fdatasync a group of requests, then the answers.

use std::io::IoSlice;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::ack::{Ack, Reply};
use crate::append::Append;
use crate::chain::{SealedLog, Sealing};
use crate::clock::Hour;
use crate::compress::Payloads;
use crate::config::{BlobNames, ClassConfig, Durability};
use crate::entry::{Sealed, Subject};
use crate::error::{Refusal, SpoolError};
use crate::file_system::AppendFile;
use crate::group::Group;
use crate::hold::HeldPart;
use crate::logs::{Holding, Log};
use crate::release::{Keeper, commit_of};
use crate::segment::{Header, Summary};
use crate::shared::{Shared, lock, segment_id};
use crate::stats::ClassStats;

/// How long a committer that has nothing else to do waits before it tries again to seal.
const RETRY: Duration = Duration::from_secs(1);

/// A request and where its answer goes.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) append: Append,
    /// Records that wait, in a class that holds records back.
    pub(crate) held: Vec<HeldPart>,
    pub(crate) reply: Reply,
}

impl Request {
    /// Bytes of its lines.
    pub(crate) fn size(&self) -> usize {
        let held: usize = self.held.iter().map(|part| part.line.len()).sum();
        self.append.line.len() + held
    }
}

/// A segment that takes commits, or that waits to be sealed.
struct Segment {
    header: Header,
    hour: Hour,
    salt: u32,
    opened: Duration,
    file: Box<dyn AppendFile>,
    /// Bytes up to the last good commit.
    bytes: u64,
    summary: Summary,
    /// Bytes were written that no fdatasync covers (`Durability::Memory`).
    unsynced: bool,
    acks: Vec<Ack>,
}

/// One class's committer. It alone writes the class's segments.
pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    /// The class's number, the same for every writer of its name.
    number: u16,
    pub(crate) stats: Arc<Mutex<ClassStats>>,
    pub(crate) class: ClassConfig,
    names: BlobNames,
    payloads: Payloads,
    open: Option<Segment>,
    /// Closed at its last good commit and not sealed yet. Nothing is taken until it is: its file
    /// may hold a commit that was refused, and only its entry says that the blob ends before it.
    closing: Option<Segment>,
    /// What is closing may hold a commit that was refused.
    doubtful: bool,
    pub(crate) keeper: Option<Keeper>,
    frame: Vec<u8>,
}

impl Writer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        class: ClassConfig,
        holding: Option<Holding>,
    ) -> Result<Self, SpoolError> {
        let names = BlobNames::new(&class)?;
        let payloads =
            Payloads::new(class.compression).map_err(SpoolError::io("start compression"))?;
        let (number, stats) = shared.class(&class.class);
        let mut keeper = holding
            .map(|holding| Keeper::new(holding, &shared))
            .transpose()?;
        if let Some(keeper) = &mut keeper {
            keeper.tell(&mut lock(&stats));
        }
        Ok(Self {
            shared,
            number,
            stats,
            class,
            names,
            payloads,
            open: None,
            closing: None,
            doubtful: false,
            keeper,
            frame: Vec::new(),
        })
    }

    /// Make a group of requests durable and answer each, or refuse them all.
    pub(crate) fn commit(&mut self, requests: Vec<Request>) {
        let policy = self.class.policy.clone();
        let ready = self
            .shared
            .rewrite_leftovers()
            .and_then(|()| self.seal_due())
            .and_then(|()| self.alone())
            .and_then(|()| self.release_due())
            .and_then(|()| self.sealed_unless(&policy));
        if let Err(error) = ready {
            return self.refuse(requests.into_iter().map(|request| request.reply), &error);
        }
        let digests = lock(&self.shared.digests);
        let group = Group::of_requests(requests, self.number, &digests);
        drop(digests);
        match self.write(&group, &policy) {
            Ok(payload) => self.answer(group, payload),
            Err(error) => {
                self.refuse(group.answers.into_iter().map(|ack| ack.reply), &error);
                self.close_segment();
            }
        }
    }

    /// Close the open segment at its last good commit.
    pub(crate) fn close_segment(&mut self) {
        self.close();
        if self.closing.is_some() && !self.doubtful {
            self.doubtful = true;
            lock(&self.stats).closing += 1;
        }
        // To be tried again before the next commit, if it fails here.
        let _later = self.seal();
    }

    fn close(&mut self) {
        if self.closing.is_none() {
            self.closing = self.open.take();
        }
    }

    /// Refuse while the class's earlier writer has a closed segment that is not sealed: what it
    /// refused may lie in that, and would count if the process ended now.
    fn alone(&self) -> Result<(), SpoolError> {
        if lock(&self.stats).closing > u64::from(self.doubtful) {
            let unsealed = std::io::Error::other("a segment of the class is not sealed yet");
            return Err(SpoolError::io("seal")(unsealed));
        }
        Ok(())
    }

    /// Seal the open segment unless it is under this policy: a segment has one.
    pub(crate) fn sealed_unless(&mut self, policy: &str) -> Result<(), SpoolError> {
        let other = |open: &Segment| open.header.policy != policy;
        if self.open.as_ref().is_some_and(other) {
            self.seal()?;
        }
        Ok(())
    }

    /// Seal what is closed, too old, or of an hour that is past.
    pub(crate) fn seal_due(&mut self) -> Result<(), SpoolError> {
        if self.closing.is_some() {
            self.seal()?;
        }
        let hour = lock(&self.shared.hours).observe(self.shared.clock.unix_ns());
        let due = self.open.as_ref().is_some_and(|open| {
            open.hour != hour
                || open.bytes >= self.shared.segment_bytes
                || self.shared.clock.elapsed() >= open.opened + self.shared.segment_age
        });
        if due { self.seal() } else { Ok(()) }
    }

    /// Time until `seal_due` has something to do, if ever.
    pub(crate) fn due_in(&self) -> Option<Duration> {
        if self.closing.is_some() {
            return Some(RETRY);
        }
        let open = self.open.as_ref()?;
        let age =
            (open.opened + self.shared.segment_age).saturating_sub(self.shared.clock.elapsed());
        let hour = lock(&self.shared.hours).left(self.shared.clock.unix_ns());
        Some(age.min(hour))
    }

    /// Time until the committer has something to do beside requests, if ever.
    pub(crate) fn wakes_in(&self) -> Option<Duration> {
        let keeper = self.keeper.as_ref().filter(|_| !self.rests());
        let release = keeper.and_then(|keeper| keeper.due_in(self.shared.clock.unix_ns()));
        match (self.due_in(), release) {
            (Some(seal), Some(release)) => Some(seal.min(release)),
            (seal, release) => seal.or(release),
        }
    }

    /// Seal the open segment, if one is.
    pub(crate) fn seal(&mut self) -> Result<(), SpoolError> {
        self.close();
        let Some(segment) = &mut self.closing else {
            return Ok(());
        };
        if segment.unsynced && segment.file.sync_data().is_err() {
            // `Durability::Memory` promised no more, and this file cannot be trusted any more.
            segment.summary = Summary::default();
        }
        segment.unsynced = false;
        let place = &self.shared.place;
        if segment.summary.commits == 0 {
            place.remove_if_there(&place.open_segment(&segment.header.segment))?;
            place.sync_open()?;
        } else {
            let sealed = Sealed::new(&segment.header, &segment.summary);
            let subject = Subject::Segment(segment.hour, Box::new(sealed));
            let summary = &segment.summary;
            let log = Log::of(&segment.header, summary.commits).filter(|_| summary.holds);
            let mut chain = lock(&self.shared.chain);
            self.shared.reserve.spend(|| {
                let sealing = Sealing {
                    segment: &segment.header.segment,
                    lines: &segment.summary.lines,
                    bytes: segment.summary.payload_bytes,
                    log: log.clone().map(|log| SealedLog {
                        log,
                        silent: &segment.summary.silent,
                    }),
                    acks: &mut segment.acks,
                };
                chain.extend(&subject, Some(sealing))
            })?;
            drop(chain);
            if let (Some(keeper), Some(log)) = (&mut self.keeper, log) {
                keeper.sealed(log);
            }
            self.shared.announce();
            lock(&self.stats).sealed += 1;
        }
        lock(&self.shared.hours).leave(segment.hour);
        self.closing = None;
        let mut stats = lock(&self.stats);
        stats.closing -= u64::from(std::mem::take(&mut self.doubtful));
        stats.open_bytes = 0;
        drop(stats);
        // A log in which nothing waits goes at once; what stays here is removed later.
        let _later = self.prune();
        Ok(())
    }

    /// Write the group as one commit of a segment under this policy, durably; its payload, where
    /// that is not the text itself.
    pub(crate) fn write(
        &mut self,
        group: &Group,
        policy: &str,
    ) -> Result<Option<Vec<u8>>, SpoolError> {
        let payload = self
            .payloads
            .compress(&group.text)
            .map_err(SpoolError::io("compress"))?;
        let held = match &mut self.keeper {
            Some(keeper) => keeper.compress(&group.held)?,
            None => Vec::new(),
        };
        let shared = Arc::clone(&self.shared);
        // What leads to room may use the reserve's.
        let kept = match shared.reserve.kept() {
            Err(_) if group.lets_go() => None,
            kept => Some(kept?),
        };
        self.frame.clear();
        if self.open.is_none() {
            let (segment, header) = self.open_segment(policy)?;
            self.frame.extend_from_slice(&header);
            self.open = Some(segment);
        }
        let segment = self.open.as_mut().expect("opened above");
        let commit = commit_of(group, &held);
        let pieces = group.payload(payload.as_deref());
        let ordinal = segment.summary.commits;
        commit.write_head(&pieces, segment.salt, ordinal, &mut self.frame);
        let mut slices = vec![IoSlice::new(&self.frame)];
        slices.extend(pieces.iter().map(|piece| IoSlice::new(piece)));
        let written: usize = slices.iter().map(|slice| slice.len()).sum();
        segment
            .file
            .append(&mut slices)
            .map_err(SpoolError::io("write"))?;
        if self.shared.durability == Durability::Memory {
            segment.unsynced = true;
        } else {
            let start = self.shared.clock.elapsed();
            segment.file.sync_data().map_err(SpoolError::io("sync"))?;
            let took = self.shared.clock.elapsed().saturating_sub(start);
            let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            lock(&self.stats).fsync.record(micros);
        }
        drop(kept);
        segment.bytes += written as u64;
        segment.summary.add(&commit);
        Ok(payload)
    }

    /// Make a segment file, its name durable; its header goes out with the first commit.
    fn open_segment(&mut self, policy: &str) -> Result<(Segment, Vec<u8>), SpoolError> {
        let log = self.keeper.as_mut().map(Keeper::next_log);
        let shared = &self.shared;
        let now_ns = shared.clock.unix_ns();
        let count = shared.opened.fetch_add(1, Ordering::Relaxed);
        let id = segment_id(&shared.author.instance, &self.class.class, now_ns, count);
        let blob = self
            .names
            .name(now_ns, &id)
            .ok_or_else(|| SpoolError::Config {
                class: self.class.class.clone(),
                key: "name_format",
            })?;
        let path = shared.place.open_segment(&id);
        let file = shared
            .place
            .fs
            .create_new(&path)
            .map_err(SpoolError::io("create"))?;
        shared.place.sync_open()?;
        let hour = lock(&shared.hours).enter(now_ns);
        let header = Header {
            segment: id,
            instance: shared.author.instance.clone(),
            region: shared.author.region.clone(),
            environment: shared.author.environment.clone(),
            signal: self.class.signal.clone(),
            class: self.class.class.clone(),
            container: self.class.container.clone(),
            blob,
            compression: self.class.compression,
            policy: policy.to_owned(),
            rules: self.class.rules.clone(),
            exporters: self.class.exporters.clone(),
            hour: hour.to_string(),
            opened_unix_nano: now_ns,
            log,
        };
        let (bytes, salt) = header.write();
        let segment = Segment {
            header,
            hour,
            salt,
            opened: shared.clock.elapsed(),
            file,
            bytes: 0,
            summary: Summary::default(),
            unsynced: false,
            acks: Vec::new(),
        };
        Ok((segment, bytes))
    }

    /// The group is durable: remember its digests, and answer.
    pub(crate) fn answer(&mut self, mut group: Group, payload: Option<Vec<u8>>) {
        let segment = self.open.as_mut().expect("just written to");
        if let Some(keeper) = &mut self.keeper {
            keeper.admit(std::mem::take(&mut group.parts), &segment.header);
        }
        let (open_bytes, lines) = (segment.bytes, group.lines.len() / crate::commit::RECEIPT);
        let mut digests = lock(&self.shared.digests);
        let now_ns = self.shared.clock.unix_ns();
        for digest in &group.fresh {
            digests.insert(self.number, *digest, now_ns);
        }
        drop(digests);
        let mut stats = lock(&self.stats);
        if let Some(keeper) = &mut self.keeper {
            keeper.tell(&mut stats);
        }
        stats.commits += 1;
        stats.requests += group.answers.len() as u64;
        stats.lines += lines as u64;
        stats.duplicates += group.duplicates;
        stats.open_bytes = open_bytes;
        drop(stats);
        if self.shared.durability == Durability::Store {
            segment.acks.append(&mut group.answers);
        } else {
            group.answers.drain(..).for_each(Ack::send);
        }
        // Last, since nobody waits for it.
        for piece in group.payload(payload.as_deref()) {
            segment.summary.add_payload(piece);
        }
        if open_bytes >= self.shared.segment_bytes {
            // If it fails, the next commit or the clock tries again.
            let _later = self.seal();
        }
    }

    fn refuse(&self, replies: impl Iterator<Item = Reply>, error: &SpoolError) {
        let refusal = Refusal::from(error);
        let mut refused = 0;
        for reply in replies {
            refused += 1;
            let _gone = reply.send(Err(refusal));
        }
        let mut stats = lock(&self.stats);
        match refusal {
            Refusal::DiskFull => stats.refused_disk_full += refused,
            _ => stats.refused_storage += refused,
        }
    }
}
