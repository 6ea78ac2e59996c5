//! The digests of requests made durable lately, by which a retry is known.

use std::collections::{HashSet, VecDeque};

use foldhash::fast::RandomState;

/// At most this many digests are remembered.
const MOST: usize = 1_000_000;
/// The window is kept as a tenth a generation; eleven cover it whole.
const GENERATIONS: usize = 11;

/// A class's index, and a digest.
type Key = (u16, [u8; 16]);
/// A digest is drawn evenly already, so a quick hash serves.
pub(crate) type Set<K> = HashSet<K, RandomState>;

/// Digests by generation: old ones go a generation at a time, so a digest is remembered for the
/// window and at most a tenth longer. A set of 18-byte keys takes a third of what a map with a time
/// for each would.
#[derive(Debug)]
pub(crate) struct Digests {
    window_ns: u64,
    generations: VecDeque<Generation>,
}

#[derive(Debug, Default)]
struct Generation {
    first_ns: u64,
    newest_ns: u64,
    keys: Set<Key>,
}

impl Digests {
    pub(crate) fn new(window_ns: u64) -> Self {
        Self {
            window_ns,
            generations: VecDeque::new(),
        }
    }

    pub(crate) fn contains(&self, class: u16, digest: [u8; 16]) -> bool {
        let key = (class, digest);
        self.generations
            .iter()
            .rev()
            .any(|generation| generation.keys.contains(&key))
    }

    pub(crate) fn insert(&mut self, class: u16, digest: [u8; 16], at_ns: u64) {
        let full = self.generations.back().is_none_or(|newest| {
            newest.keys.len() >= MOST / GENERATIONS
                || at_ns.saturating_sub(newest.first_ns) > self.window_ns / 10
        });
        if full {
            self.generations.push_back(Generation {
                first_ns: at_ns,
                newest_ns: at_ns,
                keys: Set::default(),
            });
        }
        if self.generations.len() > GENERATIONS {
            self.generations.pop_front();
        }
        if let Some(newest) = self.generations.back_mut() {
            newest.newest_ns = newest.newest_ns.max(at_ns);
            newest.keys.insert((class, digest));
        }
    }

    /// Forget what is older than the window.
    pub(crate) fn expire(&mut self, now_ns: u64) {
        while self
            .generations
            .front()
            .is_some_and(|oldest| oldest.newest_ns.saturating_add(self.window_ns) < now_ns)
        {
            self.generations.pop_front();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.generations
            .iter()
            .map(|generation| generation.keys.len())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: u32) -> [u8; 16] {
        let mut digest = [0; 16];
        digest[..4].copy_from_slice(&number.to_le_bytes());
        digest
    }

    #[test]
    fn a_digest_is_remembered_for_the_window() {
        let mut digests = Digests::new(600);
        for second in 0..2_000_u32 {
            digests.expire(u64::from(second));
            digests.insert(0, digest(second), u64::from(second));
            let oldest = second.saturating_sub(600);
            assert!(
                (oldest..=second)
                    .step_by(97)
                    .all(|at| digests.contains(0, digest(at)))
            );
        }
        assert!(!digests.contains(0, digest(1_300)));
        assert!(!digests.contains(1, digest(1_999)), "another class");
        digests.expire(10_000);
        assert_eq!(digests.len(), 0);
    }

    #[test]
    fn at_most_a_million_are_kept() {
        let mut digests = Digests::new(600);
        for number in 0..1_200_000 {
            digests.insert(0, digest(number), 1);
        }
        assert!((900_000..=MOST).contains(&digests.len()));
        assert!(digests.contains(0, digest(1_199_999)));
    }
}
