//! SQL statements: strings, numbers, booleans, NULL and `$1` become `?`, and so do the digits in
//! names. Comments, keywords and spaces stay.
//!
//! The tokens are those of DataDog/go-sqllexer, which reads no dialect but MySQL's specially here:
//! elsewhere `".."` is a name, and what has no end (a quoted name, a comment, `$tag$`) stays as it is.

/// The statement without its literals.
pub(super) fn without_literals(statement: &str, mysql: bool) -> String {
    let mut out = String::with_capacity(statement.len());
    let mut lexer = Lexer {
        text: statement,
        at: 0,
        mysql,
    };
    loop {
        let start = lexer.at;
        let Some(token) = lexer.scan() else { break };
        let text = &lexer.text[start..lexer.at];
        match token {
            Token::Literal => out.push('?'),
            Token::Name => without_digits(text, &mut out),
            Token::Function => {
                let body = &text[FUNCTION.len()..text.len() - FUNCTION.len()];
                out.push_str(FUNCTION);
                out.push_str(&without_literals(body, mysql));
                out.push_str(FUNCTION);
            }
            Token::Other => out.push_str(text),
        }
    }
    out.trim().to_owned()
}

/// The tag whose quoted text is a function's body.
const FUNCTION: &str = "$func$";

#[derive(Clone, Copy)]
enum Token {
    Literal,
    Name,
    Function,
    Other,
}

fn without_digits(name: &str, out: &mut String) {
    let mut in_number = false;
    for c in name.chars() {
        let digit = c.is_ascii_digit();
        match digit {
            true if in_number => {}
            true => out.push('?'),
            false => out.push(c),
        }
        in_number = digit;
    }
}

struct Lexer<'s> {
    text: &'s str,
    at: usize,
    mysql: bool,
}

