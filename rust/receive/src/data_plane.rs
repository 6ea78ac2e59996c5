//! The data plane as its owner sees it: made from a plan, started, drained, closed.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use forward::ExporterReport;
use redact::RegionKey;
use serde::Serialize;
use spool::{Spool, SpoolError};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, watch};

use crate::faults::{forbid_core_dumps, quiet_panics};
use crate::listen::listener::Listener;
use crate::listen::server::{Gate, MAX_CONNECTIONS};
use crate::listen::tls;
use crate::memory::{Budget, Pressure};
use crate::origins::{self, Compiled, Origin};
use crate::pipeline::intake::Route;
use crate::pipeline::samplers::Samplers;
use crate::plan::{Plan, PlanError, SpoolPlan};
use crate::receiver::{self, Next, Ports, Receiver};
use crate::sender::claims::Claims;
use crate::stats::{Stats, StatsReport};

/// More workers than this only wake each other: the disk's syncs and not the cores are what waits.
const MAX_WORKERS: usize = 4;

/// Why a data plane cannot be made.
#[derive(Debug)]
pub enum StartError {
    Plan(PlanError),
    Spool(SpoolError),
    Runtime(io::ErrorKind),
}

impl From<PlanError> for StartError {
    fn from(error: PlanError) -> StartError {
        StartError::Plan(error)
    }
}

impl From<SpoolError> for StartError {
    fn from(error: SpoolError) -> StartError {
        match error {
            // The plan names what the spool cannot use.
            SpoolError::Config { class, key } => StartError::Plan(PlanError::new(
                format!("classes.{class}.{key}"),
                "this cannot be used",
            )),
            error => StartError::Spool(error),
        }
    }
}

pub struct DataPlane {
    fixed: Fixed,
    /// Never empty, as the origins.
    receivers: Vec<Receiver>,
    /// Never empty. Locked while another plan takes the place of the one that holds.
    origins: Vec<Origin>,
    reloading: Mutex<()>,
    shared: Shared,
    runtime: Runtime,
    connections: Arc<Semaphore>,
    stop: watch::Sender<bool>,
}

/// What every plan's intake uses.
struct Shared {
    stats: Arc<Stats>,
    samplers: Samplers,
    large: Arc<Semaphore>,
    /// 32 random bytes of this process, for what it remembers and nobody else may guess.
    secret: [u8; 32],
}

impl DataPlane {
    /// Compiles the policies, reads the key and opens the spool. Nothing listens yet.
    pub fn new(plan: Plan) -> Result<DataPlane, StartError> {
        quiet_panics();
        forbid_core_dumps();
        let secret = tls::random()?;
        let listeners = listeners(&plan, secret)?;
        let key = load_key(&plan)?;
        let stats = Arc::new(Stats::default());
        let samplers = Samplers::default();
        let (origins, compiled) = origins::open(&plan, &key, &stats, &samplers)?;
        let shared = Shared {
            stats,
            samplers,
            large: Arc::new(Semaphore::new(1)),
            secret,
        };
        let budget = Budget::new(plan.in_flight_bytes);
        let nexts = shared.nexts(&plan, listeners, &compiled, &origins, &key, &budget);
        let receivers = plan.receivers.iter().zip(nexts);
        let receivers = receivers.map(|((name, plan), next)| Receiver::new(name, plan, next));
        let receivers = receivers.collect();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads(cores.min(MAX_WORKERS))
            .thread_name("mainstem-receive")
            .enable_all()
            .build()
            .map_err(|error| StartError::Runtime(error.kind()))?;
        Ok(DataPlane {
            fixed: Fixed::of(plan),
            receivers,
            origins,
            reloading: Mutex::new(()),
            shared,
            runtime,
            connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            stop: watch::Sender::new(false),
        })
    }

