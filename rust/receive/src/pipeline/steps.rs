//! A pipeline's steps in the order of the configuration: each changes the request's tree in place.

use otlp::model::{Request, Signal};
use process::{
    Attributes, Failed, Filter, ProbabilisticSampler, ResourceAttributes, SpecError, Transform,
};
use redact::{Policy, RegionKey, Tally};
use serde::Serialize;

use crate::plan::{PlanError, StepPlan};

/// A change of what this hash covers changes the fingerprint of every pipeline that has more than
/// one step.
const REVISION: &str = "mainstem.steps/1";

/// What the steps took from a request, in records, and the values redacted by rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Records that could not be redacted safely.
    pub rejected: u64,
    /// Records of a request on which a statement failed that was to tell of it.
    pub failed: u64,
    /// Records that a sampler did not keep.
    pub sampled: u64,
    /// Records that a rule or a filter dropped.
    pub dropped: u64,
    /// A rule's id and a count; no rule stands twice.
    pub redactions: Vec<(u16, u32)>,
}

/// Compiled steps.
pub struct Steps {
    steps: Vec<Step>,
    rules: Vec<String>,
    effects: Vec<&'static str>,
    fingerprint: String,
}

enum Step {
    Redaction {
        policy: Box<Policy>,
        /// The id of the policy's first rule among all of the steps' rules.
        first_rule: usize,
    },
    Attributes(Box<Attributes>),
    Resource(ResourceAttributes),
    Filter(Box<Filter>),
    Transform(Transform),
    ProbabilisticSampler(ProbabilisticSampler),
}

impl Steps {
    /// Compiles the steps of a signal's pipeline; an error's place begins with the step's index, as in
    /// `steps[1].redaction.blocked_values[0]`.
    pub fn compile(
        signal: Signal,
        plans: &[StepPlan],
        key: &RegionKey,
    ) -> Result<Steps, PlanError> {
        let mut rules = Vec::new();
        let mut effects = Vec::new();
        let mut parts = Vec::new();
        let mut steps = Vec::with_capacity(plans.len());
        for (index, plan) in plans.iter().enumerate() {
            let at = |error: SpecError| {
                let dot = if error.place.is_empty() { "" } else { "." };
                PlanError::new(format!("steps[{index}]{dot}{}", error.place), error.reason)
            };
            steps.push(match plan {
                StepPlan::Redaction(spec) => {
                    let policy = Policy::compile(spec, key).map_err(|error| {
                        PlanError::new(format!("steps[{index}].{}", error.rule), error.reason)
                    })?;
                    let first_rule = rules.len();
                    rules.extend_from_slice(policy.rules());
                    effects.extend_from_slice(policy.effects());
                    parts.push(("redaction", policy.fingerprint().to_owned()));
                    Step::Redaction {
                        policy: Box::new(policy),
                        first_rule,
                    }
                }
                StepPlan::Attributes(spec) => {
                    parts.push(("attributes", text_of(spec)));
                    Step::Attributes(Box::new(Attributes::compile(spec, signal).map_err(at)?))
                }
                StepPlan::Resource(spec) => {
                    parts.push(("resource", text_of(spec)));
                    Step::Resource(ResourceAttributes::compile(spec).map_err(at)?)
                }
                StepPlan::Filter(spec) => {
                    parts.push(("filter", text_of(spec)));
                    Step::Filter(Box::new(Filter::compile(spec, signal).map_err(at)?))
                }
                StepPlan::Transform(spec) => {
                    parts.push(("transform", text_of(spec)));
                    Step::Transform(Transform::compile(spec, signal).map_err(at)?)
                }
                StepPlan::ProbabilisticSampler(spec) => {
                    parts.push(("probabilistic_sampler", text_of(spec)));
                    Step::ProbabilisticSampler(
                        ProbabilisticSampler::compile(spec, signal).map_err(at)?,
                    )
                }
            });
        }
        if u16::try_from(rules.len()).is_err() {
            return Err(PlanError::new("steps", "more rules than 65535"));
        }
        Ok(Steps {
            steps,
            rules,
            effects,
            fingerprint: fingerprint(&parts),
        })
    }

    /// 16 hex digits: equal for equal steps under equal keys. That of a single redaction step is its
    /// policy's own.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The names of all redaction steps' rules, in the steps' order; a rule's id is its place.
    pub fn rules(&self) -> &[String] {
        &self.rules
    }

    /// What each rule makes of a value, for people, by rule id.
    pub fn effects(&self) -> &[&'static str] {
        &self.effects
    }

