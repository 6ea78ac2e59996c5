//! The `transform` processor: statements that change telemetry.
//!
//! <https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/transformprocessor>

use otlp::model::{Request, Signal};
use serde::{Deserialize, Serialize};

use crate::errors::ErrorMode;
use crate::ottl::{Condition, Context, Failed, Item, ParsedCondition, ParsedStatement, Statement};
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

/// Texts and the places where they are written.
type Placed<'s> = Vec<(String, &'s str)>;

impl Transform {
    pub fn compile(spec: &TransformSpec, signal: Signal) -> Result<Transform, SpecError> {
        let (option, given) = match signal {
            Signal::Traces => ("trace_statements", &spec.trace_statements),
            Signal::Logs => ("log_statements", &spec.log_statements),
            Signal::Metrics => ("metric_statements", &spec.metric_statements),
        };
        let mut plain: Placed<'_> = Vec::new();
        let mut groups = Vec::new();
        for (index, one) in given.iter().enumerate() {
            let place = format!("{option}[{index}]");
            match one {
                StatementsSpec::One(text) => plain.push((place, text)),
                StatementsSpec::Group(group) => {
                    let placed = |list: &str, texts: &'_ [String]| -> Vec<(String, String)> {
                        let texts = texts.iter().enumerate();
                        texts
                            .map(|(index, text)| (format!("{place}.{list}[{index}]"), text.clone()))
                            .collect()
                    };
                    let conditions = placed("conditions", &group.conditions);
                    let statements = placed("statements", &group.statements);
                    groups.push(Group::compile(
                        &place,
                        group.context(&place, signal)?,
                        &borrowed(&conditions),
                        &borrowed(&statements),
                        signal,
                        group.error_mode.unwrap_or(spec.error_mode),
                    )?);
                }
            }
        }
        if !plain.is_empty() {
            if !groups.is_empty() {
                let reason = "mixes statements and groups of statements: one of the two";
                return Err(SpecError::new(option, reason));
            }
            groups.push(Group::compile(
                option,
                None,
                &[].into(),
                &plain,
                signal,
                spec.error_mode,
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

fn borrowed(texts: &[(String, String)]) -> Placed<'_> {
    texts
        .iter()
        .map(|(place, text)| (place.clone(), text.as_str()))
        .collect()
}

impl Group {
    fn compile(
        place: &str,
        context: Option<Context>,
        conditions: &Placed<'_>,
        statements: &Placed<'_>,
        signal: Signal,
        error_mode: ErrorMode,
    ) -> Result<Group, SpecError> {
        let parsed_conditions = conditions
            .iter()
            .map(|(at, text)| ParsedCondition::parse(text).map_err(|error| refused(at, &error)))
            .collect::<Result<Vec<_>, _>>()?;
        let parsed_statements = statements
            .iter()
            .map(|(at, text)| ParsedStatement::parse(text).map_err(|error| refused(at, &error)))
            .collect::<Result<Vec<_>, _>>()?;
        let bare = context.is_some();
        let of_conditions = parsed_conditions
            .iter()
            .filter_map(ParsedCondition::context);
        let of_statements = parsed_statements
            .iter()
            .filter_map(ParsedStatement::context);
        let context = context_in(
            place,
            context.or(of_conditions.chain(of_statements).max()),
            signal,
        )?;
        Ok(Group {
            context,
            conditions: parsed_conditions
                .iter()
                .zip(conditions)
                .map(|(one, (at, _))| {
                    one.compile(context, bare)
                        .map_err(|error| refused(at, &error))
                })
                .collect::<Result<_, _>>()?,
            statements: parsed_statements
                .iter()
                .zip(statements)
                .map(|(one, (at, _))| {
                    one.compile(context, bare)
                        .map_err(|error| refused(at, &error))
                })
                .collect::<Result<_, _>>()?,
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
