//! Any text as a blocked value in Go's syntax, over the text behind a NUL: refused, or it works.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otlp::model::{LogRecord, Request, ResourceLogs, ScopeLogs, Value};
use redact::{Policy, PolicySpec, ProcessorSpec, RegionKey, Tally};

fuzz_target!(|data: &[u8]| {
    let Some((pattern, text)) = str::from_utf8(data)
        .ok()
        .and_then(|all| all.split_once('\0'))
    else {
        return;
    };
    let processor = ProcessorSpec {
        allow_all_keys: true,
        blocked_values: vec![pattern.to_owned()],
        ..ProcessorSpec::default()
    };
    let spec = PolicySpec {
        processors: vec![processor],
        ..PolicySpec::default()
    };
    let Ok(policy) = Policy::compile(&spec, &RegionKey::from_bytes(&[7; 32])) else {
        return;
    };
    let record = LogRecord {
        body: Some(Value::Text(text.into())),
        ..LogRecord::default()
    };
    let scope = ScopeLogs {
        log_records: vec![record],
        ..ScopeLogs::default()
    };
    let resource = ResourceLogs {
        scopes: vec![scope],
        ..ResourceLogs::default()
    };
    let mut request = Request::Logs(vec![resource]);
    policy.apply(&mut request, &mut Tally::default());
});
