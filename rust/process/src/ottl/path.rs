//! Paths: which of an item's fields a name stands for.

use super::Refused;
use super::syntax::{Key, PathSyntax};

/// What a condition or a statement is about, the outermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Context {
    Resource,
    Scope,
    Span,
    SpanEvent,
    Metric,
    DataPoint,
    Log,
}

impl Context {
    pub fn named(name: &str) -> Option<Context> {
        Some(match name {
            "resource" => Context::Resource,
            "scope" | "instrumentation_scope" => Context::Scope,
            "span" => Context::Span,
            "spanevent" => Context::SpanEvent,
            "metric" => Context::Metric,
            "datapoint" => Context::DataPoint,
            "log" => Context::Log,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Context::Resource => "resource",
            Context::Scope => "scope",
            Context::Span => "span",
            Context::SpanEvent => "spanevent",
            Context::Metric => "metric",
            Context::DataPoint => "datapoint",
            Context::Log => "log",
        }
    }

    /// Whether an item of this context has `other`'s fields around it.
    fn reaches(self, other: Context) -> bool {
        match other {
            Context::Resource => true,
            Context::Scope => self != Context::Resource,
            Context::Span => matches!(self, Context::Span | Context::SpanEvent),
            Context::Metric => matches!(self, Context::Metric | Context::DataPoint),
            _ => self == other,
        }
    }
}

/// One field, wherever it stands; which of the contexts it is in, the path says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Attributes,
    DroppedAttributesCount,
    Name,
    Version,
    TraceId,
    SpanId,
    ParentSpanId,
    TraceState,
    Kind,
    StatusCode,
    StatusMessage,
    Flags,
    /// A point in time, and the same as a number of nanoseconds.
    Start {
        as_time: bool,
    },
    End {
        as_time: bool,
    },
    Time {
        as_time: bool,
    },
    Observed {
        as_time: bool,
    },
    SeverityNumber,
    SeverityText,
    Body,
    BodyText,
    EventName,
    Description,
    Unit,
    Type,
    AggregationTemporality,
    IsMonotonic,
    IntValue,
    DoubleValue,
    Count,
    Sum,
}

/// A path that was looked up.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    pub context: Context,
    pub field: Field,
    pub keys: Vec<Key>,
}

