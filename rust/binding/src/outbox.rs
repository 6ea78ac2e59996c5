//! `OutboxItem`: one ledger entry that waits for its upload, with the blob that it speaks of.

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PySlice};

use crate::errors::spool_error;

#[pyclass(frozen, module = "mainstem._core")]
pub struct OutboxItem {
    item: spool::OutboxItem,
}

impl OutboxItem {
    pub fn new(item: spool::OutboxItem) -> OutboxItem {
        OutboxItem { item }
    }
}

#[pymethods]
impl OutboxItem {
    #[getter]
    fn seq(&self) -> u64 {
        self.item.seq
    }

    #[getter]
    fn kind(&self) -> &str {
        self.item.kind
    }

    #[getter]
    fn entry_name(&self) -> &str {
        &self.item.entry_name
    }

    #[getter]
    fn entry<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.item.entry)
    }

    #[getter]
    fn lines<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.item
            .lines
            .as_deref()
            .map(|lines| PyBytes::new(py, lines))
    }

    #[getter]
    fn container(&self) -> Option<&str> {
        self.item.container.as_deref()
    }

    #[getter]
    fn blob_name(&self) -> Option<&str> {
        self.item.blob_name.as_deref()
    }

    #[getter]
    fn sha256(&self) -> Option<&str> {
        self.item.sha256.as_deref()
    }

    #[getter]
    fn bytes(&self) -> u64 {
        self.item.bytes
    }

    fn pieces<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        let unbound = list.clone().unbind();
        let mut appended = Ok(());
        let give = |piece: &[u8]| {
            if appended.is_ok() {
                appended = Python::attach(|py| unbound.bind(py).append(PyBytes::new(py, piece)));
            }
        };
        py.detach(|| self.item.pieces(give))
            .map_err(|error| spool_error(&error))?;
        appended.map(|()| list)
    }

    fn read_into(&self, py: Python<'_>, memory: Bound<'_, PyAny>) -> PyResult<()> {
        if memory.len()? as u64 != self.item.bytes {
            return Err(PyValueError::new_err("memory: not as long as the blob"));
        }
        let memory = memory.unbind();
        let (mut at, mut copied) = (0, Ok(()));
        let give = |piece: &[u8]| {
            let from = at;
            at += piece.len();
            if copied.is_ok() {
                copied = Python::attach(|py| {
                    let place = PySlice::new(py, from as isize, at as isize, 1);
                    let place = memory.bind(py).get_item(place)?;
                    PyBuffer::<u8>::get(&place)?.copy_from_slice(py, piece)
                });
            }
        };
        py.detach(|| self.item.pieces(give))
            .map_err(|error| spool_error(&error))?;
        copied
    }

    fn payload<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let payload = py
            .detach(|| self.item.payload())
            .map_err(|error| spool_error(&error))?;
        Ok(PyBytes::new(py, &payload))
    }
}
