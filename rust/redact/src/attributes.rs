//! Attribute maps and log bodies under a policy, in the order of contrib's redaction processor.
//!
//! For each attribute: a processor may remove it or mask it whole by its key; else a personal or
//! secret key decides; else the processors' values apply in order, and then the detectors. Where
//! coverage is full, what is within maps, arrays and bytes is looked at too, and the key itself.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::SystemTime;

use otlp::model::{KeyValue, Text, Value};

use crate::personal::Personally;
use crate::plan::KeyPlan;
use crate::policy::{Policy, Tally};
use crate::processor::KeyAction;
use crate::rotation::Pseudonyms;
use crate::rules::{Drops, Look, Outcome, Place};
use crate::summary::Touched;
use otlp::text_form;

/// Deeper values are not followed: their record is rejected. The decoders stop before this.
pub(crate) const DEEPEST: u32 = 64;
/// The plans of so many keys are kept during one request.
const MOST_PLANS: usize = 4096;

/// The state of applying a policy to one request.
pub(crate) struct Redactor<'p> {
    pub policy: &'p Policy,
    pub tally: &'p mut Tally,
    /// Whether something in the current record could not be redacted safely.
    pub unsafe_record: bool,
    /// Whether a rule drops the current record, and the attribute or entry that is looked at.
    pub drop_record: bool,
    pub drop_entry: bool,
    pub pseudonyms: Pseudonyms<'p>,
    /// Whether statements are sanitized under no matter which database.
    pub any_system: bool,
    /// The processors that go through everything at once; none with contrib's coverage.
    all: u32,
    plans: HashMap<Box<str>, Rc<KeyPlan>, foldhash::fast::RandomState>,
    pub outcome: Outcome,
    /// By processor; unused where no processor summarises.
    pub touched: Vec<Touched>,
}

impl<'p> Redactor<'p> {
    pub fn new(policy: &'p Policy, tally: &'p mut Tally, now: SystemTime) -> Self {
        tally
            .masked
            .resize(policy.rules().len().max(tally.masked.len()), 0);
        let count = policy.processors.len();
        Redactor {
            policy,
            tally,
            unsafe_record: false,
            drop_record: false,
            drop_entry: false,
            pseudonyms: policy.pseudonyms(now),
            any_system: false,
            all: match policy.full {
                true => u32::MAX.checked_shr(32 - count as u32).unwrap_or(0),
                false => 0,
            },
            plans: HashMap::default(),
            outcome: Outcome::default(),
            touched: vec![Touched::default(); if policy.summarises { count } else { 0 }],
        }
    }

    /// A text that is nobody's attribute: a span's name, a status message. Only with full coverage.
    pub fn text(&mut self, text: &mut Text<'_>) {
        self.redact(text, self.everywhere(), None);
        self.drop_entry = false;
    }

    /// A text that is a version, such as a scope's.
    pub fn version(&mut self, text: &mut Text<'_>) {
        let look = Look {
            spared: true,
            ..self.everywhere()
        };
        self.redact(text, look, None);
        self.drop_entry = false;
    }

    /// All processors, and the rules that look everywhere.
    pub fn everywhere(&self) -> Look {
        Look {
            active: self.all,
            rules: self.policy.own.everywhere,
            spared: false,
        }
    }

    /// A name by which things are told apart: it is masked so that they stay apart.
    pub fn name(&mut self, name: &mut Text<'_>) {
        let masked = self.policy.masked_name(name, self.all, &self.pseudonyms);
        if let Some(masked) = masked {
            masked.rules.iter().for_each(|rule| self.count(*rule));
            self.drop_record |= masked.drops.record;
            *name = Cow::Owned(masked.name);
        }
    }

    /// The name of an attribute where it stands alone; it is masked as it is in the attributes.
    pub fn key(&mut self, key: &mut Text<'_>) {
        let plan = self.plan(key);
        self.mask_key(key, &plan);
        self.drop_entry = false;
    }

