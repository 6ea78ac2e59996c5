//! A segment that an earlier run left open.

use crate::chain::{Chain, SealedLog, Sealing};
use crate::clock::Hour;
use crate::entry::{Sealed, Subject};
use crate::error::SpoolError;
use crate::logs::Log;
use crate::place::Place;
use crate::segment::{Header, Scan, Summary};

/// Cut at its last valid commit, to be sealed under its own policy and hour.
#[derive(Debug)]
pub(crate) struct Leftover {
    pub(crate) header: Header,
    pub(crate) hour: Hour,
    summary: Summary,
    /// Bytes that are kept of the file.
    valid: usize,
    damaged: bool,
    rewritten: bool,
}

impl Leftover {
    pub(crate) fn new(scan: Scan) -> Self {
        Self {
            hour: scan.header.hour(),
            header: scan.header,
            summary: scan.summary,
            valid: scan.valid,
            damaged: scan.damaged,
            rewritten: false,
        }
    }

    /// Write what is kept into a file of this run. The old file is not to be trusted: if the run
    /// before ended after a failed fsync, the system shows bytes that are not on the disk, and
    /// would say of another fsync that all is well.
    pub(crate) fn rewrite(&mut self, place: &Place) -> Result<(), SpoolError> {
        if self.rewritten {
            return Ok(());
        }
        let segment = &self.header.segment;
        let path = place.open_segment(segment);
        let mut bytes = place.fs.read(&path).map_err(SpoolError::io("read"))?;
        if self.damaged {
            place.write_new(&place.damaged_segment(segment), &bytes)?;
        }
        bytes.truncate(self.valid);
        let draft = place.open().join(format!("{segment}.tmp"));
        place.write_new(&draft, &bytes)?;
        place.rename(&draft, &path)?;
        place.sync_open()?;
        self.rewritten = true;
        Ok(())
    }

    /// Commits that are kept.
    pub(crate) fn commits(&self) -> u32 {
        self.summary.commits
    }

    fn log(&self) -> Option<Log> {
        Log::of(&self.header, self.summary.commits).filter(|_| self.summary.holds)
    }

    pub(crate) fn seal(&self, chain: &mut Chain) -> Result<(), SpoolError> {
        let sealed = Sealed::new(&self.header, &self.summary);
        let sealing = Sealing {
            segment: &self.header.segment,
            lines: &self.summary.lines,
            bytes: self.summary.payload_bytes,
            log: self.log().map(|log| SealedLog {
                log,
                silent: &self.summary.silent,
            }),
            acks: &mut Vec::new(),
        };
        chain.extend(
            &Subject::Segment(self.hour, Box::new(sealed)),
            Some(sealing),
        )
    }
}
