//! Opening a spool: what an earlier run left is put in order, so that nothing acknowledged is lost,
//! no number of the chain is given twice, and every sealed segment keeps its name and bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Condvar, Mutex};

use tokio::sync::Notify;

use crate::chain::{Author, Chain, Record, Waiting};
use crate::clock::{Clock, Hours};
use crate::commit::Receipt;
use crate::config::{BlobNames, SpoolConfig};
use crate::counts::Counts;
use crate::delivery::Delivery;
use crate::digests::Digests;
use crate::entry::{Entry, NO_PREVIOUS, Subject};
use crate::error::SpoolError;
use crate::file_system::{FileSystem, Lock};
use crate::hold::Hold;
use crate::instance;
use crate::leftover::Leftover;
use crate::logs::{Holding, read_logs};
use crate::place::{Part, Place};
use crate::reserve::Reserve;
use crate::segment::{Header, holds_commits, scan};
use crate::shared::{Shared, lock};
use crate::stats::Recovered;

/// A recovered spool.
pub(crate) struct Opened {
    pub(crate) shared: Arc<Shared>,
    pub(crate) lock: Box<dyn Lock>,
    /// What waits in each class that holds records back.
    pub(crate) holdings: Vec<Option<Holding>>,
}

/// Take the lock and put the folder in order; `fresh` is the instance's id if the spool is new.
pub(crate) fn recover(
    config: &SpoolConfig,
    fs: Arc<dyn FileSystem>,
    clock: Arc<dyn Clock>,
    fresh: &str,
    holds: Vec<Option<Box<dyn Hold>>>,
) -> Result<Opened, SpoolError> {
    for class in &config.classes {
        BlobNames::new(class)?;
    }
    let place = Place {
        fs,
        root: config.path.clone(),
    };
    for folder in [
        place.root.clone(),
        place.open(),
        place.outbox(),
        place.held(),
    ] {
        place
            .fs
            .create_dir_all(&folder)
            .map_err(SpoolError::io("create folder"))?;
    }
    let held = place
        .fs
        .try_lock(&place.root.join("lock"))
        .map_err(SpoolError::io("lock"))?;
    let held = held.ok_or(SpoolError::Held)?;

    // A run that was killed leaves names that are seen and not durable. They are made so before
    // anything is done on the strength of them.
    for folder in [&place.root, &place.open(), &place.outbox(), &place.held()] {
        place
            .fs
            .sync_dir(folder)
            .map_err(SpoolError::io("sync folder"))?;
    }

    let window_ns = u64::try_from(config.digest_window.as_nanos()).unwrap_or(u64::MAX);
    let known = instance::read(&place, &config.region, &config.environment)?;
    let is_new = known.is_none();
    let author = known.unwrap_or_else(|| Author {
        instance: fresh.to_owned(),
        region: config.region.clone(),
        environment: config.environment.clone(),
    });
    let outbox = if is_new {
        clear_unborn(&place)?;
        Outbox::default()
    } else {
        read_outbox(&place, &author)?
    };
    let mut receipts = outbox.receipts;
    let mut recovered = Recovered::default();
    let leftovers = read_open(
        &place,
        &author,
        &outbox.segments,
        &mut receipts,
        &mut recovered,
    )?;

    let mut chain = Chain::new(
        place.clone(),
        Arc::clone(&clock),
        author.clone(),
        outbox.waiting,
        outbox.done,
        outbox.deliveries,
        window_ns,
    );
    if is_new {
        chain.extend(&Subject::Genesis, None)?;
        instance::write(&place, &author, clock.unix_ns())?;
    }
    let latest = leftovers.iter().map(|leftover| leftover.hour).max();
    let mut hours = Hours::new(chain.latest_hour().max(latest.unwrap_or_default()));
    hours.observe(clock.unix_ns());
    for leftover in &leftovers {
        hours.hold(leftover.hour);
    }
    let holding = holds.iter().any(Option::is_some) || !place.logs()?.is_empty();
    let mut shared = Shared {
        fleeting: place.fs.fleeting(&place.root),
        reserve: Reserve::new(place.clone(), config.segment_bytes, holding),
        digests: Mutex::new(remembered(config, window_ns, &clock, receipts)),
        stats: Mutex::default(),
        place,
        clock,
        author,
        durability: config.durability,
        segment_bytes: config.segment_bytes,
        segment_age: config.sealing_age(),
        recovered,
        chain: Mutex::new(chain),
        offered: Condvar::new(),
        sealed: Notify::new(),
        hours: Mutex::new(hours),
        leftovers: Mutex::new(leftovers.into()),
        opened: AtomicU64::new(0),
        writers: AtomicU64::new(0),
        resting: AtomicBool::new(false),
    };
    match shared.seal_leftovers() {
        // A full disk: the outbox must be uploaded to make space, so the spool opens.
        Err(SpoolError::Io { .. }) | Ok(()) => {}
        Err(error) => return Err(error),
    }
    let classes: Vec<String> = config.classes.iter().map(|it| it.class.clone()).collect();
    let (holdings, found) = read_logs(&shared, &classes, holds)?;
    shared.recovered.damaged += found.damaged;
    shared.recovered.unclaimed = found.unclaimed;
    Ok(Opened {
        shared: Arc::new(shared),
        lock: held,
        holdings,
    })
}

