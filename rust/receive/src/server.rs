//! Listeners and connections: HTTP/1.1 and HTTP/2 on each port, told apart by their first bytes.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderMap, Method, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::intake::Intake;
use crate::replies::{Refusal, Rejected};
use crate::reply_body::ReplyBody;
use crate::stats::Transport;
use crate::{grpc, http as otlp_http};

/// Connections at once over all ports; more wait in the system's backlog.
pub const MAX_CONNECTIONS: usize = 2048;

/// A connection's first bytes, a request's head and a pause between requests may take this long.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// A silent HTTP/2 connection is asked this often whether it still lives.
const PING_EVERY: Duration = Duration::from_secs(60);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

const STREAM_WINDOW: u32 = 1024 * 1024;
const CONNECTION_WINDOW: u32 = 2 * 1024 * 1024;
const FRAME_SIZE: u32 = 64 * 1024;
const MAX_STREAMS: u32 = 256;
const MAX_HEADER_BYTES: u32 = 16 * 1024;
const READ_BUFFER: usize = 128 * 1024;

/// How HTTP/2 begins when nothing else was agreed; no HTTP/1 method begins so.
const PREFACE: &[u8] = b"PRI";

/// What every connection needs.
#[derive(Clone)]
pub struct Gate {
    pub intake: Arc<Intake>,
    pub connections: Arc<Semaphore>,
    /// Turns true when the collector stops.
    pub stopping: watch::Receiver<bool>,
}

/// Accepts connections until the collector stops.
pub async fn listen(listener: TcpListener, mut gate: Gate) {
    loop {
        let accepted = tokio::select! {
            () = stopped(&mut gate.stopping) => return,
            accepted = accept(&listener, &gate.connections) => accepted,
        };
        match accepted {
            Some((stream, place)) => {
                gate.intake.stats.connections.add(1);
                tokio::spawn(serve(stream, gate.clone(), place));
            }
            // Out of file descriptors, say: a pause lets connections end.
            None => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let (stream, _) = listener.accept().await.ok()?;
    let place = connections.clone().acquire_owned().await.ok()?;
    Some((stream, place))
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, and so the collector.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Serves one connection to its end; `_place` is its place among the connections.
async fn serve(stream: TcpStream, mut gate: Gate, _place: OwnedSemaphorePermit) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let http2 = tokio::select! {
        () = stopped(&mut gate.stopping) => return,
        told = tokio::time::timeout(HEAD_TIMEOUT, speaks_http2(&stream)) => match told {
            Ok(Some(http2)) => http2,
            _ => return,
        },
    };
    let intake = gate.intake.clone();
    let stopping = gate.stopping.clone();
    let service = service_fn(move |request| {
        let intake = intake.clone();
        let stop = *stopping.borrow();
        async move { Ok::<_, Infallible>(answer(&intake, request, stop).await) }
    });
    // A connection's error is its sender's affair, and its text may quote what was sent.
    macro_rules! run {
        ($connection:expr) => {{
            let mut connection = pin!($connection);
            tokio::select! {
                _ = connection.as_mut() => return,
                () = stopped(&mut gate.stopping) => connection.as_mut().graceful_shutdown(),
            }
            let _ = connection.await;
        }};
    }
    if http2 {
        run!(
            http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .initial_stream_window_size(STREAM_WINDOW)
                .initial_connection_window_size(CONNECTION_WINDOW)
                .max_frame_size(FRAME_SIZE)
                .max_concurrent_streams(MAX_STREAMS)
                .max_header_list_size(MAX_HEADER_BYTES)
                .keep_alive_interval(PING_EVERY)
                .keep_alive_timeout(PING_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service)
        );
    } else {
        run!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .max_buf_size(READ_BUFFER)
                .serve_connection(TokioIo::new(stream), service)
        );
    }
}

/// Whether the connection begins with HTTP/2's preface; `None` if it ended before it said so.
async fn speaks_http2(stream: &TcpStream) -> Option<bool> {
    let mut start = [0; PREFACE.len()];
    loop {
        let count = stream.peek(&mut start).await.ok()?;
        if count == 0 {
            return None;
        }
        if start[..count] != PREFACE[..count] {
            return Some(false);
        }
        if count == PREFACE.len() {
            return Some(true);
        }
        // A peek returns at once while fewer bytes than asked for are there.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// One request, from its head to its reply.
async fn answer(intake: &Intake, request: Request<Incoming>, stop: bool) -> Response<ReplyBody> {
    let begun = Instant::now();
    if grpc::is_grpc(request.headers()) {
        let signal = grpc::signal_of(request.uri().path());
        let outcome = match signal {
            _ if stop => Err(Refusal::Stopping),
            None => Err(Refusal::NoSuchPath),
            Some(signal) => {
                intake.stats.of(signal, Transport::Grpc).requests.add(1);
                grpc::take(intake, signal, request).await
            }
        };
        count(intake, Transport::Grpc, outcome, begun);
        return grpc::reply(outcome);
    }
    let origin = otlp_http::allowed_origin(&intake.cors, request.headers());
    let mut response = if is_preflight(request.method(), request.headers()) && origin.is_some() {
        otlp_http::preflight(request.headers())
    } else {
        let signal = otlp_http::signal_of(request.uri().path());
        let encoding = otlp_http::encoding_of(request.headers());
        if let Some(signal) = signal {
            intake.stats.of(signal, Transport::Http).requests.add(1);
        }
        let outcome = if stop {
            Err(Refusal::Stopping)
        } else {
            otlp_http::take(intake, signal, request).await
        };
        count(intake, Transport::Http, outcome, begun);
        otlp_http::reply(signal, encoding, outcome)
    };
    if let Some(origin) = origin {
        otlp_http::allow_origin(&mut response, origin);
    }
    response
}

fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key("access-control-request-method")
}

fn count(
    intake: &Intake,
    transport: Transport,
    outcome: Result<Rejected, Refusal>,
    begun: Instant,
) {
    match outcome {
        Ok(_) => intake.stats.acknowledged(begun.elapsed()),
        Err(refusal) => intake.stats.refused(transport, refusal),
    }
}
