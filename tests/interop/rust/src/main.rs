//! Sends one of each signal with OpenTelemetry's SDK for Rust: `sender grpc|http ADDRESS`.
//!
//! Prints the ids that it sent as JSON. ../README.md says what is sent.

use std::error::Error;
use std::time::SystemTime;

use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider, Severity};
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::{Link, Span, SpanKind, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Array, Context, InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_otlp::{LogExporter, MetricExporter, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [transport, address] = &arguments[..] else {
        return Err("usage: sender grpc|http ADDRESS".into());
    };
    // tonic wants a runtime around it; the batch processors have threads of their own.
    let runtime = tokio::runtime::Runtime::new()?;
    let _entered = runtime.enter();
    let (spans, logs, metrics) = match transport.as_str() {
        "grpc" => {
            let url = format!("http://{address}");
            (
                SpanExporter::builder()
                    .with_tonic()
                    .with_endpoint(&url)
                    .build()?,
                LogExporter::builder()
                    .with_tonic()
                    .with_endpoint(&url)
                    .build()?,
                MetricExporter::builder()
                    .with_tonic()
                    .with_endpoint(&url)
                    .build()?,
            )
        }
        "http" => {
            let url = |signal| format!("http://{address}/v1/{signal}");
            (
                SpanExporter::builder()
                    .with_http()
                    .with_endpoint(url("traces"))
                    .build()?,
                LogExporter::builder()
                    .with_http()
                    .with_endpoint(url("logs"))
                    .build()?,
                MetricExporter::builder()
                    .with_http()
                    .with_endpoint(url("metrics"))
                    .build()?,
            )
        }
        _ => return Err("the transport is grpc or http".into()),
    };
    let resource = Resource::builder()
        .with_service_name("interop-rust")
        .build();
    let tracing = SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_batch_exporter(spans)
        .build();
    let logging = SdkLoggerProvider::builder()
        .with_resource(resource.clone())
        .with_batch_exporter(logs)
        .build();
    let metering = SdkMeterProvider::builder()
        .with_resource(resource)
        .with_periodic_exporter(metrics)
        .build();

    let scope = InstrumentationScope::builder("interop")
        .with_version("1.2.3")
        .build();
    let tracer = tracing.tracer_with_scope(scope);
    let parent = tracer
        .span_builder("parent")
        .with_kind(SpanKind::Server)
        .start(&tracer);
    let parent_context = parent.span_context().clone();
    let around = Context::new().with_remote_span_context(parent_context.clone());
    let mut child = tracer
        .span_builder("child")
        .with_kind(SpanKind::Client)
        .with_links(vec![Link::with_context(parent_context.clone())])
        .start_with_context(&tracer, &around);
    let array = Array::String(vec![StringValue::from("a"), StringValue::from("b")]);
    child.set_attributes([
        KeyValue::new("text", "größe"),
        KeyValue::new("int", -7),
        KeyValue::new("double", 2.5),
        KeyValue::new("bool", true),
        KeyValue::new("array", Value::Array(array)),
    ]);
    child.add_event("step", vec![KeyValue::new("number", 1)]);
    child.set_status(Status::error("broken"));

    let child_context = child.span_context().clone();
    let logger = logging.logger("interop");
    let mut record = logger.create_log_record();
    record.set_timestamp(SystemTime::now());
    record.set_severity_number(Severity::Warn);
    record.set_severity_text("WARN");
    record.set_event_name("interop.event");
    record.set_body(AnyValue::from("hello"));
    record.add_attribute("int", -7);
    record.set_trace_context(
        child_context.trace_id(),
        child_context.span_id(),
        Some(child_context.trace_flags()),
    );
    logger.emit(record);
    child.end();
    let mut parent = parent;
    parent.end();

    let meter = metering.meter("interop");
    meter
        .u64_counter("interop.count")
        .with_unit("{item}")
        .build()
        .add(5, &[KeyValue::new("kind", "x")]);
    let sizes = meter
        .f64_histogram("interop.size")
        .with_boundaries(vec![1.0, 10.0])
        .build();
    for size in [0.5, 5.0, 50.0] {
        sizes.record(size, &[]);
    }

    tracing.shutdown()?;
    logging.shutdown()?;
    metering.shutdown()?;
    let ids = serde_json::json!({
        "trace": parent_context.trace_id().to_string(),
        "parent": parent_context.span_id().to_string(),
        "child": child_context.span_id().to_string(),
    });
    println!("{ids}");
    Ok(())
}
