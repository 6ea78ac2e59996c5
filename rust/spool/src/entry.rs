//! Ledger entries: what the chain is made of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clock::{Hour, day};
use crate::config::Compression;
use crate::counts::Counts;
use crate::delivery::Progress;
use crate::segment::{Header, Summary};

const FORMAT: &str = "mainstem.ledger/1";
/// What the first entry has in place of the hash of the one before.
pub(crate) const NO_PREVIOUS: &str =
    "0000000000000000000000000000000000000000000000000000000000000000";

/// What an entry records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Genesis,
    Segment,
    Heartbeat,
    HourClosed,
    Forwarded,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Genesis => "genesis",
            Self::Segment => "segment",
            Self::Heartbeat => "heartbeat",
            Self::HourClosed => "hour_closed",
            Self::Forwarded => "forwarded",
        }
    }
}

/// The blob that a segment becomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Blob {
    pub(crate) container: String,
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
    pub(crate) compression: Compression,
    pub(crate) lines: u64,
}

/// What a segment owes to exporters that send it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owed {
    pub(crate) exporters: Vec<String>,
    pub(crate) lines: u64,
    /// Bytes of the payloads, as in a blob.
    pub(crate) bytes: u64,
}

/// What an exporter made of a segment: what an entry of kind `forwarded` has beyond the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Forwarded {
    pub(crate) segment: String,
    pub(crate) signal: String,
    pub(crate) class: String,
    /// The hour that the segment counts in.
    pub(crate) hour: String,
    pub(crate) exporter: String,
    #[serde(flatten)]
    pub(crate) progress: Progress,
}

/// What an entry of kind `segment` has beyond the others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sealed {
    pub(crate) segment: String,
    pub(crate) signal: String,
    pub(crate) class: String,
    pub(crate) policy: String,
    /// `None` where the segment stored nothing, or is sent on and not stored in the region.
    pub(crate) blob: Option<Blob>,
    pub(crate) lines_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) forward: Option<Owed>,
    pub(crate) counts: Counts,
    pub(crate) redactions: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) first_time_unix_nano: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) last_time_unix_nano: Option<String>,
}

impl Sealed {
    pub(crate) fn new(header: &Header, summary: &Summary) -> Self {
        let books = &summary.books;
        let has_lines = !summary.lines.is_empty();
        let container = header.container.clone().filter(|_| has_lines);
        let blob = container.map(|container| Blob {
            container,
            name: header.blob.clone(),
            bytes: summary.payload_bytes,
            sha256: summary.payload_sha256(),
            compression: header.compression,
            lines: summary.line_count(),
        });
        let is_owed = has_lines && !header.exporters.is_empty();
        let forward = is_owed.then(|| Owed {
            exporters: header.exporters.clone(),
            lines: summary.line_count(),
            bytes: summary.payload_bytes,
        });
        let mut redactions = BTreeMap::new();
        for &(rule, count) in &books.redactions {
            let name = header.rules.get(usize::from(rule));
            let name = name.map_or_else(|| format!("rule[{rule}]"), Clone::clone);
            *redactions.entry(name).or_default() += count;
        }
        let time = |ns: u64| (ns != 0).then(|| ns.to_string());
        Self {
            segment: header.segment.clone(),
            signal: header.signal.clone(),
            class: header.class.clone(),
            policy: header.policy.clone(),
            lines_sha256: has_lines.then(|| sha256(&summary.lines)),
            blob,
            forward,
            counts: books.counts,
            redactions,
            first_time_unix_nano: time(books.first_ns),
            last_time_unix_nano: time(books.last_ns),
        }
    }
}

/// One entry, but for the entries that an `hour_closed` repeats.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) format: String,
    pub(crate) kind: Kind,
    pub(crate) instance: String,
    pub(crate) seq: u64,
    pub(crate) previous: String,
    pub(crate) region: String,
    pub(crate) environment: String,
    at_unix_nano: String,
    /// The hour that a segment counts in, or that an `hour_closed` closes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    hour: Option<String>,
    #[serde(flatten)]
    pub(crate) sealed: Option<Sealed>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) forwarded: Option<Forwarded>,
}

