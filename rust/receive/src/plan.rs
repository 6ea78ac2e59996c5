//! The plan of a data plane: what Python hands over once, as JSON, at its making.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use forward::ExporterPlan;
use hold::{IntervalSpec, TailSamplingSpec};
use process::{AttributesSpec, FilterSpec, ResourceSpec, SamplerSpec, TransformSpec};
use redact::PolicySpec;
use route::RoutingSpec;
use serde::{Deserialize, Serialize};
use spool::{Compression, Durability};

use crate::listen::listener::ListenerPlan;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub region: String,
    pub environment: String,
    /// By their ids in the configuration.
    pub receivers: BTreeMap<String, ReceiverPlan>,
    pub in_flight_bytes: usize,
    pub spool: SpoolPlan,
    /// The file with the region's key.
    pub key_path: PathBuf,
    /// The attribute that names a tenant, and after it the keys that are read as it.
    #[serde(default)]
    pub tenant_keys: Vec<String>,
    /// In the order of the configuration; a request goes to every pipeline of its signal that takes
    /// from its receiver.
    pub pipelines: Vec<PipelinePlan>,
    /// The kinds of segment, by name: each belongs to one pipeline.
    pub classes: BTreeMap<String, ClassPlan>,
    /// At the centre: the regions whose collectors forward to it. Each request is one of theirs, by
    /// its sender's identity; there is no spool but theirs.
    #[serde(default)]
    pub origins: BTreeMap<String, OriginPlan>,
    /// What sends segments on, by the exporter's id in the configuration.
    #[serde(default)]
    pub exporters: BTreeMap<String, ExporterPlan>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiverPlan {
    /// Where OTLP/gRPC is taken; port 0 means any free one.
    pub grpc: Option<SocketAddr>,
    /// Where OTLP/HTTP is taken. The same address as `grpc` makes one listener for both.
    pub http: Option<SocketAddr>,
    /// How each of the two speaks and whom it lets in. Those of one address have to be equal.
    #[serde(default)]
    pub listeners: ListenersPlan,
    pub max_body_bytes: usize,
    /// Origins that may send from a browser; `*` for any.
    #[serde(default)]
    pub cors: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenersPlan {
    pub grpc: ListenerPlan,
    pub http: ListenerPlan,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct SpoolPlan {
    pub path: PathBuf,
    pub durability: Durability,
    pub segment_bytes: u64,
    pub segment_age_ms: u64,
    pub digest_window_ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginPlan {
    /// The folder of its spool.
    pub spool: PathBuf,
    /// What its containers' names begin with, before those of the classes.
    pub container_prefix: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelinePlan {
    /// The pipeline's id in the configuration, for messages: `traces` or `traces/eu`.
    pub name: String,
    pub signal: SignalName,
    /// The ids of the receivers that it takes from.
    pub receivers: Vec<String>,
    /// What is done to a request, in this order.
    pub steps: Vec<StepPlan>,
    /// What holds records back behind the steps, of which one redacts.
    #[serde(default)]
    pub hold: Option<HoldPlan>,
    /// What is done to what goes on from there.
    #[serde(default)]
    pub after: Vec<StepPlan>,
    /// The name of its class.
    pub class: String,
    /// Which of its records travel; without, all that the class does.
    #[serde(default)]
    pub routing: Option<RoutingPlan>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoutingPlan {
    /// The class of the records that stay; only where the rules let any stay.
    pub local_class: Option<String>,
    pub records: RoutingSpec,
}

/// One step, under its processor's type.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepPlan {
    /// All of the `redaction` processors that follow each other, as one policy.
    Redaction(PolicySpec),
    Attributes(Box<AttributesSpec>),
    Resource(ResourceSpec),
    Filter(Box<FilterSpec>),
    Transform(TransformSpec),
    ProbabilisticSampler(SamplerSpec),
}

/// A processor that holds records back, under its type.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldPlan {
    TailSampling(TailSamplingSpec),
    Interval(IntervalSpec),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassPlan {
    pub signal: SignalName,
    /// Where blobs go; without, segments are sent on and not stored here.
    #[serde(default)]
    pub container: Option<String>,
    /// Ids of the exporters that send the segments on.
    #[serde(default)]
    pub exporters: Vec<String>,
    /// The blob's name in strftime's letters, without the segment's id.
    pub name_format: String,
    /// An IANA time zone's name.
    pub timezone: String,
    pub compression: Compression,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum SignalName {
    Traces,
    Logs,
    Metrics,
}

/// A plan that cannot be carried out: where, and why.
#[derive(Debug)]
pub struct PlanError {
    pub place: String,
    pub reason: String,
}

impl PlanError {
    pub fn new(place: impl Into<String>, reason: impl fmt::Display) -> PlanError {
        PlanError {
            place: place.into(),
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl std::error::Error for PlanError {}

impl Plan {
    /// Reads and checks a plan.
    pub fn parse(text: &str) -> Result<Plan, PlanError> {
        let plan: Plan = serde_json::from_str(text).map_err(|error| {
            // serde's own message may quote a value, and the plan holds patterns and an HMAC key.
            PlanError::new(
                format!("plan, line {}, column {}", error.line(), error.column()),
                match error.classify() {
                    serde_json::error::Category::Data => {
                        "a field is missing, unknown or of another type"
                    }
                    _ => "this is not JSON",
                },
            )
        })?;
        if plan.receivers.is_empty() {
            return Err(PlanError::new("receivers", "one is needed"));
        }
        for (name, receiver) in &plan.receivers {
            receiver
                .check(plan.in_flight_bytes)
                .map_err(|(key, reason)| {
                    PlanError::new(format!("receivers.{name}.{key}"), reason)
                })?;
        }
        for pipeline in &plan.pipelines {
            let unknown = |id: &String| !plan.receivers.contains_key(id);
            if pipeline.receivers.is_empty() || pipeline.receivers.iter().any(unknown) {
                let place = format!("pipelines.{}.receivers", pipeline.name);
                return Err(PlanError::new(place, "has to name receivers of this plan"));
            }
        }
        for (name, class) in &plan.classes {
            class
                .check(&plan)
                .map_err(|reason| PlanError::new(format!("classes.{name}.exporters"), reason))?;
        }
        if !plan.origins.is_empty() && !plan.exporters.is_empty() {
            let reason = "what is forwarded here is not sent on again";
            return Err(PlanError::new("origins, exporters", reason));
        }
        if plan.in_flight_bytes > u32::MAX as usize {
            return Err(PlanError::new("in_flight_bytes", "4 GiB is the most"));
        }
        Ok(plan)
    }
}

impl ReceiverPlan {
    fn check(&self, in_flight_bytes: usize) -> Result<(), (&'static str, &'static str)> {
        if self.grpc.is_none() && self.http.is_none() {
            return Err(("grpc, http", "one of them needs an address"));
        }
        let shared = self.grpc == self.http && self.grpc.is_some_and(|it| it.port() != 0);
        if shared && self.listeners.grpc != self.listeners.http {
            let reason = "grpc and http share an address, and so their settings have to be equal";
            return Err(("listeners", reason));
        }
        if self.max_body_bytes == 0 || in_flight_bytes < self.max_body_bytes {
            let reason = "has to be above 0 and no more than in_flight_bytes";
            return Err(("max_body_bytes", reason));
        }
        Ok(())
    }
}

impl ClassPlan {
    fn check(&self, plan: &Plan) -> Result<(), &'static str> {
        if self
            .exporters
            .iter()
            .any(|exporter| !plan.exporters.contains_key(exporter))
        {
            return Err("one of them is not an exporter of this plan");
        }
        match self.container {
            Some(_) => Ok(()),
            None if self.exporters.is_empty() => Err("without a container, one is needed"),
            None if plan.spool.durability == Durability::Store => {
                Err("durability: store needs a store for every class")
            }
            None => Ok(()),
        }
    }
}
