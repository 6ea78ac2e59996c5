//! Any text as a statement and as a condition of OTTL, over any request: it is refused, or it works.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mainstem_fuzz::{Encoding, comes_back, read, signal_and_body};
use otlp::model::Signal;
use process::{Filter, FilterSpec, Transform, TransformSpec};
use serde_json::json;

fuzz_target!(|data: &[u8]| {
    let Some((signal, rest)) = signal_and_body(data) else {
        return;
    };
    let Some(end) = rest.iter().position(|byte| *byte == 0) else {
        return;
    };
    let (Ok(text), body) = (str::from_utf8(&rest[..end]), &rest[end + 1..]) else {
        return;
    };
    let prefix = match signal {
        Signal::Traces => "trace",
        Signal::Logs => "log",
        Signal::Metrics => "metric",
    };
    let statements = json!({format!("{prefix}_statements"): [text]});
    let transform: TransformSpec = serde_json::from_value(statements).expect("options");
    if let Ok(transform) = Transform::compile(&transform, signal)
        && let Some(mut request) = read(Encoding::Json, signal, body)
    {
        // A statement that fails is passed over.
        let _ = transform.apply(&mut request);
        comes_back(&request);
    }
    let condition = text.split_once(" where ").map_or(text, |(_, after)| after);
    let conditions = json!({format!("{prefix}_conditions"): [condition]});
    let filter: FilterSpec = serde_json::from_value(conditions).expect("options");
    if let Ok(filter) = Filter::compile(&filter, signal)
        && let Some(mut request) = read(Encoding::Json, signal, body)
    {
        let before = request.records();
        let _ = filter.apply(&mut request);
        assert!(request.records() <= before);
        comes_back(&request);
    }
});