/// Remove what a first start left that did not get as far as `instance.json`.
fn clear_unborn(place: &Place) -> Result<(), SpoolError> {
    let parts = place.outbox_parts()?;
    let unborn = parts
        .iter()
        .all(|(seq, part)| *seq == 0 && *part != Part::Segment);
    if !unborn || !place.open_segments()?.is_empty() {
        return Err(SpoolError::damaged(
            "instance.json",
            "is missing beside segments",
        ));
    }
    for (seq, part) in parts {
        place.remove_if_there(&place.part(seq, part))?;
    }
    place.sync_outbox()
}

/// The chain as it lies in the outbox.
#[derive(Default)]
struct Outbox {
    waiting: BTreeMap<u64, Waiting>,
    done: BTreeMap<u64, Record>,
    deliveries: BTreeMap<u64, Delivery>,
    /// Counts of the sealed segments, by their ids.
    segments: HashMap<String, Counts>,
    /// Receipts by class, of the lines and silent requests that are still here.
    receipts: Vec<(String, Receipt)>,
}

fn read_outbox(place: &Place, author: &Author) -> Result<Outbox, SpoolError> {
    let mut files: BTreeMap<u64, BTreeSet<Part>> = BTreeMap::new();
    for (seq, part) in place.outbox_parts()? {
        files.entry(seq).or_default().insert(part);
    }
    let head = files
        .iter()
        .rfind(|(_, parts)| parts.contains(&Part::Done))
        .map(|(seq, _)| *seq);
    let mut outbox = Outbox::default();
    let mut previous: Option<(u64, String)> = None;
    let mut sent = Vec::new();
    for (&seq, parts) in &files {
        let confirmed = head.is_some_and(|head| seq <= head);
        let part = if confirmed { Part::Done } else { Part::Entry };
        if !parts.contains(&part) {
            undo(place, seq, parts, confirmed)?;
            continue;
        }
        let bytes = place
            .read_if_there(&place.part(seq, part))?
            .unwrap_or_default();
        let entry = Entry::read(&bytes)
            .filter(|entry| entry.seq == seq && entry.instance == author.instance)
            .ok_or_else(|| damaged(seq, "is not this chain's entry"))?;
        let mut record = Record::of(&entry, &bytes);
        match &previous {
            Some((before, sha256)) if before + 1 == seq && *sha256 != entry.previous => {
                return Err(damaged(seq, "does not follow the entry before"));
            }
            Some((before, _)) if !confirmed && before + 1 != seq => {
                return Err(damaged(seq, "follows a gap"));
            }
            None if seq == 0 && entry.previous != NO_PREVIOUS || !confirmed && seq > 0 => {
                return Err(damaged(seq, "follows a gap"));
            }
            _ => {}
        }
        previous = Some((seq, record.sha256.clone()));

        let lines = place.read_if_there(&place.part(seq, Part::Lines))?;
        if let Some(sealed) = &entry.sealed {
            let silent = place.read_if_there(&place.part(seq, Part::Silent))?;
            record.has_silent = silent.is_some();
            let receipts = lines.iter().chain(&silent);
            let receipts = receipts.flat_map(|bytes| Receipt::read_all(bytes));
            outbox
                .receipts
                .extend(receipts.map(|receipt| (sealed.class.clone(), receipt)));
            outbox
                .segments
                .insert(sealed.segment.clone(), sealed.counts);
        }
        place.remove_if_there(&place.part(seq, Part::SentDraft))?;
        let delivery = match parts.contains(&Part::Segment) || !confirmed {
            true => Delivery::read(place, &entry)?,
            false => None,
        };
        if confirmed {
            let owed = delivery.filter(|delivery| !delivery.is_finished());
            for part in parts {
                match part {
                    Part::Done | Part::Lines | Part::Silent => {}
                    Part::Segment if owed.is_some() => {}
                    // Not before the segment is gone for good, or it would be sent again.
                    Part::Sent => sent.extend(owed.is_none().then_some(seq)),
                    part => place.remove_if_there(&place.part(seq, *part))?,
                }
            }
            outbox.done.insert(seq, record);
            outbox.deliveries.extend(owed.map(|mut delivery| {
                delivery.confirmed = true;
                (seq, delivery)
            }));
        } else {
            if record.has_lines && lines.is_none() {
                return Err(damaged(seq, "has lost its lines"));
            }
            complete(place, seq, &entry, parts)?;
            outbox
                .deliveries
                .extend(delivery.map(|delivery| (seq, delivery)));
            let blob = entry.sealed.and_then(|sealed| sealed.blob);
            let bytes = blob.map_or(0, |blob| blob.bytes);
            outbox
                .waiting
                .insert(seq, Waiting::recovered(record, bytes));
        }
    }
    if previous.is_none() {
        return Err(SpoolError::damaged("outbox", "has lost the chain"));
    }
    place.sync_outbox()?;
    place.sync_open()?;
    for seq in sent {
        place.remove_if_there(&place.part(seq, Part::Sent))?;
    }
    Ok(outbox)
}