    /// Puts another plan in place of the one that holds, or leaves everything as it is and says why.
    ///
    /// Files that the plan names (the key, certificates) are read anew. Requests under way finish
    /// under the plan that they began with, and its segments are sealed when the last of them has. No
    /// connection ends. What the spool and the listening sockets stand on cannot change.
    pub fn reload(&self, plan: Plan) -> Result<(), StartError> {
        let _reloading = self
            .reloading
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.fixed.holds_in(&plan)?;
        let listeners = listeners(&plan, self.shared.secret)?;
        let key = load_key(&plan)?;
        let mut nexts = Vec::with_capacity(self.origins.len());
        let mut compiled = Vec::with_capacity(self.origins.len());
        for origin in &self.origins {
            let (next, of_origin) =
                origin.next(&plan, &key, &self.shared.stats, &self.shared.samplers)?;
            nexts.push(next);
            compiled.push(of_origin);
        }
        // What the earlier ones hold is theirs; these have nothing to be told of.
        self.shared.samplers.begin();
        let budget = self.budget().resized(plan.in_flight_bytes);
        let shared = &self.shared;
        let of_receivers = shared.nexts(&plan, listeners, &compiled, &self.origins, &key, &budget);
        for (receiver, next) in self.receivers.iter().zip(of_receivers) {
            receiver.replace(next);
        }
        for (origin, next) in self.origins.iter().zip(nexts) {
            origin.replace(next, &self.runtime);
        }
        Ok(())
    }

    /// Binds the listeners and takes requests from now on; what is owed to exporters is sent on.
    /// Gives the ports by the receivers' ids.
    pub fn start(&self) -> io::Result<BTreeMap<String, Ports>> {
        let mut ports = BTreeMap::new();
        for receiver in &self.receivers {
            let bound = receiver.start(&self.runtime, |intake, listener| Gate {
                intake,
                listener,
                stats: self.shared.stats.clone(),
                connections: self.connections.clone(),
                stopping: self.stop.subscribe(),
            })?;
            ports.insert(receiver.name.clone(), bound);
        }
        for origin in &self.origins {
            origin.forwarders.start(&self.runtime);
        }
        Ok(ports)
    }

    /// What all receivers share of memory.
    fn budget(&self) -> Budget {
        self.receivers[0].budget()
    }

    /// Takes requests, or refuses them for now, as the process's memory stands.
    pub fn set_pressure(&self, pressure: Pressure) {
        self.budget().set_pressure(pressure);
    }

    /// A region's spool; without a name, that of the collector's own region or the first one's.
    pub fn spool(&self, region: Option<&str>) -> Option<&Spool> {
        let mut origins = self.origins.iter();
        let found = origins.find(|origin| region.is_none_or(|region| origin.region == region));
        found.map(|origin| &*origin.spool)
    }

    /// Seals what is open in every spool.
    pub fn seal_all(&self) -> Result<(), SpoolError> {
        let sealed = self.origins.iter().map(|origin| origin.spool.seal_all());
        first_error(sealed)
    }

    /// Takes no new request, lets those under way finish, and seals what is open. What is held back
    /// waits on.
    ///
    /// `Ok(false)`: some were still under way when the time was over.
    pub fn drain(&self, timeout: Duration) -> Result<bool, SpoolError> {
        self.stop.send_replace(true);
        let all = self.connections.acquire_many(MAX_CONNECTIONS as u32);
        let finished = self
            .runtime
            .block_on(async { tokio::time::timeout(timeout, all).await.is_ok() });
        for origin in &self.origins {
            origin.spool.rest();
        }
        self.seal_all()?;
        for origin in &self.origins {
            origin.forwarders.hurry();
        }
        Ok(finished)
    }

    /// Takes no new request and closes the spool; what is still under way is refused. The threads
    /// end with the last user of this data plane.
    pub fn close(&self) -> Result<(), SpoolError> {
        self.stop.send_replace(true);
        let closed = self
            .origins
            .iter()
            .map(|origin| origin.close(&self.runtime));
        first_error(closed)
    }

    pub fn stats(&self) -> Report {
        let budget = self.budget();
        Report {
            receive: self.shared.stats.report(),
            open_connections: MAX_CONNECTIONS - self.connections.available_permits(),
            in_flight_bytes: budget.in_flight(),
            in_flight_peak_bytes: budget.peak(),
            certificate_expires_unix: self
                .receivers
                .iter()
                .flat_map(Receiver::certificates_expire_unix)
                .min(),
            exporters: self.origins[0].forwarders.reports(),
            spool: self.origins[0].spool.stats(),
            origins: if self.fixed.is_central {
                self.origins.iter().map(Origin::stats).collect()
            } else {
                BTreeMap::new()
            },
        }
    }
}

