//! Sampling log records: by their trace id or an attribute, with what sampling knows in attributes.

use otlp::model::{KeyValue, LogRecord, Value};
use otlp::text_form;

use super::spans::trace_id;
use super::threshold::{Randomness, Threshold};
use super::{ProbabilisticSampler, State};
use crate::map;

const THRESHOLD: &str = "sampling.threshold";
const RANDOMNESS: &str = "sampling.randomness";

impl ProbabilisticSampler {
    pub(super) fn keeps_log_record(&self, record: &mut LogRecord<'_>) -> bool {
        let id = trace_id(&record.trace_id);
        let reading = self.read(
            RecordState::parse(&record.attributes),
            || self.hashed(id, &record.attributes),
            || id.and_then(Randomness::of_trace_id),
            false,
        );
        let (kept, state) = self.decide(reading, || self.priority(&record.attributes));
        if let Some(state) = state.filter(|_| kept) {
            if let Some(randomness) = state.randomness.filter(|_| state.is_new) {
                map::put(
                    &mut record.attributes,
                    RANDOMNESS,
                    Value::Text(randomness.to_text().into()),
                );
            }
            if let Some(threshold) = state.threshold.filter(|_| state.is_changed) {
                let text = threshold.to_text();
                map::put(&mut record.attributes, THRESHOLD, Value::Text(text.into()));
            }
        }
        kept
    }

    /// The randomness of the `hash_seed` mode: of the trace id, where that is to be used and is there,
    /// or else of the attribute.
    fn hashed(&self, id: Option<&[u8]>, attributes: &[KeyValue<'_>]) -> Option<Randomness> {
        let of = |bytes: &[u8]| Randomness::of_hash(self.hash_seed, bytes);
        if let Some(id) = id.filter(|_| self.uses_trace_id) {
            return Some(of(id));
        }
        if self.from_attribute.is_empty() {
            return None;
        }
        match map::get(attributes, &self.from_attribute)? {
            Value::Bytes(bytes) => (!bytes.is_empty()).then(|| of(bytes)),
            value => {
                let text = text_form(value);
                (!text.is_empty()).then(|| of(text.as_bytes()))
            }
        }
    }

    /// A record may ask for a probability of its own, in per cent.
    fn priority(&self, attributes: &[KeyValue<'_>]) -> Option<Threshold> {
        if self.sampling_priority.is_empty() {
            return None;
        }
        let probability = match map::get(attributes, &self.sampling_priority)? {
            Value::Double(double) => double / 100.0,
            Value::Int(int) => *int as f64 / 100.0,
            _ => return None,
        };
        Threshold::of_probability(probability, self.precision)
    }
}

/// What a log record says about sampling.
struct RecordState {
    randomness: Option<Randomness>,
    threshold: Option<Threshold>,
    /// Whether the randomness is this sampler's own.
    is_new: bool,
    is_changed: bool,
}

impl RecordState {
    /// `None`: one of the two attributes is not what it should be.
    fn parse(attributes: &[KeyValue<'_>]) -> Option<RecordState> {
        let text = |key| match map::get(attributes, key) {
            Some(Value::Text(text)) if !text.is_empty() => Some(text.as_ref()),
            _ => None,
        };
        Some(RecordState {
            threshold: match text(THRESHOLD) {
                Some(text) => Some(Threshold::parse(text)?),
                None => None,
            },
            randomness: match text(RANDOMNESS) {
                Some(text) => Some(Randomness::parse(text)?),
                None => None,
            },
            is_new: false,
            is_changed: false,
        })
    }
}

impl State for RecordState {
    fn randomness(&self) -> Option<Randomness> {
        self.randomness
    }

    fn set_randomness(&mut self, randomness: Randomness) {
        self.randomness = Some(randomness);
        self.is_new = true;
    }

    fn threshold(&self) -> Option<Threshold> {
        self.threshold
    }

    fn set_threshold(&mut self, threshold: Option<Threshold>) {
        self.threshold = threshold;
        self.is_changed = true;
    }
}
