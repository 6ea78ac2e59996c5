//! One span, log record, data point or the like with what it stands in, and its fields by path.

use otlp::model::{
    ExponentialHistogramPoint, HistogramPoint, KeyValue, LogRecord, Metric, MetricData, Number,
    NumberPoint, Resource, Scope, Span, SpanEvent, SummaryPoint, Text, Value,
};

use super::datum::{Datum, Failed, Parts};
use super::path::{Context, Field, Path};
use super::syntax::Key;
use crate::map;

/// An array that a statement makes by setting one of its places is at most this long.
const LONGEST_ARRAY: i64 = 1024;

pub(crate) struct Item<'i, 'a> {
    pub resource: &'i mut Resource<'a>,
    pub scope: &'i mut Scope<'a>,
    pub record: Record<'i, 'a>,
}

pub(crate) enum Record<'i, 'a> {
    /// The item is the resource or the scope.
    None,
    Span(&'i mut Span<'a>),
    SpanEvent(&'i mut Span<'a>, &'i mut SpanEvent<'a>),
    Metric(&'i mut Metric<'a>),
    Point(&'i mut Metric<'a>, Point<'i, 'a>),
    Log(&'i mut LogRecord<'a>),
}

pub(crate) enum Point<'i, 'a> {
    Number(&'i mut NumberPoint<'a>),
    Histogram(&'i mut HistogramPoint<'a>),
    ExponentialHistogram(&'i mut ExponentialHistogramPoint<'a>),
    Summary(&'i mut SummaryPoint<'a>),
}

/// Does the same with whichever kind of point it is.
macro_rules! of_point {
    ($point:expr, $one:ident => $work:expr) => {
        match $point {
            Point::Number($one) => $work,
            Point::Histogram($one) => $work,
            Point::ExponentialHistogram($one) => $work,
            Point::Summary($one) => $work,
        }
    };
}

