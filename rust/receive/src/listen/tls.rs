//! TLS for a listener: its certificate, the versions and suites that it speaks, and the authority
//! whose certificates its clients must show.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{
    NoClientAuth, WebPkiClientVerifier, danger::ClientCertVerifier,
};
use tokio_rustls::rustls::{
    CertificateError, Error, RootCertStore, ServerConfig, SupportedProtocolVersion, version,
};

use crate::listen::certificate;
use crate::plan::PlanError;

const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// A listener's `tls`, under the names of the Collector's configuration.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct TlsPlan {
    pub certificate: Pem,
    pub key: Pem,
    /// Clients must show a certificate that one of these authorities signed.
    pub client_authority: Option<Pem>,
    pub min_version: TlsVersion,
    pub max_version: TlsVersion,
    /// TLS 1.2's suites by their registered names; empty for all that are safe. TLS 1.3's are not
    /// chosen, as in the Collector.
    pub cipher_suites: Vec<String>,
    /// Key exchanges by the Collector's names, the preferred first; empty for all that are safe.
    pub curve_preferences: Vec<String>,
}

/// Where PEM text is: in a file, which is read again when it changes, or here.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Pem {
    File(PathBuf),
    Text(String),
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    #[serde(rename = "1.2")]
    V12,
    #[serde(rename = "1.3")]
    V13,
}

/// A listener's TLS, ready to shake hands.
pub struct Tls {
    pub config: Arc<ServerConfig>,
    /// The second since 1970 after which its certificate holds no longer.
    pub expires_unix: Option<i64>,
}

impl Tls {
    /// Reads the files and checks that they fit; the error names the key, never a content.
    pub fn load(plan: &TlsPlan) -> Result<Tls, PlanError> {
        let chain = plan.certificate.certificates("cert_file")?;
        let key = PrivateKeyDer::from_pem_slice(&plan.key.read("key_file")?)
            .map_err(|_| PlanError::new("key_file", "holds no private key in PEM"))?;
        let expires_unix = chain.first().and_then(certificate::expires_unix);
        let provider = Arc::new(plan.provider()?);
        let verifier = match &plan.client_authority {
            None => Arc::new(NoClientAuth) as Arc<dyn ClientCertVerifier>,
            Some(authority) => authority.verifier(provider.clone())?,
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(plan.versions()?)
            .map_err(|_| PlanError::new("cipher_suites", "none is of a version that is spoken"))?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)
            .map_err(|error| match error {
                Error::InconsistentKeys(_) => {
                    PlanError::new("key_file", "is not the key of the certificate")
                }
                _ => PlanError::new("cert_file", "cannot be used by TLS with this key"),
            })?;
        config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
        Ok(Tls {
            config: Arc::new(config),
            expires_unix,
        })
    }
}

impl TlsPlan {
    fn versions(&self) -> Result<&'static [&'static SupportedProtocolVersion], PlanError> {
        static BOTH: [&SupportedProtocolVersion; 2] = [&version::TLS13, &version::TLS12];
        match (self.min_version, self.max_version) {
            (TlsVersion::V12, TlsVersion::V12) => Ok(&BOTH[1..]),
            (TlsVersion::V12, TlsVersion::V13) => Ok(&BOTH),
            (TlsVersion::V13, TlsVersion::V13) => Ok(&BOTH[..1]),
            (TlsVersion::V13, TlsVersion::V12) => {
                Err(PlanError::new("max_version", "is below min_version"))
            }
        }
    }

    fn provider(&self) -> Result<CryptoProvider, PlanError> {
        let mut provider = ring::default_provider();
        if !self.cipher_suites.is_empty() {
            // Go leaves the hash out of two of the registry's names.
            let wanted = |name: &str| {
                let short = name.strip_suffix("_SHA256");
                let names = [Some(name), short];
                self.cipher_suites
                    .iter()
                    .any(|suite| names.contains(&Some(suite)))
            };
            provider.cipher_suites.retain(|suite| {
                suite.tls13().is_some() || suite.suite().as_str().is_some_and(wanted)
            });
            if provider
                .cipher_suites
                .iter()
                .all(|suite| suite.tls13().is_some())
            {
                return Err(PlanError::new(
                    "cipher_suites",
                    "names no suite that is spoken here: ECDHE with AES-GCM or ChaCha20-Poly1305",
                ));
            }
        }
        if !self.curve_preferences.is_empty() {
            provider.kx_groups = self
                .curve_preferences
                .iter()
                .map(|wanted| match wanted.as_str() {
                    "X25519" => Ok(ring::kx_group::X25519),
                    "P256" => Ok(ring::kx_group::SECP256R1),
                    "P384" => Ok(ring::kx_group::SECP384R1),
                    _ => Err(PlanError::new(
                        "curve_preferences",
                        "names a curve that is not spoken here: X25519, P256 and P384 are",
                    )),
                })
                .collect::<Result<_, _>>()?;
        }
        Ok(provider)
    }
}

impl Pem {
    fn read(&self, key: &str) -> Result<Vec<u8>, PlanError> {
        match self {
            Pem::Text(text) => Ok(text.clone().into_bytes()),
            Pem::File(path) => read(path, key),
        }
    }

    fn certificates(&self, key: &str) -> Result<Vec<CertificateDer<'static>>, PlanError> {
        let text = self.read(key)?;
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        match found {
            Ok(found) if !found.is_empty() => Ok(found),
            _ => Err(PlanError::new(key, "holds no certificate in PEM")),
        }
    }

    fn verifier(
        &self,
        provider: Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>, PlanError> {
        const KEY: &str = "client_ca_file";
        let unusable = || PlanError::new(KEY, "holds a certificate that cannot be an authority's");
        let mut roots = RootCertStore::empty();
        for authority in self.certificates(KEY)? {
            roots.add(authority).map_err(|_| unusable())?;
        }
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|_| unusable())
    }
}

fn read(path: &Path, key: &str) -> Result<Vec<u8>, PlanError> {
    std::fs::read(path).map_err(|error| {
        PlanError::new(
            key,
            match error.kind() {
                io::ErrorKind::NotFound => "there is no such file",
                io::ErrorKind::PermissionDenied => "may not be read by this process",
                _ => "cannot be read",
            },
        )
    })
}

/// Random bytes of the system, by way of the cryptography that TLS has with it.
pub fn random() -> Result<[u8; 32], PlanError> {
    let mut bytes = [0; 32];
    ring::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| PlanError::new("tls", "the system gives no random numbers"))?;
    Ok(bytes)
}

/// Whether the handshake agreed on HTTP/2.
pub fn agreed_on_http2(protocol: Option<&[u8]>) -> bool {
    protocol == Some(HTTP2)
}

/// Why a handshake failed, by the fixed names that metrics know.
pub const FAILURES: [&str; 8] = [
    "timeout",
    "cut_off",
    "not_tls",
    "incompatible",
    "no_certificate",
    "unknown_authority",
    "bad_certificate",
    "refused_by_client",
];

/// The place in `FAILURES` of a handshake that took too long.
pub const TIMEOUT: usize = 0;

/// The failure's place in `FAILURES`.
pub fn failure(error: &io::Error) -> usize {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
    match tls {
        None => 1,
        Some(Error::NoCertificatesPresented) => 4,
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => 5,
        Some(Error::InvalidCertificate(_)) => 6,
        Some(Error::AlertReceived(_)) => 7,
        Some(Error::PeerIncompatible(_)) => 3,
        Some(_) => 2,
    }
}
