//! OTLP/JSON: a request as one line.
//!
//! The mapping is protobuf's own with OTLP's exceptions: lowerCamelCase keys, ids in lower-case
//! hex, 64-bit integers as strings, enumerations as integers, fields at their default left out.

mod common;
mod logs;
mod metrics;
mod points;
mod traces;
mod writer;

use crate::model::Request;
use writer::Writer;

/// Append `request` to `out` as one JSON object without a line break in it or behind it.
pub fn write_json(request: &Request<'_>, out: &mut Vec<u8>) {
    let mut writer = Writer::new(out);
    match request {
        Request::Traces(resources) => writer.traces(resources),
        Request::Logs(resources) => writer.logs(resources),
        Request::Metrics(resources) => writer.metrics(resources),
    }
}
