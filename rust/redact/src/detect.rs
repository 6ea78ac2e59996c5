//! The built-in detectors: what each looks for and how it makes sure.
//!
//! A detector is one or more patterns, of which group 1 (or the whole match) is masked, and a
//! check that may narrow or refuse the match. All are linear in the text. docs/redaction.md has the
//! table of them with examples, and tests/reference/redact.py says the same once more in Python.

use std::ops::Range;

use crate::check;
use crate::mask::STARS;
use crate::pattern::{Pattern, Sieve};

/// Confirms a match at a range of a text: what of it is to be masked, or where to look on.
type Check = fn(&str, Range<usize>) -> Result<Range<usize>, usize>;
/// A cheap reason why a text that passed the sieve cannot match.
type Quick = fn(&[u8]) -> bool;

struct Builtin {
    name: &'static str,
    patterns: &'static [&'static str],
    quick: Quick,
    check: Check,
}

/// Detectors of what an identifier or a version may look like by chance: they leave those alone.
const AMBIGUOUS: [&str; 5] = ["iban", "payment_card", "ipv4", "phone", "guid"];

/// In the order of their work: what holds others comes first (a URL's credentials before the
/// e-mail address that they look like with the host).
const BUILTINS: [Builtin; 14] = [
    Builtin {
        name: "private_key",
        patterns: &[concat!(
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?s:.*?)",
            r"(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
        )],
        quick: always,
        check: check::whole,
    },
    Builtin {
        name: "jwt",
        patterns: &[r"eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){2,4}"],
        quick: always,
        check: check::whole,
    },
    Builtin {
        name: "bearer_token",
        patterns: &[
            r"(?i:\bbearer)[ \t:=]+([A-Za-z0-9._~+/=-]{8,})",
            r"(?i:\bbasic)[ \t]+([A-Za-z0-9+/]{8,}={0,2})",
        ],
        quick: always,
        check: check::looks_random,
    },
    Builtin {
        name: "connection_string",
        patterns: &[
            r#"(?i:\b(?:AccountKey|SharedAccessKey|SharedAccessSignature|SharedSecretValue|ClientSecret)=)([^;&\s"'<>]+)"#,
            r#"(?i:[?&;]sig=)([^;&\s"'<>]+)"#,
        ],
        quick: always,
        check: check::whole,
    },
    Builtin {
        name: "cloud_key",
        patterns: &[
            r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
            r"\bAIza[A-Za-z0-9_-]{35}",
            r"\bya29\.[A-Za-z0-9_-]{20,}",
            r"\bgh[opsur]_[A-Za-z0-9]{30,}",
            r"\bgithub_pat_[A-Za-z0-9_]{22,}",
            r"\bglpat-[A-Za-z0-9_-]{20,}",
            r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
            r"hooks\.slack\.com/services/([A-Za-z0-9/_-]+)",
            r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
            r"\bsk-[A-Za-z0-9_-]{20,}",
            r"[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}",
        ],
        quick: always,
        check: check::whole,
    },
    Builtin {
        name: "url_credentials",
        patterns: &[r#"://([^\s/?#"'<>]+)@"#],
        quick: always,
        check: check::whole,
    },
    Builtin {
        name: "secret",
        patterns: &[
            r#"(?i:authorization|cookie)(?:\\?["'])?[ \t]*[:=][ \t]*(?:\\?["'])?([^\r\n"']+)"#,
            concat!(
                r"(?i:passw(?:or)?d|pwd|passphrase|secret|api[_-]?key|token|secret[_-]?access[_-]?key)",
                r#"(?:\\?["'])?[ \t]*[:=][ \t]*\\?["']([^"'\\]+)\\?["']"#,
            ),
            concat!(
                r"(?i:passw(?:or)?d|pwd|passphrase|secret|api[_-]?key|token|secret[_-]?access[_-]?key)",
                r#"(?:\\?["'])?[ \t]*[:=][ \t]*([^\s"'&,;{}()<>\[\]\\]+)"#,
            ),
        ],
        quick: always,
        check: check::whole,
    },
    Builtin {
        name: "email",
        patterns: &[concat!(
            r#"[^\x00-\x20@<>()\[\]\\,;:"'/|=?&*\x7f]+(?:@|%40)"#,
            r"(?:[A-Za-z0-9\x{80}-\x{10ffff}-]+\.)+[A-Za-z\x{80}-\x{10ffff}]{2,}",
        )],
        quick: always,
        check: check::whole,
    },
    Builtin {
        name: "iban",
        patterns: &[r"\b[A-Za-z]{2}[0-9]{2}[ -]?[A-Za-z0-9]{2}"],
        quick: check::may_hold_iban,
        check: check::iban,
    },
    Builtin {
        name: "payment_card",
        patterns: &[r"\b[2-6][0-9]{3}[ -]?[0-9]{2}"],
        quick: check::has_thirteen_digits,
        check: check::payment_card,
    },
    Builtin {
        name: "ipv6",
        patterns: &[r"[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*"],
        quick: check::has_two_colons,
        check: check::ipv6,
    },
    Builtin {
        name: "ipv4",
        patterns: &[
            r"(?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])",
        ],
        quick: always,
        check: check::ipv4,
    },
    Builtin {
        name: "phone",
        patterns: &[r"\+[1-9][0-9]{0,2}[ ./()-]{0,2}(?:[0-9][ ./()-]{0,2}){6,13}[0-9]"],
        quick: always,
        check: check::phone,
    },
    Builtin {
        name: "guid",
        patterns: &[r"\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b"],
        quick: always,
        check: check::whole,
    },
];

