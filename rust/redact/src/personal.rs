//! Values under personal and secret keys: pseudonyms, removals, statements, URLs, masks.

use std::borrow::Cow;

use otlp::model::Value;

use crate::attributes::Redactor;
use crate::key::is_pseudonym;
use crate::keys::Personal;
use crate::mask::STARS;
use crate::plan::KeyPlan;
use crate::rotation::Rotate;
use crate::statement;
use otlp::text_form;

/// What a personal or secret key did to its value.
pub(crate) enum Personally {
    Untouched,
    Done,
    Removed,
}

impl Redactor<'_> {
    pub fn personal(&mut self, value: &mut Value<'_>, plan: &KeyPlan) -> Personally {
        match plan.personal {
            None => {}
            Some((Personal::Removed, rule)) => {
                self.count(rule);
                return Personally::Removed;
            }
            Some((Personal::Pseudonym, rule)) => {
                return match self.pseudonymise(value, self.policy.rotate, rule) {
                    true => Personally::Done,
                    false => Personally::Removed,
                };
            }
            Some((Personal::Statement, rule)) => {
                self.rewrite(value, rule, &statement::without_literals);
            }
            Some((Personal::Url, rule)) => {
                self.rewrite(value, rule, &statement::without_query_values);
            }
        }
        let Some(rule) = plan.whole else {
            return Personally::Untouched;
        };
        match value {
            Value::Empty | Value::Bool(_) => Personally::Untouched,
            Value::Text(text) if text == STARS || text.is_empty() => Personally::Untouched,
            _ => {
                *value = Value::Text(Cow::Borrowed(STARS));
                self.count(rule);
                Personally::Done
            }
        }
    }

    /// Makes a pseudonym of each text, number or bytes; false where a map is in it, which goes.
    pub fn pseudonymise(&mut self, value: &mut Value<'_>, rotate: Rotate, rule: usize) -> bool {
        match value {
            Value::Empty | Value::Bool(_) => true,
            Value::Text(text) if text.is_empty() || is_pseudonym(text) => true,
            Value::Text(_) | Value::Int(_) | Value::Double(_) | Value::Bytes(_) => {
                let pseudonym = self.pseudonyms.pseudonym(rotate, &text_form(value));
                *value = Value::Text(Cow::Owned(pseudonym));
                self.count(rule);
                true
            }
            Value::Array(values) => {
                let all = values.iter_mut().all(|value| match value {
                    Value::Array(_) => false,
                    _ => self.pseudonymise(value, rotate, rule),
                });
                if !all {
                    self.count(rule);
                }
                all
            }
            Value::Map(_) => {
                self.count(rule);
                false
            }
        }
    }

    /// Rewrites a text, or each text of an array.
    fn rewrite(
        &mut self,
        value: &mut Value<'_>,
        rule: usize,
        with: &impl Fn(&str) -> Option<String>,
    ) {
        match value {
            Value::Text(text) => {
                if let Some(rewritten) = with(text) {
                    *text = Cow::Owned(rewritten);
                    self.count(rule);
                }
            }
            Value::Array(values) => {
                for value in values {
                    if let Value::Text(_) = value {
                        self.rewrite(value, rule, with);
                    }
                }
            }
            _ => {}
        }
    }
}
