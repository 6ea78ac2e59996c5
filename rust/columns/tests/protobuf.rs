//! A segment's lines are one protobuf message, which is read as the lines are.

use columns::{Blob, Packing, Promote, count, protobuf, read};
use otlp::model::Signal;
use std::collections::HashSet;

const LINES: &[u8] =
    br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}
{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"b"}},{}]}]}]}
"#;

#[test]
fn lines_become_one_message() {
    for (packing, magic) in [
        (Packing::None, &b"\x0a"[..]),
        (Packing::Gzip, &[0x1f, 0x8b]),
        (Packing::Zstd, &[0x28, 0xb5]),
    ] {
        let (first, rest) = LINES.split_at(100);
        let message = protobuf(&[first, rest], Signal::Logs, packing).unwrap();
        assert!(message.starts_with(magic), "{packing:?}");
        let counted = count(&message, Signal::Logs);
        assert_eq!((counted.lines, counted.records), (1, 3), "{packing:?}");
        let blob = Blob {
            signal: Signal::Logs,
            name: "b",
            region: "r",
            environment: "e",
            received_at_ns: 1,
            lines: None,
            contents: false,
            having: &[],
            skip: &HashSet::new(),
            promote: &Promote::default(),
        };
        let rows = read(&message, &blob).unwrap().tally;
        assert_eq!((rows.rows, rows.bad.len()), (3, 0), "{packing:?}");
    }
}

#[test]
fn what_is_no_line_is_told() {
    assert!(protobuf(&[b"{\"resourceLogs\":"], Signal::Logs, Packing::None).is_err());
}
