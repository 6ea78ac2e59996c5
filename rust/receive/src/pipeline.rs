//! One pipeline's work on a request: decode, the steps, encode.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use otlp::model::{Request, Signal};
use otlp::{Limits, Notes};
use spool::{Append, Counts};

use crate::claims::Claims;
use crate::identity::Identity;
use crate::intake::Encoding;
use crate::replies::{Refusal, Rejected};
use crate::stats::Counter;
use crate::steps::Steps;
use crate::times::record_times;

/// Lines of up to four times their body's length are provided for, in 64ths.
const MAX_RATIO: usize = 4 * 64;

/// A request as it arrived, inflated.
pub struct Arrival<'a> {
    pub encoding: Encoding,
    pub body: &'a [u8],
    pub claims: &'a Claims,
    pub identity: Option<&'a Identity>,
    pub digest: [u8; 16],
    pub received_at_ns: u64,
}

/// What a pipeline leaves of a request, ready for the spool.
pub struct Passage {
    pub append: Append,
    pub rejected: Rejected,
    pub notes: Notes,
}

pub struct Pipeline {
    signal: Signal,
    /// The index of the spool's class that its lines go to.
    pub class: usize,
    steps: Steps,
    /// What each rule of the steps did, by its id.
    counters: Vec<Arc<Counter>>,
    /// The last line's length in 64ths of its body's.
    ratio: AtomicUsize,
}

impl Pipeline {
    pub fn new(signal: Signal, class: usize, steps: Steps, counters: Vec<Arc<Counter>>) -> Self {
        Pipeline {
            signal,
            class,
            steps,
            counters,
            ratio: AtomicUsize::new(2 * 64),
        }
    }

    pub fn pass(&self, arrival: &Arrival<'_>) -> Result<Passage, Refusal> {
        let Arrival { encoding, body, .. } = *arrival;
        let mut notes = Notes::default();
        let mut request = match encoding {
            Encoding::Protobuf => {
                otlp::wire::decode(self.signal, body, &Limits::default(), &mut notes)
            }
            Encoding::Json => otlp::json::decode(self.signal, body, &Limits::default(), &mut notes),
        }?;
        let received = request.records() + notes.invalid_records;
        let foreign = match arrival.identity {
            Some(identity) => arrival.claims.bind(&mut request, identity),
            None => 0,
        };
        let taken = self.steps.apply(&mut request);
        for &(rule, count) in &taken.redactions {
            self.counters[usize::from(rule)].add(u64::from(count));
        }
        let rejected = Rejected {
            invalid: notes.invalid_records,
            foreign,
            unsafe_to_store: taken.rejected,
        };
        let stored = request.records();
        let line = if stored > 0 {
            self.encode(&request, body.len())
        } else {
            Vec::new()
        };
        let (first_ns, last_ns) = record_times(&request);
        let append = Append {
            digest: arrival.digest,
            received_at_ns: arrival.received_at_ns,
            line,
            counts: Counts {
                received,
                stored,
                rejected: rejected.total(),
                ..Counts::default()
            },
            redactions: taken.redactions,
            first_ns,
            last_ns,
        };
        Ok(Passage {
            append,
            rejected,
            notes,
        })
    }

    fn encode(&self, request: &Request<'_>, body_len: usize) -> Vec<u8> {
        // As long as the last one was for its body, and an eighth: growing would copy.
        let ratio = self.ratio.load(Ordering::Relaxed);
        let mut line = Vec::with_capacity(body_len * ratio / 64 + body_len / 8);
        otlp::encode::write_json(request, &mut line);
        let ratio = (line.len() * 64 / body_len).min(MAX_RATIO);
        self.ratio.store(ratio, Ordering::Relaxed);
        line
    }
}
