//! `DataPlane`: made from a plan, started, drained and closed by Python.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use receive::{Plan, Pressure, StartError};

use crate::errors::{PlanError, spool_error};
use crate::outbox::OutboxItem;

fn start_error(error: StartError) -> PyErr {
    match error {
        StartError::Plan(error) => PlanError::new_err(error.to_string()),
        StartError::Spool(error) => spool_error(&error),
        StartError::Runtime(kind) => PyRuntimeError::new_err(format!("no threads: {kind}")),
    }
}

/// A collector's receivers, policies and spool.
#[pyclass(frozen, module = "mainstem._core")]
pub struct DataPlane {
    inner: Mutex<Option<Arc<receive::DataPlane>>>,
}

impl DataPlane {
    fn get(&self) -> PyResult<Arc<receive::DataPlane>> {
        self.inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .ok_or_else(|| PyRuntimeError::new_err("the data plane is closed"))
    }
}

#[pymethods]
impl DataPlane {
    #[new]
    fn new(py: Python<'_>, plan: &str) -> PyResult<DataPlane> {
        let made = py.detach(|| receive::DataPlane::new(Plan::parse(plan)?));
        Ok(DataPlane {
            inner: Mutex::new(Some(Arc::new(made.map_err(start_error)?))),
        })
    }

    fn start(&self, py: Python<'_>) -> PyResult<BTreeMap<String, BTreeMap<&'static str, u16>>> {
        let plane = self.get()?;
        let receivers = py.detach(|| plane.start())?.into_iter();
        let receivers = receivers.map(|(id, ports)| {
            let bound = [("grpc", ports.grpc), ("http", ports.http)].into_iter();
            let bound = bound.filter_map(|(name, port)| Some((name, port?)));
            (id, bound.collect())
        });
        Ok(receivers.collect())
    }

    fn reload(&self, py: Python<'_>, plan: &str) -> PyResult<()> {
        let plane = self.get()?;
        py.detach(|| plane.reload(Plan::parse(plan)?))
            .map_err(start_error)
    }

    fn set_pressure(&self, level: &str) -> PyResult<()> {
        let pressure = match level {
            "none" => Pressure::None,
            "soft" => Pressure::Soft,
            "hard" => Pressure::Hard,
            _ => return Err(PyValueError::new_err("level: none, soft or hard")),
        };
        self.get()?.set_pressure(pressure);
        Ok(())
    }

    #[pyo3(signature = (timeout, *, after=None, region=None))]
    fn next_outbox(
        &self,
        py: Python<'_>,
        timeout: f64,
        after: Option<u64>,
        region: Option<&str>,
    ) -> PyResult<Option<OutboxItem>> {
        let plane = self.get()?;
        let spool = plane.spool(region).ok_or_else(no_such_region)?;
        let timeout = seconds(timeout)?;
        let item = py
            .detach(|| match after {
                None => spool.next_outbox(timeout),
                Some(seq) => spool.outbox_after(seq, timeout),
            })
            .map_err(|error| spool_error(&error))?;
        Ok(item.map(OutboxItem::new))
    }

    #[pyo3(signature = (seq, *, region=None))]
    fn confirm(&self, py: Python<'_>, seq: u64, region: Option<&str>) -> PyResult<()> {
        let plane = self.get()?;
        let spool = plane.spool(region).ok_or_else(no_such_region)?;
        py.detach(|| spool.confirm(seq))
            .map_err(|error| spool_error(&error))
    }

    #[pyo3(signature = (exporter, *, region=None))]
    fn give_up(
        &self,
        py: Python<'_>,
        exporter: &str,
        region: Option<&str>,
    ) -> PyResult<(u64, u64)> {
        let plane = self.get()?;
        let spool = plane.spool(region).ok_or_else(no_such_region)?;
        py.detach(|| spool.give_up(exporter))
            .map_err(|error| spool_error(&error))
    }

    fn stats(&self, py: Python<'_>) -> PyResult<String> {
        let plane = self.get()?;
        py.detach(|| serde_json::to_string(&plane.stats()))
            .map_err(|_| PyRuntimeError::new_err("the statistics cannot be written"))
    }

    fn seal(&self, py: Python<'_>) -> PyResult<()> {
        let plane = self.get()?;
        py.detach(|| plane.seal_all())
            .map_err(|error| spool_error(&error))
    }

    fn drain(&self, py: Python<'_>, timeout: f64) -> PyResult<bool> {
        let plane = self.get()?;
        let timeout = seconds(timeout)?;
        py.detach(|| plane.drain(timeout))
            .map_err(|error| spool_error(&error))
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let taken = self
            .inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match taken {
            None => Ok(()),
            Some(plane) => py
                .detach(|| plane.close())
                .map_err(|error| spool_error(&error)),
        }
    }
}

fn no_such_region() -> PyErr {
    PyValueError::new_err("region: this data plane has no spool for it")
}

fn seconds(timeout: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(timeout)
        .map_err(|_| PyValueError::new_err("timeout: seconds, not below 0"))
}
