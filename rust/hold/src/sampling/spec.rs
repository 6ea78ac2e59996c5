//! What the configuration says, as the plan has it.

use process::ErrorMode;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TailSamplingSpec {
    /// From the first span of a trace to its decision.
    pub decision_wait_ms: u64,
    /// Traces that wait, at most; the oldest is decided early for one more.
    pub num_traces: usize,
    /// Decisions that are remembered for late spans, by what they were.
    pub sampled_cache_size: usize,
    pub non_sampled_cache_size: usize,
    /// Evaluate no further policy once one keeps the trace.
    pub sample_on_first_match: bool,
    /// From a trace's root to its decision, if that is sooner; 0: no sooner.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub root_wait_ms: u64,
    /// A trace of more bytes is not kept; 0: any.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub most_trace_bytes: u64,
    /// Requests are refused while `num_traces` wait.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refuse_more: bool,
    pub policies: Vec<PolicySpec>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySpec {
    pub name: String,
    pub rule: RuleSpec,
}

/// A policy's kind and options; 0 stands for "no bound" where the collector has it so.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RuleSpec {
    AlwaysSample,
    Latency {
        threshold_ms: i64,
        upper_threshold_ms: i64,
    },
    NumericAttribute {
        key: String,
        min_value: i64,
        max_value: i64,
        invert_match: bool,
    },
    Probabilistic {
        hash_salt: String,
        sampling_percentage: f64,
    },
    StatusCode {
        /// 0 unset, 1 OK, 2 error.
        status_codes: Vec<i32>,
    },
    StringAttribute {
        key: String,
        values: Vec<String>,
        enabled_regex_matching: bool,
        invert_match: bool,
    },
    BooleanAttribute {
        key: String,
        value: bool,
        invert_match: bool,
    },
    RateLimiting {
        spans_per_second: u64,
        burst_capacity: u64,
    },
    BytesLimiting {
        bytes_per_second: u64,
        burst_capacity: u64,
    },
    OttlCondition {
        error_mode: ErrorMode,
        span: Vec<String>,
        spanevent: Vec<String>,
    },
    SpanCount {
        min_spans: u64,
        max_spans: u64,
    },
    TraceState {
        key: String,
        values: Vec<String>,
    },
    TraceFlags,
    And(Vec<PolicySpec>),
    Not(Box<PolicySpec>),
    Drop(Vec<PolicySpec>),
    Composite {
        max_total_spans_per_second: u64,
        policies: Vec<AllocatedSpec>,
    },
}

/// A policy of a composite one, and the spans a second that it may keep.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AllocatedSpec {
    pub policy: PolicySpec,
    pub spans_per_second: u64,
}
