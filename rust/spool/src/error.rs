//! Why a spool does not open, and why an append is refused.

use std::fmt;
use std::io;

/// A spool that does not open, or an operation on its files that failed.
#[derive(Debug)]
pub enum SpoolError {
    /// Another process holds the spool.
    Held,
    /// A class cannot be used as configured; `key` names the setting.
    Config { class: String, key: &'static str },
    /// The spool belongs to another region or environment; `key` says which.
    Foreign { key: &'static str },
    /// What lies in the spool is not what its own records say; `file` is relative to the spool.
    Damaged { file: String, reason: &'static str },
    /// The entry is not the next one to be confirmed.
    OutOfOrder { seq: u64 },
    /// The file system refused; `doing` says in what.
    Io {
        doing: &'static str,
        source: io::Error,
    },
}

impl SpoolError {
    pub(crate) fn io(doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { doing, source }
    }

    pub(crate) fn damaged(file: impl Into<String>, reason: &'static str) -> Self {
        Self::Damaged {
            file: file.into(),
            reason,
        }
    }

    /// The error's fixed name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Config { .. } => "config",
            Self::Foreign { .. } => "foreign",
            Self::Damaged { .. } => "damaged",
            Self::OutOfOrder { .. } => "out_of_order",
            Self::Io { .. } => "io",
        }
    }
}

impl fmt::Display for SpoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held => write!(f, "another process holds the spool"),
            Self::Config { class, key } => write!(f, "class {class}: {key} cannot be used"),
            Self::Foreign { key } => write!(f, "the spool belongs to another {key}"),
            Self::Damaged { file, reason } => write!(f, "{file}: {reason}"),
            Self::OutOfOrder { seq } => write!(f, "entry {seq} is not the next to be confirmed"),
            Self::Io { doing, source } => write!(f, "{doing}: {}", source.kind()),
        }
    }
}

impl std::error::Error for SpoolError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Why an append was not taken. Nothing of it is stored, and a retry may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// More requests wait than the spool queues.
    Overloaded,
    /// The disk is full; the spool takes requests again when there is space.
    DiskFull,
    /// A write or an fsync failed.
    Storage,
    /// The spool is closing, or a reply got lost on the way: the sender cannot know.
    Closed,
}

impl Refusal {
    /// The refusal's fixed name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overloaded => "overloaded",
            Self::DiskFull => "disk_full",
            Self::Storage => "storage",
            Self::Closed => "closed",
        }
    }

    pub(crate) fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Storage,
        }
    }
}

impl From<&SpoolError> for Refusal {
    fn from(error: &SpoolError) -> Self {
        match error {
            SpoolError::Io { source, .. } => Self::of(source),
            _ => Self::Storage,
        }
    }
}
