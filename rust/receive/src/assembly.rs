//! From a plan's pipelines and classes to what runs: compiled steps, the spool's classes, routes.

use std::collections::BTreeSet;

use otlp::model::Signal;
use redact::RegionKey;
use route::Routing;
use spool::ClassConfig;

use crate::pipeline::Pipeline;
use crate::plan::{ClassPlan, PipelinePlan, Plan, PlanError, SignalName};
use crate::stats::Stats;
use crate::steps::Steps;
use crate::ways::{Class, Ways, fingerprint};

/// What is made of a plan before the spool opens.
pub struct Assembly {
    /// The spool's classes, in the order of the pipelines that they belong to.
    pub classes: Vec<ClassConfig>,
    /// By signal; a signal without a pipeline has none.
    pub pipelines: [Vec<Pipeline>; 3],
}

/// Compiles every pipeline, and registers its rules with the statistics.
pub fn assemble(plan: &Plan, key: &RegionKey, stats: &Stats) -> Result<Assembly, PlanError> {
    let mut classes = Vec::with_capacity(plan.pipelines.len());
    let mut pipelines = [const { Vec::new() }; 3];
    let mut used = BTreeSet::new();
    for pipeline in &plan.pipelines {
        let at = |place: &str| format!("pipelines.{}.{place}", pipeline.name);
        let signal = signal_of(pipeline.signal);
        let steps = Steps::compile(signal, &pipeline.steps, key)
            .map_err(|error| PlanError::new(at(&error.place), error.reason))?;
        let routing = pipeline.routing.as_ref();
        let mut rules = steps.rules().to_vec();
        let mut policy = steps.fingerprint().to_owned();
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
        let ways = Ways::new(travels, local, compiled);
        let left_out = stats.left_out(signal);
        let made = Pipeline::new(signal, ways, steps, counters, left_out);
        pipelines[signal as usize].push(made);
    }
    if let Some(unused) = plan.classes.keys().find(|class| !used.contains(*class)) {
        let reason = "no pipeline has this class";
        return Err(PlanError::new(format!("classes.{unused}"), reason));
    }
    Ok(Assembly { classes, pipelines })
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
