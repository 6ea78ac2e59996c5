//! How a commit's payload is compressed: as a whole, so that each commit is a frame or a member.

use std::io::{self, Read, Write};

use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

use crate::config::Compression;

/// Of positions seen, as a power of two. Level 1 takes 14 for a long text; a table of 16 KiB stays
/// in a core's first cache. Telemetry repeats what is near, and comes out no larger for it.
const HASH_LOG: u32 = 12;

/// What compresses a class's payloads, with what it keeps from one to the next.
pub(crate) enum Payloads {
    Plain,
    Gzip,
    Zstd(Compressor<'static>),
}

impl Payloads {
    pub(crate) fn new(compression: Compression) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::Plain,
            Compression::Gzip => Self::Gzip,
            Compression::Zstd => Self::Zstd(zstd_compressor()?),
        })
    }

    /// The payload of these lines; `None` where it is the lines themselves. No line gives no
    /// payload.
    pub(crate) fn compress(&mut self, lines: &[Vec<u8>]) -> io::Result<Option<Vec<u8>>> {
        match (self, lines) {
            (_, []) | (Self::Plain, _) => Ok(None),
            // A large request often is alone.
            (Self::Zstd(zstd), [line]) => zstd.compress(line).map(Some),
            (Self::Zstd(zstd), lines) => zstd.compress(&lines.concat()).map(Some),
            (Self::Gzip, lines) => {
                let bytes: usize = lines.iter().map(Vec::len).sum();
                let out = Vec::with_capacity(bytes / 4);
                let mut gzip = flate2::write::GzEncoder::new(out, flate2::Compression::new(1));
                lines.iter().try_for_each(|line| gzip.write_all(line))?;
                gzip.finish().map(Some)
            }
        }
    }
}

/// The text of one commit's payload.
pub(crate) fn inflate(compression: Compression, payload: &[u8]) -> io::Result<Vec<u8>> {
    match compression {
        _ if payload.is_empty() => Ok(Vec::new()),
        Compression::None => Ok(payload.to_vec()),
        Compression::Zstd => zstd::decode_all(payload),
        Compression::Gzip => {
            let mut text = Vec::new();
            flate2::read::MultiGzDecoder::new(payload).read_to_end(&mut text)?;
            Ok(text)
        }
    }
}

/// zstd at level 1, set up for lines of telemetry.
pub fn zstd_compressor() -> io::Result<Compressor<'static>> {
    let mut compressor = Compressor::new(1)?;
    compressor.set_parameter(CParameter::HashLog(HASH_LOG))?;
    Ok(compressor)
}
