//! What detectors would find in blobs that exist already.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use otlp::model::Signal;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A key, the values seen under it, what its name alone does to them, and finds by detector.
type SeenKey = (
    String,
    u64,
    Option<&'static str>,
    BTreeMap<&'static str, u64>,
);

#[pyclass(frozen, module = "mainstem._core")]
pub struct Survey {
    survey: Mutex<redact::Survey>,
}

#[pymethods]
impl Survey {
    #[new]
    fn new() -> PyResult<Self> {
        let survey =
            redact::Survey::new().map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        Ok(Survey {
            survey: Mutex::new(survey),
        })
    }

    fn look(&self, py: Python<'_>, data: &Bound<'_, PyBytes>) -> (u64, u64) {
        let data = data.as_bytes();
        py.detach(|| {
            let mut survey = self.survey.lock().unwrap_or_else(PoisonError::into_inner);
            let mut records = 0;
            let mut bad = u64::MAX;
            // A request of another signal reads as one without records.
            for signal in Signal::ALL {
                let visited = columns::visit(data, signal, |request| {
                    records += request.records();
                    survey.look(request);
                });
                bad = bad.min(visited.bad.len() as u64);
            }
            (records, bad)
        })
    }

    fn seen(&self) -> Vec<SeenKey> {
        let survey = self.survey.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = survey.seen().iter();
        seen.map(|(key, seen)| (key.clone(), seen.values, seen.by_name, seen.finds.clone()))
            .collect()
    }
}
