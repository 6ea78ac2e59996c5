//! Pseudonyms by period: from one to the next a person gets another one.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::key::{PeriodKey, RegionKey};

/// How long a person keeps a pseudonym.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rotate {
    #[default]
    Never,
    Year,
    Quarter,
    Month,
}

impl Rotate {
    pub(crate) fn effect(self) -> &'static str {
        match self {
            Rotate::Never => "pseudonym",
            Rotate::Year => "pseudonym of the year",
            Rotate::Quarter => "pseudonym of the quarter",
            Rotate::Month => "pseudonym of the month",
        }
    }

    /// The name of the period (in UTC) that a time lies in: `2026`, `2026q4`, `2026m11`.
    fn period(self, now: SystemTime) -> Option<String> {
        let seconds = now
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let (year, month) = year_and_month(seconds / 86_400);
        match self {
            Rotate::Never => None,
            Rotate::Year => Some(year.to_string()),
            Rotate::Quarter => Some(format!("{year}q{}", month.div_ceil(3))),
            Rotate::Month => Some(format!("{year}m{month:02}")),
        }
    }
}

/// The keys of pseudonyms while one request is redacted, so that it lies in one period.
pub(crate) struct Pseudonyms<'k> {
    key: &'k RegionKey,
    /// By [`Rotate`]; only those that a policy uses.
    periods: [Option<PeriodKey>; 4],
}

impl<'k> Pseudonyms<'k> {
    pub fn at(now: SystemTime, key: &'k RegionKey, used: &[Rotate]) -> Self {
        let mut periods = [const { None }; 4];
        for rotate in used {
            let period = rotate.period(now);
            periods[*rotate as usize] = period.map(|period| key.of_period(&period));
        }
        Pseudonyms { key, periods }
    }

    pub fn pseudonym(&self, rotate: Rotate, text: &str) -> String {
        match &self.periods[rotate as usize] {
            Some(key) => key.pseudonym(text),
            None => self.key.pseudonym(text),
        }
    }
}

/// Of a day since 1970-01-01 in the Gregorian calendar, by eras of 400 years that begin in March.
fn year_and_month(day: u64) -> (u64, u64) {
    let day = day + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (era * 400 + year + u64::from(month <= 2), month)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::key::is_pseudonym;

    #[test]
    fn periods_are_those_of_the_calendar() {
        for (seconds, year, quarter, month) in [
            (0, "1970", "1970q1", "1970m01"),
            (951_782_399, "2000", "2000q1", "2000m02"),
            (951_868_800, "2000", "2000q1", "2000m03"),
            (1_795_509_707, "2026", "2026q4", "2026m11"),
            (1_798_761_600, "2027", "2027q1", "2027m01"),
        ] {
            let at = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(Rotate::Year.period(at).as_deref(), Some(year));
            assert_eq!(Rotate::Quarter.period(at).as_deref(), Some(quarter));
            assert_eq!(Rotate::Month.period(at).as_deref(), Some(month));
            assert_eq!(Rotate::Never.period(at), None);
        }
    }

    #[test]
    fn a_person_has_one_pseudonym_a_period_and_its_name_tells_which() {
        let key = RegionKey::from_bytes(&[7; 32]);
        let of = |seconds, rotate| {
            let now = UNIX_EPOCH + Duration::from_secs(seconds);
            Pseudonyms::at(now, &key, &[Rotate::Month]).pseudonym(rotate, "anna")
        };
        let november = of(1_795_509_707, Rotate::Month);
        assert!(november.starts_with(&format!("p_{}-2026m11_", key.id())));
        assert!(is_pseudonym(&november));
        assert_eq!(november, of(1_795_509_708, Rotate::Month));
        let december = of(1_798_000_000, Rotate::Month);
        assert_ne!(november.rsplit('_').next(), december.rsplit('_').next());
        assert_eq!(of(0, Rotate::Never), key.pseudonym("anna"));
    }
}
