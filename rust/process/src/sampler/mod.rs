//! The `probabilistic_sampler` processor: keeps a share of the traces or log records, the same ones
//! as the Collector.
//!
//! <https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/probabilisticsamplerprocessor>

mod logs;
mod spans;
mod threshold;
mod trace_state;

use otlp::model::{Request, Signal};
use otlp::nest::retain_records;
use serde::{Deserialize, Serialize};

use self::threshold::{LEAST_PROBABILITY, Randomness, Threshold};
use crate::spec::SpecError;

/// The processor's options.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplerSpec {
    pub sampling_percentage: f64,
    pub hash_seed: u32,
    pub mode: Option<Mode>,
    pub fail_closed: bool,
    pub sampling_precision: usize,
    pub attribute_source: AttributeSource,
    pub from_attribute: String,
    pub sampling_priority: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    HashSeed,
    Equalizing,
    Proportional,
}

/// Where the `hash_seed` mode finds a log record's randomness.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub enum AttributeSource {
    #[default]
    #[serde(rename = "traceID")]
    TraceId,
    #[serde(rename = "record")]
    Record,
}

impl Default for SamplerSpec {
    fn default() -> SamplerSpec {
        SamplerSpec {
            sampling_percentage: 0.0,
            hash_seed: 0,
            mode: None,
            fail_closed: true,
            sampling_precision: 4,
            attribute_source: AttributeSource::default(),
            from_attribute: String::new(),
            sampling_priority: String::new(),
        }
    }
}

/// The compiled processor.
pub struct ProbabilisticSampler {
    rule: Rule,
    hash_seed: u32,
    fail_closed: bool,
    precision: usize,
    uses_trace_id: bool,
    from_attribute: String,
    sampling_priority: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    Never,
    Hash(Threshold),
    Equalizing(Threshold),
    Proportional(f64),
}

/// What a record says about sampling, and where the answer is written.
struct Reading<S> {
    randomness: Option<Randomness>,
    /// `None`: it could not be read, or is not this mode's to change.
    state: Option<S>,
    failed: bool,
}

/// A trace state, or what stands in its place in a log record.
trait State {
    fn randomness(&self) -> Option<Randomness>;
    fn set_randomness(&mut self, randomness: Randomness);
    fn threshold(&self) -> Option<Threshold>;
    fn set_threshold(&mut self, threshold: Option<Threshold>);
}

impl ProbabilisticSampler {
    pub fn compile(spec: &SamplerSpec, signal: Signal) -> Result<ProbabilisticSampler, SpecError> {
        if signal == Signal::Metrics {
            return Err(SpecError::new(
                "",
                "samples traces and logs; metrics have no sampler",
            ));
        }
        // The Collector reads the percentage as 32 bits, and rounds as those do.
        let percentage = spec.sampling_percentage as f32;
        let ratio = f64::from(percentage) / 100.0;
        if !percentage.is_finite() || ratio < 0.0 || (ratio > 0.0 && ratio < LEAST_PROBABILITY) {
            let reason = "must be 0, or at least 100 in 2^56; above 100 it is 100";
            return Err(SpecError::new("sampling_percentage", reason));
        }
        if !(1..=14).contains(&spec.sampling_precision) {
            return Err(SpecError::new("sampling_precision", "must be from 1 to 14"));
        }
        Ok(ProbabilisticSampler {
            rule: Rule::of(spec, percentage.min(100.0)),
            hash_seed: spec.hash_seed,
            fail_closed: spec.fail_closed,
            precision: spec.sampling_precision,
            uses_trace_id: spec.attribute_source == AttributeSource::TraceId,
            from_attribute: spec.from_attribute.clone(),
            sampling_priority: spec.sampling_priority.clone(),
        })
    }

    /// Removes what is not kept, with the scopes and resources that are empty then.
    pub fn apply(&self, request: &mut Request<'_>) {
        match request {
            Request::Traces(resources) => retain_records(resources, |span| self.keeps_span(span)),
            Request::Logs(resources) => {
                retain_records(resources, |record| self.keeps_log_record(record));
            }
            Request::Metrics(_) => {}
        }
    }

