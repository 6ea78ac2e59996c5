//! Times as columns hold them, and which of a record's times is believed.

const HOUR: i64 = 3_600_000_000_000;
/// In nanoseconds.
pub(crate) const DAY: i64 = 24 * HOUR;
/// A record's own time is believed from so long before its receipt ...
const LONGEST_PAST: i64 = 800 * DAY;
/// ... to so long behind it.
const LONGEST_FUTURE: i64 = HOUR;

/// A time as a column holds it: 0 is none, and neither is one beyond 2^63.
pub(crate) fn time(unix_nano: u64) -> Option<i64> {
    i64::try_from(unix_nano).ok().filter(|&time| time != 0)
}

/// When the record happened, as far as it can be believed, and which time that is.
pub(crate) fn event_time(
    time: Option<i64>,
    observed: Option<i64>,
    received: i64,
) -> (i64, &'static str) {
    let believed = received.saturating_sub(LONGEST_PAST)..=received.saturating_add(LONGEST_FUTURE);
    let (event, source) = match (time, observed) {
        (Some(time), _) => (time, "time"),
        (None, Some(observed)) => (observed, "observed"),
        (None, None) => (received, "received"),
    };
    if believed.contains(&event) {
        (event, source)
    } else {
        (received, "received")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_records_time_counts_within_its_bounds() {
        let received = 2_000 * DAY;
        let at = |time, observed| event_time(time, observed, received);
        assert_eq!(at(None, None), (received, "received"));
        assert_eq!(at(Some(received - 1), Some(5)), (received - 1, "time"));
        assert_eq!(at(None, Some(received)), (received, "observed"));
        let earliest = received - LONGEST_PAST;
        assert_eq!(at(Some(earliest), None), (earliest, "time"));
        assert_eq!(at(Some(earliest - 1), None), (received, "received"));
        let latest = received + LONGEST_FUTURE;
        assert_eq!(at(Some(latest), None), (latest, "time"));
        assert_eq!(at(Some(latest + 1), None), (received, "received"));
    }

    #[test]
    fn times_that_a_column_cannot_hold_are_absent() {
        assert_eq!(time(0), None);
        assert_eq!(time(1 << 63), None);
        assert_eq!(time((1 << 63) - 1), Some(i64::MAX));
    }
}
