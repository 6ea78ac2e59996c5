//! What the lists of conditions and of statements have in common.

use otlp::model::Signal;
use serde::{Deserialize, Serialize};

use crate::errors::ErrorMode;
use crate::ottl::{Context, Refused};
use crate::spec::SpecError;

/// Conditions or statements with settings of their own.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct GroupSpec {
    /// What the group is about; empty: what its paths say.
    pub context: String,
    pub error_mode: Option<ErrorMode>,
    pub conditions: Vec<String>,
    pub statements: Vec<String>,
}

impl GroupSpec {
    /// The context that is written down.
    pub(crate) fn context(
        &self,
        place: &str,
        signal: Signal,
    ) -> Result<Option<Context>, SpecError> {
        if self.context.is_empty() {
            return Ok(None);
        }
        let place = format!("{place}.context");
        let context = Context::named(&self.context.to_ascii_lowercase());
        context_in(&place, context, signal).map(Some)
    }
}

/// Makes sure that a context belongs to a signal.
pub(crate) fn context_in(
    place: &str,
    context: Option<Context>,
    signal: Signal,
) -> Result<Context, SpecError> {
    let own: &[Context] = match signal {
        Signal::Traces => &[
            Context::Resource,
            Context::Scope,
            Context::Span,
            Context::SpanEvent,
        ],
        Signal::Logs => &[Context::Resource, Context::Scope, Context::Log],
        Signal::Metrics => &[
            Context::Resource,
            Context::Scope,
            Context::Metric,
            Context::DataPoint,
        ],
    };
    let names: Vec<&str> = own.iter().map(|context| context.name()).collect();
    match context {
        Some(context) if own.contains(&context) => Ok(context),
        Some(context) => {
            let reason = format!(
                "is about a {}, which {} do not have; they have {}",
                context.name(),
                signal.name(),
                names.join(", ")
            );
            Err(SpecError::new(place, reason))
        }
        None => {
            let reason = format!(
                "does not say what it is about: begin its paths with {}, or set `context`",
                names.join(", ")
            );
            Err(SpecError::new(place, reason))
        }
    }
}

pub(crate) fn refused(place: &str, error: &Refused) -> SpecError {
    SpecError::new(place, error.to_string())
}
