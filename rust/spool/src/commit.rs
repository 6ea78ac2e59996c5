//! One commit of a segment file: what a group of requests left, durable as a whole or not at all.
//!
//! ```text
//! 4  "MSC1"
//! 4  length of the body
//! 4  CRC32C of: salt, length, ordinal, body
//! 4  ordinal, from 0
//!    body
//!    72  counts, nine of 8 bytes
//!     8  first time, 8 last time (0: none)
//!     4  lines, 4 silent requests, 4 rules
//!    24  a line: digest (16), receipt (8), in the payload's order
//!    24  a silent request, one that stored nothing: likewise
//!    10  a rule: index (2), masked values (8)
//!        payload: one zstd frame, one gzip member, or whole lines; may be empty
//! ```
//! A commit that holds records back or lets them go (see `hold`) is an "MSC2", and has before its
//! payload
//! ```text
//!     4  length of the held parts, 4 of the marks
//!        held parts, one zstd frame; key (16), receipt (8), records (4), length (4) and line each
//!    17  a mark: key (16), note (1)
//! ```
//! Integers are little-endian. The salt is the header's own CRC, so that the remains of another
//! file on the same blocks never pass for a commit of this one.

use crate::counts::Counts;

const MAGIC: [u8; 4] = *b"MSC1";
const MAGIC_HOLDING: [u8; 4] = *b"MSC2";
pub(crate) const PREFACE: usize = 16;
const FIXED: usize = 72 + 16 + 12;
/// Bytes of a receipt, here and in `<seq>.lines`.
pub(crate) const RECEIPT: usize = 24;
const RULE: usize = 10;
/// Lengths of the held parts and the marks.
const HOLDING: usize = 8;

/// A request's digest and its time of receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) digest: [u8; 16],
    pub(crate) received_at_ns: u64,
}

impl Receipt {
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.digest);
        out.extend_from_slice(&self.received_at_ns.to_le_bytes());
    }

    /// The receipts in the content of a `.lines` file; a rest that is none is left out.
    pub(crate) fn read_all(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.as_chunks::<RECEIPT>().0.iter().map(|chunk| {
            let (digest, time) = chunk.split_at(16);
            Self {
                digest: digest.try_into().expect("16 of 24 bytes"),
                received_at_ns: u64::from_le_bytes(time.try_into().expect("8 of 24 bytes")),
            }
        })
    }
}

/// What a commit says beside its payload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Books {
    pub(crate) counts: Counts,
    /// 0 where there is none.
    pub(crate) first_ns: u64,
    pub(crate) last_ns: u64,
    /// Masked values by rule.
    pub(crate) redactions: Vec<(u16, u64)>,
}

impl Books {
    /// Add what another commit or request counts.
    pub(crate) fn add(&mut self, other: &Self) {
        self.counts += other.counts;
        self.stretch(other.first_ns, other.last_ns);
        for &(rule, count) in &other.redactions {
            self.redact(rule, count);
        }
    }

    pub(crate) fn stretch(&mut self, first_ns: u64, last_ns: u64) {
        if first_ns != 0 && (self.first_ns == 0 || first_ns < self.first_ns) {
            self.first_ns = first_ns;
        }
        self.last_ns = self.last_ns.max(last_ns);
    }

    pub(crate) fn redact(&mut self, rule: u16, count: u64) {
        match self.redactions.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, sum)) => *sum = sum.saturating_add(count),
            None => self.redactions.push((rule, count)),
        }
    }
}

/// A commit as it is written and as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit<'a> {
    pub(crate) books: Books,
    /// `Receipt`s of the payload's lines, as bytes.
    pub(crate) lines: &'a [u8],
    pub(crate) silent: &'a [u8],
    /// Held parts as one zstd frame, or nothing.
    pub(crate) held: &'a [u8],
    /// `Mark`s, as bytes.
    pub(crate) marks: &'a [u8],
    pub(crate) payload: &'a [u8],
}

impl<'a> Commit<'a> {
    /// Append the commit to `out`. Its parts together must be shorter than 4 GiB.
    pub(crate) fn write(&self, salt: u32, ordinal: u32, out: &mut Vec<u8>) {
        self.write_head(&[self.payload], salt, ordinal, out);
        out.extend_from_slice(self.payload);
    }

