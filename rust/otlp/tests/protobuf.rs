//! The protobuf writer's corners, by hand; whole requests are compared with protobuf's own classes
//! in tests/otlp.

use otlp::model::{
    Buckets, ExponentialHistogramPoint, KeyValue, LogRecord, Metric, MetricData, Request,
    ResourceLogs, ResourceMetrics, ScopeLogs, ScopeMetrics, Signal, Value,
};
use otlp::{Limits, Notes, encode, wire};

fn written(request: &Request<'_>) -> Vec<u8> {
    let mut bytes = b"before".to_vec();
    encode::write_protobuf(request, &mut bytes);
    let mut notes = Notes::default();
    let read = wire::decode(
        request.signal(),
        &bytes[6..],
        &Limits::default(),
        &mut notes,
    );
    assert_eq!(read.as_ref(), Ok(request));
    assert_eq!(notes.unknown_fields, 0);
    bytes.split_off(6)
}

fn log(record: LogRecord<'_>) -> Request<'_> {
    Request::Logs(vec![ResourceLogs {
        scopes: vec![ScopeLogs {
            log_records: vec![record],
            ..ScopeLogs::default()
        }],
        ..ResourceLogs::default()
    }])
}

#[test]
fn an_empty_request_is_no_bytes() {
    for signal in Signal::ALL {
        let mut bytes = Vec::new();
        let mut notes = Notes::default();
        let empty = wire::decode(signal, b"", &Limits::default(), &mut notes).expect("a request");
        encode::write_protobuf(&empty, &mut bytes);
        assert!(bytes.is_empty());
    }
}

#[test]
fn a_length_of_any_size_stands_before_its_message() {
    for size in [
        0, 1, 120, 121, 122, 127, 128, 16_000, 16_383, 16_384, 2_100_000,
    ] {
        let text = "x".repeat(size);
        written(&log(LogRecord {
            body: Some(Value::Text(text.as_str().into())),
            ..LogRecord::default()
        }));
    }
}

#[test]
fn an_empty_value_is_there_and_an_absent_one_is_not() {
    let with = |value| {
        log(LogRecord {
            attributes: vec![KeyValue {
                key: "k".into(),
                value,
            }],
            ..LogRecord::default()
        })
    };
    let record = |attribute: &[u8]| {
        // Resource logs, scope logs, record, attribute.
        [6, 2, 2, 1]
            .iter()
            .fold(attribute.to_vec(), |inner, field| {
                let mut outer = vec![field << 3 | 2, inner.len() as u8];
                outer.extend(inner);
                outer
            })
    };
    assert_eq!(written(&with(None)), record(b"\x0a\x01k"));
    assert_eq!(
        written(&with(Some(Value::Empty))),
        record(b"\x0a\x01k\x12\x00")
    );
    let empty = Value::Text("".into());
    assert_eq!(
        written(&with(Some(empty))),
        record(b"\x0a\x01k\x12\x02\x0a\x00")
    );
}

#[test]
fn numbers_at_the_ends_of_their_ranges_come_back() {
    let point = |offset, count, threshold| ExponentialHistogramPoint {
        scale: offset,
        count,
        sum: Some(0.0),
        zero_threshold: threshold,
        positive: Some(Buckets {
            offset,
            bucket_counts: vec![0, 1, 127, 128, count],
        }),
        ..ExponentialHistogramPoint::default()
    };
    written(&Request::Metrics(vec![ResourceMetrics {
        scopes: vec![ScopeMetrics {
            metrics: vec![Metric {
                data: Some(MetricData::ExponentialHistogram {
                    points: vec![
                        point(i32::MIN, u64::MAX, -0.0),
                        point(i32::MAX, 1, f64::INFINITY),
                        point(-1, 0, 0.0),
                    ],
                    aggregation_temporality: -7,
                }),
                ..Metric::default()
            }],
            ..ScopeMetrics::default()
        }],
        ..ResourceMetrics::default()
    }]));
}
