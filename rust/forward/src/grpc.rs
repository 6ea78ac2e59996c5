//! OTLP over gRPC as a client: one message out, one answer and its trailers back, framed by hand.

use std::io::Read;
use std::time::Duration;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use hyper::body::Bytes;
use otlp::model::Signal;

use crate::client::MAX_ANSWER;
use crate::config::Compression;
use crate::messages::{rejected, retry_delay};
use crate::outcome::{Fault, Outcome, of_grpc};

const PREFIX: usize = 5;
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const TE: HeaderValue = HeaderValue::from_static("trailers");
const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");

/// Binary metadata is base64 with or without padding.
const BINARY: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The path of a signal's Export method.
pub fn path(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    }
}

/// A message as the body of a call; it is compressed already, or not.
pub fn frame(message: &[u8], compression: Compression) -> Bytes {
    let mut frame = Vec::with_capacity(PREFIX + message.len());
    frame.push(u8::from(compression != Compression::None));
    // A message is never longer than a request's body may be, which fits in 32 bits.
    frame.extend_from_slice(&(message.len() as u32).to_be_bytes());
    frame.extend_from_slice(message);
    Bytes::from(frame)
}

/// The headers of every call.
pub fn headers(compression: Compression, timeout: Duration) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, CONTENT_TYPE);
    headers.insert(header::TE, TE);
    if let Some(name) = compression.name() {
        headers.insert(ENCODING, HeaderValue::from_static(name));
    }
    // The protocol has eight digits for it.
    let millis = timeout.as_millis().min(99_999_999);
    if let Ok(value) = HeaderValue::from_str(&format!("{millis}m")) {
        headers.insert(TIMEOUT, value);
    }
    headers
}

/// What an answer means. The status stands in the trailers, or in the headers where there is
/// nothing else.
pub fn outcome(
    http_status: u16,
    headers: &HeaderMap,
    body: &[u8],
    trailers: Option<&HeaderMap>,
) -> Outcome {
    let protocol = Outcome::Later {
        fault: Fault::Protocol,
        after: None,
    };
    let said = trailers
        .into_iter()
        .chain([headers])
        .find(|headers| headers.contains_key(&STATUS));
    let Some(said) = said else {
        return match http_status {
            200 => protocol,
            status => Outcome::Later {
                fault: Fault::Http(status),
                after: None,
            },
        };
    };
    let code = said.get(&STATUS).and_then(|code| code.to_str().ok());
    match code.and_then(|code| code.parse().ok()) {
        None => protocol,
        Some(0) => taken(body, headers.get(&ENCODING)).unwrap_or(protocol),
        Some(code) => {
            let details = said.get(&DETAILS);
            let status = details.and_then(|details| BINARY.decode(details.as_bytes()).ok());
            of_grpc(code, status.as_deref().and_then(retry_delay))
        }
    }
}

fn taken(body: &[u8], encoding: Option<&HeaderValue>) -> Option<Outcome> {
    let (&[flag, a, b, c, d], message) = body.split_first_chunk::<PREFIX>()?;
    if message.len() != u32::from_be_bytes([a, b, c, d]) as usize {
        return None;
    }
    let rejected = match flag {
        0 => rejected(message),
        1 => rejected(&inflate(message, encoding?.as_bytes())?),
        _ => None,
    };
    rejected.map(|rejected| Outcome::Taken { rejected })
}

/// Servers in Go compress an answer as its request was, whatever the client says it accepts.
fn inflate(message: &[u8], encoding: &[u8]) -> Option<Vec<u8>> {
    let mut inflated = Vec::new();
    let most = MAX_ANSWER as u64 + 1;
    let read = match encoding {
        b"gzip" => flate2::read::MultiGzDecoder::new(message)
            .take(most)
            .read_to_end(&mut inflated),
        b"zstd" => zstd::Decoder::new(message)
            .ok()?
            .take(most)
            .read_to_end(&mut inflated),
        _ => return None,
    };
    (read.ok()? <= MAX_ANSWER).then_some(inflated)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn map(entries: &[(&'static str, &str)]) -> HeaderMap {
        let entries = entries.iter().map(|(name, value)| {
            let value = HeaderValue::from_str(value).expect("ASCII");
            (HeaderName::from_static(name), value)
        });
        entries.collect()
    }

    #[test]
    fn an_answer_is_read_from_trailers_or_headers() {
        let ok = map(&[("grpc-status", "0")]);
        let none = HeaderMap::new();
        let taken = |rejected| Outcome::Taken { rejected };
        assert_eq!(outcome(200, &none, &[0; 5], Some(&ok)), taken(0));
        let partial = [0, 0, 0, 0, 4, 0x0a, 2, 8, 7];
        assert_eq!(outcome(200, &none, &partial, Some(&ok)), taken(7));
        let invalid = map(&[("grpc-status", "3")]);
        assert!(matches!(
            outcome(200, &invalid, b"", None),
            Outcome::Refused(_)
        ));
    }

    #[test]
    fn a_compressed_answer_is_read() {
        let ok = map(&[("grpc-status", "0")]);
        let message = [0x0a, 2, 8, 7];
        for (encoding, compressed) in [
            (
                "zstd",
                zstd::bulk::compress(&message, 1).expect("in memory"),
            ),
            ("gzip", {
                let mut gzip =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                gzip.write_all(&message).expect("in memory");
                gzip.finish().expect("in memory")
            }),
        ] {
            let headers = map(&[("grpc-encoding", encoding)]);
            let body = [&[1, 0, 0, 0, compressed.len() as u8], &compressed[..]].concat();
            let taken = Outcome::Taken { rejected: 7 };
            assert_eq!(outcome(200, &headers, &body, Some(&ok)), taken);
            let unnamed = outcome(200, &HeaderMap::new(), &body, Some(&ok));
            assert!(matches!(unnamed, Outcome::Later { .. }));
        }
    }

    #[test]
    fn an_answer_that_inflates_without_end_is_none() {
        let ok = map(&[("grpc-status", "0")]);
        let bomb = zstd::bulk::compress(&vec![0; MAX_ANSWER + 1], 1).expect("in memory");
        let headers = map(&[("grpc-encoding", "zstd")]);
        let length = (bomb.len() as u32).to_be_bytes();
        let body = [&[1], &length[..], &bomb].concat();
        let outcome = outcome(200, &headers, &body, Some(&ok));
        assert!(matches!(outcome, Outcome::Later { .. }));
    }

    #[test]
    fn what_is_no_answer_is_tried_again() {
        let none = HeaderMap::new();
        let ok = map(&[("grpc-status", "0")]);
        for (status, headers, body) in [
            (200, &none, &b""[..]),
            (502, &none, b"<html>"),
            (200, &ok, b"\0\0\0\0\x09"),
            (200, &map(&[("grpc-status", "ok")]), b""),
        ] {
            let outcome = outcome(status, headers, body, None);
            assert!(matches!(outcome, Outcome::Later { .. }), "{outcome:?}");
        }
    }

    #[test]
    fn a_busy_receiver_says_when() {
        let info =
            [&b"\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x04\x0a\x02\x08\x02"[..]];
        let detail = info.concat();
        let status = [&[8, 14, 0x1a, detail.len() as u8], &detail[..]].concat();
        let details = BINARY.encode(status);
        let busy = map(&[("grpc-status", "14"), ("grpc-status-details-bin", &details)]);
        let after = Some(Duration::from_secs(2));
        let fault = Fault::Grpc(14);
        assert_eq!(
            outcome(200, &busy, b"", None),
            Outcome::Later { fault, after }
        );
    }
}
