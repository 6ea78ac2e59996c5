//! Each record goes one way, under the resource and scope that it had.

use otlp::model::Request;
use otlp::{Limits, Notes};
use route::{RecordSpec, Routing, RoutingSpec, Split};

fn request(signal: otlp::model::Signal, json: &str) -> Request<'_> {
    otlp::json::decode(
        signal,
        json.as_bytes(),
        &Limits::default(),
        &mut Notes::default(),
    )
    .unwrap()
}

fn json(request: &Request<'_>) -> String {
    let mut line = Vec::new();
    otlp::encode::write_json(request, &mut line);
    String::from_utf8(line).unwrap()
}

fn local(records: &[RecordSpec]) -> Routing {
    let spec = RoutingSpec {
        local: records.to_vec(),
        ..RoutingSpec::default()
    };
    Routing::new(&spec, &names(&["tenant.id", "customer.id"]))
}

fn names(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

use otlp::model::Signal::{Logs, Metrics, Traces};

const LOGS: &str = r#"{"resourceLogs":[{"resource":{"attributes":[
    {"key":"service.name","value":{"stringValue":"shop"}},
    {"key":"customer.id","value":{"stringValue":"acme"}}]},
  "scopeLogs":[{"scope":{"name":"s"},"logRecords":[
    {"severityNumber":9,"body":{"stringValue":"info"}},
    {"severityNumber":17,"body":{"stringValue":"error"}},
    {"eventName":"session.start","body":{"stringValue":"event"}},
    {"body":{"stringValue":"old event"},
     "attributes":[{"key":"event.name","value":{"stringValue":"session.end"}}]},
    {"body":{"stringValue":"other tenant"},
     "attributes":[{"key":"tenant.id","value":{"stringValue":"globex"}},
                   {"key":"beta","value":{"boolValue":true}}]}]}]}]}"#;

/// The bodies of what stays under a rule, of `LOGS`.
fn staying(rule: RecordSpec) -> Vec<String> {
    let Split { local, travels, .. } = local(&[rule]).split(request(Logs, LOGS));
    let bodies = |request: &Request<'_>| -> Vec<String> {
        let Request::Logs(resources) = request else {
            panic!("logs");
        };
        let records = resources
            .iter()
            .flat_map(|r| &r.scopes)
            .flat_map(|s| &s.log_records);
        records
            .map(|record| match &record.body {
                Some(otlp::model::Value::Text(text)) => text.to_string(),
                _ => panic!("a text"),
            })
            .collect()
    };
    let stays = local.as_ref().map(bodies).unwrap_or_default();
    assert_eq!(stays.len() + bodies(&travels).len(), 5);
    stays
}

#[test]
fn a_rule_names_events_severities_tenants_services_and_attributes() {
    let by_name = RecordSpec {
        name: names(&["session.*"]),
        ..RecordSpec::default()
    };
    assert_eq!(staying(by_name), ["event", "old event"]);
    let whole = RecordSpec {
        name: names(&["session"]),
        ..RecordSpec::default()
    };
    assert_eq!(staying(whole), [""; 0]);
    let below = RecordSpec {
        severity_below: Some(13),
        ..RecordSpec::default()
    };
    assert_eq!(
        staying(below),
        ["info"],
        "one without a severity is below none"
    );
    let no_event = RecordSpec {
        event: Some(false),
        ..RecordSpec::default()
    };
    assert_eq!(staying(no_event), ["info", "error", "other tenant"]);
    let tenant = |name| RecordSpec {
        tenant: names(&[name]),
        ..RecordSpec::default()
    };
    assert_eq!(staying(tenant("globex")), ["other tenant"]);
    assert_eq!(
        staying(tenant("acme")),
        ["info", "error", "event", "old event"],
        "an alias, of the resource"
    );
    let service = RecordSpec {
        service: names(&["shop"]),
        ..RecordSpec::default()
    };
    assert_eq!(staying(service).len(), 5);
    let attribute = RecordSpec {
        attributes: [("beta".to_owned(), names(&["true"]))].into(),
        ..RecordSpec::default()
    };
    assert_eq!(staying(attribute), ["other tenant"]);
    let both = RecordSpec {
        tenant: names(&["acme"]),
        event: Some(true),
        ..RecordSpec::default()
    };
    assert_eq!(
        staying(both),
        ["event", "old event"],
        "all conditions have to hold"
    );
}

#[test]
fn where_something_may_travel_the_rest_stays() {
    let spec = RoutingSpec {
        travels: vec![RecordSpec {
            event: Some(true),
            ..RecordSpec::default()
        }],
        local: vec![RecordSpec {
            name: names(&["session.end"]),
            ..RecordSpec::default()
        }],
        ..RoutingSpec::default()
    };
    let routing = Routing::new(&spec, &[]);
    let split = routing.split(request(Logs, LOGS));
    assert_eq!(split.travels.records(), 1);
    assert!(json(&split.travels).contains("session.start"));
    assert_eq!(split.local.unwrap().records(), 4);
}

#[test]
fn what_nothing_divides_stays_as_it_was() {
    let split = local(&[RecordSpec {
        name: names(&["x"]),
        ..RecordSpec::default()
    }])
    .split(request(Logs, LOGS));
    assert_eq!(json(&split.travels), json(&request(Logs, LOGS)));
    assert_eq!(split.local, None);
}

