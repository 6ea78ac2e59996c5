//! The collector's clock, and the hours that the books are kept by.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

const HOUR_NS: u64 = 3_600_000_000_000;

/// Where time comes from.
pub(crate) trait Clock: Send + Sync + fmt::Debug {
    /// Nanoseconds since 1970 by the machine's clock, which may be set back.
    fn unix_ns(&self) -> u64;

    /// Time since some start, which is never set back.
    fn elapsed(&self) -> Duration;
}

#[derive(Debug)]
pub(crate) struct SystemClock {
    start: Instant,
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn unix_ns(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(0))
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A UTC hour, counted from 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hour(u64);

impl Hour {
    pub(crate) fn of(unix_ns: u64) -> Self {
        Self(unix_ns / HOUR_NS)
    }

    /// Read `2026-11-24T05`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let time: Timestamp = format!("{text}:00:00Z").parse().ok()?;
        let ns = u64::try_from(time.as_nanosecond()).ok()?;
        Some(Self::of(ns))
    }

    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    fn start_ns(self) -> u64 {
        self.0.saturating_mul(HOUR_NS)
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&utc("%Y-%m-%dT%H", self.start_ns()))
    }
}

/// The day of a time, as the ledger's object names have it: `2026/11/24`.
pub(crate) fn day(unix_ns: u64) -> String {
    utc("%Y/%m/%d", unix_ns)
}

fn utc(format: &str, unix_ns: u64) -> String {
    Timestamp::from_nanosecond(i128::from(unix_ns))
        .unwrap_or_default()
        .strftime(format)
        .to_string()
}

/// The hour of the books, which never runs backwards, and how many segments of each are unsealed.
///
/// An hour may be closed when it is past and none of its segments is unsealed: since every segment
/// enters its hour under this one lock, none can follow.
#[derive(Debug)]
pub(crate) struct Hours {
    current: Hour,
    unsealed: BTreeMap<Hour, usize>,
}

impl Hours {
    pub(crate) fn new(latest: Hour) -> Self {
        Self {
            current: latest,
            unsealed: BTreeMap::new(),
        }
    }

    /// The books' hour now.
    pub(crate) fn observe(&mut self, unix_ns: u64) -> Hour {
        self.current = self.current.max(Hour::of(unix_ns));
        self.current
    }

    /// Open a segment in the books' hour.
    pub(crate) fn enter(&mut self, unix_ns: u64) -> Hour {
        let hour = self.observe(unix_ns);
        self.hold(hour);
        hour
    }

    /// A segment of this hour is unsealed.
    pub(crate) fn hold(&mut self, hour: Hour) {
        *self.unsealed.entry(hour).or_default() += 1;
    }

    /// A segment is sealed, or gone.
    pub(crate) fn leave(&mut self, hour: Hour) {
        if let Some(count) = self.unsealed.get_mut(&hour) {
            *count -= 1;
            if *count == 0 {
                self.unsealed.remove(&hour);
            }
        }
    }

    /// Whether no segment of this hour or an earlier one can come any more.
    pub(crate) fn may_close(&self, hour: Hour) -> bool {
        hour < self.current
            && self
                .unsealed
                .keys()
                .next()
                .is_none_or(|first| *first > hour)
    }

    /// Time until the books' hour ends.
    pub(crate) fn left(&self, unix_ns: u64) -> Duration {
        Duration::from_nanos(self.current.next().start_ns().saturating_sub(unix_ns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_written_and_read_in_utc() {
        let hour = Hour::of(1_737_714_645_000_000_000);
        assert_eq!(hour.to_string(), "2025-01-24T10");
        assert_eq!(Hour::parse("2025-01-24T10"), Some(hour));
        assert_eq!(Hour::parse("2025-01-24"), None);
        assert_eq!(day(1_737_714_645_000_000_000), "2025/01/24");
    }

    #[test]
    fn the_hour_never_runs_backwards_and_closes_behind_its_last_segment() {
        let mut hours = Hours::new(Hour(10));
        let early = hours.enter(5 * HOUR_NS);
        assert_eq!(early, Hour(10));
        let late = hours.enter(12 * HOUR_NS);
        assert!(!hours.may_close(early));
        hours.leave(late);
        assert!(!hours.may_close(Hour(11)));
        hours.leave(early);
        assert!(hours.may_close(Hour(11)));
        assert!(!hours.may_close(Hour(12)));
        assert_eq!(hours.left(12 * HOUR_NS), Duration::from_secs(3600));
    }
}
