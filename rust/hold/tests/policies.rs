//! Each policy by the Collector's own documentation, and how their opinions make a decision.

use std::sync::Arc;

use hold::{Finished, SamplingCounts, TailSampling, TailSamplingHold, TailSamplingSpec};
use otlp::model::Request;
use serde_json::{Value, json};
use spool::{HeldPart, Hold};

const SECOND: u64 = 1_000_000_000;
const ID: [u8; 16] = [7; 16];

/// Whether the policies keep a trace of these spans, each with these resource attributes.
fn keeps(policies: &Value, resource: &Value, spans: &Value) -> bool {
    let mut sampler = Sampler::new(policies);
    sampler.keeps(ID, resource, spans)
}

struct Sampler {
    hold: TailSamplingHold,
    now_ns: u64,
}

impl Sampler {
    fn new(policies: &Value) -> Self {
        Self::with(policies, false)
    }

    fn with(policies: &Value, first_match: bool) -> Self {
        let spec: TailSamplingSpec = serde_json::from_value(json!({
            "decision_wait_ms": 1000, "num_traces": 10, "sampled_cache_size": 0,
            "non_sampled_cache_size": 0, "sample_on_first_match": first_match,
            "policies": policies,
        }))
        .unwrap();
        let names = spec.policies.iter().map(|policy| policy.name.clone());
        let counts = Arc::new(SamplingCounts::new(names.collect()));
        let finish = Arc::new(|request: Request<'_>| Finished {
            line: b"kept".to_vec(),
            stored: request.records(),
            ..Finished::default()
        });
        let sampling = TailSampling::new(&spec, "p", 1 << 20, &counts).unwrap();
        sampling.begin();
        let (_, hold) = sampling.join(finish);
        Self {
            hold,
            now_ns: SECOND,
        }
    }

    fn keeps(&mut self, key: [u8; 16], resource: &Value, spans: &Value) -> bool {
        let line = json!({"resourceSpans": [{
            "resource": {"attributes": resource},
            "scopeSpans": [{"spans": spans}],
        }]});
        let part = HeldPart {
            key,
            received_at_ns: self.now_ns,
            records: u32::try_from(spans.as_array().unwrap().len()).unwrap(),
            line: line.to_string().into_bytes(),
        };
        self.hold.admit(part, 1, &"p".into());
        assert!(self.hold.decide(self.now_ns).is_none(), "before its time");
        self.now_ns += 2 * SECOND;
        let release = self.hold.decide(self.now_ns).unwrap();
        self.hold.released();
        assert_eq!(release.marks.len(), 1);
        let mut counts = release.counts;
        for line in &release.lines {
            counts += line.counts;
        }
        assert!(counts.balance() && counts.held_before > 0);
        assert!(self.hold.oldest_log().is_none());
        !release.lines.is_empty()
    }
}

fn policy(rule: Value) -> Value {
    json!([{"name": "one", "rule": rule}])
}

fn attribute(key: &str, value: Value) -> Value {
    json!({"key": key, "value": value})
}

fn span(attributes: Value) -> Value {
    json!([{"spanId": "0102030405060708", "attributes": attributes}])
}

#[test]
fn latency_is_from_the_earliest_start_to_the_latest_end() {
    let spans = |took_ms: u64| {
        json!([
            {"startTimeUnixNano": "5000000000", "endTimeUnixNano": "5001000000"},
            {"startTimeUnixNano": "4900000000",
             "endTimeUnixNano": (4_900_000_000 + took_ms * 1_000_000).to_string()},
        ])
    };
    let within = |least, most, took_ms| {
        let rule = json!({"latency": {"threshold_ms": least, "upper_threshold_ms": most}});
        keeps(&policy(rule), &json!([]), &spans(took_ms))
    };
    assert!(within(499, 0, 500));
    assert!(!within(500, 0, 500), "longer than, not as long as");
    assert!(within(499, 500, 500));
    assert!(!within(200, 499, 500));
}

#[test]
fn attributes_are_those_of_resources_and_spans() {
    let text = |invert: bool| {
        policy(json!({"string_attribute": {
            "key": "k", "values": ["a", "b"], "enabled_regex_matching": false,
            "invert_match": invert,
        }}))
    };
    let a = json!([attribute("k", json!({"stringValue": "a"}))]);
    let c = json!([attribute("k", json!({"stringValue": "c"}))]);
    assert!(keeps(&text(false), &a, &span(json!([]))));
    assert!(keeps(&text(false), &json!([]), &span(a.clone())));
    assert!(!keeps(&text(false), &c, &span(c.clone())));
    assert!(!keeps(&text(true), &c, &span(a)));
    assert!(keeps(&text(true), &json!([]), &span(c)));

    let number = |min: i64, max: i64| {
        policy(json!({"numeric_attribute": {
            "key": "n", "min_value": min, "max_value": max, "invert_match": false,
        }}))
    };
    let five = span(json!([attribute("n", json!({"intValue": "5"}))]));
    let text_of_five = span(json!([attribute("n", json!({"stringValue": "5"}))]));
    assert!(keeps(&number(5, 9), &json!([]), &five));
    assert!(keeps(&number(5, 0), &json!([]), &five), "0 is no bound");
    assert!(!keeps(&number(6, 9), &json!([]), &five));
    assert!(!keeps(&number(1, 9), &json!([]), &text_of_five));

    let bool_is = |value: bool| {
        policy(json!({"boolean_attribute": {"key": "b", "value": value, "invert_match": false}}))
    };
    let yes = span(json!([attribute("b", json!({"boolValue": true}))]));
    assert!(keeps(&bool_is(true), &json!([]), &yes));
    assert!(!keeps(&bool_is(false), &json!([]), &yes));
    assert!(
        !keeps(&bool_is(false), &json!([]), &span(json!([]))),
        "not there"
    );
}

