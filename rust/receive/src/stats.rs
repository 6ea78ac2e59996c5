//! What the collector counts about itself: by signal and transport, by refusal, by rule; never by
//! anything that a sender wrote.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hold::{SamplingCounts, SamplingReport};
use otlp::Notes;
use otlp::model::Signal;
use serde::Serialize;

use crate::listen::replies::Refusal;
use crate::listen::tls::FAILURES;

/// Upper bounds of the acknowledgement's histogram, in microseconds.
const BOUNDS_US: [u64; 16] = [
    100, 250, 500, 1_000, 2_000, 3_000, 5_000, 7_500, 10_000, 25_000, 50_000, 100_000, 250_000,
    500_000, 1_000_000, 5_000_000,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Grpc,
    Http,
}

#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, count: u64) {
        if count > 0 {
            self.0.fetch_add(count, Ordering::Relaxed);
        }
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts of one signal over one transport; in spans, log records or data points where not said.
#[derive(Debug, Default)]
pub struct SignalStats {
    pub requests: Counter,
    pub accepted: Counter,
    pub rejected: Counter,
    pub refused: Counter,
    pub duplicate: Counter,
    unknown_fields: Counter,
    doubled_keys: Counter,
    invalid_utf8: Counter,
}

impl SignalStats {
    pub fn notes(&self, notes: &Notes) {
        self.unknown_fields.add(notes.unknown_fields);
        self.doubled_keys.add(notes.doubled_keys);
        self.invalid_utf8.add(notes.invalid_utf8);
    }
}

/// Records of a signal that its pipelines left out on purpose.
#[derive(Debug, Default)]
pub struct LeftOut {
    /// By filters and rules.
    pub dropped: Counter,
    /// By samplers.
    pub sampled: Counter,
}

/// A signal's rules by name, in the order in which they came up.
type Rules = Vec<(String, Arc<Counter>)>;

#[derive(Default)]
pub struct Stats {
    signals: [[SignalStats; 2]; 3],
    refusals: [[Counter; Refusal::NAMES.len()]; 2],
    handshakes_failed: [Counter; FAILURES.len()],
    rules: Mutex<[Rules; 3]>,
    left_out: [Arc<LeftOut>; 3],
    /// By the pipeline's id.
    samplers: Mutex<BTreeMap<String, Arc<SamplingCounts>>>,
    ack: Histogram,
    pub connections: Counter,
    pub connections_refused: Counter,
}

impl Stats {
    /// The counters of a pipeline's rules, in the order of their ids; pipelines of one signal share
    /// those of rules with the same name.
    pub fn rules(&self, signal: Signal, names: &[String]) -> Vec<Arc<Counter>> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let known = &mut rules[signal as usize];
        names
            .iter()
            .map(|name| {
                if let Some((_, counter)) = known.iter().find(|(rule, _)| rule == name) {
                    return counter.clone();
                }
                let counter = Arc::<Counter>::default();
                known.push((name.clone(), counter.clone()));
                counter
            })
            .collect()
    }

    pub fn left_out(&self, signal: Signal) -> Arc<LeftOut> {
        self.left_out[signal as usize].clone()
    }

    /// What a pipeline's tail sampler counts; the same after a reload that leaves its policies'
    /// names as they were.
    pub fn sampler(&self, pipeline: &str, policies: Vec<String>) -> Arc<SamplingCounts> {
        let mut samplers = self.samplers.lock().unwrap_or_else(PoisonError::into_inner);
        match samplers.get(pipeline) {
            Some(known) if *known.names() == *policies => known.clone(),
            _ => {
                let counts = Arc::new(SamplingCounts::new(policies));
                samplers.insert(pipeline.to_owned(), counts.clone());
                counts
            }
        }
    }

    pub fn of(&self, signal: Signal, transport: Transport) -> &SignalStats {
        &self.signals[signal as usize][transport as usize]
    }

    pub fn refused(&self, transport: Transport, refusal: Refusal) {
        self.refusals[transport as usize][refusal.index()].add(1);
    }

    /// `reason`: a place in `tls::FAILURES`.
    pub fn handshake_failed(&self, reason: usize) {
        self.handshakes_failed[reason].add(1);
    }

    /// The time from a request's head to its OK.
    pub fn acknowledged(&self, took: Duration) {
        self.ack.add(took);
    }

    pub fn report(&self) -> StatsReport {
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        StatsReport {
            signals: Signal::ALL
                .iter()
                .map(|&signal| SignalReport {
                    signal: signal.name(),
                    grpc: CountReport::from(self.of(signal, Transport::Grpc)),
                    http: CountReport::from(self.of(signal, Transport::Http)),
                    dropped: self.left_out[signal as usize].dropped.get(),
                    sampled: self.left_out[signal as usize].sampled.get(),
                    redactions: rules[signal as usize]
                        .iter()
                        .map(|(rule, counter)| RuleReport {
                            rule: rule.clone(),
                            count: counter.get(),
                        })
                        .collect(),
                })
                .collect(),
            refusals: [Transport::Grpc, Transport::Http]
                .iter()
                .flat_map(|&transport| {
                    Refusal::NAMES
                        .iter()
                        .zip(&self.refusals[transport as usize])
                        .filter(|(_, counter)| counter.get() > 0)
                        .map(move |(reason, counter)| RefusalReport {
                            transport: match transport {
                                Transport::Grpc => "grpc",
                                Transport::Http => "http",
                            },
                            reason,
                            requests: counter.get(),
                        })
                })
                .collect(),
            handshakes_failed: FAILURES
                .iter()
                .zip(&self.handshakes_failed)
                .filter(|(_, counter)| counter.get() > 0)
                .map(|(reason, counter)| HandshakeReport {
                    reason,
                    connections: counter.get(),
                })
                .collect(),
            samplers: self
                .samplers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .iter()
                .map(|(pipeline, counts)| (pipeline.clone(), counts.report()))
                .collect(),
            ack_seconds: self.ack.report(),
            connections: self.connections.get(),
            connections_refused: self.connections_refused.get(),
        }
    }
}

