//! How fast redaction is, on one thread: `cargo run --release -p mainstem-redact --example speed`.
//!
//! 512 spans a request, each of about 579 bytes on the wire with 13 strings, under four policies.

use std::time::Duration;

use otlp::model::{KeyValue, Request, ResourceSpans, ScopeSpans, Span, Value};
use redact::{BY_CHOICE, Coverage, DETECTORS, Policy, PolicySpec, ProcessorSpec, RegionKey, Tally};

const SPANS: u64 = 512;
const RUN: Duration = Duration::from_secs(2);
/// The patterns of the article that the system comes from.
const PATTERNS: [&str; 2] = [
    r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}",
    r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}",
];

fn main() {
    let patterns = ProcessorSpec {
        name: "redaction".into(),
        allow_all_keys: true,
        blocked_values: PATTERNS.map(str::to_owned).to_vec(),
        ..ProcessorSpec::default()
    };
    let always_on = DETECTORS.iter().filter(|name| !BY_CHOICE.contains(name));
    let always_on: Vec<String> = always_on.map(|name| (*name).to_owned()).collect();
    let spec = |coverage, processors: &[ProcessorSpec], detectors: &[String]| PolicySpec {
        coverage,
        vocabulary: vec!["tenant.id".into(), "feature.name".into()],
        processors: processors.to_vec(),
        detectors: detectors.to_vec(),
        personal_keys: !detectors.is_empty(),
        ..PolicySpec::default()
    };
    let both = std::slice::from_ref(&patterns);
    for (name, spec) in [
        (
            "both patterns, attributes",
            spec(Coverage::Attributes, both, &[]),
        ),
        ("both patterns, full", spec(Coverage::Full, both, &[])),
        (
            "detectors and personal keys",
            spec(Coverage::Full, &[], &always_on),
        ),
        ("all of it", spec(Coverage::Full, both, &always_on)),
    ] {
        let policy = Policy::compile(&spec, &RegionKey::from_bytes(&[7; 32])).expect("compiles");
        println!("{name:<28} {:>10.0} spans/s", spans_per_second(&policy));
    }
}

fn spans_per_second(policy: &Policy) -> f64 {
    let request = Request::Traces(vec![ResourceSpans {
        scopes: vec![ScopeSpans {
            spans: (0..SPANS).map(span).collect(),
            ..ScopeSpans::default()
        }],
        ..ResourceSpans::default()
    }]);
    let mut tally = Tally::default();
    let mut spent = Duration::ZERO;
    let mut spans = 0;
    while spent < RUN {
        let mut copy = request.clone();
        let start = on_processor();
        policy.apply(&mut copy, &mut tally);
        spent += on_processor() - start;
        spans += SPANS;
    }
    spans as f64 / spent.as_secs_f64()
}

/// The time that this thread has spent on a processor, which a busy machine does not change.
fn on_processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = stat.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number"))
}

fn span(number: u64) -> Span<'static> {
    let text = |key: &'static str, text: String| KeyValue {
        key: key.into(),
        value: Some(Value::Text(text.into())),
    };
    Span {
        trace_id: vec![1; 16].into(),
        span_id: vec![2; 8].into(),
        name: "POST /api/v1/transformations/{id}".into(),
        attributes: vec![
            text("http.request.method", "POST".into()),
            text("url.scheme", "https".into()),
            text("url.path", format!("/api/v1/transformations/{number}/run")),
            text("server.address", "app-7.euc.contoso.example".into()),
            text("network.peer.address", format!("10.1.{}.7", number % 256)),
            text(
                "user_agent.original",
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0.0.0".into(),
            ),
            text("tenant.id", format!("tenant-{:04}", number % 40)),
            text("feature.name", "transformation.run".into()),
            text(
                "transformation.id",
                "0d9f3a52-9c1e-4b57-8c66-0b1e7a9d2f41".into(),
            ),
            text("app.build", "2025.11.24+7f3c2a1".into()),
            text(
                "app.note",
                format!("import {number} of customer list finished"),
            ),
            KeyValue {
                key: "http.response.status_code".into(),
                value: Some(Value::Int(200)),
            },
        ],
        ..Span::default()
    }
}