    /// What a mode makes of a record's own sampling state, before its decision.
    fn read<S: State>(
        &self,
        state: Option<S>,
        hashed: impl FnOnce() -> Option<Randomness>,
        of_trace_id: impl FnOnce() -> Option<Randomness>,
        marks_missing: bool,
    ) -> Reading<S> {
        let (randomness, state, failed) = match (self.rule, state) {
            (Rule::Never, state) => {
                let failed = state.is_none();
                (Some(Randomness::MOST), state, failed)
            }
            (Rule::Hash(_), None) => (hashed(), None, true),
            // The state belongs to another mode's sampling, and stays as it is.
            (Rule::Hash(_), Some(state))
                if state.randomness().is_some() || state.threshold().is_some() =>
            {
                (hashed(), None, true)
            }
            (Rule::Hash(_), Some(mut state)) => {
                let randomness = hashed();
                if marks_missing || randomness.is_some() {
                    state.set_randomness(randomness.unwrap_or(Randomness::MOST));
                }
                (randomness, Some(state), false)
            }
            (_, None) => (None, None, true),
            (_, Some(state)) => (state.randomness().or_else(of_trace_id), Some(state), false),
        };
        Reading {
            randomness,
            state,
            failed,
        }
    }

    /// Whether a record is kept, and its state as it is to be written then.
    fn decide<S: State>(
        &self,
        reading: Reading<S>,
        priority: impl FnOnce() -> Option<Threshold>,
    ) -> (bool, Option<S>) {
        let Reading {
            randomness,
            mut state,
            mut failed,
        } = reading;
        failed |= randomness.is_none();
        let reached = randomness.unwrap_or(Randomness::MOST);
        if !failed
            && let Some(state) = &mut state
            && state
                .threshold()
                .is_some_and(|threshold| !threshold.is_reached_by(reached))
        {
            // By its own threshold it should not have come this far.
            state.set_threshold(None);
            failed = true;
        }
        let threshold = match failed {
            true if self.fail_closed => Threshold::NEVER,
            true => Threshold::ALWAYS,
            false => self.threshold(state.as_ref().and_then(State::threshold)),
        };
        let threshold = priority().unwrap_or(threshold);
        let kept = threshold.is_reached_by(reached);
        if kept
            && let Some(state) = &mut state
            && state.threshold().is_none_or(|arrived| arrived <= threshold)
        {
            state.set_threshold(Some(threshold));
        }
        (kept, state)
    }

    fn threshold(&self, arrived: Option<Threshold>) -> Threshold {
        match self.rule {
            Rule::Never => Threshold::NEVER,
            Rule::Hash(threshold) => threshold,
            Rule::Equalizing(threshold) => threshold.max(arrived.unwrap_or(Threshold::ALWAYS)),
            Rule::Proportional(ratio) => {
                let arriving = arrived.map_or(1.0, Threshold::probability);
                Threshold::of_probability(arriving * ratio, self.precision)
                    .unwrap_or(Threshold::NEVER)
            }
        }
    }
}

impl Rule {
    fn of(spec: &SamplerSpec, percentage: f32) -> Rule {
        const BUCKETS_PER_CENT: f32 = 163.84;
        let ratio = f64::from(percentage) / 100.0;
        match spec.mode.unwrap_or(Mode::HashSeed) {
            _ if percentage == 0.0 => Rule::Never,
            Mode::Equalizing => Rule::Equalizing(
                Threshold::of_probability(ratio, spec.sampling_precision)
                    .unwrap_or(Threshold::NEVER),
            ),
            Mode::Proportional => Rule::Proportional(ratio),
            Mode::HashSeed => match (percentage * BUCKETS_PER_CENT) as u32 {
                0 => Rule::Never,
                kept => Rule::Hash(Threshold::of_buckets(kept)),
            },
        }
    }
}
