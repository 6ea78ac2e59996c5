//! What a held part tells of its trace before that is decided.

use otlp::model::{Request, Signal};
use spool::HeldPart;

use super::policy::bytes_of;
use crate::release::decode;

/// What a part tells of its trace.
#[derive(Default)]
pub(super) struct Seen {
    /// A span without a parent is in it.
    pub(super) root: bool,
    /// Of the part as protobuf, where that is asked for.
    pub(super) bytes: u64,
}

impl Seen {
    /// Encoding it again to measure it is dear, and so not done unasked.
    pub(super) fn of(part: &HeldPart, measures: bool) -> Self {
        let Some(request) = decode(Signal::Traces, &part.line) else {
            return Self::default();
        };
        let Request::Traces(resources) = &request else {
            return Self::default();
        };
        let scopes = resources.iter().flat_map(|resource| &resource.scopes);
        let mut spans = scopes.flat_map(|scope| &scope.spans);
        Self {
            root: spans.any(|span| span.parent_span_id.is_empty()),
            bytes: if measures { bytes_of(&request) } else { 0 },
        }
    }
}
