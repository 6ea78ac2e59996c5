//! From tokens to syntax: a statement, or a condition.
//!
//! <https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/main/pkg/ottl/LANGUAGE.md>

use super::Refused;
use super::lexer::{Placed, Token, tokens};
use super::syntax::{At, Call, CompareOp, Expr, Key, MathOp, PathSyntax, StatementSyntax};

/// How deep brackets may be nested.
const DEEPEST: usize = 64;

pub(super) fn statement(text: &str) -> Result<StatementSyntax, Refused> {
    let mut parser = Parser::new(text)?;
    let column = parser.column();
    let editor = match parser.primary(0)?.part {
        Expr::Call(call) if call.function.starts_with(|c: char| c.is_ascii_lowercase()) => call,
        _ => return Err(Refused::new(column, "must be an editor, such as set(...)")),
    };
    let condition = if parser.takes_word("where") {
        Some(parser.or(0)?)
    } else {
        None
    };
    parser.end()?;
    Ok(StatementSyntax {
        editor: At {
            part: editor,
            column,
        },
        condition,
    })
}

pub(super) fn condition(text: &str) -> Result<At<Expr>, Refused> {
    let mut parser = Parser::new(text)?;
    let condition = parser.or(0)?;
    parser.end()?;
    Ok(condition)
}

struct Parser {
    tokens: Vec<Placed>,
    next: usize,
    /// The column behind the last token.
    end: usize,
}

