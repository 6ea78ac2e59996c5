//! OTLP over gRPC: three unary methods, framed by hand over HTTP/2.
//!
//! A message is one flag byte, a big-endian length and that many bytes. Bytes come in and bytes go
//! out, so no service framework and no generated code is needed.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use hyper::body::{Bytes, Incoming};
use otlp::model::Signal;

use crate::listen::body::{BodyReader, Compression};
use crate::listen::replies::{Refusal, Rejected, status_protobuf};
use crate::listen::reply_body::ReplyBody;
use crate::memory::Reservation;
use crate::pipeline::intake::{Encoding, Intake, Parcel};
use crate::sender::forwarded::Forwarded;
use crate::sender::identity::Identity;
use crate::stats::Transport;

const PREFIX: usize = 5;
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");

/// Whether the request is meant for this module.
pub fn is_grpc(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// The signal that an Export method takes.
pub fn signal_of(path: &str) -> Option<Signal> {
    match path {
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Some(Signal::Traces),
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Some(Signal::Logs),
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => Some(Signal::Metrics),
        _ => None,
    }
}

/// Takes one call: reads its message within `time`, stores it and says how that went.
pub async fn take(
    intake: &Intake,
    signal: Signal,
    request: Request<Incoming>,
    identity: Option<Arc<Identity>>,
    time: Duration,
) -> Result<Rejected, Refusal> {
    intake.budget.admit()?;
    let compression = Compression::told(request.headers().get(&ENCODING))?;
    let forwarded = Forwarded::believed(request.headers(), identity.as_deref());
    let route = intake.route(signal, identity.as_deref(), forwarded)?;
    let digest = forwarded.and_then(|forwarded| forwarded.digest);
    let mut reservation = intake.budget.reserve_nothing();
    let frame = BodyReader::new(
        request.into_body(),
        intake.max_body_bytes.saturating_add(PREFIX),
        time,
    );
    let message = read_message(frame, &mut reservation).await?;
    let parcel = Parcel {
        transport: Transport::Grpc,
        encoding: Encoding::Protobuf,
        compression: if message.compressed {
            compression
        } else {
            Compression::Identity
        },
        body: message.bytes,
        reservation,
        identity,
        digest,
    };
    if message.compressed && compression == Compression::Identity {
        return Err(Refusal::BadFrame);
    }
    route.take(parcel).await
}

struct Message {
    compressed: bool,
    bytes: Bytes,
}

async fn read_message(
    mut reader: BodyReader<Incoming>,
    reservation: &mut Reservation,
) -> Result<Message, Refusal> {
    let mut frame = reader.read(promise, reservation).await?;
    let Some((&[flag, a, b, c, d], _)) = frame.split_first_chunk::<PREFIX>() else {
        return Err(Refusal::Truncated);
    };
    let bytes = frame.split_off(PREFIX);
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    match bytes.len().cmp(&length) {
        std::cmp::Ordering::Less => Err(Refusal::Truncated),
        std::cmp::Ordering::Greater => Err(Refusal::BadFrame),
        std::cmp::Ordering::Equal if flag > 1 => Err(Refusal::BadFrame),
        std::cmp::Ordering::Equal => Ok(Message {
            compressed: flag == 1,
            bytes,
        }),
    }
}

/// How long the frame is that starts with `piece`.
fn promise(piece: &[u8]) -> usize {
    match piece.split_first_chunk::<PREFIX>() {
        Some((&[_, a, b, c, d], _)) => PREFIX + u32::from_be_bytes([a, b, c, d]) as usize,
        None => 0,
    }
}

/// The reply to a call, with its status in the trailers; or in the headers where nothing else is said.
pub fn reply(outcome: Result<Rejected, Refusal>) -> Response<ReplyBody> {
    match outcome {
        Ok(rejected) => {
            let message = rejected.to_protobuf();
            let mut frame = Vec::with_capacity(PREFIX + message.len());
            frame.push(0);
            frame.extend_from_slice(&(message.len() as u32).to_be_bytes());
            frame.extend_from_slice(&message);
            let mut trailers = HeaderMap::with_capacity(1);
            trailers.insert(STATUS, HeaderValue::from_static("0"));
            with_type(Response::new(ReplyBody::with_trailers(
                Bytes::from(frame),
                trailers,
            )))
        }
        Err(refusal) => {
            let mut response = with_type(Response::new(ReplyBody::empty()));
            let headers = response.headers_mut();
            headers.insert(STATUS, HeaderValue::from(u16::from(refusal.grpc_status())));
            put(headers, MESSAGE, &refusal.to_string());
            put(
                headers,
                DETAILS,
                &STANDARD_NO_PAD.encode(status_protobuf(refusal)),
            );
            if refusal == Refusal::WrongEncoding {
                headers.insert(
                    ACCEPT_ENCODING,
                    HeaderValue::from_static("identity,gzip,zstd"),
                );
            }
            response
        }
    }
}

fn with_type(mut response: Response<ReplyBody>) -> Response<ReplyBody> {
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, CONTENT_TYPE);
    response
}

/// The fixed reasons are plain ASCII, so that the conversion cannot fail and percent-encoding (as
/// `grpc-message` would want it) has nothing to do.
fn put(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
