//! Go's RE2 syntax, rewritten into the syntax of the `regex` crates with the meaning it has in Go.
//!
//! What differs: `\d`, `\w`, `\s` and `\b` are ASCII in Go; `[`, `&&`, `--` and `~~` are literal in
//! a class; `\Q..\E` quotes; an octal escape is a character; a brace that is no repetition is
//! literal; and `\<`, `\u`, `(?x)` mean other things or nothing. A class is rewritten whole, member
//! by member, so that none of the target's own notations can arise in it. See
//! https://github.com/google/re2/wiki/Syntax and Go's package regexp/syntax.

use std::fmt::Write;

use regex_automata::meta::Regex;
use regex_automata::util::syntax;

/// Go refuses a repetition above this.
const MAX_REPEAT: u32 = 1000;

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = r"\t\n\f\r\x20";

/// The memory of a pattern's automaton, which bounds its size; RE2's own default is 8 MiB.
pub const SIZE_LIMIT: usize = 8 << 20;
const LONGEST_PATTERN: usize = 16 << 10;

/// A pattern in the syntax of the `regex` crates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translated {
    pub pattern: String,
    /// The names of its capture groups, in order; `None` for one that has none.
    pub groups: Vec<Option<String>>,
}

/// Rewrites a pattern, or says what in it has no translation.
pub fn translate(pattern: &str) -> Result<Translated, String> {
    if pattern.len() > LONGEST_PATTERN {
        return Err(format!("longer than {LONGEST_PATTERN} bytes"));
    }
    let mut translation = Translation {
        rest: pattern,
        out: String::with_capacity(pattern.len() + 16),
        groups: Vec::new(),
        repeated: false,
    };
    translation.run()?;
    Ok(Translated {
        pattern: translation.out,
        groups: translation.groups,
    })
}

/// Rewrites a pattern and compiles it; gives the names of its groups with it.
pub fn compile(pattern: &str) -> Result<(Regex, Vec<Option<String>>), String> {
    let translated = translate(pattern)?;
    let hir = syntax::parse(&translated.pattern).map_err(|error| syntax_reason(&error))?;
    let regex = Regex::builder()
        .configure(Regex::config().nfa_size_limit(Some(SIZE_LIMIT)))
        .build_from_hir(&hir)
        .map_err(|_| "its automaton is larger than 8 MiB".to_owned())?;
    Ok((regex, translated.groups))
}

/// Of the parser's reason the kind only: its message would quote the pattern over several lines.
pub fn syntax_reason(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        _ => "not a pattern".to_owned(),
    }
}

struct Translation<'p> {
    rest: &'p str,
    out: String,
    groups: Vec<Option<String>>,
    /// Whether the last thing written was a repetition, which Go refuses to repeat again.
    repeated: bool,
}

