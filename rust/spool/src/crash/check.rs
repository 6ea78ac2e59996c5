//! What must hold of the store's content after a life, and of what a damaged spool hands out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{World, digest, handed_out};
use crate::commit::Receipt;
use crate::counts::Counts;
use crate::entry::{NO_PREVIOUS, sha256};
use crate::outbox::OutboxItem;
use crate::shared::{Shared, lock};

impl World {
    /// The chain is whole, the books balance, and each request that was answered is stored once.
    pub(super) fn check(&self) {
        let seed = self.seed;
        let entries: Vec<(&String, &Vec<u8>)> = self
            .store
            .iter()
            .filter(|(name, _)| name.starts_with("ledger/") && name.ends_with(".json"))
            .collect();
        let mut parsed: Vec<(u64, &Vec<u8>, Value)> = entries
            .iter()
            .map(|(_, bytes)| (serde_json::from_slice(bytes).unwrap(), bytes))
            .map(|(entry, bytes): (Value, _)| (entry["seq"].as_u64().unwrap(), *bytes, entry))
            .collect();
        parsed.sort_by_key(|(seq, ..)| *seq);
        let instance = parsed[0].2["instance"].clone();
        let mut previous = NO_PREVIOUS.to_owned();
        let mut lines_of: BTreeMap<String, u64> = BTreeMap::new();
        let mut received = 0;
        let mut by_hour: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut closed = BTreeSet::new();
        for (position, (seq, bytes, entry)) in parsed.iter().enumerate() {
            assert_eq!(*seq, position as u64, "seed {seed}: a number is missing");
            assert_eq!(entry["instance"], instance, "seed {seed}");
            assert_eq!(
                entry["previous"], previous,
                "seed {seed}: entry {seq} breaks the chain"
            );
            previous = sha256(bytes);
            let hour = entry["hour"].as_str().unwrap_or_default().to_owned();
            match entry["kind"].as_str().unwrap() {
                "segment" => {
                    assert!(
                        !closed.contains(&hour),
                        "seed {seed}: {hour} was closed before {seq}"
                    );
                    by_hour.entry(hour).or_default().push(previous.clone());
                    received += self.check_segment(entry, &mut lines_of);
                }
                "hour_closed" => {
                    let repeated: Vec<_> = entry["entries"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|entry| entry["sha256"].as_str().unwrap().to_owned())
                        .collect();
                    let expected = by_hour.get(&hour).cloned().unwrap_or_default();
                    assert_eq!(repeated, expected, "seed {seed}: entries of {hour}");
                    assert!(closed.insert(hour), "seed {seed}: an hour was closed twice");
                }
                "genesis" => assert_eq!(*seq, 0),
                "forwarded" => assert!(entry["forwarded"]["lines"].is_u64(), "seed {seed}"),
                kind => assert_eq!(kind, "heartbeat"),
            }
        }
        assert!(
            by_hour.keys().all(|hour| closed.contains(hour)),
            "seed {seed}: an hour is open"
        );
        for (number, sent) in self.sent.iter().enumerate() {
            let stored = lines_of.get(&sent.line).copied().unwrap_or_default();
            if sent.line.is_empty() || self.config.classes[sent.class].container.is_none() {
                continue;
            }
            assert!(
                stored <= 1,
                "seed {seed}: request {number} is stored {stored} times"
            );
            assert!(
                stored == 1 || sent.acked == 0,
                "seed {seed}: request {number} is lost"
            );
        }
        self.check_forwarded();
        let acked: u64 = self
            .sent
            .iter()
            .map(|sent| sent.acked * sent.records())
            .sum();
        let tries: u64 = self
            .sent
            .iter()
            .map(|sent| sent.tries * sent.records())
            .sum();
        assert!(
            (acked..=tries).contains(&received),
            "seed {seed}: {acked} {received} {tries}"
        );
        let held = |what: &str| -> u64 {
            let counts = parsed
                .iter()
                .filter_map(|(.., entry)| entry["counts"][what].as_u64());
            counts.sum()
        };
        assert_eq!(
            held("held_before"),
            held("held_after"),
            "seed {seed}: all was let go"
        );
    }

