//! A statement's text as tokens.

use super::Refused;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `[a-z][a-z0-9_]*` with capitals inside, or `[A-Z]...`: a path's part, a function, an enum.
    Name(String),
    Text(String),
    Int(i64),
    Double(f64),
    Bytes(Vec<u8>),
    /// An operator or a bracket.
    Sign(&'static str),
}

/// A token and the column where it begins, in characters from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    pub token: Token,
    pub column: usize,
}

/// The longer ones first.
const SIGNS: [&str; 19] = [
    "==", "!=", ">=", "<=", ">", "<", "+", "-", "*", "/", "(", ")", "[", "]", "{", "}", ",", ".",
    "=",
];

pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Refused> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let column = text[..text.len() - rest.len()].chars().count() + 1;
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        let (token, length) = match first {
            '"' => text_literal(rest, column)?,
            '0'..='9' => number(rest, column)?,
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => number(rest, column)?,
            'a'..='z' | 'A'..='Z' => {
                let part = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
                let length = rest.find(part).unwrap_or(rest.len());
                (Token::Name(rest[..length].to_owned()), length)
            }
            _ => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let sign = sign.ok_or_else(|| Refused::new(column, "is no part of a statement"))?;
                (Token::Sign(sign), sign.len())
            }
        };
        tokens.push(Placed { token, column });
        rest = &rest[length..];
    }
}

fn number(text: &str, column: usize) -> Result<(Token, usize), Refused> {
    if let Some(digits) = text.strip_prefix("0x") {
        let length = digits
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(digits.len());
        let bytes = hex::decode(&digits[..length]);
        let bytes =
            bytes.map_err(|_| Refused::new(column, "bytes want an even number of digits"))?;
        return Ok((Token::Bytes(bytes), length + 2));
    }
    let digits = |text: &str| {
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len())
    };
    let mut length = digits(text);
    let mut is_double = false;
    if text[length..].starts_with('.') {
        is_double = true;
        length += 1 + digits(&text[length + 1..]);
        if let Some(exponent) = text[length..].strip_prefix(['e', 'E']) {
            let unsigned = exponent.trim_start_matches(['+', '-']);
            let count = digits(unsigned);
            if count > 0 && exponent.len() - unsigned.len() <= 1 {
                length += 1 + (exponent.len() - unsigned.len()) + count;
            }
        }
    }
    let written = &text[..length];
    let token = if is_double {
        written.parse().ok().map(Token::Double)
    } else {
        written.parse().ok().map(Token::Int)
    };
    let token = token.ok_or_else(|| Refused::new(column, "is a number that is too large"))?;
    Ok((token, length))
}

/// A text in Go's double quotes, with Go's escapes.
fn text_literal(text: &str, column: usize) -> Result<(Token, usize), Refused> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((Token::Text(out), at + 1)),
            '\\' => {
                let escaped = chars.next().map_or('\0', |(_, c)| c);
                out.push(match escaped {
                    'a' => '\x07',
                    'b' => '\x08',
                    'f' => '\x0c',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'v' => '\x0b',
                    '\\' | '"' => escaped,
                    'x' | 'u' | 'U' => {
                        let count = match escaped {
                            'x' => 2,
                            'u' => 4,
                            _ => 8,
                        };
                        let digits: String = chars.by_ref().take(count).map(|(_, c)| c).collect();
                        let number = u32::from_str_radix(&digits, 16).ok();
                        // \x above 7f is a byte of a text that would not be UTF-8.
                        number
                            .filter(|number| escaped != 'x' || *number < 0x80)
                            .and_then(char::from_u32)
                            .ok_or_else(|| {
                                Refused::new(column, "holds an escape that is no character")
                            })?
                    }
                    _ => {
                        let reason = r"holds an escape that Go does not have; a backslash is \\";
                        return Err(Refused::new(column, reason));
                    }
                });
            }
            _ => out.push(c),
        }
    }
    Err(Refused::new(column, "begins a text that has no end"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_cut_into_its_parts() {
        let found = tokens(r#"set(log.body, "a\"b\\") where 0x0aFF >= 1.5e-1"#).unwrap();
        let columns: Vec<usize> = found.iter().map(|placed| placed.column).collect();
        assert_eq!(columns, [1, 4, 5, 8, 9, 13, 15, 23, 25, 31, 38, 41]);
        assert_eq!(found[6].token, Token::Text(r#"a"b\"#.into()));
        assert_eq!(found[9].token, Token::Bytes(vec![0x0a, 0xff]));
        assert_eq!(found[11].token, Token::Double(0.15));
    }

    #[test]
    fn what_is_no_token_is_refused_with_its_column() {
        for (text, column) in [
            (r#"a == "open"#, 6),
            (r#"  "\d""#, 3),
            (r#""\u12""#, 1),
            ("a ; b", 3),
            ("0x1", 1),
            ("99999999999999999999", 1),
        ] {
            assert_eq!(tokens(text).unwrap_err().column, column, "{text}");
        }
    }
}
