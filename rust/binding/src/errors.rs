//! What the core raises in Python.

use pyo3::create_exception;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

create_exception!(
    mainstem._core,
    PlanError,
    PyValueError,
    "A plan or a policy that cannot be carried out: the place in it, and why."
);
create_exception!(
    mainstem._core,
    SpoolError,
    PyOSError,
    "A spool that does not open, or whose files cannot be read or written."
);

pub fn spool_error(error: &spool::SpoolError) -> PyErr {
    SpoolError::new_err(error.to_string())
}
