//! Which statements are sanitized, and how, by the database that they are for.

use otlp::model::Span;

use super::{CLIENT, INTERNAL, SERVER, database_system, json, redis, sql};
use crate::spec::DbSanitizerSpec;

pub(super) struct Databases {
    kinds: Vec<Kind>,
    span_names: bool,
}

struct Kind {
    language: Language,
    systems: &'static [&'static str],
    attributes: Vec<String>,
}

#[derive(Clone, Copy)]
enum Language {
    Sql,
    Redis,
    Memcached,
    Json,
}

impl Databases {
    /// The kinds that are switched on, in contrib's order; None if there are none.
    pub fn new(spec: &DbSanitizerSpec) -> Option<Self> {
        const SQL: &[&str] = &["other_sql", "mysql", "postgresql", "mariadb", "sqlite"];
        // Contrib has `attributes` for opensearch and es too, and uses them for nothing.
        let kinds: Vec<Kind> = [
            (&spec.sql, Language::Sql, SQL, true),
            (&spec.redis, Language::Redis, &["redis"], true),
            (&spec.valkey, Language::Redis, &["valkey"], true),
            (&spec.memcached, Language::Memcached, &["memcached"], true),
            (&spec.mongo, Language::Json, &["mongodb"], true),
            (&spec.opensearch, Language::Json, &["opensearch"], false),
            (&spec.es, Language::Json, &["elasticsearch"], false),
        ]
        .into_iter()
        .filter(|(spec, ..)| spec.enabled)
        .map(|(spec, language, systems, by_attribute)| Kind {
            language,
            systems,
            attributes: match by_attribute {
                true => spec.attributes.clone(),
                false => Vec::new(),
            },
        })
        .collect();
        (!kinds.is_empty()).then(|| Databases {
            kinds,
            span_names: spec.sanitize_span_name.unwrap_or(true),
        })
    }

    pub fn attribute(&self, text: &str, key: &str, system: &str, any_system: bool) -> String {
        let mut listed = self
            .kinds
            .iter()
            .filter(|kind| kind.attributes.iter().any(|listed| listed == key));
        if !system.is_empty() {
            return listed
                .find(|kind| kind.systems.contains(&system))
                .map_or_else(|| text.to_owned(), |kind| kind.language.sanitize(text, ""));
        }
        if !any_system {
            return text.to_owned();
        }
        listed.fold(text.to_owned(), |text, kind| {
            kind.language.sanitize(&text, "")
        })
    }

    /// A text that may be a statement of any kind.
    pub fn any(&self, text: &str) -> String {
        self.kinds.iter().fold(text.to_owned(), |text, kind| {
            kind.language.sanitize(&text, "")
        })
    }

    /// The name of a span whose attributes name a database.
    pub fn span_name(&self, span: &Span<'_>) -> Option<String> {
        if !(self.span_names && matches!(span.kind, INTERNAL | SERVER | CLIENT)) {
            return None;
        }
        let system = database_system(&span.attributes);
        let kind = self
            .kinds
            .iter()
            .find(|kind| kind.systems.contains(&system.as_str()))?;
        Some(kind.language.sanitize(&span.name, &system))
    }
}

impl Language {
    fn sanitize(self, text: &str, system: &str) -> String {
        match self {
            Language::Sql => sql::without_literals(text, system == "mysql"),
            Language::Redis => redis::without_values(text),
            // A storage command's value follows on a line of its own.
            Language::Memcached => text
                .split("\r\n")
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned(),
            Language::Json => json::without_values(text),
        }
    }
}
