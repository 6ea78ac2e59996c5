//! The sanitizers of contrib's redaction processor: identifiers out of URL paths, literals out of
//! statements. They apply behind the blocked values, to the attributes that a processor names, to
//! every string of a log body, and to the names of spans.

mod database;
mod full;
mod json;
mod redis;
mod sql;
mod url;

use otlp::model::{KeyValue, Span, Value};

use self::database::Databases;
use self::url::PathClassifier;
use crate::rules::Names;
use crate::spec::{ProcessorSpec, UrlSanitizerSpec};

/// What one processor sanitizes; it has one only where something is switched on.
pub(crate) struct Sanitizer {
    url: Option<UrlSanitizer>,
    databases: Option<(Databases, usize)>,
}

struct UrlSanitizer {
    classifier: PathClassifier,
    attributes: Vec<String>,
    span_names: bool,
    rule: usize,
}

/// A text after the sanitizers, and the rules that changed it.
pub(crate) struct Sanitized {
    pub text: String,
    pub rules: Vec<usize>,
}

impl Sanitizer {
    pub fn compile(
        spec: &ProcessorSpec,
        rule_name: impl Fn(&str) -> String,
        names: &mut Names,
    ) -> Option<Self> {
        let url = spec
            .url_sanitizer
            .as_ref()
            .filter(|spec| spec.enabled)
            .map(|spec| {
                UrlSanitizer::new(
                    spec,
                    names.add(rule_name("url_sanitizer"), "identifiers masked"),
                )
            });
        let databases = spec
            .db_sanitizer
            .as_ref()
            .and_then(Databases::new)
            .map(|databases| {
                (
                    databases,
                    names.add(rule_name("db_sanitizer"), "values masked"),
                )
            });
        (url.is_some() || databases.is_some()).then_some(Sanitizer { url, databases })
    }

    /// An attribute's text. `system` is the database that its map names; for logs none need be
    /// named, and then every kind of statement that the key is listed for is tried (`any_system`).
    pub fn attribute(&self, text: &str, key: &str, system: &str, any_system: bool) -> Sanitized {
        let mut out = Sanitized::of(text);
        if let Some(url) = &self.url
            && url.attributes.iter().any(|listed| listed == key)
        {
            out.change(url.rule, url.classifier.cluster(&out.text));
        }
        if let Some((databases, rule)) = &self.databases {
            out.change(
                *rule,
                databases.attribute(&out.text, key, system, any_system),
            );
        }
        out
    }

    /// A string of a log body, which is taken for a URL and for each kind of statement.
    pub fn body(&self, text: &str) -> Sanitized {
        let mut out = Sanitized::of(text);
        if let Some(url) = &self.url {
            out.change(url.rule, url.classifier.cluster(&out.text));
        }
        if let Some((databases, rule)) = &self.databases {
            out.change(*rule, databases.any(&out.text));
        }
        out
    }

    /// A span's name, if it changes, with the rule that changed it.
    pub fn span_name(&self, span: &Span<'_>) -> Option<(String, usize)> {
        self.url
            .as_ref()
            .and_then(|url| Some((url.span_name(span)?, url.rule)))
            .or_else(|| {
                let (databases, rule) = self.databases.as_ref()?;
                Some((databases.span_name(span)?, *rule))
            })
            .filter(|(name, _)| !name.is_empty() && name != "..." && *name != span.name)
    }
}

impl Sanitized {
    fn of(text: &str) -> Self {
        Sanitized {
            text: text.to_owned(),
            rules: Vec::new(),
        }
    }

    fn change(&mut self, rule: usize, text: String) {
        if text != self.text {
            self.rules.push(rule);
            self.text = text;
        }
    }
}

impl UrlSanitizer {
    fn new(spec: &UrlSanitizerSpec, rule: usize) -> Self {
        UrlSanitizer {
            classifier: PathClassifier::new(),
            attributes: spec.attributes.clone(),
            span_names: spec.sanitize_span_name.unwrap_or(true),
            rule,
        }
    }

    /// The name of a client's or server's span that has to do with HTTP; a name that would become
    /// nothing but `*` stays.
    fn span_name(&self, span: &Span<'_>) -> Option<String> {
        const HTTP: [&str; 9] = [
            "http.route",
            "http.request.method",
            "http.request.method_original",
            "http.response.status_code",
            "url.full",
            "http.scheme",
            "http.target",
            "http.method",
            "http.url",
        ];
        let calls = matches!(span.kind, SERVER | CLIENT);
        let http = span.name.contains('/')
            || span
                .attributes
                .iter()
                .any(|attribute| HTTP.contains(&attribute.key.as_ref()));
        if !(self.span_names && calls && http) {
            return None;
        }
        let clustered = self.classifier.cluster(&span.name);
        let mut segments = clustered
            .split('/')
            .filter(|segment| !segment.is_empty())
            .peekable();
        let nothing_left = segments.peek().is_some() && segments.all(|segment| segment == "*");
        (clustered != span.name && !nothing_left).then_some(clustered)
    }
}

const INTERNAL: i32 = 1;
const SERVER: i32 = 2;
const CLIENT: i32 = 3;

/// The database that an attribute map names, in lower case; empty if none.
pub(crate) fn database_system(attributes: &[KeyValue<'_>]) -> String {
    let named = |name: &str| {
        let value = &attributes.iter().find(|one| one.key == name)?.value;
        match value {
            Some(Value::Text(text)) if !text.is_empty() => Some(text.to_lowercase()),
            _ => None,
        }
    };
    named("db.system.name")
        .or_else(|| named("db.system"))
        .unwrap_or_default()
}
