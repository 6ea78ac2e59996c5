//! What an exporter tells of itself: counts by signal, and how it stands with its receiver.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use otlp::model::Signal;
use serde::Serialize;
use spool::Progress;

use crate::outcome::Fault;

/// Lines that were not taken and are told of one by one, at most; the counts have all.
const MOST_TOLD: usize = 100;

/// Counts of spans, log records or data points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SignalCounts {
    /// Taken by the receiver.
    pub sent: u64,
    /// In tries that failed, counted at each; they are tried again.
    pub send_failed: u64,
    /// Left out by the receiver of requests that it took.
    pub rejected: u64,
    /// In requests that the receiver refused for good.
    pub refused: u64,
    /// In requests that were given up as configured.
    pub abandoned: u64,
}

/// A line that the receiver did not take, or not all of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Untaken {
    /// Counts up over all lines of the exporter, from 1.
    pub number: u64,
    pub segment: String,
    pub line: u64,
    pub records: u64,
    /// An HTTP status or a gRPC code, or what this side decided.
    pub reason: String,
}

#[derive(Default)]
struct State {
    signals: [SignalCounts; 3],
    tries_failed: u64,
    requests_settled: u64,
    fault: Option<Fault>,
    untaken: u64,
    told: VecDeque<Untaken>,
    spool_error: Option<String>,
}

/// Written by the exporter, read by whoever asks.
#[derive(Default)]
pub struct ExporterStats(Mutex<State>);

/// An exporter as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExporterReport {
    pub exporter: String,
    pub traces: SignalCounts,
    pub logs: SignalCounts,
    pub metrics: SignalCounts,
    /// Tries that failed and are repeated.
    pub tries_failed: u64,
    /// Requests that the receiver answered, in whatever way, or that were given up.
    pub requests_settled: u64,
    /// Why the last try failed, if none has succeeded since.
    pub fault: Option<String>,
    /// The last lines that were not taken whole.
    pub untaken: Vec<Untaken>,
    /// Why segments cannot be read or their progress written, while they cannot.
    pub spool_error: Option<String>,
}

impl ExporterStats {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Counts are whole after each statement, whatever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn failed(&self, signal: Signal, records: u64, fault: Fault) {
        let mut state = self.lock();
        state.signals[signal as usize].send_failed += records;
        state.tries_failed += 1;
        state.fault = Some(fault);
    }

    /// A request's fate: `line` has its one line and its records.
    pub(crate) fn settled(&self, signal: Signal, line: &Progress) {
        let mut state = self.lock();
        let counts = &mut state.signals[signal as usize];
        counts.sent += line.sent;
        counts.rejected += line.rejected;
        counts.refused += line.refused;
        counts.abandoned += line.abandoned;
        state.requests_settled += 1;
        if line.abandoned == 0 {
            state.fault = None;
        }
    }

    pub(crate) fn untaken(&self, segment: &str, line: u64, records: u64, reason: String) {
        let mut state = self.lock();
        state.untaken += 1;
        let number = state.untaken;
        if state.told.len() == MOST_TOLD {
            state.told.pop_front();
        }
        state.told.push_back(Untaken {
            number,
            segment: segment.to_owned(),
            line,
            records,
            reason,
        });
    }

    pub(crate) fn spool_failed(&self, error: Option<String>) {
        self.lock().spool_error = error;
    }

    pub fn report(&self, exporter: &str) -> ExporterReport {
        let state = self.lock();
        let [traces, logs, metrics] = state.signals;
        ExporterReport {
            exporter: exporter.to_owned(),
            traces,
            logs,
            metrics,
            tries_failed: state.tries_failed,
            requests_settled: state.requests_settled,
            fault: state.fault.map(|fault| fault.to_string()),
            untaken: state.told.iter().cloned().collect(),
            spool_error: state.spool_error.clone(),
        }
    }
}
