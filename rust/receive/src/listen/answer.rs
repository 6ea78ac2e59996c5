//! One request, from its head to its reply.

use std::time::Instant;

use http::{HeaderMap, Method, Request, Response, header};
use hyper::body::Incoming;

use crate::listen::replies::{Refusal, Rejected};
use crate::listen::reply_body::ReplyBody;
use crate::listen::server::Gate;
use crate::listen::{grpc, http as otlp_http};
use crate::sender::guard::Peer;
use crate::stats::{Stats, Transport};

pub async fn answer(gate: &Gate, peer: &Peer, request: Request<Incoming>) -> Response<ReplyBody> {
    let begun = Instant::now();
    let intake = gate.intake.now();
    let listener = gate.listener.now();
    let stats = &gate.stats;
    let stop = *gate.stopping.borrow();
    if grpc::is_grpc(request.headers()) {
        let signal = grpc::signal_of(request.uri().path());
        if let Some(signal) = signal {
            stats.of(signal, Transport::Grpc).requests.add(1);
        }
        let outcome = match (signal, listener.guard.admit(peer, request.headers()).await) {
            _ if stop => Err(Refusal::Stopping),
            (_, Err(refusal)) => Err(refusal),
            (None, _) => Err(Refusal::NoSuchPath),
            (Some(signal), Ok(identity)) => {
                grpc::take(
                    &intake,
                    signal,
                    request,
                    identity,
                    listener.limits.body_timeout,
                )
                .await
            }
        };
        count(stats, Transport::Grpc, outcome, begun);
        return grpc::reply(outcome);
    }
    let origin = otlp_http::allowed_origin(&intake.cors, request.headers());
    let mut response = if is_preflight(request.method(), request.headers()) && origin.is_some() {
        // A browser asks before it says who it is; the answer tells nothing but that it may send.
        otlp_http::preflight(request.headers())
    } else {
        let signal = otlp_http::signal_of(request.uri().path());
        let encoding = otlp_http::encoding_of(request.headers());
        if let Some(signal) = signal {
            stats.of(signal, Transport::Http).requests.add(1);
        }
        let outcome = if stop {
            Err(Refusal::Stopping)
        } else {
            let admitted = listener.guard.admit(peer, request.headers()).await;
            let time = listener.limits.body_timeout;
            otlp_http::take(&intake, signal, request, admitted, time).await
        };
        count(stats, Transport::Http, outcome, begun);
        let mut response = otlp_http::reply(signal, encoding, outcome);
        if outcome == Err(Refusal::Unauthenticated)
            && let Some(challenge) = listener.guard.challenge()
        {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    };
    if let Some(origin) = origin {
        otlp_http::allow_origin(&mut response, origin);
    }
    response
}

fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key("access-control-request-method")
}

fn count(stats: &Stats, transport: Transport, outcome: Result<Rejected, Refusal>, begun: Instant) {
    match outcome {
        Ok(_) => stats.acknowledged(begun.elapsed()),
        Err(refusal) => stats.refused(transport, refusal),
    }
}
