//! One blob: its lines decoded, counted and made into rows.

use crate::lines::{Broken, Lines};
use crate::record::{Line, Promote, Rows, content_digest, line_digest};
use crate::schema::schema;
use crate::table::Table;
use arrow_array::RecordBatch;
use memchr::memmem::Finder;
use otlp::model::{Request, Signal};
use otlp::{DecodeCode, DecodeError, Limits, Notes, json, wire};
use std::collections::HashSet;
use std::fmt;
use std::io::BufRead;

/// Twice what a request may take when it is received, since what was accepted must be read.
const LIMITS: Limits = Limits {
    max_depth: 64,
    max_tree_bytes: 256 << 20,
};

/// Bytes of a line's entry in a segment's `.lines`: the request's digest and the time of its receipt.
const LINE_ENTRY: usize = 24;

/// What is known about a blob.
pub struct Blob<'b> {
    pub signal: Signal,
    pub name: &'b str,
    pub region: &'b str,
    pub environment: &'b str,
    /// Nanoseconds since 1970: the time of receipt of lines that have none of their own.
    pub received_at_ns: u64,
    /// A segment's `.lines`, where the blob is one of ours.
    pub lines: Option<&'b [u8]>,
    /// Whether `Tally::contents` is wanted.
    pub contents: bool,
    /// Numbers of lines whose records are counted and not wanted.
    pub skip: &'b HashSet<u64>,
    /// Texts that a line must hold byte for byte to be looked at; what it holds else is not counted.
    pub having: &'b [&'b str],
    pub promote: &'b Promote,
}

/// What a blob gave, its rows aside.
#[derive(Debug, Default)]
pub struct Tally {
    pub rows: u64,
    /// Lines that are not blank, the bad ones among them.
    pub lines: u64,
    /// Records of the lines that could be read, whether rows came of them or not.
    pub records: u64,
    /// Records of the lines to skip.
    pub skipped_records: u64,
    /// The first of the bad lines, at most `MOST_BAD`.
    pub bad: Vec<BadLine>,
    pub bad_lines: u64,
    /// Where it is wanted, of each line that could be read its number (8 bytes) and the digest of its
    /// text alone (16), by which it is known when it comes again elsewhere.
    pub contents: Vec<u8>,
    /// Whether lines remained unread behind the last bad one.
    broken: bool,
}

/// A line that could not be read, or not wholly, and why; never what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// From 0.
    pub line: u64,
    /// From the line's start.
    pub offset: u64,
    pub code: &'static str,
}

/// Bad lines that are named; more than these are counted. A blob of anything else but OTLP may have
/// as many as it has bytes.
pub const MOST_BAD: usize = 1_000;

/// A blob's rows, held whole.
#[derive(Debug)]
pub struct Columns {
    pub batches: Vec<RecordBatch>,
    pub tally: Tally,
}

/// The `.lines` given with a blob are not whole entries, or not one for each line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidLines;

impl fmt::Display for InvalidLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lines given do not match the blob's lines")
    }
}

impl std::error::Error for InvalidLines {}

/// Why a blob is not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    InvalidLines,
    /// Nobody takes its rows any more.
    Unwanted,
}

impl From<InvalidLines> for Stop {
    fn from(_: InvalidLines) -> Self {
        Stop::InvalidLines
    }
}

/// Read a blob into rows, all of them in memory.
///
/// JSON Lines; one JSON object over any number of lines; or one protobuf request. What cannot be
/// read is in `bad`, and the rest goes on.
pub fn read(data: &[u8], blob: &Blob<'_>) -> Result<Columns, InvalidLines> {
    let mut batches = Vec::new();
    let read = read_lines(Lines::new(data), blob, &mut |batch| {
        batches.push(batch);
        true
    });
    match read {
        Ok(tally) => Ok(Columns { batches, tally }),
        Err(_) => Err(InvalidLines),
    }
}

