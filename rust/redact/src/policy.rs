//! A compiled policy: what to do with each key and each text.

use std::collections::HashSet;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::detect::{DETECTORS, Detector};
use crate::key::{RegionKey, hex_prefix};
use crate::keys;
use crate::mask::STARS;
use crate::own::OwnRules;
use crate::pattern::{Gate, Needs, Sieve, Sieved};
use crate::processor::Processor;
use crate::rotation::{Pseudonyms, Rotate};
use crate::rules::{Drops, Look, Names, Outcome};
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
    /// Records that a rule dropped.
    pub dropped: u64,
}

/// The rules of one region for one signal, ready to be applied.
pub struct Policy {
    pub(crate) full: bool,
    pub(crate) processors: Vec<Processor>,
    /// With the rule by which a detector masks what it finds, where it is on.
    detectors: Vec<(Detector, Option<usize>)>,
    pub(crate) own: OwnRules,
    pub(crate) rotate: Rotate,
    rotations: Vec<Rotate>,
    /// The detectors' gates side by side, since most texts pass none of them.
    gates: Vec<Gate>,
    pub(crate) sieve: Sieve,
    pub(crate) key: RegionKey,
    /// Whether any processor writes summaries, which costs the names of what was changed.
    pub(crate) summarises: bool,
    /// Whether any processor has to do with values that are no text.
    pub(crate) looks_at_empty: bool,
    /// Whether detectors look at numbers, since a processor redacts all types.
    pub(crate) detects_numbers: bool,
    /// Of every pattern that may change a text.
    needs: Needs,
    pub(crate) vocabulary: HashSet<String>,
    pub(crate) personal_keys: bool,
    pub(crate) first_personal_rule: usize,
    pub(crate) secret_rule: Option<usize>,
    pub(crate) database_rule: Option<usize>,
    names: Names,
    fingerprint: String,
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
        let own = OwnRules::compile(&spec.rules, spec.rotate, &mut sieve, &mut names)?;
        for (index, name) in DETECTORS.iter().enumerate() {
            let is_on = spec.detectors.iter().any(|wanted| wanted == name);
            if is_on || own.by_detector[index] != 0 {
                let rule = is_on.then(|| names.add(*name, "masked"));
                let compiled = Detector::compile(index, &mut sieve)
                    .map_err(|reason| PolicyError::new(*name, reason))?;
                detectors.extend(compiled.into_iter().map(|detector| (detector, rule)));
            }
        }
        let first_personal_rule = names.names.len();
        if spec.personal_keys {
            for (name, personal) in keys::personal_rules() {
                names.add(name, personal.effect(spec.rotate));
            }
        }
        Ok(Policy {
            full: spec.coverage == Coverage::Full,
            summarises: processors.iter().any(|p| p.summary != Summary::Silent),
            looks_at_empty: processors.iter().any(Processor::looks_at_empty),
            detects_numbers: spec.coverage == Coverage::Full
                && processors.iter().any(|p| p.all_types),
            rotate: spec.rotate,
            rotations: own.rotations.iter().copied().chain([spec.rotate]).collect(),
            fingerprint: fingerprint(spec, key),
            needs: Needs::of(
                processors
                    .iter()
                    .flat_map(|p| p.blocked_values.iter().map(|(pattern, _)| pattern))
                    .chain(own.looks())
                    .chain(detectors.iter().map(|(detector, _)| &detector.pattern)),
            ),
            processors,
            gates: detectors.iter().map(|(d, _)| d.pattern.gate).collect(),
            detectors,
            own,
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

    /// The text after all that looks at it; None if unchanged.
    #[inline]
    pub(crate) fn redact(
        &self,
        text: &str,
        look: Look,
        keys: &Pseudonyms<'_>,
        outcome: &mut Outcome,
    ) -> Option<String> {
        let sieved = self.sieve.sift(text.as_bytes());
        if self.may_change(sieved, look) {
            self.redact_sieved(text, sieved, look, keys, outcome)
        } else {
            None
        }
    }

    /// Whether a text of which the sieve saw this much may change: most may not.
    #[inline]
    pub(crate) fn may_change(&self, sieved: Sieved, look: Look) -> bool {
        self.needs.any(sieved) || self.summarises || look.rules & self.own.decoding != 0
    }

    pub(crate) fn redact_sieved(
        &self,
        text: &str,
        sieved: Sieved,
        look: Look,
        keys: &Pseudonyms<'_>,
        outcome: &mut Outcome,
    ) -> Option<String> {
        let mut sieved = sieved;
        let mut current: Option<String> = None;
        for index in 0..self.processors.len() {
            if look.active >> index & 1 == 1 {
                let before = current.as_deref().unwrap_or(text);
                if let Some(after) = self.process(index, before, sieved, outcome) {
                    sieved = self.sieve.sift(after.as_bytes());
                    current = Some(after);
                }
            }
        }
        let before = current.as_deref().unwrap_or(text);
        self.search(before, sieved, look, keys, outcome).or(current)
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

    /// The text after the team's own rules and the detectors; None if unchanged.
    pub(crate) fn search(
        &self,
        text: &str,
        sieved: Sieved,
        look: Look,
        keys: &Pseudonyms<'_>,
        outcome: &mut Outcome,
    ) -> Option<String> {
        if look.rules == 0 {
            return self.detect(text, sieved, look, keys, outcome);
        }
        let mut current: Option<String> = None;
        let mut sieved = sieved;
        for rule in self.own.of(look.rules & self.own.patterns) {
            let before = current.as_deref().unwrap_or(text);
            if rule.finder.possible(before, sieved)
                && let Some(after) = self.by_rule(rule, before, keys, outcome)
            {
                sieved = self.sieve.sift(after.as_bytes());
                current = Some(after);
            }
        }
        let before = current.as_deref().unwrap_or(text);
        let mut current = self.detect(before, sieved, look, keys, outcome).or(current);
        if look.rules & self.own.decoding != 0 {
            let before = current.as_deref().unwrap_or(text);
            current = self
                .by_decoding(before, look.rules, keys, outcome)
                .or(current);
        }
        if outcome.drops != Drops::default() {
            return Some(STARS.to_owned());
        }
        current
    }

    /// The text after the detectors; None if unchanged.
    fn detect(
        &self,
        text: &str,
        sieved: Sieved,
        look: Look,
        keys: &Pseudonyms<'_>,
        outcome: &mut Outcome,
    ) -> Option<String> {
        let identifier = look.spared && keys::is_identifier(text);
        let mut current: Option<String> = None;
        let mut sieved = sieved;
        for (gate, (detector, on)) in self.gates.iter().zip(&self.detectors) {
            if !gate.open(sieved) || (identifier && detector.ambiguous) {
                continue;
            }
            let before = current.as_deref().unwrap_or(text);
            if !detector.probable(before) {
                continue;
            }
            let own = match look.rules {
                0 => None,
                rules => self
                    .own
                    .of(self.own.by_detector[detector.index] & rules)
                    .next(),
            };
            let after = match (own, on) {
                (Some(rule), _) => {
                    let found = detector.found(before);
                    rule.replaced(before, &found, detector.mask(), keys, outcome)
                }
                (None, Some(rule)) => {
                    let after = detector.redact(before);
                    if after.is_some() {
                        outcome.count(*rule);
                    }
                    after
                }
                (None, None) => None,
            };
            if let Some(after) = after {
                sieved = self.sieve.sift(after.as_bytes());
                current = Some(after);
            }
        }
        current
    }

    /// Whether anything but the processors may change what it looks at.
    pub(crate) fn finds(&self) -> bool {
        self.personal_keys || !self.detectors.is_empty() || !self.own.rules.is_empty()
    }

    /// The keys of the pseudonyms that are made at a time.
    pub(crate) fn pseudonyms(&self, now: SystemTime) -> Pseudonyms<'_> {
        Pseudonyms::at(now, &self.key, &self.rotations)
    }
}

fn fingerprint(spec: &PolicySpec, key: &RegionKey) -> String {
    let mut shown = spec.clone();
    let processors = shown.processors.iter_mut().map(|one| &mut one.hmac_key);
    let rules = shown.rules.iter_mut().map(|one| &mut one.hmac_key);
    for secret in processors.chain(rules) {
        if !secret.0.is_empty() {
            secret.0 = key.hmac_key_id(&secret.0);
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