struct Histogram {
    buckets: [Counter; BOUNDS_US.len() + 1],
    sum_us: Counter,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram {
            buckets: std::array::from_fn(|_| Counter::default()),
            sum_us: Counter::default(),
        }
    }
}

impl Histogram {
    fn add(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.partition_point(|&bound| bound < micros);
        self.buckets[bucket].add(1);
        self.sum_us.add(micros);
    }

    fn report(&self) -> HistogramReport {
        let counts: Vec<u64> = self.buckets.iter().map(Counter::get).collect();
        HistogramReport {
            bounds: BOUNDS_US.iter().map(|&us| us as f64 / 1e6).collect(),
            count: counts.iter().sum(),
            counts,
            sum: self.sum_us.get() as f64 / 1e6,
        }
    }
}

#[derive(Serialize)]
pub struct StatsReport {
    pub signals: Vec<SignalReport>,
    /// By the pipeline's id.
    pub samplers: BTreeMap<String, SamplingReport>,
    pub refusals: Vec<RefusalReport>,
    pub handshakes_failed: Vec<HandshakeReport>,
    pub ack_seconds: HistogramReport,
    pub connections: u64,
    pub connections_refused: u64,
}

#[derive(Serialize)]
pub struct SignalReport {
    pub signal: &'static str,
    pub grpc: CountReport,
    pub http: CountReport,
    /// Left out by filters and rules, and by samplers.
    pub dropped: u64,
    pub sampled: u64,
    pub redactions: Vec<RuleReport>,
}

#[derive(Serialize)]
pub struct CountReport {
    pub requests: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub refused: u64,
    pub duplicate: u64,
    pub unknown_fields: u64,
    pub doubled_keys: u64,
    pub invalid_utf8: u64,
}

impl From<&SignalStats> for CountReport {
    fn from(stats: &SignalStats) -> CountReport {
        CountReport {
            requests: stats.requests.get(),
            accepted: stats.accepted.get(),
            rejected: stats.rejected.get(),
            refused: stats.refused.get(),
            duplicate: stats.duplicate.get(),
            unknown_fields: stats.unknown_fields.get(),
            doubled_keys: stats.doubled_keys.get(),
            invalid_utf8: stats.invalid_utf8.get(),
        }
    }
}

#[derive(Serialize)]
pub struct RuleReport {
    pub rule: String,
    pub count: u64,
}

#[derive(Serialize)]
pub struct HandshakeReport {
    pub reason: &'static str,
    pub connections: u64,
}

#[derive(Serialize)]
pub struct RefusalReport {
    pub transport: &'static str,
    pub reason: &'static str,
    pub requests: u64,
}

/// `counts` has one more item than `bounds`: what lies above the last. Seconds.
#[derive(Serialize)]
pub struct HistogramReport {
    pub bounds: Vec<f64>,
    pub counts: Vec<u64>,
    pub count: u64,
    pub sum: f64,
}
