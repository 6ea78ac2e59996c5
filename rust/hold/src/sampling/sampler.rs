//! The sampler of a pipeline, as its gates and holds share it.
//!
//! A collector of one region has one hold at its sampler. At the centre each region has one, with
//! logs and books of its own, and a trace may have spans of several: it is decided once, by all of
//! its spans, and each hold lets go of its own ones by that.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cache::Decisions;
use super::counts::SamplingCounts;
use super::gate::TailSamplingGate;
use super::hold::TailSamplingHold;
use super::policy::Rule;
use super::spec::{PolicySpec, TailSamplingSpec};
use super::state::State;
use crate::SpecError;
use crate::release::Finish;

/// The sampler of a pipeline, which the gates and holds of all its regions share.
pub struct TailSampling {
    state: Mutex<State>,
    decisions: Arc<Mutex<Decisions>>,
    counts: Arc<SamplingCounts>,
    /// Requests are refused while so many traces wait.
    refuses_above: Option<usize>,
}

/// Find out whether the policies compile.
///
/// # Errors
/// The place and the reason of one that does not.
pub fn check(spec: &TailSamplingSpec) -> Result<(), SpecError> {
    compile(spec).map(|_| ())
}

fn compile(spec: &TailSamplingSpec) -> Result<Vec<(usize, Rule)>, SpecError> {
    let compile = |(index, one): (usize, &PolicySpec)| {
        let rule = Rule::compile(&one.rule).map_err(|error| SpecError {
            place: format!("policies[{index}].{}", error.place),
            ..error
        });
        Ok((index, rule?))
    };
    spec.policies.iter().enumerate().map(compile).collect()
}

impl TailSampling {
    /// A sampler without regions, which decides nothing before it is told to `begin`. `policy` is
    /// the class's fingerprint: what is held under another is decided as soon as it is read.
    /// `counts` has the names of the policies.
    ///
    /// # Errors
    /// The place and the reason of a policy that cannot be compiled.
    pub fn new(
        spec: &TailSamplingSpec,
        policy: &str,
        most_bytes: usize,
        counts: &Arc<SamplingCounts>,
    ) -> Result<Arc<Self>, SpecError> {
        let mut rules = compile(spec)?;
        rules.sort_by_key(|(_, rule)| !rule.is_drop());
        let decisions = Arc::new(Mutex::new(Decisions::new(
            spec.non_sampled_cache_size.max(spec.num_traces),
            spec.sampled_cache_size.max(spec.num_traces),
        )));
        let state = State::new(spec, policy, most_bytes, rules, &decisions, counts);
        Ok(Arc::new(Self {
            state: Mutex::new(state),
            decisions,
            counts: Arc::clone(counts),
            refuses_above: spec.refuse_more.then_some(spec.num_traces),
        }))
    }

    /// The two ends of one more region.
    #[must_use]
    pub fn join(self: &Arc<Self>, finish: Finish) -> (TailSamplingGate, TailSamplingHold) {
        let id = self.state().join();
        let gate = TailSamplingGate {
            decisions: Arc::clone(&self.decisions),
            counts: Arc::clone(&self.counts),
            most_traces: self.refuses_above,
        };
        (gate, TailSamplingHold::new(id, Arc::clone(self), finish))
    }

    /// Every region that has something waiting has told of it: decide from now on.
    pub fn begin(&self) {
        self.state().begin();
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
