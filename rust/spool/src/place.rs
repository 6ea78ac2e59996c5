//! Where the spool's files lie, and the few ways in which they are made.

use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::SpoolError;
use crate::file_system::FileSystem;

/// What a file in the outbox is, by its extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// An entry that waits for confirmation.
    Entry,
    /// A confirmed entry that is still needed here: as the chain's head, or until its hour closes.
    Done,
    /// A sealed segment.
    Segment,
    /// Receipts of the lines of a segment, kept after confirmation until the digests expire.
    Lines,
    /// Receipts of a log's requests that left no line, kept as long; the store does not get them.
    Silent,
    /// An entry being written.
    Draft,
    /// How far exporters are with a segment.
    Sent,
    /// The same being written.
    SentDraft,
    /// What a log gives to the blob, on its way to be the sealed segment.
    Copy,
}

impl Part {
    const ALL: [Self; 9] = [
        Self::Entry,
        Self::Done,
        Self::Segment,
        Self::Lines,
        Self::Silent,
        Self::Draft,
        Self::Sent,
        Self::SentDraft,
        Self::Copy,
    ];

    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Entry => "json",
            Self::Done => "done",
            Self::Segment => "seg",
            Self::Lines => "lines",
            Self::Silent => "silent",
            Self::Draft => "tmp",
            Self::Sent => "sent",
            Self::SentDraft => "sent-tmp",
            Self::Copy => "copy",
        }
    }

    /// Read `000000000012.json`.
    pub(crate) fn parse(name: &str) -> Option<(u64, Self)> {
        let (seq, extension) = name.split_once('.')?;
        let part = Self::ALL
            .into_iter()
            .find(|part| part.extension() == extension)?;
        Some((seq.parse().ok()?, part))
    }
}

/// A spool's folder.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) fs: Arc<dyn FileSystem>,
    pub(crate) root: PathBuf,
}

impl Place {
    pub(crate) fn open(&self) -> PathBuf {
        self.root.join("open")
    }

    pub(crate) fn outbox(&self) -> PathBuf {
        self.root.join("outbox")
    }

    pub(crate) fn open_segment(&self, segment: &str) -> PathBuf {
        self.open().join(format!("{segment}.seg"))
    }

    /// Where a segment is kept that no crash explains.
    pub(crate) fn damaged_segment(&self, segment: &str) -> PathBuf {
        self.open().join(format!("{segment}.damaged"))
    }

    pub(crate) fn part(&self, seq: u64, part: Part) -> PathBuf {
        self.outbox()
            .join(format!("{seq:012}.{}", part.extension()))
    }

    /// Where a segment is kept of which a receiver did not take all, and that no store has.
    pub(crate) fn refused_segment(&self, segment: &str) -> PathBuf {
        self.outbox().join(format!("{segment}.refused"))
    }

    /// Make a file with this content, durable but for its name. What bears the name goes first,
    /// since a file whose fsync once failed must not be synced again.
    pub(crate) fn write_new(&self, path: &Path, bytes: &[u8]) -> Result<(), SpoolError> {
        self.remove_if_there(path)?;
        let mut file = self.fs.create_new(path).map_err(SpoolError::io("create"))?;
        file.append(&mut [IoSlice::new(bytes)])
            .map_err(SpoolError::io("write"))?;
        file.sync_data().map_err(SpoolError::io("sync"))
    }

    pub(crate) fn remove_if_there(&self, path: &Path) -> Result<(), SpoolError> {
        match self.fs.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(SpoolError::io("remove")(error))
            }
            _ => Ok(()),
        }
    }

    /// A file's bytes, or `None` where there is no such file.
    pub(crate) fn read_if_there(&self, path: &Path) -> Result<Option<Vec<u8>>, SpoolError> {
        match self.fs.read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SpoolError::io("read")(error)),
        }
    }

    /// A file to be read piece by piece, or `None` where there is no such file.
    pub(crate) fn open_if_there(
        &self,
        path: &Path,
    ) -> Result<Option<Box<dyn io::Read + Send>>, SpoolError> {
        match self.fs.open(path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SpoolError::io("open")(error)),
        }
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> Result<(), SpoolError> {
        self.fs.rename(from, to).map_err(SpoolError::io("rename"))
    }

    pub(crate) fn sync_open(&self) -> Result<(), SpoolError> {
        self.fs
            .sync_dir(&self.open())
            .map_err(SpoolError::io("sync open"))
    }

    pub(crate) fn sync_outbox(&self) -> Result<(), SpoolError> {
        self.fs
            .sync_dir(&self.outbox())
            .map_err(SpoolError::io("sync outbox"))
    }

    /// The outbox's files by number; names that are not the spool's are left alone.
    pub(crate) fn outbox_parts(&self) -> Result<Vec<(u64, Part)>, SpoolError> {
        let names = self
            .fs
            .list(&self.outbox())
            .map_err(SpoolError::io("list outbox"))?;
        Ok(names.iter().filter_map(|name| Part::parse(name)).collect())
    }

    /// Ids of the segments in `open/`.
    pub(crate) fn open_segments(&self) -> Result<Vec<String>, SpoolError> {
        self.names_in_open(".seg")
    }

    /// Ids of the segments that `damaged_segment` keeps.
    pub(crate) fn damaged_segments(&self) -> Result<Vec<String>, SpoolError> {
        self.names_in_open(".damaged")
    }

    fn names_in_open(&self, extension: &str) -> Result<Vec<String>, SpoolError> {
        let names = self
            .fs
            .list(&self.open())
            .map_err(SpoolError::io("list open"))?;
        let segments = names.iter().filter_map(|name| name.strip_suffix(extension));
        Ok(segments.map(str::to_owned).collect())
    }
}
