//! `mainstem._core`: the Python face of the data plane.

use pyo3::prelude::*;

#[pymodule]
mod _core {}
