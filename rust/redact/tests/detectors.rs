//! What each built-in detector finds, and what only looks like it.

use std::sync::LazyLock;

use redact::{BY_CHOICE, DETECTORS, Policy, PolicySpec, RegionKey, Tally};

use otlp::model::{LogRecord, Request, ResourceLogs, ScopeLogs, Value};

/// The body of a log record after all detectors that are always on.
fn redacted(text: &str) -> String {
    static POLICY: LazyLock<Policy> = LazyLock::new(|| {
        let always_on = DETECTORS.iter().filter(|name| !BY_CHOICE.contains(name));
        policy(&always_on.copied().collect::<Vec<_>>())
    });
    redacted_by(&POLICY, text)
}

fn policy(detectors: &[&str]) -> Policy {
    let spec = PolicySpec {
        detectors: detectors.iter().map(|name| (*name).to_owned()).collect(),
        ..PolicySpec::default()
    };
    Policy::compile(&spec, &RegionKey::from_bytes(&[1; 32])).unwrap()
}

fn redacted_by(policy: &Policy, text: &str) -> String {
    let record = LogRecord {
        body: Some(Value::Text(text.to_owned().into())),
        ..LogRecord::default()
    };
    let mut request = Request::Logs(vec![ResourceLogs {
        scopes: vec![ScopeLogs {
            log_records: vec![record],
            ..ScopeLogs::default()
        }],
        ..ResourceLogs::default()
    }]);
    policy.apply(&mut request, &mut Tally::default());
    let Request::Logs(logs) = request else {
        unreachable!()
    };
    match logs[0].scopes[0].log_records[0].body.clone() {
        Some(Value::Text(text)) => text.into_owned(),
        other => panic!("{other:?}"),
    }
}

fn finds(table: &[(&str, &str)]) {
    for (text, masked) in table {
        assert_eq!(redacted(text), *masked, "of {text:?}");
    }
}

fn spares(table: &[&str]) {
    for text in table {
        assert_eq!(redacted(text), *text);
    }
}

#[test]
fn emails() {
    finds(&[
        ("anna@contoso.com", "****"),
        (
            "mail to <anna.b+tag@mail.contoso.co.uk>.",
            "mail to <****>.",
        ),
        ("user=anna%40contoso.com&x=1", "user=****&x=1"),
        ("jörg@exämple.de", "****"),
        ("a@b.io, c@d.io", "****, ****"),
    ]);
    spares(&[
        "anna@localhost",
        "git@github.com:contoso/app",
        "@media screen",
        "lodash@4.17.21",
        "a @ b.com",
        "2@3",
    ]);
}

#[test]
fn ipv4_addresses() {
    finds(&[
        ("10.0.0.1", "****"),
        ("from 192.168.001.254:8080", "from ****:8080"),
        ("ip-10.1.2.3.", "ip-****."),
        ("srv10.1.2.3", "srv****"),
        ("http://10.0.0.0/x", "http://****/x"),
    ]);
    spares(&[
        "1.2.3",
        "256.1.1.1234",
        "v1.2.3.4",
        "Chrome/120.0.0.0 Safari/537.36",
        "1.2.3.",
        "1..2.3.4",
        "300.300.300.300.a",
    ]);
}

#[test]
fn ipv6_addresses() {
    finds(&[
        ("2001:db8::1", "****"),
        ("[2001:db8::ff00:42:8329]:8080", "[****]:8080"),
        ("2001:0db8:85a3:0000:0000:8a2e:0370:7334:8080", "****:8080"),
        ("addr:2001:db8::1, next", "addr:****, next"),
        ("::ffff:10.0.0.1", "****"),
        ("fe80::1%eth0", "****%eth0"),
        ("to ::1.", "to ****."),
    ]);
    spares(&[
        "12:30:45",
        "std::vec::Vec",
        "a::b",
        "::",
        "00:1b:44:11:3a",
        "T::a1",
        "x1::2",
    ]);
}

#[test]
fn payment_cards() {
    finds(&[
        ("4111111111111111", "****"),
        ("card 5500-0000-0000-0004 ok", "card **** ok"),
        ("3782 822463 10005", "****"),
        ("6011 1111 1111 1117 12", "**** 12"),
        ("2223003122003222", "****"),
    ]);
    spares(&[
        "4111111111111112",
        "1732444800000000000",
        "0.4111111111111111",
        "id_4111111111111111",
        "41111111111111111111",
        "4111 11111111 1111",
        "9111111111111111",
    ]);
}

