//! A function's arguments, taken one after the other.

use regex_automata::meta::Regex;

use super::Refused;
use super::expression::{Expression, Names};
use super::path::Path;
use super::syntax::{At, Call, Expr};

pub(super) struct Arguments<'c> {
    call: &'c Call,
    /// Where the call stands.
    place: usize,
    names: Names,
    next: usize,
}

impl<'c> Arguments<'c> {
    pub fn new(call: &'c Call, place: usize, names: Names) -> Arguments<'c> {
        Arguments {
            call,
            place,
            names,
            next: 0,
        }
    }

    /// The column of the next argument, or else of the call.
    pub fn column(&self) -> usize {
        self.call
            .arguments
            .get(self.next)
            .map_or(self.place, |argument| argument.column)
    }

    fn take(&mut self, wanted: &str) -> Result<&'c At<Expr>, Refused> {
        let argument = self.call.arguments.get(self.next).ok_or_else(|| {
            Refused::new(
                self.place,
                &format!("lacks argument {}: {wanted}", self.next + 1),
            )
        })?;
        self.next += 1;
        Ok(argument)
    }

    pub fn value(&mut self) -> Result<Expression, Refused> {
        Expression::compile(self.take("a value")?, self.names)
    }

    /// A text that is written down.
    pub fn text(&mut self) -> Result<String, Refused> {
        let argument = self.take("a text")?;
        match &argument.part {
            Expr::Text(text) => Ok(text.clone()),
            _ => Err(Refused::new(argument.column, "must be a text in quotes")),
        }
    }

    /// A number that is written down and not below 0.
    pub fn count(&mut self) -> Result<usize, Refused> {
        let argument = self.take("a number")?;
        match &argument.part {
            Expr::Int(int) if *int >= 0 => Ok(usize::try_from(*int).unwrap_or(usize::MAX)),
            _ => Err(Refused::new(
                argument.column,
                "must be a whole number, not below 0",
            )),
        }
    }

    /// A pattern that is written down, and the names of its groups.
    pub fn pattern(&mut self) -> Result<(Regex, Vec<Option<String>>), Refused> {
        let column = self.column();
        re2::compile(&self.text()?)
            .map_err(|reason| Refused::new(column, &format!("is no pattern: {reason}")))
    }

    pub fn list(&mut self) -> Result<Vec<Expression>, Refused> {
        let argument = self.take("a list")?;
        match &argument.part {
            Expr::List(parts) => parts
                .iter()
                .map(|part| Expression::compile(part, self.names))
                .collect(),
            _ => Err(Refused::new(argument.column, "must be a list, [...]")),
        }
    }

    /// A list of texts that are written down.
    pub fn texts(&mut self) -> Result<Vec<String>, Refused> {
        let argument = self.take("a list of texts")?;
        let wrong = |column| Refused::new(column, "must be a list of texts in quotes");
        let Expr::List(parts) = &argument.part else {
            return Err(wrong(argument.column));
        };
        parts
            .iter()
            .map(|part| match &part.part {
                Expr::Text(text) => Ok(text.clone()),
                _ => Err(wrong(part.column)),
            })
            .collect()
    }

    /// A path that a statement may change.
    pub fn target(&mut self) -> Result<Path, Refused> {
        let argument = self.take("a path")?;
        let Expr::Path(path) = &argument.part else {
            return Err(Refused::new(argument.column, "must be a path"));
        };
        let path = self.names.path(path, argument.column)?;
        if path.is_fixed() {
            return Err(Refused::new(
                argument.column,
                "cannot be changed by a statement",
            ));
        }
        Ok(path)
    }

    /// A path to a map.
    pub fn map(&mut self) -> Result<Path, Refused> {
        let column = self.column();
        let path = self.target()?;
        if !path.may_be_a_map() {
            return Err(Refused::new(
                column,
                "must be attributes, or a map in them or in a body",
            ));
        }
        Ok(path)
    }

    /// No further argument stands there.
    pub fn end(&self) -> Result<(), Refused> {
        match self.call.arguments.get(self.next) {
            None => Ok(()),
            Some(more) => Err(Refused::new(
                more.column,
                &format!("is more than {} takes", self.call.function),
            )),
        }
    }
}

/// Nanoseconds of a duration as Go writes it; `None` for anything else.
pub(super) fn duration(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut nanos = 0.0;
    loop {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        nanos += number
            * match &rest[..unit] {
                "ns" => 1.0,
                "us" | "µs" | "μs" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 60e9,
                "h" => 3600e9,
                _ => return None,
            };
        rest = &rest[unit..];
        if rest.is_empty() {
            return Some((sign * nanos) as i64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_go_s() {
        for (text, nanos) in [
            ("1s", Some(1_000_000_000)),
            ("1h2m3.5s", Some(3_723_500_000_000)),
            ("-1.5ms", Some(-1_500_000)),
            ("0", Some(0)),
            ("1", None),
            ("s", None),
            ("1d", None),
            ("", None),
        ] {
            assert_eq!(duration(text), nanos, "{text}");
        }
    }
}
