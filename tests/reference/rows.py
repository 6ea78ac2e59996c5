"""A request as rows of the bronze tables, each a dictionary in the columns' order.

Columns of JSON text hold what `json.loads` gives; see `canonical`.
"""

from __future__ import annotations

import base64
import json
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from reference.blake3 import blake3

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from google.protobuf.message import Message

EPOCH = datetime(1970, 1, 1)
LONGEST_PAST = timedelta(days=800) // timedelta(microseconds=1) * 1000
LONGEST_FUTURE = timedelta(hours=1) // timedelta(microseconds=1) * 1000
JSON_COLUMNS = {
    "resource_attributes",
    "scope_attributes",
    "log_attributes",
    "span_attributes",
    "metric_attributes",
    "events_json",
    "links_json",
    "exemplars_json",
    "metadata_json",
    "bucket_counts",
    "explicit_bounds",
    "positive_bucket_counts",
    "negative_bucket_counts",
    "quantile_values",
}


@dataclass(frozen=True)
class Line:
    """One line of a blob, and what is known about it beside it."""

    message: Message
    number: int
    digest: bytes
    received_ns: int


@dataclass(frozen=True)
class Blob:
    """Where the rows say that they come from."""

    name: str = "2026/11/24/x.json"
    region: str = "euc"
    environment: str = "test"
    tenant_keys: list[str] = field(default_factory=lambda: ["tenant.id", "customer.id"])


def canonical(value: Any) -> str:
    """JSON in one spelling, in which 1 and 1.0 differ and the order of keys does not count."""
    return json.dumps(value, sort_keys=True)


def rows(signal: str, line: Line, blob: Blob) -> list[dict[str, Any]]:
    """Give the rows of one line."""
    make = {"traces": _spans, "logs": _logs, "metrics": _points}[signal]
    found = []
    for ordinal, (resource, scope, record, own, times) in enumerate(make(line.message)):
        common = _common(line, blob, ordinal, resource, scope, record, times)
        found.append({key: _without_nul(value) for key, value in (common | own).items()})
    return found


def _common(
    line: Line,
    blob: Blob,
    ordinal: int,
    resource: Message,
    scope: Message,
    record: Message,
    times: list[tuple[int, str]],
) -> dict[str, Any]:
    event_ns, source = next(((time, name) for time, name in times if _time(time)), (None, ""))
    earliest, latest = line.received_ns - LONGEST_PAST, line.received_ns + LONGEST_FUTURE
    if event_ns is None or not earliest <= event_ns <= latest:
        event_ns, source = line.received_ns, "received"
    tenant = _first(blob.tenant_keys, record.attributes)
    if tenant is None:
        tenant = _first(blob.tenant_keys, resource.resource.attributes)
    identity = line.digest + ordinal.to_bytes(8, "little")
    return {
        "record_id": blake3(identity)[:16].hex(),
        "region": blob.region,
        "environment": blob.environment,
        "blob": blob.name,
        "line": line.number,
        "ordinal": ordinal,
        "received_at": _timestamp(line.received_ns),
        "event_ts": _timestamp(event_ns),
        "event_date": _timestamp(event_ns).date(),
        "time_source": source,
        "service_name": _first(["service.name"], resource.resource.attributes),
        "tenant_id": tenant,
        "resource_attributes": _object(resource.resource.attributes),
        "resource_schema_url": resource.schema_url or None,
        "scope_name": scope.scope.name or None,
        "scope_version": scope.scope.version or None,
        "scope_attributes": _object(scope.scope.attributes),
        "scope_schema_url": scope.schema_url or None,
    }


Made = tuple[Any, Any, Any, dict[str, Any], list[tuple[int, str]]]


def _logs(request: Any) -> Iterator[Made]:
    for resource in request.resource_logs:
        for scope in resource.scope_logs:
            for record in scope.log_records:
                own = {
                    "time_unix_nano": _time(record.time_unix_nano),
                    "observed_time_unix_nano": _time(record.observed_time_unix_nano),
                    "trace_id": record.trace_id.hex() or None,
                    "span_id": record.span_id.hex() or None,
                    "flags": record.flags,
                    "severity_number": record.severity_number,
                    "severity_text": record.severity_text or None,
                    "event_name": record.event_name or _first(["event.name"], record.attributes),
                    **_body(record),
                    "log_attributes": _object(record.attributes),
                    "dropped_attributes_count": record.dropped_attributes_count,
                }
                times = [
                    (record.time_unix_nano, "time"),
                    (record.observed_time_unix_nano, "observed"),
                ]
                yield resource, scope, record, own, times


def _body(record: Any) -> dict[str, Any]:
    kind = record.body.WhichOneof("value")
    name = {None: "empty", "array_value": "array", "kvlist_value": "map"}.get(kind)
    body: str | None = None
    if kind == "string_value":
        body = record.body.string_value
    elif kind == "bytes_value":
        body = base64.b64encode(record.body.bytes_value).decode()
    elif kind is not None:
        body = canonical(_json_without_nul(_value(record.body)))
    return {"body": body, "body_type": name or str(kind).removesuffix("_value")}


def _spans(request: Any) -> Iterator[Made]:
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                start, end = _time(span.start_time_unix_nano), _time(span.end_time_unix_nano)
                own = {
                    "start_time_unix_nano": start,
                    "end_time_unix_nano": end,
                    "duration_time_unix_nano": end - start if start and end else None,
                    "trace_id": span.trace_id.hex() or None,
                    "span_id": span.span_id.hex() or None,
                    "parent_span_id": span.parent_span_id.hex() or None,
                    "trace_state": span.trace_state or None,
                    "flags": span.flags,
                    "name": span.name,
                    "kind": span.kind,
                    "status_code": span.status.code,
                    "status_message": span.status.message or None,
                    "span_attributes": _object(span.attributes),
                    "events_json": [_part(event) for event in span.events],
                    "links_json": [_part(link) for link in span.links],
                    "dropped_attributes_count": span.dropped_attributes_count,
                    "dropped_events_count": span.dropped_events_count,
                    "dropped_links_count": span.dropped_links_count,
                }
                yield resource, scope, span, own, [(span.start_time_unix_nano, "time")]


