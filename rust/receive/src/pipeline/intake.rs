//! What the listeners hand over, and its way to every pipeline of its signal.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use hyper::body::Bytes;
use otlp::model::Signal;
use spool::{Spool, Stored};
use tokio::sync::Semaphore;

use crate::classes::OpenClasses;
use crate::faults::guarded;
use crate::listen::body::{Compression, inflate};
use crate::listen::replies::{Refusal, Rejected};
use crate::memory::{Budget, Reservation};
use crate::pipeline::pass::{Arrival, Pipeline, Portion};
use crate::sender::claims::Claims;
use crate::sender::forwarded::Forwarded;
use crate::sender::identity::Identity;
use crate::stats::{SignalStats, Stats, Transport};

/// From this size on, a request is worked on where it holds up no other, since the runtime's few
/// workers also read and answer; one at a time, since its tree is several times as large.
const LARGE: usize = 512 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Protobuf,
    Json,
}

/// A request's body as it was read, with the memory that is reserved for it.
pub struct Parcel {
    pub transport: Transport,
    pub encoding: Encoding,
    pub compression: Compression,
    pub body: Bytes,
    pub reservation: Reservation,
    /// Who sent it; `None` where the listener asks nobody.
    pub identity: Option<Arc<Identity>>,
    /// What the request is known by where it was taken first, if that is believed.
    pub digest: Option<[u8; 16]>,
}

/// All that a listener needs to take requests.
pub struct Intake {
    /// By region.
    pub routes: BTreeMap<String, [Option<Route>; 3]>,
    /// The one region whose requests these are; `None` at the centre, where the sender tells.
    pub own: Option<String>,
    pub budget: Budget,
    pub max_body_bytes: usize,
    pub cors: Vec<String>,
}

impl Intake {
    /// Where a request goes: at the centre by the region that its sender is bound to or forwards
    /// for, and never by what the request's records say.
    pub fn route(
        &self,
        signal: Signal,
        identity: Option<&Identity>,
        forwarded: Option<Forwarded<'_>>,
    ) -> Result<&Route, Refusal> {
        let region = match &self.own {
            Some(own) => own,
            None => forwarded
                .map(|forwarded| forwarded.region)
                .or(identity.and_then(|identity| identity.region.as_deref()))
                .ok_or(Refusal::WrongRegion)?,
        };
        let routes = self.routes.get(region).ok_or(Refusal::WrongRegion)?;
        routes[signal as usize].as_ref().ok_or(Refusal::NoPipeline)
    }
}

/// Where a signal's requests go: every pipeline that takes it.
pub struct Route {
    pub signal: Signal,
    /// Never empty.
    pub pipelines: Vec<Arc<Pipeline>>,
    pub claims: Arc<Claims>,
    pub digest_key: [u8; 32],
    pub spool: Arc<Spool>,
    /// What the indices of classes stand for; each is retired with its last user.
    pub classes: OpenClasses,
    pub max_body_bytes: usize,
    pub stats: Arc<Stats>,
    /// Whose turn it is to work on a large request, over all signals.
    pub large: Arc<Semaphore>,
}

/// What a request became: a portion for each class that something of it goes to.
struct Prepared {
    received: u64,
    rejected: Rejected,
    portions: Vec<Portion>,
}

impl Route {
    /// Stores what each pipeline leaves of a request; returns once all of that is durable.
    ///
    /// Where one pipeline's part could not be stored, the sender is refused and comes back with the
    /// same digest, by which the pipelines that have it know it.
    pub async fn take(&self, mut parcel: Parcel) -> Result<Rejected, Refusal> {
        let stats = self.stats.of(self.signal, parcel.transport);
        let parcel_size = parcel.body.len();
        let mut prepare = || guarded(|| self.prepare(&mut parcel, stats));
        let prepared = if parcel_size < LARGE {
            prepare()?
        } else {
            let _turn = self.large.acquire().await;
            tokio::task::block_in_place(prepare)?
        };
        let Some(prepared) = prepared else {
            return Ok(Rejected::default());
        };
        // Only the lines are held from here on; the reservation goes on covering them until they are
        // durable.
        let Parcel {
            mut reservation,
            body,
            ..
        } = parcel;
        drop(body);
        reservation.shrink_to(lines_of(&prepared.portions));
        // An append is queued at once, so that the pipelines' commits run side by side.
        let answers: Vec<_> = prepared
            .portions
            .into_iter()
            .map(|portion| {
                let class = self.classes.number(portion.class);
                self.spool.hold(class, portion.append, portion.held)
            })
            .collect();
        let mut new = false;
        for answer in answers {
            match answer.await {
                Ok(stored) => new |= stored == Stored::New,
                Err(refusal) => {
                    stats.refused.add(prepared.received);
                    return Err(refusal.into());
                }
            }
        }
        let rejected = prepared.rejected.total();
        if new {
            stats.accepted.add(prepared.received - rejected);
            stats.rejected.add(rejected);
        } else {
            stats.duplicate.add(prepared.received);
        }
        Ok(prepared.rejected)
    }

    /// `None`: the request holds no record, and nothing is stored.
    fn prepare(
        &self,
        parcel: &mut Parcel,
        stats: &SignalStats,
    ) -> Result<Option<Prepared>, Refusal> {
        let compressed = std::mem::take(&mut parcel.body);
        parcel.body = inflate(
            parcel.compression,
            compressed,
            self.max_body_bytes,
            &mut parcel.reservation,
        )?;
        let arrival = Arrival {
            encoding: parcel.encoding,
            body: &parcel.body,
            claims: &self.claims,
            identity: parcel.identity.as_deref(),
            digest: parcel.digest.unwrap_or_else(|| self.digest(&parcel.body)),
            received_at_ns: now_ns(),
        };
        let mut prepared = Prepared {
            received: 0,
            rejected: Rejected::default(),
            portions: Vec::with_capacity(self.pipelines.len()),
        };
        for (index, pipeline) in self.pipelines.iter().enumerate() {
            let passage = pipeline.pass(&arrival)?;
            prepared.received = passage.received;
            if index == 0 {
                stats.notes(&passage.notes);
            }
            if prepared.received == 0 {
                return Ok(None);
            }
            prepared.rejected = prepared.rejected.max(passage.rejected);
            prepared.portions.extend(passage.portions);
        }
        // The first line is covered by what its body held; a further one is not.
        if let [_, _, ..] = &prepared.portions[..] {
            parcel.reservation.grow_now(lines_of(&prepared.portions))?;
        }
        Ok(Some(prepared))
    }

    /// The same body under the same key has the same digest: a sender's retry is known by it.
    fn digest(&self, body: &[u8]) -> [u8; 16] {
        let hash = blake3::keyed_hash(&self.digest_key, body);
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.as_bytes()[..16]);
        digest
    }
}

fn lines_of(portions: &[Portion]) -> usize {
    portions.iter().map(Portion::bytes).sum()
}

fn now_ns() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        })
}
