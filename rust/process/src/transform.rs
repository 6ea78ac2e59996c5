//! The `transform` processor: statements that change telemetry.
//!
//! <https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/transformprocessor>

use otlp::model::{Request, Signal};
use serde::{Deserialize, Serialize};

use crate::errors::ErrorMode;
use crate::ottl::{
    Condition, Context, Failed, Item, ParsedCondition, ParsedStatement, Refused, Statement,
};
use crate::spec::SpecError;
use crate::statements::{GroupSpec, context_in, refused};
use crate::walk::retain;

/// The processor's options: statements by signal.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TransformSpec {
    pub error_mode: ErrorMode,
    pub trace_statements: Vec<StatementsSpec>,
    pub log_statements: Vec<StatementsSpec>,
    pub metric_statements: Vec<StatementsSpec>,
}

/// A statement, or a group of them with settings of its own.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum StatementsSpec {
    One(String),
    Group(GroupSpec),
}

/// The compiled processor.
pub struct Transform {
    groups: Vec<Group>,
}

/// Statements that run one after the other for each item of a context for which a condition holds.
struct Group {
    context: Context,
    /// None: the statements run for every item.
    conditions: Vec<Condition>,
    statements: Vec<Statement>,
    error_mode: ErrorMode,
}

/// A condition or a statement, and where it is written.
struct Placed<'s> {
    place: String,
    text: &'s str,
}

impl Transform {
    pub fn compile(spec: &TransformSpec, signal: Signal) -> Result<Transform, SpecError> {
        let (option, given) = match signal {
            Signal::Traces => ("trace_statements", &spec.trace_statements),
            Signal::Logs => ("log_statements", &spec.log_statements),
            Signal::Metrics => ("metric_statements", &spec.metric_statements),
        };
        let mut plain = Vec::new();
        let mut groups = Vec::new();
        for (index, one) in given.iter().enumerate() {
            let place = format!("{option}[{index}]");
            match one {
                StatementsSpec::One(text) => plain.push(Placed { place, text }),
                StatementsSpec::Group(group) => groups.push(Group::compile(
                    &place,
                    group.context(&place, signal)?,
                    &placed(&format!("{place}.conditions"), &group.conditions),
                    &placed(&format!("{place}.statements"), &group.statements),
                    signal,
                    group.error_mode.unwrap_or(spec.error_mode),
                )?),
            }
        }
        if !(plain.is_empty() || groups.is_empty()) {
            let reason = "mixes statements and groups of statements: one of the two";
            return Err(SpecError::new(option, reason));
        }
        if !plain.is_empty() {
            let error_mode = spec.error_mode;
            groups.push(Group::compile(
                option,
                None,
                &[],
                &plain,
                signal,
                error_mode,
            )?);
        }
        Ok(Transform { groups })
    }

    /// A failure, where failures are to be told, leaves the request half done.
    pub fn apply(&self, request: &mut Request<'_>) -> Result<(), Failed> {
        for group in &self.groups {
            retain(request, group.context, &mut |item| {
                group.run(item).map(|()| true)
            })?;
        }
        Ok(())
    }
}

/// Makes something of each, or says what is wrong at its place.
fn each<'p, 's, T>(
    texts: &'p [Placed<'s>],
    make: impl Fn(&Placed<'s>) -> Result<T, Refused>,
) -> Result<Vec<(&'p Placed<'s>, T)>, SpecError> {
    let made = texts.iter().map(|one| {
        let made = make(one).map_err(|error| refused(&one.place, &error))?;
        Ok((one, made))
    });
    made.collect()
}

fn placed<'s>(list: &str, texts: &'s [String]) -> Vec<Placed<'s>> {
    let texts = texts.iter().enumerate();
    texts
        .map(|(index, text)| Placed {
            place: format!("{list}[{index}]"),
            text,
        })
        .collect()
}

impl Group {
    fn compile(
        place: &str,
        context: Option<Context>,
        conditions: &[Placed<'_>],
        statements: &[Placed<'_>],
        signal: Signal,
        error_mode: ErrorMode,
    ) -> Result<Group, SpecError> {
        let parsed_conditions = each(conditions, |one| ParsedCondition::parse(one.text))?;
        let parsed_statements = each(statements, |one| ParsedStatement::parse(one.text))?;
        let of_conditions = parsed_conditions
            .iter()
            .filter_map(|(_, one)| one.context());
        let of_statements = parsed_statements
            .iter()
            .filter_map(|(_, one)| one.context());
        let innermost = of_conditions.chain(of_statements).max();
        // Where the context is written down, paths may leave it out.
        let bare = context.is_some();
        let context = context_in(place, context.or(innermost), signal)?;
        let at = |one: &Placed<'_>, error: &Refused| refused(&one.place, error);
        let conditions = parsed_conditions.iter().map(|(one, parsed)| {
            parsed
                .compile(context, bare)
                .map_err(|error| at(one, &error))
        });
        let statements = parsed_statements.iter().map(|(one, parsed)| {
            parsed
                .compile(context, bare)
                .map_err(|error| at(one, &error))
        });
        Ok(Group {
            context,
            conditions: conditions.collect::<Result<_, _>>()?,
            statements: statements.collect::<Result<_, _>>()?,
            error_mode,
        })
    }

    fn run(&self, item: &mut Item<'_, '_>) -> Result<(), Failed> {
        if !self.concerns(item)? {
            return Ok(());
        }
        for statement in &self.statements {
            match statement.run(item) {
                Err(failed) if self.error_mode == ErrorMode::Propagate => return Err(failed),
                Ok(()) | Err(Failed) => {}
            }
        }
        Ok(())
    }

    fn concerns(&self, item: &Item<'_, '_>) -> Result<bool, Failed> {
        for condition in &self.conditions {
            match condition.holds(item) {
                Ok(true) => return Ok(true),
                Err(failed) if self.error_mode == ErrorMode::Propagate => return Err(failed),
                Ok(false) | Err(Failed) => {}
            }
        }
        Ok(self.conditions.is_empty())
    }
}
