//! Connections to the receiver: TCP, and TLS where the URL says `https`.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tower_service::Service;

use crate::config::{ConfigError, Tls};
use crate::verifier::AnyCertificate;

/// For a TCP connection; the request's own time covers the rest.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What hyper's client connects by.
#[derive(Clone)]
pub struct Connector {
    tcp: HttpConnector,
    tls: Option<TlsConnector>,
    server_name: Option<ServerName<'static>>,
}

impl Connector {
    /// `secure`: some URL says `https`, so that the settings of TLS are read. `http2`: the receiver
    /// is asked for HTTP/2 alone, as gRPC needs.
    pub fn new(tls: &Tls, secure: bool, http2: bool) -> Result<Connector, ConfigError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(Duration::from_secs(60)));
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let server_name = match &tls.server_name {
            None => None,
            Some(name) => Some(
                ServerName::try_from(name.clone())
                    .map_err(|_| ConfigError::new("tls.server_name", "this is no host's name"))?,
            ),
        };
        let tls = match secure {
            true => Some(TlsConnector::from(Arc::new(client_config(tls, http2)?))),
            false => None,
        };
        Ok(Connector {
            tcp,
            tls,
            server_name,
        })
    }
}

fn client_config(tls: &Tls, http2: bool) -> Result<ClientConfig, ConfigError> {
    let provider = Arc::new(ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| ConfigError::new("tls", "no version of TLS can be used"))?;
    let builder = if tls.insecure_skip_verify {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(algorithms)))
    } else {
        builder.with_root_certificates(authorities(tls.ca_file.as_deref())?)
    };
    let mut config = match (&tls.cert_file, &tls.key_file) {
        (Some(certificate), Some(key)) => builder
            .with_client_auth_cert(
                certificates("tls.cert_file", certificate)?,
                PrivateKeyDer::from_pem_file(key)
                    .map_err(|_| ConfigError::new("tls.key_file", "no PEM key can be read here"))?,
            )
            .map_err(|_| ConfigError::new("tls.key_file", "this is not the certificate's key"))?,
        (None, None) => builder.with_no_client_auth(),
        _ => {
            return Err(ConfigError::new(
                "tls",
                "cert_file and key_file go together",
            ));
        }
    };
    config.alpn_protocols = match http2 {
        true => vec![b"h2".to_vec()],
        false => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
    };
    Ok(config)
}

fn authorities(file: Option<&Path>) -> Result<RootCertStore, ConfigError> {
    let mut store = RootCertStore::empty();
    match file {
        Some(file) => {
            for certificate in certificates("tls.ca_file", file)? {
                store
                    .add(certificate)
                    .map_err(|_| ConfigError::new("tls.ca_file", "this is no authority"))?;
            }
        }
        None => {
            // Some of a system's authorities may be of a kind that is not supported.
            let found = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(found.certs);
        }
    }
    Ok(store)
}

fn certificates(
    key: &'static str,
    file: &Path,
) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let unreadable = || ConfigError::new(key, "no PEM certificates can be read here");
    let read = CertificateDer::pem_file_iter(file).map_err(|_| unreadable())?;
    let certificates: Result<Vec<_>, _> = read.collect();
    let certificates = certificates.map_err(|_| unreadable())?;
    match certificates.is_empty() {
        true => Err(unreadable()),
        false => Ok(certificates),
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.tcp.call(uri.clone());
        let tls = self
            .tls
            .clone()
            .filter(|_| uri.scheme_str() == Some("https"));
        let server_name = self.server_name.clone();
        Box::pin(async move {
            let tcp = connecting.await?;
            let Some(tls) = tls else {
                return Ok(Stream::Plain(tcp));
            };
            let name = match server_name {
                Some(name) => name,
                None => {
                    let host = uri.host().unwrap_or_default();
                    let host = host.trim_start_matches('[').trim_end_matches(']');
                    ServerName::try_from(host.to_owned())?
                }
            };
            let secured = tls.connect(name, tcp.into_inner()).await?;
            Ok(Stream::Tls(Box::new(TokioIo::new(secured))))
        })
    }
}

/// A connection, secured or not.
pub enum Stream {
    Plain(TokioIo<TcpStream>),
    Tls(Box<TokioIo<TlsStream<TcpStream>>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        match self {
            Stream::Plain(_) => Connected::new(),
            Stream::Tls(stream) => {
                let protocol = stream.inner().get_ref().1.alpn_protocol();
                match protocol == Some(b"h2") {
                    true => Connected::new().negotiated_h2(),
                    false => Connected::new(),
                }
            }
        }
    }
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl Write for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
