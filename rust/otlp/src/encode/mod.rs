//! A tree as bytes again: OTLP/JSON, as blobs hold it, or the protobuf wire.

mod json;
mod protobuf;

pub use json::write_json;
pub use protobuf::write_protobuf;
