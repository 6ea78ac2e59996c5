//! The `filter` processor: removes what a condition holds for.
//!
//! <https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/filterprocessor>

use otlp::model::{Request, Signal};
use otlp::nest::prune;
use serde::{Deserialize, Serialize};

use crate::errors::ErrorMode;
use crate::ottl::{Condition, Context, Failed, Item, ParsedCondition};
use crate::selection::{Selection, SelectionSpec};
use crate::spec::SpecError;
use crate::statements::{GroupSpec, context_in, refused};
use crate::walk::retain;

/// The processor's options: conditions by signal, and as older configurations have them by what they
/// are about.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct FilterSpec {
    pub error_mode: ErrorMode,
    pub trace_conditions: Vec<ConditionsSpec>,
    pub log_conditions: Vec<ConditionsSpec>,
    pub metric_conditions: Vec<ConditionsSpec>,
    pub traces: OlderTraces,
    pub logs: OlderLogs,
    pub metrics: OlderMetrics,
    /// By signal: what is not included, or is excluded, goes.
    #[serde(skip_serializing_if = "Selections::is_empty")]
    pub select: Selections,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selections {
    pub spans: SelectionSpec,
    pub logs: SelectionSpec,
    pub metrics: SelectionSpec,
}

impl Selections {
    fn is_empty(&self) -> bool {
        self.spans.is_empty() && self.logs.is_empty() && self.metrics.is_empty()
    }
}

