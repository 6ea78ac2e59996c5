//! The built-in detectors, one after the other: names, patterns, and how each makes sure.

use super::{Builtin, Look, sql};
use crate::check;

/// Detectors of what an identifier or a version may look like by chance: they leave those alone.
pub(super) const AMBIGUOUS: [&str; 10] = [
    "iban",
    "payment_card",
    "us_ssn",
    "ca_sin",
    "au_tfn",
    "de_tax_id",
    "ipv4",
    "mac",
    "phone",
    "guid",
];

/// In the order of their work: what holds others comes first (a URL's credentials before the
/// e-mail address that they look like with the host).
pub(super) const BUILTINS: [Builtin; 22] = [
    Builtin {
        name: "private_key",
        looks: &[Look::of(concat!(
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)",
            r"(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
        ))],
    },
    Builtin {
        name: "jwt",
        looks: &[Look::of(r"eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){2,4}")],
    },
    Builtin {
        name: "bearer_token",
        looks: &[
            Look::of(r"(?i:\bbearer)[ \t:=]+([A-Za-z0-9._~+/=-]{8,})").sure(check::looks_random),
            Look::of(r"(?i:\bbasic)[ \t]+([A-Za-z0-9+/]{8,}={0,2})").sure(check::looks_random),
        ],
    },
    Builtin {
        name: "connection_string",
        looks: &[
            Look::of(
                r#"(?i:\b(?:AccountKey|SharedAccessKey|SharedAccessSignature|SharedSecretValue|ClientSecret)=)([^;&\s"'<>]+)"#,
            ),
            Look::of(r#"(?i:[?&;]sig=)([^;&\s"'<>]+)"#),
        ],
    },
    Builtin {
        name: "cloud_key",
        looks: &[
            Look::of(r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"),
            Look::of(r"\bAIza[A-Za-z0-9_-]{35}"),
            Look::of(r"\bya29\.[A-Za-z0-9_-]{20,}"),
            Look::of(r"\bgh[opsur]_[A-Za-z0-9]{30,}"),
            Look::of(r"\bgithub_pat_[A-Za-z0-9_]{22,}"),
            Look::of(r"\bglpat-[A-Za-z0-9_-]{20,}"),
            Look::of(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
            Look::of(r"hooks\.slack\.com/services/([A-Za-z0-9/_-]+)"),
            Look::of(r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
            Look::of(r"\bsk-[A-Za-z0-9_-]{20,}").sure(check::with_a_digit),
            Look::of(r"[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}"),
        ],
    },
    Builtin {
        name: "url_credentials",
        looks: &[Look::of(r#"://([^\s/?#"'<>]+)@"#)],
    },
    Builtin {
        name: "secret",
        looks: &[
            Look::of(
                r#"(?i:authorization|cookie)(?:\\?["'])?[ \t]*[:=][ \t]*(?:\\?["'])?([^\r\n"']+)"#,
            ),
            Look::of(concat!(
                r"(?i:passw(?:or)?d|pwd|passphrase|secret|api[_-]?key|token|secret[_-]?access[_-]?key)",
                r#"(?:\\?["'])?[ \t]*[:=][ \t]*\\?["']([^"'\\]+)\\?["']"#,
            )),
            Look::of(concat!(
                r"(?i:passw(?:or)?d|pwd|passphrase|secret|api[_-]?key|token|secret[_-]?access[_-]?key)",
                r#"(?:\\?["'])?[ \t]*[:=][ \t]*([^\s"'&,;{}()<>\[\]\\]+)"#,
            )),
        ],
    },
    Builtin {
        name: "sql_literal",
        looks: &{
            let mut looks = [Look::of(""); sql::STATEMENTS.len()];
            let mut index = 0;
            while index < looks.len() {
                looks[index] = Look::of(sql::STATEMENTS[index]).within(sql::literals);
                index += 1;
            }
            looks
        },
    },
    Builtin {
        name: "database_name",
        looks: &{
            const PLACES: [Look; 4] = [
                Look::of(
                    r#"(?i:\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|cockroachdb|clickhouse|db2|sqlserver)://[^\s/"'<>]+/)([A-Za-z0-9_$-]+)"#,
                ),
                Look::of(
                    r#"(?i:\b(?:initial catalog|database|databasename|dbname)[ \t]*=[ \t]*)["']?([^;&\s"'?,)]+)"#,
                ),
                Look::of(
                    r#"(?i:\b(?:relation|table|database|schema|collection)[ \t]+)\\?["'`]([^"'`\\]+)\\?["'`]"#,
                ),
                Look::of(
                    r"\A(?:SELECT|INSERT|UPDATE|DELETE|UPSERT|MERGE|TRUNCATE|find|aggregate|findAndModify)[ \t]+([A-Za-z0-9_.$-]+)\z",
                ),
            ];
            let mut looks = [Look::of(""); sql::STATEMENTS.len() + PLACES.len()];
            let mut index = 0;
            while index < looks.len() {
                looks[index] = if index < PLACES.len() {
                    PLACES[index]
                } else {
                    Look::of(sql::STATEMENTS[index - PLACES.len()]).within(sql::names)
                };
                index += 1;
            }
            looks
        },
    },
    Builtin {
        name: "query_string",
        looks: &[
            Look::of(r#"[?&](?:amp;)?[A-Za-z0-9_.~%\[\]-]+=([^&#\s"'<>]+)"#)
                .sure(check::query_value),
            Look::of(r#"[A-Za-z0-9/]\?([^\s=&#?"'<>]+)(?:[&#"'<>]|[\s]+HTTP/)"#),
        ],
    },
    Builtin {
        name: "email",
        looks: &[Look::of(concat!(
            r#"[^\x00-\x20@<>()\[\]\\,;:"'/|=?&*\x7f]+(?:@|%40)"#,
            r"(?:[A-Za-z0-9\x{80}-\x{10ffff}-]+\.)+[A-Za-z\x{80}-\x{10ffff}]{2,}",
        ))
        .sure(check::email)],
    },
    Builtin {
        name: "iban",
        looks: &[Look::of(r"\b[A-Za-z]{2}[0-9]{2}[ -]?[A-Za-z0-9]{2}")
            .sure(check::iban)
            .only(check::may_hold_iban)],
    },
    Builtin {
        name: "payment_card",
        looks: &[Look::of(r"\b[2-6][0-9]{3}[ -]?[0-9]{2}")
            .sure(check::payment_card)
            .only(check::has_thirteen_digits)],
    },
    Builtin {
        name: "us_ssn",
        looks: &[
            Look::of("[0-9]{3}-[0-9]{2}-[0-9]{4}").sure(check::us_ssn),
            Look::of(
                r"(?i:\bssn|\bsocial security(?: (?:number|no\.?))?)[^0-9\n]{1,12}([0-9]{3} ?[0-9]{2} ?[0-9]{4})",
            )
            .sure(check::us_ssn),
        ],
    },
    Builtin {
        name: "ca_sin",
        looks: &[
            Look::of("[0-9]{3}[ -][0-9]{3}[ -][0-9]{3}").sure(check::ca_sin).only(check::has_nine_digits),
            Look::of(
                r"(?i:\bsin|\bsocial insurance(?: (?:number|no\.?))?)[^0-9\n]{1,12}([0-9]{9})",
            )
            .sure(check::ca_sin).only(check::has_nine_digits),
        ],
    },
    Builtin {
        name: "au_tfn",
        looks: &[
            Look::of("[0-9]{3}[ -][0-9]{3}[ -][0-9]{3}").sure(check::au_tfn).only(check::has_nine_digits),
            Look::of(r"(?i:\btfn|\btax file(?: (?:number|no\.?))?)[^0-9\n]{1,12}([0-9]{9})")
                .sure(check::au_tfn).only(check::has_nine_digits),
        ],
    },
    Builtin {
        name: "de_tax_id",
        looks: &[
            Look::of("[1-9][0-9][ ]?[0-9]{3}[ ]?[0-9]{3}[ ]?[0-9]{3}").sure(check::de_tax_id).only(check::has_nine_digits),
        ],
    },
    Builtin {
        name: "ipv6",
        looks: &[Look::of("[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*")
            .sure(check::ipv6)
            .only(check::has_two_colons)],
    },
    Builtin {
        name: "ipv4",
        looks: &[Look::of(
            r"(?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])",
        )
        .sure(check::ipv4)],
    },
    Builtin {
        name: "mac",
        looks: &[Look::of(concat!(
            "[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})",
            r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}",
        ))
        .sure(check::mac)
        .only(check::may_hold_mac)
        .with_a_digit()],
    },
    Builtin {
        name: "phone",
        looks: &[
            Look::of(
                r"(?:\+[1-9][0-9]{0,2}[ ./()-]{0,2}|\b00[ /-]?[1-9][0-9]{0,2}[ ./()-]{1,2})(?:[0-9][ ./()-]{0,2}){6,13}[0-9]",
            )
            .sure(check::international),
            Look::of(
                r"(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[-. ]|[2-9][0-9]{2}[-. ][2-9][0-9]{2}[-.])[0-9]{4}",
            )
            .sure(check::national),
            Look::of(
                r"(?:\(0[2-9][0-9]{0,4}\)|0[1-9][0-9]{1,4}[ /-]|0[2378] )[ /-]{0,2}[1-9][0-9]{2,}(?:[ -][0-9]{2,}){0,3}",
            )
            .sure(check::national),
        ],
    },
    Builtin {
        name: "guid",
        looks: &[Look::of(
            r"\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b",
        )],
    },
];
