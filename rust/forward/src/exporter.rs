//! The loop that brings what an exporter is owed to its receiver: segment by segment, line by line,
//! a few requests at once, each until it is settled.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use otlp::model::{Request, Signal};
use otlp::{Limits, Notes};
use spool::{OwedLine, OwedSegment, Progress, Spool, SpoolError};
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::backoff::Backoff;
use crate::client::{Client, Origin};
use crate::config::{ConfigError, Encoding, ExporterPlan, Retry};
use crate::outcome::Outcome;
use crate::stats::{ExporterReport, ExporterStats};

/// How often progress is written while a segment is under way: what a crash takes back is sent a
/// second time, and a write costs two syncs.
const NOTE_EVERY: Duration = Duration::from_secs(1);
/// After a segment that cannot be read, or progress that cannot be written.
const SPOOL_PAUSE: Duration = Duration::from_secs(10);

/// An exporter of one spool. It runs until it is stopped, and forgets nothing by that.
pub struct Exporter {
    name: String,
    region: String,
    instance: String,
    client: Client,
    retry: Retry,
    in_flight: usize,
    spool: Arc<Spool>,
    stats: Arc<ExporterStats>,
}

/// How an exporter is to go on, each after the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pace {
    #[default]
    Steady,
    /// Its time is short: what waits for another try is tried now.
    Hurried,
    Stopped,
}

/// A line as a request, ready to be sent.
struct Parcel {
    origin: Origin,
    records: u64,
    /// `None` where the line cannot be read, which no line of the spool's own is.
    body: Option<Bytes>,
}

/// Why a segment was left before its end.
enum Left {
    Stopped,
    /// A task panicked; nothing is settled by it, and it is tried again after a pause.
    Panicked,
    Spool(SpoolError),
}

/// Requests under way, in the order of their lines; given up where the segment is left.
struct UnderWay(VecDeque<JoinHandle<Option<Progress>>>);

impl UnderWay {
    /// Wait for the first of them, so that progress has no holes.
    async fn settle_first(&mut self, progress: &mut Progress) -> Result<(), Left> {
        let Some(first) = self.0.pop_front() else {
            return Ok(());
        };
        let line = first.await.map_err(|_| Left::Panicked)?;
        let line = line.ok_or(Left::Stopped)?;
        progress.lines += line.lines;
        progress.sent += line.sent;
        progress.rejected += line.rejected;
        progress.refused += line.refused;
        progress.abandoned += line.abandoned;
        Ok(())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        for request in &self.0 {
            request.abort();
        }
    }
}

impl From<SpoolError> for Left {
    fn from(error: SpoolError) -> Left {
        Left::Spool(error)
    }
}

