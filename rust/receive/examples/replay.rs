//! A sender that costs little: it repeats one OTLP request with new ids, for `bench/collector.py`.
//!
//! `replay grpc|http traces|logs ADDRESS TEMPLATE REQUESTS CONNECTIONS RATE FIRST` sends REQUESTS
//! requests over CONNECTIONS connections, each with one request at a time; RATE requests a second over
//! all of them, or 0 for as fast as they are answered. `TEMPLATE.slots` holds the offsets of the eight-byte ids in
//! the template, as little-endian u32; the ids of the request numbered n (from FIRST on) are made from
//! n. Prints one JSON object: requests, refused, seconds, and the latencies' p50 and p99.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

type Failure = Box<dyn Error + Send + Sync>;

#[derive(Clone, Copy, PartialEq)]
enum Transport {
    Grpc,
    Http,
}

struct Load {
    transport: Transport,
    /// The URL's path: for gRPC the method's.
    path: &'static str,
    address: String,
    template: Vec<u8>,
    slots: Vec<usize>,
    requests: u64,
    connections: u64,
    /// Between two requests on one connection; `None`: as soon as the last one is answered.
    pace: Option<Duration>,
    first: u64,
    next: AtomicU64,
}

enum Sender {
    Grpc(http2::SendRequest<Full<Bytes>>),
    Http(http1::SendRequest<Full<Bytes>>),
}

#[derive(Default)]
struct Outcome {
    latencies: Vec<Duration>,
    refused: u64,
}

fn main() -> Result<(), Failure> {
    let load = Arc::new(Load::from_arguments()?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let begun = Instant::now();
    let mut total = runtime.block_on(run(load))?;
    let seconds = begun.elapsed().as_secs_f64();
    total.latencies.sort_unstable();
    let at = |share: f64| {
        let last = total.latencies.len().saturating_sub(1);
        let index = (last as f64 * share).round() as usize;
        total
            .latencies
            .get(index)
            .map_or(0.0, Duration::as_secs_f64)
    };
    println!(
        r#"{{"requests":{},"refused":{},"seconds":{seconds},"p50":{},"p99":{}}}"#,
        total.latencies.len(),
        total.refused,
        at(0.5),
        at(0.99),
    );
    Ok(())
}

impl Load {
    fn from_arguments() -> Result<Load, Failure> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [
            transport,
            signal,
            address,
            template,
            requests,
            connections,
            rate,
            first,
        ] = &arguments[..]
        else {
            return Err("usage: see the head of this file".into());
        };
        let connections: u64 = connections.parse()?;
        let rate: f64 = rate.parse()?;
        let slots = std::fs::read(format!("{template}.slots"))?;
        let (transport, path) = match (transport.as_str(), signal.as_str()) {
            ("grpc", "traces") => (
                Transport::Grpc,
                "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            ),
            ("grpc", "logs") => (
                Transport::Grpc,
                "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
            ),
            ("http", "traces") => (Transport::Http, "/v1/traces"),
            ("http", "logs") => (Transport::Http, "/v1/logs"),
            _ => return Err("grpc or http, traces or logs".into()),
        };
        Ok(Load {
            transport,
            path,
            address: address.clone(),
            template: std::fs::read(template)?,
            slots: slots
                .as_chunks::<4>()
                .0
                .iter()
                .map(|slot| u32::from_le_bytes(*slot) as usize)
                .collect(),
            requests: requests.parse()?,
            connections,
            pace: (rate > 0.0).then(|| Duration::from_secs_f64(connections as f64 / rate)),
            first: first.parse()?,
            next: AtomicU64::new(0),
        })
    }

    /// The next request's body, with ids of its own; `None` when all are sent.
    fn body(&self) -> Option<Bytes> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if number >= self.requests {
            return None;
        }
        let prefix = match self.transport {
            Transport::Grpc => 5,
            Transport::Http => 0,
        };
        let mut body = Vec::with_capacity(prefix + self.template.len());
        if self.transport == Transport::Grpc {
            body.push(0);
            body.extend_from_slice(&(self.template.len() as u32).to_be_bytes());
        }
        body.extend_from_slice(&self.template);
        for (index, &slot) in self.slots.iter().enumerate() {
            let id = ((self.first + number) << 16) | (index as u64 & 0xffff);
            body[prefix + slot..prefix + slot + 8].copy_from_slice(&id.to_be_bytes());
        }
        Some(Bytes::from(body))
    }
}

async fn run(load: Arc<Load>) -> Result<Outcome, Failure> {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..load.connections {
        tasks.spawn(connection(load.clone(), number));
    }
    let mut total = Outcome::default();
    while let Some(done) = tasks.join_next().await {
        let outcome = done??;
        total.latencies.extend(outcome.latencies);
        total.refused += outcome.refused;
    }
    Ok(total)
}

async fn connection(load: Arc<Load>, number: u64) -> Result<Outcome, Failure> {
    let mut sender = Sender::connect(&load).await?;
    let mut outcome = Outcome::default();
    let mut due = Instant::now();
    if let Some(pace) = load.pace {
        due += pace.mul_f64(number as f64 / load.connections as f64);
    }
    while let Some(body) = load.body() {
        if let Some(pace) = load.pace {
            tokio::time::sleep_until(due.into()).await;
            // From when it was due, so that a slow reply counts for those that wait behind it.
            let begun = due;
            outcome.add(sender.send(&load, body).await?, begun);
            due += pace;
        } else {
            let begun = Instant::now();
            outcome.add(sender.send(&load, body).await?, begun);
        }
    }
    Ok(outcome)
}

impl Outcome {
    fn add(&mut self, accepted: bool, begun: Instant) {
        self.latencies.push(begun.elapsed());
        self.refused += u64::from(!accepted);
    }
}

impl Sender {
    async fn connect(load: &Load) -> Result<Sender, Failure> {
        let stream = TcpStream::connect(&load.address).await?;
        stream.set_nodelay(true)?;
        let io = TokioIo::new(stream);
        match load.transport {
            Transport::Grpc => {
                let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                    .handshake(io)
                    .await?;
                tokio::spawn(connection);
                Ok(Sender::Grpc(sender))
            }
            Transport::Http => {
                let (sender, connection) = http1::handshake(io).await?;
                tokio::spawn(connection);
                Ok(Sender::Http(sender))
            }
        }
    }

    /// Whether the request was answered with an OK.
    async fn send(&mut self, load: &Load, body: Bytes) -> Result<bool, Failure> {
        match self {
            Sender::Grpc(sender) => {
                let request = Request::post(format!("http://{}{}", load.address, load.path))
                    .header(header::CONTENT_TYPE, "application/grpc")
                    .header(header::TE, "trailers")
                    .body(Full::new(body))?;
                sender.ready().await?;
                let response = sender.send_request(request).await?;
                let (parts, body) = response.into_parts();
                let trailers = drain(body).await?;
                let status = trailers
                    .as_ref()
                    .unwrap_or(&parts.headers)
                    .get("grpc-status")
                    .map(|status| status.as_bytes() == b"0");
                Ok(status == Some(true))
            }
            Sender::Http(sender) => {
                let request = Request::post(load.path)
                    .header(header::HOST, &load.address)
                    .header(header::CONTENT_TYPE, "application/x-protobuf")
                    .body(Full::new(body))?;
                sender.ready().await?;
                let response = sender.send_request(request).await?;
                let accepted = response.status().is_success();
                drain(response.into_body()).await?;
                Ok(accepted)
            }
        }
    }
}

async fn drain(body: Incoming) -> Result<Option<HeaderMap>, Failure> {
    Ok(body.collect().await?.trailers().cloned())
}
