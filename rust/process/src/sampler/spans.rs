//! Sampling spans: by their trace id, their trace state and `sampling.priority`.

use otlp::model::{Span, Value};

use super::threshold::{Randomness, Threshold};
use super::trace_state::TraceState;
use super::{ProbabilisticSampler, State};
use crate::actions::parse_double;
use crate::map;

impl ProbabilisticSampler {
    pub(super) fn keeps_span(&self, span: &mut Span<'_>) -> bool {
        let id = trace_id(&span.trace_id);
        let reading = self.read(
            TraceState::parse(&span.trace_state),
            || id.map(|id| Randomness::of_hash(self.hash_seed, id)),
            || id.and_then(Randomness::of_trace_id),
            true,
        );
        let (kept, state) = self.decide(reading, || priority(span));
        if let Some(state) = state.filter(|_| kept) {
            span.trace_state = state.to_text().into();
        }
        kept
    }
}

/// `None` where a trace id is missing or all zeros, which is no id.
pub(super) fn trace_id(id: &[u8]) -> Option<&[u8]> {
    id.iter().any(|byte| *byte != 0).then_some(id)
}

/// OpenTracing's `sampling.priority`: 0 is never kept, more is always kept.
fn priority(span: &Span<'_>) -> Option<Threshold> {
    let number = match map::get(&span.attributes, "sampling.priority")? {
        Value::Int(int) => *int as f64,
        Value::Double(double) => *double,
        Value::Text(text) => parse_double(text)?,
        _ => return None,
    };
    if number == 0.0 {
        Some(Threshold::NEVER)
    } else {
        (number > 0.0).then_some(Threshold::ALWAYS)
    }
}

impl State for TraceState {
    fn randomness(&self) -> Option<Randomness> {
        TraceState::randomness(self)
    }

    fn set_randomness(&mut self, randomness: Randomness) {
        TraceState::set_randomness(self, randomness);
    }

    fn threshold(&self) -> Option<Threshold> {
        TraceState::threshold(self)
    }

    fn set_threshold(&mut self, threshold: Option<Threshold>) {
        TraceState::set_threshold(self, threshold);
    }
}
