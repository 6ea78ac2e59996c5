//! What lies in a spool's folder, for people; the spool is not opened.

use std::path::Path;
use std::sync::Arc;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use serde::Serialize;
use spool::{RealFileSystem, SpoolError};

use crate::errors::spool_error;

#[pyfunction]
pub fn list_spool(py: Python<'_>, path: &str) -> PyResult<String> {
    py.detach(|| json(spool::list(Path::new(path), Arc::new(RealFileSystem))))
}

#[pyfunction]
pub fn verify_spool(py: Python<'_>, path: &str) -> PyResult<String> {
    py.detach(|| json(spool::verify(Path::new(path), Arc::new(RealFileSystem))))
}

fn json<T: Serialize>(found: Result<T, SpoolError>) -> PyResult<String> {
    let found = found.map_err(|error| spool_error(&error))?;
    serde_json::to_string(&found)
        .map_err(|_| PyRuntimeError::new_err("what was found cannot be written"))
}