#[test]
fn ibans() {
    finds(&[
        ("DE89370400440532013000", "****"),
        ("IBAN GB82 WEST 1234 5698 7654 32.", "IBAN ****."),
        ("no9386011117947", "****"),
        ("DE89 3704 0044 0532 0130 00 ABCD", "**** ABCD"),
    ]);
    spares(&[
        "DE89370400440532013001",
        "XX89370400440532013000",
        "DE8937040044053201300",
    ]);
}

#[test]
fn tokens_and_keys() {
    let key_of = |prefix: &str, length: usize| {
        format!("{prefix}{}", "A1b2C3d4E5".repeat(8)[..length].to_owned())
    };
    for key in [
        "AKIAIOSFODNN7EXAMPLE".to_owned(),
        key_of("AIza", 35),
        key_of("ghp_", 36),
        key_of("github_pat_", 40),
        key_of("glpat-", 20),
        key_of("xoxb-", 24),
        key_of("sk_live_", 24),
        key_of("sk-", 40),
        format!("abc8Q~{}", key_of("", 34)),
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_123".to_owned(),
    ] {
        assert_eq!(redacted(&format!("key {key}, ok")), "key ****, ok", "{key}");
    }
    finds(&[
        ("Bearer abcdef0123456789", "Bearer ****"),
        ("basic YWxhZGRpbjpvcGVuc2VzYW1l", "basic ****"),
        (
            "Endpoint=sb://x/;SharedAccessKey=abc+/=;Id=1",
            "Endpoint=sb://x/;SharedAccessKey=****;Id=1",
        ),
        (
            "https://h/c?sv=2024&sig=a%2Fb&se=1",
            "https://h/c?sv=2024&sig=****&se=1",
        ),
        ("postgres://bob:p@ss@db/x", "postgres://****@db/x"),
        (
            "https://hooks.slack.com/services/T0/B0/xyz",
            "https://hooks.slack.com/services/****",
        ),
        (
            "a -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- b",
            "a **** b",
        ),
        ("-----BEGIN PRIVATE KEY-----\\nMII", "****"),
    ]);
    spares(&[
        "bearer tokens",
        "basic understanding",
        "-----BEGIN CERTIFICATE-----",
        "sk-short",
        "sk-circle-fade-dot-animation-container",
        "eyJhbGciOiJIUzI1NiJ9",
        "https://h/p?a=1",
        "AKIA",
    ]);
}

