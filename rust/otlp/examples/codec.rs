//! The decoders and the encoder on one thread.
//!
//! `codec SIGNAL REQUEST` works on the protobuf request in the file REQUEST for a second a step, and
//! prints records a second: decoding protobuf, writing JSON, both, and decoding the JSON.

use otlp::model::{Request, Signal};
use otlp::{DecodeError, Limits, Notes, encode, json, wire};
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [signal, request] = &arguments[..] else {
        return Err("usage: see the head of this file".into());
    };
    let signal = Signal::ALL.into_iter().find(|one| one.name() == signal);
    let signal = signal.ok_or("SIGNAL: traces, logs or metrics")?;
    let body = std::fs::read(request)?;
    // A large buffer let go teaches glibc to keep memory, as it has learnt in a collector that runs
    // for a while; until then each request pays for its tree's pages again.
    drop(black_box(vec![1u8; 8 << 20]));
    let tree = from_wire(signal, &body)?;
    let mut line = Vec::new();
    encode::write_json(&tree, &mut line);
    let records = tree.records();
    let per_record = |bytes: usize| bytes as f64 / records as f64;
    println!(
        "{records} records, {:.0} bytes each, {:.0} in JSON",
        per_record(body.len()),
        per_record(line.len())
    );

    measure("protobuf", records, || {
        black_box(from_wire(signal, &body)).is_ok()
    });
    let mut out = Vec::new();
    measure("write JSON", records, || {
        out.clear();
        encode::write_json(black_box(&tree), &mut out);
        true
    });
    measure("protobuf to JSON", records, || {
        out.clear();
        let tree = from_wire(signal, &body);
        tree.inspect(|tree| encode::write_json(tree, &mut out))
            .is_ok()
    });
    measure("JSON", records, || {
        black_box(json::decode(
            signal,
            &line,
            &Limits::default(),
            &mut Notes::default(),
        ))
        .is_ok()
    });
    Ok(())
}

fn from_wire(signal: Signal, body: &[u8]) -> Result<Request<'_>, DecodeError> {
    wire::decode(signal, body, &Limits::default(), &mut Notes::default())
}

/// The tenth percentile of single runs, since other work on the machine only ever takes time away.
fn measure(name: &str, records: u64, mut work: impl FnMut() -> bool) {
    let mut taken = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(1) {
        let started = Instant::now();
        assert!(work());
        taken.push(started.elapsed());
    }
    taken.sort();
    let speed = records as f64 / taken[taken.len() / 10].as_secs_f64();
    println!("{name:>18}: {speed:>12.0} records/s");
}
