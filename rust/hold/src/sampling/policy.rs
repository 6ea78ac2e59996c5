//! Policies: each says of a whole trace whether to keep it.

use otlp::model::{Request, ResourceSpans, Signal, Span};
use process::{ErrorMode, Failed, Filter, FilterSpec, OlderTraces};
use spool::Key;

use super::rate::{Bucket, Second};
use super::spec::{PolicySpec, RuleSpec};
use super::tag::{Tag, Wanted};
use crate::SpecError;

/// What the collector hashes with where no salt is given.
const DEFAULT_SALT: &str = "default-hash-seed";

/// What a policy says of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opinion {
    Keep,
    Pass,
    /// Never keep it, whatever other policies say.
    Drop,
    /// It could not be evaluated, and so says nothing.
    Failed,
}

impl Opinion {
    /// Whether it holds within another policy.
    fn holds(self) -> bool {
        matches!(self, Self::Keep | Self::Drop)
    }
}

/// A trace at its decision.
pub(super) struct Trace<'t, 'a> {
    pub(super) id: Key,
    /// Of traces.
    pub(super) request: &'t Request<'a>,
    pub(super) spans: u64,
    pub(super) now_ns: u64,
}

impl<'a> Trace<'_, 'a> {
    fn resources(&self) -> &[ResourceSpans<'a>] {
        match self.request {
            Request::Traces(resources) => resources,
            _ => &[],
        }
    }

    /// Of the trace as protobuf.
    fn bytes(&self) -> u64 {
        bytes_of(self.request)
    }
}

/// How long a request is as protobuf.
pub(super) fn bytes_of(request: &Request<'_>) -> u64 {
    let mut out = Vec::new();
    otlp::encode::write_protobuf(request, &mut out);
    out.len() as u64
}

/// A compiled policy.
pub enum Rule {
    AlwaysSample,
    Latency { above_ms: i64, most_ms: i64 },
    Tag(Box<TagRule>),
    Probabilistic { salt: String, threshold: u64 },
    StatusCode(Vec<i32>),
    RateLimiting(RateRule),
    BytesLimiting(RateRule),
    OttlCondition(Box<Filter>),
    SpanCount { least: u64, most: u64 },
    TraceState { key: String, values: Vec<String> },
    TraceFlags,
    And(Vec<Rule>),
    Not(Box<Rule>),
    Drop(Vec<Rule>),
    Composite(Vec<AllocatedRule>),
}

/// A condition on an attribute.
#[derive(Debug)]
pub struct TagRule(Tag);

/// A limit by time.
#[derive(Debug)]
pub struct RateRule(Bucket);

/// A policy of a composite one, with what it may keep in a second.
pub struct AllocatedRule {
    rule: Rule,
    most: u64,
    second: Second,
}

