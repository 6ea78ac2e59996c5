//! A team's own rules at work: on texts, on numbers, on arrays and on whole values.

use std::borrow::Cow;
use std::ops::Range;

use otlp::model::Value;
use otlp::text_form;

use crate::attributes::Redactor;
use crate::mask::{FREE_GROWTH, MOST_GROWTH, STARS};
use crate::own::{Action, Finder, OwnRule, RuleSet, decode, generalise};
use crate::personal::Personally;
use crate::policy::Policy;
use crate::rotation::Pseudonyms;
use crate::rules::{Look, Outcome};

impl Policy {
    /// The text after one rule; None if unchanged.
    pub(crate) fn by_rule(
        &self,
        rule: &OwnRule,
        text: &str,
        keys: &Pseudonyms<'_>,
        outcome: &mut Outcome,
    ) -> Option<String> {
        let Finder::Detector(_, detectors) = &rule.finder else {
            return rule.replaced(text, &rule.finder.finds(text), STARS, keys, outcome);
        };
        let mut current: Option<String> = None;
        for detector in detectors {
            let before = current.as_deref().unwrap_or(text);
            let found = detector.found(before);
            let after = rule.replaced(before, &found, detector.mask(), keys, outcome);
            current = after.or(current);
        }
        current
    }

    /// The text after each rule of a set, and after what they find hidden in it; None if unchanged.
    pub(crate) fn by_rules(
        &self,
        text: &str,
        rules: RuleSet,
        keys: &Pseudonyms<'_>,
        outcome: &mut Outcome,
    ) -> Option<String> {
        let mut current: Option<String> = None;
        for rule in self.own.of(rules) {
            let before = current.as_deref().unwrap_or(text);
            current = self.by_rule(rule, before, keys, outcome).or(current);
        }
        let before = current.as_deref().unwrap_or(text);
        self.by_decoding(before, rules, keys, outcome).or(current)
    }

    /// What is hidden in a text, under the rules of a set that look there; None if unchanged.
    pub(crate) fn by_decoding(
        &self,
        text: &str,
        rules: RuleSet,
        keys: &Pseudonyms<'_>,
        outcome: &mut Outcome,
    ) -> Option<String> {
        let mut current: Option<String> = None;
        for rule in self.own.of(rules & self.own.decoding) {
            let before = current.as_deref().unwrap_or(text);
            let after = decode::redact(before, &rule.decode, &mut |inner| {
                self.by_rule(rule, inner, keys, outcome)
            });
            current = after.or(current);
        }
        current
    }
}

impl OwnRule {
    /// The text with its finds replaced; None if unchanged. A find that drops more than itself masks
    /// the whole text, in case what holds it cannot go; a text that would grow out of proportion is
    /// masked whole too. `mask` is what the finds' detector masks with.
    pub fn replaced(
        &self,
        text: &str,
        finds: &[Range<usize>],
        mask: &'static str,
        keys: &Pseudonyms<'_>,
        outcome: &mut Outcome,
    ) -> Option<String> {
        let drops = match self.action {
            Action::DropAttribute => Some(&mut outcome.drops.attribute),
            Action::DropRecord => Some(&mut outcome.drops.record),
            _ => None,
        };
        if let Some(drops) = drops {
            if finds.is_empty() {
                return None;
            }
            *drops = true;
            outcome.count(self.id);
            return Some(STARS.to_owned());
        }
        let mut out = String::new();
        let mut copied = 0;
        for found in finds {
            let before = &text[found.clone()];
            let after = self.action.of(before, mask, keys);
            if after != before {
                out.push_str(&text[copied..found.start]);
                out.push_str(&after);
                copied = found.end;
            }
            if out.len() > MOST_GROWTH * text.len() + FREE_GROWTH {
                outcome.count(self.id);
                return Some(STARS.to_owned());
            }
        }
        if copied == 0 {
            return None;
        }
        outcome.count(self.id);
        out.push_str(&text[copied..]);
        Some(out)
    }
}

