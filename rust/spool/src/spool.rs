//! The spool as its users see it: append, upload, confirm.

use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::ack::Stored;
use crate::append::Append;
use crate::clock::SystemClock;
use crate::config::{ClassConfig, SpoolConfig};
use crate::delivery::Progress;
use crate::error::{Refusal, SpoolError};
use crate::file_system::{FileSystem, Lock};
use crate::forwarding::OwedSegment;
use crate::hold::{HeldPart, Hold};
use crate::logs::Holding;
use crate::outbox::OutboxItem;
use crate::recover::{Opened, recover};
use crate::shared::{Shared, lock};
use crate::stats::Stats;
use crate::writer::{Request, Writer};

/// Requests that wait for a class's committer, at most, and bytes of their lines. A request stays
/// queued when its sender goes away, so the receivers' own bound does not hold here.
const QUEUE: usize = 8192;
const QUEUE_BYTES: usize = 32 << 20;
/// A commit takes no more requests when its lines have so many bytes; a larger one costs more in
/// the fdatasync's tail than it saves in calls.
const GROUP_BYTES: usize = 1 << 20;
/// How often the keeper looks at the clock.
const TICK: Duration = Duration::from_secs(1);

enum Message {
    Append(Request),
    Seal(SyncSender<Result<(), SpoolError>>),
    /// The class takes no more: look up.
    Retire,
}

/// The way to a class's committer.
#[derive(Clone)]
struct Queue {
    sender: SyncSender<Message>,
    bytes: Arc<AtomicUsize>,
    retired: Arc<AtomicBool>,
}

impl Queue {
    /// Queue a request without waiting.
    fn offer(&self, request: Request) -> Result<(), Refusal> {
        let size = request.size();
        let before = self.bytes.fetch_add(size, Ordering::Relaxed);
        let result = if before > 0 && before + size > QUEUE_BYTES {
            Err(Refusal::Overloaded)
        } else {
            let sent = self.sender.try_send(Message::Append(request));
            sent.map_err(|error| match error {
                TrySendError::Full(_) => Refusal::Overloaded,
                TrySendError::Disconnected(_) => Refusal::Closed,
            })
        };
        if result.is_err() {
            self.bytes.fetch_sub(size, Ordering::Relaxed);
        }
        result
    }
}

/// A spool that this process holds. Dropped without `close`, it closes.
pub struct Spool {
    shared: Arc<Shared>,
    /// One queue a class; `None` once the spool closes.
    queues: RwLock<Option<Vec<Queue>>>,
    keeper: Mutex<Option<SyncSender<()>>>,
    threads: Mutex<Vec<JoinHandle<Result<(), SpoolError>>>>,
    held: Mutex<Option<Box<dyn Lock>>>,
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool")
            .field("instance", &self.shared.author.instance)
            .finish_non_exhaustive()
    }
}

impl Spool {
    /// Take the lock, recover what an earlier run left, and start the committers.
    ///
    /// # Errors
    /// `Held` where another process has it; else what is wrong with the configuration or the files.
    pub fn open(config: SpoolConfig, fs: Arc<dyn FileSystem>) -> Result<Self, SpoolError> {
        Self::open_holding(config, fs, Vec::new())
    }

