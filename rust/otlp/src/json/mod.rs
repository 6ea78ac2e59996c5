//! OTLP requests from OTLP/JSON.

use crate::error::{DecodeError, Limits, Notes};
use crate::model::{Request, Signal};

/// Read an `Export*ServiceRequest`, or what a blob's line holds: they are the same in JSON.
pub fn decode<'a>(
    signal: Signal,
    body: &'a [u8],
    limits: &Limits,
    notes: &mut Notes,
) -> Result<Request<'a>, DecodeError> {
    let _ = (signal, body, limits, notes);
    Err(DecodeError::new(crate::DecodeCode::BadSyntax, 0))
}