impl Translation<'_> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(c) = self.rest.chars().next() {
            if matches!(c, '*' | '+' | '?') {
                self.advance(1);
                self.repetition(&c.to_string())?;
                continue;
            }
            if c == '{' {
                self.brace()?;
                continue;
            }
            match c {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.group()?,
                _ => {
                    self.advance(c.len_utf8());
                    match c {
                        ')' | '|' | '^' | '$' | '.' => self.out.push(c),
                        _ => self.literal(c),
                    }
                }
            }
            self.repeated = false;
        }
        Ok(())
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    fn literal(&mut self, c: char) {
        if c.is_ascii_alphanumeric() || !c.is_ascii() {
            self.out.push(c);
        } else {
            write_code(&mut self.out, c);
        }
    }

    fn repetition(&mut self, operator: &str) -> Result<(), String> {
        if self.repeated {
            return Err("a repetition is repeated, which RE2 refuses".into());
        }
        self.out.push_str(operator);
        if let Some(rest) = self.rest.strip_prefix('?') {
            self.out.push('?');
            self.rest = rest;
        }
        self.repeated = true;
        Ok(())
    }

    fn brace(&mut self) -> Result<(), String> {
        let Some((length, low, high)) = counted(self.rest) else {
            self.advance(1);
            self.literal('{');
            self.repeated = false;
            return Ok(());
        };
        if low > MAX_REPEAT || high.is_some_and(|high| high > MAX_REPEAT) {
            return Err(format!("a repetition above {MAX_REPEAT}"));
        }
        let operator = self.rest[..length].to_owned();
        self.advance(length);
        self.repetition(&operator)
    }

    fn group(&mut self) -> Result<(), String> {
        self.advance(1);
        let Some(rest) = self.rest.strip_prefix('?') else {
            self.out.push('(');
            self.groups.push(None);
            return Ok(());
        };
        for (name_opener, is_group) in [("P<", true), ("<", true), ("P=", false), ("P>", false)] {
            if let Some(named) = rest.strip_prefix(name_opener) {
                if !is_group || named.starts_with(['=', '!']) {
                    break;
                }
                // The two syntaxes allow different names, so that the pattern goes without.
                let end = named.find('>').ok_or("a group's name has no end")?;
                self.groups.push(Some(named[..end].to_owned()));
                self.rest = &named[end + 1..];
                self.out.push('(');
                return Ok(());
            }
        }
        if rest.starts_with(['=', '!', '<']) {
            return Err("look-around, which RE2 does not have".into());
        }
        let end = rest.find([':', ')']).ok_or("a group's flags have no end")?;
        let flags = &rest[..end];
        if !flags
            .chars()
            .all(|c| matches!(c, 'i' | 'm' | 's' | 'U' | '-'))
        {
            return Err("a group that RE2 does not have (flags are i, m, s, U)".into());
        }
        let _ = write!(self.out, "(?{}", &rest[..=end]);
        self.rest = &rest[end + 1..];
        Ok(())
    }

    fn escape(&mut self) -> Result<(), String> {
        self.advance(1);
        let c = self.rest.chars().next().ok_or("a backslash at the end")?;
        match c {
            'Q' => {
                self.advance(1);
                let (quoted, rest) = match self.rest.find(r"\E") {
                    Some(end) => (&self.rest[..end], &self.rest[end + 2..]),
                    None => (self.rest, ""),
                };
                quoted.chars().for_each(|c| {
                    if c.is_ascii_alphanumeric() || !c.is_ascii() {
                        self.out.push(c);
                    } else {
                        write_code(&mut self.out, c);
                    }
                });
                self.rest = rest;
            }
            // \E without \Q says nothing.
            'E' => self.advance(1),
            'A' => {
                self.advance(1);
                self.out.push_str(r"\A");
            }
            'z' => {
                self.advance(1);
                self.out.push_str(r"\z");
            }
            'b' => {
                self.advance(1);
                self.out.push_str(r"(?-u:\b)");
            }
            'B' => {
                self.advance(1);
                self.out.push_str(r"(?-u:\B)");
            }
            'C' => return Err(r"\C, a single byte, has no translation".into()),
            _ => {
                if let Some(set) = self.set()? {
                    let _ = write!(self.out, "[{set}]");
                } else {
                    let literal = self.escaped_char()?;
                    self.literal(literal);
                }
            }
        }
        Ok(())
    }

    /// After a backslash: a Perl or Unicode class as members of a class.
    fn set(&mut self) -> Result<Option<String>, String> {
        let c = self.rest.chars().next().ok_or("a backslash at the end")?;
        let ascii = match c.to_ascii_lowercase() {
            'd' => DIGIT,
            'w' => WORD,
            's' => SPACE,
            'p' => {
                let name = if let Some(braced) = self.rest[1..].strip_prefix('{') {
                    let end = braced.find('}').ok_or("a Unicode class has no end")?;
                    &self.rest[..end + 3]
                } else {
                    let name = self.rest[1..]
                        .chars()
                        .next()
                        .ok_or("a Unicode class has no name")?;
                    &self.rest[..1 + name.len_utf8()]
                };
                let negated = name.contains('^');
                let bare: String = name.chars().filter(|c| *c != '^').skip(1).collect();
                let letter = if negated == (c == 'p') { 'P' } else { 'p' };
                let set = format!(r"\{letter}{bare}");
                let length = name.len();
                self.advance(length);
                return Ok(Some(set));
            }
            _ => return Ok(None),
        };
        self.advance(1);
        Ok(Some(if c.is_ascii_uppercase() {
            format!("[^{ascii}]")
        } else {
            ascii.to_owned()
        }))
    }

    /// After a backslash: one character.
    fn escaped_char(&mut self) -> Result<char, String> {
        let c = self.rest.chars().next().ok_or("a backslash at the end")?;
        self.advance(c.len_utf8());
        let simple = match c {
            'a' => '\x07',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            'x' => return self.hex(),
            '0'..='7' => return self.octal(c),
            _ if c.is_ascii_punctuation() => c,
            _ => return Err(format!(r"the escape \{c}, which RE2 does not have")),
        };
        Ok(simple)
    }

    fn hex(&mut self) -> Result<char, String> {
        let (digits, length) = if let Some(braced) = self.rest.strip_prefix('{') {
            let end = braced.find('}').ok_or(r"\x{ has no end")?;
            (&braced[..end], end + 2)
        } else {
            (self.rest.get(..2).ok_or(r"\x wants two hex digits")?, 2)
        };
        let digits_only = digits.bytes().all(|b| b.is_ascii_hexdigit());
        let code = u32::from_str_radix(digits, 16)
            .ok()
            .filter(|_| digits_only)
            .and_then(char::from_u32)
            .ok_or(r"\x wants the hex number of a character")?;
        self.advance(length);
        Ok(code)
    }

    fn octal(&mut self, first: char) -> Result<char, String> {
        let more: String = self
            .rest
            .chars()
            .take(2)
            .take_while(|c| c.is_digit(8))
            .collect();
        if first != '0' && more.is_empty() {
            return Err("a back-reference, which RE2 does not have".into());
        }
        self.advance(more.len());
        u32::from_str_radix(&format!("{first}{more}"), 8)
            .ok()
            .and_then(char::from_u32)
            .ok_or_else(|| "an octal escape that is no character".into())
    }

    fn class(&mut self) -> Result<(), String> {
        self.advance(1);
        self.out.push('[');
        if let Some(rest) = self.rest.strip_prefix('^') {
            self.out.push('^');
            self.rest = rest;
        }
        let mut first = true;
        loop {
            if !first && self.rest.starts_with(']') {
                self.advance(1);
                self.out.push(']');
                return Ok(());
            }
            first = false;
            if let Some(named) = self.named_class()? {
                self.out.push_str(&named);
                continue;
            }
            if self.rest.starts_with('\\') {
                let whole = self.rest;
                self.advance(1);
                if let Some(set) = self.set()? {
                    self.out.push_str(&set);
                    continue;
                }
                self.rest = whole;
            }
            let low = self.class_char()?;
            let is_range = self.rest.starts_with('-') && !self.rest.starts_with("-]");
            let high = if is_range && self.rest.len() > 1 {
                self.advance(1);
                self.class_char()?
            } else {
                low
            };
            if high < low {
                return Err("a range in a class runs backwards".into());
            }
            write_code(&mut self.out, low);
            self.out.push('-');
            write_code(&mut self.out, high);
        }
    }

    fn named_class(&mut self) -> Result<Option<String>, String> {
        if !self.rest.starts_with("[:") {
            return Ok(None);
        }
        let Some(end) = self.rest.find(":]") else {
            return Ok(None);
        };
        let named = self.rest[..end + 2].to_owned();
        self.advance(end + 2);
        Ok(Some(named))
    }

    fn class_char(&mut self) -> Result<char, String> {
        let c = self.rest.chars().next().ok_or("a class has no end")?;
        self.advance(c.len_utf8());
        if c == '\\' {
            self.escaped_char()
        } else {
            Ok(c)
        }
    }
}

