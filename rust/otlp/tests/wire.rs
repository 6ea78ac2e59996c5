//! The wire's corners, by hand; whole requests are compared with protobuf's own classes in
//! tests/otlp.

use otlp::model::Signal;
use otlp::{DecodeCode, DecodeError, Limits, Notes, encode, wire};

fn field(number: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = varint(u64::from(number << 3 | 2));
    bytes.extend(varint(payload.len() as u64));
    bytes.extend_from_slice(payload);
    bytes
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn read(signal: Signal, body: &[u8]) -> Result<(String, Notes), DecodeError> {
    let mut notes = Notes::default();
    let request = wire::decode(signal, body, &Limits::default(), &mut notes)?;
    let mut line = Vec::new();
    encode::write_json(&request, &mut line);
    Ok((String::from_utf8(line).expect("UTF-8"), notes))
}

fn span_request(span: &[u8]) -> Vec<u8> {
    field(1, &field(2, &field(2, span)))
}

fn span_json(span: &[u8]) -> (String, Notes) {
    let (line, notes) = read(Signal::Traces, &span_request(span)).expect("a request");
    let inner = line
        .strip_prefix(r#"{"resourceSpans":[{"scopeSpans":[{"spans":["#)
        .and_then(|line| line.strip_suffix("]}]}]}"))
        .expect("one span");
    (inner.to_owned(), notes)
}

fn error(body: &[u8]) -> DecodeError {
    read(Signal::Traces, body).expect_err("a refusal")
}

#[test]
fn an_empty_body_is_an_empty_request() {
    for signal in Signal::ALL {
        assert_eq!(read(signal, b"").expect("a request").0, "{}");
    }
}

#[test]
fn the_last_singular_field_counts_and_messages_merge() {
    let mut span = field(5, b"first");
    span.extend(field(15, &field(2, b"why")));
    span.extend(field(5, b"last"));
    span.extend(field(15, &[0x18, 2]));
    let (json, _) = span_json(&span);
    assert_eq!(
        json,
        r#"{"name":"last","status":{"message":"why","code":2}}"#
    );
}

#[test]
fn members_of_a_oneof_merge_with_themselves_and_replace_each_other() {
    let array = |text: &[u8]| field(5, &field(1, &field(1, text)));
    let value = |parts: &[Vec<u8>]| {
        let mut attribute = field(1, b"k");
        for part in parts {
            attribute.extend(field(2, part));
        }
        span_json(&field(9, &attribute)).0
    };
    assert_eq!(
        value(&[array(b"a"), array(b"b")]),
        r#"{"attributes":[{"key":"k","value":{"arrayValue":{"values":[{"stringValue":"a"},{"stringValue":"b"}]}}}]}"#
    );
    assert_eq!(
        value(&[array(b"a"), field(1, b"s"), array(b"b")]),
        r#"{"attributes":[{"key":"k","value":{"arrayValue":{"values":[{"stringValue":"b"}]}}}]}"#
    );
}

#[test]
fn groups_unknown_fields_and_other_wire_types_are_dropped_and_counted() {
    let mut span = vec![0x83, 0x01]; // group 16 ...
    span.extend(field(5, b"hidden"));
    span.extend([0x0b, 0x0c]); // ... with group 1 in it
    span.extend([0x84, 0x01]);
    span.extend(field(100, b"hidden"));
    span.extend([0x28, 7]); // the name as a varint
    span.extend(field(5, b"seen"));
    let (json, notes) = span_json(&span);
    assert_eq!(json, r#"{"name":"seen"}"#);
    assert_eq!(notes.unknown_fields, 3);
}

#[test]
fn invalid_utf8_is_replaced_and_counted() {
    let (json, notes) = span_json(&field(5, b"a\xff\xe2\x82z"));
    assert_eq!(json, "{\"name\":\"a\u{fffd}\u{fffd}z\"}");
    assert_eq!(notes.invalid_utf8, 1);
}

#[test]
fn a_record_with_an_id_of_a_wrong_length_is_removed() {
    for bad in [
        field(1, &[1; 15]),
        field(2, &[1; 16]),
        field(4, &[1; 7]),
        field(13, &field(1, &[1; 8])),
    ] {
        let mut scope = field(2, &bad);
        scope.extend(field(2, &field(5, b"kept")));
        let body = field(1, &field(2, &scope));
        let (line, notes) = read(Signal::Traces, &body).expect("a request");
        assert_eq!(
            line,
            r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"kept"}]}]}]}"#
        );
        assert_eq!(notes.invalid_records, 1);
    }
}

