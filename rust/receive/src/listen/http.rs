//! OTLP over HTTP: `/v1/{traces,logs,metrics}`, protobuf or JSON, gzip or zstd, replies in the
//! request's encoding, and CORS for browsers where origins are configured.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use otlp::model::Signal;

use crate::listen::body::{BodyReader, Compression};
use crate::listen::replies::{Refusal, Rejected, status_json, status_protobuf};
use crate::listen::reply_body::ReplyBody;
use crate::pipeline::intake::{Encoding, Intake, Parcel, Route};
use crate::sender::forwarded::Forwarded;
use crate::sender::identity::Identity;
use crate::stats::Transport;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// For how long a browser may keep the answer to a preflight.
const CORS_MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

pub fn signal_of(path: &str) -> Option<Signal> {
    match path {
        "/v1/traces" => Some(Signal::Traces),
        "/v1/logs" => Some(Signal::Logs),
        "/v1/metrics" => Some(Signal::Metrics),
        _ => None,
    }
}

/// The encoding of the request, and so of its reply; `None` for a content type that is not taken.
pub fn encoding_of(headers: &HeaderMap) -> Option<Encoding> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(PROTOBUF) {
        Some(Encoding::Protobuf)
    } else if essence.eq_ignore_ascii_case(JSON) {
        Some(Encoding::Json)
    } else {
        None
    }
}

/// Of a request that is not let in, so many bytes are read before the reply, so that a sender that
/// writes all before it reads learns why.
const DISCARDED_UNREAD: usize = 64 * 1024;

/// Takes one request: reads its body within `time`, stores it and says how that went. `admitted` is
/// what the listener's guard said.
pub async fn take(
    intake: &Intake,
    signal: Option<Signal>,
    request: Request<Incoming>,
    admitted: Result<Option<Arc<Identity>>, Refusal>,
    time: Duration,
) -> Result<Rejected, Refusal> {
    let waits = request.headers().contains_key(header::EXPECT);
    let limit = match admitted {
        Ok(_) => intake.max_body_bytes,
        Err(_) => DISCARDED_UNREAD,
    };
    let accepted = admitted.and_then(|identity| {
        intake.budget.admit()?;
        let forwarded = Forwarded::believed(request.headers(), identity.as_deref());
        let digest = forwarded.and_then(|forwarded| forwarded.digest);
        let accepted = accept(intake, signal, &request, identity.as_deref(), forwarded)?;
        Ok((accepted, identity, digest))
    });
    let mut reader = BodyReader::new(request.into_body(), limit, time);
    let mut reservation = intake.budget.reserve_nothing();
    let body = match &accepted {
        Ok(_) => reader.read(|_| 0, &mut reservation).await,
        Err(refusal) => Err(*refusal),
    };
    match (accepted, body) {
        (Ok(((route, encoding, compression), identity, digest)), Ok(body)) => {
            let parcel = Parcel {
                transport: Transport::Http,
                encoding,
                compression,
                body,
                reservation,
                identity,
                digest,
            };
            route.take(parcel).await
        }
        (Err(refusal), _) | (_, Err(refusal)) => {
            drop(reservation);
            // A sender that is cut off while it writes sees a broken connection and not the reply. One
            // that waits for `100 Continue` has written nothing yet.
            if !waits && !matches!(refusal, Refusal::TooSlow | Refusal::Truncated) {
                reader.discard().await;
            }
            Err(refusal)
        }
    }
}

type Accepted<'a> = (&'a Route, Encoding, Compression);

/// All that can be said before the body is read.
fn accept<'a>(
    intake: &'a Intake,
    signal: Option<Signal>,
    request: &Request<Incoming>,
    identity: Option<&Identity>,
    forwarded: Option<Forwarded<'_>>,
) -> Result<Accepted<'a>, Refusal> {
    let signal = signal.ok_or(Refusal::NoSuchPath)?;
    if request.method() != Method::POST {
        return Err(Refusal::WrongMethod);
    }
    let route = intake.route(signal, identity, forwarded)?;
    let encoding = encoding_of(request.headers()).ok_or(Refusal::WrongContentType)?;
    let compression = Compression::told(request.headers().get(header::CONTENT_ENCODING))?;
    Ok((route, encoding, compression))
}

/// The reply, as protobuf where the request was protobuf, as JSON otherwise.
pub fn reply(
    signal: Option<Signal>,
    encoding: Option<Encoding>,
    outcome: Result<Rejected, Refusal>,
) -> Response<ReplyBody> {
    let protobuf = encoding == Some(Encoding::Protobuf);
    let body = match outcome {
        Ok(rejected) if protobuf => rejected.to_protobuf(),
        Ok(rejected) => rejected.to_json(signal.unwrap_or(Signal::Traces)),
        Err(refusal) if protobuf => status_protobuf(refusal),
        Err(refusal) => status_json(refusal),
    };
    let mut response = Response::new(ReplyBody::of(body));
    let kind = if protobuf { PROTOBUF } else { JSON };
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Err(refusal) = outcome {
        *response.status_mut() = StatusCode::from_u16(refusal.http_status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(delay) = refusal.retry_after() {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(delay.as_secs()));
        }
        if refusal == Refusal::WrongMethod {
            response
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
    }
    response
}

/// The request's origin, where it is one of those that may send from a browser.
pub fn allowed_origin(cors: &[String], headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    cors.iter()
        .any(|allowed| allowed == "*" || allowed.as_bytes() == origin.as_bytes())
        .then(|| origin.clone())
}

/// The answer to a browser that asks whether it may send.
pub fn preflight(headers: &HeaderMap) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let reply = response.headers_mut();
    reply.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("POST"),
    );
    if let Some(asked) = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        reply.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    reply.insert(header::ACCESS_CONTROL_MAX_AGE, CORS_MAX_AGE);
    response
}

/// Tells the browser that its page may read the reply.
pub fn allow_origin(response: &mut Response<ReplyBody>, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
}
