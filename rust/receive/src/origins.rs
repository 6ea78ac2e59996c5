//! The spools of a data plane: its own region's, or at the centre one for each region whose
//! collectors forward to it, so that each has its own chain and its own containers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redact::RegionKey;
use spool::{ClassConfig, RealFileSystem, Spool, SpoolConfig, SpoolError};
use tokio::runtime::Runtime;

use crate::assembly::{Assembly, assemble};
use crate::classes::OpenClasses;
use crate::data_plane::StartError;
use crate::forwarders::{Forwarders, Prepared};
use crate::pipeline::pass::Pipeline;
use crate::pipeline::samplers::Samplers;
use crate::plan::{Plan, PlanError};
use crate::stats::Stats;

/// One region's spool, its classes and what sends its segments on.
pub struct Origin {
    pub region: String,
    pub spool: Arc<Spool>,
    /// Of the plan that holds now. Locked while another takes its place.
    classes: Mutex<OpenClasses>,
    pub forwarders: Forwarders,
}

/// What another plan puts in an origin's place.
pub struct Next {
    classes: OpenClasses,
    forwarders: Prepared,
}

/// A region's pipelines, and the open classes that their numbers stand for.
pub type Compiled = (String, Vec<Arc<Pipeline>>, OpenClasses);

/// Opens every spool of a plan.
pub fn open(
    plan: &Plan,
    key: &RegionKey,
    stats: &Stats,
    samplers: &Samplers,
) -> Result<(Vec<Origin>, Vec<Compiled>), StartError> {
    let mut origins = Vec::new();
    let mut compiled = Vec::new();
    for (region, path) in places(plan) {
        let assembly = compile(plan, &region, key, stats, samplers)?;
        let spool = Arc::new(Spool::open_holding(
            SpoolConfig {
                durability: plan.spool.durability,
                segment_bytes: plan.spool.segment_bytes,
                segment_age: Duration::from_millis(plan.spool.segment_age_ms),
                digest_window: Duration::from_millis(plan.spool.digest_window_ms),
                ..SpoolConfig::new(path, &region, &plan.environment, assembly.classes.clone())
            },
            Arc::new(RealFileSystem),
            assembly.holds,
        )?);
        let forwarders = Forwarders::new(&plan.exporters, &region, &spool)?;
        let classes = OpenClasses::first(&spool, assembly.classes);
        compiled.push((region.clone(), assembly.pipelines, classes.clone()));
        origins.push(Origin {
            region,
            spool,
            classes: Mutex::new(classes),
            forwarders,
        });
    }
    samplers.begin();
    Ok((origins, compiled))
}

/// The regions of a plan, and where their spools lie.
pub fn places(plan: &Plan) -> BTreeMap<String, PathBuf> {
    if plan.origins.is_empty() {
        return BTreeMap::from([(plan.region.clone(), plan.spool.path.clone())]);
    }
    let origins = plan.origins.iter();
    origins
        .map(|(region, origin)| (region.clone(), origin.spool.clone()))
        .collect()
}

/// Compiles the pipelines for one region, whose containers at the centre bear its name.
fn compile(
    plan: &Plan,
    region: &str,
    key: &RegionKey,
    stats: &Stats,
    samplers: &Samplers,
) -> Result<Assembly, PlanError> {
    let mut assembly = assemble(plan, key, stats, samplers)?;
    if let Some(origin) = plan.origins.get(region) {
        for class in &mut assembly.classes {
            let named = |container: &String| format!("{}{container}", origin.container_prefix);
            class.container = class.container.as_ref().map(named);
        }
    }
    Ok(assembly)
}

impl Origin {
    /// Makes what another plan puts in this one's place; nothing is changed yet but classes opened.
    pub fn next(
        &self,
        plan: &Plan,
        key: &RegionKey,
        stats: &Stats,
        samplers: &Samplers,
    ) -> Result<(Next, Compiled), StartError> {
        let mut assembly = compile(plan, &self.region, key, stats, samplers)?;
        let forwarders = self
            .forwarders
            .prepared(&plan.exporters, &self.region, &self.spool)?;
        let configs: Vec<ClassConfig> = std::mem::take(&mut assembly.classes);
        let now = self.classes.lock().unwrap_or_else(PoisonError::into_inner);
        let classes = now.next(&self.spool, configs, assembly.holds)?;
        let compiled = (self.region.clone(), assembly.pipelines, classes.clone());
        let next = Next {
            classes,
            forwarders,
        };
        Ok((next, compiled))
    }

    pub fn replace(&self, next: Next, runtime: &Runtime) {
        self.forwarders.replace(next.forwarders, runtime);
        *self.classes.lock().unwrap_or_else(PoisonError::into_inner) = next.classes;
    }

    pub fn stats(&self) -> (String, spool::Stats) {
        (self.region.clone(), self.spool.stats())
    }

    pub fn close(&self, runtime: &Runtime) -> Result<(), SpoolError> {
        self.forwarders.stop(runtime);
        self.spool.close()
    }
}
