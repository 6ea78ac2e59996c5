//! Redis and Valkey commands: the command and its keys stay, the values become `?`.

/// Commands of one or more lines without the values that their arguments hold.
pub(super) fn without_values(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut command = String::new();
    let mut arguments = Vec::new();
    for token in tokens(text) {
        match token {
            Token::Command(next) => {
                if !command.is_empty() {
                    write(&mut out, &command, &mut arguments);
                    out.push('\n');
                }
                command = next;
                arguments.clear();
            }
            Token::Argument(argument) => arguments.push(argument),
        }
    }
    write(&mut out, &command, &mut arguments);
    out
}

fn write(out: &mut String, command: &str, arguments: &mut Vec<String>) {
    out.push_str(command);
    if arguments.is_empty() {
        return;
    }
    hide(&command.to_uppercase(), arguments);
    out.push(' ');
    out.push_str(&arguments.join(" "));
}

/// Puts `?` where a command has its values; all behind the first where it may have many.
fn hide(command: &str, arguments: &mut Vec<String>) {
    match command {
        "AUTH" => hide_from(arguments, 0),
        "APPEND" | "GETSET" | "LPUSHX" | "GEORADIUSBYMEMBER" | "RPUSHX" | "SET" | "SETNX"
        | "SISMEMBER" | "ZRANK" | "ZREVRANK" | "ZSCORE" => hide_one(arguments, 1),
        "HSETNX" | "LREM" | "LSET" | "SETBIT" | "SETEX" | "PSETEX" | "SETRANGE" | "ZINCRBY"
        | "SMOVE" | "RESTORE" => hide_one(arguments, 2),
        "LINSERT" => hide_one(arguments, 3),
        "GEOHASH" | "GEOPOS" | "GEODIST" | "LPUSH" | "RPUSH" | "SREM" | "ZREM" | "SADD" => {
            hide_from(arguments, 1);
        }
        "GEOADD" => hide_each(arguments, 1, 3),
        "HSET" | "HMSET" => hide_each(arguments, 1, 2),
        "MSET" | "MSETNX" => hide_each(arguments, 0, 2),
        "CONFIG" if arguments[0].to_uppercase() == "SET" => hide_one(arguments, 2),
        "BITFIELD" => {
            let mut set = 0;
            for at in 0..arguments.len() {
                if arguments[at].to_uppercase() == "SET" {
                    set = at;
                }
                if set > 0 && at - set == 3 {
                    hide_one(arguments, at);
                    break;
                }
            }
        }
        "ZADD" => {
            let is_option = |text: &String| matches!(text.as_str(), "NX" | "XX" | "CH" | "INCR");
            let options = arguments.iter().skip(1).take_while(|one| is_option(one));
            let scores = (1 + options.count()).min(arguments.len() - 1);
            hide_each(arguments, scores, 2);
        }
        _ => {}
    }
}

fn hide_one(arguments: &mut [String], at: usize) {
    if let Some(argument) = arguments.get_mut(at) {
        "?".clone_into(argument);
    }
}

fn hide_from(arguments: &mut Vec<String>, at: usize) {
    arguments.truncate(at + 1);
    hide_one(arguments, at);
}

fn hide_each(arguments: &mut [String], start: usize, step: usize) {
    for argument in arguments.iter_mut().skip(start + step - 1).step_by(step) {
        "?".clone_into(argument);
    }
}

enum Token {
    Command(String),
    Argument(String),
}

/// The words of all lines: a command, then its arguments; quotes hold spaces and line ends.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.trim();
    let mut at_command = true;
    loop {
        let (token, end) = match at_command {
            true => command(rest),
            false => argument(rest),
        };
        let token = token.to_owned();
        tokens.push(match at_command {
            true => Token::Command(token),
            false => Token::Argument(token),
        });
        match end {
            End::Text => return tokens,
            End::Line(behind) => {
                rest = behind;
                at_command = true;
            }
            End::Word(behind) => {
                // A line that ends in spaces ends here too.
                let next = behind.trim_start_matches([' ', '\t', '\r']);
                at_command = next.starts_with('\n');
                rest = if at_command { &next[1..] } else { next };
            }
        }
    }
}

/// Where a word ended, with what is behind it.
enum End<'t> {
    Word(&'t str),
    Line(&'t str),
    Text,
}

fn command(text: &str) -> (&str, End<'_>) {
    // Spaces before a command may end an empty line.
    let text = if text.starts_with(' ') {
        let behind = text.trim_start_matches([' ', '\t', '\r']);
        behind.strip_prefix('\n').unwrap_or(behind)
    } else {
        text
    };
    split(text, text.find([' ', '\n']))
}

fn argument(text: &str) -> (&str, End<'_>) {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.bytes().position(|byte| match byte {
        b'\\' => {
            escaped = !escaped;
            false
        }
        b' ' | b'\n' if !quoted => true,
        _ => {
            quoted ^= byte == b'"' && !escaped;
            escaped = false;
            false
        }
    });
    split(text, end)
}

fn split(text: &str, end: Option<usize>) -> (&str, End<'_>) {
    let Some(end) = end else {
        return (text, End::Text);
    };
    let behind = &text[end + 1..];
    match text.as_bytes()[end] {
        b'\n' => (&text[..end], End::Line(behind)),
        _ => (&text[..end], End::Word(behind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_and_keys_stay() {
        for (command, without) in [
            ("AUTH my secret", "AUTH ?"),
            ("set user:1  \"a b\" EX 10", "set user:1 ? EX 10"),
            ("GET user:1", "GET user:1"),
            ("HMSET h f1 v1 f2 v2", "HMSET h f1 ? f2 ?"),
            ("MSET a 1 b 2", "MSET a ? b ?"),
            ("ZADD z NX CH 1 one 2 two", "ZADD z NX CH 1 ? 2 ?"),
            ("ZADD z", "ZADD z"),
            ("CONFIG SET requirepass hush", "CONFIG SET requirepass ?"),
            (
                "BITFIELD k SET u8 0 255 GET u8 0",
                "BITFIELD k SET u8 0 ? GET u8 0",
            ),
            ("SADD s a b c", "SADD s ?"),
            (
                "SET a 1 \nPING\nSET b \"x\\\"\n y\"",
                "SET a ?\nPING\nSET b ?",
            ),
            ("PING\n \tGET k\n  \r\nGET l", "PING\nGET k\nGET l"),
            ("", ""),
        ] {
            assert_eq!(without_values(command), without, "{command}");
        }
    }
}
