//! Where the records of one pipeline go: all into its class, or some into the class that stays.

use otlp::model::{Request, Signal};
use route::Routing;

use crate::plan::RoutingPlan;

/// A change of what this hash covers changes the fingerprint of every pipeline that has routing.
const REVISION: &str = "mainstem.routing/1";

/// A class of the spool as a pipeline knows it.
pub struct Class {
    pub index: usize,
    /// Its name, where that is not the signal's.
    apart: Option<String>,
}

impl Class {
    pub fn new(index: usize, name: &str, signal: Signal) -> Class {
        Class {
            index,
            apart: (name != signal.name()).then(|| name.to_owned()),
        }
    }

    /// What a request is known by in this class.
    ///
    /// That of the signal's own class is the request's. A class apart has one of its own: what it
    /// holds of a request is neither a repeat of what another class holds, nor are its records the
    /// same ones.
    pub fn digest(&self, request: [u8; 16]) -> [u8; 16] {
        let Some(name) = &self.apart else {
            return request;
        };
        let mut hasher = blake3::Hasher::new();
        hasher.update(&request).update(name.as_bytes());
        let mut digest = [0; 16];
        digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        digest
    }
}

/// A pipeline's classes.
pub struct Ways {
    pub travels: Class,
    pub local: Option<Class>,
    routing: Option<Routing>,
}

/// A request on its ways; `removed` counts regional keys by rule, as `Routing::rules` has them.
pub struct Parted<'a> {
    pub travels: Request<'a>,
    pub local: Option<Request<'a>>,
    pub removed: Vec<u64>,
}

impl Ways {
    pub fn new(travels: Class, local: Option<Class>, routing: Option<Routing>) -> Ways {
        Ways {
            travels,
            local,
            routing,
        }
    }

    pub fn part<'a>(&self, request: Request<'a>) -> Parted<'a> {
        match &self.routing {
            Some(routing) => {
                let split = routing.split(request);
                Parted {
                    travels: split.travels,
                    local: split.local,
                    removed: split.removed,
                }
            }
            None => Parted {
                travels: request,
                local: None,
                removed: Vec::new(),
            },
        }
    }
}

/// The fingerprint of a pipeline's steps and routing together.
pub fn fingerprint(steps: &str, plan: &RoutingPlan, tenant_keys: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(REVISION.as_bytes());
    // Maps of a specification are sorted, so that equal rules have equal texts.
    let texts = [
        serde_json::to_string(&plan.records).unwrap_or_default(),
        serde_json::to_string(tenant_keys).unwrap_or_default(),
    ];
    for part in [steps, &texts[0], &texts[1]] {
        hasher.update(&[0]).update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_apart_knows_a_request_by_a_digest_of_its_own() {
        let own = Class::new(0, "logs", Signal::Logs);
        let local = Class::new(1, "logs-local", Signal::Logs);
        let other = Class::new(2, "logs-other", Signal::Logs);
        let digest = [7; 16];
        assert_eq!(own.digest(digest), digest);
        assert_ne!(local.digest(digest), digest);
        assert_ne!(local.digest(digest), other.digest(digest));
        assert_eq!(local.digest(digest), local.digest(digest));
    }
}