#[test]
fn what_travels_loses_the_regional_keys_and_what_stays_keeps_them() {
    let text = r#"{"resourceSpans":[{"resource":{"attributes":[
        {"key":"host.ip","value":{"stringValue":"h"}},{"key":"kept","value":{"intValue":"1"}}]},
      "scopeSpans":[{"scope":{"attributes":[{"key":"host.ip","value":{"stringValue":"h"}}]},"spans":[
        {"name":"a","attributes":[{"key":"net.peer","value":{"stringValue":"h"}},
           {"key":"map","value":{"kvlistValue":{"values":[{"key":"host.ip","value":{"stringValue":"h"}}]}}}],
         "events":[{"attributes":[{"key":"net.name","value":{"stringValue":"h"}}]}],
         "links":[{"attributes":[{"key":"host.ip","value":{"stringValue":"h"}}]}]},
        {"name":"b","attributes":[{"key":"host.ip","value":{"stringValue":"h"}}]}]}]}]}"#;
    let spec = RoutingSpec {
        local: vec![RecordSpec {
            name: names(&["b"]),
            ..RecordSpec::default()
        }],
        regional_keys: names(&["host.ip", "net.*"]),
        ..RoutingSpec::default()
    };
    let routing = Routing::new(&spec, &[]);
    assert_eq!(routing.rules(), ["regional_keys[0]", "regional_keys[1]"]);
    let split = routing.split(request(Traces, text));
    assert_eq!(split.removed, [4, 2]);
    let (travels, stays) = (json(&split.travels), json(&split.local.unwrap()));
    assert!(!travels.contains("host.ip") && !travels.contains("net.") && travels.contains("kept"));
    assert_eq!(
        stays.matches("host.ip").count(),
        3,
        "resource, scope and record: {stays}"
    );
}

#[test]
fn points_of_one_metric_may_part() {
    let text = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
        {"name":"m","unit":"1","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[
          {"asInt":"1","attributes":[{"key":"tenant.id","value":{"stringValue":"acme"}}]},
          {"asInt":"2","attributes":[{"key":"tenant.id","value":{"stringValue":"globex"}}]}]}},
        {"name":"empty"}]}]}]}"#;
    let rule = RecordSpec {
        tenant: names(&["acme"]),
        ..RecordSpec::default()
    };
    let split = local(&[rule]).split(request(Metrics, text));
    let (travels, stays) = (json(&split.travels), json(&split.local.unwrap()));
    assert!(travels.contains(r#""asInt":"2""#) && !travels.contains(r#""asInt":"1""#));
    assert!(stays.contains(r#""asInt":"1""#) && !stays.contains(r#""asInt":"2""#));
    for half in [&travels, &stays] {
        assert!(half.contains(r#""isMonotonic":true"#) && half.contains(r#""unit":"1""#));
    }
    assert!(travels.contains("empty") && !stays.contains("empty"));
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A request whose records are numbered; a record's name is `go` or `stay`.
fn made(signal: otlp::model::Signal, numbers: &mut Numbers) -> (String, u64, u64) {
    let (mut next, mut stays) = (0, 0);
    let mut record = |numbers: &mut Numbers| {
        let stay = numbers.below(3) == 0;
        stays += u64::from(stay);
        next += 1;
        let name = if stay { "stay" } else { "go" };
        match signal {
            Traces => format!(r#"{{"name":"{name}","startTimeUnixNano":"{next}"}}"#),
            Logs => format!(r#"{{"eventName":"{name}","timeUnixNano":"{next}"}}"#),
            Metrics => format!(
                r#"{{"name":"{name}","gauge":{{"dataPoints":[{{"asInt":"1","timeUnixNano":"{next}"}}]}}}}"#
            ),
        }
    };
    let list = |numbers: &mut Numbers, item: &mut dyn FnMut(&mut Numbers) -> String| {
        let items: Vec<String> = (0..numbers.below(4)).map(|_| item(numbers)).collect();
        items.join(",")
    };
    let (resources, scopes, records) = match signal {
        Traces => ("resourceSpans", "scopeSpans", "spans"),
        Logs => ("resourceLogs", "scopeLogs", "logRecords"),
        Metrics => ("resourceMetrics", "scopeMetrics", "metrics"),
    };
    let body = list(numbers, &mut |numbers| {
        let inner = list(numbers, &mut |numbers| {
            format!(
                r#"{{"scope":{{"name":"s"}},"{records}":[{}]}}"#,
                list(numbers, &mut record)
            )
        });
        format!(r#"{{"resource":{{}},"{scopes}":[{inner}]}}"#)
    });
    (format!(r#"{{"{resources}":[{body}]}}"#), next, stays)
}

/// The times of records, which tell them apart.
fn times(line: &str) -> Vec<u64> {
    let mut times: Vec<u64> = line
        .split(r#"imeUnixNano":""#)
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
        .collect();
    times.sort_unstable();
    times
}

#[test]
fn no_record_is_lost_or_in_both() {
    let routing = local(&[RecordSpec {
        name: names(&["stay"]),
        ..RecordSpec::default()
    }]);
    let mut numbers = Numbers(7);
    for round in 0..3_000 {
        let signal = [Traces, Logs, Metrics][round % 3];
        let (text, records, stays) = made(signal, &mut numbers);
        let split = routing.split(request(signal, &text));
        let travels = json(&split.travels);
        let local = split.local.as_ref().map(json).unwrap_or_default();
        assert_eq!(split.travels.records(), records - stays, "{text}");
        assert_eq!(
            split.local.map_or(0, |local| local.records()),
            stays,
            "{text}"
        );
        assert!(!travels.contains("stay") && !local.contains("go"), "{text}");
        let mut all = [times(&travels), times(&local)].concat();
        all.sort_unstable();
        assert_eq!(all, times(&text));
    }
}
