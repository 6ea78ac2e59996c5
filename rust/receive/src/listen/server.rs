//! Listeners: they accept connections and hand each to a task of its own.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::listen::connection::serve;
use crate::listen::listener::Listener;
use crate::live::Live;
use crate::pipeline::intake::Intake;
use crate::stats::Stats;

/// Connections at once over all ports; more wait in the system's backlog.
pub const MAX_CONNECTIONS: usize = 2048;

const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What every connection of a listener needs.
#[derive(Clone)]
pub struct Gate {
    pub intake: Arc<Live<Intake>>,
    pub listener: Arc<Live<Listener>>,
    pub stats: Arc<Stats>,
    pub connections: Arc<Semaphore>,
    /// Turns true when the collector stops.
    pub stopping: watch::Receiver<bool>,
}

/// Accepts connections until the collector stops.
pub async fn listen(listener: TcpListener, mut gate: Gate) {
    loop {
        let accepted = tokio::select! {
            () = stopped(&mut gate.stopping) => return,
            accepted = accept(&listener, &gate.connections) => accepted,
        };
        match accepted {
            Some((stream, address, place)) => {
                tokio::spawn(serve(stream, address, gate.clone(), place));
            }
            // Out of file descriptors, say: a pause lets connections end.
            None => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> Option<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let (stream, peer) = listener.accept().await.ok()?;
    let place = connections.clone().acquire_owned().await.ok()?;
    Some((stream, peer.ip(), place))
}

pub async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, and so the collector.
    let _ = stopping.wait_for(|stop| *stop).await;
}
