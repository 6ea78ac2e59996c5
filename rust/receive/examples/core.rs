//! The core alone on one thread, for `bench/core.py`: decode, redact, JSON, zstd level 1.
//!
//! `core TEMPLATE POLICY SECONDS` works on the request in TEMPLATE under the policy in the file POLICY
//! for so long, and prints one JSON object: records a second, and the share of the time of each step.
//! Time is the thread's processor time, so that what else the machine does counts for little.

use std::error::Error;
use std::time::Duration;

use otlp::model::Signal;
use otlp::{Limits, Notes};
use redact::{Policy, PolicySpec, RegionKey, Tally};
use rustix::time::{ClockId, clock_gettime};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [template, policy, seconds] = &arguments[..] else {
        return Err("usage: see the head of this file".into());
    };
    let body = std::fs::read(template)?;
    let spec: PolicySpec = serde_json::from_slice(&std::fs::read(policy)?)?;
    let policy = Policy::compile(&spec, &RegionKey::from_bytes(&[7; 32]))?;
    let limit = Duration::from_secs_f64(seconds.parse()?);

    let mut compressor = spool::zstd_compressor()?;
    let (mut line, mut frame) = (Vec::new(), Vec::new());
    let mut steps = [Duration::ZERO; 4];
    let (mut records, mut masked) = (0, 0);
    let begun = processor_time();
    while processor_time() - begun < limit {
        let mut last = processor_time();
        let mut step = |index: usize| {
            let now = processor_time();
            steps[index] += now - last;
            last = now;
        };
        let mut request = otlp::wire::decode(
            Signal::Traces,
            &body,
            &Limits::default(),
            &mut Notes::default(),
        )?;
        records += request.records();
        step(0);
        let mut tally = Tally::default();
        policy.apply(&mut request, &mut tally);
        masked += tally.masked.iter().sum::<u64>();
        step(1);
        line.clear();
        otlp::encode::write_json(&request, &mut line);
        drop(request);
        step(2);
        frame.clear();
        frame.reserve(zstd::zstd_safe::compress_bound(line.len()));
        compressor.compress_to_buffer(&line, &mut frame)?;
        step(3);
    }
    let taken = (processor_time() - begun).as_secs_f64();
    let share = |index: usize| steps[index].as_secs_f64() / taken;
    println!(
        r#"{{"records_per_second":{},"masked":{masked},"decode":{},"redact":{},"json":{},"zstd":{}}}"#,
        records as f64 / taken,
        share(0),
        share(1),
        share(2),
        share(3),
    );
    Ok(())
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
