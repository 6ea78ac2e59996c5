//! Any request through policies with the detectors: what comes out holds nothing that they find,
//! above all not the secret that the seeds plant.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mainstem_fuzz::{Encoding, LIMITS, comes_back, line, read, signal_and_body};
use otlp::model::Request;
use otlp::{Limits, Notes, encode, json};
use redact::{DETECTORS, Policy, PolicySpec, ProcessorSpec, RegionKey, Summary, Tally};

/// What seeds have in every field that a text can stand in, and the fuzzer moves around.
const PLANTED: &str = "canary.anna@contoso.example";

/// Compiled once, with whether a second pass over the output must leave it as it is.
static POLICIES: LazyLock<Vec<(Policy, bool)>> = LazyLock::new(|| {
    let detectors = PolicySpec {
        detectors: DETECTORS.map(str::to_owned).to_vec(),
        ..PolicySpec::default()
    };
    let default = PolicySpec {
        personal_keys: true,
        vocabulary: vec!["tenant.id".into(), "feature.name".into()],
        ..detectors.clone()
    };
    let processor = ProcessorSpec {
        allow_all_keys: true,
        blocked_values: vec![
            r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}".into(),
            "secret-[0-9]".into(),
        ],
        blocked_key_patterns: vec!["blocked".into()],
        ignored_keys: vec!["ignored".into()],
        allowed_values: vec!["allowed".into()],
        summary: Summary::Debug,
        redact_all_types: true,
        ..ProcessorSpec::default()
    };
    let processed = PolicySpec {
        processors: vec![processor],
        ..default.clone()
    };
    [(detectors, true), (default, true), (processed, false)]
        .into_iter()
        .map(|(spec, settles)| {
            let key = RegionKey::from_bytes(&[7; 32]);
            (Policy::compile(&spec, &key).expect("a policy"), settles)
        })
        .collect()
});

/// Whether a request holds the secret; in protobuf both texts and bytes stand as they are.
fn holds_planted(request: &Request<'_>) -> bool {
    let mut body = Vec::new();
    encode::write_protobuf(request, &mut body);
    body.windows(PLANTED.len())
        .any(|part| part == PLANTED.as_bytes())
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let (policy, settles) = &POLICIES[usize::from(choice >> 1) % POLICIES.len()];
    let encoding = [Encoding::Wire, Encoding::Json][usize::from(choice & 1)];
    let Some((signal, body)) = signal_and_body(rest) else {
        return;
    };
    let Some(mut request) = read(encoding, signal, body) else {
        return;
    };
    let records = request.records();
    let mut tally = Tally::default();
    policy.apply(&mut request, &mut tally);
    assert_eq!(request.records() + tally.rejected, records);
    comes_back(&request);
    assert!(!holds_planted(&request), "the planted secret came out");
    if *settles {
        let redacted = line(&request);
        let limits = Limits {
            max_tree_bytes: 64 << 20,
            ..LIMITS
        };
        let mut notes = Notes::default();
        let mut again = json::decode(signal, &redacted, &limits, &mut notes).expect("our own line");
        policy.apply(&mut again, &mut Tally::default());
        assert_eq!(
            String::from_utf8_lossy(&line(&again)),
            String::from_utf8_lossy(&redacted),
            "a second pass finds something"
        );
    }
});
