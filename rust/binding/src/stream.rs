//! A blob to Arrow while it is read: a thread decodes, whoever loads takes batches.

use crate::blobs::{arrow_stream, bad_of, parse_promote, parse_signal};
use arrow_array::RecordBatch;
use columns::{Blob, Pieces, Promote, Stop, Tally, read_stream};
use otlp::model::Signal;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyCapsule, PyIterator};
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Batches that wait to be taken: with the one that is being made, what a blob takes in memory.
const WAITING: usize = 1;

/// A blob's rows as a stream that can be had once, and then what became of its lines.
#[pyclass(frozen, module = "mainstem._core")]
pub struct BlobStream {
    signal: Signal,
    batches: Mutex<Option<Receiver<RecordBatch>>>,
    outcome: Arc<Mutex<Outcome>>,
}

enum Outcome {
    Reading,
    Read(Tally),
    InvalidLines,
    /// What the iterator of pieces raised.
    Failed(PyErr),
}

#[pymethods]
impl BlobStream {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        let batches = locked(&self.batches).take();
        let batches =
            batches.ok_or_else(|| PyRuntimeError::new_err("the rows were taken before"))?;
        arrow_stream(py, self.signal, batches.into_iter())
    }

    #[getter]
    fn rows(&self, py: Python<'_>) -> PyResult<u64> {
        self.tally(py, |tally| tally.rows)
    }

    #[getter]
    fn lines(&self, py: Python<'_>) -> PyResult<u64> {
        self.tally(py, |tally| tally.lines)
    }

    #[getter]
    fn records(&self, py: Python<'_>) -> PyResult<u64> {
        self.tally(py, |tally| tally.records)
    }

    #[getter]
    fn skipped_records(&self, py: Python<'_>) -> PyResult<u64> {
        self.tally(py, |tally| tally.skipped_records)
    }

    #[getter]
    fn bad(&self, py: Python<'_>) -> PyResult<Vec<(u64, u64, &'static str)>> {
        self.tally(py, bad_of)
    }

    #[getter]
    fn contents<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.tally(py, |tally| PyBytes::new(py, &tally.contents))
    }

    #[getter]
    fn bad_lines(&self, py: Python<'_>) -> PyResult<u64> {
        self.tally(py, |tally| tally.bad_lines)
    }
}

impl BlobStream {
    fn tally<T>(&self, py: Python<'_>, get: impl FnOnce(&Tally) -> T) -> PyResult<T> {
        match &*locked(&self.outcome) {
            Outcome::Read(tally) => Ok(get(tally)),
            Outcome::Reading => Err(PyRuntimeError::new_err("the rows are not taken yet")),
            Outcome::InvalidLines => Err(PyValueError::new_err(columns::InvalidLines.to_string())),
            Outcome::Failed(error) => Err(error.clone_ref(py)),
        }
    }
}

#[pyfunction]
#[pyo3(signature = (pieces, *, signal, name, region, environment, received_at_ns, lines, skip, promote))]
#[expect(clippy::too_many_arguments)]
pub fn stream_blob(
    pieces: &Bound<'_, PyAny>,
    signal: &str,
    name: String,
    region: String,
    environment: String,
    received_at_ns: u64,
    lines: Option<PyBackedBytes>,
    skip: Vec<u64>,
    promote: HashMap<String, Vec<String>>,
) -> PyResult<BlobStream> {
    let decoding = Decoding {
        signal: parse_signal(signal)?,
        name,
        region,
        environment,
        received_at_ns,
        lines,
        skip: skip.into_iter().collect(),
        promote: parse_promote(promote)?,
        pieces: pieces.try_iter()?.unbind(),
    };
    let signal = decoding.signal;
    let (give, batches) = sync_channel(WAITING);
    let outcome = Arc::new(Mutex::new(Outcome::Reading));
    let told = outcome.clone();
    std::thread::Builder::new()
        .name("decode".to_owned())
        .spawn(move || decoding.run(give, &told))?;
    Ok(BlobStream {
        signal,
        batches: Mutex::new(Some(batches)),
        outcome,
    })
}

/// What the decoding thread holds.
struct Decoding {
    signal: Signal,
    name: String,
    region: String,
    environment: String,
    received_at_ns: u64,
    lines: Option<PyBackedBytes>,
    skip: HashSet<u64>,
    promote: Promote,
    pieces: Py<PyIterator>,
}

impl Decoding {
    /// The outcome is there before `give` is gone, by which the stream ends.
    fn run(self, give: SyncSender<RecordBatch>, outcome: &Mutex<Outcome>) {
        let blob = Blob {
            signal: self.signal,
            name: &self.name,
            region: &self.region,
            environment: &self.environment,
            received_at_ns: self.received_at_ns,
            lines: self.lines.as_deref(),
            contents: self.lines.is_none(),
            skip: &self.skip,
            having: &[],
            promote: &self.promote,
        };
        let mut failed = None;
        let pieces = std::iter::from_fn(|| {
            let piece = Python::attach(|py| self.next_piece(py)).transpose()?;
            Some(piece.map_err(|error| {
                failed = Some(error);
                io::Error::from(io::ErrorKind::Other)
            }))
        });
        let read = read_stream(Pieces::new(pieces), &blob, |batch| give.send(batch).is_ok());
        *locked(outcome) = match (failed, read) {
            (Some(error), _) => Outcome::Failed(error),
            (None, Ok(tally)) => Outcome::Read(tally),
            (None, Err(Stop::InvalidLines)) => Outcome::InvalidLines,
            (None, Err(Stop::Unwanted)) => Outcome::Reading,
        };
    }

    fn next_piece(&self, py: Python<'_>) -> PyResult<Option<PyBackedBytes>> {
        match self.pieces.bind(py).clone().next() {
            None => Ok(None),
            Some(piece) => Ok(Some(piece?.extract()?)),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