    pub fn attributes(&mut self, attributes: &mut Vec<KeyValue<'_>>) {
        if !self.policy.full {
            self.contrib_attributes(attributes);
        }
        self.found(attributes);
        if self.policy.full {
            self.sanitize_attributes(attributes);
            self.summarise(attributes, "redaction");
        }
    }

    /// What detectors and personal keys change, and with full coverage the processors.
    pub fn found(&mut self, attributes: &mut Vec<KeyValue<'_>>) {
        if self.policy.full || self.policy.finds() {
            attributes.retain_mut(|attribute| self.attribute(attribute));
        }
    }

    /// A log record's body, whose summary stands in the record's attributes.
    pub fn body(&mut self, body: &mut Value<'_>, attributes: &mut Vec<KeyValue<'_>>) {
        let mut path = String::new();
        let look = self.everywhere();
        self.inner(body, look, Place::InBody(None), &mut path, 0);
        self.drop_entry = false;
        if self.policy.full {
            self.sanitize_body(body);
            self.summarise(attributes, "redaction.body");
        }
    }

    pub fn plan(&mut self, key: &str) -> Rc<KeyPlan> {
        if let Some(plan) = self.plans.get(key) {
            return Rc::clone(plan);
        }
        let plan = Rc::new(self.policy.plan(key, Place::Attributes, &self.pseudonyms));
        if self.plans.len() < MOST_PLANS {
            self.plans.insert(key.into(), Rc::clone(&plan));
        }
        plan
    }

    /// Redacts one attribute; false where it goes.
    fn attribute(&mut self, attribute: &mut KeyValue<'_>) -> bool {
        let plan = self.plan(&attribute.key);
        if plan.only_looks() {
            // Nearly all keys: they decide nothing, and stay.
            if let Some(value) = &mut attribute.value {
                self.value(value, plan.look(self.all), &attribute.key);
                return !std::mem::take(&mut self.drop_entry);
            }
        }
        let key = attribute.key.clone();
        let kept = self.entry(
            attribute,
            &plan,
            self.all,
            &key,
            |redactor, value, active| {
                redactor.value(value, plan.look(active), &key);
            },
        );
        self.mask_key(&mut attribute.key, &plan);
        kept && !std::mem::take(&mut self.drop_entry)
    }

