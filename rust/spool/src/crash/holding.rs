//! A hold for the crash campaign, and what must hold of what it held back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{SECOND, World};
use crate::append::Append;
use crate::clock::Clock;
use crate::counts::Counts;
use crate::hold::{HeldPart, Hold, Key, Level, Mark, Release};
use crate::simulated::ManualClock;

/// How long a key waits after its first part.
const WAIT: u64 = 20 * SECOND;
/// Keys that wait, at most.
const MOST: usize = 6;

/// Lets go of each key as a whole, and keeps what has an even one.
pub(super) struct EvenKeys {
    clock: Arc<ManualClock>,
    waits: BTreeMap<Key, Vec<(HeldPart, u64, Arc<str>)>>,
}

impl EvenKeys {
    pub(super) fn new(clock: Arc<ManualClock>) -> Self {
        Self {
            clock,
            waits: BTreeMap::new(),
        }
    }

    fn first_ns(parts: &[(HeldPart, u64, Arc<str>)]) -> u64 {
        parts[0].0.received_at_ns
    }

    fn due(&self) -> Option<Key> {
        let now_ns = self.clock.unix_ns();
        let oldest = self
            .waits
            .iter()
            .min_by_key(|(_, parts)| Self::first_ns(parts));
        let (key, parts) = oldest?;
        let due = Self::first_ns(parts) + WAIT <= now_ns || self.waits.len() > MOST;
        due.then_some(*key)
    }
}

impl Hold for EvenKeys {
    fn admit(&mut self, part: HeldPart, log: u64, policy: &Arc<str>) {
        let policy = Arc::clone(policy);
        self.waits
            .entry(part.key)
            .or_default()
            .push((part, log, policy));
    }

    fn recall(&mut self, mark: Mark) {
        assert_eq!(mark.note, 1 + mark.key[0] % 2, "the hold's own remark");
    }

    fn due_in(&self, _now_ns: u64) -> Option<Duration> {
        self.due().map(|_| Duration::ZERO)
    }

    fn decide(&mut self, _now_ns: u64) -> Option<Release> {
        let mut release = Release {
            marks: vec![],
            lines: vec![],
            counts: Counts::default(),
            policy: None,
        };
        while let Some(key) = self.due().filter(|_| release.marks.len() < 3) {
            let parts = self.waits.remove(&key).unwrap();
            release.marks.push(Mark {
                key,
                note: 1 + key[0] % 2,
            });
            release.policy = Some(Arc::clone(&parts[0].2));
            let records = parts.len() as u64;
            if key[0] % 2 == 1 {
                release.counts.held_before += records;
                release.counts.sampled += records;
                continue;
            }
            let ids: Vec<String> = parts
                .iter()
                .map(|(part, ..)| format!("\"{}\"", String::from_utf8_lossy(&part.line)))
                .collect();
            let line = format!("{{\"parts\":[{}]}}", ids.join(","));
            let mut digest = [0; 16];
            digest.copy_from_slice(&blake3::hash(line.as_bytes()).as_bytes()[..16]);
            release.lines.push(Append {
                digest,
                received_at_ns: 1,
                line: line.into_bytes(),
                counts: Counts {
                    held_before: records,
                    stored: records,
                    ..Counts::default()
                },
                redactions: vec![],
                first_ns: 1,
                last_ns: 2,
            });
        }
        (!release.marks.is_empty()).then_some(release)
    }

    fn oldest_log(&self) -> Option<u64> {
        let parts = self.waits.values().flatten();
        parts.map(|(_, log, _)| *log).min()
    }

    fn level(&self) -> Level {
        Level::default()
    }
}

/// The key of a request's part: neighbours share one.
pub(super) fn key_of(number: usize, part: usize) -> Key {
    let mut key = [0; 16];
    key[0] = u8::try_from((number / 3 + part) % 200).unwrap();
    key
}

impl World {
    /// Each held part that was answered is stored once, if its key is kept, and no part twice.
    pub(super) fn check_held(&self) {
        let seed = self.seed;
        let mut stored: BTreeMap<String, u64> = BTreeMap::new();
        let mut digests = BTreeSet::new();
        for (name, bytes) in self
            .store
            .iter()
            .filter(|(name, _)| name.starts_with("held/"))
        {
            for line in zstd::decode_all(&bytes[..])
                .unwrap()
                .split(|byte| *byte == b'\n')
            {
                let Ok(line) = serde_json::from_slice::<Value>(line) else {
                    continue;
                };
                for id in line["parts"].as_array().into_iter().flatten() {
                    *stored.entry(id.as_str().unwrap().to_owned()).or_default() += 1;
                }
                assert!(
                    digests.insert(line.to_string()),
                    "seed {seed}: {name} repeats a line"
                );
            }
        }
        for (number, sent) in self.sent.iter().enumerate() {
            for part in 0..sent.parts {
                let times = stored
                    .get(&format!("{number}.{part}"))
                    .copied()
                    .unwrap_or(0);
                let kept = key_of(number, part)[0].is_multiple_of(2);
                assert!(
                    times <= 1,
                    "seed {seed}: {number}.{part} is stored {times} times"
                );
                assert!(
                    kept || times == 0,
                    "seed {seed}: {number}.{part} was let go"
                );
                assert!(
                    times == 1 || !kept || sent.acked == 0,
                    "seed {seed}: {number}.{part} is lost"
                );
            }
        }
    }
}