/// Read a blob as `read` does, and give each batch of rows away when it is full. Memory holds a line
/// and a batch at a time, whatever the blob's size. Rows are given before the blob is known to have
/// the lines that `.lines` tells of. `take` says whether it wants more.
pub fn read_stream(
    data: impl BufRead,
    blob: &Blob<'_>,
    mut take: impl FnMut(RecordBatch) -> bool,
) -> Result<Tally, Stop> {
    read_lines(Lines::of_reader(data), blob, &mut take)
}

fn read_lines(
    lines: Lines<'_>,
    blob: &Blob<'_>,
    take: &mut dyn FnMut(RecordBatch) -> bool,
) -> Result<Tally, Stop> {
    let entries = match blob.lines {
        None => None,
        Some(lines) if lines.len() % LINE_ENTRY == 0 => Some((lines.len() / LINE_ENTRY) as u64),
        Some(_) => return Err(Stop::InvalidLines),
    };
    let mut rows = Rows {
        table: Table::new(schema(blob.signal)),
        region: blob.region,
        environment: blob.environment,
        blob: blob.name,
        promote: blob.promote,
        scratch: String::new(),
    };
    let having: Vec<_> = blob.having.iter().map(Finder::new).collect();
    let mut contents = Vec::new();
    let mut tally = each_line(lines, blob.signal, &having, |number, text, request| {
        if blob.contents {
            contents.extend_from_slice(&number.to_le_bytes());
            contents.extend_from_slice(&content_digest(text));
        }
        if blob.skip.contains(&number) {
            return Ok(Row::Skipped);
        }
        let mut line = blob.line(number, text)?;
        match request {
            Request::Traces(resources) => rows.spans(&mut line, resources),
            Request::Logs(resources) => rows.logs(&mut line, resources),
            Request::Metrics(resources) => rows.metrics(&mut line, resources),
        }
        for batch in rows.table.take_batches() {
            if !take(batch) {
                return Err(Stop::Unwanted);
            }
        }
        Ok(Row::Made)
    })?;
    for batch in rows.table.finish() {
        if !take(batch) {
            return Err(Stop::Unwanted);
        }
    }
    if !tally.broken && having.is_empty() && entries.is_some_and(|entries| entries != tally.lines) {
        return Err(Stop::InvalidLines);
    }
    tally.contents = contents;
    Ok(tally)
}

/// Count a blob's lines and the records in them, as `read` does.
pub fn count(data: &[u8], signal: Signal) -> Tally {
    let counted = each_line(Lines::new(data), signal, &[], |_, _, _| {
        Ok::<_, InvalidLines>(Row::Made)
    });
    counted.unwrap_or_default()
}

pub(crate) enum Row {
    Made,
    Skipped,
}

impl Blob<'_> {
    fn line(&self, number: u64, text: &[u8]) -> Result<Line, InvalidLines> {
        let (digest, received_ns) = match self.lines {
            None => (line_digest(self.name, number, text), self.received_at_ns),
            Some(entries) => {
                let (entries, _) = entries.as_chunks::<LINE_ENTRY>();
                let entry = usize::try_from(number).ok().and_then(|n| entries.get(n));
                let (digest, time) = entry
                    .and_then(|entry| entry.split_first_chunk::<16>())
                    .ok_or(InvalidLines)?;
                let time = time.first_chunk::<8>().ok_or(InvalidLines)?;
                (*digest, u64::from_le_bytes(*time))
            }
        };
        Ok(Line {
            number: i32::try_from(number).unwrap_or(i32::MAX),
            digest,
            received_ns: i64::try_from(received_ns).unwrap_or(i64::MAX),
            ordinal: 0,
        })
    }
}

