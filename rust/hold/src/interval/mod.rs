//! `interval`: metrics are gathered for a while, and go on as one point a series.
//!
//! Options and meaning are those of the processor of the OpenTelemetry Collector (contrib 0.165.0):
//! of a cumulative series, a gauge or a summary the newest point stays, deltas are added up; what is
//! neither (sums that may fall, unknown temporalities) goes on at once. Delta exponential histograms
//! go on at once here, which loses nothing and adds up to the same.

mod gather;
mod hold;
mod identity;

use otlp::model::{Metric, MetricData, Request};
use serde::{Deserialize, Serialize};
use spool::HeldPart;

use crate::{Gate, Parted};

pub use hold::Interval;

const DELTA: i32 = 1;
const CUMULATIVE: i32 = 2;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IntervalSpec {
    pub interval_ms: u64,
    /// Gauges and summaries go on at once.
    pub pass_gauges: bool,
    pub pass_summaries: bool,
}

/// Takes out the metrics that are gathered.
pub struct IntervalGate {
    spec: IntervalSpec,
}

impl IntervalGate {
    #[must_use]
    pub fn new(spec: &IntervalSpec) -> Self {
        Self { spec: spec.clone() }
    }

    fn waits(&self, metric: &Metric<'_>) -> bool {
        match &metric.data {
            None => false,
            Some(MetricData::Gauge(_)) => !self.spec.pass_gauges,
            Some(MetricData::Summary(_)) => !self.spec.pass_summaries,
            Some(MetricData::Sum {
                aggregation_temporality,
                is_monotonic,
                ..
            }) => *is_monotonic && matches!(*aggregation_temporality, DELTA | CUMULATIVE),
            Some(MetricData::Histogram {
                aggregation_temporality,
                ..
            }) => matches!(*aggregation_temporality, DELTA | CUMULATIVE),
            Some(MetricData::ExponentialHistogram {
                aggregation_temporality,
                ..
            }) => *aggregation_temporality == CUMULATIVE,
        }
    }
}

impl Gate for IntervalGate {
    fn part(&self, request: &mut Request<'_>, received_at_ns: u64) -> Parted {
        let Request::Metrics(resources) = request else {
            return Parted::default();
        };
        let mut gathered = Vec::new();
        for resource in resources.iter_mut() {
            let mut scopes = Vec::new();
            for scope in &mut resource.scopes {
                let waits = |metric: &mut Metric<'_>| self.waits(metric);
                let metrics: Vec<_> = scope.metrics.extract_if(.., waits).collect();
                if !metrics.is_empty() {
                    scopes.push(otlp::model::ScopeMetrics {
                        scope: scope.scope.clone(),
                        metrics,
                        schema_url: scope.schema_url.clone(),
                    });
                }
            }
            if !scopes.is_empty() {
                gathered.push(otlp::model::ResourceMetrics {
                    resource: resource.resource.clone(),
                    scopes,
                    schema_url: resource.schema_url.clone(),
                });
            }
        }
        otlp::nest::prune(request);
        let gathered = Request::Metrics(gathered);
        let records = u32::try_from(gathered.records()).unwrap_or(u32::MAX);
        if records == 0 {
            return Parted::default();
        }
        let mut line = Vec::new();
        otlp::encode::write_json(&gathered, &mut line);
        Parted {
            held: vec![HeldPart {
                key: hold::ALL,
                received_at_ns,
                records,
                line,
            }],
            sampled: 0,
        }
    }
}