/// An entry's own hash and bytes, as an `hour_closed` repeats them.
pub(crate) struct Repeated {
    pub(crate) sha256: String,
    pub(crate) bytes: Vec<u8>,
}

/// What an entry is about.
pub(crate) enum Subject {
    Genesis,
    Heartbeat,
    Segment(Hour, Box<Sealed>),
    HourClosed(Hour, Vec<Repeated>),
    Forwarded(Box<Forwarded>),
}

/// An entry's place in its chain.
pub(crate) struct Link<'a> {
    pub(crate) instance: &'a str,
    pub(crate) seq: u64,
    pub(crate) previous: &'a str,
    pub(crate) region: &'a str,
    pub(crate) environment: &'a str,
    pub(crate) at_ns: u64,
}

impl Entry {
    pub(crate) fn new(link: &Link<'_>, subject: &Subject) -> Self {
        let (kind, hour, sealed) = match subject {
            Subject::Genesis => (Kind::Genesis, None, None),
            Subject::Heartbeat => (Kind::Heartbeat, None, None),
            Subject::Segment(hour, sealed) => (Kind::Segment, Some(hour), Some(sealed)),
            Subject::HourClosed(hour, _) => (Kind::HourClosed, Some(hour), None),
            Subject::Forwarded(_) => (Kind::Forwarded, None, None),
        };
        let forwarded = match subject {
            Subject::Forwarded(forwarded) => Some(forwarded.as_ref().clone()),
            _ => None,
        };
        Self {
            format: FORMAT.to_owned(),
            kind,
            instance: link.instance.to_owned(),
            seq: link.seq,
            previous: link.previous.to_owned(),
            region: link.region.to_owned(),
            environment: link.environment.to_owned(),
            at_unix_nano: link.at_ns.to_string(),
            hour: hour.map(ToString::to_string),
            sealed: sealed.map(|sealed| sealed.as_ref().clone()),
            forwarded,
        }
    }

    /// The entry's bytes: compact JSON, in which an `hour_closed` repeats entries byte for byte.
    pub(crate) fn write(&self, subject: &Subject) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("an entry has no maps with other keys");
        if let Subject::HourClosed(_, entries) = subject {
            bytes.pop();
            bytes.extend_from_slice(b",\"entries\":[");
            for (position, entry) in entries.iter().enumerate() {
                if position > 0 {
                    bytes.push(b',');
                }
                bytes.extend_from_slice(b"{\"sha256\":\"");
                bytes.extend_from_slice(entry.sha256.as_bytes());
                bytes.extend_from_slice(b"\",\"entry\":");
                bytes.extend_from_slice(&entry.bytes);
                bytes.push(b'}');
            }
            bytes.extend_from_slice(b"]}");
        }
        bytes
    }

    /// Read an entry's bytes; `None` where they are none.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let entry: Self = serde_json::from_slice(bytes).ok()?;
        let sound = entry.format == FORMAT
            && entry.at_unix_nano.parse::<u64>().is_ok()
            && (entry.kind == Kind::Segment) == entry.sealed.is_some()
            && (entry.kind == Kind::Forwarded) == entry.forwarded.is_some()
            && matches!(entry.kind, Kind::Segment | Kind::HourClosed) == entry.hour().is_some();
        sound.then_some(entry)
    }

    pub(crate) fn at_ns(&self) -> u64 {
        self.at_unix_nano.parse().unwrap_or_default()
    }

    pub(crate) fn hour(&self) -> Option<Hour> {
        Hour::parse(self.hour.as_deref()?)
    }

    /// The object's name in the ledger container.
    pub(crate) fn object_name(&self) -> String {
        format!(
            "{}/{}/{:012}.json",
            day(self.at_ns()),
            self.instance,
            self.seq
        )
    }
}

/// SHA-256 in lower-case hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
