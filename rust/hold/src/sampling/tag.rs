//! Conditions on one attribute, of the resources and the spans of a trace.

use otlp::model::{KeyValue, ResourceSpans, Value};
use regex_automata::meta::Regex;

/// What an attribute's value has to be. A value of another type counts as empty, 0 or false, as
/// the collector's accessors have it.
#[derive(Debug)]
pub(super) enum Wanted {
    Texts(Vec<String>),
    Patterns(Vec<Regex>),
    Numbers(i64, i64),
    Bool(bool),
}

#[derive(Debug)]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) wanted: Wanted,
    /// Keep the traces in which nothing matches.
    pub(super) invert: bool,
}

impl Tag {
    pub(super) fn keeps(&self, trace: &[ResourceSpans<'_>]) -> bool {
        let matches = trace.iter().any(|resource| {
            let attributes = resource.resource.as_ref().map(|it| &it.attributes[..]);
            let spans = resource.scopes.iter().flat_map(|scope| &scope.spans);
            self.matches(attributes.unwrap_or_default(), true)
                || spans
                    .into_iter()
                    .any(|span| self.matches(&span.attributes, false))
        });
        matches != self.invert
    }

    /// `empty`: an empty text may match a pattern, as it does on a resource alone.
    fn matches(&self, attributes: &[KeyValue<'_>], empty: bool) -> bool {
        let Some(found) = attributes
            .iter()
            .find(|attribute| attribute.key == self.key)
        else {
            return false;
        };
        let text = match &found.value {
            Some(Value::Text(text)) => text,
            _ => "",
        };
        match &self.wanted {
            Wanted::Texts(texts) => !text.is_empty() && texts.iter().any(|wanted| wanted == text),
            Wanted::Patterns(patterns) => {
                (empty || !text.is_empty()) && patterns.iter().any(|it| it.is_match(text))
            }
            Wanted::Numbers(min, max) => {
                let number = match found.value {
                    Some(Value::Int(number)) => number,
                    _ => 0,
                };
                (*min..=*max).contains(&number)
            }
            Wanted::Bool(wanted) => *wanted == matches!(found.value, Some(Value::Bool(true))),
        }
    }
}
