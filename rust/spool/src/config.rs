//! What a spool is told when it opens: where it lies, how durable it is, and its classes.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::SpoolError;

/// When an append is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// After the commit's fdatasync.
    Disk,
    /// After the store confirmed the segment's blob and entry; segments seal after a second.
    Store,
    /// After the commit's write; a crash of the machine may lose what was answered.
    Memory,
}

/// How the payload of a commit is compressed: one zstd frame, one gzip member, or whole lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// What the blob's name ends in.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }
}

/// One kind of segment: a signal on its way to one container, under one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassConfig {
    /// The class's name, as in `logs` or `logs-local`.
    pub class: String,
    /// `traces`, `logs` or `metrics`.
    pub signal: String,
    /// The container that the blobs go to; `None` where segments are sent on and not stored.
    pub container: Option<String>,
    /// Exporters that send the segments on: a segment stays until each has finished with it.
    pub exporters: Vec<String>,
    /// The blob's name before the segment id, in strftime's terms: `%Y/%m/%d/logs_%H_%M_%S.json`.
    pub name_format: String,
    /// IANA name of the zone that `name_format` is read in.
    pub timezone: String,
    pub compression: Compression,
    /// Fingerprint of the policy that redacted the lines.
    pub policy: String,
    /// Names of the policy's rules; `Append::redactions` counts by index into them.
    pub rules: Vec<String>,
}

/// A spool's place and limits.
#[derive(Debug, Clone)]
pub struct SpoolConfig {
    pub path: PathBuf,
    pub region: String,
    pub environment: String,
    pub durability: Durability,
    /// A segment of this many bytes is sealed.
    pub segment_bytes: u64,
    /// A segment this old is sealed; at most one second counts under `Durability::Store`.
    pub segment_age: Duration,
    /// How long a digest is remembered.
    pub digest_window: Duration,
    pub classes: Vec<ClassConfig>,
}

impl SpoolConfig {
    /// A spool at `path` with the limits that a region runs with unless told otherwise.
    #[must_use]
    pub fn new(path: PathBuf, region: &str, environment: &str, classes: Vec<ClassConfig>) -> Self {
        Self {
            path,
            region: region.to_owned(),
            environment: environment.to_owned(),
            durability: Durability::Disk,
            segment_bytes: 32 << 20,
            segment_age: Duration::from_secs(30),
            digest_window: Duration::from_secs(600),
            classes,
        }
    }

    /// The age at which a segment is sealed.
    pub(crate) fn sealing_age(&self) -> Duration {
        match self.durability {
            Durability::Store => self.segment_age.min(Duration::from_secs(1)),
            Durability::Disk | Durability::Memory => self.segment_age,
        }
    }
}

/// A class's blob names: the zone and format, read once.
#[derive(Debug, Clone)]
pub(crate) struct BlobNames {
    format: String,
    zone: TimeZone,
    extension: &'static str,
}

impl BlobNames {
    pub(crate) fn new(class: &ClassConfig) -> Result<Self, SpoolError> {
        let wrong = |key| SpoolError::Config {
            class: class.class.clone(),
            key,
        };
        let names = Self {
            format: class.name_format.clone(),
            zone: TimeZone::get(&class.timezone).map_err(|_| wrong("timezone"))?,
            extension: class.compression.extension(),
        };
        names
            .name(0, "0000000000000000")
            .ok_or_else(|| wrong("name_format"))?;
        Ok(names)
    }

    /// The blob's name: the time of opening, the segment id before the extension, the compression.
    /// `None` where the time or the format cannot be written.
    pub(crate) fn name(&self, opened_ns: u64, segment: &str) -> Option<String> {
        let opened = Timestamp::from_nanosecond(i128::from(opened_ns)).ok()?;
        let zoned = opened.to_zoned_datetime(self.zone.clone());
        let stem = strtime::format(&self.format, &zoned).ok()?;
        let file = stem.rfind('/').map_or(0, |slash| slash + 1);
        let dot = stem[file..].rfind('.').map_or(stem.len(), |dot| file + dot);
        let (before, after) = stem.split_at(dot);
        Some(format!("{before}_{segment}{after}{}", self.extension))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(format: &str, zone: &str, compression: Compression) -> ClassConfig {
        ClassConfig {
            class: "logs".into(),
            signal: "logs".into(),
            container: Some("logs".into()),
            exporters: vec![],
            name_format: format.into(),
            timezone: zone.into(),
            compression,
            policy: String::new(),
            rules: vec![],
        }
    }

    #[test]
    fn a_name_holds_the_opening_the_segment_and_the_compression() {
        let opened = 1_737_714_645_000_000_000; // 2025-01-24T10:30:45Z
        let name = |format, zone, compression| {
            BlobNames::new(&class(format, zone, compression))
                .unwrap()
                .name(opened, "00ff00ff00ff00ff")
                .unwrap()
        };
        assert_eq!(
            name("%Y/%m/%d/logs_%H_%M_%S.json", "UTC", Compression::None),
            "2025/01/24/logs_10_30_45_00ff00ff00ff00ff.json"
        );
        assert_eq!(
            name("%Y/%m/%d/logs_%H.json", "Europe/Berlin", Compression::Zstd),
            "2025/01/24/logs_11_00ff00ff00ff00ff.json.zst"
        );
        assert_eq!(
            name("v1.0/logs_%H", "UTC", Compression::Gzip),
            "v1.0/logs_10_00ff00ff00ff00ff.gz"
        );
    }

    #[test]
    fn a_wrong_zone_or_format_is_named() {
        let zone = BlobNames::new(&class("%Y", "Europe/Nowhere", Compression::None)).unwrap_err();
        assert_eq!(zone.to_string(), "class logs: timezone cannot be used");
        let format = BlobNames::new(&class("%Y%!", "UTC", Compression::None)).unwrap_err();
        assert_eq!(format.to_string(), "class logs: name_format cannot be used");
    }
}
