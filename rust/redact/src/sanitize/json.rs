//! Queries that are JSON: every value becomes `"?"`, keys stay, spaces go.

use serde::de::IgnoredAny;

/// The query without its values; a text that is no JSON stays as it is.
pub(super) fn without_values(text: &str) -> String {
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    // For each object or array that is open, whether it is an object.
    let mut open: Vec<bool> = Vec::new();
    let mut at_key = false;
    let mut rest = text.trim_start_matches(is_space);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '{' | '[' => {
                open.push(first == '{');
                at_key = first == '{';
                out.push(first);
                1
            }
            '}' | ']' => {
                open.pop();
                out.push(first);
                1
            }
            ',' | ':' => {
                at_key = first == ',' && open.last() == Some(&true);
                out.push(first);
                1
            }
            _ if is_space(first) => {
                if open.is_empty() {
                    out.push(first);
                }
                1
            }
            _ => {
                let literal = literal(rest);
                out.push_str(if at_key { &rest[..literal] } else { r#""?""# });
                literal
            }
        };
        rest = &rest[length..];
    }
    out
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// The length of the string, number or word at the beginning.
fn literal(text: &str) -> usize {
    if !text.starts_with('"') {
        return text
            .find(|c| matches!(c, ',' | '}' | ']' | ':') || is_space(c))
            .unwrap_or(text.len());
    }
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_and_values_go() {
        for (query, without) in [
            (
                r#"{"find": "users", "filter": {"a": [1, {"b\"": null}], "c" : true}}"#,
                r#"{"find":"?","filter":{"a":["?",{"b\"":"?"}],"c":"?"}}"#,
            ),
            ("[[1, 2], 3]", r#"[["?","?"],"?"]"#),
            ("\"x\" ", "\"?\" "),
            ("{}", "{}"),
            ("no json", "no json"),
            ("", ""),
        ] {
            assert_eq!(without_values(query), without, "{query}");
        }
    }
}
