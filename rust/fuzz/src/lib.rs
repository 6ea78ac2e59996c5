//! What the targets share: how a body is read, and what must hold for every body that is taken.

use otlp::model::{Request, Signal};
use otlp::{DecodeError, Limits, Notes, encode, json, wire};

/// A limit low enough that a small input reaches it.
pub const LIMITS: Limits = Limits {
    max_depth: 32,
    max_tree_bytes: 4 << 20,
};

/// The encodings that a body may come in.
#[derive(Clone, Copy, Debug)]
pub enum Encoding {
    Wire,
    Json,
}

/// The signal that the first byte names, and the body behind it.
pub fn signal_and_body(data: &[u8]) -> Option<(Signal, &[u8])> {
    let (first, body) = data.split_first()?;
    Some((Signal::ALL[usize::from(*first) % Signal::ALL.len()], body))
}

/// Reads a body; an error names a place that lies in it.
pub fn read(encoding: Encoding, signal: Signal, body: &[u8]) -> Option<Request<'_>> {
    let mut notes = Notes::default();
    let read = match encoding {
        Encoding::Wire => wire::decode(signal, body, &LIMITS, &mut notes),
        Encoding::Json => json::decode(signal, body, &LIMITS, &mut notes),
    };
    match read {
        Ok(request) => {
            assert_eq!(request.signal(), signal);
            Some(request)
        }
        Err(error) => {
            assert!(error.offset <= body.len(), "{error}");
            None
        }
    }
}

/// Writes a request as the line that a blob holds.
pub fn line(request: &Request<'_>) -> Vec<u8> {
    let mut line = Vec::new();
    encode::write_json(request, &mut line);
    assert!(!line.contains(&b'\n'), "a line break in a line");
    assert!(
        std::str::from_utf8(&line).is_ok(),
        "a line that is not UTF-8"
    );
    line
}

/// What is written, in either encoding, is read back as the same, with nothing to note.
pub fn comes_back(request: &Request<'_>) {
    let as_json = line(request);
    let mut as_protobuf = Vec::new();
    encode::write_protobuf(request, &mut as_protobuf);
    let limits = Limits {
        max_tree_bytes: 64 << 20,
        ..LIMITS
    };
    for (decode, body) in [
        (json::decode as Decode, &as_json),
        (wire::decode as Decode, &as_protobuf),
    ] {
        let mut notes = Notes::default();
        let again = decode(request.signal(), body, &limits, &mut notes).expect("our own body");
        assert_eq!(notes, Notes::default());
        assert_eq!(again.records(), request.records());
        assert_eq!(
            String::from_utf8_lossy(&line(&again)),
            String::from_utf8_lossy(&as_json),
            "a request changes when it is written and read"
        );
    }
}

type Decode = for<'a> fn(Signal, &'a [u8], &Limits, &mut Notes) -> Result<Request<'a>, DecodeError>;
