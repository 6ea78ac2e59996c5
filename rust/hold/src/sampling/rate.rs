//! Limits by time: a bucket of tokens, and counts that begin anew each second.

/// A bucket that fills at a constant rate and starts full, as golang.org/x/time/rate has it.
#[derive(Debug)]
pub(super) struct Bucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    at_ns: u64,
}

impl Bucket {
    pub(super) fn new(per_second: u64, burst: u64) -> Self {
        Self {
            per_second: per_second as f64,
            burst: burst as f64,
            tokens: burst as f64,
            at_ns: 0,
        }
    }

    /// Take `count` tokens, all or none.
    pub(super) fn take(&mut self, count: u64, now_ns: u64) -> bool {
        let elapsed = now_ns.saturating_sub(self.at_ns) as f64 / 1e9;
        let tokens = (self.tokens + elapsed * self.per_second).min(self.burst);
        let count = count as f64;
        let there = count <= tokens;
        if there {
            self.tokens = tokens - count;
            self.at_ns = now_ns;
        }
        there
    }
}

/// Spans that were kept in this second of the clock.
#[derive(Debug, Default)]
pub(super) struct Second {
    second: u64,
    kept: u64,
}

impl Second {
    /// Keep `spans` more if that stays within `most`.
    pub(super) fn keep(&mut self, spans: u64, most: u64, now_ns: u64) -> bool {
        let second = now_ns / 1_000_000_000;
        if self.second != second {
            (self.second, self.kept) = (second, 0);
        }
        let fits = self.kept + spans <= most;
        if fits {
            self.kept += spans;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut bucket = Bucket::new(10, 20);
        assert!(bucket.take(20, 5 * SECOND));
        assert!(!bucket.take(1, 5 * SECOND));
        assert!(bucket.take(5, 5 * SECOND + SECOND / 2));
        assert!(!bucket.take(21, 500 * SECOND), "more than its burst");
        assert!(bucket.take(20, 500 * SECOND));
    }

    #[test]
    fn a_second_s_count_begins_anew_with_the_next() {
        let mut second = Second::default();
        assert!(second.keep(3, 4, SECOND));
        assert!(!second.keep(2, 4, SECOND + 1));
        assert!(second.keep(1, 4, SECOND + 2));
        assert!(second.keep(4, 4, 2 * SECOND));
    }
}