    /// Every blob that is handed out whole consists of lines that were sent, each with its digest.
    pub(super) fn check_handed_out(&self, shared: &Shared) {
        let seqs: Vec<u64> = lock(&shared.chain).waiting.keys().copied().collect();
        for seq in seqs {
            let Ok(item) = OutboxItem::read(&shared.place, seq) else {
                continue;
            };
            let (Some(name), Ok(payload)) = (&item.blob_name, handed_out(&item)) else {
                continue;
            };
            let text = match name.ends_with(".zst") {
                true => zstd::decode_all(&payload[..]).expect("a verified blob"),
                false => payload,
            };
            let text = String::from_utf8(text).expect("a verified blob");
            let lines = item.lines.expect("a blob has lines");
            for (line, receipt) in text.lines().zip(Receipt::read_all(&lines)) {
                if line.starts_with("{\"parts\"") {
                    continue;
                }
                let sent = self.sent.iter().position(|sent| sent.line == line);
                let number =
                    sent.unwrap_or_else(|| panic!("seed {}: a line from nowhere", self.seed));
                assert_eq!(receipt.digest, digest(number), "seed {}", self.seed);
            }
        }
    }

    /// One segment's blob, lines and books; records received.
    fn check_segment(&self, entry: &Value, lines_of: &mut BTreeMap<String, u64>) -> u64 {
        let seed = self.seed;
        let counts: Counts = serde_json::from_value(entry["counts"].clone()).unwrap();
        assert!(counts.balance(), "seed {seed}: {counts:?}");
        let fresh = counts.received - counts.duplicate;
        assert_eq!(
            entry["redactions"]["email"].as_u64().unwrap_or_default(),
            fresh,
            "seed {seed}"
        );
        let blob = &entry["blob"];
        if blob.is_null() {
            let lines = entry["forward"]["lines"].as_u64().unwrap_or_default();
            assert_eq!(counts.stored, lines, "seed {seed}");
            return counts.received;
        }
        let object = |container: &Value, name: &str| {
            let name = format!("{}/{name}", container.as_str().unwrap());
            &self.store[&name]
        };
        let payload = object(&blob["container"], blob["name"].as_str().unwrap());
        assert_eq!(blob["sha256"], sha256(payload), "seed {seed}");
        assert_eq!(blob["bytes"], payload.len(), "seed {seed}");
        let text = match blob["compression"].as_str().unwrap() {
            "zstd" => zstd::decode_all(&payload[..]).unwrap(),
            _ => payload.clone(),
        };
        let text = String::from_utf8(text).unwrap();
        let parts: usize = text
            .lines()
            .map(|line| line.matches('.').count().max(1))
            .sum();
        assert_eq!(counts.stored, parts as u64, "seed {seed}");
        let suffix = format!("/{:012}.lines", entry["seq"].as_u64().unwrap());
        let (_, receipts) = self
            .store
            .iter()
            .find(|(name, _)| name.ends_with(&suffix))
            .unwrap();
        assert_eq!(entry["lines_sha256"], sha256(receipts), "seed {seed}");
        assert_eq!(receipts.len(), 24 * text.lines().count(), "seed {seed}");
        for (line, receipt) in text.lines().zip(Receipt::read_all(receipts)) {
            *lines_of.entry(line.to_owned()).or_default() += 1;
            let line: Value = serde_json::from_str(line).unwrap();
            // What was held back has a digest of its own.
            if let Some(number) = line["n"].as_u64() {
                let number = usize::try_from(number).unwrap();
                assert_eq!(receipt.digest, digest(number), "seed {seed}");
            }
        }
        counts.received
    }
}
