//! `include` and `exclude` of the `attributes` processor: which records it looks at.

use otlp::model::{KeyValue, LogRecord, Metric, Resource, Scope, Signal, Span, Value};
use otlp::nest::{OfResource, OfScope};
use otlp::text_form;
use regex_automata::meta::Regex;
use serde::{Deserialize, Serialize};

use crate::map;
use crate::spec::{SpecError, value_of};

/// The properties that a record has to have, all of them; of a list's items one is enough, except
/// that of `attributes`, `resources` and `libraries` all have to match.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct MatchSpec {
    pub match_type: String,
    pub services: Vec<String>,
    pub span_names: Vec<String>,
    pub span_kinds: Vec<String>,
    pub log_bodies: Vec<String>,
    pub log_severity_texts: Vec<String>,
    pub log_severity_number: Option<SeveritySpec>,
    pub metric_names: Vec<String>,
    pub attributes: Vec<AttributeSpec>,
    pub resources: Vec<AttributeSpec>,
    pub libraries: Vec<LibrarySpec>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct SeveritySpec {
    /// The least severity number that matches.
    pub min: i32,
    pub match_undefined: bool,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct AttributeSpec {
    pub key: String,
    /// Not given: any value.
    pub value: serde_json::Value,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LibrarySpec {
    pub name: String,
    /// Not given: any version.
    pub version: Option<String>,
}

/// What the properties of a record's surroundings are looked up in.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'r, 'a> {
    pub resource: &'r [KeyValue<'a>],
    pub scope: Option<&'r Scope<'a>>,
}

impl<'r, 'a> Surroundings<'r, 'a> {
    pub fn new(resource: &'r Option<Resource<'a>>, scope: &'r Option<Scope<'a>>) -> Self {
        Surroundings {
            resource: resource
                .as_ref()
                .map_or(&[], |resource| &resource.attributes),
            scope: scope.as_ref(),
        }
    }
}