    /// Append all that stands before the payload, for a payload in these pieces, which is to follow
    /// and need not be copied; the commit's own is not looked at.
    pub(crate) fn write_head(&self, payload: &[&[u8]], salt: u32, ordinal: u32, out: &mut Vec<u8>) {
        let payload_bytes: usize = payload.iter().map(|piece| piece.len()).sum();
        let holding = if self.holds() {
            HOLDING + self.held.len() + self.marks.len()
        } else {
            0
        };
        let length = FIXED
            + self.lines.len()
            + self.silent.len()
            + self.books.redactions.len() * RULE
            + holding
            + payload_bytes;
        let start = out.len();
        out.reserve(PREFACE + length - payload_bytes);
        let magic = if self.holds() { MAGIC_HOLDING } else { MAGIC };
        out.extend_from_slice(&magic);
        out.extend_from_slice(&to_u32(length).to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&ordinal.to_le_bytes());
        for count in self.books.counts.to_array() {
            out.extend_from_slice(&count.to_le_bytes());
        }
        out.extend_from_slice(&self.books.first_ns.to_le_bytes());
        out.extend_from_slice(&self.books.last_ns.to_le_bytes());
        out.extend_from_slice(&to_u32(self.lines.len() / RECEIPT).to_le_bytes());
        out.extend_from_slice(&to_u32(self.silent.len() / RECEIPT).to_le_bytes());
        out.extend_from_slice(&to_u32(self.books.redactions.len()).to_le_bytes());
        out.extend_from_slice(self.lines);
        out.extend_from_slice(self.silent);
        for (rule, count) in &self.books.redactions {
            out.extend_from_slice(&rule.to_le_bytes());
            out.extend_from_slice(&count.to_le_bytes());
        }
        if self.holds() {
            out.extend_from_slice(&to_u32(self.held.len()).to_le_bytes());
            out.extend_from_slice(&to_u32(self.marks.len()).to_le_bytes());
            out.extend_from_slice(self.held);
            out.extend_from_slice(self.marks);
        }
        let crc = payload
            .iter()
            .fold(checksum(salt, &out[start..]), |crc, piece| {
                crc32c::crc32c_append(crc, piece)
            });
        out[start + 8..start + 12].copy_from_slice(&crc.to_le_bytes());
    }

    /// Whether it takes records in or lets them go.
    pub(crate) fn holds(&self) -> bool {
        !self.held.is_empty() || !self.marks.is_empty()
    }

    /// Read the commit at the start of `bytes`, and its length, if a whole and valid one is there.
    pub(crate) fn read(bytes: &'a [u8], salt: u32, ordinal: u32) -> Option<(Self, usize)> {
        let (commit, found, end) = Self::read_any(bytes, salt)?;
        (found == ordinal).then_some((commit, end))
    }

    /// How long the commit is whose preface this is.
    pub(crate) fn length(preface: &[u8]) -> Option<usize> {
        PREFACE.checked_add(usize::try_from(u32_at(preface, 4)?).ok()?)
    }

    /// Whether a valid commit of this ordinal or a later one stands anywhere in `bytes`.
    pub(crate) fn stands_in(bytes: &'a [u8], salt: u32, from: u32) -> bool {
        bytes
            .windows(MAGIC.len())
            .enumerate()
            .filter(|(_, window)| *window == MAGIC || *window == MAGIC_HOLDING)
            .filter_map(|(at, _)| Self::read_any(&bytes[at..], salt))
            .any(|(_, ordinal, _)| ordinal >= from)
    }

