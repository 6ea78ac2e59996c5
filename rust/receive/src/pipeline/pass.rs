//! One pipeline's work on a request: decode, the steps, encode.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use otlp::model::{Request, Signal};
use otlp::{Limits, Notes};
use spool::{Append, Counts, HeldPart};

use crate::listen::replies::{Refusal, Rejected};
use crate::pipeline::gated::Gated;
use crate::pipeline::intake::Encoding;
use crate::pipeline::steps::Steps;
use crate::pipeline::times::record_times;
use crate::pipeline::ways::{Class, Ways};
use crate::sender::claims::Claims;
use crate::sender::identity::Identity;
use crate::stats::{Counter, LeftOut};

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
    pub received: u64,
    /// One for each class; none where the request held no record.
    pub portions: Vec<Portion>,
    pub rejected: Rejected,
    pub notes: Notes,
}

/// What of a request goes to one class.
pub struct Portion {
    /// The index of the spool's class.
    pub class: usize,
    pub append: Append,
    /// What waits, in a class that holds records back.
    pub held: Vec<HeldPart>,
}

impl Portion {
    /// Bytes of its lines.
    pub fn bytes(&self) -> usize {
        let held: usize = self.held.iter().map(|part| part.line.len()).sum();
        self.append.line.len() + held
    }
}

/// The gates of a pipeline's classes.
pub struct Gates {
    pub travels: Gated,
    pub local: Option<Gated>,
}

pub struct Pipeline {
    signal: Signal,
    /// The ids of the receivers that it takes from.
    receivers: Vec<String>,
    ways: Ways,
    steps: Steps,
    /// Where records wait, and what is done to those that go on: of what travels, and of what stays.
    gates: Option<Gates>,
    /// What each rule of the steps did, by its id, and behind them those of the routing.
    counters: Vec<Arc<Counter>>,
    left_out: Arc<LeftOut>,
    /// The last line's length in 64ths of its body's.
    ratio: AtomicUsize,
}

impl Pipeline {
    pub fn new(
        signal: Signal,
        receivers: Vec<String>,
        ways: Ways,
        steps: Steps,
        gates: Option<Gates>,
        counters: Vec<Arc<Counter>>,
        left_out: Arc<LeftOut>,
    ) -> Self {
        Pipeline {
            signal,
            receivers,
            ways,
            steps,
            gates,
            counters,
            left_out,
            ratio: AtomicUsize::new(2 * 64),
        }
    }

    /// Whether a signal's requests come to it from a receiver.
    pub fn takes(&self, signal: Signal, receiver: &str) -> bool {
        self.signal == signal && self.receivers.iter().any(|id| id == receiver)
    }

    pub fn pass(&self, arrival: &Arrival<'_>) -> Result<Passage, Refusal> {
        let Arrival { encoding, body, .. } = *arrival;
        if self.gates.as_ref().is_some_and(|it| it.travels.is_full()) {
            return Err(Refusal::TooBusy);
        }
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
        self.left_out.dropped.add(taken.dropped);
        self.left_out.sampled.add(taken.sampled);
        let rejected = Rejected {
            invalid: notes.invalid_records,
            foreign,
            unsafe_to_store: taken.rejected,
            failed: taken.failed,
        };
        let counts = Counts {
            received,
            stored: request.records(),
            rejected: rejected.total(),
            sampled: taken.sampled,
            dropped: taken.dropped,
            ..Counts::default()
        };
        let portions = self.part(request, counts, taken.redactions, arrival);
        Ok(Passage {
            received,
            portions,
            rejected,
            notes,
        })
    }

    /// Makes a portion of each part: what travels carries the books of all that is not kept.
    fn part(
        &self,
        request: Request<'_>,
        mut counts: Counts,
        mut redactions: Vec<(u16, u32)>,
        arrival: &Arrival<'_>,
    ) -> Vec<Portion> {
        let mut parted = self.ways.part(request);
        let first = self.counters.len() - parted.removed.len();
        redactions.extend(
            parted
                .removed
                .iter()
                .enumerate()
                .filter(|(_, count)| **count > 0)
                .map(|(rule, &count)| {
                    (
                        (first + rule) as u16,
                        u32::try_from(count).unwrap_or(u32::MAX),
                    )
                }),
        );
        let mut portions = Vec::with_capacity(2);
        let received_at_ns = arrival.received_at_ns;
        let hold = |gate: Option<&Gated>,
                    request: &mut Request<'_>,
                    counts: &mut Counts,
                    redactions: &mut Vec<(u16, u32)>| {
            gate.map_or_else(Vec::new, |gate| {
                gate.part(request, received_at_ns, counts, redactions)
            })
        };
        if let (Some(class), Some(local)) = (&self.ways.local, &mut parted.local) {
            let received = local.records();
            let mut counts_of_local = Counts {
                received,
                stored: received,
                ..Counts::default()
            };
            counts.received -= received;
            counts.stored -= received;
            let gate = self.gates.as_ref().and_then(|gates| gates.local.as_ref());
            let held = hold(gate, local, &mut counts_of_local, &mut redactions);
            let mut portion = self.portion(class, local, counts_of_local, arrival);
            portion.held = held;
            portions.push(portion);
        }
        let gate = self.gates.as_ref().map(|gates| &gates.travels);
        let held = hold(gate, &mut parted.travels, &mut counts, &mut redactions);
        for &(rule, count) in &redactions {
            self.counters[usize::from(rule)].add(u64::from(count));
        }
        match portions.last_mut() {
            Some(local) if counts.received == 0 => local.append.redactions = redactions,
            _ if counts.received == 0 => {}
            _ => {
                let mut portion =
                    self.portion(&self.ways.travels, &parted.travels, counts, arrival);
                portion.append.redactions = redactions;
                portion.held = held;
                portions.push(portion);
            }
        }
        portions
    }

    fn portion(
        &self,
        class: &Class,
        request: &Request<'_>,
        counts: Counts,
        arrival: &Arrival<'_>,
    ) -> Portion {
        let line = if counts.stored > 0 {
            self.encode(request, arrival.body.len())
        } else {
            Vec::new()
        };
        let (first_ns, last_ns) = record_times(request);
        Portion {
            class: class.index,
            append: Append {
                digest: class.digest(arrival.digest),
                received_at_ns: arrival.received_at_ns,
                line,
                counts,
                redactions: Vec::new(),
                first_ns,
                last_ns,
            },
            held: Vec::new(),
        }
    }

    fn encode(&self, request: &Request<'_>, body_len: usize) -> Vec<u8> {
        // As long as the last one was for its body, an eighth, and the newline that the spool ends it
        // with: growing would copy.
        let ratio = self.ratio.load(Ordering::Relaxed);
        let mut line = Vec::with_capacity(body_len * ratio / 64 + body_len / 8 + 1);
        otlp::encode::write_json(request, &mut line);
        let ratio = (line.len() * 64 / body_len).min(MAX_RATIO);
        self.ratio.store(ratio, Ordering::Relaxed);
        line
    }
}
