//! Blobs to Arrow: what the loader reads.

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatch, RecordBatchIterator};
use arrow_schema::ffi::FFI_ArrowSchema;
use columns::{Blob, Columns, Packing, Promote, Tally};
use otlp::model::Signal;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule};
use std::collections::{HashMap, HashSet};

/// The columns of a signal's bronze table.
#[pyclass(frozen, module = "mainstem._core")]
pub struct BronzeSchema {
    signal: Signal,
}

#[pymethods]
impl BronzeSchema {
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(&*columns::schema(self.signal));
        let schema = schema.map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }
}

#[pyfunction]
pub fn bronze_schema(signal: &str) -> PyResult<BronzeSchema> {
    Ok(BronzeSchema {
        signal: parse_signal(signal)?,
    })
}

/// The rows of one blob, and what became of its lines.
#[pyclass(frozen, module = "mainstem._core")]
pub struct BlobRows {
    signal: Signal,
    columns: Columns,
}

#[pymethods]
impl BlobRows {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The protocol lets a producer that converts nothing give its own schema.
        let _ = requested_schema;
        // The batches' buffers are shared and not copied, so that each call gives a stream.
        let batches = self.columns.batches.clone();
        arrow_stream(py, self.signal, batches.into_iter())
    }

    #[getter]
    fn rows(&self) -> u64 {
        self.columns.tally.rows
    }

    #[getter]
    fn lines(&self) -> u64 {
        self.columns.tally.lines
    }

    #[getter]
    fn records(&self) -> u64 {
        self.columns.tally.records
    }

    #[getter]
    fn skipped_records(&self) -> u64 {
        self.columns.tally.skipped_records
    }

    #[getter]
    fn bad(&self) -> Vec<(u64, u64, &'static str)> {
        bad_of(&self.columns.tally)
    }

    #[getter]
    fn bad_lines(&self) -> u64 {
        self.columns.tally.bad_lines
    }
}

/// A signal's batches, as the Arrow PyCapsule interface hands them over.
pub(crate) fn arrow_stream(
    py: Python<'_>,
    signal: Signal,
    batches: impl Iterator<Item = RecordBatch> + Send + 'static,
) -> PyResult<Bound<'_, PyCapsule>> {
    let reader = RecordBatchIterator::new(batches.map(Ok), columns::schema(signal));
    let stream = FFI_ArrowArrayStream::new(Box::new(reader));
    PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
}

pub(crate) fn bad_of(tally: &Tally) -> Vec<(u64, u64, &'static str)> {
    let bad = tally.bad.iter();
    bad.map(|bad| (bad.line, bad.offset, bad.code)).collect()
}

#[pyfunction]
#[pyo3(signature = (data, *, signal, name, region, environment, received_at_ns, lines, skip, promote, having=vec![]))]
#[expect(clippy::too_many_arguments)]
pub fn read_blob(
    py: Python<'_>,
    data: &Bound<'_, PyBytes>,
    signal: &str,
    name: &str,
    region: &str,
    environment: &str,
    received_at_ns: u64,
    lines: Option<&Bound<'_, PyBytes>>,
    skip: Vec<u64>,
    promote: HashMap<String, Vec<String>>,
    having: Vec<String>,
) -> PyResult<BlobRows> {
    let signal = parse_signal(signal)?;
    let promote = parse_promote(promote)?;
    let skip: HashSet<u64> = skip.into_iter().collect();
    let data = data.as_bytes();
    let blob = Blob {
        signal,
        name,
        region,
        environment,
        received_at_ns,
        lines: lines.map(|lines| lines.as_bytes()),
        contents: false,
        skip: &skip,
        having: &having.iter().map(String::as_str).collect::<Vec<_>>(),
        promote: &promote,
    };
    let columns = py
        .detach(|| columns::read(data, &blob))
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(BlobRows { signal, columns })
}

#[pyfunction]
pub fn count_blob(py: Python<'_>, data: &Bound<'_, PyBytes>, signal: &str) -> PyResult<(u64, u64)> {
    let signal = parse_signal(signal)?;
    let data = data.as_bytes();
    let counted = py.detach(|| columns::count(data, signal));
    Ok((counted.lines, counted.records))
}

#[pyfunction]
pub fn select_records<'py>(
    py: Python<'py>,
    data: &Bound<'_, PyBytes>,
    signal: &str,
    wanted: HashMap<u64, HashSet<u64>>,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let signal = parse_signal(signal)?;
    let data = data.as_bytes();
    let requests = py.detach(|| columns::select(data, signal, &wanted));
    let requests = requests.iter().map(|text| PyBytes::new(py, text));
    Ok(requests.collect())
}

#[pyfunction]
pub fn protobuf_blob(
    py: Python<'_>,
    pieces: Vec<Bound<'_, PyBytes>>,
    signal: &str,
    compression: &str,
) -> PyResult<Py<PyBytes>> {
    let signal = parse_signal(signal)?;
    let packing = match compression {
        "none" => Packing::None,
        "gzip" => Packing::Gzip,
        "zstd" => Packing::Zstd,
        _ => return Err(PyValueError::new_err("compression is none, gzip or zstd")),
    };
    let pieces: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
    let message = py
        .detach(|| columns::protobuf(&pieces, signal, packing))
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(PyBytes::new(py, &message).unbind())
}

#[pyfunction]
pub fn index_blob(
    py: Python<'_>,
    data: &Bound<'_, PyBytes>,
    tenant_keys: Vec<String>,
) -> Py<PyBytes> {
    let data = data.as_bytes();
    let index = py.detach(|| columns::index::build(data, &tenant_keys));
    PyBytes::new(py, &index).unbind()
}

#[pyfunction]
#[pyo3(signature = (index, *, trace_id=None, service=None, tenant=None))]
pub fn index_may_hold(
    index: &[u8],
    trace_id: Option<&str>,
    service: Option<&str>,
    tenant: Option<&str>,
) -> bool {
    let wanted = columns::index::Wanted {
        trace_id,
        service,
        tenant,
    };
    columns::index::may_hold(index, &wanted)
}

pub(crate) fn parse_promote(keys: HashMap<String, Vec<String>>) -> PyResult<Promote> {
    let mut promote = Promote::default();
    for (column, keys) in keys {
        match column.as_str() {
            "service_name" => promote.service_name = keys,
            "tenant_id" => promote.tenant_id = keys,
            _ => {
                return Err(PyValueError::new_err(
                    "only service_name and tenant_id are promoted",
                ));
            }
        }
    }
    Ok(promote)
}

pub(crate) fn parse_signal(name: &str) -> PyResult<Signal> {
    Signal::ALL
        .into_iter()
        .find(|signal| signal.name() == name)
        .ok_or_else(|| PyValueError::new_err("a signal is traces, logs or metrics"))
}
