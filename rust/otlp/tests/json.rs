//! The corners of OTLP/JSON, by hand; whole requests are compared with protobuf's own classes in
//! tests/otlp.

use otlp::model::Signal;
use otlp::{DecodeCode, DecodeError, Limits, Notes, encode, json};

fn read(signal: Signal, body: &[u8]) -> Result<(String, Notes), DecodeError> {
    let mut notes = Notes::default();
    let request = json::decode(signal, body, &Limits::default(), &mut notes)?;
    let mut line = Vec::new();
    encode::write_json(&request, &mut line);
    Ok((String::from_utf8(line).expect("UTF-8"), notes))
}

fn span_request(span: &[u8]) -> Vec<u8> {
    [
        br#"{"resourceSpans":[{"scopeSpans":[{"spans":["#.as_slice(),
        span,
        b"]}]}]}",
    ]
    .concat()
}

fn span(span: &str) -> (String, Notes) {
    let (line, notes) = read(Signal::Traces, &span_request(span.as_bytes())).expect("a request");
    let inner = line
        .strip_prefix(r#"{"resourceSpans":[{"scopeSpans":[{"spans":["#)
        .and_then(|line| line.strip_suffix("]}]}]}"))
        .expect("one span");
    (inner.to_owned(), notes)
}

fn refused(body: &[u8]) -> (DecodeCode, usize, &'static str) {
    let error = read(Signal::Traces, body).expect_err("a refusal");
    (error.code, error.offset, error.path)
}

fn refused_span(span: &str) -> DecodeCode {
    refused(&span_request(span.as_bytes())).0
}

#[test]
fn what_is_canonical_stays_as_it_is() {
    let body = r#"{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","traceState":"a=b","flags":1,"name":"n","kind":2,"startTimeUnixNano":"1614556800000000000","endTimeUnixNano":"18446744073709551615","attributes":[{"key":"s","value":{"stringValue":"x\"\\\n\u0000é"}},{"key":"i","value":{"intValue":"-9223372036854775808"}},{"key":"d","value":{"doubleValue":1.5}},{"key":"b","value":{"boolValue":false}},{"key":"a","value":{"arrayValue":{"values":[{},{"kvlistValue":{"values":[{"key":"k"}]}}]}}},{"key":"y","value":{"bytesValue":"AP8="}},{"value":{"arrayValue":{}}}],"droppedAttributesCount":4294967295,"events":[{"timeUnixNano":"1","name":"e"}],"links":[{"spanId":"0000000000000000","flags":3}],"status":{}}"#;
    let (json, notes) = span(body);
    assert_eq!(json, body);
    assert_eq!(notes, Notes::default());
}

#[test]
fn snake_case_numbers_and_names_are_read() {
    let (json, notes) = span(
        r#" { "start_time_unix_nano" : 15e2, "kind" : "SPAN_KIND_SERVER",
            "status" : { "code" : "STATUS_CODE_ERROR" }, "dropped_events_count" : "7",
            "attributes" : [ { "key" : "i", "value" : { "intValue" : -3 } } ] } "#,
    );
    assert_eq!(
        json,
        r#"{"kind":2,"startTimeUnixNano":"1500","attributes":[{"key":"i","value":{"intValue":"-3"}}],"droppedEventsCount":7,"status":{"code":2}}"#
    );
    assert_eq!(notes, Notes::default());
}

