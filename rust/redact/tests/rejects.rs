//! What cannot be redacted safely is removed and counted, and nothing else is.

use otlp::model::{
    KeyValue, LogRecord, Metric, MetricData, NumberPoint, Request, Resource, ResourceLogs,
    ResourceMetrics, ScopeLogs, ScopeMetrics, Value,
};
use redact::{Policy, PolicySpec, RegionKey, Tally};

fn nested(depth: usize) -> Value<'static> {
    (0..depth).fold(Value::Text("x".into()), |inner, _| {
        Value::Array(vec![inner])
    })
}

fn attribute(value: Value<'static>) -> KeyValue<'static> {
    KeyValue {
        key: "k".into(),
        value: Some(value),
    }
}

fn apply(request: &mut Request<'static>) -> u64 {
    let policy = Policy::compile(&PolicySpec::default(), &RegionKey::from_bytes(&[1; 32])).unwrap();
    let mut tally = Tally::default();
    policy.apply(request, &mut tally);
    tally.rejected
}

#[test]
fn a_record_that_nests_too_deep_goes_and_its_neighbours_stay() {
    let record = |body| LogRecord {
        body: Some(body),
        ..LogRecord::default()
    };
    let mut request = Request::Logs(vec![ResourceLogs {
        scopes: vec![ScopeLogs {
            log_records: vec![record(nested(60)), record(nested(100)), record(nested(1))],
            ..ScopeLogs::default()
        }],
        ..ResourceLogs::default()
    }]);
    assert_eq!(apply(&mut request), 1);
    assert_eq!(request.records(), 2);
}

#[test]
fn a_resource_that_nests_too_deep_takes_all_its_records_with_it() {
    let point = || NumberPoint::default();
    let metrics = |resource, metadata| ResourceMetrics {
        resource,
        scopes: vec![ScopeMetrics {
            metrics: vec![Metric {
                data: Some(MetricData::Gauge(vec![point(), point()])),
                metadata,
                ..Metric::default()
            }],
            ..ScopeMetrics::default()
        }],
        ..ResourceMetrics::default()
    };
    let deep = Resource {
        attributes: vec![attribute(nested(100))],
        ..Resource::default()
    };
    let mut request = Request::Metrics(vec![
        metrics(Some(deep), vec![]),
        metrics(None, vec![attribute(nested(100))]),
        metrics(None, vec![]),
    ]);
    assert_eq!(apply(&mut request), 4);
    assert_eq!(request.records(), 2);
    let Request::Metrics(resources) = &request else {
        unreachable!()
    };
    assert_eq!(resources[0].resource, None);
}
