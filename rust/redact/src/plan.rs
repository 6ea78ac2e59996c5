//! What the name of an attribute or of a map's entry decides about it, and what becomes of the name.

use crate::keys::{self, Personal};
use crate::own::RuleSet;
use crate::policy::Policy;
use crate::processor::KeyAction;
use crate::rotation::Pseudonyms;
use crate::rules::{Drops, Look, Outcome, Place};

/// All that a key decides, found once for each key of a request.
#[derive(Debug)]
pub(crate) struct KeyPlan {
    /// By processor; empty where every one of them looks.
    pub actions: Vec<KeyAction>,
    pub personal: Option<(Personal, usize)>,
    /// The rule by which the value is masked whole: a secret, or a database's name.
    pub whole: Option<usize>,
    /// Whether ambiguous detectors leave the value alone while it looks like an identifier.
    pub spared: bool,
    /// The own rules that look at the value, and those of them that the key is named in.
    pub rules: RuleSet,
    pub named: RuleSet,
    /// The own rule that takes the whole value.
    pub own: Option<usize>,
    /// The name in place of one that itself matches.
    pub masked: Option<MaskedName>,
}

/// What became of a name that matches, and by which rules.
#[derive(Debug)]
pub(crate) struct MaskedName {
    pub name: String,
    pub rules: Vec<usize>,
    pub drops: Drops,
}

impl KeyPlan {
    /// Who looks at the value, of the processors those of a set.
    #[inline]
    pub fn look(&self, active: u32) -> Look {
        Look {
            active,
            rules: self.rules,
            spared: self.spared,
        }
    }

    /// Whether the key decides nothing itself: only the value is looked at.
    #[inline]
    pub fn only_looks(&self) -> bool {
        self.actions.is_empty()
            && self.personal.is_none()
            && self.whole.is_none()
            && self.own.is_none()
            && self.masked.is_none()
    }
}

impl Policy {
    /// Decides about a key at its place.
    pub(crate) fn plan(&self, key: &str, place: Place<'_>, keys: &Pseudonyms<'_>) -> KeyPlan {
        let sieved = self.sieve.sift(key.as_bytes());
        let mut unnamed = 0;
        let mut actions = Vec::with_capacity(self.processors.len());
        for (index, processor) in self.processors.iter().enumerate() {
            let (action, named) = processor.action(key, sieved, &place);
            actions.push(action);
            unnamed |= u32::from(!named) << index;
        }
        if actions.iter().all(|action| *action == KeyAction::Look) {
            actions.clear();
        }
        let path = place.parent().map(|parent| format!("{parent}.{key}"));
        let personal = if self.personal_keys {
            keys::personal(key).or_else(|| keys::personal(path.as_deref()?))
        } else {
            None
        };
        let (named, own) = self.own.under(key, path.as_deref());
        KeyPlan {
            actions,
            personal: personal.map(|(kind, index)| (kind, self.first_personal_rule + index)),
            whole: self
                .secret_rule
                .filter(|_| keys::is_secret(key))
                .or_else(|| self.database_rule.filter(|_| keys::is_database_name(key))),
            spared: self.vocabulary.contains(key) || keys::is_version(key),
            rules: self.own.everywhere | named,
            named,
            own,
            masked: if self.full {
                self.masked_name(key, unnamed, keys)
            } else {
                None
            },
        }
    }

    /// The mask of a structural name that matches a rule; of the processors those in the set
    /// `active` look at it. Whatever the rule's action, names stay apart.
    pub(crate) fn masked_name(
        &self,
        name: &str,
        active: u32,
        keys: &Pseudonyms<'_>,
    ) -> Option<MaskedName> {
        let mut outcome = Outcome::default();
        let look = Look {
            active,
            rules: self.own.everywhere,
            spared: false,
        };
        self.redact(name, look, keys, &mut outcome)?;
        Some(MaskedName {
            name: self.key.structural_mask(name),
            rules: outcome.rules,
            drops: outcome.drops,
        })
    }
}
