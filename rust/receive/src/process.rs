//! What happens to one request: inflate, digest, decode, redact, encode, append to the spool.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use hyper::body::Bytes;
use otlp::model::Signal;
use otlp::{Limits, Notes};
use redact::{Policy, Tally};
use spool::{Append, Counts, Spool, Stored};
use tokio::sync::Semaphore;

use crate::body::{Compression, inflate};
use crate::claims::Claims;
use crate::faults::guarded;
use crate::identity::Identity;
use crate::memory::{Budget, Reservation};
use crate::replies::{Refusal, Rejected};
use crate::stats::{SignalStats, Stats, Transport};
use crate::times::record_times;

/// From this size on, a request is worked on where it holds up no other, since the runtime's few
/// workers also read and answer; one at a time, since its tree is several times as large.
const LARGE: usize = 512 * 1024;

/// Lines of up to four times their body's length are provided for, in 64ths.
const MAX_RATIO: usize = 4 * 64;

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
}

/// All that a listener needs to take requests.
pub struct Intake {
    pub pipelines: [Option<Pipeline>; 3],
    pub budget: Budget,
    pub max_body_bytes: usize,
    pub cors: Vec<String>,
    pub stats: Arc<Stats>,
}

impl Intake {
    pub fn pipeline(&self, signal: Signal) -> Result<&Pipeline, Refusal> {
        self.pipelines[signal as usize]
            .as_ref()
            .ok_or(Refusal::NoPipeline)
    }
}

/// One signal's way from bytes to the spool.
pub struct Pipeline {
    pub signal: Signal,
    pub class: usize,
    pub policy: Policy,
    pub claims: Arc<Claims>,
    pub digest_key: [u8; 32],
    pub spool: Arc<Spool>,
    pub max_body_bytes: usize,
    pub stats: Arc<Stats>,
    /// The last line's length in 64ths of its body's.
    pub ratio: AtomicUsize,
    /// Whose turn it is to work on a large request, over all signals.
    pub large: Arc<Semaphore>,
}

/// What a request became, ready for the spool.
struct Prepared {
    append: Append,
    rejected: Rejected,
}

impl Pipeline {
    /// Stores what is left of a request; returns once that is durable.
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
        let Some(Prepared { append, rejected }) = prepared else {
            return Ok(Rejected::default());
        };
        // Only the line is held from here on; the reservation goes on covering it until it is durable.
        let Parcel {
            mut reservation,
            body,
            ..
        } = parcel;
        drop(body);
        reservation.shrink_to(append.line.len());
        let received = append.counts.received;
        let stored = append.counts.stored;
        match self.spool.append(self.class, append).await {
            Ok(Stored::New) => {
                stats.accepted.add(stored);
                stats.rejected.add(rejected.total());
                Ok(rejected)
            }
            Ok(Stored::Duplicate) => {
                stats.duplicate.add(received);
                Ok(rejected)
            }
            Err(refusal) => {
                stats.refused.add(received);
                Err(refusal.into())
            }
        }
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
        let body = &parcel.body[..];
        let received_at_ns = now_ns();
        let mut notes = Notes::default();
        let mut request = match parcel.encoding {
            Encoding::Protobuf => {
                otlp::wire::decode(self.signal, body, &Limits::default(), &mut notes)
            }
            Encoding::Json => otlp::json::decode(self.signal, body, &Limits::default(), &mut notes),
        }?;
        stats.notes(&notes);
        let received = request.records() + notes.invalid_records;
        if received == 0 {
            return Ok(None);
        }
        let foreign = match &parcel.identity {
            Some(identity) => self.claims.bind(&mut request, identity),
            None => 0,
        };
        let mut tally = Tally::default();
        self.policy.apply(&mut request, &mut tally);
        let redactions = self.redactions(&tally);
        let rejected = Rejected {
            invalid: notes.invalid_records,
            foreign,
            unsafe_to_store: tally.rejected,
        };
        let stored = request.records();
        let mut line = Vec::new();
        if stored > 0 {
            // As long as the last one was for its body, and an eighth: growing would copy.
            let ratio = self.ratio.load(Ordering::Relaxed);
            line.reserve(body.len() * ratio / 64 + body.len() / 8);
            otlp::encode::write_json(&request, &mut line);
            let ratio = (line.len() * 64 / body.len()).min(MAX_RATIO);
            self.ratio.store(ratio, Ordering::Relaxed);
        }
        let (first_ns, last_ns) = record_times(&request);
        let append = Append {
            digest: self.digest(body),
            received_at_ns,
            line,
            counts: Counts {
                received,
                stored,
                rejected: rejected.total(),
                ..Counts::default()
            },
            redactions,
            first_ns,
            last_ns,
        };
        Ok(Some(Prepared { append, rejected }))
    }

    /// The same body under the same key has the same digest: a sender's retry is known by it.
    fn digest(&self, body: &[u8]) -> [u8; 16] {
        let hash = blake3::keyed_hash(&self.digest_key, body);
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.as_bytes()[..16]);
        digest
    }

    fn redactions(&self, tally: &Tally) -> Vec<(u16, u32)> {
        let mut redactions = Vec::new();
        for (rule, &count) in tally.masked.iter().enumerate() {
            if count > 0 {
                self.stats.redacted(self.signal, rule, count);
                redactions.push((rule as u16, u32::try_from(count).unwrap_or(u32::MAX)));
            }
        }
        redactions
    }
}

fn now_ns() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        })
}