impl Lexer<'_> {
    /// Steps over the next token; None at the end, for which a NUL is taken too.
    fn scan(&mut self) -> Option<Token> {
        let (first, second) = (self.ahead(0)?, self.ahead(1));
        Some(match first {
            ' ' | '\t' | '\n' | '\r' => {
                self.skip_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
                Token::Other
            }
            _ if is_letter(first) => self.word(),
            '"' if self.mysql => self.string('"'),
            '"' => self.quoted_name('"'),
            '\'' => self.string('\''),
            '-' if second == Some('-') => self.line_comment(),
            '/' if second == Some('*') => self.comment(),
            '+' | '-' if second.is_some_and(|c| c.is_ascii_digit() || c == '.') => {
                self.at += 1;
                self.decimal()
            }
            '0'..='9' => self.number(first, second),
            '*' => self.one(),
            '$' if second.is_some_and(|c| c.is_ascii_digit()) => {
                self.at += 2;
                self.skip_while(|c| c.is_ascii_digit());
                Token::Literal
            }
            '$' => self.dollar_quoted(),
            '`' if self.mysql => self.quoted_name('`'),
            '#' if self.mysql => self.line_comment(),
            '@' if second == Some('@') => {
                self.at += 2;
                self.variable()
            }
            '@' if second.is_some_and(is_alphanumeric) => {
                self.at += 1;
                self.variable()
            }
            '@' if matches!(second, Some('?' | '>')) => {
                self.at += 2;
                Token::Other
            }
            _ if is_operator(first) => self.operator(first),
            _ => self.one(),
        })
    }

    /// The character so many bytes ahead, which must be ASCII up to there.
    fn ahead(&self, bytes: usize) -> Option<char> {
        let next = self.text.get(self.at + bytes..)?.chars().next();
        next.filter(|c| *c != '\0')
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        while let Some(c) = self.ahead(0).filter(|c| wanted(*c)) {
            self.at += c.len_utf8();
        }
    }

    fn one(&mut self) -> Token {
        self.at += self.ahead(0).map_or(0, char::len_utf8);
        Token::Other
    }

    fn word(&mut self) -> Token {
        let start = self.at;
        if !self.text[start..].starts_with(|c: char| c.is_ascii()) {
            self.skip_while(is_in_name);
            return Token::Name;
        }
        self.skip_while(|c| c.is_ascii_alphabetic() || c == '_');
        let ends = |c: char| {
            matches!(
                c,
                '(' | ')'
                    | ','
                    | ';'
                    | '.'
                    | ':'
                    | '['
                    | ']'
                    | '{'
                    | '}'
                    | ' '
                    | '\t'
                    | '\n'
                    | '\r'
            )
        };
        let word = &self.text[start..self.at];
        let value = ["TRUE", "FALSE", "NULL"]
            .iter()
            .any(|value| word.eq_ignore_ascii_case(value));
        if value && self.ahead(0).is_none_or(ends) {
            return Token::Literal;
        }
        if self.ahead(0) == Some('.') && is_keyword(word) {
            return Token::Other;
        }
        self.skip_while(is_in_name);
        match self.ahead(0) {
            // A function's name keeps its digits.
            Some('(') => Token::Other,
            _ => Token::Name,
        }
    }

    /// The name of a variable or parameter, which ends with the first letter beyond ASCII.
    fn variable(&mut self) -> Token {
        self.skip_while(|c| c.is_ascii() && is_alphanumeric(c));
        match self.ahead(0) {
            Some(c) if !c.is_ascii() && is_alphanumeric(c) => self.one(),
            _ => Token::Other,
        }
    }

    fn string(&mut self, quote: char) -> Token {
        self.at += 1;
        let mut escaped = false;
        while let Some(c) = self.ahead(0) {
            self.at += c.len_utf8();
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if c == quote => break,
                _ => {}
            }
        }
        Token::Literal
    }

    /// A name in quotes, or several that dots join.
    fn quoted_name(&mut self, quote: char) -> Token {
        let joint = [quote, '.', quote];
        self.at += 1;
        while let Some(c) = self.ahead(0) {
            if c != quote {
                self.at += c.len_utf8();
            } else if self.text[self.at..].chars().take(3).eq(joint) {
                self.at += joint.len();
            } else {
                self.at += 1;
                return Token::Name;
            }
        }
        Token::Other
    }

    fn line_comment(&mut self) -> Token {
        self.skip_while(|c| c != '\n');
        Token::Other
    }

    fn comment(&mut self) -> Token {
        self.at += 2;
        while let Some(c) = self.ahead(0) {
            if c == '*' && self.ahead(1) == Some('/') {
                self.at += 2;
                break;
            }
            self.at += c.len_utf8();
        }
        Token::Other
    }

    fn number(&mut self, first: char, second: Option<char>) -> Token {
        match (first, second) {
            ('0', Some('x' | 'X')) => {
                self.at += 2;
                self.skip_while(|c| c.is_ascii_hexdigit());
                Token::Literal
            }
            ('0', Some('0'..='7')) => {
                self.skip_while(|c| matches!(c, '0'..='7'));
                Token::Literal
            }
            _ => self.decimal(),
        }
    }

    fn decimal(&mut self) -> Token {
        loop {
            self.skip_while(|c| c.is_ascii_digit() || c == '.');
            if !matches!(self.ahead(0), Some('e' | 'E')) {
                return Token::Literal;
            }
            self.at += 1;
            if matches!(self.ahead(0), Some('+' | '-')) {
                self.at += 1;
            }
        }
    }

    fn dollar_quoted(&mut self) -> Token {
        let rest = &self.text[self.at..];
        let Some(tag) = rest[1..].find('$').map(|end| &rest[..end + 2]) else {
            self.at = self.text.len();
            return Token::Other;
        };
        match rest[tag.len()..].find(tag) {
            None => {
                self.at = self.text.len();
                Token::Other
            }
            Some(length) => {
                self.at += length + 2 * tag.len();
                match tag {
                    FUNCTION => Token::Function,
                    _ => Token::Literal,
                }
            }
        }
    }

    fn operator(&mut self, first: char) -> Token {
        self.at += 1;
        // The operators of JSON end where they end; others go on as long as there are operators.
        const JSON: [&str; 8] = ["->>", "->", "#>>", "#>", "#-", "?|", "?&", "<@"];
        for text in JSON {
            if self.text[self.at - 1..].starts_with(text) {
                self.at += text.len() - 1;
                return Token::Other;
            }
        }
        let mut last = first;
        while let Some(c) = self.ahead(0).filter(|c| is_operator(*c)) {
            // `=?` and `=@name` are two tokens.
            if last == '=' && matches!(c, '?' | '@') {
                break;
            }
            last = c;
            self.at += 1;
        }
        Token::Other
    }
}