/// The names of all detectors, in the order of their work.
pub const DETECTORS: [&str; BUILTINS.len()] = {
    let mut names = [""; BUILTINS.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = BUILTINS[index].name;
        index += 1;
    }
    names
};

/// One pattern of a detector that a policy has switched on.
pub(crate) struct Detector {
    pub rule: usize,
    pub pattern: Pattern,
    pub ambiguous: bool,
    quick: Quick,
    check: Check,
}

impl Detector {
    /// The patterns of a detector by its place in [`DETECTORS`].
    pub fn compile(index: usize, rule: usize, sieve: &mut Sieve) -> Result<Vec<Self>, String> {
        let builtin = &BUILTINS[index];
        let compiled = builtin.patterns.iter().map(|pattern| {
            Ok(Detector {
                rule,
                pattern: sieve.compile(&ascii_boundaries(pattern))?,
                ambiguous: AMBIGUOUS.contains(&builtin.name),
                quick: builtin.quick,
                check: builtin.check,
            })
        });
        compiled.collect()
    }

    /// The text with all finds masked; None where there is none.
    pub fn redact(&self, text: &str) -> Option<String> {
        if !(self.pattern.probable(text) && (self.quick)(text.as_bytes())) {
            return None;
        }
        let mut from = 0;
        let mut copied = 0;
        let mut out = String::new();
        while let Some(candidate) = self.next(text, from) {
            let found = match (self.check)(text, candidate.clone()) {
                Ok(found) => found,
                Err(resume) => {
                    from = resume;
                    continue;
                }
            };
            from = found.end;
            if &text[found.clone()] != STARS {
                out.push_str(&text[copied..found.start]);
                out.push_str(STARS);
                copied = found.end;
            }
        }
        if copied == 0 {
            return None;
        }
        out.push_str(&text[copied..]);
        Some(out)
    }

    fn next(&self, text: &str, from: usize) -> Option<Range<usize>> {
        use regex_automata::Input;
        let input = Input::new(text).range(from..);
        let regex = &self.pattern.regex;
        if regex.captures_len() < 2 {
            return regex.search(&input).map(|found| found.range());
        }
        // The cheap search first: captures are slower.
        regex.search_half(&input)?;
        let mut captures = regex.create_captures();
        regex.search_captures(&input, &mut captures);
        captures.get_group(1).map(|group| group.range())
    }
}

fn always(_text: &[u8]) -> bool {
    true
}

/// Detectors are written with `\b` and `\s` as ASCII, which the automata are fastest with.
fn ascii_boundaries(pattern: &str) -> String {
    pattern
        .replace(r"\b", r"(?-u:\b)")
        .replace(r"\s", r"\t\n\x0b\x0c\r\x20")
}
