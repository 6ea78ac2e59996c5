//! The fixed table of refusals: what a sender is told, by HTTP and by gRPC.
//!
//! Nothing here quotes input: a reply holds a reason out of this table and, for a body that could not
//! be decoded, the decoder's fixed code, byte offset and field path.

use std::fmt;
use std::time::Duration;

use otlp::model::Signal;
use otlp::{DecodeCode, DecodeError};

/// After how long a sender that was refused for the moment should try again.
pub const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Why a request was refused whole. Nothing of it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NoSuchPath,
    NoPipeline,
    WrongMethod,
    WrongContentType,
    WrongEncoding,
    Unauthenticated,
    AddressNotAllowed,
    WrongRegion,
    TooLarge,
    TooSlow,
    Truncated,
    BadFrame,
    BadCompression,
    Malformed(DecodeCode, usize, &'static str),
    TooBusy,
    MemoryLimit,
    NotDurable,
    Stopping,
    Fault,
}

/// gRPC status codes, by their numbers in the protocol.
mod code {
    pub const INVALID_ARGUMENT: u8 = 3;
    pub const DEADLINE_EXCEEDED: u8 = 4;
    pub const PERMISSION_DENIED: u8 = 7;
    pub const RESOURCE_EXHAUSTED: u8 = 8;
    pub const UNIMPLEMENTED: u8 = 12;
    pub const INTERNAL: u8 = 13;
    pub const UNAVAILABLE: u8 = 14;
    pub const UNAUTHENTICATED: u8 = 16;
}

impl Refusal {
    /// One of each kind, in the order of `index`.
    pub const NAMES: [&'static str; 19] = [
        "no_such_path",
        "no_pipeline",
        "wrong_method",
        "wrong_content_type",
        "wrong_encoding",
        "unauthenticated",
        "address_not_allowed",
        "wrong_region",
        "too_large",
        "too_slow",
        "truncated",
        "bad_frame",
        "bad_compression",
        "malformed",
        "too_busy",
        "memory_limit",
        "not_durable",
        "stopping",
        "fault",
    ];

    /// The refusal's place in `NAMES`.
    pub fn index(self) -> usize {
        match self {
            Refusal::NoSuchPath => 0,
            Refusal::NoPipeline => 1,
            Refusal::WrongMethod => 2,
            Refusal::WrongContentType => 3,
            Refusal::WrongEncoding => 4,
            Refusal::Unauthenticated => 5,
            Refusal::AddressNotAllowed => 6,
            Refusal::WrongRegion => 7,
            Refusal::TooLarge => 8,
            Refusal::TooSlow => 9,
            Refusal::Truncated => 10,
            Refusal::BadFrame => 11,
            Refusal::BadCompression => 12,
            Refusal::Malformed(..) => 13,
            Refusal::TooBusy => 14,
            Refusal::MemoryLimit => 15,
            Refusal::NotDurable => 16,
            Refusal::Stopping => 17,
            Refusal::Fault => 18,
        }
    }

    pub fn http_status(self) -> u16 {
        match self {
            Refusal::NoSuchPath | Refusal::NoPipeline => 404,
            Refusal::WrongMethod => 405,
            Refusal::WrongContentType | Refusal::WrongEncoding => 415,
            Refusal::Unauthenticated => 401,
            Refusal::AddressNotAllowed | Refusal::WrongRegion => 403,
            Refusal::TooLarge => 413,
            Refusal::TooSlow => 408,
            Refusal::Truncated
            | Refusal::BadFrame
            | Refusal::BadCompression
            | Refusal::Malformed(..) => 400,
            Refusal::TooBusy => 429,
            Refusal::MemoryLimit | Refusal::NotDurable | Refusal::Stopping => 503,
            Refusal::Fault => 500,
        }
    }

    pub fn grpc_status(self) -> u8 {
        match self {
            Refusal::NoSuchPath
            | Refusal::NoPipeline
            | Refusal::WrongMethod
            | Refusal::WrongContentType
            | Refusal::WrongEncoding => code::UNIMPLEMENTED,
            Refusal::Unauthenticated => code::UNAUTHENTICATED,
            Refusal::AddressNotAllowed | Refusal::WrongRegion => code::PERMISSION_DENIED,
            Refusal::TooLarge => code::RESOURCE_EXHAUSTED,
            Refusal::TooSlow => code::DEADLINE_EXCEEDED,
            Refusal::Truncated
            | Refusal::BadFrame
            | Refusal::BadCompression
            | Refusal::Malformed(..) => code::INVALID_ARGUMENT,
            Refusal::TooBusy | Refusal::MemoryLimit | Refusal::NotDurable | Refusal::Stopping => {
                code::UNAVAILABLE
            }
            Refusal::Fault => code::INTERNAL,
        }
    }

