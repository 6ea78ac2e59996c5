//! Compiled patterns, and the sieve that tells in one pass which of them cannot match a text.

use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_syntax::hir::{Class, Hir, HirKind};

const MOST_NEEDS: usize = 4;

/// A compiled pattern and its gate.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub regex: Regex,
    pub gate: Gate,
    /// A byte that every match has so many times.
    often: Option<(u8, usize)>,
}

/// What any text must have for a pattern to match.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gate {
    needs: u64,
    min_len: usize,
}

impl Gate {
    #[inline]
    pub fn open(self, sieved: Sieved) -> bool {
        sieved.bits & self.needs == self.needs && sieved.len >= self.min_len
    }
}

/// Classes of bytes, one bit each. A text's bits show which classes its bytes belong to.
#[derive(Clone, Debug)]
pub(crate) struct Sieve {
    bits: Box<[u64; 256]>,
    sets: Vec<ByteSet>,
}

/// The needs of all patterns of a policy, side by side: most texts can match none of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needs(Vec<u64>);

impl Needs {
    pub fn of<'p>(patterns: impl Iterator<Item = &'p Pattern>) -> Self {
        let mut needs: Vec<u64> = patterns.map(|pattern| pattern.gate.needs).collect();
        needs.sort_unstable();
        needs.dedup();
        Needs(needs)
    }

    #[inline]
    pub fn any(&self, sieved: Sieved) -> bool {
        self.0.iter().any(|needs| sieved.bits & needs == *needs)
    }
}

/// What the sieve saw of one text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sieved {
    bits: u64,
    len: usize,
}

impl Sieve {
    pub fn new() -> Self {
        Sieve {
            bits: Box::new([0; 256]),
            sets: Vec::new(),
        }
    }

    pub fn sift(&self, text: &[u8]) -> Sieved {
        let of = |byte: u8| self.bits[usize::from(byte)];
        // Four chains of ORs, since one would wait for itself at every byte.
        let (chunks, rest) = text.as_chunks::<4>();
        let mut bits = [0; 4];
        for chunk in chunks {
            for (bits, byte) in bits.iter_mut().zip(chunk) {
                *bits |= of(*byte);
            }
        }
        let rest = rest.iter().fold(0, |bits, byte| bits | of(*byte));
        Sieved {
            bits: bits.iter().fold(rest, |all, bits| all | bits),
            len: text.len(),
        }
    }

    /// Compiles a pattern in the syntax of the `regex` crates.
    pub fn compile(&mut self, pattern: &str) -> Result<Pattern, String> {
        let hir = syntax::parse(pattern).map_err(|error| re2::syntax_reason(&error))?;
        let config = Regex::config().nfa_size_limit(Some(re2::SIZE_LIMIT));
        let regex = Regex::builder()
            .configure(config)
            .build_from_hir(&hir)
            .map_err(|_| "its automaton is larger than 8 MiB".to_owned())?;
        let needs = needed(&hir)
            .into_iter()
            .filter_map(|set| self.bit(set))
            .fold(0, |needs, bit| needs | bit);
        Ok(Pattern {
            regex,
            gate: Gate {
                needs,
                min_len: hir.properties().minimum_len().unwrap_or(0),
            },
            often: (0x21u8..0x7f)
                .filter(|byte| !byte.is_ascii_alphanumeric())
                .map(|byte| (byte, times(&hir, byte)))
                .max_by_key(|(_, times)| *times)
                .filter(|(_, times)| *times > 1),
        })
    }

    /// Lets a pattern pass only with a digit in the text.
    pub fn ask_for_a_digit(&mut self, pattern: &mut Pattern) {
        let mut digits = ByteSet::default();
        (b'0'..=b'9').for_each(|digit| digits.add(digit));
        pattern.gate.needs |= self.bit(digits).unwrap_or(0);
    }

    fn bit(&mut self, set: ByteSet) -> Option<u64> {
        let index = match self.sets.iter().position(|known| *known == set) {
            Some(index) => index,
            None if self.sets.len() < 64 => {
                self.sets.push(set);
                self.sets.len() - 1
            }
            // A pattern without a bit is only slower.
            None => return None,
        };
        let bit = 1 << index;
        for (byte, bits) in self.bits.iter_mut().enumerate() {
            if set.has(byte as u8) {
                *bits |= bit;
            }
        }
        Some(bit)
    }
}

impl Pattern {
    /// Whether the pattern may match a text of which the sieve saw this much.
    #[inline]
    pub fn possible(&self, sieved: Sieved) -> bool {
        self.gate.open(sieved)
    }

    /// Whether a text has a byte as often as every match has it: IPv4 addresses have three dots.
    #[inline]
    pub fn probable(&self, text: &str) -> bool {
        self.often.is_none_or(|(byte, times)| {
            memchr::memchr_iter(byte, text.as_bytes())
                .nth(times - 1)
                .is_some()
        })
    }

