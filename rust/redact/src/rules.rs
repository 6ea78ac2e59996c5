//! Rules by id: their names, the places that they are asked about, and what they did.

use crate::own::RuleSet;

/// The rules' names and effects, whose places are the rules' ids.
#[derive(Default)]
pub(crate) struct Names {
    pub names: Vec<String>,
    pub effects: Vec<&'static str>,
}

impl Names {
    pub fn add(&mut self, name: impl Into<String>, effect: &'static str) -> usize {
        self.names.push(name.into());
        self.effects.push(effect);
        self.names.len() - 1
    }

    pub fn id(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}

/// Where a key stands.
#[derive(Clone, Copy)]
pub(crate) enum Place<'k> {
    Attributes,
    /// A map within an attribute, under its key.
    InAttribute(&'k str),
    /// A map that is or is within a log body, under its key if it has one.
    InBody(Option<&'k str>),
}

impl<'k> Place<'k> {
    /// The key of the map that holds the key: in `user: {id: ..}` the personal key is `user.id`.
    pub fn parent(&self) -> Option<&'k str> {
        match *self {
            Place::Attributes => None,
            Place::InAttribute(parent) => Some(parent),
            Place::InBody(parent) => parent,
        }
    }
}

/// What goes with a find, beside the find itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Drops {
    /// The attribute or map entry that holds it.
    pub attribute: bool,
    pub record: bool,
}

/// Who looks at a text.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    /// The processors that do, as a set.
    pub active: u32,
    /// The team's own rules that do, as a set.
    pub rules: RuleSet,
    /// Whether ambiguous detectors leave it alone while it looks like an identifier.
    pub spared: bool,
}

/// What came of looking at one value.
#[derive(Default)]
pub(crate) struct Outcome {
    /// The rules that changed it.
    pub rules: Vec<usize>,
    /// The processors that an allowed value kept away, as a set.
    pub allowed: u32,
    /// The processors that changed it, as a set.
    pub masked: u32,
    pub drops: Drops,
}

impl Outcome {
    /// Notes that a rule changed the value; once, however much of it.
    pub fn count(&mut self, rule: usize) {
        if !self.rules.contains(&rule) {
            self.rules.push(rule);
        }
    }
}
