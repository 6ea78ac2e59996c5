//! A blob's requests, one after the other, for whoever wants no rows.

use crate::blob::{InvalidLines, Row, Tally, each_line};
use crate::lines::Lines;
use otlp::model::{Request, Signal};

/// Calls `each` for every line that can be read as a signal's request. What is given back has the
/// lines, the records and the bad lines, and no rows.
pub fn visit(data: &[u8], signal: Signal, mut each: impl FnMut(&Request<'_>)) -> Tally {
    let visited = each_line(Lines::new(data), signal, &[], |_, _, request| {
        each(request);
        Ok::<_, InvalidLines>(Row::Skipped)
    });
    visited.unwrap_or_default()
}
