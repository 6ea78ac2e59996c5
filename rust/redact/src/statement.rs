//! Database statements without their literals and URLs without their query's values.

use crate::mask::STARS;

/// What a statement is made of, as far as redaction cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A string or a number.
    Literal,
    /// A comment, `--` to the line's end.
    Line,
    /// A comment, `/*` to `*/`.
    Block,
    /// A name, a keyword, a parameter.
    Word,
    /// A name in backticks.
    Quoted,
    Other,
}

/// The part of a statement that begins at a byte, and its end.
///
/// Quotes of all three kinds hold literals here (in MySQL `"` does), except backticks; numbers are
/// literals unless they end a name; `$tag$..$tag$` is PostgreSQL's quote. A string before a colon
/// in a JSON statement is a field's name and stays. What has no end is a literal to the end.
pub(crate) fn part(statement: &str, at: usize, is_json: bool) -> (usize, Part) {
    let bytes = statement.as_bytes();
    match bytes[at] {
        b'\'' | b'"' => {
            let (end, _) = quote_end(bytes, at, is_json);
            let names = is_json && statement[end..].trim_ascii_start().starts_with(':');
            (end, if names { Part::Other } else { Part::Literal })
        }
        b'`' => match quote_end(bytes, at, is_json) {
            (end, true) => (end, Part::Quoted),
            (end, false) => (end, Part::Literal),
        },
        b'$' => match dollar_quote_end(statement, at) {
            Some(end) => (end, Part::Literal),
            None => (word_end(bytes, at + 1), Part::Word),
        },
        b'0'..=b'9' => (number_end(bytes, at), Part::Literal),
        b'-' if bytes[at..].starts_with(b"--") => {
            let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
            (end, Part::Line)
        }
        b'/' if bytes[at..].starts_with(b"/*") => {
            let end = statement[at + 2..]
                .find("*/")
                .map_or(bytes.len(), |n| at + n + 4);
            (end, Part::Block)
        }
        byte if is_word(byte) => (word_end(bytes, at), Part::Word),
        _ => (at + 1, Part::Other),
    }
}

/// The statement with each literal as `?` and each comment empty; names, keywords and operators
/// stay.
pub(crate) fn without_literals(statement: &str) -> Option<String> {
    let is_json = statement.trim_ascii_start().starts_with(['{', '[']);
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    let mut changed = false;
    while at < statement.len() {
        let (end, part) = part(statement, at, is_json);
        let replacement = match part {
            Part::Literal => Some("?"),
            Part::Line => Some("--"),
            Part::Block => Some("/**/"),
            Part::Word | Part::Quoted | Part::Other => None,
        };
        if let Some(replacement) = replacement {
            if &statement[at..end] != replacement {
                changed = true;
            }
            out.push_str(&statement[copied..at]);
            out.push_str(replacement);
            copied = end;
        }
        at = end;
    }
    out.push_str(&statement[copied..]);
    changed.then_some(out)
}

/// Letters, `_`, `@`, `#` and everything beyond ASCII: what a name or parameter is made of.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@' | b'#') || byte >= 0x80
}

fn word_end(bytes: &[u8], from: usize) -> usize {
    let length = bytes[from..]
        .iter()
        .take_while(|b| is_word(**b) || **b == b'$')
        .count();
    from + length
}

/// Digits with a fraction and an exponent, or a hexadecimal number.
fn number_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        let in_number = byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || byte >= 0x80;
        let sign = matches!(byte, b'+' | b'-') && matches!(bytes[at - 1], b'e' | b'E');
        if !in_number && !sign {
            break;
        }
        at += 1;
    }
    at
}

/// The end of a quoted string, and whether it is closed there: a doubled quote does not end it. A
/// quote behind a backslash does in one dialect and does not in another, so in SQL all that follows
/// is taken for a literal.
fn quote_end(bytes: &[u8], from: usize, is_json: bool) -> (usize, bool) {
    let quote = bytes[from];
    let mut at = from + 1;
    while at < bytes.len() {
        let next_too = bytes.get(at + 1) == Some(&quote);
        match bytes[at] {
            b'\\' if quote != b'`' => {
                if next_too && !is_json {
                    break;
                }
                at += 2;
            }
            byte if byte != quote => at += 1,
            _ if next_too => at += 2,
            _ => return (at + 1, true),
        }
    }
    (bytes.len(), false)
}

