//! One receiver, as requests are sent to it.

use std::io::{self, Write};
use std::time::Duration;

use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use otlp::model::Signal;

use crate::config::{Compression, ConfigError, Encoding, ExporterPlan, Target};
use crate::connect::Connector;
use crate::outcome::{Fault, Outcome};
use crate::{grpc, http as otlp_http};

/// An answer is a few bytes; what is longer is none.
pub const MAX_ANSWER: usize = 1 << 20;
/// A silent HTTP/2 connection under use is asked whether it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

const ORIGIN_REGION: HeaderName = HeaderName::from_static("mainstem-origin-region");
const DIGEST: HeaderName = HeaderName::from_static("mainstem-digest");
const COMMIT: HeaderName = HeaderName::from_static("mainstem-commit");

/// Where a request was taken first, which goes along with it.
#[derive(Clone, Debug)]
pub struct Origin {
    pub region: String,
    pub digest: [u8; 16],
    pub instance: String,
    pub segment: String,
    pub line: u64,
}

#[derive(Clone, Copy)]
enum Protocol {
    Grpc,
    Http(Encoding),
}

pub struct Client {
    http: legacy::Client<Connector, Full<Bytes>>,
    protocol: Protocol,
    /// By signal.
    uris: [Uri; 3],
    headers: HeaderMap,
    compression: Compression,
    timeout: Duration,
}

impl Client {
    /// Reads certificates and keys; nothing is connected yet.
    ///
    /// # Errors
    /// What of the plan cannot be carried out.
    pub fn new(plan: &ExporterPlan) -> Result<Client, ConfigError> {
        let (protocol, uris, mut headers) = match &plan.target {
            Target::Grpc { url } => {
                let base = parse("endpoint", url)?;
                let uris = Signal::ALL.map(|signal| with_path(&base, grpc::path(signal)));
                let headers = grpc::headers(plan.compression, plan.timeout());
                (Protocol::Grpc, uris, headers)
            }
            Target::Http { urls, encoding } => {
                let uris = [
                    parse("traces_endpoint", &urls.traces)?,
                    parse("logs_endpoint", &urls.logs)?,
                    parse("metrics_endpoint", &urls.metrics)?,
                ];
                let headers = otlp_http::headers(*encoding, plan.compression);
                (Protocol::Http(*encoding), uris, headers)
            }
        };
        for (name, value) in &plan.headers {
            let name = HeaderName::try_from(name)
                .map_err(|_| ConfigError::new("headers", "one has a name that no header has"))?;
            let mut value = HeaderValue::try_from(value)
                .map_err(|_| ConfigError::new("headers", "one has a value that no header has"))?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let secure = uris.iter().any(|uri| uri.scheme() == Some(&Scheme::HTTPS));
        let http2 = matches!(protocol, Protocol::Grpc);
        let connector = Connector::new(&plan.tls, secure, http2)?;
        let http = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .http2_only(http2)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .http2_keep_alive_timeout(plan.timeout())
            .build(connector);
        Ok(Client {
            http,
            protocol,
            uris,
            headers,
            compression: plan.compression,
            timeout: plan.timeout(),
        })
    }

    /// How a request is to be written for `body`.
    pub fn encoding(&self) -> Encoding {
        match self.protocol {
            Protocol::Grpc => Encoding::Protobuf,
            Protocol::Http(encoding) => encoding,
        }
    }

    /// Compress a request that is written in `encoding`, and frame it: what `send` takes.
    ///
    /// # Errors
    /// As the compressor reports.
    pub fn body(&self, request: Vec<u8>) -> io::Result<Bytes> {
        let compressed = match self.compression {
            Compression::None => request,
            Compression::Zstd => zstd::bulk::compress(&request, 1)?,
            Compression::Gzip => {
                let out = Vec::with_capacity(request.len() / 4);
                let mut gzip = flate2::write::GzEncoder::new(out, flate2::Compression::fast());
                gzip.write_all(&request)?;
                gzip.finish()?
            }
        };
        Ok(match self.protocol {
            Protocol::Grpc => grpc::frame(&compressed, self.compression),
            Protocol::Http(_) => Bytes::from(compressed),
        })
    }

    /// Send one request once.
    pub async fn send(&self, signal: Signal, body: Bytes, origin: &Origin) -> Outcome {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        request.uri_mut().clone_from(&self.uris[signal as usize]);
        let headers = request.headers_mut();
        headers.clone_from(&self.headers);
        put(headers, ORIGIN_REGION, &origin.region);
        put(headers, DIGEST, &hex::encode(origin.digest));
        let commit = format!("{}/{}/{}", origin.instance, origin.segment, origin.line);
        put(headers, COMMIT, &commit);
        let answer = tokio::time::timeout(self.timeout, self.exchange(request));
        answer.await.unwrap_or(Outcome::Later {
            fault: Fault::Timeout,
            after: None,
        })
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Outcome {
        let later = |fault| Outcome::Later { fault, after: None };
        let response = match self.http.request(request).await {
            Ok(response) => response,
            Err(error) if error.is_connect() => return later(Fault::Connect),
            Err(_) => return later(Fault::Connection),
        };
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        let Ok(body) = Limited::new(body, MAX_ANSWER).collect().await else {
            return later(Fault::Connection);
        };
        let trailers = body.trailers().cloned();
        let body = body.to_bytes();
        match self.protocol {
            Protocol::Grpc => grpc::outcome(status, &head.headers, &body, trailers.as_ref()),
            Protocol::Http(_) => otlp_http::outcome(status, &head.headers, &body),
        }
    }
}

fn parse(key: &'static str, url: &str) -> Result<Uri, ConfigError> {
    let uri: Uri = url
        .parse()
        .map_err(|_| ConfigError::new(key, "this is no URL"))?;
    let known = matches!(uri.scheme_str(), Some("http" | "https"));
    match known && uri.authority().is_some() {
        true => Ok(uri),
        false => Err(ConfigError::new(key, "this is no http or https URL")),
    }
}

fn with_path(base: &Uri, path: &'static str) -> Uri {
    let mut parts = base.clone().into_parts();
    parts.path_and_query = Some(http::uri::PathAndQuery::from_static(path));
    Uri::from_parts(parts).expect("a scheme, an authority and a path")
}

/// Regions, ids and numbers are plain ASCII, so that the conversion does not fail.
fn put(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
