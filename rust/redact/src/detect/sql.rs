//! Statements that stand in any text: where they end, their literals, and the names in them.

use std::ops::Range;

use crate::statement::{Part, part};

/// What a statement looks like from its beginning. Words alone are prose ("select 2 items from the
/// list"), so that a lower-case `select` wants a clause behind its `from`.
pub(super) const STATEMENTS: [&str; 7] = [
    r"\b(?i:select)\b(?:[^;']|'[^']*')*?\b(?i:from)\b(?:[^;']|'[^']*')*?\b(?i:where|join|limit|having|union|offset|(?:order|group)[\s]+by)\b",
    r"\bSELECT[\s](?:[^;']|'[^']*')*?\bFROM[\s]",
    r#"\bSELECT[\s]+(?:[A-Za-z_][A-Za-z0-9_.]*[\s]*\(|['"0-9@])"#,
    r"\b(?i:(?:insert|replace)(?:[\s]+ignore)?[\s]+into|merge[\s]+into)[\s][^;']*?(?:\b(?i:values?|select|set|using)\b|\()",
    r"\b(?i:update)[\s]+[^\s;]+(?:[\s]+(?:(?i:as)[\s]+)?[A-Za-z_][A-Za-z0-9_]*)?[\s]+(?i:set)[\s]+[^\s=;]+[\s]*=",
    r#"\b(?i:delete[\s]+from)[\s]+[A-Za-z0-9_."`\[\]*]+[\s]*(?:;|\z|\b(?i:where|using)\b)"#,
    r"\b(?:CALL|EXEC|EXECUTE)[\s]+[A-Za-z_\[][A-Za-z0-9_.\[\]]*[\s]*['(@0-9]|\b(?i:(?:create|alter)[\s]+(?:user|role|login|table))[\s]",
];

/// Keywords behind which names of tables or databases stand.
const BEFORE_NAMES: [&str; 9] = [
    "from", "join", "into", "update", "table", "database", "schema", "use", "truncate",
];
/// Clauses behind which no further names are listed.
const CLAUSES: [&str; 8] = [
    "where", "order", "group", "having", "limit", "on", "set", "select",
];
/// Words that may stand between such a keyword and a name.
const BETWEEN: [&str; 7] = ["if", "not", "exists", "only", "lateral", "ignore", "table"];

/// A statement that stands in a string begins so soon.
const LONGEST_PREFIX: usize = 256;
/// Lines that are no part of a statement before them, but of a trace.
const TRACES: [&str; 3] = ["at ", "Caused by", "Traceback"];

/// The literals of the statement that begins at `start`, and the text of its comments; gives its
/// end, where to look on.
pub(super) fn literals(text: &str, start: usize, finds: &mut Vec<Range<usize>>) -> usize {
    walk(text, start, |range, part| {
        let found = match part {
            Part::Literal => range,
            Part::Line => range.start + 2..range.end,
            Part::Block => {
                range.start + 2..range.end - if closed(&text[range.clone()]) { 2 } else { 0 }
            }
            Part::Word | Part::Quoted | Part::Other => return,
        };
        if !found.is_empty() {
            finds.push(found);
        }
    })
}

fn closed(comment: &str) -> bool {
    comment.len() >= 4 && comment.ends_with("*/")
}

/// The names of tables and databases in the statement that begins at `start`; gives its end.
pub(super) fn names(text: &str, start: usize, finds: &mut Vec<Range<usize>>) -> usize {
    let mut expected = false;
    let mut listed = false;
    let mut named: Option<Range<usize>> = None;
    let end = walk(text, start, |range, part| {
        let token = &text[range.clone()];
        let is = |words: &[&str]| words.iter().any(|word| token.eq_ignore_ascii_case(word));
        match part {
            Part::Word if is(&BEFORE_NAMES) => {
                finds.extend(named.take());
                (expected, listed) = (true, token.eq_ignore_ascii_case("from"));
            }
            Part::Word if expected && is(&BETWEEN) => {}
            // Behind a dot the name goes on.
            Part::Word | Part::Quoted | Part::Literal if expected => {
                let quoted = part != Part::Word;
                let name = if quoted && token.len() > 2 {
                    range.start + 1..range.end - 1
                } else {
                    range.clone()
                };
                if part == Part::Literal && !token.starts_with('"') || token.starts_with(['@', '$'])
                {
                    expected = false;
                    return;
                }
                finds.extend(named.replace(name));
                expected = false;
            }
            Part::Other if token == "." && named.is_some() => expected = true,
            Part::Other if token == "," && listed => {
                finds.extend(named.take());
                expected = true;
            }
            Part::Other if matches!(token, "[" | "]") || token.trim_ascii().is_empty() => {}
            Part::Other if token == "(" => {
                finds.extend(named.take());
                (expected, listed) = (false, false);
            }
            _ => {
                finds.extend(named.take());
                expected = false;
                listed &= !is(&CLAUSES);
            }
        }
    });
    finds.extend(named);
    end
}

/// Goes through the parts of the statement that begins at `start`. It ends at a semicolon, where
/// the quote or bracket closes that it stands in, before a stack trace, or with the text.
fn walk(text: &str, start: usize, mut each: impl FnMut(Range<usize>, Part)) -> usize {
    let limit = enclosed_end(text, start);
    let statement = &text[..limit];
    let mut depth = 0i32;
    let mut at = start;
    while at < limit {
        let (end, part) = part(statement, at, false);
        if part == Part::Other {
            match statement.as_bytes()[at] {
                b';' if !is_entity(&statement[..at]) => return end,
                b'\n' if is_trace(&statement[end..]) => return end,
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth == 0 => return end,
                b')' | b']' | b'}' => depth -= 1,
                _ => {}
            }
        }
        each(at..end, part);
        at = end;
    }
    limit
}

/// Whether a semicolon behind this text ends an entity of XML, `&gt;`.
fn is_entity(before: &str) -> bool {
    let name = before
        .bytes()
        .rev()
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'#');
    let name = name.take(6).count();
    (2..6).contains(&name) && before[..before.len() - name].ends_with('&')
}

fn is_trace(line: &str) -> bool {
    let line = line.trim_ascii_start();
    let in_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'$');
    let name = line.bytes().take_while(in_name).count();
    let thrown = line[..name].ends_with("Exception") || line[..name].ends_with("Error");
    thrown || TRACES.iter().any(|begins| line.starts_with(begins))
}

/// Where the string ends that a statement stands in, if the next double quote before it opens one:
/// it follows on a colon, an equals sign or the like, or the statement on it.
fn enclosed_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let from = start.saturating_sub(LONGEST_PREFIX);
    let Some(quote) = memchr::memrchr(b'"', &bytes[from..start]).map(|at| from + at) else {
        return text.len();
    };
    let escaped = quote > 0 && bytes[quote - 1] == b'\\';
    let before = bytes[..quote - usize::from(escaped)]
        .iter()
        .rfind(|b| !b.is_ascii_whitespace());
    let opens = before.is_none_or(|b| matches!(b, b':' | b'=' | b'(' | b'[' | b'{' | b','));
    if !opens && !bytes[quote + 1..start].is_empty() {
        return text.len();
    }
    let mut at = start;
    while let Some(quote) = memchr::memchr(b'"', &bytes[at..]) {
        let quote = at + quote;
        let behind_slash = quote > start && bytes[quote - 1] == b'\\';
        if behind_slash == escaped {
            return if escaped { quote - 1 } else { quote };
        }
        at = quote + 1;
    }
    text.len()
}
