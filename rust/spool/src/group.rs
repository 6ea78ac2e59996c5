//! A commit being made: from a group of requests, or from what a hold lets go.

use crate::ack::{Ack, Stored};
use crate::append::Append;
use crate::commit::{Books, RECEIPT, Receipt};
use crate::digests::{Digests, Set};
use crate::hold::{HeldPart, Release};
use crate::writer::Request;

/// What a commit will hold, and what is to be told once it is durable.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) books: Books,
    /// `Receipt`s of lines and of requests that leave none.
    pub(crate) lines: Vec<u8>,
    pub(crate) silent: Vec<u8>,
    /// The text of the lines, each with its newline.
    pub(crate) text: Vec<Vec<u8>>,
    /// What the hold gets, and the same as the commit has it, not compressed yet.
    pub(crate) parts: Vec<HeldPart>,
    pub(crate) held: Vec<u8>,
    pub(crate) marks: Vec<u8>,
    pub(crate) fresh: Vec<[u8; 16]>,
    pub(crate) answers: Vec<Ack>,
    pub(crate) duplicates: u64,
}

impl Group {
    /// Put requests together, with those seen before counted apart.
    pub(crate) fn of_requests(requests: Vec<Request>, class: u16, digests: &Digests) -> Self {
        let mut group = Self::default();
        group.lines.reserve(requests.len() * RECEIPT);
        let alone = requests.len() == 1;
        let mut within = Set::default();
        for Request {
            append,
            held,
            reply,
        } in requests
        {
            let seen =
                digests.contains(class, append.digest) || !alone && !within.insert(append.digest);
            let stored = if seen {
                group.books.counts += append.counts.as_duplicate();
                group.duplicates += 1;
                Stored::Duplicate
            } else {
                group.fresh.push(append.digest);
                group.take(append);
                for part in held {
                    part.write(&mut group.held);
                    group.parts.push(part);
                }
                Stored::New
            };
            group.answers.push(Ack { reply, stored });
        }
        group
    }

    /// What a hold lets go.
    pub(crate) fn of_release(release: &Release) -> Self {
        let mut group = Self::default();
        for line in &release.lines {
            group.take(line.clone());
        }
        group.books.counts += release.counts;
        for mark in &release.marks {
            mark.write(&mut group.marks);
        }
        group
    }

    /// Whether it lets go of what was held, and so leads to room on the disk.
    pub(crate) fn lets_go(&self) -> bool {
        !self.marks.is_empty()
    }

    /// The payload's bytes in order: compressed, or the lines as they are.
    pub(crate) fn payload<'a>(&'a self, compressed: Option<&'a [u8]>) -> Vec<&'a [u8]> {
        match compressed {
            Some(compressed) => vec![compressed],
            None => self.text.iter().map(Vec::as_slice).collect(),
        }
    }

    fn take(&mut self, append: Append) {
        let receipt = Receipt {
            digest: append.digest,
            received_at_ns: append.received_at_ns,
        };
        if append.line.is_empty() {
            receipt.write(&mut self.silent);
        } else {
            receipt.write(&mut self.lines);
            let mut line = append.line;
            line.push(b'\n');
            self.text.push(line);
        }
        self.books.counts += append.counts;
        self.books.stretch(append.first_ns, append.last_ns);
        for (rule, count) in append.redactions {
            self.books.redact(rule, u64::from(count));
        }
    }
}
