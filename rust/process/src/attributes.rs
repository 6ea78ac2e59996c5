//! The `attributes` processor: actions on the attributes of spans, log records and data points.

use otlp::model::{Request, Signal};
use serde::{Deserialize, Serialize};

use crate::actions::{ActionSpec, Actions};
use crate::matching::{MatchSpec, Matcher, each_scope};
use crate::point::each_attributes;
use crate::spec::SpecError;

/// The processor's options.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct AttributesSpec {
    pub include: Option<MatchSpec>,
    pub exclude: Option<MatchSpec>,
    pub actions: Vec<ActionSpec>,
}

/// The compiled processor.
pub struct Attributes {
    include: Option<Matcher>,
    exclude: Option<Matcher>,
    actions: Actions,
}

impl Attributes {
    pub fn compile(spec: &AttributesSpec, signal: Signal) -> Result<Attributes, SpecError> {
        let matcher = |option: &str, spec: &Option<MatchSpec>| {
            let compiled = spec.as_ref().map(|spec| Matcher::compile(spec, signal));
            compiled.transpose().map_err(|error| error.within(option))
        };
        Ok(Attributes {
            include: matcher("include", &spec.include)?,
            exclude: matcher("exclude", &spec.exclude)?,
            actions: Actions::compile(&spec.actions, "actions")?,
        })
    }

    pub fn apply(&self, request: &mut Request<'_>) {
        match request {
            Request::Traces(resources) => each_scope(resources, |spans, around| {
                for span in spans {
                    if self.concerns(|matcher| matcher.span(span, around)) {
                        self.actions.apply(&mut span.attributes);
                    }
                }
            }),
            Request::Logs(resources) => each_scope(resources, |records, around| {
                for record in records {
                    if self.concerns(|matcher| matcher.log_record(record, around)) {
                        self.actions.apply(&mut record.attributes);
                    }
                }
            }),
            Request::Metrics(resources) => {
                let scopes = resources
                    .iter_mut()
                    .flat_map(|resource| &mut resource.scopes);
                for metric in scopes.flat_map(|scope| &mut scope.metrics) {
                    if self.concerns(|matcher| matcher.metric(metric)) {
                        each_attributes(&mut metric.data, |map| self.actions.apply(map));
                    }
                }
            }
        }
    }

    fn concerns(&self, fits: impl Fn(&Matcher) -> bool) -> bool {
        self.include.as_ref().is_none_or(&fits) && !self.exclude.as_ref().is_some_and(&fits)
    }
}
