//! The data plane as its owner sees it: made from a plan, started, drained, closed.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use otlp::model::Signal;
use redact::RegionKey;
use serde::Serialize;
use spool::{RealFileSystem, Spool, SpoolConfig, SpoolError};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, watch};

use crate::assembly::assemble;
use crate::claims::Claims;
use crate::faults::{forbid_core_dumps, quiet_panics};
use crate::intake::{Intake, Route};
use crate::memory::Budget;
use crate::plan::{Plan, PlanError};
use crate::server::{Gate, MAX_CONNECTIONS, listen};
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
    grpc: Option<SocketAddr>,
    http: Option<SocketAddr>,
    intake: Arc<Intake>,
    spool: Arc<Spool>,
    runtime: Runtime,
    connections: Arc<Semaphore>,
    stop: watch::Sender<bool>,
}

impl DataPlane {
    /// Compiles the policies, reads the key and opens the spool. Nothing listens yet.
    pub fn new(plan: Plan) -> Result<DataPlane, StartError> {
        quiet_panics();
        forbid_core_dumps();
        let key = RegionKey::load(&plan.key_path)
            .map_err(|error| PlanError::new("key_path", error.as_str()))?;
        let mut stats = Stats::default();
        let assembly = assemble(&plan, &key, &mut stats)?;
        let stats = Arc::new(stats);
        let spool = Arc::new(Spool::open(
            SpoolConfig {
                durability: plan.spool.durability,
                segment_bytes: plan.spool.segment_bytes,
                segment_age: Duration::from_millis(plan.spool.segment_age_ms),
                digest_window: Duration::from_millis(plan.spool.digest_window_ms),
                ..SpoolConfig::new(
                    plan.spool.path,
                    &plan.region,
                    &plan.environment,
                    assembly.classes,
                )
            },
            Arc::new(RealFileSystem),
        )?);
        let large = Arc::new(Semaphore::new(1));
        let claims = Arc::new(Claims::new(plan.tenant_keys));
        let mut signals = Signal::ALL.into_iter();
        let routes = assembly.pipelines.map(|pipelines| {
            let signal = signals.next().filter(|_| !pipelines.is_empty())?;
            Some(Route {
                signal,
                pipelines,
                claims: claims.clone(),
                digest_key: *key.request_digest_key(),
                spool: spool.clone(),
                max_body_bytes: plan.max_body_bytes,
                stats: stats.clone(),
                large: large.clone(),
            })
        });
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads(cores.min(MAX_WORKERS))
            .thread_name("mainstem-receive")
            .enable_all()
            .build()
            .map_err(|error| StartError::Runtime(error.kind()))?;
        Ok(DataPlane {
            grpc: plan.grpc,
            http: plan.http,
            intake: Arc::new(Intake {
                routes,
                budget: Budget::new(plan.in_flight_bytes),
                max_body_bytes: plan.max_body_bytes,
                cors: plan.cors,
                stats,
            }),
            spool,
            runtime,
            connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            stop: watch::Sender::new(false),
        })
    }

    /// Binds the listeners and takes requests from now on.
    pub fn start(&self) -> io::Result<Ports> {
        let bind = |address: SocketAddr| self.runtime.block_on(TcpListener::bind(address));
        let mut ports = Ports::default();
        let mut listeners = Vec::new();
        if let Some(address) = self.grpc {
            let listener = bind(address)?;
            ports.grpc = Some(listener.local_addr()?.port());
            listeners.push(listener);
        }
        match self.http {
            Some(address) if self.grpc == Some(address) && address.port() != 0 => {
                ports.http = ports.grpc;
            }
            Some(address) => {
                let listener = bind(address)?;
                ports.http = Some(listener.local_addr()?.port());
                listeners.push(listener);
            }
            None => {}
        }
        for listener in listeners {
            self.runtime.spawn(listen(
                listener,
                Gate {
                    intake: self.intake.clone(),
                    connections: self.connections.clone(),
                    stopping: self.stop.subscribe(),
                },
            ));
        }
        Ok(ports)
    }

    pub fn spool(&self) -> &Spool {
        &self.spool
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
        self.spool.seal_all()?;
        Ok(finished)
    }

    /// Takes no new request and closes the spool; what is still under way is refused. The threads
    /// end with the last user of this data plane.
    pub fn close(&self) -> Result<(), SpoolError> {
        self.stop.send_replace(true);
        self.spool.close()
    }

    pub fn stats(&self) -> Report {
        Report {
            receive: self.intake.stats.report(),
            open_connections: MAX_CONNECTIONS - self.connections.available_permits(),
            in_flight_bytes: self.intake.budget.in_flight(),
            in_flight_peak_bytes: self.intake.budget.peak(),
            spool: self.spool.stats(),
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
    spool: spool::Stats,
}