fn write_code(out: &mut String, c: char) {
    let _ = write!(out, r"\x{{{:x}}}", u32::from(c));
}

/// `{n}`, `{n,}` or `{n,m}` at the start of a text: its length and bounds.
fn counted(text: &str) -> Option<(usize, u32, Option<u32>)> {
    let end = text.find('}')?;
    let inner = &text[1..end];
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse().unwrap_or(u32::MAX))
    };
    let (low, high) = match inner.split_once(',') {
        None => (number(inner)?, None),
        Some((low, "")) => (number(low)?, None),
        Some((low, high)) => (number(low)?, Some(number(high)?)),
    };
    Some((end + 1, low, high))
}

#[cfg(test)]
mod tests {
    use super::{compile, translate};
    use regex_automata::meta::Regex;

    fn matched(pattern: &str, text: &str) -> Vec<String> {
        Regex::new(&translate(pattern).unwrap().pattern)
            .unwrap()
            .find_iter(text)
            .map(|m| text[m.range()].to_owned())
            .collect()
    }

    #[test]
    fn perl_classes_are_ascii() {
        assert_eq!(matched(r"\d+", "12 ٣٤ 5"), ["12", "5"]);
        assert_eq!(matched(r"\w+", "é abc_1 ü"), ["abc_1"]);
        assert_eq!(matched(r"a\sb", "a\u{a0}b a b a\u{b}b"), ["a b"]);
        assert_eq!(matched(r"\bab\b", "éabé"), ["ab"]);
        assert_eq!(matched(r"[^\d\s]+", "1é 2"), ["é"]);
        assert_eq!(matched(r"[\D]+", "1é2"), ["é"]);
        assert_eq!(matched(r"\Bb", "ab b"), ["b"]);
    }