/// Decode line by line, and give each line that can be read to `take`.
pub(crate) fn each_line<E>(
    mut lines: Lines<'_>,
    signal: Signal,
    having: &[Finder<'_>],
    mut take: impl FnMut(u64, &[u8], &Request<'_>) -> Result<Row, E>,
) -> Result<Tally, E> {
    let mut tally = Tally::default();
    for number in 0.. {
        let text = match lines.next() {
            Ok(None) => break,
            Ok(Some(text)) => text,
            Err(broken) => {
                tally.break_off(number, broken);
                break;
            }
        };
        if text.trim_ascii().is_empty() && number > 0 {
            continue;
        }
        if having.iter().any(|wanted| wanted.find(text).is_none()) {
            continue;
        }
        let mut given = |text: &[u8], request: &Request<'_>| take(number, text, request);
        let error = match tally.line(number, signal, text, &mut given)? {
            None => continue,
            Some(error) => error,
        };
        // A first line that breaks off may be the first of an object's. A protobuf request's looks so
        // too: it begins with a line break.
        if number == 0 && error.code == DecodeCode::Truncated {
            let (whole, is_all) = match lines.whole() {
                Ok(whole) => whole,
                Err(broken) => {
                    tally.break_off(number, broken);
                    break;
                }
            };
            if is_all && tally.document(signal, &whole, &mut given)? {
                break;
            }
            let blank = memchr::memchr(b'\n', &whole)
                .is_some_and(|end| whole[..end].trim_ascii().is_empty());
            lines = lines.reread(whole);
            if blank {
                continue;
            }
        }
        tally.lines += 1;
        tally.is_bad(number, error.offset as u64, error.code.as_str());
    }
    Ok(tally)
}

type Take<'t, E> = &'t mut dyn FnMut(&[u8], &Request<'_>) -> Result<Row, E>;

impl Tally {
    /// Read one line of JSON, or say why it is none.
    fn line<E>(
        &mut self,
        number: u64,
        signal: Signal,
        text: &[u8],
        take: Take<'_, E>,
    ) -> Result<Option<DecodeError>, E> {
        let mut notes = Notes::default();
        let request = match json::decode(signal, text, &LIMITS, &mut notes) {
            Ok(request) => request,
            Err(error) => return Ok(Some(error)),
        };
        self.request(number, text, &request, &notes, take)?;
        Ok(None)
    }

    /// Whether the whole blob is one JSON object or one protobuf request, which then is line 0.
    fn document<E>(&mut self, signal: Signal, whole: &[u8], take: Take<'_, E>) -> Result<bool, E> {
        let mut notes = Notes::default();
        if let Ok(request) = json::decode(signal, whole, &LIMITS, &mut notes) {
            self.request(0, whole, &request, &notes, take)?;
            return Ok(true);
        }
        // `whole` has a line break added to a first line that had none.
        let mut notes = Notes::default();
        let body = whole.strip_suffix(b"\n").unwrap_or(whole);
        for body in [whole, body] {
            match wire::decode(signal, body, &LIMITS, &mut notes) {
                Ok(request) if notes.unknown_fields == 0 && request.records() > 0 => {
                    self.request(0, body, &request, &notes, take)?;
                    return Ok(true);
                }
                _ => {}
            }
        }
        Ok(false)
    }

    fn request<E>(
        &mut self,
        number: u64,
        text: &[u8],
        request: &Request<'_>,
        notes: &Notes,
        take: Take<'_, E>,
    ) -> Result<(), E> {
        let records = request.records();
        self.lines += 1;
        self.records += records + notes.invalid_records;
        match take(text, request)? {
            Row::Made => self.rows += records,
            Row::Skipped => self.skipped_records += records,
        }
        if notes.invalid_records > 0 {
            self.is_bad(number, 0, "bad_id");
        }
        Ok(())
    }

    fn break_off(&mut self, number: u64, broken: Broken) {
        self.broken = true;
        self.lines += 1;
        self.is_bad(number, 0, broken.as_str());
    }

    fn is_bad(&mut self, line: u64, offset: u64, code: &'static str) {
        self.bad_lines += 1;
        if self.bad.len() < MOST_BAD {
            self.bad.push(BadLine { line, offset, code });
        }
    }
}
