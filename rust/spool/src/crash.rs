//! Crash campaign: random schedules on the simulated file system, and what must hold after each.

mod check;
mod forward;
mod holding;
mod refusals;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::ack::Stored;
use crate::append::Append;
use crate::clock::Clock;
use crate::config::{ClassConfig, Compression, Durability, SpoolConfig};
use crate::counts::Counts;
use crate::error::{Refusal, SpoolError};
use crate::file_system::FileSystem;
use crate::hold::{HeldPart, Hold};
use crate::logs::Holding;
use crate::outbox::OutboxItem;
use crate::place::Part;
use crate::recover::{Opened, recover};
use crate::shared::{Shared, lock};
use crate::simulated::{ManualClock, Random, Simulated};
use crate::writer::{Request, Writer};

use self::holding::{EvenKeys, key_of};

const SECOND: u64 = 1_000_000_000;
/// The class that holds records back.
const HELD: usize = 2;
const START: u64 = 1_700_000_000 * SECOND;

/// A request that was sent, perhaps several times.
struct Sent {
    class: usize,
    line: String,
    /// Parts that are held back.
    parts: usize,
    /// Answered OK, so often.
    acked: u64,
    tries: u64,
    /// Retries are still within the digests' window.
    fresh: bool,
}

impl Sent {
    fn records(&self) -> u64 {
        (u64::from(!self.line.is_empty()) + self.parts as u64).max(1)
    }
}

type Answer = oneshot::Receiver<Result<Stored, Refusal>>;

