//! One span, log record, data point or the like with what it stands in, and its fields by path.

use otlp::model::{
    ExponentialHistogramPoint, HistogramPoint, KeyValue, LogRecord, Metric, NumberPoint, Resource,
    Scope, Span, SpanEvent, SummaryPoint, Value,
};

use super::datum::{Datum, Failed, Parts};
use super::fields::{
    of_point, read_log_record, read_metric, read_point, read_span, set_count, set_text, set_time,
    time, write_log_record, write_metric, write_point, write_span,
};
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
                        // The place is made even where the value then turns out to have no form.
                        let place = place(value, keys)?;
                        *place = datum.into_value()?;
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
                let place = place(body, &path.keys)?;
                *place = datum.into_value()?;
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
            (Value::Array(values), Key::Index(index)) => element(values, *index)?,
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
            (Value::Array(values), Key::Index(index)) => element(values, *index)?,
            _ => return Err(Failed),
        };
    }
    Ok(value)
}

fn element<'v, 'a>(values: &'v mut [Value<'a>], index: i64) -> Result<&'v mut Value<'a>, Failed> {
    usize::try_from(index)
        .ok()
        .and_then(|index| values.get_mut(index))
        .ok_or(Failed)
}
