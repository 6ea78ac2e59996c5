//! A blob's lines, inflated as they are read.

use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Read};

/// A line is held whole, and with it the request that it is decoded to. One that is longer than this
/// is none of ours and of nobody else: one request is at most some ten megabytes.
const MAX_LINE: usize = 256 << 20;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// zstd's skippable frames, which some writers begin with: the low four bits are free.
const ZSTD_SKIPPABLE: &[u8] = &[0x2a, 0x4d, 0x18];

/// Why the lines end before the blob does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    Compression,
    LineTooLong,
}

impl Broken {
    pub fn as_str(self) -> &'static str {
        match self {
            Broken::Compression => "bad_compression",
            Broken::LineTooLong => "line_too_long",
        }
    }
}

pub(crate) struct Lines<'b> {
    reader: Box<dyn BufRead + 'b>,
    line: Vec<u8>,
}

impl<'b> Lines<'b> {
    /// Compression shows in the first bytes; of gzip every member and of zstd every frame is read.
    pub fn new(blob: &'b [u8]) -> Self {
        Self::of(blob, blob)
    }

    /// The lines of a blob that is read as they are asked for.
    pub fn of_reader(mut blob: impl BufRead + 'b) -> Self {
        let mut first = Vec::with_capacity(4);
        // A reader that fails here fails again, or ends, when lines are read.
        let _ = (&mut blob).take(4).read_to_end(&mut first);
        let magic = first.clone();
        Self::of(&magic, io::Cursor::new(first).chain(blob))
    }

    fn of(first: &[u8], blob: impl BufRead + 'b) -> Self {
        let reader: Box<dyn BufRead + 'b> = if first.starts_with(GZIP_MAGIC) {
            Box::new(BufReader::with_capacity(
                64 << 10,
                MultiGzDecoder::new(blob),
            ))
        } else if is_zstd(first) {
            match zstd::Decoder::with_buffer(blob) {
                Ok(decoder) => Box::new(BufReader::with_capacity(128 << 10, decoder)),
                // No context for it: out of memory.
                Err(_) => Box::new(&b""[..]),
            }
        } else {
            Box::new(blob)
        };
        Self {
            reader,
            line: Vec::new(),
        }
    }

    /// The next line without its line break, or `None` at the end.
    pub fn next(&mut self) -> Result<Option<&[u8]>, Broken> {
        self.line.clear();
        let mut limited = (&mut self.reader).take(MAX_LINE as u64);
        let read = limited
            .read_until(b'\n', &mut self.line)
            .map_err(|_| Broken::Compression)?;
        if read == 0 {
            return Ok(None);
        }
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        } else if read == MAX_LINE {
            return Err(Broken::LineTooLong);
        }
        Ok(Some(&self.line))
    }

    /// The line that `next` gave last together with all that follows it, as far as one line may be
    /// long; and whether that is all.
    pub fn whole(&mut self) -> Result<(Vec<u8>, bool), Broken> {
        let mut whole = std::mem::take(&mut self.line);
        whole.push(b'\n');
        let limit = MAX_LINE.saturating_sub(whole.len());
        let mut limited = (&mut self.reader).take(limit as u64);
        let read = limited
            .read_to_end(&mut whole)
            .map_err(|_| Broken::Compression)?;
        Ok((whole, read < limit))
    }

    /// Read on in what `whole` gave, behind its first line, and in what follows that.
    pub fn reread(self, whole: Vec<u8>) -> Lines<'b> {
        let first = memchr::memchr(b'\n', &whole).map_or(whole.len(), |end| end + 1);
        let mut reader = io::Cursor::new(whole);
        reader.set_position(first as u64);
        Lines {
            reader: Box::new(reader.chain(self.reader)),
            line: Vec::new(),
        }
    }
}

fn is_zstd(blob: &[u8]) -> bool {
    blob.starts_with(ZSTD_MAGIC)
        || (blob.get(1..4) == Some(ZSTD_SKIPPABLE) && blob[0] & 0xf0 == 0x50)
}