#[test]
fn patterns_are_searched_and_not_anchored() {
    let rule = policy(json!({"string_attribute": {
        "key": "k", "values": ["^/health", "val*"], "enabled_regex_matching": true,
        "invert_match": false,
    }}));
    let with = |text: &str| span(json!([attribute("k", json!({"stringValue": text}))]));
    assert!(keeps(&rule, &json!([]), &with("/healthz")));
    assert!(keeps(&rule, &json!([]), &with("a va")));
    assert!(!keeps(&rule, &json!([]), &with("x/health")));
}

#[test]
fn status_flags_and_state_are_those_of_any_span() {
    let error = json!([{}, {"status": {"code": 2}, "flags": 1, "traceState": "v=1,w=2"}]);
    let status = |codes: Value| policy(json!({"status_code": {"status_codes": codes}}));
    assert!(keeps(&status(json!([2])), &json!([]), &error));
    assert!(!keeps(&status(json!([1])), &json!([]), &error));
    assert!(
        keeps(&status(json!([0])), &json!([]), &json!([{}])),
        "unset"
    );
    assert!(keeps(&policy(json!("trace_flags")), &json!([]), &error));
    assert!(!keeps(
        &policy(json!("trace_flags")),
        &json!([]),
        &json!([{"flags": 2}])
    ));
    let state =
        |key: &str, value: &str| policy(json!({"trace_state": {"key": key, "values": [value]}}));
    assert!(keeps(&state("w", "2"), &json!([]), &error));
    assert!(!keeps(&state("w", "1"), &json!([]), &error));
}

#[test]
fn spans_are_counted_over_the_whole_trace() {
    let count = |least: u64, most: u64| {
        policy(json!({"span_count": {"min_spans": least, "max_spans": most}}))
    };
    let three = json!([{}, {}, {}]);
    assert!(keeps(&count(3, 0), &json!([]), &three));
    assert!(keeps(&count(2, 3), &json!([]), &three));
    assert!(!keeps(&count(4, 0), &json!([]), &three));
    assert!(!keeps(&count(1, 2), &json!([]), &three));
}

#[test]
fn a_share_is_of_traces_and_the_same_of_each() {
    let share = |percent: f64, salt: &str| {
        policy(json!({"probabilistic": {"sampling_percentage": percent, "hash_salt": salt}}))
    };
    let kept = |rule: &Value| -> Vec<u8> {
        let mut sampler = Sampler::new(rule);
        let key = |n: u8| *blake3::hash(&[n]).as_bytes().first_chunk().unwrap();
        (0..=254)
            .filter(|n| sampler.keeps(key(*n), &json!([]), &json!([{}])))
            .collect()
    };
    let half = kept(&share(50.0, ""));
    assert!((90..=165).contains(&half.len()), "{}", half.len());
    assert_eq!(half, kept(&share(50.0, "")));
    assert_ne!(half, kept(&share(50.0, "other")));
    assert_eq!(kept(&share(100.0, "")).len(), 255);
    assert_eq!(kept(&share(0.0, "")).len(), 0);
}

#[test]
fn a_rate_is_of_spans_and_starts_with_twice_as_many() {
    let rule = policy(json!({"rate_limiting": {"spans_per_second": 2, "burst_capacity": 0}}));
    let mut sampler = Sampler::new(&rule);
    let four = json!([{}, {}, {}, {}]);
    assert!(sampler.keeps([1; 16], &json!([]), &four));
    // Two seconds pass between two decisions here, which give four more.
    assert!(sampler.keeps([2; 16], &json!([]), &four));
    assert!(!sampler.keeps([3; 16], &json!([]), &json!([{}, {}, {}, {}, {}])));
}

#[test]
fn policies_are_joined_turned_and_allotted() {
    let count = |least: u64| {
        json!({"name": format!("at least {least}"),
               "rule": {"span_count": {"min_spans": least, "max_spans": 0}}})
    };
    let two = json!([{}, {}]);
    let kept = |policies: Value| keeps(&policies, &json!([]), &two);
    assert!(kept(policy(json!({"and": [count(1), count(2)]}))));
    assert!(!kept(policy(json!({"and": [count(1), count(3)]}))));
    assert!(kept(policy(json!({"not": count(3)}))));
    assert!(!kept(policy(json!({"not": count(2)}))));
    let drop = json!({"name": "drop", "rule": {"drop": [count(2)]}});
    assert!(!kept(json!([count(1), drop])), "what drops is asked first");
    assert!(kept(
        json!([count(1), {"name": "drop", "rule": {"drop": [count(3)]}}])
    ));
    let composite = |spans: u64| {
        policy(
            json!({"composite": {"max_total_spans_per_second": 10, "policies": [
                {"policy": count(3), "spans_per_second": 10},
                {"policy": count(1), "spans_per_second": spans},
            ]}}),
        )
    };
    assert!(kept(composite(2)));
    assert!(!kept(composite(1)), "more than its share");
}

#[test]
fn without_a_policy_that_keeps_it_a_trace_goes() {
    let never = json!({"name": "never", "rule": {"span_count": {"min_spans": 9, "max_spans": 0}}});
    assert!(!keeps(&json!([never]), &json!([]), &json!([{}])));
    let always = json!({"name": "always", "rule": "always_sample"});
    assert!(keeps(&json!([never, always]), &json!([]), &json!([{}])));
}
