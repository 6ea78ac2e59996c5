//! A compiled policy: what to do with each key and each text.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use crate::detect::{DETECTORS, Detector};
use crate::key::{RegionKey, hex_prefix};
use crate::keys::{self, Personal};
use crate::pattern::{Gate, Needs, Sieve, Sieved};
use crate::processor::{Action, Processor};
use crate::rules::{Names, Outcome, Place};
use crate::spec::{Coverage, PolicyError, PolicySpec, Summary};

/// A change of what the detectors find or of how masks look changes every policy's fingerprint.
const REVISION: &str = "mainstem.policy/3";
/// The most processors that one policy has: their set is one machine word.
const MOST_PROCESSORS: usize = 32;

/// What a policy did: the values that each rule changed or removed, by rule id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub masked: Vec<u64>,
    /// Records that could not be redacted safely and were removed.
    pub rejected: u64,
}

/// The rules of one region for one signal, ready to be applied.
pub struct Policy {
    pub(crate) full: bool,
    pub(crate) processors: Vec<Processor>,
    detectors: Vec<(Detector, usize)>,
    /// The detectors' gates side by side, since most texts pass none of them.
    gates: Vec<Gate>,
    pub(crate) sieve: Sieve,
    pub(crate) key: RegionKey,
    /// Whether any processor writes summaries, which costs the names of what was changed.
    pub(crate) summarises: bool,
    /// Whether any processor has to do with values that are no text.
    pub(crate) looks_at_empty: bool,
    /// Of every pattern that may change a text.
    needs: Needs,
    vocabulary: HashSet<String>,
    personal_keys: bool,
    first_personal_rule: usize,
    secret_rule: Option<usize>,
    database_rule: Option<usize>,
    names: Names,
    fingerprint: String,
}

/// All that a key decides, found once for each key of a request.
#[derive(Debug)]
pub(crate) struct KeyPlan {
    /// By processor; empty where every one of them looks.
    pub actions: Vec<Action>,
    pub personal: Option<(Personal, usize)>,
    /// The rule by which the value is masked whole: a secret, or a database's name.
    pub whole: Option<usize>,
    /// Whether ambiguous detectors leave the value alone while it looks like an identifier.
    pub spared: bool,
    /// The name in place of one that itself matches, and the rules that it matched.
    pub masked: Option<(String, Vec<usize>)>,
}

impl KeyPlan {
    /// Whether the key decides nothing itself: only the value is looked at.
    #[inline]
    pub fn only_looks(&self) -> bool {
        self.actions.is_empty()
            && self.personal.is_none()
            && self.whole.is_none()
            && self.masked.is_none()
    }
}

impl Policy {
    /// Compiles a specification under a region's key; the error names the first rule that is wrong.
    pub fn compile(spec: &PolicySpec, key: &RegionKey) -> Result<Policy, PolicyError> {
        if spec.processors.len() > MOST_PROCESSORS {
            let reason = format!("more than {MOST_PROCESSORS} redaction processors");
            return Err(PolicyError::new("processors", reason));
        }
        let mut sieve = Sieve::new();
        let mut names = Names::default();
        let processors = spec
            .processors
            .iter()
            .map(|spec| Processor::compile(spec, &mut sieve, &mut names))
            .collect::<Result<Vec<_>, _>>()?;
        let mut detectors = Vec::new();
        for name in &spec.detectors {
            if !DETECTORS.contains(&name.as_str()) {
                let reason = format!("no such detector; there are {}", DETECTORS.join(", "));
                return Err(PolicyError::new(format!("detectors: {name}"), reason));
            }
        }
        for (index, name) in DETECTORS.iter().enumerate() {
            if spec.detectors.iter().any(|wanted| wanted == name) {
                let rule = names.add(*name, "masked");
                let compiled = Detector::compile(index, &mut sieve)
                    .map_err(|reason| PolicyError::new(*name, reason))?;
                detectors.extend(compiled.into_iter().map(|detector| (detector, rule)));
            }
        }
        let first_personal_rule = names.names.len();
        if spec.personal_keys {
            for (name, personal) in keys::personal_rules() {
                names.add(name, personal.effect());
            }
        }
        Ok(Policy {
            full: spec.coverage == Coverage::Full,
            summarises: processors.iter().any(|p| p.summary != Summary::Silent),
            looks_at_empty: processors.iter().any(Processor::looks_at_empty),
            fingerprint: fingerprint(spec, key),
            needs: Needs::of(
                processors
                    .iter()
                    .flat_map(|p| p.blocked_values.iter().map(|(pattern, _)| pattern))
                    .chain(detectors.iter().map(|(detector, _)| &detector.pattern)),
            ),
            processors,
            gates: detectors.iter().map(|(d, _)| d.pattern.gate).collect(),
            detectors,
            sieve,
            key: key.clone(),
            vocabulary: spec.vocabulary.iter().cloned().collect(),
            personal_keys: spec.personal_keys,
            first_personal_rule,
            secret_rule: names.id("secret"),
            database_rule: names.id("database_name"),
            names,
        })
    }