    /// As `open`, with a hold for each class that holds records back, by its index.
    ///
    /// # Errors
    /// As `open`.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a spool owns its configuration"
    )]
    pub fn open_holding(
        config: SpoolConfig,
        fs: Arc<dyn FileSystem>,
        holds: Vec<Option<Box<dyn Hold>>>,
    ) -> Result<Self, SpoolError> {
        // The hasher's keys come from the system's random source.
        let fresh = format!("{:016x}", RandomState::new().hash_one(std::process::id()));
        let Opened {
            shared,
            lock: held,
            holdings,
        } = recover(&config, fs, Arc::new(SystemClock::new()), &fresh, holds)?;
        let mut queues = Vec::new();
        let mut threads = Vec::new();
        for (class, holding) in config.classes.iter().zip(holdings) {
            let (queue, thread) = start_writer(&shared, class.clone(), holding)?;
            queues.push(queue);
            threads.push(thread);
        }
        let (keeper, stop) = mpsc::sync_channel(0);
        let kept = Arc::clone(&shared);
        threads.push(start("spool-keeper".to_owned(), move || {
            while stop.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                // What fails shows in `Stats::failing`, and is tried again at the next tick.
                let _later = kept.tick();
            }
            Ok(())
        })?);
        Ok(Self {
            shared,
            queues: RwLock::new(Some(queues)),
            keeper: Mutex::new(Some(keeper)),
            threads: Mutex::new(threads),
            held: Mutex::new(Some(held)),
        })
    }

    /// Hand a request to a class's committer; the future resolves when it is durable, as
    /// `Durability` has it. The request is queued at once, and stays so if the future is dropped.
    pub fn append(
        &self,
        class: usize,
        append: Append,
    ) -> impl Future<Output = Result<Stored, Refusal>> + Send + 'static {
        self.hold(class, append, Vec::new())
    }

    /// As `append`, of a request some of whose records wait: `held` goes to the class's hold once it
    /// is durable, and `append.counts` have its records as `held_after`.
    pub fn hold(
        &self,
        class: usize,
        append: Append,
        held: Vec<HeldPart>,
    ) -> impl Future<Output = Result<Stored, Refusal>> + Send + 'static {
        let (reply, answer) = oneshot::channel();
        let queued = {
            let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
            let queue = queues.as_ref().and_then(|queues| queues.get(class));
            queue.map_or(Err(Refusal::Closed), |queue| {
                queue.offer(Request {
                    append,
                    held,
                    reply,
                })
            })
        };
        async move {
            queued?;
            answer.await.unwrap_or(Err(Refusal::Closed))
        }
    }

    /// Take requests of one more class, or of one under other settings, beside those there are;
    /// gives what `append` knows it by. What was taken under the class's name before is known.
    ///
    /// # Errors
    /// `Config` where the class cannot be used; `Io` where no thread can be started or the spool is
    /// closed.
    pub fn add_class(
        &self,
        class: ClassConfig,
        hold: Option<Box<dyn Hold>>,
    ) -> Result<usize, SpoolError> {
        let holding = hold.map(Holding::new);
        let (queue, thread) = start_writer(&self.shared, class, holding)?;
        let mut threads = lock(&self.threads);
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
        drop(threads);
        let mut queues = self.queues.write().unwrap_or_else(PoisonError::into_inner);
        let Some(queues) = queues.as_mut() else {
            let closed = io::Error::from(io::ErrorKind::NotConnected);
            return Err(SpoolError::io("add a class to a closed spool")(closed));
        };
        queues.push(queue);
        Ok(queues.len() - 1)
    }

    /// Finish what is queued for a class, seal its segment, and take no more under this number. What
    /// it holds back waits on, and goes as its hold decides.
    pub fn retire_class(&self, class: usize) {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.as_ref().and_then(|queues| queues.get(class)) {
            queue.retired.store(true, Ordering::Release);
            // A full queue wakes its writer as well.
            let _awake = queue.sender.try_send(Message::Retire);
        }
    }

    /// The first entry that is not confirmed; waits up to `timeout` for one. The same entry is
    /// given until it is confirmed.
    ///
    /// # Errors
    /// `Damaged` where its files are not what they were; `Io` where they cannot be read.
    pub fn next_outbox(&self, timeout: Duration) -> Result<Option<OutboxItem>, SpoolError> {
        self.waiting(0, timeout)
    }

    /// The first entry behind entry `seq` that is not confirmed, as `next_outbox`: for when `seq`
    /// cannot be uploaded and what follows it can. It is confirmed after `seq` all the same.
    ///
    /// # Errors
    /// As `next_outbox`.
    pub fn outbox_after(
        &self,
        seq: u64,
        timeout: Duration,
    ) -> Result<Option<OutboxItem>, SpoolError> {
        self.waiting(seq.saturating_add(1), timeout)
    }

    fn waiting(&self, from: u64, timeout: Duration) -> Result<Option<OutboxItem>, SpoolError> {
        let deadline = Instant::now() + timeout;
        let mut chain = lock(&self.shared.chain);
        let seq = loop {
            if let Some((seq, _)) = chain.waiting.range(from..).next() {
                break *seq;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let waited = self.shared.offered.wait_timeout(chain, left);
            chain = waited.unwrap_or_else(PoisonError::into_inner).0;
        };
        drop(chain);
        OutboxItem::read(&self.shared.place, seq).map(Some)
    }

    /// The store has the entry and its blob: drop them here. Well if confirmed before.
    ///
    /// # Errors
    /// `OutOfOrder` where an earlier entry is not confirmed; `Io` where the file system refuses, and
    /// then it is to be confirmed again.
    pub fn confirm(&self, seq: u64) -> Result<(), SpoolError> {
        lock(&self.shared.chain).confirm(seq)
    }

    /// The first segment that is owed to an exporter, and that it has not finished; waits for one.
    pub async fn next_owed(&self, exporter: &str) -> OwedSegment {
        loop {
            // Made before the look, so that no seal between the two is missed.
            let sealed = self.shared.sealed.notified();
            if let Some(owed) = lock(&self.shared.chain).owed_to(exporter) {
                return owed;
            }
            sealed.await;
        }
    }

    /// Remember, durably, how far an exporter is with a segment.
    ///
    /// # Errors
    /// `Io` where the file system refuses; it is to be said again.
    pub fn advance(&self, seq: u64, exporter: &str, progress: Progress) -> Result<(), SpoolError> {
        lock(&self.shared.chain).advance(seq, exporter, progress)
    }

    /// An exporter has settled every line of a segment. It is recorded in the chain, and the
    /// segment goes once all its exporters have, and the store. Well if it was said before.
    ///
    /// # Errors
    /// `Io` where the file system refuses; it is to be said again.
    pub fn finish(&self, seq: u64, exporter: &str, progress: Progress) -> Result<(), SpoolError> {
        let mut chain = lock(&self.shared.chain);
        let finished = self
            .shared
            .reserve
            .spend(|| chain.finish(seq, exporter, progress));
        drop(chain);
        self.shared.announce();
        finished
    }

    /// Give up what is owed to an exporter that will never send it on: each segment's entry says
    /// how many of its records were abandoned. One that no store has stays, set aside. Gives the
    /// segments and records that were given up.
    ///
    /// # Errors
    /// `Io` where the file system refuses; what was not given up yet is still owed.
    pub fn give_up(&self, exporter: &str) -> Result<(u64, u64), SpoolError> {
        let given_up = self
            .shared
            .reserve
            .spend(|| lock(&self.shared.chain).give_up(exporter));
        self.shared.announce();
        given_up
    }

    /// Let go of nothing more: before a stop, since what is let go then would be left here.
    pub fn rest(&self) {
        self.shared.resting.store(true, Ordering::Release);
    }

    /// Seal every open segment, after what is queued.
    ///
    /// # Errors
    /// `Io` where one cannot be sealed; it is tried again.
    pub fn seal_all(&self) -> Result<(), SpoolError> {
        let queues = self
            .queues
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut answers = Vec::new();
        for queue in queues.into_iter().flatten() {
            let (reply, answer) = mpsc::sync_channel(1);
            if queue.sender.send(Message::Seal(reply)).is_ok() {
                answers.push(answer);
            }
        }
        // A committer that is gone has sealed before it went.
        answers
            .iter()
            .try_for_each(|answer| answer.recv().unwrap_or(Ok(())))
    }

    /// Take no more, finish what is queued, seal, and let the lock go. Appends that wait for the
    /// store are refused; they are durable here, and a retry is answered as a duplicate.
    ///
    /// # Errors
    /// `Io` where a segment cannot be sealed; the next opening seals it.
    pub fn close(&self) -> Result<(), SpoolError> {
        *self.queues.write().unwrap_or_else(PoisonError::into_inner) = None;
        *lock(&self.keeper) = None;
        let threads: Vec<_> = lock(&self.threads).drain(..).collect();
        let mut result = Ok(());
        for thread in threads {
            // A committer that panicked has refused its requests by dropping them.
            result = result.and(thread.join().unwrap_or(Ok(())));
        }
        lock(&self.shared.chain).drop_acks();
        if result.is_ok() && lock(&self.shared.leftovers).is_empty() {
            // All is sealed, and a spool at rest holds no more than its records.
            self.shared.reserve.release();
        }
        *lock(&self.held) = None;
        result
    }

    /// The spool as it stands.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // Whoever wants to know calls `close`.
        let _unseen = self.close();
    }
}

