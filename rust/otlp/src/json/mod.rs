//! OTLP requests from OTLP/JSON, by a parser that knows where it is and builds no document.
//!
//! Read more widely than it is written: keys in lowerCamelCase or snake_case, 64-bit integers as
//! strings or numbers, enumerations as integers or names, base64 of either alphabet. A key that
//! stands twice counts once, with its last value; unknown keys are read over. Both are counted.

mod common;
mod logs;
mod metrics;
mod parser;
mod points;
mod scalars;
mod traces;

use crate::error::{DecodeError, Limits, Notes};
use crate::model::{Request, Signal};
use crate::state::State;
use parser::Parser;

/// Read an `Export*ServiceRequest`, or what a blob's line holds: they are the same in JSON.
///
/// A record with an id that no id can be is left out and counted in `notes`; what is no JSON, what
/// has a type that its field cannot have, and what goes beyond `limits`, refuses the body.
pub fn decode<'a>(
    signal: Signal,
    body: &'a [u8],
    limits: &Limits,
    notes: &mut Notes,
) -> Result<Request<'a>, DecodeError> {
    let mut parser = Parser::new(body, State::new(limits, notes));
    let request = match signal {
        Signal::Traces => Request::Traces(parser.traces()?),
        Signal::Logs => Request::Logs(parser.logs()?),
        Signal::Metrics => Request::Metrics(parser.metrics()?),
    };
    parser.end()?;
    Ok(request)
}