/// Every path of the subset, but for the keys of maps: docs/processors.md has the same table.
const PATHS: &[(Context, &str, Field)] = &[
    (Context::Resource, "attributes", Field::Attributes),
    (
        Context::Resource,
        "dropped_attributes_count",
        Field::DroppedAttributesCount,
    ),
    (Context::Scope, "name", Field::Name),
    (Context::Scope, "version", Field::Version),
    (Context::Scope, "attributes", Field::Attributes),
    (
        Context::Scope,
        "dropped_attributes_count",
        Field::DroppedAttributesCount,
    ),
    (Context::Span, "name", Field::Name),
    (Context::Span, "kind", Field::Kind),
    (Context::Span, "attributes", Field::Attributes),
    (Context::Span, "status.code", Field::StatusCode),
    (Context::Span, "status.message", Field::StatusMessage),
    (Context::Span, "trace_id.string", Field::TraceId),
    (Context::Span, "span_id.string", Field::SpanId),
    (Context::Span, "parent_span_id.string", Field::ParentSpanId),
    (Context::Span, "trace_state", Field::TraceState),
    (Context::Span, "start_time", Field::Start { as_time: true }),
    (
        Context::Span,
        "start_time_unix_nano",
        Field::Start { as_time: false },
    ),
    (Context::Span, "end_time", Field::End { as_time: true }),
    (
        Context::Span,
        "end_time_unix_nano",
        Field::End { as_time: false },
    ),
    (Context::Span, "flags", Field::Flags),
    (
        Context::Span,
        "dropped_attributes_count",
        Field::DroppedAttributesCount,
    ),
    (Context::SpanEvent, "name", Field::Name),
    (Context::SpanEvent, "attributes", Field::Attributes),
    (Context::SpanEvent, "time", Field::Time { as_time: true }),
    (
        Context::SpanEvent,
        "time_unix_nano",
        Field::Time { as_time: false },
    ),
    (
        Context::SpanEvent,
        "dropped_attributes_count",
        Field::DroppedAttributesCount,
    ),
    (Context::Metric, "name", Field::Name),
    (Context::Metric, "description", Field::Description),
    (Context::Metric, "unit", Field::Unit),
    (Context::Metric, "type", Field::Type),
    (
        Context::Metric,
        "aggregation_temporality",
        Field::AggregationTemporality,
    ),
    (Context::Metric, "is_monotonic", Field::IsMonotonic),
    (Context::DataPoint, "attributes", Field::Attributes),
    (
        Context::DataPoint,
        "start_time",
        Field::Start { as_time: true },
    ),
    (
        Context::DataPoint,
        "start_time_unix_nano",
        Field::Start { as_time: false },
    ),
    (Context::DataPoint, "time", Field::Time { as_time: true }),
    (
        Context::DataPoint,
        "time_unix_nano",
        Field::Time { as_time: false },
    ),
    (Context::DataPoint, "value_int", Field::IntValue),
    (Context::DataPoint, "value_double", Field::DoubleValue),
    (Context::DataPoint, "count", Field::Count),
    (Context::DataPoint, "sum", Field::Sum),
    (Context::DataPoint, "flags", Field::Flags),
    (Context::Log, "body", Field::Body),
    (Context::Log, "body.string", Field::BodyText),
    (Context::Log, "attributes", Field::Attributes),
    (Context::Log, "severity_number", Field::SeverityNumber),
    (Context::Log, "severity_text", Field::SeverityText),
    (Context::Log, "event_name", Field::EventName),
    (Context::Log, "trace_id.string", Field::TraceId),
    (Context::Log, "span_id.string", Field::SpanId),
    (Context::Log, "time", Field::Time { as_time: true }),
    (
        Context::Log,
        "time_unix_nano",
        Field::Time { as_time: false },
    ),
    (
        Context::Log,
        "observed_time",
        Field::Observed { as_time: true },
    ),
    (
        Context::Log,
        "observed_time_unix_nano",
        Field::Observed { as_time: false },
    ),
    (Context::Log, "flags", Field::Flags),
    (
        Context::Log,
        "dropped_attributes_count",
        Field::DroppedAttributesCount,
    ),
];

/// The context that a path names itself.
pub(super) fn context_of(path: &PathSyntax) -> Option<Context> {
    let [first, _, ..] = &path.names[..] else {
        return None;
    };
    Context::named(first)
}

impl Path {
    /// Looks a path up for items of `context`; a path that names no context is of that one where
    /// `bare` allows it.
    pub fn resolve(
        path: &PathSyntax,
        context: Context,
        bare: bool,
        column: usize,
    ) -> Result<Path, Refused> {
        let (of, names) = match context_of(path) {
            Some(named) => (named, &path.names[1..]),
            None if bare => (context, &path.names[..]),
            None => {
                let reason = format!(
                    "must begin with what it is of, as in {}.{}",
                    context.name(),
                    path.names[0]
                );
                return Err(Refused::new(column, &reason));
            }
        };
        if !context.reaches(of) {
            let reason = format!(
                "is of a {}, which a {} is not in",
                of.name(),
                context.name()
            );
            return Err(Refused::new(column, &reason));
        }
        let name = names.join(".");
        let found = PATHS
            .iter()
            .find(|(context, known, _)| *context == of && *known == name);
        let Some((_, _, field)) = found else {
            let known: Vec<&str> = PATHS
                .iter()
                .filter(|(context, ..)| *context == of)
                .map(|(_, name, _)| *name)
                .collect();
            let reason = format!(
                "is no path known here; of a {} there are {}",
                of.name(),
                known.join(", ")
            );
            return Err(Refused::new(column, &reason));
        };
        let indexed = matches!(field, Field::Attributes | Field::Body);
        if !path.keys.is_empty() && !indexed {
            return Err(Refused::new(
                column,
                "has no keys: attributes and bodies have",
            ));
        }
        if let (Field::Attributes, Some(Key::Index(_))) = (field, path.keys.first()) {
            return Err(Refused::new(column, "wants a text as its first key"));
        }
        Ok(Path {
            context: of,
            field: *field,
            keys: path.keys.clone(),
        })
    }