fn dollar_quote_end(statement: &str, from: usize) -> Option<usize> {
    let bytes = statement.as_bytes();
    let tag_end = from
        + 1
        + bytes[from + 1..]
            .iter()
            .take_while(|b| is_word(**b))
            .count();
    let is_tag = bytes.get(tag_end) == Some(&b'$') && !bytes[from + 1].is_ascii_digit();
    if !is_tag {
        return None;
    }
    let tag = &statement[from..=tag_end];
    let body = tag_end + 1;
    Some(
        statement[body..]
            .find(tag)
            .map_or(bytes.len(), |n| body + n + tag.len()),
    )
}

/// The URL with `****` for the values of its query and for its fragment.
pub(crate) fn without_query_values(url: &str) -> Option<String> {
    let (before_fragment, fragment) = match url.split_once('#') {
        Some((before, fragment)) => (before, Some(fragment)),
        None => (url, None),
    };
    let (path, query) = match before_fragment.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (before_fragment, None),
    };
    if query.is_none_or(str::is_empty) && fragment.is_none_or(str::is_empty) {
        return None;
    }
    let mut out = String::with_capacity(url.len());
    out.push_str(path);
    if let Some(query) = query {
        out.push('?');
        for (index, parameter) in query.split('&').enumerate() {
            if index > 0 {
                out.push('&');
            }
            match parameter.split_once('=') {
                Some((name, value)) => {
                    out.push_str(name);
                    out.push('=');
                    out.push_str(if value.is_empty() { "" } else { STARS });
                }
                None if parameter.is_empty() => {}
                None => out.push_str(STARS),
            }
        }
    }
    match fragment {
        Some("") => out.push('#'),
        Some(_) => {
            out.push('#');
            out.push_str(STARS);
        }
        None => {}
    }
    (out != url).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_keep_their_shape() {
        for (statement, shape) in [
            (
                "SELECT * FROM t1 WHERE a = 'x''y' AND b=12.5e-3",
                "SELECT * FROM t1 WHERE a = ? AND b=?",
            ),
            (
                "insert into `t 1` values (-1, 0xFF, \"anna\")",
                "insert into `t 1` values (-?, ?, ?)",
            ),
            ("select $1, @p2, :p3, ?", "select $1, @p2, :p3, ?"),
            ("select $$it's$$, $q$a$q$", "select ?, ?"),
            ("select 1 -- anna\nfrom t", "select ? --\nfrom t"),
            ("select 'it\\'s', 'anna'", "select ?"),
            ("select /* by anna */ 1", "select /**/ ?"),
            ("select 'open", "select ?"),
            ("select `open 'x'", "select ?"),
            ("select `a\\`, 'x'", "select `a\\`, ?"),
            (
                r#"{"find": "users", "n": {"$gt": 5}}"#,
                r#"{"find": ?, "n": {"$gt": ?}}"#,
            ),
            ("naïve = 'ü'", "naïve = ?"),
        ] {
            let found = without_literals(statement);
            assert_eq!(found.as_deref().unwrap_or(statement), shape);
            assert_eq!(without_literals(shape), None, "{shape}");
        }
    }

    #[test]
    fn urls_keep_their_path_and_the_names_of_parameters() {
        for (url, kept) in [
            ("https://h/p?a=1&b=&c", "https://h/p?a=****&b=&****"),
            ("/p?x=y#z", "/p?x=****#****"),
            ("https://h/p", "https://h/p"),
            ("https://h/p?", "https://h/p?"),
        ] {
            let found = without_query_values(url);
            assert_eq!(found.as_deref().unwrap_or(url), kept);
            assert_eq!(without_query_values(kept), None);
        }
    }
}