/// Visits every scope's records, with what surrounds them.
pub(crate) fn each_scope<'a, R: OfResource<'a>>(
    resources: &mut [R],
    mut visit: impl FnMut(&mut Vec<<R::Scoped as OfScope<'a>>::Record>, Surroundings<'_, 'a>),
) {
    for one in resources {
        let (resource, scopes) = one.parts();
        for one in scopes {
            let (scope, records) = one.parts();
            visit(records, Surroundings::new(resource, scope));
        }
    }
}

pub(crate) struct Matcher {
    services: Option<Texts>,
    span_names: Option<Texts>,
    span_kinds: Option<Texts>,
    log_bodies: Option<Texts>,
    log_severity_texts: Option<Texts>,
    log_severity_number: Option<SeveritySpec>,
    metric_names: Option<Texts>,
    attributes: Vec<AttributeMatch>,
    resources: Vec<AttributeMatch>,
    libraries: Vec<(Texts, Option<Texts>)>,
}

enum Texts {
    Strict(Vec<String>),
    Patterns(Vec<Regex>),
}

struct AttributeMatch {
    key: String,
    value: Expected,
}

enum Expected {
    Any,
    Equal(Value<'static>),
    Text(Texts),
}

impl Matcher {
    pub fn compile(spec: &MatchSpec, signal: Signal) -> Result<Matcher, SpecError> {
        let given = [
            ("services", !spec.services.is_empty(), &[Signal::Traces][..]),
            ("span_names", !spec.span_names.is_empty(), &[Signal::Traces]),
            ("span_kinds", !spec.span_kinds.is_empty(), &[Signal::Traces]),
            ("log_bodies", !spec.log_bodies.is_empty(), &[Signal::Logs]),
            (
                "log_severity_texts",
                !spec.log_severity_texts.is_empty(),
                &[Signal::Logs],
            ),
            (
                "log_severity_number",
                spec.log_severity_number.is_some(),
                &[Signal::Logs],
            ),
            (
                "metric_names",
                !spec.metric_names.is_empty(),
                &[Signal::Metrics],
            ),
            // The Collector takes `resources` for metrics, and then does not look at them.
            (
                "resources",
                !spec.resources.is_empty(),
                &[Signal::Traces, Signal::Logs],
            ),
            (
                "attributes",
                !spec.attributes.is_empty(),
                &[Signal::Traces, Signal::Logs],
            ),
            (
                "libraries",
                !spec.libraries.is_empty(),
                &[Signal::Traces, Signal::Logs],
            ),
        ];
        if let Some((option, ..)) = given
            .iter()
            .find(|(_, is, of)| *is && !of.contains(&signal))
        {
            let reason = format!("has no meaning in a pipeline of {}", signal.name());
            return Err(SpecError::new(*option, reason));
        }
        if !given.iter().any(|(_, is, _)| *is) {
            return Err(SpecError::new("", "names nothing to match"));
        }
        let texts = |option: &str, given: &[String]| {
            let some = (!given.is_empty()).then(|| Texts::compile(&spec.match_type, given));
            some.transpose().map_err(|error| match error {
                TextsError::MatchType => SpecError::new("match_type", "must be strict or regexp"),
                TextsError::Pattern(index, reason) => {
                    SpecError::new(format!("{option}[{index}]"), reason)
                }
            })
        };
        let one = |place: &str, given: &str| {
            texts(place, &[given.to_owned()]).map(|texts| texts.unwrap_or(Texts::Strict(vec![])))
        };
        let attributes = |option: &str, specs: &[AttributeSpec]| {
            let compiled = specs.iter().enumerate().map(|(index, spec_of_one)| {
                let place = format!("{option}[{index}]");
                if spec_of_one.key.is_empty() {
                    return Err(SpecError::new(format!("{place}.key"), "is missing"));
                }
                let value = match value_of(&spec_of_one.value) {
                    None => Expected::Any,
                    Some(value) if spec.match_type == "strict" => Expected::Equal(value),
                    Some(Value::Text(text)) => {
                        Expected::Text(one(&format!("{place}.value"), &text)?)
                    }
                    Some(_) => {
                        let reason = "must be text, since match_type is regexp";
                        return Err(SpecError::new(format!("{place}.value"), reason));
                    }
                };
                Ok(AttributeMatch {
                    key: spec_of_one.key.clone(),
                    value,
                })
            });
            compiled.collect::<Result<Vec<_>, _>>()
        };
        let libraries = spec.libraries.iter().enumerate().map(|(index, library)| {
            let version = library.version.as_deref();
            let version =
                version.map(|one_version| one(&format!("libraries[{index}].version"), one_version));
            Ok((
                one(&format!("libraries[{index}].name"), &library.name)?,
                version.transpose()?,
            ))
        });
        Ok(Matcher {
            services: texts("services", &spec.services)?,
            span_names: texts("span_names", &spec.span_names)?,
            span_kinds: texts("span_kinds", &spec.span_kinds)?,
            log_bodies: texts("log_bodies", &spec.log_bodies)?,
            log_severity_texts: texts("log_severity_texts", &spec.log_severity_texts)?,
            log_severity_number: spec.log_severity_number.clone(),
            metric_names: texts("metric_names", &spec.metric_names)?,
            attributes: attributes("attributes", &spec.attributes)?,
            resources: attributes("resources", &spec.resources)?,
            libraries: libraries.collect::<Result<_, SpecError>>()?,
        })
    }

    pub fn span(&self, span: &Span<'_>, around: Surroundings<'_, '_>) -> bool {
        fits(&self.services, || {
            match map::get(around.resource, "service.name") {
                Some(name) => text_form(name),
                None => "<nil-service-name>".into(),
            }
        }) && fits(&self.span_names, || span.name.as_ref().into())
            && fits(&self.span_kinds, || kind_name(span.kind).into())
            && self.properties(&span.attributes, around)
    }

    pub fn log_record(&self, record: &LogRecord<'_>, around: Surroundings<'_, '_>) -> bool {
        fits(&self.log_bodies, || {
            text_form(record.body.as_ref().unwrap_or(&Value::Empty))
        }) && fits(&self.log_severity_texts, || {
            record.severity_text.as_ref().into()
        }) && self
            .log_severity_number
            .as_ref()
            .is_none_or(|wanted| match record.severity_number {
                0 => wanted.match_undefined,
                number => number >= wanted.min,
            })
            && self.properties(&record.attributes, around)
    }

    pub fn metric(&self, metric: &Metric<'_>) -> bool {
        fits(&self.metric_names, || metric.name.as_ref().into())
    }

    pub fn resource(&self, around: Surroundings<'_, '_>) -> bool {
        self.resources.iter().all(|one| one.fits(around.resource))
    }

    fn properties(&self, attributes: &[KeyValue<'_>], around: Surroundings<'_, '_>) -> bool {
        let (name, version) = match around.scope {
            Some(scope) => (scope.name.as_ref(), scope.version.as_ref()),
            None => ("", ""),
        };
        self.libraries.iter().all(|(names, versions)| {
            names.has(name)
                && versions
                    .as_ref()
                    .is_none_or(|versions| versions.has(version))
        }) && self.resource(around)
            && self.attributes.iter().all(|one| one.fits(attributes))
    }
}

fn fits<'t>(texts: &Option<Texts>, text: impl FnOnce() -> std::borrow::Cow<'t, str>) -> bool {
    texts.as_ref().is_none_or(|texts| texts.has(&text()))
}

impl AttributeMatch {
    fn fits(&self, map: &[KeyValue<'_>]) -> bool {
        let Some(value) = map::get(map, &self.key) else {
            return false;
        };
        match &self.value {
            Expected::Any => true,
            Expected::Equal(expected) => value == expected,
            Expected::Text(texts) => match value {
                Value::Text(text) => texts.has(text),
                Value::Bool(_) | Value::Int(_) => texts.has(&text_form(value)),
                // Without an exponent, other than the text form.
                Value::Double(double) => texts.has(&double.to_string()),
                _ => false,
            },
        }
    }
}

enum TextsError {
    MatchType,
    /// The item's place, and why it is no pattern.
    Pattern(usize, String),
}

impl Texts {
    fn compile(match_type: &str, given: &[String]) -> Result<Texts, TextsError> {
        match match_type {
            "strict" => Ok(Texts::Strict(given.to_vec())),
            "regexp" => {
                let compiled = given.iter().enumerate().map(|(index, pattern)| {
                    re2::compile(pattern)
                        .map(|(regex, _)| regex)
                        .map_err(|reason| TextsError::Pattern(index, reason))
                });
                Ok(Texts::Patterns(compiled.collect::<Result<_, _>>()?))
            }
            _ => Err(TextsError::MatchType),
        }
    }

    fn has(&self, text: &str) -> bool {
        match self {
            Texts::Strict(texts) => texts.iter().any(|one| one == text),
            Texts::Patterns(patterns) => patterns.iter().any(|one| one.is_match(text)),
        }
    }
}

/// A span kind's name in the protocol.
fn kind_name(kind: i32) -> &'static str {
    match kind {
        0 => "SPAN_KIND_UNSPECIFIED",
        1 => "SPAN_KIND_INTERNAL",
        2 => "SPAN_KIND_SERVER",
        3 => "SPAN_KIND_CLIENT",
        4 => "SPAN_KIND_PRODUCER",
        5 => "SPAN_KIND_CONSUMER",
        _ => "",
    }
}