    /// Runs every step over a request.
    pub fn apply(&self, request: &mut Request<'_>) -> Taken {
        let mut taken = Taken::default();
        for step in &self.steps {
            let arrived = request.records();
            let done = match step {
                Step::Redaction { policy, first_rule } => {
                    let mut tally = Tally::default();
                    policy.apply(request, &mut tally);
                    taken.rejected += tally.rejected;
                    taken.dropped += tally.dropped;
                    taken.redactions.extend(
                        tally
                            .masked
                            .iter()
                            .enumerate()
                            .filter(|(_, count)| **count > 0)
                            .map(|(rule, &count)| {
                                let count = u32::try_from(count).unwrap_or(u32::MAX);
                                ((first_rule + rule) as u16, count)
                            }),
                    );
                    Ok(())
                }
                Step::Attributes(attributes) => {
                    attributes.apply(request);
                    Ok(())
                }
                Step::Resource(resource) => {
                    resource.apply(request);
                    Ok(())
                }
                Step::Filter(filter) => {
                    let done = filter.apply(request);
                    taken.dropped += arrived - request.records();
                    done
                }
                Step::Transform(transform) => transform.apply(request),
                Step::ProbabilisticSampler(sampler) => {
                    sampler.apply(request);
                    taken.sampled += arrived - request.records();
                    Ok(())
                }
            };
            if let Err(Failed) = done {
                taken.failed += request.records();
                request.clear();
                break;
            }
        }
        taken
    }
}

/// A step's options as they are compiled, for the fingerprint.
fn text_of(spec: &impl Serialize) -> String {
    serde_json::to_string(spec).unwrap_or_default()
}

/// Of each step its kind and what stands for its rules.
fn fingerprint(parts: &[(&str, String)]) -> String {
    if let [("redaction", policy)] = parts {
        return policy.clone();
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(REVISION.as_bytes());
    for (kind, text) in parts {
        for part in [*kind, text] {
            hasher.update(&[0]);
            hasher.update(part.as_bytes());
        }
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(plans: &str) -> Steps {
        let plans: Vec<StepPlan> = serde_json::from_str(plans).unwrap();
        Steps::compile(Signal::Logs, &plans, &RegionKey::from_bytes(&[7; 32])).unwrap()
    }

    #[test]
    fn one_redaction_step_has_its_policy_s_fingerprint() {
        let key = RegionKey::from_bytes(&[7; 32]);
        let spec = serde_json::from_str(r#"{"detectors":["email"]}"#).unwrap();
        let policy = Policy::compile(&spec, &key).unwrap();
        let one = compile(r#"[{"redaction":{"detectors":["email"]}}]"#);
        assert_eq!(one.fingerprint(), policy.fingerprint());
        let two = compile(r#"[{"redaction":{}},{"redaction":{"detectors":["email"]}}]"#);
        let turned = compile(r#"[{"redaction":{"detectors":["email"]}},{"redaction":{}}]"#);
        assert_eq!(two.fingerprint().len(), 16);
        assert_ne!(two.fingerprint(), one.fingerprint());
        assert_ne!(two.fingerprint(), turned.fingerprint());
    }

    #[test]
    fn a_later_step_s_rules_follow_those_of_the_earlier_ones() {
        let steps = compile(
            r#"[{"redaction":{"processors":[{"name":"first","allow_all_keys":true,
                                             "blocked_values":["blue"]}]}},
                {"redaction":{"detectors":["email"]}}]"#,
        );
        let body = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[
            {"body":{"stringValue":"blue ann@example.com"}}]}]}]}"#;
        let mut request = otlp::json::decode(
            Signal::Logs,
            body,
            &otlp::Limits::default(),
            &mut otlp::Notes::default(),
        )
        .unwrap();
        let named: Vec<(&str, u32)> = steps
            .apply(&mut request)
            .redactions
            .iter()
            .map(|&(rule, count)| (steps.rules()[usize::from(rule)].as_str(), count))
            .collect();
        assert_eq!(named, [("first.blocked_values[0]", 1), ("email", 1)]);
    }

    #[test]
    fn a_wrong_step_is_named_by_its_place() {
        let plans: Vec<StepPlan> =
            serde_json::from_str(r#"[{"redaction":{}},{"redaction":{"detectors":["nose"]}}]"#)
                .unwrap();
        let error = Steps::compile(Signal::Logs, &plans, &RegionKey::from_bytes(&[7; 32]))
            .err()
            .unwrap();
        assert!(error.place.starts_with("steps[1].detectors"), "{error}");
    }
}
