//! A segment that an earlier run left open.

use crate::chain::{Chain, Sealing};
use crate::clock::Hour;
use crate::entry::{Sealed, Subject};
use crate::error::SpoolError;
use crate::segment::{Header, Summary};

/// Cut, durable, and to be sealed under its own policy and hour.
#[derive(Debug)]
pub(crate) struct Leftover {
    pub(crate) header: Header,
    pub(crate) hour: Hour,
    summary: Summary,
}

impl Leftover {
    pub(crate) fn new(header: Header, summary: Summary) -> Self {
        Self {
            hour: header.hour(),
            header,
            summary,
        }
    }

    pub(crate) fn seal(&self, chain: &mut Chain) -> Result<(), SpoolError> {
        let sealed = Sealed::new(&self.header, &self.summary);
        let sealing = Sealing {
            segment: &self.header.segment,
            lines: &self.summary.lines,
            bytes: self.summary.payload_bytes,
            acks: &mut Vec::new(),
        };
        chain.extend(
            &Subject::Segment(self.hour, Box::new(sealed)),
            Some(sealing),
        )
    }
}