    /// Whether statements may set it: ids and a metric's type stay what they are.
    pub fn is_fixed(&self) -> bool {
        matches!(
            self.field,
            Field::TraceId | Field::SpanId | Field::ParentSpanId | Field::Type
        )
    }

    /// Whether it can hold a map, for the editors of maps.
    pub fn may_be_a_map(&self) -> bool {
        matches!(self.field, Field::Attributes | Field::Body)
    }
}

/// The number that an enumeration's symbol stands for.
pub(super) fn symbol(name: &str) -> Option<i64> {
    let groups: [(&str, &[&str]); 5] = [
        (
            "SPAN_KIND_",
            &[
                "UNSPECIFIED",
                "INTERNAL",
                "SERVER",
                "CLIENT",
                "PRODUCER",
                "CONSUMER",
            ],
        ),
        ("STATUS_CODE_", &["UNSET", "OK", "ERROR"]),
        (
            "AGGREGATION_TEMPORALITY_",
            &["UNSPECIFIED", "DELTA", "CUMULATIVE"],
        ),
        (
            "METRIC_DATA_TYPE_",
            &[
                "NONE",
                "GAUGE",
                "SUM",
                "HISTOGRAM",
                "EXPONENTIAL_HISTOGRAM",
                "SUMMARY",
            ],
        ),
        ("FLAG_", &["NONE", "NO_RECORDED_VALUE"]),
    ];
    for (prefix, names) in groups {
        if let Some(rest) = name.strip_prefix(prefix)
            && let Some(number) = names.iter().position(|name| *name == rest)
        {
            return i64::try_from(number).ok();
        }
    }
    let level = name.strip_prefix("SEVERITY_NUMBER_")?;
    if level == "UNSPECIFIED" {
        return Some(0);
    }
    let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    levels.iter().enumerate().find_map(|(index, known)| {
        let step = match level.strip_prefix(known)? {
            "" => 0,
            "2" => 1,
            "3" => 2,
            "4" => 3,
            _ => return None,
        };
        i64::try_from(4 * index + step + 1).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_the_protocol_s_numbers() {
        for (name, number) in [
            ("SPAN_KIND_CONSUMER", Some(5)),
            ("STATUS_CODE_ERROR", Some(2)),
            ("SEVERITY_NUMBER_TRACE", Some(1)),
            ("SEVERITY_NUMBER_WARN", Some(13)),
            ("SEVERITY_NUMBER_FATAL4", Some(24)),
            ("METRIC_DATA_TYPE_SUMMARY", Some(5)),
            ("SEVERITY_NUMBER_WARN5", None),
            ("STATUS_CODE_FINE", None),
        ] {
            assert_eq!(symbol(name), number, "{name}");
        }
    }

    #[test]
    fn the_page_has_every_path() {
        let page = include_str!("../../../../docs/processors.md");
        let code = |cell: &str| -> Vec<String> {
            cell.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect()
        };
        let rows: Vec<(Vec<String>, Vec<String>)> = page
            .lines()
            .skip_while(|line| *line != "| of | paths |")
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .map(|line| {
                let cells: Vec<&str> = line.split('|').collect();
                (code(cells[1]), code(cells[2]))
            })
            .collect();
        for (names, paths) in &rows {
            let context = Context::named(&names[0]);
            let known: Vec<&str> = PATHS
                .iter()
                .filter(|(of, ..)| Some(*of) == context)
                .map(|(_, name, _)| *name)
                .collect();
            let (mut known, mut paths) = (known, paths.clone());
            known.sort_unstable();
            paths.sort_unstable();
            assert_eq!(paths, known, "{names:?}");
        }
        assert_eq!(rows.len(), 7);
    }
}
