//! The data plane as its owner sees it: made from a plan, started, drained, closed.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use forward::ExporterReport;
use otlp::model::Signal;
use redact::RegionKey;
use serde::Serialize;
use spool::{Spool, SpoolError};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, watch};

use crate::faults::{forbid_core_dumps, quiet_panics};
use crate::listen::listener::Listener;
use crate::listen::server::{Gate, MAX_CONNECTIONS, listen};
use crate::listen::tls;
use crate::live::Live;
use crate::memory::{Budget, Pressure};
use crate::origins::{self, Compiled, Origin};
use crate::pipeline::intake::{Intake, Route};
use crate::plan::{Plan, PlanError, SpoolPlan};
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

/// The ports that were bound; `None` where the plan has no such listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    pub grpc: Option<u16>,
    pub http: Option<u16>,
}

pub struct DataPlane {
    fixed: Fixed,
    intake: Arc<Live<Intake>>,
    grpc: Arc<Live<Listener>>,
    http: Arc<Live<Listener>>,
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
        let [grpc, http] = listeners(&plan, secret)?;
        let key = load_key(&plan)?;
        let stats = Arc::new(Stats::default());
        let (origins, compiled) = origins::open(&plan, &key, &stats)?;
        let shared = Shared {
            stats,
            large: Arc::new(Semaphore::new(1)),
            secret,
        };
        let budget = Budget::new(plan.in_flight_bytes);
        let intake = shared.intake(&plan, compiled, &origins, &key, budget);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads(cores.min(MAX_WORKERS))
            .thread_name("mainstem-receive")
            .enable_all()
            .build()
            .map_err(|error| StartError::Runtime(error.kind()))?;
        Ok(DataPlane {
            fixed: Fixed::of(plan),
            intake: Arc::new(Live::new(Arc::new(intake))),
            grpc: Arc::new(Live::new(grpc)),
            http: Arc::new(Live::new(http)),
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
        let [grpc, http] = listeners(&plan, self.shared.secret)?;
        let key = load_key(&plan)?;
        let mut nexts = Vec::with_capacity(self.origins.len());
        let mut compiled = Vec::with_capacity(self.origins.len());
        for origin in &self.origins {
            let (next, of_origin) = origin.next(&plan, &key, &self.shared.stats)?;
            nexts.push(next);
            compiled.push(of_origin);
        }
        let budget = self.intake.now().budget.resized(plan.in_flight_bytes);
        let intake = self
            .shared
            .intake(&plan, compiled, &self.origins, &key, budget);
        self.intake.replace(Arc::new(intake));
        self.grpc.replace(grpc);
        self.http.replace(http);
        for (origin, next) in self.origins.iter().zip(nexts) {
            origin.replace(next, &self.runtime);
        }
        Ok(())
    }

    /// Binds the listeners and takes requests from now on; what is owed to exporters is sent on.
    pub fn start(&self) -> io::Result<Ports> {
        let bind = |address: SocketAddr| self.runtime.block_on(TcpListener::bind(address));
        let mut ports = Ports::default();
        let mut listeners = Vec::new();
        if let Some(address) = self.fixed.grpc {
            let listener = bind(address)?;
            ports.grpc = Some(listener.local_addr()?.port());
            listeners.push((listener, &self.grpc));
        }
        match self.fixed.http {
            Some(address) if self.fixed.grpc == Some(address) && address.port() != 0 => {
                ports.http = ports.grpc;
            }
            Some(address) => {
                let listener = bind(address)?;
                ports.http = Some(listener.local_addr()?.port());
                listeners.push((listener, &self.http));
            }
            None => {}
        }
        for (socket, listener) in listeners {
            self.runtime.spawn(listen(
                socket,
                Gate {
                    intake: self.intake.clone(),
                    listener: listener.clone(),
                    stats: self.shared.stats.clone(),
                    connections: self.connections.clone(),
                    stopping: self.stop.subscribe(),
                },
            ));
        }
        for origin in &self.origins {
            origin.forwarders.start(&self.runtime);
        }
        Ok(ports)
    }

    /// Takes requests, or refuses them for now, as the process's memory stands.
    pub fn set_pressure(&self, pressure: Pressure) {
        self.intake.now().budget.set_pressure(pressure);
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

    /// Takes no new request, lets those under way finish, and seals what is open.
    ///
    /// `Ok(false)`: some were still under way when the time was over.
    pub fn drain(&self, timeout: Duration) -> Result<bool, SpoolError> {
        self.stop.send_replace(true);
        let all = self.connections.acquire_many(MAX_CONNECTIONS as u32);
        let finished = self
            .runtime
            .block_on(async { tokio::time::timeout(timeout, all).await.is_ok() });
        self.seal_all()?;
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
        let intake = self.intake.now();
        Report {
            receive: self.shared.stats.report(),
            open_connections: MAX_CONNECTIONS - self.connections.available_permits(),
            in_flight_bytes: intake.budget.in_flight(),
            in_flight_peak_bytes: intake.budget.peak(),
            certificate_expires_unix: [&self.grpc, &self.http]
                .iter()
                .filter_map(|listener| listener.now().tls.as_ref()?.expires_unix)
                .min(),
            exporters: self.origins[0].forwarders.reports(),
            spool: self.origins[0].spool.stats(),
            origins: match intake.own {
                Some(_) => BTreeMap::new(),
                None => self.origins.iter().map(Origin::stats).collect(),
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
    fn intake(
        &self,
        plan: &Plan,
        compiled: Vec<Compiled>,
        origins: &[Origin],
        key: &RegionKey,
        budget: Budget,
    ) -> Intake {
        let claims = Arc::new(Claims::new(plan.tenant_keys.clone()));
        let routes = compiled.into_iter().zip(origins);
        let routes = routes.map(|((region, pipelines, classes), origin)| {
            let mut signals = Signal::ALL.into_iter();
            let routes = pipelines.map(|pipelines| {
                let signal = signals.next().filter(|_| !pipelines.is_empty())?;
                Some(Route {
                    signal,
                    pipelines,
                    claims: claims.clone(),
                    digest_key: *key.request_digest_key(),
                    spool: origin.spool.clone(),
                    classes: classes.clone(),
                    max_body_bytes: plan.max_body_bytes,
                    stats: self.stats.clone(),
                    large: self.large.clone(),
                })
            });
            (region, routes)
        });
        Intake {
            routes: routes.collect(),
            own: plan.origins.is_empty().then(|| plan.region.clone()),
            budget,
            max_body_bytes: plan.max_body_bytes,
            cors: plan.cors.clone(),
        }
    }
}

/// What the spool and the sockets stand on, and so cannot change while they are open.
struct Fixed {
    region: String,
    environment: String,
    grpc: Option<SocketAddr>,
    http: Option<SocketAddr>,
    spool: SpoolPlan,
    /// The folder of each region's spool.
    spools: BTreeMap<String, PathBuf>,
    key_path: PathBuf,
}

impl Fixed {
    fn of(plan: Plan) -> Fixed {
        Fixed {
            spools: origins::places(&plan),
            region: plan.region,
            environment: plan.environment,
            grpc: plan.grpc,
            http: plan.http,
            spool: plan.spool,
            key_path: plan.key_path,
        }
    }

    fn holds_in(&self, plan: &Plan) -> Result<(), PlanError> {
        [
            ("region", self.region == plan.region),
            ("environment", self.environment == plan.environment),
            ("grpc", self.grpc == plan.grpc),
            ("http", self.http == plan.http),
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

/// The settings of gRPC's listener, and of HTTP's.
fn listeners(plan: &Plan, secret: [u8; 32]) -> Result<[Arc<Listener>; 2], PlanError> {
    let make = |place, settings| Listener::new(place, settings, &plan.region, secret).map(Arc::new);
    Ok([
        make("listeners.grpc", &plan.listeners.grpc)?,
        make("listeners.http", &plan.listeners.http)?,
    ])
}
