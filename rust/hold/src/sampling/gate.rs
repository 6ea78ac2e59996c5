//! Where a request's spans part: those of decided traces follow the decision, the others wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use otlp::model::{Request, ResourceSpans, ScopeSpans, Span};
use spool::{HeldPart, Key};

use super::cache::Decisions;
use super::counts::SamplingCounts;
use crate::{Gate, Parted};

pub struct TailSamplingGate {
    pub(super) decisions: Arc<Mutex<Decisions>>,
    pub(super) counts: Arc<SamplingCounts>,
    /// Requests are refused while so many traces wait.
    pub(super) most_traces: Option<usize>,
}

impl Gate for TailSamplingGate {
    fn is_full(&self) -> bool {
        let waiting = self.counts.traces_waiting();
        self.most_traces.is_some_and(|most| waiting >= most as u64)
    }

    fn part(&self, request: &mut Request<'_>, received_at_ns: u64) -> Parted {
        let Request::Traces(resources) = request else {
            return Parted::default();
        };
        let mut traces = Traces::default();
        let mut late = [0; 2];
        {
            let decisions = self
                .decisions
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            for (index, resource) in resources.iter_mut().enumerate() {
                let mut scopes = std::mem::take(&mut resource.scopes);
                for scope in &mut scopes {
                    for span in std::mem::take(&mut scope.spans) {
                        let key = key_of(&span);
                        match decisions.get(&key) {
                            Some(true) => scope.spans.push(span),
                            Some(false) => {}
                            None => {
                                traces.add(key, index, resource, scope, span);
                                continue;
                            }
                        }
                        late[usize::from(decisions.get(&key) == Some(true))] += 1;
                    }
                }
                resource.scopes = scopes;
            }
        }
        otlp::nest::prune(request);
        self.counts.late(false, late[0]);
        self.counts.late(true, late[1]);
        Parted {
            held: traces.encode(received_at_ns),
            sampled: late[0],
        }
    }
}

/// A trace's id; one of another length is none.
fn key_of(span: &Span<'_>) -> Key {
    span.trace_id[..].try_into().unwrap_or_default()
}

/// Spans by trace, each trace with the resources and scopes of its own spans.
#[derive(Default)]
struct Traces<'a> {
    keys: Vec<Key>,
    /// With the index of the last resource that was added.
    traces: HashMap<Key, (usize, Vec<ResourceSpans<'a>>)>,
}

impl<'a> Traces<'a> {
    fn add(
        &mut self,
        key: Key,
        index: usize,
        resource: &ResourceSpans<'a>,
        scope: &ScopeSpans<'a>,
        span: Span<'a>,
    ) {
        let keys = &mut self.keys;
        let (last, resources) = self.traces.entry(key).or_insert_with(|| {
            keys.push(key);
            (usize::MAX, Vec::new())
        });
        if *last != index {
            *last = index;
            resources.push(ResourceSpans {
                resource: resource.resource.clone(),
                scopes: Vec::new(),
                schema_url: resource.schema_url.clone(),
            });
        }
        let Some(latest) = resources.last_mut() else {
            return;
        };
        let same =
            |it: &ScopeSpans<'_>| it.scope == scope.scope && it.schema_url == scope.schema_url;
        if !latest.scopes.last().is_some_and(same) {
            latest.scopes.push(ScopeSpans {
                scope: scope.scope.clone(),
                spans: Vec::new(),
                schema_url: scope.schema_url.clone(),
            });
        }
        if let Some(latest) = latest.scopes.last_mut() {
            latest.spans.push(span);
        }
    }

    fn encode(mut self, received_at_ns: u64) -> Vec<HeldPart> {
        let mut parts = Vec::with_capacity(self.keys.len());
        for key in self.keys {
            let Some((_, resources)) = self.traces.remove(&key) else {
                continue;
            };
            let request = Request::Traces(resources);
            let mut line = Vec::new();
            otlp::encode::write_json(&request, &mut line);
            parts.push(HeldPart {
                key,
                received_at_ns,
                records: u32::try_from(request.records()).unwrap_or(u32::MAX),
                line,
            });
        }
        parts
    }
}
