//! `mainstem._core`: the Python face of the data plane.

mod blobs;
mod data_plane;
mod errors;
mod outbox;
mod requests;
mod signatures;
mod spools;
mod stream;
mod survey;

use pyo3::prelude::*;

#[pymodule]
mod _core {
    #[pymodule_export]
    use crate::blobs::{
        BlobRows, BronzeSchema, bronze_schema, count_blob, index_blob, index_may_hold,
        protobuf_blob, read_blob, select_records,
    };
    #[pymodule_export]
    use crate::data_plane::DataPlane;
    #[pymodule_export]
    use crate::errors::{PlanError, SpoolError};
    #[pymodule_export]
    use crate::outbox::OutboxItem;
    #[pymodule_export]
    use crate::requests::{
        check_hold, check_policy, process_json, redact_json, steps_rules, transcode,
    };
    #[pymodule_export]
    use crate::signatures::{sign, signature_fits, signing_public_key};
    #[pymodule_export]
    use crate::spools::{list_spool, verify_spool};
    #[pymodule_export]
    use crate::stream::{BlobStream, stream_blob};
    #[pymodule_export]
    use crate::survey::Survey;
}
