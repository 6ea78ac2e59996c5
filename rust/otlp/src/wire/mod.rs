//! OTLP requests from the protobuf wire, without generated classes and without copying.
//!
//! Read as proto3 says: fields in any order, the last of a repeated singular field, messages merged,
//! the last member of a oneof, repeated scalars packed or not. Groups, unknown fields and known
//! fields of another wire type are dropped and counted.

mod common;
mod cursor;
mod logs;
mod metrics;
mod points;
mod traces;

use crate::error::{DecodeError, Limits, Notes, Read};
use crate::model::{Request, Signal};
use crate::state::State;
use cursor::{Cursor, Field};

/// Read an `Export*ServiceRequest`.
///
/// A record with an id that no id can be is left out and counted in `notes`; anything that protobuf
/// itself refuses, and what goes beyond `limits`, refuses the body.
pub fn decode<'a>(
    signal: Signal,
    body: &'a [u8],
    limits: &Limits,
    notes: &mut Notes,
) -> Result<Request<'a>, DecodeError> {
    let mut decoder = Decoder {
        state: State::new(limits, notes),
        attributes: 0,
    };
    let start = body.as_ptr() as usize;
    let cursor = Cursor::new(body);
    match signal {
        Signal::Traces => decoder.traces(cursor).map(Request::Traces),
        Signal::Logs => decoder.logs(cursor).map(Request::Logs),
        Signal::Metrics => decoder.metrics(cursor).map(Request::Metrics),
    }
    // Cursors over nested messages know addresses only; here they become offsets in the body.
    .map_err(|error| DecodeError {
        offset: error.offset - start,
        ..error
    })
}

/// What the messages of one request share while they are read.
struct Decoder<'d> {
    state: State<'d>,
    /// How many attributes the last record had: the next one's are likely to be as many.
    attributes: usize,
}
