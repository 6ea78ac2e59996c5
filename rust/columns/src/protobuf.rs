//! A segment's lines as one protobuf message, for readers that take no JSON.

use crate::lines::Lines;
use crate::pieces::Pieces;
use flate2::write::GzEncoder;
use otlp::model::Signal;
use otlp::{Limits, Notes, json};
use std::fmt;
use std::io::{self, Write};

/// As for reading: what was accepted must be read.
const LIMITS: Limits = Limits {
    max_depth: 64,
    max_tree_bytes: 256 << 20,
};
/// zstd's level, as that of the segments.
const LEVEL: i32 = 1;

/// How the message is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    None,
    Gzip,
    Zstd,
}

/// A segment that is none of ours: a line of it is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotLines;

impl fmt::Display for NotLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the segment has a line that is no request")
    }
}

impl std::error::Error for NotLines {}

/// Writes the lines of a segment, plain, gzip or zstd, as one `TracesData`, `LogsData` or
/// `MetricsData`: messages of one kind that follow each other are one message to protobuf.
pub fn protobuf(pieces: &[&[u8]], signal: Signal, packing: Packing) -> Result<Vec<u8>, NotLines> {
    let mut lines = Lines::of_reader(Pieces::new(pieces.iter().map(Ok)));
    let mut message = Vec::new();
    while let Some(line) = lines.next().map_err(|_| NotLines)? {
        let request = json::decode(signal, line, &LIMITS, &mut Notes::default());
        otlp::encode::write_protobuf(&request.map_err(|_| NotLines)?, &mut message);
    }
    packed(message, packing).map_err(|_| NotLines)
}

fn packed(message: Vec<u8>, packing: Packing) -> io::Result<Vec<u8>> {
    match packing {
        Packing::None => Ok(message),
        Packing::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(&message)?;
            encoder.finish()
        }
        Packing::Zstd => zstd::encode_all(&message[..], LEVEL),
    }
}
