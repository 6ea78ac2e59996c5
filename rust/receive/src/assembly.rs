//! From a plan's pipelines and classes to what runs: compiled steps, the spool's classes, routes.

use std::collections::BTreeSet;
use std::sync::Arc;

use otlp::model::Signal;
use redact::RegionKey;
use route::Routing;
use spool::{ClassConfig, Durability, Hold};

use crate::pipeline::gated::{self, After, gated};
use crate::pipeline::pass::{Gates, Pipeline};
use crate::pipeline::samplers::Samplers;
use crate::pipeline::steps::Steps;
use crate::pipeline::ways::{Class, Ways, fingerprint};
use crate::plan::{ClassPlan, PipelinePlan, Plan, PlanError, SignalName, StepPlan};
use crate::stats::Stats;

/// What is made of a plan before the spool opens.
pub struct Assembly {
    /// The spool's classes, in the order of the pipelines that they belong to.
    pub classes: Vec<ClassConfig>,
    /// Of each class the hold, where it has one.
    pub holds: Vec<Option<Box<dyn Hold>>>,
    pub pipelines: Vec<Arc<Pipeline>>,
}

/// Compiles every pipeline, and registers its rules with the statistics.
pub fn assemble(
    plan: &Plan,
    key: &RegionKey,
    stats: &Stats,
    samplers: &Samplers,
) -> Result<Assembly, PlanError> {
    let mut classes = Vec::with_capacity(plan.pipelines.len());
    let mut holds = Vec::with_capacity(plan.pipelines.len());
    let mut pipelines = Vec::with_capacity(plan.pipelines.len());
    let mut used = BTreeSet::new();
    for pipeline in &plan.pipelines {
        let at = |place: &str| format!("pipelines.{}.{place}", pipeline.name);
        let signal = signal_of(pipeline.signal);
        let steps = Steps::compile(signal, &pipeline.steps, key)
            .map_err(|error| PlanError::new(at(&error.place), error.reason))?;
        let after = Steps::compile(signal, &pipeline.after, key).map_err(|error| {
            let place = error.place.replacen("steps", "after", 1);
            PlanError::new(at(&place), error.reason)
        })?;
        let routing = pipeline.routing.as_ref();
        let mut rules = steps.rules().to_vec();
        let mut policy = steps.fingerprint().to_owned();
        if let Some(hold) = &pipeline.hold {
            check_hold(plan, pipeline, signal)
                .map_err(|error| PlanError::new(at(&error.place), error.reason))?;
            policy = gated::fingerprint(&policy, hold, after.fingerprint());
        } else if !pipeline.after.is_empty() {
            let reason = "without a hold, all steps stand in `steps`";
            return Err(PlanError::new(at("after"), reason));
        }
        let left_out = stats.left_out(signal);
        let after = After::new(after, rules.len(), left_out.clone());
        rules.extend_from_slice(after.rules());
        let compiled = routing.map(|routing| Routing::new(&routing.records, &plan.tenant_keys));
        if let (Some(plan_of_routing), Some(compiled)) = (routing, &compiled) {
            policy = fingerprint(&policy, plan_of_routing, &plan.tenant_keys);
            rules.extend_from_slice(compiled.rules());
            if compiled.divides() != plan_of_routing.local_class.is_some() {
                let reason = "a class for what stays, where and only where something may stay";
                return Err(PlanError::new(at("routing.local_class"), reason));
            }
        }
        let mut class = |name: &String, place: &str| {
            let of_plan = class_of(plan, pipeline, name)
                .map_err(|reason| PlanError::new(at(place), reason))?;
            if !used.insert(name.clone()) {
                let reason = "another pipeline has this class already";
                return Err(PlanError::new(at(place), reason));
            }
            classes.push(ClassConfig {
                class: name.clone(),
                signal: signal.name().to_owned(),
                container: of_plan.container.clone(),
                exporters: of_plan.exporters.clone(),
                name_format: of_plan.name_format.clone(),
                timezone: of_plan.timezone.clone(),
                compression: of_plan.compression,
                policy: policy.clone(),
                rules: rules.clone(),
            });
            Ok(Class::new(classes.len() - 1, name, signal))
        };
        let travels = class(&pipeline.class, "class")?;
        let local = routing
            .and_then(|routing| routing.local_class.as_ref())
            .map(|name| class(name, "routing.local_class"))
            .transpose()?;
        let counters = stats.rules(signal, &rules);
        holds.resize_with(classes.len(), || None);
        let mut gates = None;
        if let Some(plan) = &pipeline.hold {
            let after = Arc::new(after);
            // Of one pipeline, so that a trace is decided as one, whatever of it travels.
            let mut gate_of = |class: &Class| {
                let (name, counters) = (&pipeline.name, counters.clone());
                let made = gated(plan, name, &policy, &after, counters, samplers, stats);
                let (gated, hold) = made.map_err(|error| {
                    PlanError::new(at(&format!("hold.{}", error.place)), error.reason)
                })?;
                holds[class.index] = Some(hold);
                Ok(gated)
            };
            gates = Some(Gates {
                travels: gate_of(&travels)?,
                local: local.as_ref().map(gate_of).transpose()?,
            });
        }
        let ways = Ways::new(travels, local, compiled);
        let receivers = pipeline.receivers.clone();
        let made = Pipeline::new(signal, receivers, ways, steps, gates, counters, left_out);
        pipelines.push(Arc::new(made));
    }
    if let Some(unused) = plan.classes.keys().find(|class| !used.contains(*class)) {
        let reason = "no pipeline has this class";
        return Err(PlanError::new(format!("classes.{unused}"), reason));
    }
    Ok(Assembly {
        classes,
        holds,
        pipelines,
    })
}

/// Whether the pipeline's hold can do what it promises.
fn check_hold(plan: &Plan, pipeline: &PipelinePlan, signal: Signal) -> Result<(), PlanError> {
    let Some(hold) = &pipeline.hold else {
        return Ok(());
    };
    let redaction = |step: &StepPlan| matches!(step, StepPlan::Redaction(_));
    gated::check(hold, signal, pipeline.steps.iter().any(redaction))?;
    if plan.spool.durability == Durability::Store {
        let reason = "what waits is in the spool alone: durability store cannot be kept";
        return Err(PlanError::new("hold", reason));
    }
    Ok(())
}

fn class_of<'p>(
    plan: &'p Plan,
    pipeline: &PipelinePlan,
    name: &str,
) -> Result<&'p ClassPlan, &'static str> {
    let class = plan.classes.get(name).ok_or("there is no such class")?;
    if class.signal == pipeline.signal {
        Ok(class)
    } else {
        Err("the class is of another signal")
    }
}

fn signal_of(name: SignalName) -> Signal {
    match name {
        SignalName::Traces => Signal::Traces,
        SignalName::Logs => Signal::Logs,
        SignalName::Metrics => Signal::Metrics,
    }
}