impl Parser {
    fn new(text: &str) -> Result<Parser, Refused> {
        Ok(Parser {
            tokens: tokens(text)?,
            next: 0,
            end: text.chars().count() + 1,
        })
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    fn column(&self) -> usize {
        self.tokens
            .get(self.next)
            .map_or(self.end, |placed| placed.column)
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.next += usize::from(is_it);
        is_it
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Name(found)) if found == word);
        self.next += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, sign: &str) -> Result<(), Refused> {
        if self.takes(sign) {
            return Ok(());
        }
        Err(self.refused(&format!("must be `{sign}`")))
    }

    fn refused(&self, reason: &str) -> Refused {
        match self.peek() {
            Some(_) => Refused::new(self.column(), reason),
            None => Refused::new(self.end, &format!("ends too early: the next {reason}")),
        }
    }

    fn end(&self) -> Result<(), Refused> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.refused("is more than a statement or a condition has")),
        }
    }

    fn or(&mut self, depth: usize) -> Result<At<Expr>, Refused> {
        self.joined(depth, "or", Parser::and, Expr::Or)
    }

    fn and(&mut self, depth: usize) -> Result<At<Expr>, Refused> {
        self.joined(depth, "and", Parser::not, Expr::And)
    }

    fn joined(
        &mut self,
        depth: usize,
        word: &str,
        part: fn(&mut Parser, usize) -> Result<At<Expr>, Refused>,
        join: fn(Vec<At<Expr>>) -> Expr,
    ) -> Result<At<Expr>, Refused> {
        let first = part(self, depth)?;
        let column = first.column;
        let mut parts = vec![first];
        while self.takes_word(word) {
            parts.push(part(self, depth)?);
        }
        if parts.len() > 1 {
            return Ok(At {
                part: join(parts),
                column,
            });
        }
        parts
            .pop()
            .ok_or_else(|| Refused::new(column, "is missing"))
    }

    fn not(&mut self, depth: usize) -> Result<At<Expr>, Refused> {
        let column = self.column();
        if !self.takes_word("not") {
            return self.comparison(depth);
        }
        let inner = self.comparison(depth)?;
        Ok(At {
            part: Expr::Not(Box::new(inner)),
            column,
        })
    }

    fn comparison(&mut self, depth: usize) -> Result<At<Expr>, Refused> {
        let left = self.sum(depth)?;
        let Some(Token::Sign(sign)) = self.peek() else {
            return Ok(left);
        };
        let op = match *sign {
            "==" => CompareOp::Equal,
            "!=" => CompareOp::NotEqual,
            "<" => CompareOp::Less,
            "<=" => CompareOp::LessOrEqual,
            ">" => CompareOp::Greater,
            ">=" => CompareOp::GreaterOrEqual,
            _ => return Ok(left),
        };
        self.next += 1;
        let right = self.sum(depth)?;
        Ok(At {
            column: left.column,
            part: Expr::Compare(Box::new(left), op, Box::new(right)),
        })
    }

    fn sum(&mut self, depth: usize) -> Result<At<Expr>, Refused> {
        let signs = [("+", MathOp::Add), ("-", MathOp::Subtract)];
        self.math(depth, signs, Parser::product)
    }

    fn product(&mut self, depth: usize) -> Result<At<Expr>, Refused> {
        let signs = [("*", MathOp::Multiply), ("/", MathOp::Divide)];
        self.math(depth, signs, Parser::signed)
    }

    fn math(
        &mut self,
        depth: usize,
        signs: [(&str, MathOp); 2],
        part: fn(&mut Parser, usize) -> Result<At<Expr>, Refused>,
    ) -> Result<At<Expr>, Refused> {
        let mut left = part(self, depth)?;
        while let Some((_, op)) = signs.into_iter().find(|(sign, _)| self.takes(sign)) {
            let right = part(self, depth)?;
            left = At {
                column: left.column,
                part: Expr::Math(Box::new(left), op, Box::new(right)),
            };
        }
        Ok(left)
    }

    fn signed(&mut self, depth: usize) -> Result<At<Expr>, Refused> {
        let column = self.column();
        if self.takes("-") {
            let inner = self.primary(depth)?;
            let part = match inner.part {
                Expr::Int(int) => Expr::Int(-int),
                Expr::Double(double) => Expr::Double(-double),
                part => Expr::Negative(Box::new(At {
                    part,
                    column: inner.column,
                })),
            };
            return Ok(At { part, column });
        }
        self.takes("+");
        self.primary(depth)
    }

    fn primary(&mut self, depth: usize) -> Result<At<Expr>, Refused> {
        let column = self.column();
        if depth > DEEPEST {
            return Err(Refused::new(column, "is nested too deep"));
        }
        if self.takes("(") {
            let inner = self.or(depth + 1)?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.takes("[") {
            let part = Expr::List(self.list("]", depth)?);
            return Ok(At { part, column });
        }
        let Some(token) = self.peek().cloned() else {
            return Err(self.refused("must be a value"));
        };
        if let Token::Sign(_) = token {
            return Err(self.refused("must be a value"));
        }
        self.next += 1;
        let part = match token {
            Token::Text(text) => Expr::Text(text),
            Token::Int(int) => Expr::Int(int),
            Token::Double(double) => Expr::Double(double),
            Token::Bytes(bytes) => Expr::Bytes(bytes),
            Token::Name(name) => self.named(name, depth)?,
            Token::Sign(_) => Expr::Nil,
        };
        Ok(At { part, column })
    }

    /// The parts of a list up to its closing bracket.
    fn list(&mut self, close: &str, depth: usize) -> Result<Vec<At<Expr>>, Refused> {
        let mut parts = Vec::new();
        if self.takes(close) {
            return Ok(parts);
        }
        loop {
            parts.push(self.or(depth + 1)?);
            if self.takes(close) {
                return Ok(parts);
            }
            self.expect(",")?;
        }
    }

    fn named(&mut self, name: String, depth: usize) -> Result<Expr, Refused> {
        match name.as_str() {
            "nil" => return Ok(Expr::Nil),
            "true" => return Ok(Expr::Bool(true)),
            "false" => return Ok(Expr::Bool(false)),
            "not" | "and" | "or" | "where" => {
                self.next -= 1;
                return Err(self.refused("must be a value"));
            }
            _ => {}
        }
        if self.takes("(") {
            let arguments = self.list(")", depth)?;
            if matches!(self.peek(), Some(Token::Sign("["))) {
                return Err(self.refused("indexes a function's result, which is not built"));
            }
            return Ok(Expr::Call(Call {
                function: name,
                arguments,
            }));
        }
        if name.starts_with(|c: char| c.is_ascii_uppercase()) {
            return Ok(Expr::Enum(name));
        }
        self.path(name).map(Expr::Path)
    }

    fn path(&mut self, first: String) -> Result<PathSyntax, Refused> {
        let mut names = vec![first];
        while self.takes(".") {
            match self.peek().cloned() {
                Some(Token::Name(name)) => {
                    self.next += 1;
                    names.push(name);
                }
                _ => return Err(self.refused("must be a path's next part")),
            }
        }
        let mut keys = Vec::new();
        while self.takes("[") {
            keys.push(match self.peek().cloned() {
                Some(Token::Text(text)) => Key::Text(text),
                Some(Token::Int(int)) => Key::Index(int),
                _ => return Err(self.refused("must be a text or a whole number as an index")),
            });
            self.next += 1;
            self.expect("]")?;
        }
        if matches!(self.peek(), Some(Token::Sign("."))) {
            return Err(self.refused("stands behind an index, where no path goes on"));
        }
        Ok(PathSyntax { names, keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_bind_as_in_the_language() {
        let Expr::Or(parts) = condition("a.b == 1 and not c.d < 2 or e.f").unwrap().part else {
            panic!("`or` is the outermost");
        };
        let Expr::And(both) = &parts[0].part else {
            panic!("`and` is within it");
        };
        assert!(
            matches!(&both[1].part, Expr::Not(inner) if matches!(inner.part, Expr::Compare(..)))
        );
        let Expr::Compare(left, ..) = condition("(a.b - 2 * 3) < -4").unwrap().part else {
            panic!("a bracket may begin a comparison");
        };
        assert!(matches!(left.part, Expr::Math(_, MathOp::Subtract, _)));
    }

    #[test]
    fn what_does_not_follow_the_grammar_is_refused_with_its_column() {
        for (text, column) in [
            ("", 1),
            ("a.b ==", 7),
            ("a.b == 1 1", 10),
            ("a. == 1", 4),
            ("a.b[x] == 1", 5),
            ("(a.b == 1", 10),
            ("and a.b", 1),
            ("F(1)[\"a\"]", 5),
            ("a[\"x\"].b", 7),
        ] {
            assert_eq!(condition(text).unwrap_err().column, column, "{text}");
        }
        assert_eq!(statement("IsMatch(a.b, \"x\")").unwrap_err().column, 1);
        assert!(condition(&"(".repeat(1000)).is_err());
    }
}