impl<'a> Item<'_, 'a> {
    pub(super) fn read(&self, path: &Path) -> Result<Datum<'_>, Failed> {
        match path.field {
            Field::Attributes => {
                let attributes = self.attributes(path.context).ok_or(Failed)?;
                match path.keys.split_first() {
                    None => Ok(Datum::Map(Parts::Borrowed(attributes))),
                    Some((Key::Text(key), keys)) => match map::get(attributes, key) {
                        Some(value) => indexed(value, keys),
                        None => Ok(Datum::Nil),
                    },
                    Some((Key::Index(_), _)) => Err(Failed),
                }
            }
            Field::Body => match (&self.record, path.keys.is_empty()) {
                (Record::Log(record), true) => {
                    Ok(record.body.as_ref().map_or(Datum::Nil, Datum::of))
                }
                (Record::Log(record), false) => match &record.body {
                    Some(body @ (Value::Map(_) | Value::Array(_))) => indexed(body, &path.keys),
                    _ => Err(Failed),
                },
                _ => Err(Failed),
            },
            field => self.read_plain(path.context, field),
        }
    }

    fn read_plain(&self, context: Context, field: Field) -> Result<Datum<'_>, Failed> {
        Ok(match (context, &self.record) {
            (Context::Resource, _) => Datum::Int(self.resource.dropped_attributes_count.into()),
            (Context::Scope, _) => match field {
                Field::Name => Datum::text(&self.scope.name),
                Field::Version => Datum::text(&self.scope.version),
                _ => Datum::Int(self.scope.dropped_attributes_count.into()),
            },
            (Context::Span, Record::Span(span) | Record::SpanEvent(span, _)) => {
                read_span(span, field)?
            }
            (Context::SpanEvent, Record::SpanEvent(_, event)) => match field {
                Field::Name => Datum::text(&event.name),
                Field::Time { as_time } => time(event.time_unix_nano, as_time),
                _ => Datum::Int(event.dropped_attributes_count.into()),
            },
            (Context::Metric, Record::Metric(metric) | Record::Point(metric, _)) => {
                read_metric(metric, field)?
            }
            (Context::DataPoint, Record::Point(_, point)) => read_point(point, field)?,
            (Context::Log, Record::Log(record)) => read_log_record(record, field)?,
            _ => return Err(Failed),
        })
    }

    /// Nil empties a value or a map, and no other field takes it.
    pub(super) fn write(&mut self, path: &Path, datum: Datum<'static>) -> Result<(), Failed> {
        match path.field {
            Field::Attributes => {
                let attributes = self.attributes_mut(path.context).ok_or(Failed)?;
                match path.keys.split_first() {
                    None => match datum.into_value()? {
                        Value::Map(entries) => *attributes = entries,
                        Value::Empty => attributes.clear(),
                        _ => return Err(Failed),
                    },
                    Some((Key::Text(key), keys)) => {
                        if map::get(attributes, key).is_none() {
                            map::put(attributes, key, Value::Empty);
                        }
                        let value = map::get_mut(attributes, key).ok_or(Failed)?;
                        *place(value, keys)? = datum.into_value()?;
                    }
                    Some((Key::Index(_), _)) => return Err(Failed),
                }
            }
            Field::Body => {
                let Record::Log(record) = &mut self.record else {
                    return Err(Failed);
                };
                let body = record.body.get_or_insert_default();
                if !path.keys.is_empty() && !matches!(body, Value::Map(_) | Value::Array(_)) {
                    return Err(Failed);
                }
                *place(body, &path.keys)? = datum.into_value()?;
            }
            field => self.write_plain(path.context, field, datum)?,
        }
        Ok(())
    }

    fn write_plain(
        &mut self,
        context: Context,
        field: Field,
        datum: Datum<'static>,
    ) -> Result<(), Failed> {
        match (context, &mut self.record) {
            (Context::Resource, _) => set_count(&mut self.resource.dropped_attributes_count, datum),
            (Context::Scope, _) => match field {
                Field::Name => set_text(&mut self.scope.name, datum),
                Field::Version => set_text(&mut self.scope.version, datum),
                _ => set_count(&mut self.scope.dropped_attributes_count, datum),
            },
            (Context::Span, Record::Span(span) | Record::SpanEvent(span, _)) => {
                write_span(span, field, datum)
            }
            (Context::SpanEvent, Record::SpanEvent(_, event)) => match field {
                Field::Name => set_text(&mut event.name, datum),
                Field::Time { as_time } => set_time(&mut event.time_unix_nano, as_time, datum),
                _ => set_count(&mut event.dropped_attributes_count, datum),
            },
            (Context::Metric, Record::Metric(metric) | Record::Point(metric, _)) => {
                write_metric(metric, field, datum)
            }
            (Context::DataPoint, Record::Point(_, point)) => write_point(point, field, datum),
            (Context::Log, Record::Log(record)) => write_log_record(record, field, datum),
            _ => Err(Failed),
        }
    }

    /// The map at a path, for the editors of maps.
    pub(super) fn map_mut(&mut self, path: &Path) -> Result<&mut Vec<KeyValue<'a>>, Failed> {
        let (value, keys) = match path.field {
            Field::Attributes => {
                let attributes = self.attributes_mut(path.context).ok_or(Failed)?;
                match path.keys.split_first() {
                    None => return Ok(attributes),
                    Some((Key::Text(key), keys)) => {
                        (map::get_mut(attributes, key).ok_or(Failed)?, keys)
                    }
                    Some((Key::Index(_), _)) => return Err(Failed),
                }
            }
            _ => match &mut self.record {
                Record::Log(record) => (record.body.as_mut().ok_or(Failed)?, &path.keys[..]),
                _ => return Err(Failed),
            },
        };
        match existing(value, keys)? {
            Value::Map(entries) => Ok(entries),
            _ => Err(Failed),
        }
    }

    fn attributes(&self, context: Context) -> Option<&[KeyValue<'a>]> {
        Some(match (context, &self.record) {
            (Context::Resource, _) => &self.resource.attributes,
            (Context::Scope, _) => &self.scope.attributes,
            (Context::Span, Record::Span(span) | Record::SpanEvent(span, _)) => &span.attributes,
            (Context::SpanEvent, Record::SpanEvent(_, event)) => &event.attributes,
            (Context::DataPoint, Record::Point(_, point)) => {
                of_point!(point, point => &point.attributes)
            }
            (Context::Log, Record::Log(record)) => &record.attributes,
            _ => return None,
        })
    }

    fn attributes_mut(&mut self, context: Context) -> Option<&mut Vec<KeyValue<'a>>> {
        Some(match (context, &mut self.record) {
            (Context::Resource, _) => &mut self.resource.attributes,
            (Context::Scope, _) => &mut self.scope.attributes,
            (Context::Span, Record::Span(span) | Record::SpanEvent(span, _)) => {
                &mut span.attributes
            }
            (Context::SpanEvent, Record::SpanEvent(_, event)) => &mut event.attributes,
            (Context::DataPoint, Record::Point(_, point)) => {
                of_point!(point, point => &mut point.attributes)
            }
            (Context::Log, Record::Log(record)) => &mut record.attributes,
            _ => return None,
        })
    }
}