/// Take back what lies about a number without its entry: of a confirmed one the remains, of the
/// next one a sealing that stopped.
fn undo(
    place: &Place,
    seq: u64,
    parts: &BTreeSet<Part>,
    confirmed: bool,
) -> Result<(), SpoolError> {
    for &part in parts {
        let path = place.part(seq, part);
        if part == Part::Segment && !confirmed {
            let bytes = place.read_if_there(&path)?.unwrap_or_default();
            let (header, ..) = Header::read(&bytes)
                .ok_or_else(|| damaged(seq, "is missing, and its segment has no header"))?;
            place.reopen(seq, &header.segment)?;
        } else {
            place.remove_if_there(&path)?;
        }
    }
    Ok(())
}

/// Finish the sealing of a segment whose entry is durable.
fn complete(
    place: &Place,
    seq: u64,
    entry: &Entry,
    parts: &BTreeSet<Part>,
) -> Result<(), SpoolError> {
    if parts.contains(&Part::Draft) {
        place.remove_if_there(&place.part(seq, Part::Draft))?;
    }
    let Some(sealed) = &entry.sealed else {
        return Ok(());
    };
    if parts.contains(&Part::Segment) {
        return Ok(());
    }
    if parts.contains(&Part::Copy) {
        return place.rename(
            &place.part(seq, Part::Copy),
            &place.part(seq, Part::Segment),
        );
    }
    if !place.open_segments()?.contains(&sealed.segment) {
        return Err(damaged(seq, "has lost its segment"));
    }
    place.rename(
        &place.open_segment(&sealed.segment),
        &place.part(seq, Part::Segment),
    )
}