    #[test]
    fn classes_have_no_set_operations() {
        assert_eq!(matched(r"[a[b]+", "a[b c"), ["a[b"]);
        assert_eq!(matched(r"[a&&b]+", "a&b"), ["a&b"]);
        assert_eq!(matched(r"[a~~b]+", "a~b"), ["a~b"]);
        assert_eq!(matched(r"[]a]+", "a]b"), ["a]"]);
        assert_eq!(matched(r"[a-]+", "a-b"), ["a-"]);
        assert_eq!(matched(r"[+--]+", "+,-."), ["+,-"]);
        assert_eq!(matched(r"[[:digit:]x]+", "1x2 y"), ["1x2"]);
        assert_eq!(matched(r"[\x41-\x43\]]+", "ABC]D"), ["ABC]"]);
    }

    #[test]
    fn quotes_octals_and_braces() {
        assert_eq!(matched(r"\Qa.b\E+", "a.bb axb"), ["a.bb"]);
        assert_eq!(matched(r"\Qa+", "a+ aa"), ["a+"]);
        assert_eq!(matched(r"\101", "A"), ["A"]);
        assert_eq!(matched(r"\<b\>", "<b> b"), ["<b>"]);
        assert_eq!(matched(r"a{,2}", "a{,2} aa"), ["a{,2}"]);
        assert_eq!(matched(r"x{1}{", "x{ x"), ["x{"]);
        assert_eq!(matched(r"(?P<n>a)(?<m>b)", "ab"), ["ab"]);
        assert_eq!(matched(r"(?i:A)b", "ab aB"), ["ab"]);
        assert_eq!(matched(r"\p{Greek}+\pL", "αβγ"), ["αβγ"]);
        assert_eq!(matched(r"\p{^Greek}", "αb"), ["b"]);
        assert_eq!(matched(r"a#b c", "a#b c"), ["a#b c"]);
    }

    #[test]
    fn groups_keep_their_names() {
        let (regex, groups) = compile(r"(?P<a>x)(?:y)(z)(?<b>\d)\(").unwrap();
        assert_eq!(groups, [Some("a".to_owned()), None, Some("b".to_owned())]);
        assert!(regex.is_match("xyz1("));
        assert_eq!(regex.captures_len(), 4);
    }

    #[test]
    fn what_re2_does_not_have_is_refused() {
        for pattern in [
            r"(?=a)", r"(?!a)", r"(?<=a)b", r"(?<!a)b", r"(a)\1", r"(?P=n)", r"(?x) a", r"\C",
            r"\u0041", r"a{1001}", r"a**", r"a+*", r"\Z", r"[b-a]", r"[a", r"\", r"(?#c)",
            r"(?>a)",
        ] {
            assert!(translate(pattern).is_err(), "{pattern}");
        }
        assert!(translate(&"a".repeat(super::LONGEST_PATTERN + 1)).is_err());
    }
}
