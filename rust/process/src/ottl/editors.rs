//! The functions that change an item.

use std::collections::HashSet;

use otlp::model::{KeyValue, Value};
use regex_automata::meta::Regex;

use super::Refused;
use super::arguments::Arguments;
use super::datum::{Datum, Failed};
use super::expression::{Expression, Names};
use super::item::Item;
use super::path::Path;
use super::syntax::{At, Call};
use crate::map;

/// The editors that are built, for messages.
const NAMES: &str = "set, delete_key, delete_matching_keys, keep_keys, keep_matching_keys, \
                     replace_pattern, replace_all_patterns, truncate_all, limit";

pub(super) enum Editor {
    Set(Path, Expression),
    DeleteKey(Path, String),
    DeleteMatchingKeys(Path, Regex),
    KeepKeys(Path, HashSet<String>),
    KeepMatchingKeys(Path, Regex),
    ReplacePattern(Path, Replacement),
    ReplaceInValues(Path, Replacement),
    ReplaceInKeys(Path, Replacement),
    /// Texts longer than so many bytes are cut.
    TruncateAll(Path, usize),
    /// Of more entries than so many, those with these keys stay, and then the first ones.
    Limit(Path, usize, Vec<String>),
}

impl Editor {
    pub fn compile(call: &At<Call>, names: Names) -> Result<Editor, Refused> {
        let mut given = Arguments::new(&call.part, call.column, names);
        let editor = match call.part.function.as_str() {
            "set" => Editor::Set(given.target()?, given.value()?),
            "delete_key" => Editor::DeleteKey(given.map()?, given.text()?),
            "delete_matching_keys" => Editor::DeleteMatchingKeys(given.map()?, given.pattern()?.0),
            "keep_keys" => Editor::KeepKeys(given.map()?, given.texts()?.into_iter().collect()),
            "keep_matching_keys" => Editor::KeepMatchingKeys(given.map()?, given.pattern()?.0),
            "replace_pattern" => {
                Editor::ReplacePattern(given.target()?, Replacement::compile(&mut given)?)
            }
            "replace_all_patterns" => {
                let target = given.map()?;
                let column = given.column();
                match given.text()?.as_str() {
                    "value" => Editor::ReplaceInValues(target, Replacement::compile(&mut given)?),
                    "key" => Editor::ReplaceInKeys(target, Replacement::compile(&mut given)?),
                    _ => return Err(Refused::new(column, "must be \"key\" or \"value\"")),
                }
            }
            "truncate_all" => Editor::TruncateAll(given.map()?, given.count()?),
            "limit" => {
                let (target, column) = (given.map()?, given.column());
                let (limit, keys) = (given.count()?, given.texts()?);
                if limit < keys.len() {
                    return Err(Refused::new(
                        column,
                        "is less than the keys that are to stay",
                    ));
                }
                Editor::Limit(target, limit, keys)
            }
            _ => {
                let reason = format!("is no editor known here; there are {NAMES}");
                return Err(Refused::new(call.column, &reason));
            }
        };
        given.end()?;
        Ok(editor)
    }

    pub fn run(&self, item: &mut Item<'_, '_>) -> Result<(), Failed> {
        match self {
            Editor::Set(target, value) => {
                let datum = value.give(item)?.into_owned();
                item.write(target, datum)?;
            }
            Editor::DeleteKey(target, key) => {
                item.map_mut(target)?.retain(|entry| entry.key != *key);
            }
            Editor::DeleteMatchingKeys(target, pattern) => {
                item.map_mut(target)?
                    .retain(|entry| !pattern.is_match(entry.key.as_ref()));
            }
            Editor::KeepKeys(target, keys) => {
                item.map_mut(target)?
                    .retain(|entry| keys.contains(entry.key.as_ref()));
            }
            Editor::KeepMatchingKeys(target, pattern) => {
                item.map_mut(target)?
                    .retain(|entry| pattern.is_match(entry.key.as_ref()));
            }
            Editor::ReplacePattern(target, replacement) => {
                let replaced = match item.read(target)? {
                    Datum::Text(text) => replacement.apply(&text),
                    _ => None,
                };
                if let Some(text) = replaced {
                    item.write(target, Datum::Text(text.into()))?;
                }
            }
            Editor::ReplaceInValues(target, replacement) => {
                for entry in item.map_mut(target)? {
                    if let Some(Value::Text(text)) = &mut entry.value
                        && let Some(replaced) = replacement.apply(text)
                    {
                        *text = replaced.into();
                    }
                }
            }
            Editor::ReplaceInKeys(target, replacement) => {
                let map = item.map_mut(target)?;
                let mut renamed: Vec<KeyValue<'_>> = Vec::with_capacity(map.len());
                for entry in map.drain(..) {
                    let key = replacement.apply(&entry.key);
                    let key = key.unwrap_or_else(|| entry.key.into_owned());
                    // Two keys that become one leave the later value.
                    map::put(&mut renamed, &key, entry.value.unwrap_or_default());
                }
                *map = renamed;
            }
            Editor::TruncateAll(target, limit) => {
                for entry in item.map_mut(target)? {
                    if let Some(Value::Text(text)) = &mut entry.value
                        && text.len() > *limit
                    {
                        *text = text[..text.floor_char_boundary(*limit)].to_owned().into();
                    }
                }
            }
            Editor::Limit(target, limit, keys) => {
                let map = item.map_mut(target)?;
                if map.len() > *limit {
                    let stays = |entry: &KeyValue<'_>| keys.iter().any(|key| entry.key == *key);
                    let mut kept = keys
                        .iter()
                        .filter(|key| map::get(map, key).is_some())
                        .count();
                    map.retain(|entry| {
                        let is_free = !stays(entry);
                        let keep = !is_free || kept < *limit;
                        kept += usize::from(is_free && keep);
                        keep
                    });
                }
            }
        }
        Ok(())
    }
}

