//! One of the collector's receivers: its addresses, how it speaks and whom it lets in, and the
//! pipelines that take what it receives.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use otlp::model::Signal;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::listen::listener::Listener;
use crate::listen::server::{Gate, listen};
use crate::live::Live;
use crate::memory::Budget;
use crate::origins::{Compiled, Origin};
use crate::pipeline::intake::{Intake, Route};
use crate::plan::{Plan, PlanError, ReceiverPlan};

/// The ports that were bound; `None` where the plan has no such listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    pub grpc: Option<u16>,
    pub http: Option<u16>,
}

pub struct Receiver {
    pub name: String,
    pub grpc: Option<SocketAddr>,
    pub http: Option<SocketAddr>,
    intake: Arc<Live<Intake>>,
    listeners: [Arc<Live<Listener>>; 2],
}

/// What another plan puts in a receiver's place.
pub struct Next {
    pub intake: Intake,
    pub listeners: [Arc<Listener>; 2],
}

impl Receiver {
    pub fn new(name: &str, plan: &ReceiverPlan, next: Next) -> Receiver {
        Receiver {
            name: name.to_owned(),
            grpc: plan.grpc,
            http: plan.http,
            intake: Arc::new(Live::new(Arc::new(next.intake))),
            listeners: next.listeners.map(|one| Arc::new(Live::new(one))),
        }
    }

    pub fn replace(&self, next: Next) {
        self.intake.replace(Arc::new(next.intake));
        for (listener, next) in self.listeners.iter().zip(next.listeners) {
            listener.replace(next);
        }
    }

    /// Binds the addresses and takes requests from now on. `gate` makes what the connections of a
    /// listener need.
    pub fn start(
        &self,
        runtime: &Runtime,
        gate: impl Fn(Arc<Live<Intake>>, Arc<Live<Listener>>) -> Gate,
    ) -> io::Result<Ports> {
        let bind = |address: SocketAddr| runtime.block_on(TcpListener::bind(address));
        let mut ports = Ports::default();
        let mut sockets = Vec::new();
        if let Some(address) = self.grpc {
            let socket = bind(address)?;
            ports.grpc = Some(socket.local_addr()?.port());
            sockets.push((socket, &self.listeners[0]));
        }
        match self.http {
            Some(address) if self.grpc == Some(address) && address.port() != 0 => {
                ports.http = ports.grpc;
            }
            Some(address) => {
                let socket = bind(address)?;
                ports.http = Some(socket.local_addr()?.port());
                sockets.push((socket, &self.listeners[1]));
            }
            None => {}
        }
        for (socket, listener) in sockets {
            runtime.spawn(listen(socket, gate(self.intake.clone(), listener.clone())));
        }
        Ok(ports)
    }

    /// What the requests under way hold.
    pub fn budget(&self) -> Budget {
        self.intake.now().budget.clone()
    }

    pub fn certificates_expire_unix(&self) -> impl Iterator<Item = i64> {
        let listeners = self.listeners.iter().map(|listener| listener.now());
        listeners.filter_map(|listener| listener.tls.as_ref()?.expires_unix)
    }
}

/// The settings of a receiver's gRPC listener, and of its HTTP listener.
pub fn listeners(
    plan: &Plan,
    name: &str,
    receiver: &ReceiverPlan,
    secret: [u8; 32],
) -> Result<[Arc<Listener>; 2], PlanError> {
    let own = plan.origins.is_empty().then_some(plan.region.as_str());
    let make = |protocol: &str, settings| {
        let place = format!("receivers.{name}.{protocol}");
        Listener::new(&place, settings, own, secret).map(Arc::new)
    };
    Ok([
        make("grpc", &receiver.listeners.grpc)?,
        make("http", &receiver.listeners.http)?,
    ])
}

/// Where a receiver's requests go, in each region: to the pipelines that name it.
pub fn intake(
    plan: &Plan,
    receiver: &ReceiverPlan,
    compiled: &[Compiled],
    origins: &[Origin],
    budget: Budget,
    route: impl Fn(Signal, &Compiled, &Origin) -> Option<Route>,
) -> Intake {
    let routes = compiled.iter().zip(origins).map(|(compiled, origin)| {
        let routes = Signal::ALL.map(|signal| route(signal, compiled, origin));
        (compiled.0.clone(), routes)
    });
    Intake {
        routes: routes.collect(),
        own: plan.origins.is_empty().then(|| plan.region.clone()),
        budget,
        max_body_bytes: receiver.max_body_bytes,
        cors: receiver.cors.clone(),
    }
}
