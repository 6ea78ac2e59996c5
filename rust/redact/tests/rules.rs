//! A team's own rules: where they look, what they find, and what becomes of it.

use std::time::{Duration, SystemTime};

use otlp::model::{
    KeyValue, LogRecord, Metric, MetricData, NumberPoint, Request, Resource, ResourceLogs,
    ResourceMetrics, ScopeLogs, ScopeMetrics, Value,
};
use redact::{Policy, PolicyError, PolicySpec, RegionKey, Tally};

/// Rules as they are written in a policy's JSON; `more` stands beside them.
fn policy_with(rules: &str, more: &str) -> Result<Policy, PolicyError> {
    let spec = format!(r#"{{"rules": [{rules}]{more}}}"#);
    let spec: PolicySpec = serde_json::from_str(&spec).unwrap();
    Policy::compile(&spec, &RegionKey::from_bytes(&[1; 32]))
}

fn policy(rules: &str) -> Policy {
    policy_with(
        rules,
        r#", "detectors": ["email", "ipv4"], "personal_keys": true"#,
    )
    .unwrap()
}

fn text(text: &str) -> Value<'static> {
    Value::Text(text.to_owned().into())
}

fn attribute(key: &str, value: Value<'static>) -> KeyValue<'static> {
    KeyValue {
        key: key.to_owned().into(),
        value: Some(value),
    }
}

fn logs(records: Vec<LogRecord<'static>>) -> Request<'static> {
    Request::Logs(vec![ResourceLogs {
        scopes: vec![ScopeLogs {
            log_records: records,
            ..ScopeLogs::default()
        }],
        ..ResourceLogs::default()
    }])
}

fn records(request: Request<'static>) -> Vec<LogRecord<'static>> {
    let Request::Logs(mut logs) = request else {
        unreachable!()
    };
    std::mem::take(&mut logs[0].scopes[0].log_records)
}

/// The attribute after the policy; None where it, or its record, has gone.
fn under(policy: &Policy, key: &str, value: Value<'static>) -> Option<Value<'static>> {
    let mut request = logs(vec![LogRecord {
        attributes: vec![attribute(key, value)],
        ..LogRecord::default()
    }]);
    policy.apply(&mut request, &mut Tally::default());
    records(request).pop()?.attributes.pop()?.value
}

fn body(policy: &Policy, value: Value<'static>) -> Option<Value<'static>> {
    let mut request = logs(vec![LogRecord {
        body: Some(value),
        ..LogRecord::default()
    }]);
    policy.apply(&mut request, &mut Tally::default());
    records(request).pop()?.body
}

fn becomes(rules: &str, table: &[(&str, &str)]) {
    let policy = policy(rules);
    for (before, after) in table {
        assert_eq!(body(&policy, text(before)), Some(text(after)), "{rules}");
        assert_eq!(
            under(&policy, "note", text(before)),
            Some(text(after)),
            "{rules}"
        );
        // What comes out is the end of it: a second collector changes nothing.
        assert_eq!(body(&policy, text(after)), Some(text(after)));
    }
}

#[test]
fn a_rule_says_what_becomes_of_a_detectors_finds() {
    becomes(
        r#"{"name": "mail", "detector": "email", "action": "partial", "keep": "domain"}"#,
        &[("to anna@contoso.com, 10.1.2.3", "to ****@contoso.com, ****")],
    );
    becomes(
        r#"{"name": "card", "detector": "payment_card", "action": "partial", "keep": 4}"#,
        &[("paid 4111 1111 1111 1111", "paid ****1111")],
    );
    becomes(
        r#"{"name": "net", "detector": "ipv4", "action": "generalise", "to": "network"},
           {"name": "net6", "detector": "ipv6", "action": "generalise", "to": "network"}"#,
        &[
            ("from 203.0.113.77:80", "from 203.0.113.0/24:80"),
            ("from 2001:db8:1:2::7", "from 2001:db8:1::/48"),
        ],
    );
    becomes(
        r#"{"name": "mail", "detector": "email", "action": "hash", "hash_function": "md5"}"#,
        &[("a@b.io", "b5830a1eaa118aa65dd344c6ae34649b")],
    );
    becomes(
        r#"{"name": "pw", "detector": "secret", "action": "partial", "keep": 2}"#,
        &[("password=hunter22", "password=****22")],
    );
}

#[test]
fn a_rule_finds_a_pattern_of_the_teams() {
    becomes(
        r#"{"name": "order", "pattern": "ORD-\\d{4}"}"#,
        &[("ORD-1234 by anna@contoso.com", "**** by ****")],
    );
    becomes(
        r#"{"name": "born", "pattern": "\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z", "action": "generalise", "to": "hour"}"#,
        &[("at 2026-11-24T08:41:47.1Z", "at 2026-11-24T08:00:00Z")],
    );
    becomes(
        r#"{"name": "sum", "pattern": "\\b\\d+ EUR", "action": "generalise", "to": "bucket", "size": 100}"#,
        &[("1234 EUR", "****")],
    );
}

#[test]
fn pseudonyms_last_for_a_period() {
    let rule = r#"{"name": "mail", "detector": "email", "action": "pseudonym", "rotate": "month"}"#;
    let policy = policy(rule);
    let id = RegionKey::from_bytes(&[1; 32]).id().to_owned();
    let at = |seconds, value| {
        let mut request = logs(vec![LogRecord {
            body: Some(value),
            attributes: vec![attribute("user.id", text("anna"))],
            ..LogRecord::default()
        }]);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        policy.apply_at(now, &mut request, &mut Tally::default());
        let record = records(request).pop().unwrap();
        let Some(Value::Text(body)) = record.body.clone() else {
            unreachable!()
        };
        (body.into_owned(), record.attributes[0].value.clone())
    };
    let (november, user) = at(1_795_509_707, text("anna@contoso.com"));
    assert!(november.starts_with(&format!("p_{id}-2026m11_")));
    let (december, same) = at(1_798_000_000, text("anna@contoso.com"));
    assert!(december.starts_with(&format!("p_{id}-2026m12_")));
    assert_eq!(user, same, "the region's own pseudonyms do not rotate here");
    assert_eq!(at(1_798_000_000, text(&november)).0, november);
}

#[test]
fn keys_bound_a_rules_reach() {
    let only = policy(
        r#"{"name": "net", "keys": ["client.address", "peer.*"], "detector": "ipv4",
            "action": "generalise", "to": "network"}"#,
    );
    let address = || text("203.0.113.77");
    let network = Some(text("203.0.113.0/24"));
    assert_eq!(under(&only, "client.address", address()), network);
    assert_eq!(under(&only, "peer.ip", address()), network);
    assert_eq!(under(&only, "other", address()), Some(text("****")));
    let nested = Value::Map(vec![attribute("address", address())]);
    let Some(Value::Map(entries)) = under(&only, "client", nested) else {
        panic!("a map stays a map")
    };
    assert_eq!(entries[0].value, network);
    // What the rule does not find is personal as ever.
    let Some(Value::Text(other)) = under(&only, "client.address", text("host-7")) else {
        panic!("a pseudonym is a text")
    };
    assert!(other.starts_with("p_"), "{other}");
}

#[test]
fn keys_alone_take_the_whole_value() {
    let table = [
        (r#""action": "mask""#, Value::Int(7), Some(text("****"))),
        (r#""action": "mask""#, Value::Bool(true), Some(text("****"))),
        (
            r#""action": "partial", "keep": 2"#,
            text("12345678"),
            Some(text("****78")),
        ),
        (r#""action": "drop_attribute""#, text("x"), None),
        (
            r#""action": "generalise", "to": "bucket", "size": 10"#,
            Value::Int(37),
            Some(Value::Int(30)),
        ),
        (
            r#""action": "generalise", "to": "bucket", "size": 0.5"#,
            Value::Double(1.75),
            Some(Value::Double(1.5)),
        ),
        (
            r#""action": "generalise", "to": "bucket", "size": 10"#,
            Value::Array(vec![Value::Int(37), text("48"), text("many")]),
            Some(Value::Array(vec![Value::Int(30), text("40"), text("****")])),
        ),
        (
            r#""action": "generalise", "to": "hour""#,
            Value::Int(1_795_509_707_123),
            Some(Value::Int(1_795_507_200_000)),
        ),
        (
            r#""action": "generalise", "to": "network""#,
            text("unknown"),
            Some(text("****")),
        ),
    ];
    for (action, before, after) in table {
        let policy = policy(&format!(
            r#"{{"name": "k", "keys": ["user.age"], {action}}}"#
        ));
        assert_eq!(under(&policy, "user.age", before), after, "{action}");
    }
    // Numbers that a team blocks by pattern are found where the rule says so.
    let typed = policy(r#"{"name": "n", "pattern": "^4[0-9]{3}$", "types": ["int"]}"#);
    assert_eq!(under(&typed, "n", Value::Int(4123)), Some(text("****")));
    assert_eq!(
        under(&typed, "n", Value::Double(4123.0)),
        Some(Value::Double(4123.0))
    );
    let untyped = policy(r#"{"name": "n", "pattern": "^4[0-9]{3}$"}"#);
    assert_eq!(
        under(&untyped, "n", Value::Int(4123)),
        Some(Value::Int(4123))
    );
}

#[test]
fn an_attribute_that_holds_a_find_is_dropped() {
    let drops = policy(r#"{"name": "t", "pattern": "top secret", "action": "drop_attribute"}"#);
    assert_eq!(under(&drops, "note", text("a top secret")), None);
    let array = || Value::Array(vec![text("ok"), text("top secret")]);
    assert_eq!(under(&drops, "note", array()), None);
    assert_eq!(under(&drops, "top secret", text("x")), None);
    let nested = Value::Map(vec![attribute("a", array()), attribute("b", text("ok"))]);
    let left = Value::Map(vec![attribute("b", text("ok"))]);
    assert_eq!(under(&drops, "note", nested.clone()), Some(left.clone()));
    assert_eq!(body(&drops, nested), Some(left));
    // A body is nobody's attribute.
    assert_eq!(body(&drops, text("a top secret")), Some(text("****")));
    assert_eq!(under(&drops, "note", text("ok")), Some(text("ok")));
}

#[test]
fn a_record_that_holds_a_find_is_dropped_and_counted() {
    let drops = policy(r#"{"name": "t", "pattern": "load-?test", "action": "drop_record"}"#);
    let record = |attribute_value| LogRecord {
        attributes: vec![attribute("note", text(attribute_value))],
        ..LogRecord::default()
    };
    let mut request = logs(vec![record("ok"), record("by loadtest"), record("ok")]);
    let mut tally = Tally::default();
    drops.apply(&mut request, &mut tally);
    assert_eq!((tally.dropped, tally.rejected), (1, 0));
    assert_eq!(tally.masked.iter().sum::<u64>(), 1);
    assert_eq!(records(request).len(), 2);

    let mut request = Request::Metrics(vec![ResourceMetrics {
        resource: Some(Resource {
            attributes: vec![attribute("load-test", Value::Bool(true))],
            ..Resource::default()
        }),
        scopes: vec![ScopeMetrics {
            metrics: vec![Metric {
                data: Some(MetricData::Gauge(vec![
                    NumberPoint::default(),
                    NumberPoint::default(),
                ])),
                ..Metric::default()
            }],
            ..ScopeMetrics::default()
        }],
        ..ResourceMetrics::default()
    }]);
    drops.apply(&mut request, &mut tally);
    assert_eq!(tally.dropped, 3);
    assert_eq!(request.records(), 0);
}

#[test]
fn what_is_hidden_is_found_where_a_rule_says_so() {
    let hidden = policy_with(
        r#"{"name": "m", "detector": "email", "decode": ["json", "url", "base64"]},
           {"name": "c", "detector": "payment_card", "decode": ["json"]}"#,
        r#", "detectors": ["email", "payment_card"]"#,
    )
    .unwrap();
    let plain = policy_with("", r#", "detectors": ["email", "payment_card"]"#).unwrap();
    for (before, after) in [
        (
            r#"{"to":"anna\u0040contoso.com","n":1.0}"#,
            r#"{"to":"****","n":1.0}"#,
        ),
        ("to=%61nna%2540contoso.com&x=%20", "to=****&x=%20"),
        ("Zm9yIGFubmFAY29udG9zby5jb20=", "Zm9yICoqKio="),
    ] {
        assert_eq!(body(&plain, text(before)), Some(text(before)));
        assert_eq!(body(&hidden, text(before)), Some(text(after)));
        assert_eq!(under(&hidden, "note", text(before)), Some(text(after)));
    }
    let parts = || {
        Value::Array(
            ["id", "4111", "1111", "1111", "1111", "ok"]
                .map(text)
                .to_vec(),
        )
    };
    let masked = ["id", "****", "****", "****", "****", "ok"].map(text);
    assert_eq!(under(&plain, "note", parts()), Some(parts()));
    assert_eq!(
        under(&hidden, "note", parts()),
        Some(Value::Array(masked.to_vec()))
    );
    let parts = Value::Array(["an", "na@conto", "so.com"].map(text).to_vec());
    assert_eq!(
        under(&hidden, "note", parts),
        Some(Value::Array(vec![text("****"); 3]))
    );
}

#[test]
fn names_stay_apart_whatever_the_action() {
    let network =
        policy(r#"{"name": "net", "detector": "ipv4", "action": "generalise", "to": "network"}"#);
    let mut request = logs(vec![LogRecord {
        attributes: vec![
            attribute("10.1.2.3", text("a")),
            attribute("10.1.2.4", text("b")),
        ],
        ..LogRecord::default()
    }]);
    network.apply(&mut request, &mut Tally::default());
    let record = records(request).pop().unwrap();
    assert!(
        record
            .attributes
            .iter()
            .all(|one| one.key.starts_with("****_"))
    );
    assert_ne!(record.attributes[0].key, record.attributes[1].key);
}

#[test]
fn rules_change_the_fingerprint_and_have_names() {
    let one = policy(r#"{"name": "overlay.a", "pattern": "x"}"#);
    let two = policy(r#"{"name": "overlay.a", "pattern": "x", "action": "drop_record"}"#);
    assert_ne!(one.fingerprint(), two.fingerprint());
    assert_ne!(one.fingerprint(), policy("").fingerprint());
    let at = two
        .rules()
        .iter()
        .position(|name| name == "overlay.a")
        .unwrap();
    assert_eq!(two.effects()[at], "record dropped");
}

#[test]
fn a_rule_that_cannot_be_is_refused_by_its_name() {
    for (rule, reason) in [
        (r#"{"name": "r"}"#, "it wants a detector"),
        (r#"{"name": "r", "detector": "nose"}"#, "no such detector"),
        (
            r#"{"name": "r", "detector": "email", "pattern": "x"}"#,
            "either",
        ),
        (r#"{"name": "r", "pattern": "(?=x)"}"#, "look-around"),
        (
            r#"{"name": "r", "pattern": "((a{100}){100}){100}"}"#,
            "its automaton",
        ),
        (
            r#"{"name": "r", "pattern": "x", "action": "partial"}"#,
            "partial wants",
        ),
        (r#"{"name": "r", "pattern": "x", "keep": 4}"#, "keep is for"),
        (
            r#"{"name": "r", "pattern": "x", "action": "generalise", "to": "bucket"}"#,
            "bucket wants",
        ),
        (
            r#"{"name": "r", "pattern": "x", "action": "hash"}"#,
            "hash wants",
        ),
        (
            r#"{"name": "r", "pattern": "x", "action": "hash", "hash_function": "hmac-sha256"}"#,
            "an hmac",
        ),
        (
            r#"{"name": "r", "keys": ["x"], "types": ["int"]}"#,
            "decode and types",
        ),
        (
            r#"{"name": "r", "pattern": "x"}, {"name": "r", "pattern": "y"}"#,
            "another rule",
        ),
    ] {
        let error = policy_with(rule, "").err().unwrap();
        assert_eq!(error.rule, "r");
        assert!(error.reason.starts_with(reason), "{rule}: {}", error.reason);
    }
}
