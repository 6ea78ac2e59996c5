//! One connection from its first byte to its end: TLS where the listener speaks it, HTTP/1.1 or
//! HTTP/2, and how long either may idle or last.

use std::convert::Infallible;
use std::future::pending;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::listen::answer::answer;
use crate::listen::certificate;
use crate::listen::listener::Limits;
use crate::listen::server::{Gate, stopped};
use crate::listen::tls::{self, Tls, agreed_on_http2};
use crate::sender::guard::Peer;

/// A new connection has so long for TLS's handshake, and so long to say what it speaks: whoever
/// opens connections and says nothing must not keep others out for long.
const OPENING_TIMEOUT: Duration = Duration::from_secs(10);

const STREAM_WINDOW: u32 = 1024 * 1024;
const CONNECTION_WINDOW: u32 = 2 * 1024 * 1024;
const FRAME_SIZE: u32 = 64 * 1024;
const MAX_HEADER_BYTES: u32 = 16 * 1024;
const READ_BUFFER: usize = 128 * 1024;

/// How HTTP/2 begins when nothing else was agreed; no HTTP/1 method begins so.
const PREFACE: &[u8] = b"PRI";

/// Serves one connection to its end; `_place` is its place among the connections.
pub async fn serve(
    stream: TcpStream,
    address: IpAddr,
    mut gate: Gate,
    _place: OwnedSemaphorePermit,
) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let listener = gate.listener.now();
    let limits = listener.limits;
    let mut stopping = gate.stopping.clone();
    let Some(tls) = &listener.tls else {
        let http2 = tokio::select! {
            () = stopped(&mut stopping) => return,
            told = timeout(OPENING_TIMEOUT, speaks_http2(&stream)) => match told {
                Ok(Some(http2)) => http2,
                _ => return,
            },
        };
        return run(stream, http2, Peer::new(address, vec![]), limits, gate).await;
    };
    let shaken = tokio::select! {
        () = stopped(&mut stopping) => return,
        shaken = shake_hands(stream, tls, &mut gate) => shaken,
    };
    if let Some(stream) = shaken {
        let (_, session) = stream.get_ref();
        let http2 = agreed_on_http2(session.alpn_protocol());
        let names = session
            .peer_certificates()
            .and_then(|chain| chain.first())
            .map_or(vec![], certificate::names);
        run(stream, http2, Peer::new(address, names), limits, gate).await;
    }
}

async fn shake_hands(
    stream: TcpStream,
    tls: &Tls,
    gate: &mut Gate,
) -> Option<TlsStream<TcpStream>> {
    let shaking = TlsAcceptor::from(tls.config.clone()).accept(stream);
    match timeout(OPENING_TIMEOUT, shaking).await {
        Ok(Ok(stream)) => return Some(stream),
        // The error's text may quote what was sent; its kind is counted.
        Ok(Err(error)) => gate.stats.handshake_failed(tls::failure(&error)),
        Err(_) => gate.stats.handshake_failed(tls::TIMEOUT),
    }
    None
}

/// Answers requests until the connection ends, or has idled or lasted too long, or the collector
/// stops; then what is under way is finished first.
async fn run<S>(stream: S, http2: bool, peer: Peer, limits: Limits, gate: Gate)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let peer = Arc::new(peer);
    // Counted only where somebody asks.
    let idle_timeout = limits.idle_timeout;
    let under_way = idle_timeout.map(|_| watch::Sender::new(0_usize));
    let idle = under_way.as_ref().map(watch::Sender::subscribe);
    let mut idle = pin!(idled(idle, idle_timeout));
    let mut stopping = gate.stopping.clone();
    let shared = gate.clone();
    let service = service_fn(move |request| {
        let (gate, peer, under_way) = (shared.clone(), peer.clone(), under_way.clone());
        async move {
            let _counted = under_way.map(Counted::new);
            Ok::<_, Infallible>(answer(&gate, &peer, request).await)
        }
    });
    // A connection's error is its sender's affair, and its text may quote what was sent.
    macro_rules! run {
        ($connection:expr) => {{
            let mut connection = pin!($connection);
            let mut grace = None;
            tokio::select! {
                _ = connection.as_mut() => return,
                () = stopped(&mut stopping) => {}
                () = &mut idle => {}
                () = aged(limits.max_age) => grace = limits.max_age_grace,
            }
            connection.as_mut().graceful_shutdown();
            let _ = match grace {
                Some(grace) => timeout(grace, connection).await.is_ok(),
                None => connection.await.is_ok(),
            };
        }};
    }
    gate.stats.connections.add(1);
    if http2 {
        run!(
            http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .initial_stream_window_size(STREAM_WINDOW)
                .initial_connection_window_size(CONNECTION_WINDOW)
                .max_frame_size(FRAME_SIZE)
                .max_concurrent_streams(limits.max_streams)
                .max_header_list_size(MAX_HEADER_BYTES)
                .keep_alive_interval(limits.ping_every)
                .keep_alive_timeout(limits.ping_timeout)
                .serve_connection(TokioIo::new(stream), service)
        );
    } else {
        run!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(limits.header_timeout)
                .keep_alive(limits.keep_alive)
                .max_buf_size(READ_BUFFER)
                .serve_connection(TokioIo::new(stream), service)
        );
    }
}

/// A request under way on its connection.
struct Counted(watch::Sender<usize>);

impl Counted {
    fn new(under_way: watch::Sender<usize>) -> Counted {
        under_way.send_modify(|count| *count += 1);
        Counted(under_way)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// Returns once no request was under way for so long.
async fn idled(under_way: Option<watch::Receiver<usize>>, limit: Option<Duration>) {
    let (Some(mut under_way), Some(limit)) = (under_way, limit) else {
        return pending().await;
    };
    loop {
        if under_way.wait_for(|count| *count == 0).await.is_err()
            || timeout(limit, under_way.changed()).await.is_err()
        {
            return;
        }
    }
}

/// Returns after the age, give or take a tenth, so that connections made together end apart.
async fn aged(limit: Option<Duration>) {
    match limit {
        None => pending().await,
        Some(limit) => {
            let share = RandomState::new().hash_one(0) % 2000;
            sleep(limit.mul_f64(0.9 + share as f64 / 10_000.0)).await;
        }
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
        sleep(Duration::from_millis(5)).await;
    }
}