    /// 16 hex digits: equal for equal rules under equal keys, and telling nothing of the keys.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The rules' names; a rule's id is its place.
    pub fn rules(&self) -> &[String] {
        &self.names.names
    }

    /// What each rule makes of a value, for people, by rule id.
    pub fn effects(&self) -> &[&'static str] {
        &self.names.effects
    }

    /// Decides about a key at its place.
    pub(crate) fn plan(&self, key: &str, place: Place<'_>) -> KeyPlan {
        let sieved = self.sieve.sift(key.as_bytes());
        let mut unnamed = 0;
        let mut actions = Vec::with_capacity(self.processors.len());
        for (index, processor) in self.processors.iter().enumerate() {
            let (action, named) = processor.action(key, sieved, &place);
            actions.push(action);
            unnamed |= u32::from(!named) << index;
        }
        if actions.iter().all(|action| *action == Action::Look) {
            actions.clear();
        }
        let personal = if self.personal_keys {
            keys::personal(key).or_else(|| keys::personal(&format!("{}.{key}", place.parent()?)))
        } else {
            None
        };
        KeyPlan {
            actions,
            personal: personal.map(|(kind, index)| (kind, self.first_personal_rule + index)),
            whole: self
                .secret_rule
                .filter(|_| keys::is_secret(key))
                .or_else(|| self.database_rule.filter(|_| keys::is_database_name(key))),
            spared: self.vocabulary.contains(key) || keys::is_version(key),
            masked: if self.full {
                self.masked_name(key, unnamed)
            } else {
                None
            },
        }
    }

    /// The mask of a structural name that matches a rule, and the rules; of the processors those in
    /// the set `active` look at it.
    pub(crate) fn masked_name(&self, name: &str, active: u32) -> Option<(String, Vec<usize>)> {
        let mut outcome = Outcome::default();
        self.redact(name, active, false, &mut outcome)?;
        Some((self.key.structural_mask(name), outcome.rules))
    }

    /// The text after the processors in the set `active` and the detectors; None if unchanged.
    pub(crate) fn redact(
        &self,
        text: &str,
        active: u32,
        spared: bool,
        outcome: &mut Outcome,
    ) -> Option<String> {
        let mut sieved = self.sieve.sift(text.as_bytes());
        if !(self.summarises || self.needs.any(sieved)) {
            return None;
        }
        let mut current: Option<String> = None;
        for index in 0..self.processors.len() {
            if active >> index & 1 == 1 {
                let before = current.as_deref().unwrap_or(text);
                if let Some(after) = self.process(index, before, sieved, outcome) {
                    sieved = self.sieve.sift(after.as_bytes());
                    current = Some(after);
                }
            }
        }
        let before = current.as_deref().unwrap_or(text);
        self.detect(before, sieved, spared, outcome).or(current)
    }

    /// The text after one processor; None if unchanged.
    pub(crate) fn process(
        &self,
        index: usize,
        text: &str,
        sieved: Sieved,
        outcome: &mut Outcome,
    ) -> Option<String> {
        let processor = &self.processors[index];
        if processor.allows(text, sieved) {
            outcome.allowed |= 1 << index;
            return None;
        }
        let after = processor.block(text, sieved, &self.sieve, outcome)?;
        outcome.masked |= 1 << index;
        Some(after)
    }

    /// The text after the detectors; None if unchanged.
    pub(crate) fn detect(
        &self,
        text: &str,
        sieved: Sieved,
        spared: bool,
        outcome: &mut Outcome,
    ) -> Option<String> {
        let identifier = spared && keys::is_identifier(text);
        let mut current: Option<String> = None;
        let mut sieved = sieved;
        for (gate, (detector, rule)) in self.gates.iter().zip(&self.detectors) {
            if !gate.open(sieved) || (identifier && detector.ambiguous) {
                continue;
            }
            let before = current.as_deref().unwrap_or(text);
            if let Some(after) = detector.redact(before) {
                if outcome.rules.last() != Some(rule) {
                    outcome.rules.push(*rule);
                }
                sieved = self.sieve.sift(after.as_bytes());
                current = Some(after);
            }
        }
        current
    }

    /// Whether anything but the processors may change what it looks at.
    pub(crate) fn finds(&self) -> bool {
        self.personal_keys || !self.detectors.is_empty()
    }
}

fn fingerprint(spec: &PolicySpec, key: &RegionKey) -> String {
    let mut shown = spec.clone();
    for processor in &mut shown.processors {
        if !processor.hmac_key.0.is_empty() {
            processor.hmac_key.0 = key.hmac_key_id(&processor.hmac_key.0);
        }
    }
    let text = serde_json::to_string(&shown).unwrap_or_default();
    let mut digest = Sha256::new();
    for part in [REVISION, key.id(), &text] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    hex_prefix(&digest.finalize(), 16)
}