#[test]
fn of_doubled_keys_the_last_counts() {
    let (json, notes) = span(
        r#"{"name":"a","attributes":[{"key":"x"}],"name":"b","attributes":[{"key":"y"}],"status":{"code":1},"status":null}"#,
    );
    assert_eq!(json, r#"{"name":"b","attributes":[{"key":"y"}]}"#);
    assert_eq!(notes.doubled_keys, 3);
    let (json, notes) = span(
        r#"{"attributes":[{"key":"x","value":{"stringValue":"a","intValue":"1","boolValue":null}}]}"#,
    );
    assert_eq!(
        json,
        r#"{"attributes":[{"key":"x","value":{"intValue":"1"}}]}"#
    );
    assert_eq!(notes.doubled_keys, 2);
}

#[test]
fn unknown_keys_are_read_over_and_counted() {
    let (json, notes) = span(
        r#"{"x":{"a":[1,-2.5e-3,"\u00e9",{"b":[]},{}],"c":null},"name":"n","y":true,"na\u006de":"m"}"#,
    );
    assert_eq!(json, r#"{"name":"m"}"#);
    assert_eq!((notes.unknown_fields, notes.doubled_keys), (2, 1));
}

#[test]
fn escapes_and_half_pairs() {
    let (json, notes) = span(r#"{"name":"\b\f\n\r\t\/\u0041\ud83d\ude00\ud800x\udc00"}"#);
    assert_eq!(
        json,
        "{\"name\":\"\\u0008\\u000c\\n\\r\\t/A\u{1f600}\u{fffd}x\u{fffd}\"}"
    );
    assert_eq!(notes.invalid_utf8, 2);
}

#[test]
fn invalid_utf8_is_replaced_in_its_string_only() {
    let mut body = b"{\"name\":\"a\xff\",\"traceState\":\"\\n\xc3\",\"links\":[]}".to_vec();
    body = span_request(&body);
    let (line, notes) = read(Signal::Traces, &body).expect("a request");
    assert!(line.contains("\"traceState\":\"\\n\u{fffd}\",\"name\":\"a\u{fffd}\""));
    assert_eq!(notes.invalid_utf8, 2);
}

#[test]
fn doubles_have_names_for_what_json_lacks() {
    for (given, expected) in [
        (r#""NaN""#, r#""NaN""#),
        (r#""-Infinity""#, r#""-Infinity""#),
        (r#""1e3""#, "1000.0"),
        ("-0.0", "-0.0"),
        ("12345678901234567890", "1.2345678901234567e19"),
    ] {
        let (json, _) = span(&format!(
            r#"{{"attributes":[{{"value":{{"doubleValue":{given}}}}}]}}"#
        ));
        assert_eq!(
            json,
            format!(r#"{{"attributes":[{{"value":{{"doubleValue":{expected}}}}}]}}"#)
        );
    }
}

#[test]
fn base64_of_either_alphabet_with_or_without_padding() {
    for given in ["-_8=", "+/8=", "-_8", "+/8"] {
        let (json, _) = span(&format!(
            r#"{{"attributes":[{{"value":{{"bytesValue":"{given}"}}}}]}}"#
        ));
        assert!(json.contains(r#""bytesValue":"+/8=""#), "{json}");
    }
}

#[test]
fn a_record_with_a_bad_id_is_removed() {
    for bad in [
        r#"{"traceId":"0af7"}"#,
        r#"{"spanId":"zzzzzzzzzzzzzzzz"}"#,
        r#"{"parentSpanId":"abc"}"#,
        r#"{"links":[{"traceId":"b7ad6b7169203331"}]}"#,
    ] {
        let (json, notes) = span(&format!(r#"{bad},{{"name":"kept","spanId":""}}"#));
        assert_eq!(json, r#"{"name":"kept"}"#);
        assert_eq!(notes.invalid_records, 1);
    }
}

#[test]
fn refusals_name_code_place_and_message() {
    assert_eq!(refused(b""), (DecodeCode::Truncated, 0, ""));
    assert_eq!(refused(b"{"), (DecodeCode::Truncated, 1, ""));
    assert_eq!(refused(b"[]"), (DecodeCode::WrongType, 0, ""));
    assert_eq!(refused(b"{} x"), (DecodeCode::TrailingData, 3, ""));
    assert_eq!(refused(b"{\"a\":1,}"), (DecodeCode::BadSyntax, 7, ""));
    assert_eq!(
        refused(br#"{"resourceSpans":[{"resource":{"attributes":{}}}]}"#),
        (DecodeCode::WrongType, 44, "resourceSpans.resource")
    );
    for (span, code) in [
        (r#"{"name":1}"#, DecodeCode::WrongType),
        (r#"{"name":"\x"}"#, DecodeCode::BadString),
        ("{\"name\":\"a\nb\"}", DecodeCode::BadString),
        (r#"{"flags":01}"#, DecodeCode::BadNumber),
        (r#"{"flags":1.5}"#, DecodeCode::BadNumber),
        (r#"{"flags":"+1"}"#, DecodeCode::BadNumber),
        (r#"{"flags":-1}"#, DecodeCode::OutOfRange),
        (r#"{"flags":4294967296}"#, DecodeCode::OutOfRange),
        (r#"{"kind":"SERVER"}"#, DecodeCode::UnknownEnum),
        (r#"{"kind":true}"#, DecodeCode::WrongType),
        (r#"{"x":tru}"#, DecodeCode::BadSyntax),
        (
            r#"{"attributes":[{"value":{"bytesValue":"*"}}]}"#,
            DecodeCode::BadBase64,
        ),
        (
            r#"{"attributes":[{"value":{"doubleValue":1e999}}]}"#,
            DecodeCode::OutOfRange,
        ),
    ] {
        assert_eq!(refused_span(span), code, "{span}");
    }
}

#[test]
fn every_truncation_is_refused() {
    let body = span_request(
        r#"{"name":"\ud83d\ude00é","flags":-1.5e+3,"x":[null,{"y":true}],"kind":"SPAN_KIND_SERVER"}"#
            .as_bytes(),
    );
    for end in 0..body.len() {
        assert!(read(Signal::Traces, &body[..end]).is_err(), "{end}");
    }
}

#[test]
fn depth_and_memory_are_bounded() {
    let nested = |depth: usize| {
        let value = format!(
            r#"{}{{}}{}"#,
            r#"{"arrayValue":{"values":["#.repeat(depth - 1),
            "]}}".repeat(depth - 1)
        );
        format!(r#"{{"attributes":[{{"value":{value}}}]}}"#)
    };
    assert!(span(&nested(32)).0.contains("{}"));
    assert_eq!(refused_span(&nested(33)), DecodeCode::TooDeep);
    assert_eq!(refused_span(&nested(50_000)), DecodeCode::TooDeep);
    assert_eq!(
        refused_span(&format!(r#"{{"x":{}}}"#, "[".repeat(1 << 20))),
        DecodeCode::TooDeep
    );
    let spans = format!("{}{{}}", "{},".repeat(1 << 20));
    assert_eq!(refused_span(&spans), DecodeCode::TooLarge);
}
