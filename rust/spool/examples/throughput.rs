//! How fast a spool makes requests durable: `cargo run --release -p mainstem-spool --example
//! throughput -- FOLDER [SECONDS]`. Tasks append and wait for their answers; a sink confirms.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use spool::{
    Append, ClassConfig, Compression, Counts, FSYNC_BUCKETS_US, RealFileSystem, Spool, SpoolConfig,
};

const SPAN: &str = "{\"traceId\":\"5b8efff798038103d269b633813fc60c\",\"spanId\":\"eee19b7ec3c1b174\",\
    \"name\":\"POST /transformations\",\"kind\":2,\"startTimeUnixNano\":\"1544712660000000000\",\
    \"attributes\":[{\"key\":\"http.route\",\"value\":{\"stringValue\":\"/transformations/{id}\"}}]}";

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().expect("a folder to work in"));
    let seconds = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(3);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    println!(
        "tasks spans/line | lines/s spans/s commits/s lines/commit | fsync p50 p99 ack p50 p99"
    );
    for (tasks, spans) in [
        (1, 10),
        (16, 10),
        (128, 10),
        (512, 10),
        (1, 512),
        (16, 512),
        (64, 512),
    ] {
        let path = folder.join(format!("throughput-{}-{tasks}-{spans}", std::process::id()));
        runtime.block_on(measure(&path, tasks, spans, Duration::from_secs(seconds)));
        std::fs::remove_dir_all(&path).expect("the run's folder can be removed");
    }
}

async fn measure(path: &std::path::Path, tasks: u64, spans: usize, time: Duration) {
    let class = ClassConfig {
        class: "traces".into(),
        signal: "traces".into(),
        container: Some("traces".into()),
        exporters: vec![],
        name_format: "%Y/%m/%d/traces_%H_%M_%S.json".into(),
        timezone: "UTC".into(),
        compression: Compression::Zstd,
        policy: "0011223344556677".into(),
        rules: vec![],
    };
    let config = SpoolConfig::new(path.to_owned(), "euc", "test", vec![class]);
    let spool = Arc::new(Spool::open(config, Arc::new(RealFileSystem)).expect("a spool"));
    let line = format!("{{\"spans\":[{}]}}", vec![SPAN; spans].join(",")).into_bytes();
    let done = Arc::new(AtomicBool::new(false));
    let count = Arc::new(AtomicU64::new(0));
    let sink = std::thread::spawn({
        let (spool, done) = (Arc::clone(&spool), Arc::clone(&done));
        move || {
            while !done.load(Ordering::Relaxed) {
                let waiting = spool
                    .next_outbox(Duration::from_millis(50))
                    .expect("an outbox");
                if let Some(item) = waiting {
                    spool.confirm(item.seq).expect("a confirmation");
                }
            }
        }
    });
    let start = Instant::now();
    let workers: Vec<_> = (0..tasks)
        .map(|_| {
            let (spool, count, line) = (Arc::clone(&spool), Arc::clone(&count), line.clone());
            tokio::spawn(async move {
                let mut acks = Vec::new();
                while start.elapsed() < time {
                    let number = count.fetch_add(1, Ordering::Relaxed);
                    let mut digest = [0; 16];
                    digest[..8].copy_from_slice(&number.to_le_bytes());
                    let sent = Instant::now();
                    let append = Append {
                        digest,
                        received_at_ns: 1_795_499_900_000_000_000,
                        line: line.clone(),
                        counts: Counts::default(),
                        redactions: vec![],
                        first_ns: 1,
                        last_ns: 2,
                    };
                    spool.append(0, append).await.expect("an answer");
                    acks.push(u64::try_from(sent.elapsed().as_micros()).expect("short"));
                }
                acks
            })
        })
        .collect();
    let mut acks = Vec::new();
    for worker in workers {
        acks.extend(worker.await.expect("a worker"));
    }
    let took = start.elapsed().as_secs_f64();
    done.store(true, Ordering::Relaxed);
    sink.join().expect("the sink");
    acks.sort_unstable();
    let stats = spool.stats().classes[0].clone();
    let per_second = |count: u64| (count as f64 / took) as u64;
    let ack = |percent: usize| acks[(acks.len() - 1) * percent / 100];
    println!(
        "{tasks:5} {spans:10} | {:7} {:7} {:9} {:12.1} | <={}us <={}us {}us {}us",
        per_second(stats.lines),
        per_second(stats.lines * spans as u64),
        per_second(stats.commits),
        stats.lines as f64 / stats.commits as f64,
        bucket(&stats.fsync.buckets, 50),
        bucket(&stats.fsync.buckets, 99),
        ack(50),
        ack(99),
    );
}

/// The upper bound of the bucket that so many percent lie under.
fn bucket(buckets: &[u64], percent: u64) -> String {
    let wanted = buckets.iter().sum::<u64>() * percent / 100;
    let mut seen = 0;
    let bounds = FSYNC_BUCKETS_US
        .iter()
        .map(ToString::to_string)
        .chain(["inf".to_owned()]);
    for (count, bound) in buckets.iter().zip(bounds) {
        seen += count;
        if seen > wanted {
            return bound;
        }
    }
    "inf".to_owned()
}