struct World {
    seed: u64,
    random: Random,
    fs: Simulated,
    clock: Arc<ManualClock>,
    config: SpoolConfig,
    /// The store: objects by container and name, put by conditional create.
    store: BTreeMap<String, Vec<u8>>,
    /// Lines by the exporter that sent them on, with how often.
    forwarded: BTreeMap<(String, String), u64>,
    sent: Vec<Sent>,
    answers: Vec<(usize, Answer)>,
    instances: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let class = |name: &str, compression| ClassConfig {
            class: name.into(),
            signal: name.into(),
            container: Some(name.into()),
            exporters: vec![],
            name_format: "%Y/%m/%d/%H_%M_%S.json".into(),
            timezone: "UTC".into(),
            compression,
            policy: "0011223344556677".into(),
            rules: vec!["email".into()],
        };
        let classes = vec![
            class("logs", Compression::Zstd),
            class("traces", Compression::None),
            class("held", Compression::Zstd),
        ];
        let mut config = SpoolConfig::new(PathBuf::from("/spool"), "euc", "test", classes);
        config.segment_bytes = 1500;
        if random.chance(30) {
            config.durability = Durability::Store;
        }
        Self {
            seed,
            fs: Simulated::new(random.next()),
            random,
            clock: Arc::new(ManualClock::at(START)),
            config,
            store: BTreeMap::new(),
            forwarded: BTreeMap::new(),
            sent: Vec::new(),
            answers: Vec::new(),
            instances: 0,
        }
    }

    fn open(&mut self) -> Result<(Arc<Shared>, Vec<Writer>), SpoolError> {
        self.instances += 1;
        let fresh = format!("{:016x}", self.instances);
        let clock = Arc::clone(&self.clock);
        let hold: Box<dyn Hold> = Box::new(EvenKeys::new(Arc::clone(&self.clock)));
        let Opened {
            shared, holdings, ..
        } = recover(
            &self.config,
            Arc::new(self.fs.clone()),
            clock,
            &fresh,
            vec![None, None, Some(hold)],
        )?;
        let classes = self.config.classes.iter().zip(holdings);
        let writers = classes
            .map(|(class, holding)| {
                Writer::new(Arc::clone(&shared), class.clone(), holding).unwrap()
            })
            .collect();
        Ok((shared, writers))
    }

    /// One run of the process, with random work until it ends by a plan or by chance.
    fn run(&mut self) {
        let opened = self.open();
        let (shared, mut writers) = match opened {
            Ok(opened) => opened,
            Err(SpoolError::Io { .. }) => return,
            Err(error) => panic!("seed {}: {error}", self.seed),
        };
        let mut retired: Vec<Writer> = Vec::new();
        for _ in 0..self.random.below(40) {
            if self.fs.is_dead() {
                break;
            }
            match self.random.below(15) {
                // Under `Store` a duplicate of the earlier writer's request may be answered first.
                14 if self.config.durability != Durability::Store => {
                    let hold = Box::new(EvenKeys::new(Arc::clone(&self.clock)));
                    let class = self.config.classes[HELD].clone();
                    let next =
                        Writer::new(Arc::clone(&shared), class, Some(Holding::new(hold))).unwrap();
                    retired.push(std::mem::replace(&mut writers[HELD], next));
                }
                0..5 => self.append(&mut writers),
                5 => self.advance(),
                6 => {
                    let _faults = shared.tick();
                }
                7 => {
                    for writer in &mut writers {
                        let _faults = writer.release_due();
                        let _faults = writer.seal_due();
                    }
                    retired.retain_mut(|writer| !writer.finish());
                }
                8 => {
                    for writer in &mut writers {
                        let _faults = writer.seal();
                    }
                }
                9 => {
                    let room = self.random.chance(20).then(|| self.random.below(4_000));
                    self.fs.set_room(room);
                    self.fs.set_full(self.random.chance(10));
                }
                10 | 11 => self.forward(&shared),
                _ => {
                    for _ in 0..self.random.below(4) {
                        self.upload(&shared);
                    }
                }
            }
            self.hear();
        }
        drop((writers, retired));
        lock(&shared.chain).drop_acks();
        self.hear();
        self.answers.clear();
    }

    fn append(&mut self, writers: &mut [Writer]) {
        let class = self.random.below(writers.len());
        let mut requests = Vec::new();
        for _ in 0..=self.random.below(3) {
            let again = self.sent.iter().enumerate().rev().take(8);
            let again: Vec<usize> = again
                .filter(|(_, sent)| sent.class == class && sent.fresh)
                .map(|(i, _)| i)
                .collect();
            let number = if !again.is_empty() && self.random.chance(35) {
                again[self.random.below(again.len())]
            } else {
                let number = self.sent.len();
                let silent = self.random.chance(if class == HELD { 60 } else { 15 });
                let parts = if class == HELD {
                    self.random.below(4)
                } else {
                    0
                };
                let filler = "x".repeat(self.random.below(120));
                self.sent.push(Sent {
                    class,
                    line: if silent {
                        String::new()
                    } else {
                        format!("{{\"n\":{number},\"f\":\"{filler}\"}}")
                    },
                    parts,
                    acked: 0,
                    tries: 0,
                    fresh: true,
                });
                number
            };
            let sent = &mut self.sent[number];
            sent.tries += 1;
            let stored = u64::from(!sent.line.is_empty());
            let held = sent.parts as u64;
            let dropped = u64::from(stored + held == 0);
            let (reply, answer) = oneshot::channel();
            requests.push(Request {
                append: Append {
                    digest: digest(number),
                    received_at_ns: self.clock.unix_ns(),
                    line: sent.line.clone().into_bytes(),
                    counts: Counts {
                        received: stored + held + dropped,
                        stored,
                        dropped,
                        held_after: held,
                        ..Counts::default()
                    },
                    redactions: vec![(0, u32::try_from(stored + held + dropped).unwrap())],
                    first_ns: 1,
                    last_ns: 2,
                },
                held: (0..sent.parts)
                    .map(|part| self.part(number, part))
                    .collect(),
                reply,
            });
            self.answers.push((number, answer));
        }
        writers[class].commit(requests);
    }

    /// Note the answers that have come.
    fn hear(&mut self) {
        let mut waiting = Vec::new();
        for (number, mut answer) in self.answers.drain(..) {
            let sent = &mut self.sent[number];
            match answer.try_recv() {
                Ok(Ok(stored)) => {
                    let stays = !sent.line.is_empty() || sent.parts > 0;
                    let known = sent.acked > 0 && sent.fresh && stays;
                    assert!(
                        !known || stored == Stored::Duplicate,
                        "seed {}: request {number} was stored again",
                        self.seed
                    );
                    sent.acked += 1;
                }
                Ok(Err(_)) | Err(oneshot::error::TryRecvError::Closed) => {}
                Err(oneshot::error::TryRecvError::Empty) => waiting.push((number, answer)),
            }
        }
        self.answers = waiting;
    }

    fn advance(&mut self) {
        let seconds = [1, 31, 301, 700, 3600, 7200][self.random.below(6)];
        let back = self.random.chance(10);
        self.clock.advance(seconds * SECOND);
        if back {
            self.clock.set_back(2 * seconds * SECOND);
        }
        // Times of receipt are the test's own, and a jump may take them out of the window.
        for sent in &mut self.sent {
            sent.fresh &= seconds == 1;
        }
    }

    /// Upload the first entry, or a part of it.
    fn upload(&mut self, shared: &Shared) {
        let Some(seq) = lock(&shared.chain).waiting.keys().next().copied() else {
            return;
        };
        let item = OutboxItem::read(&shared.place, seq)
            .unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
        let stop = if self.random.chance(20) {
            self.random.below(4)
        } else {
            4
        };
        if stop > 0
            && let Some(lines) = &item.lines
        {
            let name = item.entry_name.replace(".json", ".lines");
            self.put(format!("ledger/{name}"), lines.clone());
        }
        if stop > 1
            && let (Some(container), Some(blob)) = (&item.container, &item.blob_name)
        {
            let payload =
                handed_out(&item).unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
            self.put(format!("{container}/{blob}"), payload);
        }
        if stop > 2 {
            self.put(format!("ledger/{}", item.entry_name), item.entry.clone());
        }
        if stop > 3 {
            let _faults = lock(&shared.chain).confirm(seq);
        }
    }

    fn put(&mut self, name: String, bytes: Vec<u8>) {
        match self.store.get(&name) {
            None => {
                self.store.insert(name, bytes);
            }
            Some(there) => assert!(
                *there == bytes,
                "seed {}: {name} has other bytes",
                self.seed
            ),
        }
    }

    /// Start once more without trouble, and bring all that is left to the store.
    fn finish(&mut self) {
        let opened = self.open();
        let (shared, mut writers) =
            opened.unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
        // Past the latest hour that the clock may have shown.
        self.clock.advance(400 * 3600 * SECOND);
        for writer in &mut writers {
            writer.release_due().unwrap();
            writer.seal().unwrap();
            writer.release_due().unwrap();
        }
        self.clock.advance(3600 * SECOND);
        shared.tick().unwrap();
        loop {
            let chain = lock(&shared.chain);
            if chain.waiting.is_empty() && chain.deliveries.is_empty() {
                break;
            }
            drop(chain);
            self.upload(&shared);
            self.forward(&shared);
        }
        let names = self.fs.list(&shared.place.open()).unwrap();
        assert!(names.is_empty(), "seed {}: {names:?} in open", self.seed);
        let logs = shared.place.logs().unwrap();
        assert!(logs.is_empty(), "seed {}: {logs:?} in held", self.seed);
        let parts = shared.place.outbox_parts().unwrap();
        let done = parts
            .iter()
            .all(|(_, part)| matches!(part, Part::Done | Part::Lines | Part::Silent));
        assert!(done, "seed {}: {parts:?} in the outbox", self.seed);
        self.check();
        self.check_held();
    }

    fn part(&self, number: usize, part: usize) -> HeldPart {
        HeldPart {
            key: key_of(number, part),
            received_at_ns: self.clock.unix_ns(),
            records: 1,
            line: format!("{number}.{part}").into_bytes(),
        }
    }
}