impl Redactor<'_> {
    /// A number under the rules that look at its type, and under all where a processor redacts all
    /// types; it stays a number where it becomes a coarser one.
    pub fn number(&mut self, value: &mut Value<'_>, look: Look) {
        let policy = self.policy;
        let own = match value {
            Value::Int(_) => policy.own.ints,
            Value::Double(_) => policy.own.doubles,
            _ => return,
        };
        for rule in policy.own.of(look.rules & own) {
            let mut outcome = std::mem::take(&mut self.outcome);
            let text = text_form(value);
            let after = policy.by_rule(rule, &text, &self.pseudonyms, &mut outcome);
            let after = after.filter(|after| *after != text);
            self.settle(outcome, None);
            if let Some(after) = after {
                *value = coarser(value, &rule.action, &after).unwrap_or(Value::Text(after.into()));
            }
        }
        if policy.detects_numbers && matches!(value, Value::Int(_) | Value::Double(_)) {
            let before = text_form(value).into_owned();
            let mut after = Cow::Borrowed(before.as_str());
            self.search(&mut after, look);
            if let Cow::Owned(after) = after {
                *value = Value::Text(after.into());
            }
        }
    }

    /// The strings of an array as one text, one behind the other and with spaces between: each that
    /// holds a part of a find which goes over several is masked whole, under the rules that look into
    /// what is hidden.
    pub fn joined(&mut self, values: &mut [Value<'_>], rules: RuleSet) {
        let policy = self.policy;
        for rule in policy.own.of(rules & policy.own.decoding) {
            let mut hit = vec![false; values.len()];
            for separator in ["", " "] {
                over_several(values, separator, rule, &mut hit);
            }
            let mut outcome = std::mem::take(&mut self.outcome);
            for (value, _) in values.iter_mut().zip(hit).filter(|(_, hit)| *hit) {
                if matches!(value, Value::Text(text) if !text.is_empty()) {
                    *value = Value::Text(Cow::Borrowed(STARS));
                    outcome.count(rule.id);
                    outcome.drops.attribute |= matches!(rule.action, Action::DropAttribute);
                    outcome.drops.record |= matches!(rule.action, Action::DropRecord);
                }
            }
            self.settle(outcome, None);
        }
    }

    /// The whole value of a key that a rule names.
    pub fn whole(&mut self, value: &mut Value<'_>, rule: usize) -> Personally {
        let policy = self.policy;
        let rule = &policy.own.rules[rule];
        match (&rule.action, &mut *value) {
            (_, Value::Empty) => return Personally::Untouched,
            (Action::DropAttribute, _) => {
                self.count(rule.id);
                return Personally::Removed;
            }
            (Action::DropRecord, _) => {
                self.count(rule.id);
                self.drop_record = true;
                return Personally::Removed;
            }
            (Action::Pseudonym(rotate), _) => {
                return match self.pseudonymise(value, *rotate, rule.id) {
                    true => Personally::Done,
                    false => Personally::Removed,
                };
            }
            (Action::Mask, _) | (_, Value::Map(_)) => {
                if *value != Value::Text(Cow::Borrowed(STARS)) {
                    *value = Value::Text(Cow::Borrowed(STARS));
                    self.count(rule.id);
                }
            }
            (_, Value::Array(values)) => {
                values
                    .iter_mut()
                    .for_each(|one| self.whole_scalar(one, rule));
            }
            _ => self.whole_scalar(value, rule),
        }
        Personally::Done
    }

    fn whole_scalar(&mut self, value: &mut Value<'_>, rule: &OwnRule) {
        if matches!(value, Value::Empty) {
            return;
        }
        if matches!(value, Value::Array(_) | Value::Map(_)) {
            *value = Value::Text(Cow::Borrowed(STARS));
            self.count(rule.id);
            return;
        }
        let text = text_form(value).into_owned();
        let after = rule.action.of(&text, STARS, &self.pseudonyms).into_owned();
        if after != text {
            *value = coarser(value, &rule.action, &after).unwrap_or(Value::Text(after.into()));
            self.count(rule.id);
        }
    }
}

/// Marks the strings of an array that hold a part of a find which goes over several.
fn over_several(values: &[Value<'_>], separator: &str, rule: &OwnRule, hit: &mut [bool]) {
    let mut joined = String::new();
    let mut ends = Vec::with_capacity(values.len());
    for value in values {
        if let Value::Text(text) = value {
            joined.push_str(text);
            joined.push_str(separator);
        }
        ends.push(joined.len());
    }
    let place = |at: usize| ends.partition_point(|end| *end <= at);
    for found in rule.finder.finds(&joined) {
        let (first, last) = (place(found.start), place(found.end - 1));
        if first < last {
            hit[first..=last].fill(true);
        }
    }
}

/// A number in place of a number, where an action generalises and the text is all of it.
fn coarser(value: &Value<'_>, action: &Action, text: &str) -> Option<Value<'static>> {
    let Action::Generalise(how) = action else {
        return None;
    };
    match value {
        Value::Int(number) => generalise::int(*number, how)
            .filter(|number| number.to_string() == text)
            .map(Value::Int),
        Value::Double(number) => generalise::double(*number, how)
            .filter(|_| text.parse::<f64>().is_ok())
            .map(Value::Double),
        _ => None,
    }
}