/// What stands behind keys; nil where a map has not the key.
fn indexed<'e>(mut value: &'e Value<'_>, keys: &[Key]) -> Result<Datum<'e>, Failed> {
    for key in keys {
        value = match (value, key) {
            (Value::Map(entries), Key::Text(key)) => match map::get(entries, key) {
                Some(value) => value,
                None => return Ok(Datum::Nil),
            },
            (Value::Array(values), Key::Index(index)) => usize::try_from(*index)
                .ok()
                .and_then(|index| values.get(index))
                .ok_or(Failed)?,
            _ => return Err(Failed),
        };
    }
    Ok(Datum::of(value))
}

/// The place behind keys, which is made where a map or nothing is there yet.
fn place<'v, 'a>(mut value: &'v mut Value<'a>, keys: &[Key]) -> Result<&'v mut Value<'a>, Failed> {
    for key in keys {
        if *value == Value::Empty {
            *value = match key {
                Key::Text(_) => Value::Map(Vec::new()),
                Key::Index(index) if (0..LONGEST_ARRAY).contains(index) => {
                    Value::Array(vec![Value::Empty; *index as usize + 1])
                }
                Key::Index(_) => return Err(Failed),
            };
        }
        value = match (value, key) {
            (Value::Map(entries), Key::Text(key)) => {
                if map::get(entries, key).is_none() {
                    map::put(entries, key, Value::Empty);
                }
                map::get_mut(entries, key).ok_or(Failed)?
            }
            (Value::Array(values), Key::Index(index)) => usize::try_from(*index)
                .ok()
                .and_then(|index| values.get_mut(index))
                .ok_or(Failed)?,
            _ => return Err(Failed),
        };
    }
    Ok(value)
}

/// The place behind keys, where it is there.
fn existing<'v, 'a>(
    mut value: &'v mut Value<'a>,
    keys: &[Key],
) -> Result<&'v mut Value<'a>, Failed> {
    for key in keys {
        value = match (value, key) {
            (Value::Map(entries), Key::Text(key)) => map::get_mut(entries, key).ok_or(Failed)?,
            (Value::Array(values), Key::Index(index)) => usize::try_from(*index)
                .ok()
                .and_then(|index| values.get_mut(index))
                .ok_or(Failed)?,
            _ => return Err(Failed),
        };
    }
    Ok(value)
}

fn read_span<'e>(span: &'e Span<'_>, field: Field) -> Result<Datum<'e>, Failed> {
    Ok(match field {
        Field::Name => Datum::text(&span.name),
        Field::Kind => Datum::Int(span.kind.into()),
        Field::StatusCode => {
            Datum::Int(span.status.as_ref().map_or(0, |status| status.code.into()))
        }
        Field::StatusMessage => {
            Datum::text(span.status.as_ref().map_or("", |status| &status.message))
        }
        Field::TraceId => id(&span.trace_id, 16),
        Field::SpanId => id(&span.span_id, 8),
        Field::ParentSpanId => id(&span.parent_span_id, 8),
        Field::TraceState => Datum::text(&span.trace_state),
        Field::Start { as_time } => time(span.start_time_unix_nano, as_time),
        Field::End { as_time } => time(span.end_time_unix_nano, as_time),
        Field::Flags => Datum::Int(span.flags.into()),
        Field::DroppedAttributesCount => Datum::Int(span.dropped_attributes_count.into()),
        _ => return Err(Failed),
    })
}

fn write_span(span: &mut Span<'_>, field: Field, datum: Datum<'static>) -> Result<(), Failed> {
    match field {
        Field::Name => set_text(&mut span.name, datum),
        Field::Kind => set_enum(&mut span.kind, datum),
        Field::StatusCode => set_enum(&mut span.status.get_or_insert_default().code, datum),
        Field::StatusMessage => set_text(&mut span.status.get_or_insert_default().message, datum),
        Field::TraceState => set_text(&mut span.trace_state, datum),
        Field::Start { as_time } => set_time(&mut span.start_time_unix_nano, as_time, datum),
        Field::End { as_time } => set_time(&mut span.end_time_unix_nano, as_time, datum),
        Field::Flags => set_count(&mut span.flags, datum),
        Field::DroppedAttributesCount => set_count(&mut span.dropped_attributes_count, datum),
        _ => Err(Failed),
    }
}