/// A condition, or a group of them with settings of its own.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum ConditionsSpec {
    One(String),
    Group(GroupSpec),
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct OlderTraces {
    pub resource: Vec<String>,
    pub span: Vec<String>,
    pub spanevent: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct OlderLogs {
    pub resource: Vec<String>,
    pub log_record: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct OlderMetrics {
    pub resource: Vec<String>,
    pub metric: Vec<String>,
    pub datapoint: Vec<String>,
}

/// The compiled processor.
pub struct Filter {
    /// What each of the signal's contexts is removed by, the outermost first.
    passes: Vec<(Context, Vec<Rule>)>,
    selection: Option<Selection>,
}

struct Rule {
    condition: Condition,
    error_mode: ErrorMode,
}

impl Filter {
    pub fn compile(spec: &FilterSpec, signal: Signal) -> Result<Filter, SpecError> {
        let (place, select) = match signal {
            Signal::Traces => ("spans", &spec.select.spans),
            Signal::Logs => ("logs", &spec.select.logs),
            Signal::Metrics => ("metrics", &spec.select.metrics),
        };
        let selection = (!select.is_empty()).then(|| Selection::compile(select, signal));
        let mut filter = Filter {
            passes: Vec::new(),
            selection: selection.transpose().map_err(|error| error.within(place))?,
        };
        let (option, conditions, older): (_, _, [(_, _, &[String]); 3]) = match signal {
            Signal::Traces => (
                "trace_conditions",
                &spec.trace_conditions,
                [
                    ("traces.resource", Context::Resource, &spec.traces.resource),
                    ("traces.span", Context::Span, &spec.traces.span),
                    (
                        "traces.spanevent",
                        Context::SpanEvent,
                        &spec.traces.spanevent,
                    ),
                ],
            ),
            Signal::Logs => (
                "log_conditions",
                &spec.log_conditions,
                [
                    ("logs.resource", Context::Resource, &spec.logs.resource),
                    ("logs.log_record", Context::Log, &spec.logs.log_record),
                    ("logs", Context::Log, &[]),
                ],
            ),
            Signal::Metrics => (
                "metric_conditions",
                &spec.metric_conditions,
                [
                    (
                        "metrics.resource",
                        Context::Resource,
                        &spec.metrics.resource,
                    ),
                    ("metrics.metric", Context::Metric, &spec.metrics.metric),
                    (
                        "metrics.datapoint",
                        Context::DataPoint,
                        &spec.metrics.datapoint,
                    ),
                ],
            ),
        };
        let has_older = older.iter().any(|(_, _, texts)| !texts.is_empty());
        if filter.selection.is_some() && (has_older || !conditions.is_empty()) {
            let reason = "include and exclude stand beside conditions: one of the two ways";
            return Err(SpecError::new(place, reason));
        }
        if !conditions.is_empty()
            && let Some((place, ..)) = older.iter().find(|(_, _, texts)| !texts.is_empty())
        {
            let reason = format!("stands beside {option}: one of the two ways to say it");
            return Err(SpecError::new(*place, reason));
        }
        for (place, context, texts) in older {
            for (index, text) in texts.iter().enumerate() {
                let place = format!("{place}[{index}]");
                filter.add(&place, text, Some(context), signal, spec.error_mode)?;
            }
        }
        for (index, one) in conditions.iter().enumerate() {
            let place = format!("{option}[{index}]");
            match one {
                ConditionsSpec::One(text) => {
                    filter.add(&place, text, None, signal, spec.error_mode)?;
                }
                ConditionsSpec::Group(group) => {
                    let context = group.context(&place, signal)?;
                    let error_mode = group.error_mode.unwrap_or(spec.error_mode);
                    for (index, text) in group.conditions.iter().enumerate() {
                        let place = format!("{place}.conditions[{index}]");
                        filter.add(&place, text, context, signal, error_mode)?;
                    }
                }
            }
        }
        filter.passes.sort_by_key(|(context, _)| *context);
        Ok(filter)
    }

    /// `context`: the one that is written down, in which paths may leave out what they are of.
    fn add(
        &mut self,
        place: &str,
        text: &str,
        context: Option<Context>,
        signal: Signal,
        error_mode: ErrorMode,
    ) -> Result<(), SpecError> {
        let parsed = ParsedCondition::parse(text).map_err(|error| refused(place, &error))?;
        let of = context_in(place, context.or(parsed.context()), signal)?;
        let condition = parsed
            .compile(of, context.is_some())
            .map_err(|error| refused(place, &error))?;
        let rule = Rule {
            condition,
            error_mode,
        };
        match self.passes.iter_mut().find(|(known, _)| *known == of) {
            Some((_, rules)) => rules.push(rule),
            None => self.passes.push((of, vec![rule])),
        }
        Ok(())
    }

    /// Removes what a condition holds for, and what is empty then. A failure, where failures are to
    /// be told, leaves the request half done.
    pub fn apply(&self, request: &mut Request<'_>) -> Result<(), Failed> {
        if let Some(selection) = &self.selection {
            selection.apply(request);
        }
        for (context, rules) in &self.passes {
            retain(request, *context, &mut |item| {
                removes(rules, item).map(|removed| !removed)
            })?;
            if *context == Context::DataPoint {
                remove_empty_metrics(request);
            }
        }
        if !self.passes.is_empty() {
            prune(request);
        }
        Ok(())
    }

    /// Whether a condition holds for anything in the request, of which nothing is removed.
    ///
    /// # Errors
    /// `Failed` where a condition could not be evaluated, and failures are to be told.
    pub fn finds(&self, request: &mut Request<'_>) -> Result<bool, Failed> {
        let mut found = false;
        for (context, rules) in &self.passes {
            retain(request, *context, &mut |item| {
                found = found || removes(rules, item)?;
                Ok(true)
            })?;
        }
        Ok(found)
    }
}

fn removes(rules: &[Rule], item: &Item<'_, '_>) -> Result<bool, Failed> {
    for rule in rules {
        match rule.condition.holds(item) {
            Ok(true) => return Ok(true),
            Err(failed) if rule.error_mode == ErrorMode::Propagate => return Err(failed),
            Ok(false) | Err(Failed) => {}
        }
    }
    Ok(false)
}

fn remove_empty_metrics(request: &mut Request<'_>) {
    if let Request::Metrics(resources) = request {
        for scope in resources
            .iter_mut()
            .flat_map(|resource| &mut resource.scopes)
        {
            scope
                .metrics
                .retain(|metric| metric.data.as_ref().is_none_or(|data| data.points() > 0));
        }
    }
}