def _points(request: Any) -> Iterator[Made]:
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                data = getattr(metric, kind) if kind else None
                for point in data.data_points if data else ():
                    own = _point(metric, kind, data, point)
                    yield resource, scope, point, own, [(point.time_unix_nano, "time")]


def _point(metric: Any, kind: str, data: Any, point: Any) -> dict[str, Any]:
    is_number = kind in {"gauge", "sum"}
    number = point.WhichOneof("value") if is_number else None
    has_buckets = kind == "exponential_histogram"
    positive = point.positive if has_buckets and point.HasField("positive") else None
    negative = point.negative if has_buckets and point.HasField("negative") else None
    return {
        "name": metric.name,
        "description": metric.description or None,
        "unit": metric.unit or None,
        "metric_type": kind,
        "start_time_unix_nano": _time(point.start_time_unix_nano),
        "time_unix_nano": _time(point.time_unix_nano),
        "int_value": point.as_int if number == "as_int" else None,
        "double_value": point.as_double if number == "as_double" else None,
        "aggregation_temporality": getattr(data, "aggregation_temporality", None),
        "is_monotonic": getattr(data, "is_monotonic", None),
        "count": None if is_number else _count(point.count),
        "sum": None if is_number else _optional(point, "sum"),
        "min": _optional(point, "min"),
        "max": _optional(point, "max"),
        "bucket_counts": list(point.bucket_counts) if kind == "histogram" else None,
        "explicit_bounds": [_double(bound) for bound in point.explicit_bounds]
        if kind == "histogram"
        else None,
        "scale": point.scale if has_buckets else None,
        "zero_count": _count(point.zero_count) if has_buckets else None,
        "zero_threshold": point.zero_threshold if has_buckets else None,
        "positive_offset": positive.offset if positive is not None else None,
        "positive_bucket_counts": list(positive.bucket_counts) if positive is not None else None,
        "negative_offset": negative.offset if negative is not None else None,
        "negative_bucket_counts": list(negative.bucket_counts) if negative is not None else None,
        "quantile_values": [
            {"quantile": _double(one.quantile), "value": _double(one.value)}
            for one in point.quantile_values
        ]
        if kind == "summary"
        else None,
        "exemplars_json": [_exemplar(one) for one in getattr(point, "exemplars", ())],
        "metadata_json": _object(metric.metadata),
        "metric_attributes": _object(point.attributes),
        "flags": point.flags,
    }


def _optional(point: Any, name: str) -> float | None:
    known = point.DESCRIPTOR.fields_by_name.get(name)
    if known is None or (known.has_presence and not point.HasField(name)):
        return None
    value: float = getattr(point, name)
    return value


def _part(message: Any) -> dict[str, Any]:
    """An event or a link: what is not at its default, by its own name."""
    part: dict[str, Any] = {}
    for descriptor, value in message.ListFields():
        if descriptor.name == "attributes":
            part["attributes"] = _object(value)
        elif descriptor.name == "time_unix_nano":
            if _time(value):
                part["time_unix_nano"] = value
        else:
            part[descriptor.name] = value.hex() if isinstance(value, bytes) else value
    return part


def _exemplar(exemplar: Any) -> dict[str, Any]:
    part: dict[str, Any] = {}
    if _time(exemplar.time_unix_nano):
        part["time_unix_nano"] = exemplar.time_unix_nano
    number = exemplar.WhichOneof("value")
    if number == "as_int":
        part["int_value"] = exemplar.as_int
    elif number == "as_double":
        part["double_value"] = _double(exemplar.as_double)
    for name in ("trace_id", "span_id"):
        if getattr(exemplar, name):
            part[name] = getattr(exemplar, name).hex()
    if exemplar.filtered_attributes:
        part["filtered_attributes"] = _object(exemplar.filtered_attributes)
    return part


def _object(attributes: Iterable[Any]) -> dict[str, Any]:
    return {attribute.key: _value(attribute.value) for attribute in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    held = getattr(value, kind)
    if kind == "array_value":
        return [_value(one) for one in held.values]
    if kind == "kvlist_value":
        return _object(held.values)
    if kind == "bytes_value":
        return base64.b64encode(held).decode()
    return _double(held) if kind == "double_value" else held


def _double(number: float) -> float | str:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number


def _first(keys: list[str], attributes: Any) -> str | None:
    """The first of `keys` under which the attributes hold a text or an integer."""
    held = {attribute.key: attribute.value for attribute in attributes}
    for key in keys:
        kind = held[key].WhichOneof("value") if key in held else None
        if kind == "string_value" and held[key].string_value:
            return str(held[key].string_value)
        if kind == "int_value":
            return str(held[key].int_value)
    return None


def _time(unix_nano: int) -> int | None:
    return unix_nano if 0 < unix_nano < 2**63 else None


def _count(number: int) -> int | None:
    return number if number < 2**63 else None


def _timestamp(unix_nano: int) -> datetime:
    return EPOCH + timedelta(microseconds=unix_nano // 1000)


def _without_nul(value: Any) -> Any:
    return _json_without_nul(value)


def _json_without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [_json_without_nul(one) for one in value]
    if isinstance(value, dict):
        return {_json_without_nul(key): _json_without_nul(one) for key, one in value.items()}
    return value
