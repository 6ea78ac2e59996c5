//! What a statement is made of, before anything in it is looked up.

/// A part and the column where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct At<T> {
    pub part: T,
    pub column: usize,
}

/// `editor(arguments) where condition`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StatementSyntax {
    pub editor: At<Call>,
    pub condition: Option<At<Expr>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub function: String,
    pub arguments: Vec<At<Expr>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Nil,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// `SPAN_KIND_SERVER` and the like.
    Enum(String),
    Path(PathSyntax),
    Call(Call),
    List(Vec<At<Expr>>),
    Negative(Box<At<Expr>>),
    Math(Box<At<Expr>>, MathOp, Box<At<Expr>>),
    Compare(Box<At<Expr>>, CompareOp, Box<At<Expr>>),
    Not(Box<At<Expr>>),
    And(Vec<At<Expr>>),
    Or(Vec<At<Expr>>),
}

/// `span.attributes["a"][0]`: names, and the keys behind the last one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PathSyntax {
    pub names: Vec<String>,
    pub keys: Vec<Key>,
}

/// An index into a map or an array.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Key {
    Text(String),
    Index(i64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum MathOp {
    Add,
    Subtract,
    Multiply,
    Divide,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum CompareOp {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Expr {
    /// Hands every path within to `visit`.
    pub fn each_path(&self, visit: &mut dyn FnMut(&PathSyntax)) {
        let mut inner = |parts: &[At<Expr>]| {
            for one in parts {
                one.part.each_path(visit);
            }
        };
        match self {
            Expr::Path(path) => visit(path),
            Expr::Call(call) => inner(&call.arguments),
            Expr::List(parts) | Expr::And(parts) | Expr::Or(parts) => inner(parts),
            Expr::Negative(one) | Expr::Not(one) => one.part.each_path(visit),
            Expr::Math(left, _, right) | Expr::Compare(left, _, right) => {
                left.part.each_path(visit);
                right.part.each_path(visit);
            }
            _ => {}
        }
    }
}

impl StatementSyntax {
    /// Hands every path within to `visit`.
    pub fn each_path(&self, visit: &mut dyn FnMut(&PathSyntax)) {
        for argument in &self.editor.part.arguments {
            argument.part.each_path(visit);
        }
        if let Some(condition) = &self.condition {
            condition.part.each_path(visit);
        }
    }
}
