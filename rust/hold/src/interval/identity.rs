//! What makes two points one series, as bytes that are equal for equal things.

use otlp::model::{KeyValue, Metric, MetricData, Resource, Scope, Value};

/// Attributes in the order of their keys.
pub(super) fn attributes(attributes: &[KeyValue<'_>], out: &mut Vec<u8>) {
    let mut sorted: Vec<&KeyValue<'_>> = attributes.iter().collect();
    sorted.sort_by(|one, other| one.key.cmp(&other.key));
    number(sorted.len() as u64, out);
    for attribute in sorted {
        text(&attribute.key, out);
        match &attribute.value {
            None => out.push(0),
            Some(found) => value(found, out),
        }
    }
}

pub(super) fn resource(resource: Option<&Resource<'_>>) -> Vec<u8> {
    let mut out = Vec::new();
    attributes(resource.map_or(&[], |it| &it.attributes), &mut out);
    out
}

pub(super) fn scope(scope: Option<&Scope<'_>>) -> Vec<u8> {
    let mut out = Vec::new();
    let (name, version) = scope.map_or(("", ""), |it| (&*it.name, &*it.version));
    text(name, &mut out);
    text(version, &mut out);
    attributes(scope.map_or(&[], |it| &it.attributes), &mut out);
    out
}

/// A metric without its description and points.
pub(super) fn metric(metric: &Metric<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    text(&metric.name, &mut out);
    text(&metric.unit, &mut out);
    let (kind, temporality, monotonic) = match &metric.data {
        None => (0, 0, false),
        Some(MetricData::Gauge(_)) => (1, 0, false),
        Some(MetricData::Sum {
            aggregation_temporality,
            is_monotonic,
            ..
        }) => (2, *aggregation_temporality, *is_monotonic),
        Some(MetricData::Histogram {
            aggregation_temporality,
            ..
        }) => (3, *aggregation_temporality, true),
        Some(MetricData::ExponentialHistogram {
            aggregation_temporality,
            ..
        }) => (4, *aggregation_temporality, true),
        Some(MetricData::Summary(_)) => (5, 0, false),
    };
    out.extend_from_slice(&[kind, u8::from(monotonic)]);
    out.extend_from_slice(&temporality.to_le_bytes());
    out
}

fn value(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Empty => out.push(1),
        Value::Text(found) => {
            out.push(2);
            text(found, out);
        }
        Value::Bool(found) => out.extend_from_slice(&[3, u8::from(*found)]),
        Value::Int(found) => {
            out.push(4);
            out.extend_from_slice(&found.to_le_bytes());
        }
        Value::Double(found) => {
            out.push(5);
            out.extend_from_slice(&found.to_bits().to_le_bytes());
        }
        Value::Array(items) => {
            out.push(6);
            number(items.len() as u64, out);
            items.iter().for_each(|item| self::value(item, out));
        }
        Value::Map(items) => {
            out.push(7);
            attributes(items, out);
        }
        Value::Bytes(found) => {
            out.push(8);
            number(found.len() as u64, out);
            out.extend_from_slice(found);
        }
    }
}

fn text(text: &str, out: &mut Vec<u8>) {
    number(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

fn number(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&number.to_le_bytes());
}
