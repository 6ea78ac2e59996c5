//! OTLP over HTTP as a client: what an answer means.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

use crate::config::{Compression, Encoding};
use crate::messages::{rejected, rejected_json};
use crate::outcome::{Fault, Outcome, of_http};

/// The headers of every request.
pub fn headers(encoding: Encoding, compression: Compression) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let kind = match encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(name) = compression.name() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    headers
}

/// What an answer means. `Retry-After` counts in seconds; a date is left alone, and the exporter's
/// own pause holds.
pub fn outcome(status: u16, headers: &HeaderMap, body: &[u8]) -> Outcome {
    if !(200..300).contains(&status) {
        let after = headers.get(header::RETRY_AFTER);
        let seconds = after.and_then(|after| after.to_str().ok()?.trim().parse().ok());
        return of_http(status, seconds.map(Duration::from_secs));
    }
    let json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let rejected = match json {
        true => rejected_json(body),
        false => rejected(body),
    };
    match rejected {
        Some(rejected) => Outcome::Taken { rejected },
        // A page of something in between that is no receiver of OTLP.
        None => Outcome::Later {
            fault: Fault::Protocol,
            after: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_in_its_own_encoding() {
        let mut headers = HeaderMap::new();
        let taken = |rejected| Outcome::Taken { rejected };
        assert_eq!(outcome(200, &headers, b""), taken(0));
        assert_eq!(outcome(200, &headers, b"\x0a\x02\x08\x07"), taken(7));
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        assert_eq!(outcome(200, &headers, b"{}"), taken(0));
        let page = outcome(200, &headers, b"<html>");
        assert!(matches!(page, Outcome::Later { .. }));
    }

    #[test]
    fn retry_after_is_respected() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("7"));
        assert_eq!(
            outcome(503, &headers, b""),
            Outcome::Later {
                fault: Fault::Http(503),
                after: Some(Duration::from_secs(7))
            }
        );
    }
}
