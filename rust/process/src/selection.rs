//! `include` and `exclude` of the `filter` processor, as older configurations have them: what is not
//! included or is excluded goes.

use otlp::model::{Request, Signal};
use otlp::nest::prune;
use serde::{Deserialize, Serialize};

use crate::matching::{MatchSpec, Matcher, Surroundings, each_scope};
use crate::spec::SpecError;

/// Both as the `attributes` processor has them; of metrics, their names and their resources count.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct SelectionSpec {
    pub include: Option<MatchSpec>,
    pub exclude: Option<MatchSpec>,
}

impl SelectionSpec {
    pub(crate) fn is_empty(&self) -> bool {
        self.include.is_none() && self.exclude.is_none()
    }
}

pub(crate) struct Selection {
    include: Option<Sides>,
    exclude: Option<Sides>,
}

/// What is asked of a record, and of metrics' resources apart: they go with all that is of them.
struct Sides {
    record: Option<Matcher>,
    resource: Option<Matcher>,
}

impl Selection {
    pub fn compile(spec: &SelectionSpec, signal: Signal) -> Result<Selection, SpecError> {
        let sides = |option: &str, given: &Option<MatchSpec>| {
            let compiled = given.as_ref().map(|given| Sides::compile(given, signal));
            compiled.transpose().map_err(|error| error.within(option))
        };
        Ok(Selection {
            include: sides("include", &spec.include)?,
            exclude: sides("exclude", &spec.exclude)?,
        })
    }

    pub fn apply(&self, request: &mut Request<'_>) {
        match request {
            Request::Traces(resources) => each_scope(resources, |spans, around| {
                spans.retain(|span| self.keeps(|matcher| matcher.span(span, around)));
            }),
            Request::Logs(resources) => each_scope(resources, |records, around| {
                records.retain(|one| self.keeps(|matcher| matcher.log_record(one, around)));
            }),
            Request::Metrics(resources) => {
                resources.retain(|one| {
                    let around = Surroundings::new(&one.resource, &None);
                    self.keeps_resource(around)
                });
                let scopes = resources.iter_mut().flat_map(|one| &mut one.scopes);
                for scope in scopes {
                    let metrics = &mut scope.metrics;
                    metrics.retain(|metric| self.keeps(|matcher| matcher.metric(metric)));
                }
            }
        }
        prune(request);
    }

    fn keeps(&self, fits: impl Fn(&Matcher) -> bool) -> bool {
        let of = |sides: &Option<Sides>| {
            let record = sides.as_ref().and_then(|sides| sides.record.as_ref());
            record.map(&fits)
        };
        of(&self.include).unwrap_or(true) && !of(&self.exclude).unwrap_or(false)
    }

    fn keeps_resource(&self, around: Surroundings<'_, '_>) -> bool {
        let of = |sides: &Option<Sides>| {
            let resource = sides.as_ref().and_then(|sides| sides.resource.as_ref());
            resource.map(|matcher| matcher.resource(around))
        };
        of(&self.include).unwrap_or(true) && !of(&self.exclude).unwrap_or(false)
    }
}

impl Sides {
    fn compile(spec: &MatchSpec, signal: Signal) -> Result<Sides, SpecError> {
        if signal != Signal::Metrics {
            return Ok(Sides {
                record: Some(Matcher::compile(spec, signal)?),
                resource: None,
            });
        }
        if spec.metric_names.is_empty() && spec.resources.is_empty() {
            return Err(SpecError::new("", "names nothing to match"));
        }
        let record = MatchSpec {
            resources: Vec::new(),
            ..spec.clone()
        };
        let resource = MatchSpec {
            match_type: spec.match_type.clone(),
            resources: spec.resources.clone(),
            ..MatchSpec::default()
        };
        let compile = |spec: MatchSpec, given: bool, signal| {
            given.then(|| Matcher::compile(&spec, signal)).transpose()
        };
        Ok(Sides {
            record: compile(record, !spec.metric_names.is_empty(), signal)?,
            // Attributes of a resource are compared as those around a log record are.
            resource: compile(resource, !spec.resources.is_empty(), Signal::Logs)?,
        })
    }
}
