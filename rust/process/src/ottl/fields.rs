//! The plain fields of spans, log records, metrics and points: how each is read and set.

use otlp::model::{LogRecord, Metric, MetricData, Number, Span, Text, Value};

use super::datum::{Datum, Failed};
use super::item::Point;
use super::path::Field;

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

pub(super) use of_point;

pub(super) fn read_span<'e>(span: &'e Span<'_>, field: Field) -> Result<Datum<'e>, Failed> {
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

pub(super) fn write_span(
    span: &mut Span<'_>,
    field: Field,
    datum: Datum<'static>,
) -> Result<(), Failed> {
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

pub(super) fn read_log_record<'e>(
    record: &'e LogRecord<'_>,
    field: Field,
) -> Result<Datum<'e>, Failed> {
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

pub(super) fn write_log_record(
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

pub(super) fn read_metric<'e>(metric: &'e Metric<'_>, field: Field) -> Result<Datum<'e>, Failed> {
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
pub(super) fn write_metric(
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

pub(super) fn read_point<'e>(point: &'e Point<'_, '_>, field: Field) -> Result<Datum<'e>, Failed> {
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

pub(super) fn write_point(
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
pub(super) fn id(bytes: &[u8], length: usize) -> Datum<'static> {
    Datum::Text(match bytes {
        [] => "0".repeat(2 * length).into(),
        bytes => hex::encode(bytes).into(),
    })
}

pub(super) fn time(unix_nano: u64, as_time: bool) -> Datum<'static> {
    let nanos = unix_nano as i64;
    if as_time {
        Datum::Time(nanos)
    } else {
        Datum::Int(nanos)
    }
}

pub(super) fn set_time(
    field: &mut u64,
    as_time: bool,
    datum: Datum<'static>,
) -> Result<(), Failed> {
    *field = match (datum, as_time) {
        (Datum::Time(nanos), true) | (Datum::Int(nanos), false) => nanos as u64,
        _ => return Err(Failed),
    };
    Ok(())
}

pub(super) fn set_text<'a>(field: &mut Text<'a>, datum: Datum<'static>) -> Result<(), Failed> {
    match datum {
        Datum::Text(text) => *field = text,
        _ => return Err(Failed),
    }
    Ok(())
}

pub(super) fn set_enum(field: &mut i32, datum: Datum<'static>) -> Result<(), Failed> {
    match datum {
        Datum::Int(int) => *field = int as i32,
        _ => return Err(Failed),
    }
    Ok(())
}

pub(super) fn set_count(field: &mut u32, datum: Datum<'static>) -> Result<(), Failed> {
    match datum {
        Datum::Int(int) => *field = int as u32,
        _ => return Err(Failed),
    }
    Ok(())
}