fn read_log_record<'e>(record: &'e LogRecord<'_>, field: Field) -> Result<Datum<'e>, Failed> {
    Ok(match field {
        Field::BodyText => Datum::Text(match &record.body {
            Some(body) => otlp::text_form(body),
            None => "".into(),
        }),
        Field::SeverityNumber => Datum::Int(record.severity_number.into()),
        Field::SeverityText => Datum::text(&record.severity_text),
        Field::EventName => Datum::text(&record.event_name),
        Field::TraceId => id(&record.trace_id, 16),
        Field::SpanId => id(&record.span_id, 8),
        Field::Time { as_time } => time(record.time_unix_nano, as_time),
        Field::Observed { as_time } => time(record.observed_time_unix_nano, as_time),
        Field::Flags => Datum::Int(record.flags.into()),
        Field::DroppedAttributesCount => Datum::Int(record.dropped_attributes_count.into()),
        _ => return Err(Failed),
    })
}

fn write_log_record(
    record: &mut LogRecord<'_>,
    field: Field,
    datum: Datum<'static>,
) -> Result<(), Failed> {
    match field {
        Field::BodyText => match datum {
            Datum::Text(text) => {
                record.body = Some(Value::Text(text));
                Ok(())
            }
            _ => Err(Failed),
        },
        Field::SeverityNumber => set_enum(&mut record.severity_number, datum),
        Field::SeverityText => set_text(&mut record.severity_text, datum),
        Field::EventName => set_text(&mut record.event_name, datum),
        Field::Time { as_time } => set_time(&mut record.time_unix_nano, as_time, datum),
        Field::Observed { as_time } => {
            set_time(&mut record.observed_time_unix_nano, as_time, datum)
        }
        Field::Flags => set_count(&mut record.flags, datum),
        Field::DroppedAttributesCount => set_count(&mut record.dropped_attributes_count, datum),
        _ => Err(Failed),
    }
}

fn read_metric<'e>(metric: &'e Metric<'_>, field: Field) -> Result<Datum<'e>, Failed> {
    Ok(match (field, &metric.data) {
        (Field::Name, _) => Datum::text(&metric.name),
        (Field::Description, _) => Datum::text(&metric.description),
        (Field::Unit, _) => Datum::text(&metric.unit),
        (Field::Type, data) => Datum::Int(match data {
            None => 0,
            Some(MetricData::Gauge(_)) => 1,
            Some(MetricData::Sum { .. }) => 2,
            Some(MetricData::Histogram { .. }) => 3,
            Some(MetricData::ExponentialHistogram { .. }) => 4,
            Some(MetricData::Summary(_)) => 5,
        }),
        (
            Field::AggregationTemporality,
            Some(
                MetricData::Sum {
                    aggregation_temporality,
                    ..
                }
                | MetricData::Histogram {
                    aggregation_temporality,
                    ..
                }
                | MetricData::ExponentialHistogram {
                    aggregation_temporality,
                    ..
                },
            ),
        ) => Datum::Int((*aggregation_temporality).into()),
        (Field::IsMonotonic, Some(MetricData::Sum { is_monotonic, .. })) => {
            Datum::Bool(*is_monotonic)
        }
        (Field::AggregationTemporality | Field::IsMonotonic, _) => Datum::Nil,
        _ => return Err(Failed),
    })
}

/// What a metric's kind has not is left alone.
fn write_metric(
    metric: &mut Metric<'_>,
    field: Field,
    datum: Datum<'static>,
) -> Result<(), Failed> {
    match (field, &mut metric.data) {
        (Field::Name, _) => set_text(&mut metric.name, datum),
        (Field::Description, _) => set_text(&mut metric.description, datum),
        (Field::Unit, _) => set_text(&mut metric.unit, datum),
        (
            Field::AggregationTemporality,
            Some(
                MetricData::Sum {
                    aggregation_temporality,
                    ..
                }
                | MetricData::Histogram {
                    aggregation_temporality,
                    ..
                }
                | MetricData::ExponentialHistogram {
                    aggregation_temporality,
                    ..
                },
            ),
        ) => set_enum(aggregation_temporality, datum),
        (Field::IsMonotonic, Some(MetricData::Sum { is_monotonic, .. })) => match datum {
            Datum::Bool(bool) => {
                *is_monotonic = bool;
                Ok(())
            }
            _ => Err(Failed),
        },
        (Field::AggregationTemporality | Field::IsMonotonic, _) => Ok(()),
        _ => Err(Failed),
    }
}

