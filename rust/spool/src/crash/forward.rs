//! Exporters in the crash campaign: each sends on what it is owed, a few lines at a time.

use super::World;
use crate::shared::{Shared, lock};

const EXPORTERS: [&str; 2] = ["otlp", "otlp/second"];

impl World {
    /// Let exporters send on what is stored, or be all that takes it.
    pub(super) fn owe_some(&mut self) {
        if self.random.chance(50) {
            let [first, second] = EXPORTERS.map(String::from);
            self.config.classes[0].exporters = vec![first.clone()];
            self.config.classes[1].exporters = vec![first, second];
            if self.random.chance(50) {
                self.config.classes[1].container = None;
            }
        }
    }

    /// One exporter sends some lines on, and says so, or not before it is stopped.
    pub(super) fn forward(&mut self, shared: &Shared) {
        let exporter = EXPORTERS[self.random.below(EXPORTERS.len())];
        let Some(owed) = lock(&shared.chain).owed_to(exporter) else {
            return;
        };
        let mut progress = owed.progress;
        let mut lines = owed.open().expect("a sound segment");
        let mut settled = true;
        'segment: while let Some(commit) = lines.next_commit().expect("a sound segment") {
            for line in commit {
                if self.random.chance(15) {
                    settled = false;
                    break 'segment;
                }
                assert_eq!(line.number, progress.lines, "seed {}", self.seed);
                let text = String::from_utf8(line.text).expect("a line that was appended");
                let sent = self.sent.iter().position(|sent| sent.line == text);
                let number = sent.expect("a line that was appended");
                assert_eq!(line.digest, super::digest(number), "seed {}", self.seed);
                let key = (exporter.to_owned(), text);
                *self.forwarded.entry(key).or_default() += 1;
                progress.lines += 1;
                progress.sent += 1;
            }
        }
        let mut chain = lock(&shared.chain);
        if settled {
            assert_eq!(progress.lines, owed.lines, "seed {}", self.seed);
            let _faults = chain.finish(owed.seq, exporter, progress);
        } else if self.random.chance(80) {
            let _faults = chain.advance(owed.seq, exporter, progress);
        }
    }

    /// Each request that was answered was sent on by every exporter of its class.
    pub(super) fn check_forwarded(&self) {
        for (number, sent) in self.sent.iter().enumerate() {
            if sent.acked == 0 || sent.line.is_empty() {
                continue;
            }
            for exporter in &self.config.classes[sent.class].exporters {
                let key = (exporter.clone(), sent.line.clone());
                assert!(
                    self.forwarded.contains_key(&key),
                    "seed {}: {exporter} did not get request {number}",
                    self.seed
                );
            }
        }
    }
}
