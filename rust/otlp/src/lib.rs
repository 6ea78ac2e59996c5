//! OTLP requests: one borrowed tree, read from the protobuf wire or from JSON and written as OTLP/JSON.

pub mod model;
