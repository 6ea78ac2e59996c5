//! The tail samplers of a data plane. At the centre every region has pipelines of its own, and those
//! of one name share a sampler, so that a trace is decided as one, whichever regions its spans come
//! from. A reload that leaves a pipeline's policy as it was leaves its sampler, too.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use hold::{MOST_BYTES, SpecError, TailSampling, TailSamplingSpec};

use crate::stats::Stats;

/// By a pipeline's name and its policy's fingerprint; each goes with its last gate and hold.
#[derive(Default)]
pub struct Samplers(Mutex<BTreeMap<(String, String), Weak<TailSampling>>>);

impl Samplers {
    /// The sampler of a pipeline under a policy.
    pub fn of(
        &self,
        pipeline: &str,
        policy: &str,
        spec: &TailSamplingSpec,
        stats: &Stats,
    ) -> Result<Arc<TailSampling>, SpecError> {
        let mut samplers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        samplers.retain(|_, sampler| sampler.strong_count() > 0);
        let key = (pipeline.to_owned(), policy.to_owned());
        if let Some(known) = samplers.get(&key).and_then(Weak::upgrade) {
            return Ok(known);
        }
        let names = spec.policies.iter().map(|policy| policy.name.clone());
        let counts = stats.sampler(pipeline, names.collect());
        let sampler = TailSampling::new(spec, policy, MOST_BYTES, &counts)?;
        samplers.insert(key, Arc::downgrade(&sampler));
        Ok(sampler)
    }

    /// Every spool has told of what waits in it: traces are decided from now on.
    pub fn begin(&self) {
        let samplers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for sampler in samplers.values().filter_map(Weak::upgrade) {
            sampler.begin();
        }
    }
}