impl Exporter {
    /// `stats` go on from where an exporter of this name left them.
    ///
    /// # Errors
    /// What of the plan cannot be carried out.
    pub fn new(
        name: &str,
        region: &str,
        plan: &ExporterPlan,
        spool: Arc<Spool>,
        stats: Arc<ExporterStats>,
    ) -> Result<Exporter, ConfigError> {
        Ok(Exporter {
            name: name.to_owned(),
            region: region.to_owned(),
            instance: spool.stats().instance,
            client: Client::new(plan)?,
            retry: plan.retry,
            in_flight: plan.in_flight.max(1),
            spool,
            stats,
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn stats(&self) -> Arc<ExporterStats> {
        Arc::clone(&self.stats)
    }

    pub fn report(&self) -> ExporterReport {
        self.stats.report(&self.name)
    }

    /// Send on what is owed, at the pace that is wanted, until that is none.
    pub async fn run(self: Arc<Self>, mut pace: watch::Receiver<Pace>) {
        loop {
            let owed = tokio::select! {
                owed = self.spool.next_owed(&self.name) => owed,
                () = stopped(&mut pace) => return,
            };
            match self.forward(owed, &pace).await {
                Ok(()) => self.stats.spool_failed(None),
                Err(Left::Stopped) => return,
                Err(left) => {
                    let error = match left {
                        Left::Spool(error) => error.to_string(),
                        _ => "a fault in the exporter".to_owned(),
                    };
                    self.stats.spool_failed(Some(error));
                    tokio::select! {
                        () = tokio::time::sleep(SPOOL_PAUSE) => {}
                        () = stopped(&mut pace) => return,
                    }
                }
            }
        }
    }

    /// Settle every line of a segment. What is settled by a stop is noted.
    async fn forward(
        self: &Arc<Self>,
        owed: OwedSegment,
        pace: &watch::Receiver<Pace>,
    ) -> Result<(), Left> {
        let mut progress = owed.progress;
        let left = self.settle_lines(&owed, &mut progress, pace).await;
        let (exporter, seq) = (Arc::clone(self), owed.seq);
        let finished = left.is_ok();
        blocking(move || {
            if finished {
                exporter.spool.finish(seq, &exporter.name, progress)
            } else {
                exporter.spool.advance(seq, &exporter.name, progress)
            }
        })
        .await?;
        left
    }

    async fn settle_lines(
        self: &Arc<Self>,
        owed: &OwedSegment,
        progress: &mut Progress,
        pace: &watch::Receiver<Pace>,
    ) -> Result<(), Left> {
        let signal = signal_named(&owed.signal);
        let mut under_way = UnderWay(VecDeque::new());
        let mut noted = Instant::now();
        let mut lines = owed.open()?;
        loop {
            let (exporter, segment) = (Arc::clone(self), owed.segment.clone());
            let (read, parcels) = blocking(move || {
                let commit = lines.next_commit()?;
                let parcels = commit.map(|commit| exporter.parcels(&segment, signal, commit));
                Ok((lines, parcels))
            })
            .await?;
            lines = read;
            let Some(parcels) = parcels else {
                break;
            };
            for parcel in parcels {
                if under_way.0.len() >= self.in_flight {
                    under_way.settle_first(progress).await?;
                }
                let exporter = Arc::clone(self);
                let pace = pace.clone();
                under_way.0.push_back(tokio::spawn(async move {
                    exporter.settle(signal, parcel, pace).await
                }));
                if noted.elapsed() >= NOTE_EVERY {
                    let (exporter, seq, so_far) = (Arc::clone(self), owed.seq, *progress);
                    blocking(move || exporter.spool.advance(seq, &exporter.name, so_far)).await?;
                    noted = Instant::now();
                }
            }
        }
        while !under_way.0.is_empty() {
            under_way.settle_first(progress).await?;
        }
        Ok(())
    }

    /// A commit's lines as requests.
    fn parcels(&self, segment: &str, signal: Signal, commit: Vec<OwedLine>) -> Vec<Parcel> {
        let parcel = |line: OwedLine| {
            let origin = Origin {
                region: self.region.clone(),
                digest: line.digest,
                instance: self.instance.clone(),
                segment: segment.to_owned(),
                line: line.number,
            };
            let read = otlp::json::decode(
                signal,
                &line.text,
                &Limits::default(),
                &mut Notes::default(),
            );
            let (records, body) = match read {
                Ok(request) => (request.records(), self.body(&request, &line.text)),
                Err(_) => (0, None),
            };
            Parcel {
                origin,
                records,
                body,
            }
        };
        commit.into_iter().map(parcel).collect()
    }

    fn body(&self, request: &Request<'_>, line: &[u8]) -> Option<Bytes> {
        let written = match self.client.encoding() {
            Encoding::Json => line.to_vec(),
            Encoding::Protobuf => {
                let mut message = Vec::with_capacity(line.len());
                otlp::encode::write_protobuf(request, &mut message);
                message
            }
        };
        self.client.body(written).ok()
    }

    /// Send one request until it is settled; `None` where this was stopped first.
    async fn settle(
        &self,
        signal: Signal,
        parcel: Parcel,
        mut pace: watch::Receiver<Pace>,
    ) -> Option<Progress> {
        let (origin, records) = (&parcel.origin, parcel.records);
        let mut settled = Progress {
            lines: 1,
            ..Progress::default()
        };
        let untaken = |records, reason| {
            let untaken = &self.stats;
            untaken.untaken(&origin.segment, origin.line, records, reason);
        };
        let Some(body) = parcel.body else {
            untaken(records, "a line that cannot be read".to_owned());
            settled.refused = records.max(1);
            self.stats.settled(signal, &settled);
            return Some(settled);
        };
        let begun = Instant::now();
        let mut backoff = Backoff::new(self.retry);
        loop {
            let before = *pace.borrow_and_update();
            let outcome = tokio::select! {
                outcome = self.client.send(signal, body.clone(), origin) => outcome,
                () = stopped(&mut pace) => return None,
            };
            match outcome {
                Outcome::Taken { rejected } => {
                    settled.rejected = rejected.min(records);
                    settled.sent = records - settled.rejected;
                    if rejected > 0 {
                        untaken(settled.rejected, "rejected by the receiver".to_owned());
                    }
                }
                Outcome::Refused(refusal) => {
                    untaken(records, refusal.to_string());
                    settled.refused = records;
                }
                Outcome::Later { fault, after } => {
                    self.stats.failed(signal, records, fault);
                    if !backoff.is_over(begun.elapsed()) {
                        // A receiver that says when is not hurried.
                        let before = after.map_or(before, |_| before.max(Pace::Hurried));
                        tokio::select! {
                            () = tokio::time::sleep(backoff.pause(after)) => {}
                            () = beyond(&mut pace, before) => backoff = Backoff::new(self.retry),
                        }
                        continue;
                    }
                    untaken(records, format!("given up: {fault}"));
                    settled.abandoned = records;
                }
            }
            self.stats.settled(signal, &settled);
            return Some(settled);
        }
    }
}

/// Resolves once this is to stop.
async fn stopped(pace: &mut watch::Receiver<Pace>) {
    // An owner that is gone wants no more of this either.
    let _gone = pace.wait_for(|pace| *pace == Pace::Stopped).await;
}

/// Resolves once another pace is wanted than there was.
async fn beyond(pace: &mut watch::Receiver<Pace>, before: Pace) {
    let _gone = pace.wait_for(|pace| *pace > before).await;
}

/// Work on the spool's files, where it holds up no request.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SpoolError> + Send + 'static,
) -> Result<T, Left> {
    match spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(error) if error.is_panic() => Err(Left::Panicked),
        Err(_) => Err(Left::Stopped),
    }
}

fn signal_named(name: &str) -> Signal {
    let mut known = Signal::ALL.into_iter();
    let found = known.find(|signal| signal.name() == name);
    // The spool's classes have no other signals.
    found.unwrap_or(Signal::Logs)
}
