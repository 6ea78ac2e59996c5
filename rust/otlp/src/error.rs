//! Why a body is refused, what a decoder notes beside the tree, and how far it goes.

use std::fmt;

/// How far a decoder goes before it refuses a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Values within values: an array of strings has depth 2.
    pub max_depth: u32,
    /// Memory for the tree's own nodes. Two bytes of wire can make a node of some hundred bytes, so
    /// the size of the body alone bounds nothing.
    pub max_tree_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_depth: 32,
            max_tree_bytes: 128 << 20,
        }
    }
}

/// What was read over without refusing the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Fields and groups that this version does not know, dropped.
    pub unknown_fields: u64,
    /// Keys that stood twice in a JSON object, of which the last counts.
    pub doubled_keys: u64,
    /// Texts in which invalid UTF-8 was replaced by U+FFFD.
    pub invalid_utf8: u64,
    /// Spans, log records and data points removed because an id in them has a length or a form that
    /// no id has.
    pub invalid_records: u64,
}

/// Why a body was refused. The names are stable: senders and the quarantine table show them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DecodeCode {
    /// The body ends within a field, a string or a document.
    Truncated,
    /// A varint goes on past ten bytes.
    BadVarint,
    /// A field number or a wire type that protobuf does not have.
    BadTag,
    /// A group that ends without a start, or does not end.
    BadGroup,
    /// A packed field whose length is no multiple of its elements'.
    BadPacked,
    /// Values, groups or unknown JSON nested deeper than the limit.
    TooDeep,
    /// More nodes than the limit on the tree's memory allows.
    TooLarge,
    /// Not JSON.
    BadSyntax,
    /// A JSON string with a bad escape or a bare control character.
    BadString,
    /// Not a JSON number.
    BadNumber,
    /// A JSON value of another type than the field has.
    WrongType,
    /// A number that the field's type cannot hold.
    OutOfRange,
    /// The name of no member of the field's enumeration.
    UnknownEnum,
    /// Not base64.
    BadBase64,
    /// Something other than white space after the document.
    TrailingData,
}

impl DecodeCode {
    pub fn as_str(self) -> &'static str {
        match self {
            DecodeCode::Truncated => "truncated",
            DecodeCode::BadVarint => "bad_varint",
            DecodeCode::BadTag => "bad_tag",
            DecodeCode::BadGroup => "bad_group",
            DecodeCode::BadPacked => "bad_packed",
            DecodeCode::TooDeep => "too_deep",
            DecodeCode::TooLarge => "too_large",
            DecodeCode::BadSyntax => "bad_syntax",
            DecodeCode::BadString => "bad_string",
            DecodeCode::BadNumber => "bad_number",
            DecodeCode::WrongType => "wrong_type",
            DecodeCode::OutOfRange => "out_of_range",
            DecodeCode::UnknownEnum => "unknown_enum",
            DecodeCode::BadBase64 => "bad_base64",
            DecodeCode::TrailingData => "trailing_data",
        }
    }
}

/// Where and why a body was refused; it never holds a part of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    pub code: DecodeCode,
    /// Bytes from the start of the body.
    pub offset: usize,
    /// The innermost known message around the place, in OTLP/JSON's names: `resourceSpans.resource`.
    pub path: &'static str,
}

impl DecodeError {
    pub(crate) fn new(code: DecodeCode, offset: usize) -> Self {
        Self {
            code,
            offset,
            path: "",
        }
    }

    /// Name the message around the place, unless one further in already did.
    #[cold]
    pub(crate) fn within(mut self, path: &'static str) -> Self {
        if self.path.is_empty() {
            self.path = path;
        }
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.code.as_str(), self.offset)?;
        if !self.path.is_empty() {
            write!(f, " in {}", self.path)?;
        }
        Ok(())
    }
}

impl std::error::Error for DecodeError {}

pub(crate) type Read<T> = Result<T, DecodeError>;

/// Name the message around an error.
pub(crate) trait Within<T> {
    fn within(self, path: &'static str) -> Read<T>;
}

impl<T> Within<T> for Read<T> {
    #[inline(always)]
    fn within(self, path: &'static str) -> Read<T> {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(error.within(path)),
        }
    }
}

/// The messages that an error's path names.
pub(crate) mod path {
    pub const TRACES: &str = "resourceSpans";
    pub const TRACES_RESOURCE: &str = "resourceSpans.resource";
    pub const TRACES_SCOPES: &str = "resourceSpans.scopeSpans";
    pub const TRACES_SCOPE: &str = "resourceSpans.scopeSpans.scope";
    pub const SPAN: &str = "resourceSpans.scopeSpans.spans";
    pub const SPAN_EVENT: &str = "resourceSpans.scopeSpans.spans.events";
    pub const SPAN_LINK: &str = "resourceSpans.scopeSpans.spans.links";
    pub const SPAN_STATUS: &str = "resourceSpans.scopeSpans.spans.status";
    pub const LOGS: &str = "resourceLogs";
    pub const LOGS_RESOURCE: &str = "resourceLogs.resource";
    pub const LOGS_SCOPES: &str = "resourceLogs.scopeLogs";
    pub const LOGS_SCOPE: &str = "resourceLogs.scopeLogs.scope";
    pub const LOG_RECORD: &str = "resourceLogs.scopeLogs.logRecords";
    pub const METRICS: &str = "resourceMetrics";
    pub const METRICS_RESOURCE: &str = "resourceMetrics.resource";
    pub const METRICS_SCOPES: &str = "resourceMetrics.scopeMetrics";
    pub const METRICS_SCOPE: &str = "resourceMetrics.scopeMetrics.scope";
    pub const METRIC: &str = "resourceMetrics.scopeMetrics.metrics";
    pub const GAUGE: &str = "resourceMetrics.scopeMetrics.metrics.gauge";
    pub const SUM: &str = "resourceMetrics.scopeMetrics.metrics.sum";
    pub const HISTOGRAM: &str = "resourceMetrics.scopeMetrics.metrics.histogram";
    pub const EXPONENTIAL_HISTOGRAM: &str =
        "resourceMetrics.scopeMetrics.metrics.exponentialHistogram";
    pub const SUMMARY: &str = "resourceMetrics.scopeMetrics.metrics.summary";
}
