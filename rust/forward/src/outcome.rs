//! What came of one try to send a request.
//!
//! OTLP lets a client drop what it may not retry. Here only an answer that is about the data itself
//! settles it: what is wrong with the connection, the receiver or the settings may mend, and the
//! spool keeps the data meanwhile.

use std::fmt;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taken, but for records that the receiver says it rejected.
    Taken { rejected: u64 },
    /// Refused for good: the same data will never be taken.
    Refused(Refusal),
    /// Not taken now; to be sent again, after a while that the receiver may have named.
    Later {
        fault: Fault,
        after: Option<Duration>,
    },
}

/// An answer about the data: an HTTP status or a gRPC code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Http(u16),
    Grpc(u16),
}

/// Why a try failed that is to be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No connection, or it broke.
    Connection,
    /// The name of the receiver could not be resolved, nothing listened, or TLS failed.
    Connect,
    Timeout,
    /// An answer that is none in this protocol.
    Protocol,
    Http(u16),
    Grpc(u16),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Http(status) => write!(f, "HTTP {status}"),
            Refusal::Grpc(code) => write!(f, "gRPC {}", grpc_name(*code)),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Connection => f.write_str("the connection broke"),
            Fault::Connect => f.write_str("no connection"),
            Fault::Timeout => f.write_str("no answer in time"),
            Fault::Protocol => f.write_str("an answer that is not OTLP"),
            Fault::Http(status) => write!(f, "HTTP {status}"),
            Fault::Grpc(code) => write!(f, "gRPC {}", grpc_name(*code)),
        }
    }
}

/// Names of the gRPC codes, by number.
const GRPC_NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

fn grpc_name(code: u16) -> &'static str {
    GRPC_NAMES.get(usize::from(code)).unwrap_or(&"UNKNOWN")
}

const INVALID_ARGUMENT: u16 = 3;
const RESOURCE_EXHAUSTED: u16 = 8;

/// By a gRPC code other than OK. `after` is from a `RetryInfo`, without which RESOURCE_EXHAUSTED
/// means a message that is too large.
pub fn of_grpc(code: u16, after: Option<Duration>) -> Outcome {
    match code {
        INVALID_ARGUMENT => Outcome::Refused(Refusal::Grpc(code)),
        RESOURCE_EXHAUSTED if after.is_none() => Outcome::Refused(Refusal::Grpc(code)),
        _ => Outcome::Later {
            fault: Fault::Grpc(code),
            after,
        },
    }
}

/// By an HTTP status other than 2xx.
pub fn of_http(status: u16, after: Option<Duration>) -> Outcome {
    match status {
        // Not understood, too large, not acceptable.
        400 | 413 | 422 => Outcome::Refused(Refusal::Http(status)),
        _ => Outcome::Later {
            fault: Fault::Http(status),
            after,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_about_the_data_settles_it() {
        for code in 1..=16 {
            let refused = matches!(of_grpc(code, None), Outcome::Refused(_));
            assert_eq!(
                refused,
                matches!(code, INVALID_ARGUMENT | RESOURCE_EXHAUSTED)
            );
        }
        for status in [
            301, 400, 401, 403, 404, 408, 413, 415, 422, 429, 500, 502, 503, 504,
        ] {
            let refused = matches!(of_http(status, None), Outcome::Refused(_));
            assert_eq!(refused, matches!(status, 400 | 413 | 422), "{status}");
        }
    }

    #[test]
    fn a_receiver_that_names_a_time_is_busy() {
        let second = Some(Duration::from_secs(1));
        assert_eq!(
            of_grpc(RESOURCE_EXHAUSTED, second),
            Outcome::Later {
                fault: Fault::Grpc(8),
                after: second
            }
        );
    }
}