    /// Whether the pattern matches, given what the sieve saw.
    #[inline]
    pub fn matches(&self, text: &str, sieved: Sieved) -> bool {
        self.possible(sieved) && self.probable(text) && self.regex.is_match(text)
    }

    pub fn matches_empty(&self) -> bool {
        self.gate.min_len == 0
    }
}

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct ByteSet([u64; 4]);

impl ByteSet {
    fn add(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    fn union(mut self, other: ByteSet) -> ByteSet {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a |= b);
        self
    }

    /// How often a text of telemetry has a byte of the set, by rule of thumb: less is better.
    fn frequency(&self) -> u32 {
        (0..=255)
            .filter(|byte| self.has(*byte))
            .map(|byte: u8| match byte {
                b'a'..=b'z' => 8,
                b'.' | b'/' | b'-' | b'_' | b' ' => 8,
                b'0'..=b'9' => 3,
                b'A'..=b'Z' => 2,
                _ => 1,
            })
            .sum()
    }
}

/// Sets of which every match has a byte, the rarest first.
fn needed(hir: &Hir) -> Vec<ByteSet> {
    let mut sets = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Vec::new(),
        HirKind::Literal(literal) => literal
            .0
            .iter()
            .map(|byte| {
                let mut set = ByteSet::default();
                set.add(*byte);
                set
            })
            .collect(),
        HirKind::Class(class) => vec![class_bytes(class)],
        HirKind::Repetition(repetition) if repetition.min == 0 => Vec::new(),
        HirKind::Repetition(repetition) => needed(&repetition.sub),
        HirKind::Capture(capture) => needed(&capture.sub),
        HirKind::Concat(parts) => parts.iter().flat_map(needed).collect(),
        HirKind::Alternation(branches) => branches
            .iter()
            .map(|branch| needed(branch).first().copied())
            .reduce(|one, other| Some(one?.union(other?)))
            .flatten()
            .into_iter()
            .collect(),
    };
    sets.sort_by_key(ByteSet::frequency);
    sets.dedup();
    sets.truncate(MOST_NEEDS);
    sets
}

/// How often every match has a byte at the least.
fn times(hir: &Hir, byte: u8) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => 0,
        HirKind::Literal(literal) => literal.0.iter().filter(|b| **b == byte).count(),
        HirKind::Repetition(repetition) => repetition.min as usize * times(&repetition.sub, byte),
        HirKind::Capture(capture) => times(&capture.sub, byte),
        HirKind::Concat(parts) => parts.iter().map(|part| times(part, byte)).sum(),
        HirKind::Alternation(branches) => {
            let least = branches.iter().map(|branch| times(branch, byte)).min();
            least.unwrap_or(0)
        }
    }
}

fn class_bytes(class: &Class) -> ByteSet {
    let mut set = ByteSet::default();
    match class {
        Class::Bytes(class) => {
            for range in class.iter() {
                (range.start()..=range.end()).for_each(|byte| set.add(byte));
            }
        }
        Class::Unicode(class) => {
            for range in class.iter() {
                let (start, end) = (u32::from(range.start()), u32::from(range.end()));
                (start..=end.min(0x7f)).for_each(|code| set.add(code as u8));
                if end > 0x7f {
                    (0x80..=0xff).for_each(|byte| set.add(byte));
                }
            }
        }
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sieve_only_rules_out_what_cannot_match() {
        let mut sieve = Sieve::new();
        let mail = sieve
            .compile(r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}")
            .unwrap();
        let either = sieve.compile("(?i)ab|c@").unwrap();
        for (text, possible) in [
            ("anna@contoso.com", true),
            ("anna at contoso.com", false),
            ("", false),
            ("@.aa", false),
        ] {
            assert_eq!(
                mail.possible(sieve.sift(text.as_bytes())),
                possible,
                "{text}"
            );
        }
        assert_eq!(
            sieve.compile(r"(?:[0-9]+\.){3}[0-9]|a...").unwrap().often,
            None
        );
        let dots = sieve.compile(r"(?:[0-9]+\.){3}[0-9]").unwrap();
        assert_eq!(dots.often, Some((b'.', 3)));
        assert!(dots.probable("1.2.3.4") && !dots.probable("1.2.3"));
        assert!(either.possible(sieve.sift(b"xAB")));
        assert!(!either.possible(sieve.sift(b"xy")));
    }

    #[test]
    fn a_pattern_that_is_too_large_is_refused() {
        let mut sieve = Sieve::new();
        assert!(sieve.compile(r"(?:[\p{L}]{1000}){1000}").is_err());
    }
}