fn read_point<'e>(point: &'e Point<'_, '_>, field: Field) -> Result<Datum<'e>, Failed> {
    Ok(match (field, point) {
        (Field::Start { as_time }, point) => time(
            of_point!(point, point => point.start_time_unix_nano),
            as_time,
        ),
        (Field::Time { as_time }, point) => {
            time(of_point!(point, point => point.time_unix_nano), as_time)
        }
        (Field::Flags, point) => Datum::Int(of_point!(point, point => point.flags).into()),
        // The other kind of number counts as 0.
        (Field::IntValue, Point::Number(point)) => Datum::Int(match point.value {
            Some(Number::Int(int)) => int,
            _ => 0,
        }),
        (Field::DoubleValue, Point::Number(point)) => Datum::Double(match point.value {
            Some(Number::Double(double)) => double,
            _ => 0.0,
        }),
        (Field::Count, Point::Histogram(point)) => Datum::Int(point.count as i64),
        (Field::Count, Point::ExponentialHistogram(point)) => Datum::Int(point.count as i64),
        (Field::Count, Point::Summary(point)) => Datum::Int(point.count as i64),
        (Field::Sum, Point::Histogram(point)) => Datum::Double(point.sum.unwrap_or(0.0)),
        (Field::Sum, Point::ExponentialHistogram(point)) => Datum::Double(point.sum.unwrap_or(0.0)),
        (Field::Sum, Point::Summary(point)) => Datum::Double(point.sum),
        (Field::IntValue | Field::DoubleValue | Field::Count | Field::Sum, _) => Datum::Nil,
        _ => return Err(Failed),
    })
}

fn write_point(
    point: &mut Point<'_, '_>,
    field: Field,
    datum: Datum<'static>,
) -> Result<(), Failed> {
    match (field, point, datum) {
        (Field::Start { as_time }, point, datum) => set_time(
            of_point!(point, point => &mut point.start_time_unix_nano),
            as_time,
            datum,
        ),
        (Field::Time { as_time }, point, datum) => set_time(
            of_point!(point, point => &mut point.time_unix_nano),
            as_time,
            datum,
        ),
        (Field::Flags, point, datum) => {
            set_count(of_point!(point, point => &mut point.flags), datum)
        }
        (Field::IntValue, Point::Number(point), Datum::Int(int)) => {
            point.value = Some(Number::Int(int));
            Ok(())
        }
        (Field::DoubleValue, Point::Number(point), Datum::Double(double)) => {
            point.value = Some(Number::Double(double));
            Ok(())
        }
        (Field::Count, point, Datum::Int(int)) => {
            *(match point {
                Point::Histogram(point) => &mut point.count,
                Point::ExponentialHistogram(point) => &mut point.count,
                Point::Summary(point) => &mut point.count,
                Point::Number(_) => return Err(Failed),
            }) = int as u64;
            Ok(())
        }
        (Field::Sum, point, Datum::Double(double)) => {
            match point {
                Point::Histogram(point) => point.sum = Some(double),
                Point::ExponentialHistogram(point) => point.sum = Some(double),
                Point::Summary(point) => point.sum = double,
                Point::Number(_) => return Err(Failed),
            }
            Ok(())
        }
        _ => Err(Failed),
    }
}

/// An id in hex; one that is missing is all zeros, as the Collector has it.
fn id(bytes: &[u8], length: usize) -> Datum<'static> {
    Datum::Text(match bytes {
        [] => "0".repeat(2 * length).into(),
        bytes => hex::encode(bytes).into(),
    })
}

fn time(unix_nano: u64, as_time: bool) -> Datum<'static> {
    let nanos = unix_nano as i64;
    if as_time {
        Datum::Time(nanos)
    } else {
        Datum::Int(nanos)
    }
}

fn set_time(field: &mut u64, as_time: bool, datum: Datum<'static>) -> Result<(), Failed> {
    *field = match (datum, as_time) {
        (Datum::Time(nanos), true) | (Datum::Int(nanos), false) => nanos as u64,
        _ => return Err(Failed),
    };
    Ok(())
}

fn set_text<'a>(field: &mut Text<'a>, datum: Datum<'static>) -> Result<(), Failed> {
    match datum {
        Datum::Text(text) => *field = text,
        _ => return Err(Failed),
    }
    Ok(())
}

fn set_enum(field: &mut i32, datum: Datum<'static>) -> Result<(), Failed> {
    match datum {
        Datum::Int(int) => *field = int as i32,
        _ => return Err(Failed),
    }
    Ok(())
}

fn set_count(field: &mut u32, datum: Datum<'static>) -> Result<(), Failed> {
    match datum {
        Datum::Int(int) => *field = int as u32,
        _ => return Err(Failed),
    }
    Ok(())
}
