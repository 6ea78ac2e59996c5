//! OTLP requests: one borrowed tree, read from the protobuf wire or from JSON and written as OTLP/JSON.

pub mod encode;
mod error;
pub mod json;
pub mod model;
pub mod nest;
pub mod scan;
mod state;
mod text;
pub mod wire;

pub use error::{DecodeCode, DecodeError, Limits, Notes};
pub use text::text_form;