/// A pattern and what its matches become, with Go's `$1`, `${name}` and `$$`.
pub(super) struct Replacement {
    pattern: Regex,
    parts: Vec<Part>,
}

enum Part {
    Text(String),
    Group(usize),
}

impl Replacement {
    fn compile(given: &mut Arguments<'_>) -> Result<Replacement, Refused> {
        let (pattern, groups) = given.pattern()?;
        let template = given.text()?;
        Ok(Replacement {
            pattern,
            parts: parts(&template, &groups),
        })
    }

    /// `None`: nothing matches.
    fn apply(&self, text: &str) -> Option<String> {
        let mut out: Option<String> = None;
        let mut end = 0;
        for captures in self.pattern.captures_iter(text) {
            let Some(whole) = captures.get_match() else {
                continue;
            };
            let out = out.get_or_insert_with(|| String::with_capacity(text.len()));
            out.push_str(&text[end..whole.start()]);
            for part in &self.parts {
                out.push_str(match part {
                    Part::Text(text) => text,
                    Part::Group(group) => captures
                        .get_group(*group)
                        .map_or("", |span| &text[span.range()]),
                });
            }
            end = whole.end();
        }
        let mut out = out?;
        out.push_str(&text[end..]);
        Some(out)
    }
}

/// A template's parts; a group that the pattern has not is left out.
fn parts(template: &str, groups: &[Option<String>]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(dollar) = rest.find('$') {
        parts.push(Part::Text(rest[..dollar].to_owned()));
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            parts.push(Part::Text("$".to_owned()));
            rest = after;
            continue;
        }
        let braced = rest.strip_prefix('{');
        let name_from = braced.unwrap_or(rest);
        let length = name_from
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(name_from.len());
        let (name, after) = name_from.split_at(length);
        let after = match braced {
            Some(_) => after.strip_prefix('}'),
            None => Some(after),
        };
        let Some(after) = after.filter(|_| !name.is_empty()) else {
            parts.push(Part::Text("$".to_owned()));
            continue;
        };
        rest = after;
        let group = match name.parse() {
            Ok(number) => Some(number),
            Err(_) => {
                let named = groups
                    .iter()
                    .position(|group| group.as_deref() == Some(name));
                named.map(|index| index + 1)
            }
        };
        parts.extend(
            group
                .filter(|group| *group <= groups.len())
                .map(Part::Group),
        );
    }
    parts.push(Part::Text(rest.to_owned()));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(pattern: &str, template: &str, text: &str) -> Option<String> {
        let (pattern, groups) = re2::compile(pattern).unwrap();
        let parts = parts(template, &groups);
        Replacement { pattern, parts }.apply(text)
    }

    /// As Go's `regexp.ReplaceAllString` documents and does it.
    #[test]
    fn templates_are_expanded_as_go_does() {
        for (pattern, template, text, expected) in [
            ("a(x*)b", "T", "-ab-axxb-", "-T-T-"),
            ("a(x*)b", "$1", "-ab-axxb-", "--xx-"),
            ("a(x*)b", "$1W", "-ab-axxb-", "---"),
            ("a(x*)b", "${1}W", "-ab-axxb-", "-W-xxW-"),
            ("a(?P<n>x*)b", "$n.", "-ab-axxb-", "-.-xx.-"),
            ("a", "$$1 ${ $", "xa", "x$1 ${ $"),
            ("", "-", "abc", "-a-b-c-"),
            ("x*", "-", "axb", "-a-b-"),
            ("é", "$0$0", "né", "néé"),
        ] {
            assert_eq!(
                replaced(pattern, template, text).as_deref(),
                Some(expected),
                "{pattern} {template}"
            );
        }
        assert_eq!(replaced("z", "y", "abc"), None);
    }
}
