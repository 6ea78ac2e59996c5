//! The bronze tables: the one definition, from which every engine's tables are made.

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use otlp::model::Signal;
use std::sync::Arc;

/// The types that the tables use. Every engine has them.
#[derive(Clone, Copy)]
enum Type {
    Text,
    Integer,
    Long,
    Double,
    Boolean,
    /// UTC, in microseconds, without a zone.
    Timestamp,
    Date,
}

use Type::{Boolean, Date, Double, Integer, Long, Text, Timestamp};

const REQUIRED: bool = false;
const NULLABLE: bool = true;

type Column = (&'static str, Type, bool);

/// Lineage, time and origin, which every record has.
const COMMON: &[Column] = &[
    ("record_id", Text, REQUIRED),
    ("region", Text, REQUIRED),
    ("environment", Text, REQUIRED),
    ("blob", Text, REQUIRED),
    ("line", Integer, REQUIRED),
    ("ordinal", Integer, REQUIRED),
    ("received_at", Timestamp, REQUIRED),
    ("event_ts", Timestamp, REQUIRED),
    ("event_date", Date, REQUIRED),
    ("time_source", Text, REQUIRED),
    ("service_name", Text, NULLABLE),
    ("tenant_id", Text, NULLABLE),
    ("resource_attributes", Text, REQUIRED),
    ("resource_schema_url", Text, NULLABLE),
    ("scope_name", Text, NULLABLE),
    ("scope_version", Text, NULLABLE),
    ("scope_attributes", Text, REQUIRED),
    ("scope_schema_url", Text, NULLABLE),
];

const LOGS: &[Column] = &[
    ("time_unix_nano", Long, NULLABLE),
    ("observed_time_unix_nano", Long, NULLABLE),
    ("trace_id", Text, NULLABLE),
    ("span_id", Text, NULLABLE),
    ("flags", Long, REQUIRED),
    ("severity_number", Integer, REQUIRED),
    ("severity_text", Text, NULLABLE),
    ("event_name", Text, NULLABLE),
    ("body", Text, NULLABLE),
    ("body_type", Text, REQUIRED),
    ("log_attributes", Text, REQUIRED),
    ("dropped_attributes_count", Long, REQUIRED),
];

const SPANS: &[Column] = &[
    ("start_time_unix_nano", Long, NULLABLE),
    ("end_time_unix_nano", Long, NULLABLE),
    ("duration_time_unix_nano", Long, NULLABLE),
    ("trace_id", Text, NULLABLE),
    ("span_id", Text, NULLABLE),
    ("parent_span_id", Text, NULLABLE),
    ("trace_state", Text, NULLABLE),
    ("flags", Long, REQUIRED),
    ("name", Text, REQUIRED),
    ("kind", Integer, REQUIRED),
    ("status_code", Integer, REQUIRED),
    ("status_message", Text, NULLABLE),
    ("span_attributes", Text, REQUIRED),
    ("events_json", Text, REQUIRED),
    ("links_json", Text, REQUIRED),
    ("dropped_attributes_count", Long, REQUIRED),
    ("dropped_events_count", Long, REQUIRED),
    ("dropped_links_count", Long, REQUIRED),
];

/// One row a point; what a kind of metric does not have is null.
const METRICS: &[Column] = &[
    ("name", Text, REQUIRED),
    ("description", Text, NULLABLE),
    ("unit", Text, NULLABLE),
    ("metric_type", Text, REQUIRED),
    ("start_time_unix_nano", Long, NULLABLE),
    ("time_unix_nano", Long, NULLABLE),
    ("int_value", Long, NULLABLE),
    ("double_value", Double, NULLABLE),
    ("aggregation_temporality", Integer, NULLABLE),
    ("is_monotonic", Boolean, NULLABLE),
    ("count", Long, NULLABLE),
    ("sum", Double, NULLABLE),
    ("min", Double, NULLABLE),
    ("max", Double, NULLABLE),
    ("bucket_counts", Text, NULLABLE),
    ("explicit_bounds", Text, NULLABLE),
    ("scale", Integer, NULLABLE),
    ("zero_count", Long, NULLABLE),
    ("zero_threshold", Double, NULLABLE),
    ("positive_offset", Integer, NULLABLE),
    ("positive_bucket_counts", Text, NULLABLE),
    ("negative_offset", Integer, NULLABLE),
    ("negative_bucket_counts", Text, NULLABLE),
    ("quantile_values", Text, NULLABLE),
    ("exemplars_json", Text, REQUIRED),
    ("metadata_json", Text, REQUIRED),
    ("metric_attributes", Text, REQUIRED),
    ("flags", Long, REQUIRED),
];

/// The columns of a signal's bronze table, in order.
pub fn schema(signal: Signal) -> SchemaRef {
    let own = match signal {
        Signal::Traces => SPANS,
        Signal::Logs => LOGS,
        Signal::Metrics => METRICS,
    };
    let fields = COMMON.iter().chain(own).map(|&(name, kind, nullable)| {
        let kind = match kind {
            Text => DataType::Utf8,
            Integer => DataType::Int32,
            Long => DataType::Int64,
            Double => DataType::Float64,
            Boolean => DataType::Boolean,
            Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Date => DataType::Date32,
        };
        Field::new(name, kind, nullable)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