    /// An attribute or a map's entry: by its key as far as that decides, else by `look`. `path` is
    /// its name in summaries. False where it goes.
    pub fn entry(
        &mut self,
        entry: &mut KeyValue<'_>,
        plan: &KeyPlan,
        active: u32,
        path: &str,
        look: impl FnOnce(&mut Self, &mut Value<'_>, u32),
    ) -> bool {
        let mut active = active;
        for (index, action) in plan.actions.iter().enumerate() {
            match action {
                _ if active >> index & 1 == 0 => {}
                KeyAction::Remove(rule) => {
                    self.count(*rule);
                    self.touch(index, |touched| &mut touched.redacted, path);
                    return false;
                }
                KeyAction::Ignore => {
                    active &= !(1 << index);
                    self.touch(index, |touched| &mut touched.ignored, path);
                }
                KeyAction::Pass => active &= !(1 << index),
                KeyAction::Mask(_) | KeyAction::Look => {}
            }
        }
        let present = entry.value.is_some();
        let mut value = entry.value.take().unwrap_or_default();
        let kept = if self.mask_by_key(&mut value, plan, active, path) {
            true
        } else {
            match self.by_name(&mut value, plan) {
                Personally::Removed => false,
                Personally::Done => true,
                Personally::Untouched => {
                    look(self, &mut value, active);
                    true
                }
            }
        };
        if present || value != Value::Empty {
            entry.value = Some(value);
        }
        kept
    }

    /// What a key's name says: a rule that names it comes first, and what such a rule found is the
    /// team's; else it may be personal or a secret.
    fn by_name(&mut self, value: &mut Value<'_>, plan: &KeyPlan) -> Personally {
        if let Some(rule) = plan.own {
            return self.whole(value, rule);
        }
        let reserved = plan.personal.is_some() || plan.whole.is_some();
        if reserved
            && plan.named != 0
            && let Value::Text(text) = value
        {
            let mut outcome = std::mem::take(&mut self.outcome);
            let rules = plan.named;
            let after = self
                .policy
                .by_rules(text, rules, &self.pseudonyms, &mut outcome);
            self.settle(outcome, None);
            if let Some(after) = after {
                *text = Cow::Owned(after);
                return Personally::Untouched;
            }
        }
        self.personal(value, plan)
    }

    /// Masks a value whole where the team blocks its key and no allowed value spares it. A key that
    /// the team blocks is theirs: personal and secret keys have no say then.
    fn mask_by_key(
        &mut self,
        value: &mut Value<'_>,
        plan: &KeyPlan,
        active: u32,
        path: &str,
    ) -> bool {
        let mut blocked = false;
        for (index, action) in plan.actions.iter().enumerate() {
            let KeyAction::Mask(rule) = action else {
                continue;
            };
            if active >> index & 1 == 0 {
                continue;
            }
            let processor = &self.policy.processors[index];
            let text = match &*value {
                Value::Text(text) => Cow::Borrowed(text.as_ref()),
                _ if processor.all_types => text_form(value),
                _ => Cow::Borrowed(""),
            };
            let sieved = self.policy.sieve.sift(text.as_bytes());
            if processor.allows(&text, sieved) {
                self.touch(index, |touched| &mut touched.allowed, path);
                continue;
            }
            let masked = processor.mask.of(&text).into_owned();
            *value = Value::Text(Cow::Owned(masked));
            blocked = true;
            self.count(*rule);
            self.touch(index, |touched| &mut touched.masked, path);
        }
        blocked
    }

    /// A text under all that looks at it; `path` is its name in summaries.
    pub fn redact(&mut self, text: &mut Text<'_>, look: Look, path: Option<&str>) {
        let policy = self.policy;
        let sieved = policy.sieve.sift(text.as_bytes());
        if !policy.may_change(sieved, look) {
            return;
        }
        let mut outcome = std::mem::take(&mut self.outcome);
        let keys = &self.pseudonyms;
        if let Some(after) = policy.redact_sieved(text, sieved, look, keys, &mut outcome) {
            *text = Cow::Owned(after);
        } else if !policy.summarises {
            self.outcome = outcome;
            return;
        }
        self.settle(outcome, path);
    }

    pub fn mask_key(&mut self, key: &mut Text<'_>, plan: &KeyPlan) {
        if let Some(masked) = &plan.masked {
            masked.rules.iter().for_each(|rule| self.count(*rule));
            self.drop_record |= masked.drops.record;
            self.drop_entry |= masked.drops.attribute;
            *key = Cow::Owned(masked.name.clone());
        }
    }

    pub fn count(&mut self, rule: usize) {
        self.tally.masked[rule] += 1;
    }

    /// Counts what came of one value and keeps the emptied outcome for the next.
    pub fn settle(&mut self, mut outcome: Outcome, path: Option<&str>) {
        let drops = std::mem::take(&mut outcome.drops);
        if drops != Drops::default() {
            self.drop_entry |= drops.attribute;
            self.drop_record |= drops.record;
        }
        for rule in outcome.rules.drain(..) {
            self.tally.masked[rule] += 1;
        }
        if let Some(path) = path.filter(|_| self.policy.summarises) {
            for index in 0..self.policy.processors.len() {
                if outcome.allowed >> index & 1 == 1 {
                    self.touch(index, |touched| &mut touched.allowed, path);
                }
                if outcome.masked >> index & 1 == 1 {
                    self.touch(index, |touched| &mut touched.masked, path);
                }
            }
        }
        outcome.allowed = 0;
        outcome.masked = 0;
        self.outcome = outcome;
    }
}
