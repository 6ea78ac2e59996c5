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

    /// The payload of a text; `None` where it is the text itself. No text gives no payload.
    pub(crate) fn compress(&mut self, text: &[u8]) -> io::Result<Option<Vec<u8>>> {
        match self {
            _ if text.is_empty() => Ok(None),
            Self::Plain => Ok(None),
            Self::Zstd(zstd) => zstd.compress(text).map(Some),
            Self::Gzip => {
                let out = Vec::with_capacity(text.len() / 4);
                let mut gzip = flate2::write::GzEncoder::new(out, flate2::Compression::new(1));
                gzip.write_all(text)?;
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
