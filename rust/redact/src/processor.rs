//! One of the team's `redaction` processors: its keys, its values and its mask.

use std::collections::HashSet;

use crate::mask::Mask;
use crate::pattern::{Pattern, Sieve, Sieved};
use crate::rules::{Names, Outcome, Place};
use crate::sanitize::Sanitizer;
use crate::spec::{PolicyError, ProcessorSpec, Summary};

pub(crate) struct Processor {
    pub mask: Mask,
    pub all_types: bool,
    pub summary: Summary,
    pub sanitizer: Option<Sanitizer>,
    allow_all_keys: bool,
    allowed_keys: HashSet<String>,
    removed_rule: usize,
    ignored_keys: HashSet<String>,
    ignored_key_patterns: Vec<Pattern>,
    blocked_key_patterns: Vec<(Pattern, usize)>,
    pub allowed_values: Vec<Pattern>,
    pub blocked_values: Vec<(Pattern, usize)>,
}

/// What one processor does with the attribute of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyAction {
    /// Its values are looked at.
    Look,
    /// It passes untouched, and is counted as ignored.
    Ignore,
    /// It is a summary of what processors did, and none of their business.
    Pass,
    /// It goes; the number is the rule's id.
    Remove(usize),
    /// Its value is masked whole.
    Mask(usize),
}

impl Processor {
    pub fn compile(
        spec: &ProcessorSpec,
        sieve: &mut Sieve,
        names: &mut Names,
    ) -> Result<Self, PolicyError> {
        // The processor's id is always part of it: one rule has one name, whatever other
        // processors and overlays a region has.
        let rule_name = |option: &str| format!("{}.{option}", spec.name);
        let mut patterns = |option: &str, patterns: &[String]| {
            patterns
                .iter()
                .enumerate()
                .map(|(index, pattern)| {
                    let rule = rule_name(&format!("{option}[{index}]"));
                    let compiled = re2::translate(pattern)
                        .and_then(|translated| sieve.compile(&translated.pattern))
                        .map_err(|reason| PolicyError::new(rule.clone(), reason))?;
                    Ok((compiled, rule))
                })
                .collect::<Result<Vec<_>, PolicyError>>()
        };
        let plain = |patterns: Vec<(Pattern, String)>| {
            patterns.into_iter().map(|(pattern, _)| pattern).collect()
        };
        let ignored_key_patterns = plain(patterns(
            "ignored_key_patterns",
            &spec.ignored_key_patterns,
        )?);
        let allowed_values = plain(patterns("allowed_values", &spec.allowed_values)?);
        let blocked_keys = patterns("blocked_key_patterns", &spec.blocked_key_patterns)?;
        let blocked_values = patterns("blocked_values", &spec.blocked_values)?;
        let mut ruled = |patterns: Vec<(Pattern, String)>| {
            patterns
                .into_iter()
                .map(|(pattern, rule)| (pattern, names.add(rule, spec.hash_function.effect())))
                .collect()
        };
        Ok(Processor {
            mask: Mask::new(spec)
                .map_err(|reason| PolicyError::new(rule_name("hash_function"), reason))?,
            all_types: spec.redact_all_types,
            summary: spec.summary,
            allow_all_keys: spec.allow_all_keys,
            allowed_keys: spec.allowed_keys.iter().cloned().collect(),
            ignored_keys: spec.ignored_keys.iter().cloned().collect(),
            ignored_key_patterns,
            blocked_key_patterns: ruled(blocked_keys),
            allowed_values,
            blocked_values: ruled(blocked_values),
            removed_rule: names.add(rule_name("allowed_keys"), "removed"),
            sanitizer: Sanitizer::compile(spec, rule_name, names),
        })
    }

    /// What to do with a key at its place, and whether the team named the key in its options.
    pub fn action(&self, key: &str, sieved: Sieved, place: &Place<'_>) -> (KeyAction, bool) {
        if matches!(place, Place::Attributes) && SUMMARY_KEYS.contains(&key) {
            let allowed = self.allow_all_keys || self.allowed_keys.contains(key);
            return match self.summary == Summary::Silent && !allowed {
                true => (KeyAction::Remove(self.removed_rule), true),
                false => (KeyAction::Pass, true),
            };
        }
        let any = |patterns: &[Pattern]| patterns.iter().any(|p| p.matches(key, sieved));
        if self.ignored_keys.contains(key) || any(&self.ignored_key_patterns) {
            return (KeyAction::Ignore, true);
        }
        let named = self.allowed_keys.contains(key);
        // A map within an attribute was allowed with it.
        let inner = matches!(place, Place::InAttribute(_));
        if !(self.allow_all_keys || named || inner) {
            return (KeyAction::Remove(self.removed_rule), named);
        }
        let blocked = self
            .blocked_key_patterns
            .iter()
            .find(|(pattern, _)| pattern.matches(key, sieved));
        let action = blocked.map_or(KeyAction::Look, |(_, rule)| KeyAction::Mask(*rule));
        (action, named)
    }

    pub fn allows(&self, text: &str, sieved: Sieved) -> bool {
        self.allowed_values.iter().any(|p| p.matches(text, sieved))
    }

    /// The blocked values in their order, each on the last one's output; None if unchanged.
    pub fn block(
        &self,
        text: &str,
        sieved: Sieved,
        sieve: &Sieve,
        outcome: &mut Outcome,
    ) -> Option<String> {
        let mut current: Option<String> = None;
        let mut sieved = sieved;
        for (pattern, rule) in &self.blocked_values {
            if !(pattern.possible(sieved) && pattern.probable(current.as_deref().unwrap_or(text))) {
                continue;
            }
            let before = current.as_deref().unwrap_or(text);
            if let Some(after) = self.mask.replace(before, &pattern.regex)
                && after != before
            {
                outcome.rules.push(*rule);
                sieved = sieve.sift(after.as_bytes());
                current = Some(after);
            }
        }
        current.filter(|out| out != text)
    }

    /// Whether a value that counts as empty may be changed or noted.
    pub fn looks_at_empty(&self) -> bool {
        let empty = |pattern: &Pattern| pattern.matches_empty();
        self.all_types
            || self
                .blocked_values
                .iter()
                .any(|(pattern, _)| empty(pattern))
            || self.allowed_values.iter().any(empty)
    }
}

/// The attributes by which a processor tells what it did.
pub(crate) const SUMMARY_KEYS: [&str; 14] = [
    "redaction.redacted.keys",
    "redaction.redacted.count",
    "redaction.masked.keys",
    "redaction.masked.count",
    "redaction.allowed.keys",
    "redaction.allowed.count",
    "redaction.ignored.count",
    "redaction.body.redacted.keys",
    "redaction.body.redacted.count",
    "redaction.body.masked.keys",
    "redaction.body.masked.count",
    "redaction.body.allowed.keys",
    "redaction.body.allowed.count",
    "redaction.body.ignored.count",
];
