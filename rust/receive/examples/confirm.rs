//! What receivers send to in `bench/collector.py`: it reads, counts, confirms and keeps nothing.
//!
//! `confirm` listens on two free ports and prints them as one JSON object. `grpc` takes OTLP/gRPC;
//! `http` takes OTLP/HTTP, and Azure blobs for any account and container. `GET /counts` gives what
//! came: the OTLP requests, the blobs, and the bytes of both. Ends with its standard input.

use std::convert::Infallible;
use std::error::Error;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

type Failure = Box<dyn Error + Send + Sync>;
type Reply = Response<BoxBody<Bytes, Infallible>>;

/// An empty message of gRPC: not compressed, no bytes long.
const EMPTY_MESSAGE: &[u8] = &[0; 5];
const EMPTY_LIST: &str = "<?xml version=\"1.0\"?><EnumerationResults><Blobs/></EnumerationResults>";

#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    blobs: AtomicU64,
    bytes: AtomicU64,
}

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::spawn(|| {
        // Whoever started this ends it so.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    runtime.block_on(serve())
}

async fn serve() -> Result<(), Failure> {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let (grpc, http) = (TcpListener::bind(any).await?, TcpListener::bind(any).await?);
    println!(
        r#"{{"grpc":{},"http":{}}}"#,
        grpc.local_addr()?.port(),
        http.local_addr()?.port(),
    );
    let counts = Arc::new(Counts::default());
    loop {
        let (stream, is_grpc) = tokio::select! {
            accepted = grpc.accept() => (accepted?.0, true),
            accepted = http.accept() => (accepted?.0, false),
        };
        stream.set_nodelay(true)?;
        let counts = counts.clone();
        let service = service_fn(move |request| reply(request, counts.clone()));
        let io = TokioIo::new(stream);
        tokio::spawn(async move {
            // A connection's end, however it comes, is its sender's matter.
            if is_grpc {
                let _ = http2::Builder::new(TokioExecutor::new())
                    .initial_connection_window_size(8 << 20)
                    .initial_stream_window_size(4 << 20)
                    .serve_connection(io, service)
                    .await;
            } else {
                let _ = http1::Builder::new().serve_connection(io, service).await;
            }
        });
    }
}

async fn reply(request: Request<Incoming>, counts: Arc<Counts>) -> Result<Reply, hyper::Error> {
    let (parts, mut body) = request.into_parts();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame?.data_ref().map_or(0, Bytes::len) as u64;
    }
    counts.bytes.fetch_add(length, Ordering::Relaxed);
    let is_grpc = parts
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    Ok(match parts.method {
        Method::POST if is_grpc => {
            counts.requests.fetch_add(1, Ordering::Relaxed);
            grpc_ok()
        }
        Method::POST => {
            counts.requests.fetch_add(1, Ordering::Relaxed);
            with_type("application/x-protobuf", Bytes::new())
        }
        Method::PUT => {
            counts.blobs.fetch_add(1, Ordering::Relaxed);
            let mut reply = with_type("application/xml", Bytes::new());
            *reply.status_mut() = StatusCode::CREATED;
            let headers = reply.headers_mut();
            headers.insert(header::ETAG, HeaderValue::from_static("\"0x1\""));
            let day = HeaderValue::from_static("Tue, 24 Nov 2026 09:00:00 GMT");
            headers.insert(header::LAST_MODIFIED, day);
            reply
        }
        Method::GET if parts.uri.path() == "/counts" => with_type(
            "application/json",
            format!(
                r#"{{"requests":{},"blobs":{},"bytes":{}}}"#,
                counts.requests.load(Ordering::Relaxed),
                counts.blobs.load(Ordering::Relaxed),
                counts.bytes.load(Ordering::Relaxed),
            )
            .into(),
        ),
        Method::GET if parts.uri.query().is_some_and(|q| q.contains("comp=list")) => {
            with_type("application/xml", EMPTY_LIST.into())
        }
        _ => {
            let mut reply = with_type("application/xml", Bytes::new());
            *reply.status_mut() = StatusCode::NOT_FOUND;
            reply
        }
    })
}

fn with_type(kind: &'static str, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body).boxed());
    let kind = HeaderValue::from_static(kind);
    reply.headers_mut().insert(header::CONTENT_TYPE, kind);
    reply
}

fn grpc_ok() -> Reply {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body = Full::new(Bytes::from_static(EMPTY_MESSAGE))
        .with_trailers(async move { Some(Ok(trailers)) });
    let mut reply = Response::new(body.boxed());
    let kind = HeaderValue::from_static("application/grpc");
    reply.headers_mut().insert(header::CONTENT_TYPE, kind);
    reply
}