/// The words that end before a dot, where other names go on.
fn is_keyword(word: &str) -> bool {
    const KEYWORDS: &str = "ADD ALL ALTER ANALYZE AND ANY AS ASC ASSERTION BEGIN BETWEEN BY CASE \
        CHECK CLONE CLUSTER COLUMN COMMIT CONSTRAINT COPY CREATE CUBE DATABASE DECLARE DEFAULT \
        DELETE DESC DISTINCT DOMAIN DROP ELSE END ESCAPE EXEC EXECUTE EXISTS EXPLAIN FOREIGN FROM \
        GRANT GROUP HAVING IF ILIKE IN INDEX INNER INSERT INTO IS JOIN KEY LEFT LIKE LIMIT LITERAL \
        MERGE NOT OF OFFSET ON ONLY OR ORDER OUT OUTER PLPGSQL PRIMARY PROC PROCEDURE RECURSIVE \
        REPLACE RETURNING RETURNS REVOKE RIGHT ROLLBACK ROLLUP ROWNUM SELECT SET SKIP SOME \
        STRAIGHT_JOIN TABLE TEMPORARY TOP TRIGGER TRUNCATE UNION UNIQUE UNLOGGED UPDATE USE USING \
        VACCUM VALUES VIEW WHERE WINDOW WITH";
    KEYWORDS
        .split(' ')
        .any(|keyword| keyword.eq_ignore_ascii_case(word))
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || (!c.is_ascii() && c.is_alphabetic())
}

fn is_alphanumeric(c: char) -> bool {
    is_letter(c) || c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric())
}

fn is_in_name(c: char) -> bool {
    is_letter(c) || c.is_ascii_digit() || matches!(c, '"' | '.' | '?' | '$' | '#' | '/' | '@' | '!')
}

fn is_operator(c: char) -> bool {
    matches!(
        c,
        '+' | '-'
            | '*'
            | '/'
            | '='
            | '<'
            | '>'
            | '!'
            | '&'
            | '|'
            | '^'
            | '%'
            | '~'
            | '?'
            | '@'
            | ':'
            | '#'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_go_and_the_shape_stays() {
        for (statement, without) in [
            (
                "SELECT * FROM users WHERE id = 42 AND name = 'Bob'",
                "SELECT * FROM users WHERE id = ? AND name = ?",
            ),
            (
                "select null, true from t1 -- 5\n",
                "select ?, ? from t? -- 5",
            ),
            (
                "SELECT \"a1\".\"b\" , sha1(x)",
                "SELECT \"a?\".\"b\" , sha1(x)",
            ),
            (
                "WHERE a=$1 AND b = :name2 AND c = @p3",
                "WHERE a=? AND b = :name? AND c = @p3",
            ),
            ("x = -1.5e-3 + 0x1F + 017", "x = ? + ? + ?"),
            ("'it\\'s' 'open", "? ?"),
            (
                "$$a$$ $func$select 1$func$ $tag$ 5",
                "? $func$select ?$func$ $tag$ 5",
            ),
            ("a->>'b' = 'c'", "a->>? = ?"),
            (" 1 ", "?"),
            ("select.5@v1 ü1(2) sha1(2)", "select.?@v1 ü?(?) sha1(?)"),
            ("ü1 = 'é' AND @é1 = @@a1", "ü? = ? AND @é? = @@a1"),
            ("", ""),
        ] {
            assert_eq!(without_literals(statement, false), without, "{statement}");
        }
    }

    #[test]
    fn double_quotes_hold_strings_in_mysql() {
        let statement = "SELECT `a1` FROM t WHERE b = \"secret\" # 5";
        assert_eq!(
            without_literals(statement, true),
            "SELECT `a?` FROM t WHERE b = ? # 5"
        );
    }
}
