//! The exporters of a data plane: they send on what the spool owes them, on the same runtime.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use forward::{Exporter, ExporterPlan, ExporterReport, Pace};
use spool::Spool;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::plan::PlanError;

/// For an exporter to note how far it is.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

pub struct Forwarders {
    now: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    exporters: Vec<Arc<Exporter>>,
    tasks: Vec<JoinHandle<()>>,
    pace: watch::Sender<Pace>,
}

/// Exporters that nobody has started.
pub struct Prepared(Vec<Arc<Exporter>>);

impl Forwarders {
    /// Reads certificates and keys; nothing is sent yet.
    pub fn new(
        plans: &BTreeMap<String, ExporterPlan>,
        region: &str,
        spool: &Arc<Spool>,
    ) -> Result<Forwarders, PlanError> {
        let none = Forwarders {
            now: Mutex::default(),
        };
        let Prepared(exporters) = none.prepared(plans, region, spool)?;
        none.now().exporters = exporters;
        Ok(none)
    }

    /// Makes those of another plan. One that bears the name of one there is goes on counting.
    pub fn prepared(
        &self,
        plans: &BTreeMap<String, ExporterPlan>,
        region: &str,
        spool: &Arc<Spool>,
    ) -> Result<Prepared, PlanError> {
        let now = self.now();
        let exporters = plans.iter().map(|(name, plan)| {
            let before = now.exporters.iter().find(|known| known.name() == name);
            let stats = before.map(|before| before.stats()).unwrap_or_default();
            let exporter = Exporter::new(name, region, plan, spool.clone(), stats);
            let exporter = exporter.map_err(|error| {
                PlanError::new(format!("exporters.{name}.{}", error.key), error.reason)
            })?;
            Ok(Arc::new(exporter))
        });
        Ok(Prepared(exporters.collect::<Result<_, PlanError>>()?))
    }

    pub fn start(&self, runtime: &Runtime) {
        let mut now = self.now();
        let tasks = now.exporters.iter().cloned().map(|exporter| {
            let run = exporter.run(now.pace.subscribe());
            runtime.spawn(run)
        });
        now.tasks = tasks.collect();
    }

    /// Puts others in place of those that run: they go on where these have got to.
    pub fn replace(&self, Prepared(exporters): Prepared, runtime: &Runtime) {
        self.stop(runtime);
        *self.now() = Running {
            exporters,
            ..Running::default()
        };
        self.start(runtime);
    }

    /// Has them try now what waits for another try.
    pub fn hurry(&self) {
        self.now().pace.send_replace(Pace::Hurried);
    }

    /// Lets them note how far they are, and end, before the spool closes.
    pub fn stop(&self, runtime: &Runtime) {
        let tasks = {
            let mut now = self.now();
            now.pace.send_replace(Pace::Stopped);
            std::mem::take(&mut now.tasks)
        };
        runtime.block_on(async {
            for exporter in tasks {
                // What it did not note, it sends again.
                let _late = tokio::time::timeout(STOP_TIMEOUT, exporter).await;
            }
        });
    }

    pub fn reports(&self) -> Vec<ExporterReport> {
        let now = self.now();
        now.exporters.iter().map(|one| one.report()).collect()
    }

    fn now(&self) -> MutexGuard<'_, Running> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