#[test]
fn ids_of_zeros_stay() {
    let (json, notes) = span_json(&field(2, &[0; 8]));
    assert_eq!(json, r#"{"spanId":"0000000000000000"}"#);
    assert_eq!(notes.invalid_records, 0);
}

#[test]
fn packed_and_unpacked_scalars_join() {
    let mut point = vec![0x31];
    point.extend(7u64.to_le_bytes());
    point.extend(field(6, &8u64.to_le_bytes()));
    let metric = field(9, &field(1, &point));
    let body = field(1, &field(2, &field(2, &metric)));
    let (line, _) = read(Signal::Metrics, &body).expect("a request");
    assert!(line.contains(r#""bucketCounts":["7","8"]"#), "{line}");
}

#[test]
fn refusals_name_code_place_and_message() {
    let refused = |body: &[u8]| {
        let error = error(body);
        (error.code, error.offset, error.path)
    };
    assert_eq!(refused(&[0x0a]), (DecodeCode::Truncated, 1, ""));
    assert_eq!(refused(&[0x0a, 5, 0]), (DecodeCode::Truncated, 1, ""));
    assert_eq!(refused(&[0x00]), (DecodeCode::BadTag, 0, ""));
    assert_eq!(refused(&[0x0f]), (DecodeCode::BadTag, 1, ""));
    assert_eq!(refused(&[0x0c]), (DecodeCode::BadGroup, 1, ""));
    assert_eq!(refused(&[0x0b, 0x14]), (DecodeCode::BadGroup, 1, ""));
    assert_eq!(refused(&[0xff; 11]), (DecodeCode::BadVarint, 0, ""));
    let truncated_span = span_request(&[0x2a, 9, b'n']);
    assert_eq!(
        refused(&truncated_span),
        (
            DecodeCode::Truncated,
            truncated_span.len() - 2,
            "resourceSpans.scopeSpans.spans"
        )
    );
}

#[test]
fn every_truncation_is_read_or_refused() {
    let mut span = field(1, &[1; 16]);
    span.extend(field(9, &field(2, &field(6, &field(1, &field(1, b"key"))))));
    span.extend([0x83, 0x01, 0x84, 0x01]);
    let body = span_request(&span);
    for end in 0..body.len() {
        let _ = read(Signal::Traces, &body[..end]);
    }
}

#[test]
fn depth_and_memory_are_bounded() {
    let nested = |depth: usize| {
        let value = (1..depth).fold(field(1, b"x"), |value, _| field(5, &field(1, &value)));
        span_request(&field(9, &field(2, &value)))
    };
    assert!(read(Signal::Traces, &nested(32)).is_ok());
    assert_eq!(error(&nested(33)).code, DecodeCode::TooDeep);
    assert_eq!(error(&nested(5000)).code, DecodeCode::TooDeep);
    assert_eq!(error(&vec![0x0b; 1 << 20]).code, DecodeCode::TooDeep);

    let spans = [0x12, 0x00].repeat(1 << 20);
    let body = field(1, &field(2, &spans));
    assert_eq!(error(&body).code, DecodeCode::TooLarge);
}

#[test]
fn attributes_of_every_length_are_read_alike() {
    for length in [0, 1, 123, 124, 125, 126, 127, 128, 129, 300, 20_000] {
        for text in ["k".repeat(length), "é".repeat(length)] {
            for (key, value) in [(text.as_str(), "v"), ("k", text.as_str())] {
                let mut attribute = field(1, key.as_bytes());
                attribute.extend(field(2, &field(1, value.as_bytes())));
                let (json, notes) = span_json(&field(9, &attribute));
                let member = match key {
                    "" => String::new(),
                    key => format!(r#""key":"{key}","#),
                };
                let expected = format!(
                    r#"{{"attributes":[{{{member}"value":{{"stringValue":"{value}"}}}}]}}"#
                );
                assert_eq!(json, expected);
                assert_eq!(notes, Notes::default());
            }
        }
    }
}

#[test]
fn invalid_utf8_in_an_attribute_stays_on_its_side() {
    let mut attribute = field(1, b"k\xe2\x82");
    attribute.extend(field(2, &field(1, b"\xacv")));
    let (json, notes) = span_json(&field(9, &attribute));
    assert_eq!(
        json,
        "{\"attributes\":[{\"key\":\"k\u{fffd}\",\"value\":{\"stringValue\":\"\u{fffd}v\"}}]}"
    );
    assert_eq!(notes.invalid_utf8, 2);
}
