//! From a plan's pipelines and classes to what runs: compiled steps, the spool's classes, routes.

use std::collections::BTreeSet;

use otlp::model::Signal;
use redact::RegionKey;
use spool::ClassConfig;

use crate::pipeline::Pipeline;
use crate::plan::{ClassPlan, PipelinePlan, Plan, PlanError, SignalName};
use crate::stats::Stats;
use crate::steps::Steps;

/// What is made of a plan before the spool opens.
pub struct Assembly {
    /// The spool's classes, in the order of the pipelines that they belong to.
    pub classes: Vec<ClassConfig>,
    /// By signal; a signal without a pipeline has none.
    pub pipelines: [Vec<Pipeline>; 3],
}

/// Compiles every pipeline, and registers its rules with the statistics.
pub fn assemble(plan: &Plan, key: &RegionKey, stats: &mut Stats) -> Result<Assembly, PlanError> {
    let mut classes = Vec::with_capacity(plan.pipelines.len());
    let mut pipelines = [const { Vec::new() }; 3];
    let mut used = BTreeSet::new();
    for pipeline in &plan.pipelines {
        let at = |place: &str| format!("pipelines.{}.{place}", pipeline.name);
        let class =
            class_of(plan, pipeline).map_err(|reason| PlanError::new(at("class"), reason))?;
        if !used.insert(&pipeline.class) {
            let reason = "another pipeline has this class already";
            return Err(PlanError::new(at("class"), reason));
        }
        let signal = signal_of(pipeline.signal);
        let steps = Steps::compile(signal, &pipeline.steps, key)
            .map_err(|error| PlanError::new(at(&error.place), error.reason))?;
        let counters = stats.rules(signal, steps.rules());
        classes.push(class_config(&pipeline.class, class, signal, &steps));
        pipelines[signal as usize].push(Pipeline::new(signal, classes.len() - 1, steps, counters));
    }
    if let Some(unused) = plan.classes.keys().find(|class| !used.contains(class)) {
        let reason = "no pipeline has this class";
        return Err(PlanError::new(format!("classes.{unused}"), reason));
    }
    Ok(Assembly { classes, pipelines })
}

fn class_of<'p>(plan: &'p Plan, pipeline: &PipelinePlan) -> Result<&'p ClassPlan, &'static str> {
    let class = plan
        .classes
        .get(&pipeline.class)
        .ok_or("there is no such class")?;
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

fn class_config(name: &str, plan: &ClassPlan, signal: Signal, steps: &Steps) -> ClassConfig {
    ClassConfig {
        class: name.to_owned(),
        signal: signal.name().to_owned(),
        container: Some(plan.container.clone()),
        exporters: vec![],
        name_format: plan.name_format.clone(),
        timezone: plan.timezone.clone(),
        compression: plan.compression,
        policy: steps.fingerprint().to_owned(),
        rules: steps.rules().to_vec(),
    }
}
