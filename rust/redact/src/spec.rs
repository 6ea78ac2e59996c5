//! What a policy is made from: the team's redaction processors, the region's overlay and defaults.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::own::spec::RuleSpec;
use crate::rotation::Rotate;

/// How far the rules reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Coverage {
    /// Every string that OTLP can carry.
    #[default]
    Full,
    /// Attribute values and log bodies, as the contrib redaction processor.
    Attributes,
}

/// A policy as it is written down; `mainstem.privacy` makes one for each region and signal.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicySpec {
    pub coverage: Coverage,
    /// Attributes of product events whose values are spared the detectors while they look like
    /// identifiers.
    pub vocabulary: Vec<String>,
    pub processors: Vec<ProcessorSpec>,
    /// Names of built-in detectors, applied after the processors in the detectors' own order.
    pub detectors: Vec<String>,
    /// Whether the semantic conventions' personal keys become pseudonyms or go.
    pub personal_keys: bool,
    /// The team's own rules, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleSpec>,
    /// How long the pseudonyms last of personal keys, and of rules that say nothing else.
    pub rotate: Rotate,
}

/// One `redaction` processor, with contrib's options and defaults.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProcessorSpec {
    pub name: String,
    pub allow_all_keys: bool,
    pub allowed_keys: Vec<String>,
    pub ignored_keys: Vec<String>,
    pub ignored_key_patterns: Vec<String>,
    pub blocked_key_patterns: Vec<String>,
    pub blocked_values: Vec<String>,
    pub allowed_values: Vec<String>,
    pub redact_all_types: bool,
    pub hash_function: HashFunction,
    pub hmac_key: Secret,
    pub summary: Summary,
    /// What a match becomes where no hash is asked for; empty is `****`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub masking_string: String,
    pub url_sanitizer: Option<UrlSanitizerSpec>,
    pub db_sanitizer: Option<DbSanitizerSpec>,
}

/// Which URLs lose their identifiers: those of log bodies and of the attributes listed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UrlSanitizerSpec {
    pub enabled: bool,
    pub attributes: Vec<String>,
    /// On unless it is `false`.
    pub sanitize_span_name: Option<bool>,
}

/// Which statements lose their literals, by the kind of database.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DbSanitizerSpec {
    pub sql: DbSystemSpec,
    pub redis: DbSystemSpec,
    pub valkey: DbSystemSpec,
    pub memcached: DbSystemSpec,
    pub mongo: DbSystemSpec,
    pub opensearch: DbSystemSpec,
    pub es: DbSystemSpec,
    /// On unless it is `false`.
    pub sanitize_span_name: Option<bool>,
}

/// One kind of database.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DbSystemSpec {
    pub enabled: bool,
    pub attributes: Vec<String>,
}

/// What a match becomes; `None` is the mask `****`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashFunction {
    #[default]
    #[serde(alias = "")]
    None,
    Md5,
    Sha1,
    Sha3,
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
    #[serde(rename = "hmac-sha512")]
    HmacSha512,
}

impl HashFunction {
    /// What it makes of a match, for people.
    pub(crate) fn effect(self) -> &'static str {
        match self {
            HashFunction::None => "masked",
            HashFunction::Md5 => "hashed: md5",
            HashFunction::Sha1 => "hashed: sha1",
            HashFunction::Sha3 => "hashed: sha3",
            HashFunction::HmacSha256 => "hashed: hmac-sha256",
            HashFunction::HmacSha512 => "hashed: hmac-sha512",
        }
    }
}

/// How much the summary attributes tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Summary {
    Debug,
    Info,
    #[default]
    #[serde(alias = "")]
    Silent,
}

/// A value that no log, error or fingerprint may show.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Why a policy cannot be compiled: the rule's name and a reason that quotes no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    pub rule: String,
    pub reason: String,
}

impl PolicyError {
    pub(crate) fn new(rule: impl Into<String>, reason: impl Into<String>) -> Self {
        PolicyError {
            rule: rule.into(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.reason)
    }
}

impl std::error::Error for PolicyError {}
