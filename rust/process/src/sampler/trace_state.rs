//! The W3C trace state of a span, as far as sampling reads and writes it: `ot=rv:...;th:...`.
//!
//! <https://www.w3.org/TR/trace-context/#tracestate-header>

use super::threshold::{Randomness, Threshold};

const LONGEST: usize = 1024;
const LONGEST_OTEL: usize = 256;
const LONGEST_KEY: usize = 256;
const LONGEST_TENANT: usize = 241;
const LONGEST_SYSTEM: usize = 14;
/// Members, empty ones included.
const MOST_MEMBERS: usize = 31;

/// A trace state that could be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct TraceState {
    /// As it was written, since an upper-case digit stays one.
    randomness: Option<(Randomness, String)>,
    threshold: Option<(Threshold, String)>,
    /// Other fields of the `ot` member, `key:value`.
    fields: Vec<String>,
    /// Other members, `key=value`.
    members: Vec<String>,
}

impl TraceState {
    /// `None`: it does not follow the syntax, or the numbers in it do not.
    pub fn parse(text: &str) -> Option<TraceState> {
        let mut state = TraceState::default();
        if text.is_empty() {
            return Some(state);
        }
        let members: Vec<&str> = text
            .split(',')
            .map(|one| one.trim_matches([' ', '\t']))
            .collect();
        if text.len() > LONGEST || members.len() > MOST_MEMBERS {
            return None;
        }
        for member in members.into_iter().filter(|member| !member.is_empty()) {
            let (key, value) = member.split_once('=')?;
            if !(is_key(key) && is_value(value)) {
                return None;
            }
            if key == "ot" {
                state.otel(value)?;
            } else {
                state.members.push(member.to_owned());
            }
        }
        Some(state)
    }

    fn otel(&mut self, value: &str) -> Option<()> {
        if value.len() > LONGEST_OTEL {
            return None;
        }
        for field in value.split(';') {
            let (key, text) = field.split_once(':')?;
            let allowed =
                |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
            let is_key = key.starts_with(|c: char| c.is_ascii_lowercase())
                && key
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
            if !(is_key && text.bytes().all(allowed)) {
                return None;
            }
            match key {
                "rv" => self.randomness = Some((Randomness::parse(text)?, text.to_owned())),
                "th" => self.threshold = Some((Threshold::parse(text)?, text.to_owned())),
                _ => self.fields.push(field.to_owned()),
            }
        }
        Some(())
    }

    pub fn randomness(&self) -> Option<Randomness> {
        self.randomness.as_ref().map(|(randomness, _)| *randomness)
    }

    pub fn set_randomness(&mut self, randomness: Randomness) {
        self.randomness = Some((randomness, randomness.to_text()));
    }

    pub fn threshold(&self) -> Option<Threshold> {
        self.threshold.as_ref().map(|(threshold, _)| *threshold)
    }

    /// `None` takes it away.
    pub fn set_threshold(&mut self, threshold: Option<Threshold>) {
        self.threshold = threshold
            .map(|threshold| (threshold, threshold.to_text()))
            .filter(|(_, text)| !text.is_empty());
    }

    pub fn to_text(&self) -> String {
        let randomness = self.randomness.iter().map(|(_, text)| format!("rv:{text}"));
        let threshold = self.threshold.iter().map(|(_, text)| format!("th:{text}"));
        let fields: Vec<String> = randomness
            .chain(threshold)
            .chain(self.fields.iter().cloned())
            .collect();
        let otel = (!fields.is_empty()).then(|| format!("ot={}", fields.join(";")));
        let members: Vec<String> = otel
            .into_iter()
            .chain(self.members.iter().cloned())
            .collect();
        members.join(",")
    }
}

fn is_key(key: &str) -> bool {
    let starts = |part: &str, digits: bool| {
        part.starts_with(|c: char| c.is_ascii_lowercase() || (digits && c.is_ascii_digit()))
    };
    let punctuation = |byte: u8| matches!(byte, b'_' | b'-' | b'*' | b'/');
    let chars = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || punctuation(byte))
    };
    match key.split_once('@') {
        None => key.len() <= LONGEST_KEY && starts(key, false) && chars(key),
        Some((tenant, system)) => {
            (starts(tenant, true) && chars(tenant) && tenant.len() <= LONGEST_TENANT)
                && (starts(system, false) && chars(system) && system.len() <= LONGEST_SYSTEM)
        }
    }
}

fn is_value(value: &str) -> bool {
    let printable = |byte: u8| (0x20..=0x7e).contains(&byte) && !matches!(byte, b',' | b'=');
    !value.is_empty() && value.len() <= 256 && value.bytes().all(printable) && !value.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sampling_does_not_know_is_kept() {
        let state = TraceState::parse("a=1 , ot=th:c;x:y;rv:0123456789abcd ,t@s=2").unwrap();
        assert_eq!(state.threshold(), Threshold::parse("c"));
        assert_eq!(state.to_text(), "ot=rv:0123456789abcd;th:c;x:y,a=1,t@s=2");
    }

    #[test]
    fn what_breaks_the_syntax_is_not_read() {
        for text in [
            "a", "=b", "A=1", "a=", "a=b=c", "ot=th", "ot=th:x", "ot=th:c;", "ot=rv:1",
        ] {
            assert_eq!(TraceState::parse(text), None, "{text}");
        }
        assert_eq!(TraceState::parse(&["a=1"; 32].join(",")), None);
        assert!(TraceState::parse(&["a=1"; 31].join(",")).is_some());
        assert!(TraceState::parse(",, a=1").is_some());
    }
}
