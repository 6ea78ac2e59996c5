//! Blobs of OTLP/JSON as Arrow record batches in the shape of the bronze tables.

mod blob;
pub mod index;
mod json_text;
mod lines;
mod logs;
mod metrics;
mod pieces;
mod protobuf;
mod record;
mod schema;
mod select;
mod spans;
mod table;
mod time;
mod visit;

pub use blob::{BadLine, Blob, Columns, InvalidLines, Stop, Tally, count, read, read_stream};
pub use pieces::Pieces;
pub use protobuf::{NotLines, Packing, protobuf};
pub use record::Promote;
pub use schema::schema;
pub use select::select;
pub use visit::visit;
