//! Lines, compression, what is skipped and what is bad; the rows themselves are compared with a
//! reference in tests/columns.

use columns::{BadLine, Blob, Columns, InvalidLines, Promote, Stop, count, read, read_stream};
use flate2::Compression;
use flate2::write::GzEncoder;
use otlp::model::Signal;
use std::collections::HashSet;
use std::io::Write;
use std::sync::LazyLock;

static PROMOTE: LazyLock<Promote> = LazyLock::new(Promote::default);

fn line(bodies: &[&str]) -> String {
    let records: Vec<String> = bodies
        .iter()
        .map(|body| format!(r#"{{"body":{{"stringValue":"{body}"}}}}"#))
        .collect();
    format!(
        r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{}]}}]}}]}}"#,
        records.join(",")
    )
}

fn read_with(data: &[u8], lines: Option<&[u8]>, skip: &[u64]) -> Result<Columns, InvalidLines> {
    let skip = skip.iter().copied().collect();
    let blob = blob(lines, &skip);
    let columns = read(data, &blob);
    // In pieces of whatever size it gives the same.
    let mut batches = Vec::new();
    let pieces = std::io::BufReader::with_capacity(7, data);
    let streamed = read_stream(pieces, &blob, |batch| {
        batches.push(batch);
        true
    });
    match (&columns, &streamed) {
        (Ok(columns), Ok(tally)) => {
            assert_eq!(columns.batches, batches);
            assert_eq!(format!("{:?}", columns.tally), format!("{tally:?}"));
        }
        (columns, streamed) => {
            assert_eq!(streamed.as_ref().err(), Some(&Stop::InvalidLines));
            assert!(columns.is_err());
        }
    }
    columns
}

fn blob<'b>(lines: Option<&'b [u8]>, skip: &'b HashSet<u64>) -> Blob<'b> {
    Blob {
        signal: Signal::Logs,
        name: "2026/01/01/logs.json",
        region: "euc",
        environment: "test",
        received_at_ns: 1_700_000_000_000_000_000,
        lines,
        contents: lines.is_none(),
        skip,
        having: &[],
        promote: &PROMOTE,
    }
}

fn texts(columns: &Columns, name: &str) -> Vec<String> {
    use arrow_array::cast::AsArray;
    let batches = columns.batches.iter();
    batches
        .flat_map(|batch| {
            let column = batch.column_by_name(name).expect("a column");
            let column = column.as_string::<i32>();
            column.iter().map(|text| text.unwrap_or("").to_owned())
        })
        .collect()
}

fn numbers(columns: &Columns, name: &str) -> Vec<i32> {
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int32Type;
    let batches = columns.batches.iter();
    batches
        .flat_map(|batch| {
            let column = batch.column_by_name(name).expect("a column");
            column.as_primitive::<Int32Type>().values().to_vec()
        })
        .collect()
}

fn bad(line: u64, offset: u64, code: &'static str) -> BadLine {
    BadLine { line, offset, code }
}

#[test]
fn every_compression_gives_the_same_rows() {
    let first = format!("{}\n{}\n", line(&["a", "b"]), line(&["c"]));
    let second = format!("{}\n", line(&["d"]));
    let gzip = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).expect("in memory");
        encoder.finish().expect("in memory")
    };
    let zstd = |text: &str| zstd::encode_all(text.as_bytes(), 1).expect("in memory");
    for data in [
        [first.clone().into_bytes(), second.clone().into_bytes()].concat(),
        [gzip(&first), gzip(&second)].concat(),
        [zstd(&first), zstd(&second)].concat(),
    ] {
        let columns = read_with(&data, None, &[]).expect("rows");
        assert_eq!(texts(&columns, "body"), ["a", "b", "c", "d"]);
        assert_eq!(numbers(&columns, "line"), [0, 0, 1, 2]);
        assert_eq!(numbers(&columns, "ordinal"), [0, 1, 0, 0]);
        assert_eq!(
            (
                columns.tally.rows,
                columns.tally.lines,
                columns.tally.records
            ),
            (4, 3, 4)
        );
        let counted = count(&data, Signal::Logs);
        assert_eq!((counted.lines, counted.records), (3, 4));
    }
}

#[test]
fn a_bad_line_is_named_and_the_rest_goes_on() {
    let data = format!(
        "{}\n{{\"resourceLogs\":[1]}}\n\n{}\n",
        line(&["a"]),
        line(&["b"])
    );
    let columns = read_with(data.as_bytes(), None, &[]).expect("rows");
    assert_eq!(texts(&columns, "body"), ["a", "b"]);
    assert_eq!(numbers(&columns, "line"), [0, 3]);
    assert_eq!(columns.tally.bad, [bad(1, 17, "wrong_type")]);
    assert_eq!((columns.tally.lines, columns.tally.records), (3, 2));
}

#[test]
fn a_first_line_that_breaks_off_leaves_the_others() {
    let data = format!("{}\n{}\n", &line(&["a"])[..20], line(&["b"]));
    let columns = read_with(data.as_bytes(), None, &[]).expect("rows");
    assert_eq!(texts(&columns, "body"), ["b"]);
    assert_eq!(numbers(&columns, "line"), [1]);
    assert_eq!(columns.tally.bad, [bad(0, 20, "truncated")]);
}

