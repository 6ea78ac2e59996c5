//! Single requests through the decoder, a policy or a pipeline's steps, and the encoder, without a
//! collector.

use std::collections::BTreeMap;
use std::path::Path;

use otlp::model::{Request, Signal};
use otlp::{DecodeError, Limits, Notes};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use receive::{StepPlan, Steps};
use redact::{Policy, PolicySpec, RegionKey, Tally};

use crate::errors::PlanError;

/// A rule's name and effect.
type Rule = (String, &'static str);

/// Counts by name.
type Counted = BTreeMap<String, u64>;

#[pyfunction]
pub fn check_policy(py: Python<'_>, spec: &str) -> PyResult<()> {
    // No key is needed to find out whether the patterns compile.
    let key = RegionKey::from_bytes(&[0; 32]);
    py.detach(|| compile(spec, &key)).map(drop)
}

#[pyfunction]
pub fn check_hold(py: Python<'_>, hold: &str) -> PyResult<()> {
    py.detach(|| receive::check_hold(hold))
        .map_err(|error| PlanError::new_err(error.to_string()))
}

#[pyfunction]
#[pyo3(signature = (signal, steps, key_path=None))]
pub fn steps_rules(
    py: Python<'_>,
    signal: &str,
    steps: &str,
    key_path: Option<&str>,
) -> PyResult<(Option<String>, Vec<Rule>)> {
    let signal = signal_named(signal)?;
    py.detach(|| {
        let key = match key_path {
            Some(path) => load_key(path)?,
            // No key is needed to find out whether the steps compile.
            None => RegionKey::from_bytes(&[0; 32]),
        };
        let steps = compile_steps(signal, steps, &key)?;
        let effects = steps.effects().iter().copied();
        let rules = steps.rules().iter().cloned().zip(effects).collect();
        let fingerprint = key_path.map(|_| steps.fingerprint().to_owned());
        Ok((fingerprint, rules))
    })
}

#[pyfunction]
pub fn process_json<'py>(
    py: Python<'py>,
    signal: &str,
    data: &[u8],
    steps: &str,
    key_path: &str,
) -> PyResult<(Bound<'py, PyBytes>, Counted, Counted)> {
    let signal = signal_named(signal)?;
    let (line, redactions, books) = py.detach(|| {
        let steps = compile_steps(signal, steps, &load_key(key_path)?)?;
        let mut request = decode(signal, data)?;
        let received = request.records();
        let taken = steps.apply(&mut request);
        let redactions = taken
            .redactions
            .iter()
            .map(|&(rule, count)| (steps.rules()[usize::from(rule)].clone(), u64::from(count)))
            .collect::<Counted>();
        let books = [
            ("received", received),
            ("stored", request.records()),
            ("rejected", taken.rejected + taken.failed),
            ("dropped", taken.dropped),
            ("sampled", taken.sampled),
        ]
        .map(|(name, count)| (name.to_owned(), count));
        PyResult::Ok((encode(&request), redactions, Counted::from(books)))
    })?;
    Ok((PyBytes::new(py, &line), redactions, books))
}

#[pyfunction]
pub fn redact_json<'py>(
    py: Python<'py>,
    signal: &str,
    data: &[u8],
    policy: &str,
    key_path: &str,
) -> PyResult<(Bound<'py, PyBytes>, BTreeMap<String, u64>)> {
    let signal = signal_named(signal)?;
    let (line, counts) = py.detach(|| {
        let policy = compile(policy, &load_key(key_path)?)?;
        let mut request = decode(signal, data)?;
        let mut tally = Tally::default();
        policy.apply(&mut request, &mut tally);
        let counts = policy
            .rules()
            .iter()
            .cloned()
            .zip(tally.masked.iter().copied())
            .filter(|(_, count)| *count > 0)
            .collect::<BTreeMap<_, _>>();
        PyResult::Ok((encode(&request), counts))
    })?;
    Ok((PyBytes::new(py, &line), counts))
}

#[pyfunction]
#[pyo3(signature = (signal, data, encoding, to="json"))]
pub fn transcode<'py>(
    py: Python<'py>,
    signal: &str,
    data: &[u8],
    encoding: &str,
    to: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let signal = signal_named(signal)?;
    let decode = match encoding {
        "protobuf" => otlp::wire::decode,
        "json" => otlp::json::decode,
        _ => return Err(PyValueError::new_err("encoding: protobuf or json")),
    };
    let write = match to {
        "protobuf" => otlp::encode::write_protobuf,
        "json" => otlp::encode::write_json,
        _ => return Err(PyValueError::new_err("to: protobuf or json")),
    };
    let written = py.detach(|| {
        let request = decode(signal, data, &Limits::default(), &mut Notes::default())
            .map_err(|error| decode_error(&error))?;
        let mut written = Vec::new();
        write(&request, &mut written);
        PyResult::Ok(written)
    })?;
    Ok(PyBytes::new(py, &written))
}

fn compile(spec: &str, key: &RegionKey) -> PyResult<Policy> {
    let spec: PolicySpec = serde_json::from_str(spec).map_err(|error| {
        PlanError::new_err(format!(
            "policy, line {}, column {}: not a policy, or a field is missing, unknown or of another type",
            error.line(),
            error.column()
        ))
    })?;
    Policy::compile(&spec, key)
        .map_err(|error| PlanError::new_err(format!("{}: {}", error.rule, error.reason)))
}

fn compile_steps(signal: Signal, steps: &str, key: &RegionKey) -> PyResult<Steps> {
    let steps: Vec<StepPlan> = serde_json::from_str(steps).map_err(|error| {
        PlanError::new_err(format!(
            "steps, line {}, column {}: not steps, or a field is missing, unknown or of another type",
            error.line(),
            error.column()
        ))
    })?;
    Steps::compile(signal, &steps, key).map_err(|error| PlanError::new_err(error.to_string()))
}

fn load_key(path: &str) -> PyResult<RegionKey> {
    RegionKey::load(Path::new(path))
        .map_err(|error| PlanError::new_err(format!("key_path: {}", error.as_str())))
}

/// A request is JSON where it begins with a brace: on the wire that would be a group that no request
/// has.
fn decode(signal: Signal, data: &[u8]) -> PyResult<Request<'_>> {
    let json = data.first() == Some(&b'{');
    let decode = if json {
        otlp::json::decode
    } else {
        otlp::wire::decode
    };
    decode(signal, data, &Limits::default(), &mut Notes::default())
        .map_err(|error| decode_error(&error))
}

fn encode(request: &Request<'_>) -> Vec<u8> {
    let mut line = Vec::new();
    otlp::encode::write_json(request, &mut line);
    line
}

fn decode_error(error: &DecodeError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn signal_named(name: &str) -> PyResult<Signal> {
    Signal::ALL
        .into_iter()
        .find(|signal| signal.name() == name)
        .ok_or_else(|| PyValueError::new_err("signal: traces, logs or metrics"))
}
