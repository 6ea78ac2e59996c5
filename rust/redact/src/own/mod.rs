//! A team's own rules: what each finds, where, and what becomes of it.
//!
//! A rule that names a detector says what becomes of that detector's finds, in the detectors' order;
//! one with a pattern works before all detectors; one with keys alone takes the whole value.

mod action;
mod apply;
mod decode;
mod generalise;
pub(crate) mod spec;

pub(crate) use action::Action;

use std::ops::Range;

use crate::detect::{DETECTORS, Detector};
use crate::pattern::{Pattern, Sieve, Sieved};
use crate::rotation::Rotate;
use crate::rules::Names;
use crate::spec::PolicyError;
use spec::{Decoding, NumberType, RuleSpec};

/// The most rules that one policy has: their set is one machine word.
pub(crate) const MOST_RULES: usize = 64;

/// A set of rules by their places.
pub(crate) type RuleSet = u64;

pub(crate) struct OwnRule {
    /// Its id among the policy's rules.
    pub id: usize,
    pub finder: Finder,
    pub action: Action,
    keys: Vec<String>,
    decode: Vec<Decoding>,
}

pub(crate) enum Finder {
    /// All of it: only under the rule's keys.
    Whole,
    Pattern(Box<Pattern>),
    /// By its place in [`DETECTORS`], with its patterns.
    Detector(usize, Vec<Detector>),
}

impl Finder {
    /// Whether it may find anything in a text of which the sieve saw this much.
    pub fn possible(&self, text: &str, sieved: Sieved) -> bool {
        match self {
            Finder::Pattern(pattern) => pattern.possible(sieved) && pattern.probable(text),
            Finder::Whole | Finder::Detector(..) => true,
        }
    }

    /// All finds in a text, in order for each of its patterns.
    pub fn finds(&self, text: &str) -> Vec<Range<usize>> {
        match self {
            Finder::Whole => std::iter::once(0..text.len()).collect(),
            Finder::Pattern(pattern) => {
                let matches = pattern.regex.find_iter(text).map(|found| found.range());
                matches.filter(|found| !found.is_empty()).collect()
            }
            Finder::Detector(_, detectors) => {
                detectors.iter().flat_map(|one| one.found(text)).collect()
            }
        }
    }
}

/// The rules of a policy, and the sets of them that are asked for at every text.
#[derive(Default)]
pub(crate) struct OwnRules {
    pub rules: Vec<OwnRule>,
    /// Those that look everywhere.
    pub everywhere: RuleSet,
    /// Those with a pattern.
    pub patterns: RuleSet,
    /// By detector: those that say what becomes of its finds.
    pub by_detector: [RuleSet; DETECTORS.len()],
    /// Those that look into what is encoded.
    pub decoding: RuleSet,
    /// Those that look at integers, and at doubles.
    pub ints: RuleSet,
    pub doubles: RuleSet,
    /// How long the pseudonyms last that they make.
    pub rotations: Vec<Rotate>,
}

impl OwnRules {
    pub fn compile(
        specs: &[RuleSpec],
        rotate: Rotate,
        sieve: &mut Sieve,
        names: &mut Names,
    ) -> Result<Self, PolicyError> {
        if specs.len() > MOST_RULES {
            let reason = format!("more than {MOST_RULES} rules");
            return Err(PolicyError::new("rules", reason));
        }
        let mut own = OwnRules::default();
        for (index, spec) in specs.iter().enumerate() {
            let wrong = |reason: String| PolicyError::new(spec.name.clone(), reason);
            if names.id(&spec.name).is_some() {
                return Err(wrong("another rule has this name".into()));
            }
            let finder = finder(spec, sieve).map_err(wrong)?;
            let action = Action::new(spec, rotate).map_err(|reason| wrong(reason.into()))?;
            let bit = 1 << index;
            match finder {
                Finder::Whole => {}
                Finder::Pattern(_) => own.patterns |= bit,
                Finder::Detector(detector, _) => own.by_detector[detector] |= bit,
            }
            let whole = matches!(finder, Finder::Whole);
            if whole && !(spec.decode.is_empty() && spec.types.is_empty()) {
                return Err(wrong(
                    "decode and types are for a detector or a pattern".into(),
                ));
            }
            let having = |wanted: bool| if wanted { bit } else { 0 };
            own.everywhere |= having(spec.keys.is_empty());
            own.decoding |= having(!spec.decode.is_empty());
            own.ints |= having(spec.types.contains(&NumberType::Int));
            own.doubles |= having(spec.types.contains(&NumberType::Double));
            if let Action::Pseudonym(rotate) = action {
                own.rotations.push(rotate);
            }
            own.rules.push(OwnRule {
                id: names.add(spec.name.clone(), action.effect()),
                finder,
                action,
                keys: spec.keys.clone(),
                decode: spec.decode.clone(),
            });
        }
        Ok(own)
    }

    /// The rules of a set, in order.
    pub fn of(&self, set: RuleSet) -> impl Iterator<Item = &OwnRule> {
        let mut left = set;
        std::iter::from_fn(move || {
            let index = left.trailing_zeros() as usize;
            left &= left.checked_sub(1)?;
            self.rules.get(index)
        })
    }

    /// Those with keys that look under a key, and the first that takes its whole value.
    pub fn under(&self, key: &str, path: Option<&str>) -> (RuleSet, Option<usize>) {
        let mut set = 0;
        let mut whole = None;
        for (index, rule) in self.rules.iter().enumerate() {
            if !(rule.names(key) || path.is_some_and(|path| rule.names(path))) {
                continue;
            }
            match rule.finder {
                Finder::Whole => whole = whole.or(Some(index)),
                _ => set |= 1 << index,
            }
        }
        (set, whole)
    }

    /// The patterns that must be given a chance to match.
    pub fn looks(&self) -> impl Iterator<Item = &Pattern> {
        self.rules.iter().filter_map(|rule| match &rule.finder {
            Finder::Pattern(pattern) => Some(pattern.as_ref()),
            _ => None,
        })
    }
}

impl OwnRule {
    fn names(&self, key: &str) -> bool {
        self.keys.iter().any(|named| match named.strip_suffix('*') {
            Some(prefix) => key.starts_with(prefix),
            None => named == key,
        })
    }
}

fn finder(spec: &RuleSpec, sieve: &mut Sieve) -> Result<Finder, String> {
    match (&spec.detector, &spec.pattern) {
        (Some(_), Some(_)) => Err("either a detector or a pattern".into()),
        (Some(name), None) => {
            let index = DETECTORS.iter().position(|known| known == name);
            let index = index
                .ok_or_else(|| format!("no such detector; there are {}", DETECTORS.join(", ")))?;
            Ok(Finder::Detector(index, Detector::compile(index, sieve)?))
        }
        (None, Some(pattern)) => {
            let translated = re2::translate(pattern)?;
            Ok(Finder::Pattern(Box::new(
                sieve.compile(&translated.pattern)?,
            )))
        }
        (None, None) if spec.keys.is_empty() => {
            Err("it wants a detector, a pattern or keys".into())
        }
        (None, None) => Ok(Finder::Whole),
    }
}
