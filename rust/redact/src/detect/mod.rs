//! The built-in detectors: what each looks for and how it makes sure.
//!
//! A detector is one or more patterns, of which group 1 (or the whole match) is found, and a check
//! that may narrow or refuse the match, or tell what is found within it. All are linear in the
//! text. docs/redaction.md has the table of them with examples, and tests/reference/ says the same
//! once more in Python.

mod sql;
mod table;

use std::ops::Range;

use regex_automata::Input;

use crate::check::{self, Checked};
use crate::pattern::{Pattern, Sieve};
use table::{AMBIGUOUS, BUILTINS};

/// A cheap reason why a text that passed the sieve cannot match.
type Quick = fn(&[u8]) -> bool;

/// What a match is good for.
#[derive(Clone, Copy)]
enum Check {
    /// Confirms it: what of it is found, or where to look on.
    One(fn(&str, Range<usize>) -> Checked),
    /// Finds what stands in what begins with it, in order, and tells where to look on.
    Within(fn(&str, usize, &mut Vec<Range<usize>>) -> usize),
}

/// One pattern of a detector, as it is written down.
#[derive(Clone, Copy)]
struct Look {
    pattern: &'static str,
    quick: Quick,
    check: Check,
    /// Whether the sieve asks for a digit too, which the pattern does not: most texts have none.
    digit: bool,
}

impl Look {
    const fn of(pattern: &'static str) -> Self {
        Look {
            pattern,
            quick: |_| true,
            check: Check::One(check::whole),
            digit: false,
        }
    }

    const fn sure(mut self, check: fn(&str, Range<usize>) -> Checked) -> Self {
        self.check = Check::One(check);
        self
    }

    const fn within(mut self, finds: fn(&str, usize, &mut Vec<Range<usize>>) -> usize) -> Self {
        self.check = Check::Within(finds);
        self
    }

    const fn with_a_digit(mut self) -> Self {
        self.digit = true;
        self
    }

    const fn only(mut self, quick: Quick) -> Self {
        self.quick = quick;
        self
    }
}

struct Builtin {
    name: &'static str,
    looks: &'static [Look],
}

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

/// Detectors that a policy has to ask for; all others are always on.
pub const BY_CHOICE: [&str; 9] = [
    "sql_literal",
    "database_name",
    "query_string",
    "us_ssn",
    "ca_sin",
    "au_tfn",
    "de_tax_id",
    "phone",
    "guid",
];

/// One pattern of a detector, compiled.
#[derive(Clone)]
pub(crate) struct Detector {
    /// The place in [`DETECTORS`].
    pub index: usize,
    pub pattern: Pattern,
    pub ambiguous: bool,
    quick: Quick,
    check: Check,
}

impl Detector {
    /// The patterns of a detector by its place in [`DETECTORS`].
    pub fn compile(index: usize, sieve: &mut Sieve) -> Result<Vec<Self>, String> {
        let builtin = &BUILTINS[index];
        let compiled = builtin.looks.iter().map(|look| {
            let mut pattern = sieve.compile(&ascii_boundaries(look.pattern))?;
            if look.digit {
                sieve.ask_for_a_digit(&mut pattern);
            }
            Ok(Detector {
                index,
                pattern,
                ambiguous: AMBIGUOUS.contains(&builtin.name),
                quick: look.quick,
                check: look.check,
            })
        });
        compiled.collect()
    }

    /// What a find becomes where nothing else is said: a literal leaves a statement's shape.
    pub fn mask(&self) -> &'static str {
        match DETECTORS[self.index] {
            "sql_literal" => "?",
            _ => crate::mask::STARS,
        }
    }

    /// The text, a probable one, with every find as its mask; None where there is none.
    pub fn redact(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut copied = 0;
        self.finds(text, |found| {
            if &text[found.clone()] != self.mask() {
                out.push_str(&text[copied..found.start]);
                out.push_str(self.mask());
                copied = found.end;
            }
        });
        if copied == 0 {
            return None;
        }
        out.push_str(&text[copied..]);
        Some(out)
    }

    /// Whether the text may hold a find, without searching it.
    #[inline]
    pub fn probable(&self, text: &str) -> bool {
        self.pattern.probable(text) && (self.quick)(text.as_bytes())
    }

    /// Every find, in order.
    pub fn found(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if self.probable(text) {
            self.finds(text, |find| found.push(find));
        }
        found
    }

    /// Calls `each` for every find, in order.
    fn finds(&self, text: &str, mut each: impl FnMut(Range<usize>)) {
        let mut from = 0;
        let mut within = Vec::new();
        while let Some(candidate) = self.next(text, from) {
            match self.check {
                Check::One(check) => match check(text, candidate) {
                    Ok(found) => {
                        from = found.end;
                        each(found);
                    }
                    Err(resume) => from = resume,
                },
                Check::Within(finds) => {
                    from = finds(text, candidate.start, &mut within);
                    within.drain(..).for_each(&mut each);
                }
            }
        }
    }

    fn next(&self, text: &str, from: usize) -> Option<Range<usize>> {
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

/// Detectors are written with `\b` and `\s` as ASCII, which the automata are fastest with.
fn ascii_boundaries(pattern: &str) -> String {
    pattern
        .replace(r"\b", r"(?-u:\b)")
        .replace(r"\s", r"\t\n\x0b\x0c\r\x20")
}
