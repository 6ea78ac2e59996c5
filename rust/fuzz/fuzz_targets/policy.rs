//! Any processors over any request: they are refused or they work.
#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use mainstem_fuzz::{Encoding, comes_back, read};
use otlp::model::Signal;
use redact::{
    Coverage, DbSanitizerSpec, DbSystemSpec, HashFunction, Policy, PolicySpec, ProcessorSpec,
    RegionKey, Secret, Summary, Tally, UrlSanitizerSpec,
};

/// Keys and patterns of a policy: short words, or any text.
#[derive(Arbitrary, Debug)]
enum Word<'a> {
    Email,
    Digits,
    Anything,
    Nothing,
    Tenant,
    UserId,
    Any(&'a str),
}

#[derive(Arbitrary, Debug)]
struct Choice<'a> {
    allow_all_keys: bool,
    allowed_keys: Vec<Word<'a>>,
    ignored_keys: Vec<Word<'a>>,
    ignored_key_patterns: Vec<Word<'a>>,
    blocked_key_patterns: Vec<Word<'a>>,
    blocked_values: Vec<Word<'a>>,
    allowed_values: Vec<Word<'a>>,
    redact_all_types: bool,
    hash: u8,
    summary: u8,
    url: Option<Vec<Word<'a>>>,
    database: Option<(u8, Vec<Word<'a>>)>,
}

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    full: bool,
    processors: Vec<Choice<'a>>,
    personal_keys: bool,
    vocabulary: Vec<Word<'a>>,
    json: bool,
    signal: u8,
}

fn texts(words: &[Word<'_>]) -> Vec<String> {
    let text = |word: &Word<'_>| match word {
        Word::Email => r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}".into(),
        Word::Digits => r"\d+".into(),
        Word::Anything => ".*".into(),
        Word::Nothing => String::new(),
        Word::Tenant => "tenant.id".into(),
        Word::UserId => "user.id".into(),
        Word::Any(text) => (*text).to_owned(),
    };
    words.iter().take(4).map(text).collect()
}

impl Choice<'_> {
    fn spec(&self) -> ProcessorSpec {
        let database = |(kind, attributes): &(u8, Vec<Word<'_>>)| {
            let on = |place: u8| DbSystemSpec {
                enabled: kind >> place & 1 == 1,
                attributes: texts(attributes),
            };
            DbSanitizerSpec {
                sql: on(0),
                redis: on(1),
                valkey: on(2),
                memcached: on(3),
                mongo: on(4),
                opensearch: on(5),
                es: on(6),
                sanitize_span_name: Some(kind >> 7 == 1),
            }
        };
        ProcessorSpec {
            allow_all_keys: self.allow_all_keys,
            allowed_keys: texts(&self.allowed_keys),
            ignored_keys: texts(&self.ignored_keys),
            ignored_key_patterns: texts(&self.ignored_key_patterns),
            blocked_key_patterns: texts(&self.blocked_key_patterns),
            blocked_values: texts(&self.blocked_values),
            allowed_values: texts(&self.allowed_values),
            redact_all_types: self.redact_all_types,
            hash_function: [
                HashFunction::None,
                HashFunction::Md5,
                HashFunction::Sha1,
                HashFunction::Sha3,
                HashFunction::HmacSha256,
                HashFunction::HmacSha512,
            ][usize::from(self.hash) % 6],
            hmac_key: Secret("k".repeat(64)),
            summary: [Summary::Silent, Summary::Info, Summary::Debug]
                [usize::from(self.summary) % 3],
            url_sanitizer: self.url.as_ref().map(|attributes| UrlSanitizerSpec {
                enabled: true,
                attributes: texts(attributes),
                sanitize_span_name: Some(true),
            }),
            db_sanitizer: self.database.as_ref().map(database),
            ..ProcessorSpec::default()
        }
    }
}

impl Case<'_> {
    fn spec(&self) -> PolicySpec {
        PolicySpec {
            coverage: [Coverage::Attributes, Coverage::Full][usize::from(self.full)],
            processors: self.processors.iter().take(3).map(Choice::spec).collect(),
            // Compiled once in the target `redact`: they take too long to be compiled here.
            detectors: Vec::new(),
            personal_keys: self.personal_keys,
            vocabulary: texts(&self.vocabulary),
        }
    }
}

fuzz_target!(|data: &[u8]| {
    // A policy takes seven bytes or more, and the body is the rest.
    let mut source = Unstructured::new(data);
    let Ok(case) = Case::arbitrary(&mut source) else {
        return;
    };
    let Ok(policy) = Policy::compile(&case.spec(), &RegionKey::from_bytes(&[7; 32])) else {
        return;
    };
    let encoding = [Encoding::Wire, Encoding::Json][usize::from(case.json)];
    let signal = Signal::ALL[usize::from(case.signal) % Signal::ALL.len()];
    let body = source.take_rest();
    let Some(mut request) = read(encoding, signal, body) else {
        return;
    };
    let records = request.records();
    let mut tally = Tally::default();
    policy.apply(&mut request, &mut tally);
    assert_eq!(request.records() + tally.rejected, records);
    comes_back(&request);
});
