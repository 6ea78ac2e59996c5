//! A pipeline's hold: the gate that its requests meet, and the hold that its class's committer keeps.

use std::sync::Arc;

use hold::{Finish, Finished, Gate, Interval, IntervalGate, MOST_BYTES, SpecError};
use otlp::model::{Request, Signal};
use spool::{Counts, HeldPart, Hold};

use crate::faults::guarded;
use crate::pipeline::samplers::Samplers;
use crate::pipeline::steps::{Steps, Taken};
use crate::pipeline::times::record_times;
use crate::plan::{HoldPlan, PlanError};
use crate::stats::{Counter, LeftOut, Stats};

/// A change of what this hash covers changes the fingerprint of every pipeline with a hold.
const REVISION: &str = "mainstem.hold/1";

/// Where records wait, and the steps behind that.
pub struct Gated {
    gate: Box<dyn Gate>,
    after: Arc<After>,
}

/// The steps behind a hold, which what goes on at once passes as well as what waited.
pub struct After {
    steps: Steps,
    /// The id of their first rule among all of the pipeline's.
    first_rule: usize,
    left_out: Arc<LeftOut>,
}

impl After {
    pub fn new(steps: Steps, first_rule: usize, left_out: Arc<LeftOut>) -> After {
        After {
            steps,
            first_rule,
            left_out,
        }
    }

    pub fn rules(&self) -> &[String] {
        self.steps.rules()
    }

    /// Runs the steps. Who sent a record has been told that it is taken, or will be: what the steps
    /// refuse counts as dropped.
    fn apply(&self, request: &mut Request<'_>) -> Taken {
        let mut taken = self.steps.apply(request);
        taken.dropped += taken.rejected + taken.failed;
        self.left_out.dropped.add(taken.dropped);
        self.left_out.sampled.add(taken.sampled);
        for (rule, _) in &mut taken.redactions {
            *rule += self.first_rule as u16;
        }
        taken
    }
}

impl Gated {
    pub fn is_full(&self) -> bool {
        self.gate.is_full()
    }

    /// Takes out what waits and what is decided against; what is left has passed the steps behind.
    pub fn part(
        &self,
        request: &mut Request<'_>,
        received_at_ns: u64,
        counts: &mut Counts,
        redactions: &mut Vec<(u16, u32)>,
    ) -> Vec<HeldPart> {
        let parted = self.gate.part(request, received_at_ns);
        let taken = self.after.apply(request);
        counts.held_after += parted.records();
        counts.sampled += parted.sampled + taken.sampled;
        counts.dropped += taken.dropped;
        counts.stored = request.records();
        redactions.extend(taken.redactions);
        parted.held
    }
}

/// Makes both ends of a hold for a pipeline whose class has the fingerprint `policy`.
pub fn gated(
    plan: &HoldPlan,
    pipeline: &str,
    policy: &str,
    after: &Arc<After>,
    counters: Vec<Arc<Counter>>,
    samplers: &Samplers,
    stats: &Stats,
) -> Result<(Gated, Box<dyn Hold>), SpecError> {
    let finish = finish(after.clone(), counters);
    let (gate, hold): (Box<dyn Gate>, Box<dyn Hold>) = match plan {
        HoldPlan::TailSampling(spec) => {
            let sampler = samplers.of(pipeline, policy, spec, stats)?;
            let (gate, hold) = sampler.join(finish);
            (Box::new(gate), Box::new(hold))
        }
        HoldPlan::Interval(spec) => (
            Box::new(IntervalGate::new(spec)),
            Box::new(Interval::new(spec, policy, MOST_BYTES, finish)),
        ),
    };
    let after = after.clone();
    Ok((Gated { gate, after }, hold))
}

/// A fault in a step costs the records that it happened on, as it does on the way in.
fn finish(after: Arc<After>, counters: Vec<Arc<Counter>>) -> Finish {
    Arc::new(move |request| {
        let records = request.records();
        let finished = guarded(|| Ok(finished(&after, &counters, request)));
        finished.unwrap_or_else(|_| Finished {
            dropped: records,
            ..Finished::default()
        })
    })
}

fn finished(after: &After, counters: &[Arc<Counter>], mut request: Request<'_>) -> Finished {
    let taken = after.apply(&mut request);
    for &(rule, count) in &taken.redactions {
        counters[usize::from(rule)].add(u64::from(count));
    }
    let stored = request.records();
    let mut line = Vec::new();
    if stored > 0 {
        otlp::encode::write_json(&request, &mut line);
    }
    let (first_ns, last_ns) = record_times(&request);
    Finished {
        line,
        stored,
        rejected: 0,
        dropped: taken.dropped,
        sampled: taken.sampled,
        redactions: taken.redactions,
        first_ns,
        last_ns,
    }
}

/// Whether a signal can be held so, and behind these steps.
pub fn check(plan: &HoldPlan, signal: Signal, redacts: bool) -> Result<(), PlanError> {
    let (kind, wanted) = match plan {
        HoldPlan::TailSampling(_) => ("tail_sampling", Signal::Traces),
        HoldPlan::Interval(_) => ("interval", Signal::Metrics),
    };
    if signal != wanted {
        return Err(PlanError::new(
            format!("hold.{kind}"),
            format!("this is for {} alone", wanted.name()),
        ));
    }
    if !redacts {
        return Err(PlanError::new(
            format!("hold.{kind}"),
            "records are held redacted: a redaction step comes before",
        ));
    }
    Ok(())
}

/// The fingerprint of a pipeline's steps, its hold and what is behind it.
pub fn fingerprint(steps: &str, plan: &HoldPlan, after: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(REVISION.as_bytes());
    let text = serde_json::to_string(plan).unwrap_or_default();
    for part in [steps, &text, after] {
        hasher.update(&[0]).update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Compiles the options of a hold, as its plan has them.
pub fn check_hold(text: &str) -> Result<(), PlanError> {
    let wrong = |_| PlanError::new("hold", "a field is missing, unknown or of another type");
    let plan: HoldPlan = serde_json::from_str(text).map_err(wrong)?;
    if let HoldPlan::TailSampling(spec) = &plan {
        hold::check(spec).map_err(|error| PlanError::new(error.place, error.reason))?;
    }
    Ok(())
}
