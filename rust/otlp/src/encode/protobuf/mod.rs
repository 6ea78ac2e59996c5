//! The protobuf wire: a request as one `Export*ServiceRequest`, which is a `TracesData`,
//! `LogsData` or `MetricsData` as well.
//!
//! Fields stand in the order of their numbers, scalars at their default are left out, and repeated
//! scalars are packed, as proto3's own writers do it.

mod common;
mod logs;
mod metrics;
mod points;
mod traces;
mod writer;

use crate::model::Request;
use writer::Writer;

/// Append `request` to `out` as one protobuf message.
pub fn write_protobuf(request: &Request<'_>, out: &mut Vec<u8>) {
    let mut writer = Writer::new(out);
    match request {
        Request::Traces(resources) => writer.traces(resources),
        Request::Logs(resources) => writer.logs(resources),
        Request::Metrics(resources) => writer.metrics(resources),
    }
}