fn digest(number: usize) -> [u8; 16] {
    let mut digest = [7; 16];
    digest[..8].copy_from_slice(&(number as u64).to_le_bytes());
    digest
}

/// One life of a spool: some runs, each ended by a crash, a kill or in peace, and a last one.
fn live(seed: u64) {
    let mut world = World::new(seed);
    world.owe_some();
    for _ in 0..=world.random.below(4) {
        let fuse = world.random.chance(80).then(|| world.random.below(150));
        let faults = if world.random.chance(30) {
            1 + world.random.below(15)
        } else {
            0
        };
        world.fs.plan(fuse, faults);
        world.run();
        if world.random.chance(60) {
            world.fs.crash();
        } else {
            world.fs.kill();
        }
        world.clock.advance(SECOND);
    }
    world.finish();
}

/// A blob as an uploader gets it.
fn handed_out(item: &OutboxItem) -> Result<Vec<u8>, SpoolError> {
    let mut blob = Vec::new();
    item.pieces(|piece| blob.extend_from_slice(piece))?;
    Ok(blob)
}

/// `MAINSTEM_CAMPAIGN=long` (`make prove`) lives many more lives.
#[test]
fn no_crash_loses_doubles_or_breaks_the_chain() {
    let long = std::env::var("MAINSTEM_CAMPAIGN").is_ok_and(|campaign| campaign == "long");
    for seed in 0..if long { 100_000 } else { 2_000 } {
        live(seed);
    }
}

/// Bits flip in the files of a spool that was killed: it opens or says what is damaged, never
/// panics, and what it hands out is what was appended.
#[test]
fn flipped_bits_are_found_and_never_handed_out() {
    let (mut opened, mut refused) = (0, 0);
    for seed in 0..1_000 {
        let mut world = World::new(seed);
        world.run();
        world.fs.kill();
        let suffix = [".seg", ".json", ".lines", ".done", ""][world.random.below(5)];
        for _ in 0..=world.random.below(3) {
            world.fs.flip(suffix);
        }
        let Ok((shared, mut writers)) = world.open() else {
            refused += 1;
            continue;
        };
        opened += 1;
        world.append(&mut writers);
        for writer in &mut writers {
            writer.seal().expect("the disk is well");
        }
        world.check_handed_out(&shared);
    }
    assert!(
        opened > 100 && refused > 100,
        "{opened} opened, {refused} refused"
    );
}