    /// How long the sender should wait before it sends the same again; `None` where that is no use.
    pub fn retry_after(self) -> Option<Duration> {
        match self {
            Refusal::TooBusy | Refusal::MemoryLimit | Refusal::NotDurable | Refusal::Stopping => {
                Some(RETRY_AFTER)
            }
            _ => None,
        }
    }
}

impl From<spool::Refusal> for Refusal {
    fn from(refusal: spool::Refusal) -> Refusal {
        match refusal {
            spool::Refusal::Overloaded => Refusal::TooBusy,
            spool::Refusal::DiskFull | spool::Refusal::Storage | spool::Refusal::Closed => {
                Refusal::NotDurable
            }
        }
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Refusal {
        match error.code {
            DecodeCode::TooLarge => Refusal::TooLarge,
            code => Refusal::Malformed(code, error.offset, error.path),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::NoSuchPath => {
                "nothing is served here; send to /v1/traces, /v1/logs or /v1/metrics, or to the Export methods of OTLP/gRPC"
            }
            Refusal::NoPipeline => "this collector has no pipeline for the signal",
            Refusal::WrongMethod => "requests are taken by POST",
            Refusal::WrongContentType => {
                "content types taken: application/x-protobuf, application/json"
            }
            Refusal::WrongEncoding => "encodings taken: identity, gzip, zstd",
            Refusal::Unauthenticated => "this collector does not know the credentials, or none came",
            Refusal::AddressNotAllowed => "requests are not taken from this address",
            Refusal::WrongRegion => "the sender is bound to another region",
            Refusal::TooLarge => "the request is larger than this collector takes",
            Refusal::TooSlow => "the request's body did not arrive in time",
            Refusal::Truncated => "the request's body ended early",
            Refusal::BadFrame => "the body is not one gRPC message",
            Refusal::BadCompression => "the body cannot be inflated",
            Refusal::TooBusy => "too much is being received; send again later",
            Refusal::MemoryLimit => "the collector's memory is at its limit; send again later",
            Refusal::NotDurable => "the data cannot be stored now; send again later",
            Refusal::Stopping => "this collector is stopping; send again later",
            Refusal::Fault => "a fault in the collector",
            Refusal::Malformed(code, offset, path) => {
                return DecodeError { code: *code, offset: *offset, path }.fmt(f);
            }
        })
    }
}

/// Why records of an accepted request were rejected, for the reply's `partial_success`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rejected {
    /// Records with a trace id or span id of a wrong length.
    pub invalid: u64,
    /// Records that claim another tenant than their sender's.
    pub foreign: u64,
    /// Records that could not be redacted safely.
    pub unsafe_to_store: u64,
    /// Records of a request on which a processor's statement failed (`error_mode: propagate`).
    pub failed: u64,
}

impl Rejected {
    pub fn total(self) -> u64 {
        self.invalid + self.foreign + self.unsafe_to_store + self.failed
    }

    /// The most that any of several pipelines rejected of the same request.
    pub fn max(self, other: Rejected) -> Rejected {
        Rejected {
            invalid: self.invalid.max(other.invalid),
            foreign: self.foreign.max(other.foreign),
            unsafe_to_store: self.unsafe_to_store.max(other.unsafe_to_store),
            failed: self.failed.max(other.failed),
        }
    }

    fn reason(self) -> String {
        [
            (
                self.invalid,
                "records with a trace id or span id of a wrong length",
            ),
            (
                self.foreign,
                "records that claim another tenant than their sender's",
            ),
            (
                self.unsafe_to_store,
                "records that could not be redacted safely",
            ),
            (
                self.failed,
                "records of a request on which a processor's statement failed",
            ),
        ]
        .into_iter()
        .filter_map(|(count, reason)| (count > 0).then_some(reason))
        .collect::<Vec<_>>()
        .join(", and ")
    }

