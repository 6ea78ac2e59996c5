//! What the committers, the keeper and the spool's users share.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::chain::{Author, Chain};
use crate::clock::{Clock, Hours};
use crate::config::Durability;
use crate::digests::Digests;
use crate::error::SpoolError;
use crate::leftover::Leftover;
use crate::place::Place;
use crate::reserve::Reserve;
use crate::stats::{ClassStats, OwedStats, Recovered, Stats};

/// Locks are taken in the order `leftovers`, `chain`, `reserve`, `hours`; the others alone.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) place: Place,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) author: Author,
    pub(crate) durability: Durability,
    pub(crate) segment_bytes: u64,
    pub(crate) segment_age: Duration,
    pub(crate) fleeting: Option<&'static str>,
    pub(crate) recovered: Recovered,
    pub(crate) chain: Mutex<Chain>,
    /// An entry was added, or the spool closes.
    pub(crate) offered: Condvar,
    /// The same, for those who wait on a runtime.
    pub(crate) sealed: Notify,
    pub(crate) reserve: Reserve,
    pub(crate) hours: Mutex<Hours>,
    pub(crate) digests: Mutex<Digests>,
    /// By the class's number: the names known so far, in the order in which they came up.
    pub(crate) stats: Mutex<Vec<Arc<Mutex<ClassStats>>>>,
    /// Segments of an earlier run, not sealed yet because the disk was full.
    pub(crate) leftovers: Mutex<VecDeque<Leftover>>,
    /// Segments opened, which makes their ids differ.
    pub(crate) opened: AtomicU64,
    /// Writers that hold records back, over all runs whose logs are still here.
    pub(crate) writers: AtomicU64,
    /// Nothing more is let go of: what waits waits on after the next start.
    pub(crate) resting: AtomicBool,
}

impl Shared {
    /// What is due by the clock: close hours, beat, forget, take the reserve again.
    pub(crate) fn tick(&self) -> Result<(), SpoolError> {
        let now_ns = self.clock.unix_ns();
        lock(&self.hours).observe(now_ns);
        lock(&self.digests).expire(now_ns);
        let sealed = self.seal_leftovers();
        let mut chain = lock(&self.chain);
        let extended = sealed.and_then(|()| self.extend(&mut chain));
        // Whatever failed: on a full disk this makes room.
        let forgotten = chain.forget_done();
        // Under the chain's lock, so as not to take it from a sealing that has just released it.
        self.reserve.take();
        drop(chain);
        self.announce();
        extended.and(forgotten)
    }

    /// A class's number and counts. Writers that follow each other under one name share both, so
    /// that a request which the earlier one took is known to the later.
    pub(crate) fn class(&self, name: &str) -> (u16, Arc<Mutex<ClassStats>>) {
        let mut known = lock(&self.stats);
        let found = known.iter().position(|stats| lock(stats).class == name);
        let number = found.unwrap_or_else(|| {
            known.push(Arc::new(Mutex::new(ClassStats {
                class: name.to_owned(),
                ..ClassStats::default()
            })));
            known.len() - 1
        });
        let stats = Arc::clone(&known[number]);
        (u16::try_from(number).unwrap_or(u16::MAX), stats)
    }

    /// Wake those who wait for an entry.
    pub(crate) fn announce(&self) {
        self.offered.notify_all();
        self.sealed.notify_waiters();
    }

    /// The spool as it stands.
    pub(crate) fn stats(&self) -> Stats {
        let now_ns = self.clock.unix_ns();
        let chain = lock(&self.chain);
        let oldest = chain.waiting.values().next().map(|item| item.record.at_ns);
        Stats {
            instance: self.author.instance.clone(),
            fleeting: self.fleeting,
            outbox_entries: chain.waiting.len() as u64,
            outbox_bytes: chain.waiting.values().map(|item| item.bytes).sum(),
            oldest_age_ms: oldest.map_or(0, |at_ns| now_ns.saturating_sub(at_ns) / 1_000_000),
            reserve_bytes: self.reserve.bytes(),
            digests: lock(&self.digests).len() as u64,
            failing: chain.failing(),
            recovered: self.recovered.clone(),
            owed: owed(&chain, now_ns),
            classes: lock(&self.stats)
                .iter()
                .map(|stats| lock(stats).clone())
                .collect(),
        }
    }

    /// Add the entries that are due.
    fn extend(&self, chain: &mut Chain) -> Result<(), SpoolError> {
        while let Some(hour) = chain.first_open_hour() {
            if !lock(&self.hours).may_close(hour) {
                break;
            }
            chain.close_hour(hour)?;
        }
        chain.beat()
    }
}

/// What waits for each exporter.
fn owed(chain: &Chain, now_ns: u64) -> Vec<OwedStats> {
    let mut owed: BTreeMap<&str, OwedStats> = BTreeMap::new();
    for (seq, delivery) in &chain.deliveries {
        let age_ns = now_ns.saturating_sub(chain.written_at_ns(*seq));
        for exporter in delivery.open_exporters() {
            let of = owed.entry(exporter).or_default();
            exporter.clone_into(&mut of.exporter);
            of.segments += 1;
            of.bytes += delivery.bytes;
            of.oldest_age_ms = of.oldest_age_ms.max(age_ns / 1_000_000);
        }
    }
    owed.into_values().collect()
}

/// The id of a new segment: 16 hex digits.
pub(crate) fn segment_id(instance: &str, class: &str, opened_ns: u64, count: u64) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(instance.as_bytes());
    hash.update(class.as_bytes());
    hash.update(&opened_ns.to_le_bytes());
    hash.update(&count.to_le_bytes());
    hex::encode(&hash.finalize().as_bytes()[..8])
}

/// Lock, even if another thread panicked while it held the lock: what the locks guard is changed
/// only after the files are, so it is never half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