fn start_writer(
    shared: &Arc<Shared>,
    class: ClassConfig,
    holding: Option<Holding>,
) -> Result<(Queue, JoinHandle<Result<(), SpoolError>>), SpoolError> {
    let name = format!("spool-{}", class.class);
    let writer = Writer::new(Arc::clone(shared), class, holding)?;
    let (sender, receiver) = mpsc::sync_channel(QUEUE);
    let queue = Queue {
        sender,
        bytes: Arc::default(),
        retired: Arc::default(),
    };
    let Queue { bytes, retired, .. } = queue.clone();
    let thread = start(name, move || {
        run_writer(writer, &receiver, &bytes, &retired)
    })?;
    Ok((queue, thread))
}

fn start(
    name: String,
    run: impl FnOnce() -> Result<(), SpoolError> + Send + 'static,
) -> Result<JoinHandle<Result<(), SpoolError>>, SpoolError> {
    std::thread::Builder::new()
        .name(name)
        .spawn(run)
        .map_err(SpoolError::io("start a thread"))
}

/// Commit what is queued, a group at a time, and seal by the clock, until the queue is closed, or
/// until the class is retired and sealed.
fn run_writer(
    mut writer: Writer,
    queue: &Receiver<Message>,
    queued: &AtomicUsize,
    retired: &AtomicBool,
) -> Result<(), SpoolError> {
    let mut rest = Duration::ZERO;
    loop {
        let first = if retired.load(Ordering::Acquire) {
            match queue.recv_timeout(rest) {
                // A full disk may forbid it now; the queue stays open to be told of the end.
                Err(RecvTimeoutError::Timeout) if writer.finish() => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {
                    rest = TICK;
                    continue;
                }
                first => first,
            }
        } else {
            match writer.wakes_in() {
                Some(due) => queue.recv_timeout(due),
                None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            }
        };
        let mut requests = Vec::new();
        let mut seals = Vec::new();
        let mut bytes = 0;
        let mut next = match first {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => {
                // Tried again at the next wake.
                let _later = writer.release_due().and_then(|()| writer.seal_due());
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return writer.seal(),
        };
        // Whoever is about to queue on this core goes first, and the group is larger for it.
        std::thread::yield_now();
        while let Some(message) = next {
            match message {
                Message::Append(request) => {
                    let size = request.size();
                    queued.fetch_sub(size, Ordering::Relaxed);
                    bytes += size;
                    requests.push(request);
                }
                Message::Seal(reply) => seals.push(reply),
                Message::Retire => {}
            }
            let full = bytes >= GROUP_BYTES || !seals.is_empty();
            next = if full { None } else { queue.try_recv().ok() };
        }
        if !requests.is_empty() {
            writer.commit(requests);
        }
        for reply in seals {
            let _gone = reply.send(writer.seal());
        }
    }
}
