//! A signal's rules, compiled.

use otlp::model::Request;

use crate::matches::{Matcher, Pattern, Seen};
use crate::regional::Remover;
use crate::spec::{RecordSpec, RoutingSpec};
use crate::split::{Split, divide};

/// Decides for each record of a signal whether it travels.
#[derive(Clone, Debug)]
pub struct Routing {
    local: Vec<Matcher>,
    travels: Vec<Matcher>,
    regional_keys: Vec<Pattern>,
    rules: Vec<String>,
}

impl Routing {
    /// `tenant_keys`: the attributes that name a tenant, the most wanted first.
    #[must_use]
    pub fn new(spec: &RoutingSpec, tenant_keys: &[String]) -> Routing {
        let compiled = |records: &[RecordSpec]| {
            records
                .iter()
                .map(|record| Matcher::new(record, tenant_keys))
                .collect()
        };
        Routing {
            local: compiled(&spec.local),
            travels: compiled(&spec.travels),
            regional_keys: spec
                .regional_keys
                .iter()
                .map(|key| Pattern::new(key))
                .collect(),
            rules: (0..spec.regional_keys.len())
                .map(|index| format!("regional_keys[{index}]"))
                .collect(),
        }
    }

    /// Names of the rules that change what travels, as the ledger knows them; index = rule id.
    #[must_use]
    pub fn rules(&self) -> &[String] {
        &self.rules
    }

    /// Whether any record can stay.
    #[must_use]
    pub fn divides(&self) -> bool {
        !self.local.is_empty() || !self.travels.is_empty()
    }

    /// Sends each record one way. What travels has lost the regional keys.
    #[must_use]
    pub fn split<'a>(&self, request: Request<'a>) -> Split<'a> {
        let (mut travels, local) = if self.divides() {
            divide(request, &|seen| self.stays(seen))
        } else {
            (request, None)
        };
        let mut remover = Remover {
            keys: &self.regional_keys,
            removed: vec![0; self.regional_keys.len()],
        };
        if !self.regional_keys.is_empty() {
            remover.request(&mut travels);
        }
        Split {
            travels,
            local,
            removed: remover.removed,
        }
    }

    fn stays(&self, seen: &Seen<'_>) -> bool {
        self.local.iter().any(|rule| rule.fits(seen))
            || !(self.travels.is_empty() || self.travels.iter().any(|rule| rule.fits(seen)))
    }
}
