//! Decisions of late, by which late spans follow their trace.

use std::collections::{HashMap, VecDeque};

use spool::Key;

/// The latest decisions, as many of each kind as the configuration says.
#[derive(Debug)]
pub(super) struct Decisions {
    kept: HashMap<Key, bool>,
    /// By whether the trace was kept, oldest first.
    order: [VecDeque<Key>; 2],
    most: [usize; 2],
}

impl Decisions {
    pub(super) fn new(most_dropped: usize, most_kept: usize) -> Self {
        Self {
            kept: HashMap::new(),
            order: [VecDeque::new(), VecDeque::new()],
            most: [most_dropped, most_kept],
        }
    }

    /// Whether the trace was kept, if it was decided.
    pub(super) fn get(&self, key: &Key) -> Option<bool> {
        self.kept.get(key).copied()
    }

    pub(super) fn put(&mut self, key: Key, kept: bool) {
        if self.kept.contains_key(&key) {
            return;
        }
        let order = &mut self.order[usize::from(kept)];
        order.push_back(key);
        self.kept.insert(key, kept);
        while order.len() > self.most[usize::from(kept)]
            && let Some(oldest) = order.pop_front()
        {
            self.kept.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_of_a_kind_makes_room() {
        let mut decisions = Decisions::new(1, 2);
        for (key, kept) in [(1, true), (2, false), (3, true), (4, true), (5, false)] {
            decisions.put([key; 16], kept);
        }
        let known = |key| decisions.get(&[key; 16]);
        assert_eq!((known(1), known(2)), (None, None));
        assert_eq!((known(3), known(4)), (Some(true), Some(true)));
        assert_eq!(known(5), Some(false));
    }
}
