//! Blobs to Arrow on one thread.
//!
//! `rows SIGNAL BLOB` makes rows of the blob in the file BLOB for a second, and prints rows a second.

use columns::{Blob, Promote, read};
use otlp::model::Signal;
use std::collections::HashSet;
use std::error::Error;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [signal, name] = &arguments[..] else {
        return Err("usage: see the head of this file".into());
    };
    let signal = Signal::ALL.into_iter().find(|one| one.name() == signal);
    let data = std::fs::read(name)?;
    let blob = Blob {
        signal: signal.ok_or("SIGNAL: traces, logs or metrics")?,
        name,
        region: "euc",
        environment: "test",
        received_at_ns: 1_764_000_000_000_000_000,
        lines: None,
        contents: false,
        skip: &HashSet::new(),
        having: &[],
        promote: &Promote::default(),
    };
    // The tenth percentile of single runs, since other work on the machine only takes time away.
    let mut taken = Vec::new();
    let mut rows = 0;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        let started = Instant::now();
        rows = read(&data, &blob)?.tally.rows;
        taken.push(started.elapsed());
    }
    taken.sort();
    let speed = rows as f64 / taken[taken.len() / 10].as_secs_f64();
    println!("{rows} rows: {speed:.0} rows/s");
    Ok(())
}