impl Rule {
    /// Compile a policy.
    ///
    /// # Errors
    /// The place within it and the reason, for a pattern that has no translation.
    pub fn compile(spec: &RuleSpec) -> Result<Self, SpecError> {
        let all = |specs: &[PolicySpec]| -> Result<Vec<Self>, SpecError> {
            let rules = specs.iter().map(|spec| {
                Self::compile(&spec.rule).map_err(|error| SpecError {
                    place: format!("{}.{}", spec.name, error.place),
                    ..error
                })
            });
            rules.collect()
        };
        let tag = |key: &str, wanted, invert| {
            let key = key.to_owned();
            Self::Tag(Box::new(TagRule(Tag {
                key,
                wanted,
                invert,
            })))
        };
        Ok(match spec {
            RuleSpec::AlwaysSample => Self::AlwaysSample,
            RuleSpec::Latency {
                threshold_ms,
                upper_threshold_ms,
            } => Self::Latency {
                above_ms: *threshold_ms,
                most_ms: *upper_threshold_ms,
            },
            RuleSpec::NumericAttribute {
                key,
                min_value,
                max_value,
                invert_match,
            } => {
                let bound = |bound: i64, none| if bound == 0 { none } else { bound };
                let wanted =
                    Wanted::Numbers(bound(*min_value, i64::MIN), bound(*max_value, i64::MAX));
                tag(key, wanted, *invert_match)
            }
            RuleSpec::StringAttribute {
                key,
                values,
                enabled_regex_matching,
                invert_match,
            } => {
                let wanted = if *enabled_regex_matching {
                    Wanted::Patterns(patterns(values)?)
                } else {
                    Wanted::Texts(values.clone())
                };
                tag(key, wanted, *invert_match)
            }
            RuleSpec::BooleanAttribute {
                key,
                value,
                invert_match,
            } => tag(key, Wanted::Bool(*value), *invert_match),
            RuleSpec::Probabilistic {
                hash_salt,
                sampling_percentage,
            } => {
                let salt = if hash_salt.is_empty() {
                    DEFAULT_SALT
                } else {
                    hash_salt
                };
                Self::Probabilistic {
                    salt: salt.to_owned(),
                    threshold: threshold(sampling_percentage / 100.0),
                }
            }
            RuleSpec::StatusCode { status_codes } => Self::StatusCode(status_codes.clone()),
            RuleSpec::RateLimiting {
                spans_per_second,
                burst_capacity,
            } => Self::RateLimiting(RateRule::new(*spans_per_second, *burst_capacity)),
            RuleSpec::BytesLimiting {
                bytes_per_second,
                burst_capacity,
            } => Self::BytesLimiting(RateRule::new(*bytes_per_second, *burst_capacity)),
            RuleSpec::OttlCondition {
                error_mode,
                span,
                spanevent,
            } => Self::OttlCondition(Box::new(condition(*error_mode, span, spanevent)?)),
            RuleSpec::SpanCount {
                min_spans,
                max_spans,
            } => Self::SpanCount {
                least: *min_spans,
                most: match max_spans {
                    0 => u64::MAX,
                    most => *most,
                },
            },
            RuleSpec::TraceState { key, values } => Self::TraceState {
                key: key.clone(),
                // A member of the list has 256 characters at most.
                values: values
                    .iter()
                    .filter(|value| !value.is_empty() && key.len() + value.len() < 256)
                    .cloned()
                    .collect(),
            },
            RuleSpec::TraceFlags => Self::TraceFlags,
            RuleSpec::And(specs) => Self::And(all(specs)?),
            RuleSpec::Not(spec) => Self::Not(Box::new(Self::compile(&spec.rule)?)),
            RuleSpec::Drop(specs) => Self::Drop(all(specs)?),
            RuleSpec::Composite {
                max_total_spans_per_second,
                policies,
            } => {
                let mut rules = Vec::with_capacity(policies.len());
                for allocated in policies {
                    rules.push(AllocatedRule {
                        rule: Self::compile(&allocated.policy.rule)?,
                        most: allocated.spans_per_second.min(*max_total_spans_per_second),
                        second: Second::default(),
                    });
                }
                Self::Composite(rules)
            }
        })
    }

    pub(super) fn judge(&mut self, trace: &Trace<'_, '_>) -> Opinion {
        let resources = trace.resources();
        let any = |condition: &dyn Fn(&Span<'_>) -> bool| spans(resources).any(condition);
        let keep = match self {
            Self::AlwaysSample => true,
            Self::Latency { above_ms, most_ms } => took(trace, *above_ms, *most_ms),
            Self::Tag(tag) => tag.0.keeps(resources),
            Self::Probabilistic { salt, threshold } => fnv1a(salt, &trace.id) <= *threshold,
            Self::StatusCode(codes) => any(&|span| {
                let code = span.status.as_ref().map_or(0, |status| status.code);
                codes.contains(&code)
            }),
            Self::RateLimiting(rate) => rate.0.take(trace.spans, trace.now_ns),
            Self::BytesLimiting(rate) => rate.0.take(trace.bytes(), trace.now_ns),
            // The walk of conditions is the one that statements change records by.
            Self::OttlCondition(filter) => match filter.finds(&mut trace.request.clone()) {
                Ok(found) => found,
                Err(Failed) => return Opinion::Failed,
            },
            Self::SpanCount { least, most } => (*least..=*most).contains(&trace.spans),
            Self::TraceState { key, values } => any(&|span| {
                let member = trace_state(&span.trace_state, key);
                member.is_some_and(|member| values.iter().any(|value| value == member))
            }),
            Self::TraceFlags => any(&|span| span.flags & 1 != 0),
            Self::And(rules) => rules.iter_mut().all(|rule| rule.judge(trace).holds()),
            Self::Not(rule) => match rule.judge(trace) {
                Opinion::Failed => return Opinion::Failed,
                said => said == Opinion::Pass,
            },
            Self::Drop(rules) => {
                let all = rules.iter_mut().all(|rule| rule.judge(trace).holds());
                return if all { Opinion::Drop } else { Opinion::Pass };
            }
            Self::Composite(rules) => {
                // The first that would keep it decides, by what it has left in this second.
                let first = rules
                    .iter_mut()
                    .find_map(|it| (it.rule.judge(trace) == Opinion::Keep).then_some(it));
                first.is_some_and(|it| it.second.keep(trace.spans, it.most, trace.now_ns))
            }
        };
        if keep { Opinion::Keep } else { Opinion::Pass }
    }

    pub(super) fn is_drop(&self) -> bool {
        matches!(self, Self::Drop(_))
    }
}

impl RateRule {
    fn new(per_second: u64, burst: u64) -> Self {
        let burst = match burst {
            0 => per_second.saturating_mul(2),
            burst => burst,
        };
        Self(Bucket::new(per_second, burst))
    }
}

/// A filter of spans and their events finds what the conditions hold for.
fn condition(
    error_mode: ErrorMode,
    span: &[String],
    spanevent: &[String],
) -> Result<Filter, SpecError> {
    let spec = FilterSpec {
        error_mode,
        traces: OlderTraces {
            span: span.to_vec(),
            spanevent: spanevent.to_vec(),
            ..OlderTraces::default()
        },
        ..FilterSpec::default()
    };
    Filter::compile(&spec, Signal::Traces).map_err(|error| SpecError {
        place: error.place.replacen("traces.", "", 1),
        reason: error.reason,
    })
}

fn patterns(values: &[String]) -> Result<Vec<regex_automata::meta::Regex>, SpecError> {
    let compile = |(index, value): (usize, &String)| {
        re2::compile(value)
            .map(|(regex, _)| regex)
            .map_err(|reason| SpecError {
                place: format!("values[{index}]"),
                reason,
            })
    };
    values.iter().enumerate().map(compile).collect()
}

fn spans<'t, 'a>(resources: &'t [ResourceSpans<'a>]) -> impl Iterator<Item = &'t Span<'a>> {
    let scopes = resources.iter().flat_map(|resource| &resource.scopes);
    scopes.flat_map(|scope| &scope.spans)
}

