//! Compiled expressions and conditions, and what they give for an item.

use std::borrow::Cow;

use super::Refused;
use super::datum::{Datum, Failed, Parts};
use super::functions::Function;
use super::item::Item;
use super::path::{Context, Path, symbol};
use super::syntax::{At, CompareOp, Expr, MathOp, PathSyntax};

/// What names within a statement are looked up in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub context: Context,
    /// Whether a path may leave out what it is of.
    pub bare: bool,
}

impl Names {
    pub fn path(&self, path: &PathSyntax, column: usize) -> Result<Path, Refused> {
        Path::resolve(path, self.context, self.bare, column)
    }
}

pub(super) enum Expression {
    Constant(Datum<'static>),
    Path(Path),
    List(Vec<Expression>),
    Negative(Box<Expression>),
    Math(Box<Expression>, MathOp, Box<Expression>),
    Call(Box<Function>),
}

pub(super) enum BoolExpression {
    Constant(bool),
    Compare(Expression, CompareOp, Expression),
    /// A function, which has to give a boolean.
    Holds(Expression),
    Not(Box<BoolExpression>),
    All(Vec<BoolExpression>),
    Any(Vec<BoolExpression>),
}

impl Expression {
    pub fn compile(expr: &At<Expr>, names: Names) -> Result<Expression, Refused> {
        let boxed = |expr: &At<Expr>| Expression::compile(expr, names).map(Box::new);
        Ok(match &expr.part {
            Expr::Nil => Expression::Constant(Datum::Nil),
            Expr::Bool(bool) => Expression::Constant(Datum::Bool(*bool)),
            Expr::Int(int) => Expression::Constant(Datum::Int(*int)),
            Expr::Double(double) => Expression::Constant(Datum::Double(*double)),
            Expr::Text(text) => Expression::Constant(Datum::Text(Cow::Owned(text.clone()))),
            Expr::Bytes(bytes) => Expression::Constant(Datum::Bytes(Cow::Owned(bytes.clone()))),
            Expr::Enum(name) => match symbol(name) {
                Some(number) => Expression::Constant(Datum::Int(number)),
                None => {
                    let reason = "is no symbol known here; there are SPAN_KIND_, STATUS_CODE_, \
                                  SEVERITY_NUMBER_, METRIC_DATA_TYPE_, \
                                  AGGREGATION_TEMPORALITY_ and FLAG_ with the protocol's names";
                    return Err(Refused::new(expr.column, reason));
                }
            },
            Expr::Path(path) => Expression::Path(names.path(path, expr.column)?),
            Expr::Call(call) => {
                let function = Function::compile(call, expr.column, names)?;
                Expression::Call(Box::new(function))
            }
            Expr::List(parts) => Expression::List(
                parts
                    .iter()
                    .map(|part| Expression::compile(part, names))
                    .collect::<Result<_, _>>()?,
            ),
            Expr::Negative(inner) => Expression::Negative(boxed(inner)?),
            Expr::Math(left, op, right) => Expression::Math(boxed(left)?, *op, boxed(right)?),
            Expr::Compare(..) | Expr::Not(_) | Expr::And(_) | Expr::Or(_) => {
                return Err(Refused::new(
                    expr.column,
                    "is a condition where a value is wanted",
                ));
            }
        })
    }

    pub fn give<'e>(&'e self, item: &'e Item<'_, '_>) -> Result<Datum<'e>, Failed> {
        match self {
            Expression::Constant(datum) => Ok(datum.clone()),
            Expression::Path(path) => item.read(path),
            Expression::List(parts) => {
                let values = parts.iter().map(|part| part.give(item)?.into_value());
                Ok(Datum::Array(Parts::Owned(
                    values.collect::<Result<_, _>>()?,
                )))
            }
            Expression::Negative(inner) => inner.give(item)?.negative(),
            Expression::Math(left, op, right) => {
                left.give(item)?.calculate(*op, &right.give(item)?)
            }
            Expression::Call(function) => function.give(item),
        }
    }
}

impl BoolExpression {
    pub fn compile(expr: &At<Expr>, names: Names) -> Result<BoolExpression, Refused> {
        let all = |parts: &[At<Expr>]| {
            let compiled = parts
                .iter()
                .map(|part| BoolExpression::compile(part, names));
            compiled.collect::<Result<Vec<_>, _>>()
        };
        Ok(match &expr.part {
            Expr::Bool(bool) => BoolExpression::Constant(*bool),
            Expr::Compare(left, op, right) => BoolExpression::Compare(
                Expression::compile(left, names)?,
                *op,
                Expression::compile(right, names)?,
            ),
            Expr::Not(inner) => {
                BoolExpression::Not(Box::new(BoolExpression::compile(inner, names)?))
            }
            Expr::And(parts) => BoolExpression::All(all(parts)?),
            Expr::Or(parts) => BoolExpression::Any(all(parts)?),
            Expr::Call(_) => BoolExpression::Holds(Expression::compile(expr, names)?),
            _ => {
                let reason = "is no condition: compare it with something, as in ... == true";
                return Err(Refused::new(expr.column, reason));
            }
        })
    }

    pub fn holds(&self, item: &Item<'_, '_>) -> Result<bool, Failed> {
        match self {
            BoolExpression::Constant(bool) => Ok(*bool),
            BoolExpression::Compare(left, op, right) => {
                Ok(left.give(item)?.compare(*op, &right.give(item)?))
            }
            BoolExpression::Holds(expression) => match expression.give(item)? {
                Datum::Bool(bool) => Ok(bool),
                _ => Err(Failed),
            },
            BoolExpression::Not(inner) => inner.holds(item).map(|holds| !holds),
            BoolExpression::All(parts) => {
                for part in parts {
                    if !part.holds(item)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            BoolExpression::Any(parts) => {
                for part in parts {
                    if part.holds(item)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }
}
