//! The tree of one OTLP export request, borrowing from the request's bytes where it can.
//!
//! Names and fields are those of opentelemetry-proto 1.x. Enumerations keep their integers, since a
//! newer sender may use a number that this version does not know. Text is UTF-8: what was not is
//! replaced by U+FFFD when it is read. Fields of the profiles signal (`*_strindex`) are not part of
//! the tree.

use std::borrow::Cow;

pub type Text<'a> = Cow<'a, str>;
pub type Octets<'a> = Cow<'a, [u8]>;

/// What a request carries, and so what a line, a segment and a blob hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    Traces,
    Logs,
    Metrics,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Request<'a> {
    Traces(Vec<ResourceSpans<'a>>),
    Logs(Vec<ResourceLogs<'a>>),
    Metrics(Vec<ResourceMetrics<'a>>),
}

/// `AnyValue`. `Empty` is a value message whose oneof is not set.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value<'a> {
    #[default]
    Empty,
    Text(Text<'a>),
    Bool(bool),
    Int(i64),
    Double(f64),
    Array(Vec<Value<'a>>),
    Map(Vec<KeyValue<'a>>),
    Bytes(Octets<'a>),
}

/// `value` is `None` where the message was absent, which OTLP/JSON shows by leaving it out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyValue<'a> {
    pub key: Text<'a>,
    pub value: Option<Value<'a>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntityRef<'a> {
    pub schema_url: Text<'a>,
    pub kind: Text<'a>,
    pub id_keys: Vec<Text<'a>>,
    pub description_keys: Vec<Text<'a>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource<'a> {
    pub attributes: Vec<KeyValue<'a>>,
    pub dropped_attributes_count: u32,
    pub entity_refs: Vec<EntityRef<'a>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope<'a> {
    pub name: Text<'a>,
    pub version: Text<'a>,
    pub attributes: Vec<KeyValue<'a>>,
    pub dropped_attributes_count: u32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceSpans<'a> {
    pub resource: Option<Resource<'a>>,
    pub scopes: Vec<ScopeSpans<'a>>,
    pub schema_url: Text<'a>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScopeSpans<'a> {
    pub scope: Option<Scope<'a>>,
    pub spans: Vec<Span<'a>>,
    pub schema_url: Text<'a>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span<'a> {
    pub trace_id: Octets<'a>,
    pub span_id: Octets<'a>,
    pub parent_span_id: Octets<'a>,
    pub trace_state: Text<'a>,
    pub flags: u32,
    pub name: Text<'a>,
    pub kind: i32,
    pub start_time_unix_nano: u64,
    pub end_time_unix_nano: u64,
    pub attributes: Vec<KeyValue<'a>>,
    pub dropped_attributes_count: u32,
    pub events: Vec<SpanEvent<'a>>,
    pub dropped_events_count: u32,
    pub links: Vec<SpanLink<'a>>,
    pub dropped_links_count: u32,
    pub status: Option<Status<'a>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanEvent<'a> {
    pub time_unix_nano: u64,
    pub name: Text<'a>,
    pub attributes: Vec<KeyValue<'a>>,
    pub dropped_attributes_count: u32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanLink<'a> {
    pub trace_id: Octets<'a>,
    pub span_id: Octets<'a>,
    pub trace_state: Text<'a>,
    pub attributes: Vec<KeyValue<'a>>,
    pub dropped_attributes_count: u32,
    pub flags: u32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status<'a> {
    pub message: Text<'a>,
    pub code: i32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceLogs<'a> {
    pub resource: Option<Resource<'a>>,
    pub scopes: Vec<ScopeLogs<'a>>,
    pub schema_url: Text<'a>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScopeLogs<'a> {
    pub scope: Option<Scope<'a>>,
    pub log_records: Vec<LogRecord<'a>>,
    pub schema_url: Text<'a>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogRecord<'a> {
    pub time_unix_nano: u64,
    pub observed_time_unix_nano: u64,
    pub severity_number: i32,
    pub severity_text: Text<'a>,
    pub body: Option<Value<'a>>,
    pub attributes: Vec<KeyValue<'a>>,
    pub dropped_attributes_count: u32,
    pub flags: u32,
    pub trace_id: Octets<'a>,
    pub span_id: Octets<'a>,
    pub event_name: Text<'a>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceMetrics<'a> {
    pub resource: Option<Resource<'a>>,
    pub scopes: Vec<ScopeMetrics<'a>>,
    pub schema_url: Text<'a>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScopeMetrics<'a> {
    pub scope: Option<Scope<'a>>,
    pub metrics: Vec<Metric<'a>>,
    pub schema_url: Text<'a>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metric<'a> {
    pub name: Text<'a>,
    pub description: Text<'a>,
    pub unit: Text<'a>,
    pub data: Option<MetricData<'a>>,
    pub metadata: Vec<KeyValue<'a>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MetricData<'a> {
    Gauge(Vec<NumberPoint<'a>>),
    Sum {
        points: Vec<NumberPoint<'a>>,
        aggregation_temporality: i32,
        is_monotonic: bool,
    },
    Histogram {
        points: Vec<HistogramPoint<'a>>,
        aggregation_temporality: i32,
    },
    ExponentialHistogram {
        points: Vec<ExponentialHistogramPoint<'a>>,
        aggregation_temporality: i32,
    },
    Summary(Vec<SummaryPoint<'a>>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Int(i64),
    Double(f64),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumberPoint<'a> {
    pub attributes: Vec<KeyValue<'a>>,
    pub start_time_unix_nano: u64,
    pub time_unix_nano: u64,
    pub value: Option<Number>,
    pub exemplars: Vec<Exemplar<'a>>,
    pub flags: u32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exemplar<'a> {
    pub filtered_attributes: Vec<KeyValue<'a>>,
    pub time_unix_nano: u64,
    pub value: Option<Number>,
    pub span_id: Octets<'a>,
    pub trace_id: Octets<'a>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistogramPoint<'a> {
    pub attributes: Vec<KeyValue<'a>>,
    pub start_time_unix_nano: u64,
    pub time_unix_nano: u64,
    pub count: u64,
    pub sum: Option<f64>,
    pub bucket_counts: Vec<u64>,
    pub explicit_bounds: Vec<f64>,
    pub exemplars: Vec<Exemplar<'a>>,
    pub flags: u32,
    pub min: Option<f64>,
    pub max: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExponentialHistogramPoint<'a> {
    pub attributes: Vec<KeyValue<'a>>,
    pub start_time_unix_nano: u64,
    pub time_unix_nano: u64,
    pub count: u64,
    pub sum: Option<f64>,
    pub scale: i32,
    pub zero_count: u64,
    pub positive: Option<Buckets>,
    pub negative: Option<Buckets>,
    pub flags: u32,
    pub exemplars: Vec<Exemplar<'a>>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub zero_threshold: f64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    pub offset: i32,
    pub bucket_counts: Vec<u64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SummaryPoint<'a> {
    pub attributes: Vec<KeyValue<'a>>,
    pub start_time_unix_nano: u64,
    pub time_unix_nano: u64,
    pub count: u64,
    pub sum: f64,
    pub quantile_values: Vec<Quantile>,
    pub flags: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quantile {
    pub quantile: f64,
    pub value: f64,
}

impl Signal {
    pub const ALL: [Signal; 3] = [Signal::Traces, Signal::Logs, Signal::Metrics];

    /// The signal's name in paths, keys and containers.
    pub fn name(self) -> &'static str {
        match self {
            Signal::Traces => "traces",
            Signal::Logs => "logs",
            Signal::Metrics => "metrics",
        }
    }
}

impl Request<'_> {
    pub fn signal(&self) -> Signal {
        match self {
            Request::Traces(_) => Signal::Traces,
            Request::Logs(_) => Signal::Logs,
            Request::Metrics(_) => Signal::Metrics,
        }
    }

    /// Removes all that it carries.
    pub fn clear(&mut self) {
        match self {
            Request::Traces(resources) => resources.clear(),
            Request::Logs(resources) => resources.clear(),
            Request::Metrics(resources) => resources.clear(),
        }
    }

    /// Spans, log records or data points: the unit that the books count.
    pub fn records(&self) -> u64 {
        let count = match self {
            Request::Traces(resources) => resources
                .iter()
                .flat_map(|r| &r.scopes)
                .map(|s| s.spans.len())
                .sum::<usize>(),
            Request::Logs(resources) => resources
                .iter()
                .flat_map(|r| &r.scopes)
                .map(|s| s.log_records.len())
                .sum(),
            Request::Metrics(resources) => resources
                .iter()
                .flat_map(|r| &r.scopes)
                .flat_map(|s| &s.metrics)
                .map(|m| m.data.as_ref().map_or(0, MetricData::points))
                .sum(),
        };
        count as u64
    }
}

impl MetricData<'_> {
    pub fn points(&self) -> usize {
        match self {
            MetricData::Gauge(points) | MetricData::Sum { points, .. } => points.len(),
            MetricData::Histogram { points, .. } => points.len(),
            MetricData::ExponentialHistogram { points, .. } => points.len(),
            MetricData::Summary(points) => points.len(),
        }
    }
}