#[derive(Serialize)]
pub struct Report {
    #[serde(flatten)]
    receive: StatsReport,
    open_connections: usize,
    in_flight_bytes: usize,
    in_flight_peak_bytes: usize,
    /// Of the certificate that holds shortest; `None` without TLS.
    certificate_expires_unix: Option<i64>,
    exporters: Vec<ExporterReport>,
    /// The collector's own; at the centre, that of the first region.
    spool: spool::Stats,
    /// At the centre, every region's.
    origins: BTreeMap<String, spool::Stats>,
}

impl Shared {
    /// What each receiver of a plan is, in its order.
    fn nexts(
        &self,
        plan: &Plan,
        listeners: Vec<[Arc<Listener>; 2]>,
        compiled: &[Compiled],
        origins: &[Origin],
        key: &RegionKey,
        budget: &Budget,
    ) -> Vec<Next> {
        let claims = Arc::new(Claims::new(plan.tenant_keys.clone()));
        let receivers = plan.receivers.iter().zip(listeners);
        let nexts = receivers.map(|((name, receiver), listeners)| {
            let route = |signal, (_, pipelines, classes): &Compiled, origin: &Origin| {
                let taking = pipelines.iter().filter(|it| it.takes(signal, name));
                let pipelines: Vec<_> = taking.cloned().collect();
                (!pipelines.is_empty()).then(|| Route {
                    signal,
                    pipelines,
                    claims: claims.clone(),
                    digest_key: *key.request_digest_key(),
                    spool: origin.spool.clone(),
                    classes: classes.clone(),
                    max_body_bytes: receiver.max_body_bytes,
                    stats: self.stats.clone(),
                    large: self.large.clone(),
                })
            };
            let budget = budget.clone();
            Next {
                intake: receiver::intake(plan, receiver, compiled, origins, budget, route),
                listeners,
            }
        });
        nexts.collect()
    }
}

/// What the spool and the sockets stand on, and so cannot change while they are open.
struct Fixed {
    region: String,
    environment: String,
    /// The addresses of each receiver.
    receivers: BTreeMap<String, [Option<SocketAddr>; 2]>,
    spool: SpoolPlan,
    /// The folder of each region's spool.
    spools: BTreeMap<String, PathBuf>,
    key_path: PathBuf,
    is_central: bool,
}

impl Fixed {
    fn of(plan: Plan) -> Fixed {
        Fixed {
            spools: origins::places(&plan),
            receivers: addresses(&plan),
            is_central: !plan.origins.is_empty(),
            region: plan.region,
            environment: plan.environment,
            spool: plan.spool,
            key_path: plan.key_path,
        }
    }

    fn holds_in(&self, plan: &Plan) -> Result<(), PlanError> {
        [
            ("region", self.region == plan.region),
            ("environment", self.environment == plan.environment),
            ("receivers", self.receivers == addresses(plan)),
            ("spool", self.spool == plan.spool),
            ("origins", self.spools == origins::places(plan)),
            ("key_path", self.key_path == plan.key_path),
        ]
        .into_iter()
        .find(|(_, same)| !same)
        .map_or(Ok(()), |(key, _)| {
            let reason = "cannot change while the collector runs: restart it";
            Err(PlanError::new(key, reason))
        })
    }
}

/// The first error of all that is tried: one that fails keeps no other from its turn.
fn first_error(results: impl Iterator<Item = Result<(), SpoolError>>) -> Result<(), SpoolError> {
    let errors: Vec<SpoolError> = results.filter_map(Result::err).collect();
    errors.into_iter().next().map_or(Ok(()), Err)
}

fn load_key(plan: &Plan) -> Result<RegionKey, PlanError> {
    RegionKey::load(&plan.key_path).map_err(|error| PlanError::new("key_path", error.as_str()))
}

fn addresses(plan: &Plan) -> BTreeMap<String, [Option<SocketAddr>; 2]> {
    let receivers = plan.receivers.iter();
    receivers
        .map(|(name, receiver)| (name.clone(), [receiver.grpc, receiver.http]))
        .collect()
}

/// The settings of each receiver's listeners.
fn listeners(plan: &Plan, secret: [u8; 32]) -> Result<Vec<[Arc<Listener>; 2]>, PlanError> {
    let receivers = plan.receivers.iter();
    receivers
        .map(|(name, receiver)| receiver::listeners(plan, name, receiver, secret))
        .collect()
}
