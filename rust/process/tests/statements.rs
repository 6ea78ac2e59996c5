//! What `filter` and `transform` refuse when they are compiled, and what becomes of what fails.

use otlp::model::{Request, Signal};
use otlp::{Limits, Notes};
use process::{Failed, Filter, FilterSpec, Transform, TransformSpec};

fn filter(options: &str, signal: Signal) -> Result<Filter, String> {
    let spec: FilterSpec = serde_json::from_str(options).unwrap();
    Filter::compile(&spec, signal).map_err(|error| error.to_string())
}

fn transform(options: &str, signal: Signal) -> Result<Transform, String> {
    let spec: TransformSpec = serde_json::from_str(options).unwrap();
    Transform::compile(&spec, signal).map_err(|error| error.to_string())
}

fn one(list: &str, text: &str) -> String {
    serde_json::json!({ list: [text] }).to_string()
}

fn spans() -> Request<'static> {
    let body = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[
        {"name":"a","attributes":[{"key":"n","value":{"intValue":"1"}}]},{"name":"b"}]}]}]}"#;
    otlp::json::decode(
        Signal::Traces,
        body,
        &Limits::default(),
        &mut Notes::default(),
    )
    .unwrap()
}

#[test]
fn what_lies_outside_of_the_subset_is_refused_at_its_column() {
    for (text, told) in [
        (
            r#"set(span.foo, 1)"#,
            "column 5 is no path known here; of a span there are name, kind",
        ),
        (
            r#"set(name, "x")"#,
            "does not say what it is about: begin its paths with resource, scope",
        ),
        (
            r#"set(metric.name, "x")"#,
            "is about a metric, which traces do not have",
        ),
        (
            r#"set(span.trace_id.string, "x")"#,
            "column 5 cannot be changed by a statement",
        ),
        (
            r#"set(span.name["a"], "x")"#,
            "column 5 has no keys: attributes and bodies have",
        ),
        (
            r#"set(span.attributes[0], "x")"#,
            "column 5 wants a text as its first key",
        ),
        (r#"set(span.name)"#, "column 1 lacks argument 2: a value"),
        (
            r#"set(span.name, "a", "b")"#,
            "column 21 is more than set takes",
        ),
        (
            r#"set(span.name, span.kind == 2)"#,
            "column 16 is a condition where a value is wanted",
        ),
        (
            r#"set(span.name, Now())"#,
            "column 16 is no function known here; there are Bool, Concat",
        ),
        (
            r#"set(span.kind, KIND)"#,
            "column 16 is no symbol known here",
        ),
        (
            r#"merge_maps(span.attributes, resource.attributes, "insert")"#,
            "column 1 is no editor",
        ),
        (
            r#"delete_key(span.name, "x")"#,
            "column 12 must be attributes, or a map in them",
        ),
        (
            r#"delete_key(span.attributes, span.name)"#,
            "column 29 must be a text in quotes",
        ),
        (
            r#"delete_matching_keys(span.attributes, "(")"#,
            "column 39 is no pattern: ",
        ),
        (
            r#"keep_keys(span.attributes, "x")"#,
            "column 28 must be a list of texts in quotes",
        ),
        (
            r#"replace_all_patterns(span.attributes, "both", "a", "b")"#,
            "column 39 must be \"key\"",
        ),
        (
            r#"truncate_all(span.attributes, -1)"#,
            "column 31 must be a whole number, not below 0",
        ),
        (
            r#"limit(span.attributes, 0, ["a"])"#,
            "column 24 is less than the keys",
        ),
        (
            r#"set(span.name, "x") where span.name"#,
            "column 27 is no condition: compare it",
        ),
        (
            r#"set(span.name, "x") where HasAttrKeyOnDatapoint("k")"#,
            "column 27 has no meaning for",
        ),
        (
            r#"set(span.name, "x") where IsMatch(span.name, span.name)"#,
            "column 46 must be a text",
        ),
        (r#"set(span.name, "x") where true and"#, "ends too early"),
        (
            r#"set(span.name, Split("a", "b")[0])"#,
            "column 31 indexes a function's result",
        ),
        (
            r#"set(resource.attributes["a"], 1) where spanevent.name == nil and log.body == nil"#,
            "is about a log",
        ),
        (
            r#"set(span.name, Duration("1 s"))"#,
            "column 25 must be a duration",
        ),
    ] {
        let error = transform(&one("trace_statements", text), Signal::Traces)
            .err()
            .unwrap();
        assert!(error.starts_with("trace_statements"), "{text}: {error}");
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn places_name_the_group_and_the_statement() {
    let groups = r#"{"trace_statements":[{"context":"span","statements":["set(name, 1)"]},
        {"context":"span","conditions":["true","name"],"statements":[]}]}"#;
    let error = transform(groups, Signal::Traces).err().unwrap();
    assert!(
        error.starts_with("trace_statements[1].conditions[1]: column 1 "),
        "{error}"
    );
    let mixed = r#"{"trace_statements":["set(span.name, \"a\")",{"statements":["set(span.name, \"a\")"]}]}"#;
    assert!(
        transform(mixed, Signal::Traces)
            .err()
            .unwrap()
            .starts_with("trace_statements: mixes")
    );
    let context = r#"{"trace_conditions":[{"context":"log","conditions":["true"]}]}"#;
    let error = filter(context, Signal::Traces).err().unwrap();
    assert!(
        error.starts_with("trace_conditions[0].context: is about a log"),
        "{error}"
    );
    let both = r#"{"trace_conditions":["span.name == nil"],"traces":{"span":["name == nil"]}}"#;
    assert!(
        filter(both, Signal::Traces)
            .err()
            .unwrap()
            .starts_with("traces.span: stands beside")
    );
    let older = r#"{"metrics":{"datapoint":["value_int == 1","span.name == nil"]}}"#;
    let error = filter(older, Signal::Metrics).err().unwrap();
    assert!(
        error.starts_with("metrics.datapoint[1]: column 1 is of a span"),
        "{error}"
    );
}

#[test]
fn another_signal_s_statements_are_not_looked_at() {
    let options = one("log_statements", "nonsense");
    transform(&options, Signal::Traces)
        .unwrap()
        .apply(&mut spans())
        .unwrap();
    assert!(transform(&options, Signal::Logs).is_err());
}

#[test]
fn what_fails_is_passed_over_or_told() {
    // Fails for the span whose attribute is no text, before it comes to the other one.
    let text = r#"ToLowerCase(span.attributes["n"]) == "x" or span.name == "b""#;
    for (mode, outcome, left) in [
        ("ignore", Ok(()), 2),
        ("silent", Ok(()), 2),
        ("propagate", Err(Failed), 2),
    ] {
        let options =
            serde_json::json!({"error_mode": mode, "trace_conditions": [text]}).to_string();
        let mut request = spans();
        assert_eq!(
            filter(&options, Signal::Traces)
                .unwrap()
                .apply(&mut request),
            outcome
        );
        assert_eq!(request.records(), left, "{mode}");
    }
    let group = serde_json::json!({"error_mode": "propagate", "trace_statements": [
        {"context": "span", "error_mode": "ignore", "statements": [r#"set(name, 1)"#]}]});
    let mut request = spans();
    transform(&group.to_string(), Signal::Traces)
        .unwrap()
        .apply(&mut request)
        .unwrap();
    assert_eq!(request, spans());
}
