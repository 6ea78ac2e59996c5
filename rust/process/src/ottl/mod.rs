//! A documented subset of the OpenTelemetry Transformation Language: conditions and statements.
//!
//! A text is read (`lexer`, `parser`), looked up (`path`, `expression`, `functions`, `editors`) and then
//! evaluated for one item after the other (`item`,
//! `fields`). What lies outside of the subset is refused when
//! the text is compiled. docs/processors.md has the subset as a table.

mod arguments;
mod datum;
mod editors;
mod expression;
mod fields;
mod functions;
mod item;
mod lexer;
mod parser;
mod path;
mod syntax;

use std::fmt;

pub use self::datum::Failed;
use self::editors::Editor;
use self::expression::{BoolExpression, Names};
pub(crate) use self::item::{Item, Point, Record};
pub(crate) use self::path::Context;
use self::syntax::{At, Expr, PathSyntax, StatementSyntax};

/// A text that is not in the language, or not in this part of it: where, and what is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// In characters, from 1.
    pub column: usize,
    reason: String,
}

impl Refused {
    fn new(column: usize, reason: &str) -> Refused {
        Refused {
            column,
            reason: reason.to_owned(),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {} {}", self.column, self.reason)
    }
}

/// A condition that was read and not yet looked up.
pub(crate) struct ParsedCondition(At<Expr>);

/// A statement that was read and not yet looked up.
pub(crate) struct ParsedStatement(StatementSyntax);

pub(crate) struct Condition(BoolExpression);

pub(crate) struct Statement {
    editor: Editor,
    condition: Option<BoolExpression>,
}

impl ParsedCondition {
    pub fn parse(text: &str) -> Result<ParsedCondition, Refused> {
        parser::condition(text).map(ParsedCondition)
    }

    /// The innermost context that a path names.
    pub fn context(&self) -> Option<Context> {
        innermost(|visit| self.0.part.each_path(visit))
    }

    /// `bare`: paths may leave out what they are of.
    pub fn compile(&self, context: Context, bare: bool) -> Result<Condition, Refused> {
        BoolExpression::compile(&self.0, Names { context, bare }).map(Condition)
    }
}

impl ParsedStatement {
    pub fn parse(text: &str) -> Result<ParsedStatement, Refused> {
        parser::statement(text).map(ParsedStatement)
    }

    /// The innermost context that a path names.
    pub fn context(&self) -> Option<Context> {
        innermost(|visit| self.0.each_path(visit))
    }

    /// `bare`: paths may leave out what they are of.
    pub fn compile(&self, context: Context, bare: bool) -> Result<Statement, Refused> {
        let names = Names { context, bare };
        let condition = self.0.condition.as_ref();
        Ok(Statement {
            editor: Editor::compile(&self.0.editor, names)?,
            condition: condition
                .map(|one| BoolExpression::compile(one, names))
                .transpose()?,
        })
    }
}

fn innermost(each_path: impl FnOnce(&mut dyn FnMut(&PathSyntax))) -> Option<Context> {
    let mut found = None;
    each_path(&mut |path| found = found.max(path::context_of(path)));
    found
}

impl Condition {
    pub fn holds(&self, item: &Item<'_, '_>) -> Result<bool, Failed> {
        self.0.holds(item)
    }
}

impl Statement {
    pub fn run(&self, item: &mut Item<'_, '_>) -> Result<(), Failed> {
        if let Some(condition) = &self.condition
            && !condition.holds(item)?
        {
            return Ok(());
        }
        self.editor.run(item)
    }
}