    fn read_any(bytes: &'a [u8], salt: u32) -> Option<(Self, u32, usize)> {
        let holding = match bytes.get(..4)? {
            magic if magic == MAGIC => false,
            magic if magic == MAGIC_HOLDING => true,
            _ => return None,
        };
        let end = Self::length(bytes)?;
        let whole = bytes.get(..end)?;
        if u32_at(whole, 8)? != checksum(salt, whole) {
            return None;
        }
        let mut rest = Cursor(&whole[PREFACE..]);
        let mut counts = [0; 9];
        for count in &mut counts {
            *count = rest.u64()?;
        }
        let (first_ns, last_ns) = (rest.u64()?, rest.u64()?);
        let (lines, silent, rules) = (rest.u32()?, rest.u32()?, rest.u32()?);
        let lines = rest.take(lines.checked_mul(RECEIPT)?)?;
        let silent = rest.take(silent.checked_mul(RECEIPT)?)?;
        let mut redactions = Vec::new();
        for _ in 0..rules {
            redactions.push((rest.u16()?, rest.u64()?));
        }
        let (held, marks) = if holding {
            let (held, marks) = (rest.u32()?, rest.u32()?);
            (rest.take(held)?, rest.take(marks)?)
        } else {
            (&[][..], &[][..])
        };
        let commit = Self {
            books: Books {
                counts: Counts::from_array(counts),
                first_ns,
                last_ns,
                redactions,
            },
            lines,
            silent,
            held,
            marks,
            payload: rest.0,
        };
        Some((commit, u32_at(whole, 12)?, end))
    }
}

/// Of a commit, or of its beginning.
fn checksum(salt: u32, commit: &[u8]) -> u32 {
    let crc = crc32c::crc32c(&salt.to_le_bytes());
    let crc = crc32c::crc32c_append(crc, &commit[4..8]);
    crc32c::crc32c_append(crc, &commit[12..])
}

fn to_u32(length: usize) -> u32 {
    u32::try_from(length).expect("a commit is shorter than 4 GiB")
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<usize> {
        let four = self.take(4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(four)).ok()
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(commit: &Commit<'_>, salt: u32, ordinal: u32) -> Vec<u8> {
        let mut out = Vec::new();
        commit.write(salt, ordinal, &mut out);
        out
    }

    fn example() -> Commit<'static> {
        Commit {
            books: Books {
                counts: Counts {
                    received: 3,
                    stored: 2,
                    rejected: 1,
                    ..Counts::default()
                },
                first_ns: 5,
                last_ns: 9,
                redactions: vec![(0, 2), (7, 1)],
            },
            lines: &[1; 48],
            silent: &[2; 24],
            held: &[],
            marks: &[],
            payload: b"{}\n{}\n",
        }
    }

    fn holding() -> Commit<'static> {
        Commit {
            held: &[3; 40],
            marks: &[4; 17],
            ..example()
        }
    }

    #[test]
    fn a_commit_is_read_as_it_was_written() {
        let bytes = bytes_of(&holding(), 42, 3);
        assert_eq!(
            Commit::read(&bytes, 42, 3),
            Some((holding(), bytes.len())),
            "holding"
        );
        let bytes = bytes_of(&example(), 42, 3);
        assert_eq!(
            Commit::read(&bytes, 42, 3),
            Some((example(), bytes.len())),
            "whole"
        );
        assert_eq!(Commit::read(&bytes, 42, 2), None, "another ordinal");
        assert_eq!(Commit::read(&bytes, 43, 3), None, "another file's");
        let behind = [b"MSC1MS", &bytes[..]].concat();
        assert!(Commit::stands_in(&behind, 42, 3));
        assert!(!Commit::stands_in(&behind, 42, 4));
    }

    #[test]
    fn no_flipped_bit_and_no_cut_passes() {
        let bytes = bytes_of(&holding(), 42, 0);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Commit::read(&flipped, 42, 0), None, "bit {bit}");
        }
        for end in 0..bytes.len() {
            assert_eq!(Commit::read(&bytes[..end], 42, 0), None, "cut at {end}");
        }
    }

    #[test]
    fn books_add_up() {
        let mut books = Books::default();
        books.add(&example().books);
        books.add(&Books {
            first_ns: 0,
            last_ns: 11,
            redactions: vec![(7, 4)],
            ..Books::default()
        });
        assert_eq!((books.first_ns, books.last_ns), (5, 11));
        assert_eq!(books.redactions, [(0, 2), (7, 5)]);
        assert!(books.counts.balance());
    }
}