/// Whether the time from the earliest start to the latest end, of the spans up to any one in their
/// order, is above the one bound and not above the other (0: none).
fn took(trace: &Trace<'_, '_>, above_ms: i64, most_ms: i64) -> bool {
    let (mut first, mut last) = (0, 0);
    spans(trace.resources()).any(|span| {
        if first == 0 || span.start_time_unix_nano < first {
            first = span.start_time_unix_nano;
        }
        last = last.max(span.end_time_unix_nano);
        let took_ms = last.wrapping_sub(first).cast_signed() / 1_000_000;
        took_ms > above_ms && (most_ms == 0 || took_ms <= most_ms)
    })
}

/// The value of a key in a `tracestate`; `None` where it is not there or the list is not one.
fn trace_state<'s>(state: &'s str, key: &str) -> Option<&'s str> {
    let mut found = None;
    for member in state.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        let (name, value) = member.split_once('=')?;
        if name == key {
            found = Some(value);
        }
    }
    found
}

/// FNV-1a, 64 bits, of the salt and the trace's id.
fn fnv1a(salt: &str, id: &Key) -> u64 {
    let bytes = salt.as_bytes().iter().chain(id);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The hashes that a share of traces has: `ratio` of 2^64 - 1, multiplied with 64 bits of mantissa
/// and cut, as the collector's big floats do.
fn threshold(ratio: f64) -> u64 {
    if ratio.is_nan() || ratio <= 0.0 {
        return 0;
    }
    if ratio >= 1.0 {
        return u64::MAX;
    }
    let bits = ratio.to_bits();
    let exponent = i32::try_from(bits >> 52).unwrap_or(0) - 1075;
    let mantissa = u128::from((bits & ((1 << 52) - 1)) | (1 << 52));
    let product = u128::from(u64::MAX) * mantissa;
    let spare = (128 - product.leading_zeros()).saturating_sub(64);
    let mut rounded = product >> spare;
    let (rest, half) = (product & ((1 << spare) - 1), 1_u128 << spare >> 1);
    if spare > 0 && (rest > half || rest == half && rounded & 1 == 1) {
        rounded += 1;
    }
    let down = -(exponent + spare.cast_signed());
    let shifted = u32::try_from(down)
        .ok()
        .and_then(|down| rounded.checked_shr(down));
    u64::try_from(shifted.unwrap_or(0)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_cut_as_the_collector_cuts_it() {
        // As Go's math/big gives them.
        for (ratio, cut) in [
            (0.0, 0),
            (1e-30, 0),
            (1e-15, 18_446),
            (0.001, 18_446_744_073_709_551),
            (0.07, 1_291_272_085_159_668_735),
            (0.1, 1_844_674_407_370_955_263),
            (0.333, 6_142_765_776_545_281_023),
            (0.5, 9_223_372_036_854_775_807),
            (0.9, 16_602_069_666_338_596_863),
            (1.0, u64::MAX),
        ] {
            assert_eq!(threshold(ratio), cut, "{ratio}");
        }
    }

    #[test]
    fn a_member_of_a_trace_state_is_found_in_a_well_formed_list() {
        assert_eq!(trace_state("a=1, b=2", "b"), Some("2"));
        assert_eq!(trace_state("a=1,b", "a"), None);
        assert_eq!(trace_state("", "a"), None);
    }
}