#[test]
fn secrets_by_name() {
    finds(&[
        ("password=hunter2&x=1", "password=****&x=1"),
        (
            r#"{"password": "my secret", "a": 1}"#,
            r#"{"password": "****", "a": 1}"#,
        ),
        (r#"{\"api_key\":\"abc\"}"#, r#"{\"api_key\":\"****\"}"#),
        ("db_pwd: x", "db_pwd: ****"),
        ("Authorization: Negotiate YII abc", "Authorization: ****"),
        ("access-token = abc", "access-token = ****"),
    ]);
    spares(&[
        "max_tokens=5",
        "secretary: Jones",
        "password",
        "forgot password?",
        "token_type=x",
    ]);
}

/// What one detector alone makes of texts, and the texts that it leaves.
fn alone(detector: &str, table: &[(&str, &str)], spared: &[&str]) {
    let policy = policy(&[detector]);
    for (text, masked) in table {
        assert_eq!(
            redacted_by(&policy, text),
            *masked,
            "{detector} of {text:?}"
        );
    }
    for text in spared {
        assert_eq!(redacted_by(&policy, text), *text, "{detector}");
    }
}

#[test]
fn mac_addresses() {
    finds(&[
        ("00:1b:44:11:3a:b7", "****"),
        (
            "DHCPACK to 00-1B-44-11-3A-B7: lease",
            "DHCPACK to ****: lease",
        ),
        ("001b.4411.3ab7", "****"),
        ("12:34:56:78:90:12", "****"),
    ]);
    spares(&[
        "00:00:00:00:00:00",
        "ff:ff:ff:ff:ff:ff",
        "16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48",
        "26-11-24-08-41-47",
        "00:1b:44:11:3a",
        "1234.5678.901",
        "x00:1b:44:11:3a:b7",
    ]);
}

#[test]
fn networks_are_no_addresses() {
    spares(&["allow 203.0.113.0/24", "10.0.0.0/8;", "2001:db8:1::/48"]);
    finds(&[
        ("203.0.113.7/24", "****/24"),
        ("203.0.113.0/32", "****/32"),
        ("2001:db8::1/48", "****/48"),
    ]);
}

#[test]
fn national_ids() {
    alone(
        "us_ssn",
        &[
            ("ssn 536-22-8145.", "ssn ****."),
            ("SSN: 536228145", "SSN: ****"),
        ],
        &[
            "000-12-3456",
            "666-12-3456",
            "900-12-3456",
            "536-00-8145",
            "536-22-0000",
            "536228145",
            "1536-22-8145",
            "build 536-22-8145-3",
        ],
    );
    alone(
        "ca_sin",
        &[
            ("SIN 130 692 544", "SIN ****"),
            ("sin=130692544", "sin=****"),
        ],
        &["130 692 545", "046 454 286", "130692544", "using 130692544"],
    );
    alone(
        "au_tfn",
        &[("123 456 782", "****"), ("TFN: 123456782", "TFN: ****")],
        &["123 456 789", "123456782", "000 000 000"],
    );
    alone(
        "de_tax_id",
        &[("86095742719", "****"), ("47 036 892 816", "****")],
        &["86095742718", "12345678901", "11111111111", "186095742719"],
    );
}

#[test]
fn phones() {
    alone(
        "phone",
        &[
            ("call +49 (30) 1234-5678 now", "call **** now"),
            ("0049 30 12345678", "****"),
            ("(212) 555-0123", "****"),
            ("1-416-555-0123,", "****,"),
            ("tel=212.555.0123", "tel=****"),
            ("030 12345678", "****"),
            ("0171/1234567", "****"),
            ("0171/12345678", "****"),
            ("(02) 9374 4000", "****"),
            ("0412 345 678", "****"),
        ],
        &[
            "1+12345678",
            "+123",
            "12345678",
            "2125550123",
            "112-555-0123",
            "212-155-0123",
            "+12345678901234567",
            "01-02-2026",
            "v212.555.0123.4",
            "192.168.555.0123",
            "2026-11-24 08:41",
        ],
    );
}

#[test]
fn statements_in_texts() {
    alone(
        "sql_literal",
        &[
            (
                "LOG:  statement: select * from t1 where a = 'x' and b=5",
                "LOG:  statement: select * from t1 where a = ? and b=?",
            ),
            (
                r#"{"q":"UPDATE t SET a = 'it''s' WHERE id = 7","ms":12}"#,
                r#"{"q":"UPDATE t SET a = ? WHERE id = ?","ms":12}"#,
            ),
            (
                r#""{\"q\":\"delete from t where id = 7\",\"ms\":12}""#,
                r#""{\"q\":\"delete from t where id = ?\",\"ms\":12}""#,
            ),
            (
                "[insert into t(a) values (1, 'b')]; took 12",
                "[insert into t(a) values (?, ?)]; took 12",
            ),
            ("SELECT pg_sleep(5)", "SELECT pg_sleep(?)"),
            (
                "select 1 from t where a=2 -- by anna",
                "select ? from t where a=? --?",
            ),
        ],
        &[
            "please select 2 items from the list",
            "update 3 sets of 5",
            "delete from basket 12",
            "with 5 as",
            "selected 5 from 7 where",
        ],
    );
    alone(
        "database_name",
        &[
            (
                "select * from shop.users u, `my orders` where a = 1",
                "select * from ****.**** u, `****` where a = 1",
            ),
            (
                "insert into [dbo].[people] (a) values (1)",
                "insert into [****].[****] (a) values (1)",
            ),
            (
                "postgres://db:5432/customers?x=1",
                "postgres://db:5432/****?x=1",
            ),
            ("Server=x;Database=Payroll;", "Server=x;Database=****;"),
            (
                r#"relation "patients" does not exist"#,
                r#"relation "****" does not exist"#,
            ),
            ("SELECT shop.users", "SELECT ****"),
        ],
        &[
            "GET /from/users",
            "the table is full",
            "database is starting up",
        ],
    );
    alone(
        "query_string",
        &[
            (
                "GET /s?q=anna&page=2 HTTP/1.1",
                "GET /s?q=****&page=**** HTTP/1.1",
            ),
            ("GET /s?anna HTTP/1.1", "GET /s?**** HTTP/1.1"),
        ],
        &["really? yes", "a ? b : c", "a && b", "/p?x=", "R&D=yes"],
    );
}

#[test]
fn a_detector_that_is_off_finds_nothing() {
    assert_eq!(
        redacted_by(&policy(&["ipv4"]), "anna@contoso.com 10.0.0.1"),
        "anna@contoso.com ****"
    );
    let guid = "123e4567-e89b-12d3-a456-426614174000";
    assert_eq!(redacted(guid), guid);
    assert_eq!(redacted_by(&policy(&["guid"]), guid), "****");
}