    /// An `Export*ServiceResponse` as protobuf; empty where nothing was rejected.
    pub fn to_protobuf(self) -> Vec<u8> {
        if self.total() == 0 {
            return Vec::new();
        }
        let mut partial = Vec::with_capacity(96);
        put_varint_field(&mut partial, 1, self.total());
        put_bytes_field(&mut partial, 2, self.reason().as_bytes());
        let mut response = Vec::with_capacity(partial.len() + 4);
        put_bytes_field(&mut response, 1, &partial);
        response
    }

    /// The same response in the OTLP/JSON mapping.
    pub fn to_json(self, signal: Signal) -> Vec<u8> {
        if self.total() == 0 {
            return b"{}".to_vec();
        }
        let key = match signal {
            Signal::Traces => "rejectedSpans",
            Signal::Logs => "rejectedLogRecords",
            Signal::Metrics => "rejectedDataPoints",
        };
        format!(
            r#"{{"partialSuccess":{{"{key}":"{}","errorMessage":"{}"}}}}"#,
            self.total(),
            self.reason()
        )
        .into_bytes()
    }
}

/// `google.rpc.Status` as protobuf, with a `RetryInfo` where a retry may help.
pub fn status_protobuf(refusal: Refusal) -> Vec<u8> {
    let mut status = Vec::with_capacity(160);
    put_varint_field(&mut status, 1, u64::from(refusal.grpc_status()));
    put_bytes_field(&mut status, 2, refusal.to_string().as_bytes());
    if let Some(delay) = refusal.retry_after() {
        let mut duration = Vec::with_capacity(4);
        put_varint_field(&mut duration, 1, delay.as_secs());
        let mut retry_info = Vec::with_capacity(8);
        put_bytes_field(&mut retry_info, 1, &duration);
        let mut any = Vec::with_capacity(64);
        put_bytes_field(&mut any, 1, b"type.googleapis.com/google.rpc.RetryInfo");
        put_bytes_field(&mut any, 2, &retry_info);
        put_bytes_field(&mut status, 3, &any);
    }
    status
}

/// `google.rpc.Status` as JSON. The fixed reasons hold nothing that JSON would escape.
pub fn status_json(refusal: Refusal) -> Vec<u8> {
    format!(
        r#"{{"code":{},"message":"{refusal}"}}"#,
        refusal.grpc_status()
    )
    .into_bytes()
}

fn put_varint_field(out: &mut Vec<u8>, field: u8, value: u64) {
    out.push(field << 3);
    put_varint(out, value);
}

fn put_bytes_field(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Refusal; Refusal::NAMES.len()] = [
        Refusal::NoSuchPath,
        Refusal::NoPipeline,
        Refusal::WrongMethod,
        Refusal::WrongContentType,
        Refusal::WrongEncoding,
        Refusal::Unauthenticated,
        Refusal::AddressNotAllowed,
        Refusal::WrongRegion,
        Refusal::TooLarge,
        Refusal::TooSlow,
        Refusal::Truncated,
        Refusal::BadFrame,
        Refusal::BadCompression,
        Refusal::Malformed(DecodeCode::BadTag, 7, "resourceSpans"),
        Refusal::TooBusy,
        Refusal::MemoryLimit,
        Refusal::NotDurable,
        Refusal::Stopping,
        Refusal::Fault,
    ];

    #[test]
    fn the_page_says_what_the_table_does() {
        let page = include_str!("../../../../docs/receiving.md");
        let rows: Vec<Vec<&str>> = page
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| line.split('|').map(str::trim).collect())
            .collect();
        assert_eq!(rows.len(), ALL.len());
        for (refusal, row) in ALL.into_iter().zip(rows) {
            assert_eq!(row[1], format!("`{}`", Refusal::NAMES[refusal.index()]));
            assert_eq!(row[2], refusal.http_status().to_string());
            assert_eq!(
                row[3].split(' ').next(),
                Some(refusal.grpc_status().to_string().as_str())
            );
            assert_eq!(
                row[4].contains("RetryInfo"),
                refusal.retry_after().is_some()
            );
        }
    }

    #[test]
    fn reasons_fit_in_headers_and_json_as_they_are() {
        for refusal in ALL {
            let reason = refusal.to_string();
            assert!(reason.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            assert!(!reason.contains(['"', '\\', '%']));
        }
    }

    #[test]
    fn a_decoder_s_reason_has_code_place_and_path() {
        let refusal = Refusal::Malformed(DecodeCode::BadTag, 7, "resourceSpans");
        assert_eq!(refusal.to_string(), "bad_tag at byte 7 in resourceSpans");
    }
}
