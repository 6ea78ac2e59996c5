//! The books of a commit, a segment and an entry.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Spans, log records or data points, by what became of them.
///
/// `received + held_before = stored + rejected + dropped + sampled + aggregated + duplicate +
/// held_after`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub received: u64,
    pub stored: u64,
    pub rejected: u64,
    pub dropped: u64,
    pub sampled: u64,
    pub aggregated: u64,
    pub duplicate: u64,
    pub held_before: u64,
    pub held_after: u64,
}

impl Counts {
    /// What a request counts whose digest was seen before.
    #[must_use]
    pub fn as_duplicate(self) -> Self {
        Self {
            received: self.received,
            duplicate: self.received,
            ..Self::default()
        }
    }

    /// Whether what came in is accounted for.
    #[must_use]
    pub fn balance(&self) -> bool {
        self.received + self.held_before
            == self.stored
                + self.rejected
                + self.dropped
                + self.sampled
                + self.aggregated
                + self.duplicate
                + self.held_after
    }

    pub(crate) fn to_array(self) -> [u64; 9] {
        [
            self.received,
            self.stored,
            self.rejected,
            self.dropped,
            self.sampled,
            self.aggregated,
            self.duplicate,
            self.held_before,
            self.held_after,
        ]
    }

    pub(crate) fn from_array(counts: [u64; 9]) -> Self {
        let [
            received,
            stored,
            rejected,
            dropped,
            sampled,
            aggregated,
            duplicate,
            held_before,
            held_after,
        ] = counts;
        Self {
            received,
            stored,
            rejected,
            dropped,
            sampled,
            aggregated,
            duplicate,
            held_before,
            held_after,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        let (mut sums, terms) = (self.to_array(), other.to_array());
        for (sum, term) in sums.iter_mut().zip(terms) {
            *sum = sum.saturating_add(term);
        }
        *self = Self::from_array(sums);
    }
}
