//! What an exporter is told: where to, how, and how long to go on.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

/// One exporter of a plan. Header values are secrets, so `Debug` shows nothing.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExporterPlan {
    pub target: Target,
    /// Used where a URL's scheme is `https`.
    #[serde(default)]
    pub tls: Tls,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    pub compression: Compression,
    /// For one request and its answer.
    pub timeout_ms: u64,
    pub retry: Retry,
    /// Requests under way at once.
    pub in_flight: usize,
}

/// The protocol, and where the receiver is.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// `http://host:port` or `https://host:port`.
    Grpc {
        url: String,
    },
    Http {
        urls: Urls,
        encoding: Encoding,
    },
}

/// Where OTLP/HTTP takes each signal.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Urls {
    pub traces: String,
    pub logs: String,
    pub metrics: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    Protobuf,
    Json,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// The name in `content-encoding` and `grpc-encoding`.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Compression::None => None,
            Compression::Gzip => Some("gzip"),
            Compression::Zstd => Some("zstd"),
        }
    }
}

/// How the receiver is known, and how this side proves who it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM; the system's authorities where there is none.
    pub ca_file: Option<PathBuf>,
    pub cert_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    /// Take any certificate of the receiver.
    #[serde(default)]
    pub insecure_skip_verify: bool,
    /// The name that the receiver's certificate must have, where it is not that of the URL.
    pub server_name: Option<String>,
}

/// The pauses between two tries of a request.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    pub initial_ms: u64,
    pub max_ms: u64,
    pub multiplier: f64,
    /// A pause is made longer or shorter by up to this share of it.
    pub randomization: f64,
    /// After this time a request is given up; `None`: never. 0 gives up after the first try.
    pub give_up_after_ms: Option<u64>,
}

impl fmt::Debug for ExporterPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExporterPlan").finish_non_exhaustive()
    }
}

impl ExporterPlan {
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

/// A plan that cannot be carried out; values are not quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub key: &'static str,
    pub reason: String,
}

impl ConfigError {
    pub(crate) fn new(key: &'static str, reason: impl fmt::Display) -> ConfigError {
        ConfigError {
            key,
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.reason)
    }
}

impl std::error::Error for ConfigError {}