#[test]
fn an_object_may_go_over_lines() {
    let data = line(&["a", "b"]).replace(',', ",\n  ").replace('{', "{\n");
    let columns = read_with(data.as_bytes(), None, &[]).expect("rows");
    assert_eq!(texts(&columns, "body"), ["a", "b"]);
    assert_eq!(numbers(&columns, "line"), [0, 0]);
    assert_eq!((columns.tally.lines, columns.tally.bad.len()), (1, 0));
}

#[test]
fn blank_lines_are_none() {
    let data = format!("\n{}\n  \n", line(&["a"]));
    let columns = read_with(data.as_bytes(), None, &[]).expect("rows");
    assert_eq!(texts(&columns, "body"), ["a"]);
    assert_eq!((columns.tally.lines, columns.tally.bad.len()), (1, 0));
    let columns = read_with(b"", None, &[]).expect("rows");
    assert_eq!(
        (
            columns.tally.lines,
            columns.tally.rows,
            columns.tally.bad.len()
        ),
        (0, 0, 0)
    );
}

#[test]
fn a_protobuf_request_is_one_line() {
    // resource_logs { scope_logs { log_records { event_name: "e" } } }
    let data = [0x0a, 7, 0x12, 5, 0x12, 3, 0x62, 1, b'e'];
    let columns = read_with(&data, None, &[]).expect("rows");
    assert_eq!(texts(&columns, "event_name"), ["e"]);
    assert_eq!((columns.tally.lines, columns.tally.bad.len()), (1, 0));
}

#[test]
fn a_damaged_frame_ends_the_lines_and_is_named() {
    let text = format!("{}\n", line(&["a"]));
    let mut data = zstd::encode_all(text.as_bytes(), 1).expect("in memory");
    data.extend(zstd::encode_all(text.as_bytes(), 1).expect("in memory"));
    let columns = read_with(&data[..data.len() - 5], None, &[]).expect("rows");
    assert_eq!(texts(&columns, "body"), ["a"]);
    assert_eq!(columns.tally.bad, [bad(1, 0, "bad_compression")]);
}

#[test]
fn skipped_lines_are_counted() {
    let data = [line(&["a", "b"]), line(&["c"]), line(&["d"])].join("\n");
    let columns = read_with(data.as_bytes(), None, &[0, 2]).expect("rows");
    assert_eq!(texts(&columns, "body"), ["c"]);
    assert_eq!(
        (
            columns.tally.rows,
            columns.tally.skipped_records,
            columns.tally.records
        ),
        (1, 3, 4)
    );
}

#[test]
fn records_with_bad_ids_are_counted_and_named() {
    let data = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"ab"},{}]}]}]}"#;
    let columns = read_with(data, None, &[]).expect("rows");
    assert_eq!((columns.tally.rows, columns.tally.records), (1, 2));
    assert_eq!(columns.tally.bad, [bad(0, 0, "bad_id")]);
}

#[test]
fn digests_and_times_of_receipt_come_from_the_lines() {
    let data = [line(&["a", "b"]), line(&["a"])].join("\n");
    let entry = |digest: u8, second: u64| {
        let mut entry = vec![digest; 16];
        entry.extend((second * 1_000_000_000).to_le_bytes());
        entry
    };
    let lines = [entry(1, 10), entry(2, 20)].concat();
    let columns = read_with(data.as_bytes(), Some(&lines), &[]).expect("rows");
    let ids = texts(&columns, "record_id");
    let id = |digest: u8, ordinal: u64| {
        let mut bytes = vec![digest; 16];
        bytes.extend(ordinal.to_le_bytes());
        blake3::hash(&bytes).to_hex()[..32].to_owned()
    };
    assert_eq!(ids, [id(1, 0), id(1, 1), id(2, 0)]);
    let again = read_with(data.as_bytes(), Some(&lines), &[0]).expect("rows");
    assert_eq!(texts(&again, "record_id"), [id(2, 0)]);

    for wrong in [
        &lines[..24],
        &lines[..47],
        &[lines.clone(), entry(3, 3)].concat(),
    ] {
        let refused = read_with(data.as_bytes(), Some(wrong), &[]);
        assert_eq!(refused.err(), Some(InvalidLines));
    }
}

#[test]
fn batches_hold_a_bounded_amount_of_text() {
    let bodies = vec!["x"; 50_000];
    let data = [line(&bodies), line(&bodies), line(&bodies)].join("\n");
    let columns = read_with(data.as_bytes(), None, &[]).expect("rows");
    let rows: Vec<usize> = columns
        .batches
        .iter()
        .map(|batch| batch.num_rows())
        .collect();
    assert_eq!(rows.iter().sum::<usize>(), 150_000);
    // A row has more than 64 bytes of text: its id, its lineage, and what JSON leaves empty.
    assert!(rows.iter().all(|&rows| rows < 131_072), "{rows:?}");
}

#[test]
fn a_reader_that_wants_no_more_ends_the_reading() {
    let bodies = vec!["x"; 50_000];
    let data = [line(&bodies), line(&bodies), line(&bodies)].join("\n");
    let skip = HashSet::new();
    let stopped = read_stream(data.as_bytes(), &blob(None, &skip), |_| false);
    assert_eq!(stopped.err(), Some(Stop::Unwanted));
}

#[test]
fn many_bad_lines_are_counted_and_the_first_of_them_named() {
    let data = "x\n".repeat(2_500);
    let columns = read_with(data.as_bytes(), None, &[]).expect("rows");
    assert_eq!(columns.tally.bad.len(), 1_000);
    assert_eq!(columns.tally.bad_lines, 2_500);
}
