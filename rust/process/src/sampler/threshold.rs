//! Consistent probability sampling's two numbers, 56 bits each: a record's randomness, and the
//! threshold that it has to reach.
//!
//! <https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/>

const DIGITS: usize = 14;
const BITS: u32 = 56;
/// The threshold that no randomness reaches.
const NEVER: u64 = 1 << BITS;

/// 2^-56: the least probability that a threshold can express.
pub(super) const LEAST_PROBABILITY: f64 = 1.0 / NEVER as f64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Randomness(u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Threshold(u64);

impl Randomness {
    /// That of what has none: it reaches every threshold but the one that is never reached.
    pub const MOST: Randomness = Randomness(NEVER - 1);

    /// The last 56 bits of a trace id of 16 bytes.
    pub fn of_trace_id(id: &[u8]) -> Option<Randomness> {
        let last: [u8; 8] = id.get(8..16)?.try_into().ok()?;
        Some(Randomness(u64::from_be_bytes(last) & (NEVER - 1)))
    }

    /// The decision of the `hash_seed` mode: FNV-1a of the seed and some bytes, of which 14 bits
    /// decide. The other bits only fill up the number.
    pub fn of_hash(seed: u32, bytes: &[u8]) -> Randomness {
        const OFFSET: u32 = 0x811c_9dc5;
        const PRIME: u32 = 0x0100_0193;
        let hash = seed
            .to_le_bytes()
            .iter()
            .chain(bytes)
            .fold(OFFSET, |hash, byte| {
                (hash ^ u32::from(*byte)).wrapping_mul(PRIME)
            });
        let bucket = u64::from(hash & 0x3fff);
        let unused = u64::from(hash >> 18);
        let filling = unused ^ (unused << 10);
        Randomness((0x3fff - bucket) << 42 | filling << 14 | bucket)
    }

    /// 14 hex digits.
    pub fn parse(text: &str) -> Option<Randomness> {
        (text.len() == DIGITS).then(|| hex_number(text).map(Randomness))?
    }

    pub fn to_text(self) -> String {
        format!("{:014x}", self.0)
    }
}

impl Threshold {
    pub const ALWAYS: Threshold = Threshold(0);
    pub const NEVER: Threshold = Threshold(NEVER);

    /// The threshold of the `hash_seed` mode: so many of 2^14 buckets are kept.
    pub fn of_buckets(kept: u32) -> Threshold {
        Threshold(u64::from(0x4000_u32.saturating_sub(kept)) << 42)
    }

    /// The threshold of a probability, with so many hex digits and some more near 0 and 1; `None`
    /// for one that has no threshold.
    pub fn of_probability(probability: f64, digits: usize) -> Option<Threshold> {
        if !(LEAST_PROBABILITY..=1.0).contains(&probability) {
            return None;
        }
        if probability == 1.0 {
            return Some(Threshold::ALWAYS);
        }
        // Each leading hex digit 0 or f of the threshold is worth another digit behind it.
        let leading = |fraction: f64| (-exponent(fraction) / 4) as usize;
        let digits = DIGITS.min(digits + leading(probability).max(leading(1.0 - probability)));
        let kept = (probability * NEVER as f64).round() as u64;
        let mut threshold = NEVER - kept;
        let shift = 4 * (DIGITS - digits);
        if shift > 0 {
            threshold = (threshold + (1 << (shift - 1))) >> shift << shift;
        }
        Some(Threshold(threshold))
    }

    /// 1 to 14 hex digits, of which trailing zeros are left out.
    pub fn parse(text: &str) -> Option<Threshold> {
        if text.is_empty() || text.len() > DIGITS {
            return None;
        }
        Some(Threshold(hex_number(text)? << (4 * (DIGITS - text.len()))))
    }

    /// Empty for the threshold that is never reached.
    pub fn to_text(self) -> String {
        match self {
            Threshold::ALWAYS => "0".to_owned(),
            Threshold::NEVER => String::new(),
            Threshold(number) => format!("{number:014x}").trim_end_matches('0').to_owned(),
        }
    }

    pub fn probability(self) -> f64 {
        (NEVER - self.0) as f64 / NEVER as f64
    }

    pub fn is_reached_by(self, randomness: Randomness) -> bool {
        self.0 <= randomness.0
    }
}

fn hex_number(text: &str) -> Option<u64> {
    let digits_only = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits_only.then(|| u64::from_str_radix(text, 16).ok())?
}

/// The exponent `e` with `fraction = m * 2^e` and `0.5 <= m < 1`, for a normal fraction below 1.
fn exponent(fraction: f64) -> i32 {
    ((fraction.to_bits() >> 52) & 0x7ff) as i32 - 1022
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probability_s_threshold_has_the_digits_that_it_needs() {
        // The examples of the specification, and pkg/sampling's own at four digits.
        for (probability, digits, text) in [
            (1.0, 4, "0"),
            (0.5, 4, "8"),
            (0.25, 4, "c"),
            (1.0 / 3.0, 4, "aaab"),
            (0.1, 4, "e666"),
            (0.01, 4, "fd70a"),
            (0.001, 4, "ffbe77"),
            (LEAST_PROBABILITY, 4, "ffffffffffffff"),
        ] {
            let threshold = Threshold::of_probability(probability, digits).unwrap();
            assert_eq!(threshold.to_text(), text, "{probability}");
        }
        assert_eq!(Threshold::of_probability(0.0, 4), None);
        assert_eq!(Threshold::of_probability(1.5, 4), None);
    }

    #[test]
    fn texts_are_read_back() {
        let threshold = Threshold::parse("c").unwrap();
        assert_eq!(
            (threshold.probability(), threshold.to_text()),
            (0.25, "c".to_owned())
        );
        assert_eq!(Threshold::parse(""), None);
        assert_eq!(Threshold::parse("+1"), None);
        assert_eq!(Threshold::parse("000000000000000"), None);
        let randomness = Randomness::parse("0000000000000a").unwrap();
        assert_eq!(randomness.to_text(), "0000000000000a");
        assert_eq!(Randomness::parse("a"), None);
    }
}