fn damaged(seq: u64, reason: &'static str) -> SpoolError {
    SpoolError::damaged(format!("outbox/{seq:012}.json"), reason)
}

/// Cut the segments that were open at their last valid commit, oldest first.
fn read_open(
    place: &Place,
    author: &Author,
    sealed: &HashMap<String, Counts>,
    receipts: &mut Vec<(String, Receipt)>,
    recovered: &mut Recovered,
) -> Result<Vec<Leftover>, SpoolError> {
    let mut leftovers = Vec::new();
    for name in place
        .fs
        .list(&place.open())
        .map_err(SpoolError::io("list open"))?
    {
        if name.ends_with(".tmp") {
            place.remove_if_there(&place.open().join(name))?;
        }
    }
    for segment in place.open_segments()? {
        let path = place.open_segment(&segment);
        let bytes = place.read_if_there(&path)?.unwrap_or_default();
        if let Some(&counts) = sealed.get(&segment) {
            place.keep_log(&bytes, counts)?;
            place.remove_if_there(&path)?;
            continue;
        }
        let scanned = scan(&bytes).filter(|scan| {
            scan.header.segment == segment && scan.header.instance == author.instance
        });
        let Some(scan) = scanned else {
            if holds_commits(&bytes) {
                recovered.damaged += 1;
                place.rename(&path, &place.damaged_segment(&segment))?;
            } else {
                place.remove_if_there(&path)?;
            }
            continue;
        };
        if scan.summary.commits == 0 {
            place.remove_if_there(&path)?;
            continue;
        }
        recovered.segments += 1;
        recovered.cut_bytes += (bytes.len() - scan.valid) as u64;
        recovered.damaged += u64::from(scan.damaged);
        let class = &scan.header.class;
        receipts.extend(
            scan.receipts
                .iter()
                .map(|receipt| (class.clone(), *receipt)),
        );
        leftovers.push(Leftover::new(scan));
    }
    place.sync_open()?;
    leftovers.sort_by_key(|leftover| leftover.header.opened_unix_nano);
    Ok(leftovers)
}

/// The digests that are still within the window.
fn remembered(
    config: &SpoolConfig,
    window_ns: u64,
    clock: &Arc<dyn Clock>,
    receipts: Vec<(String, Receipt)>,
) -> Digests {
    let since_ns = clock.unix_ns().saturating_sub(window_ns);
    let mut fresh: Vec<(u16, Receipt)> = receipts
        .into_iter()
        .filter(|(_, receipt)| receipt.received_at_ns >= since_ns)
        .filter_map(|(name, receipt)| {
            let index = config
                .classes
                .iter()
                .position(|class| class.class == name)?;
            Some((u16::try_from(index).ok()?, receipt))
        })
        .collect();
    fresh.sort_by_key(|(_, receipt)| receipt.received_at_ns);
    let mut digests = Digests::new(window_ns);
    for (class, receipt) in fresh {
        digests.insert(class, receipt.digest, receipt.received_at_ns);
    }
    digests
}

impl Shared {
    /// Make what an earlier run left open durable. Until it is, its digests promise nothing, and
    /// nothing is taken.
    pub(crate) fn rewrite_leftovers(&self) -> Result<(), SpoolError> {
        let mut leftovers = lock(&self.leftovers);
        leftovers
            .iter_mut()
            .try_for_each(|leftover| self.reserve.spend(|| leftover.rewrite(&self.place)))
    }

    /// Seal what an earlier run left open.
    pub(crate) fn seal_leftovers(&self) -> Result<(), SpoolError> {
        self.rewrite_leftovers()?;
        let mut leftovers = lock(&self.leftovers);
        while let Some(leftover) = leftovers.front() {
            let mut chain = lock(&self.chain);
            self.reserve.spend(|| leftover.seal(&mut chain))?;
            drop(chain);
            lock(&self.hours).leave(leftover.hour);
            leftovers.pop_front();
        }
        Ok(())
    }
}
