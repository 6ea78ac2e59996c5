"""OTLP messages made with protobuf's own classes: attributes, records, points and requests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    InstrumentationScope,
    KeyValue,
)
from opentelemetry.proto.logs.v1.logs_pb2 import ResourceLogs, ScopeLogs
from opentelemetry.proto.metrics.v1.metrics_pb2 import ResourceMetrics, ScopeMetrics
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans

from examples.contoso.catalog import REGIONS, SERVICE_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
    from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

Value = str | int | float | bool | tuple[str, ...]
SCOPE = "contoso.transform"


@dataclass(frozen=True)
class Request:
    """One export request for a region's collector; `records` counts spans, logs or points."""

    region: str
    signal: str
    body: bytes
    records: int


@lru_cache(maxsize=20_000)
def attribute(key: str, value: Value) -> KeyValue:
    """Make one attribute; those that repeat are made once."""
    return KeyValue(key=key, value=_any_value(value))


def attributes(**values: Value) -> list[KeyValue]:
    """Make attributes from keyword arguments, `__` standing for a dot in a key."""
    return [attribute(key.replace("__", "."), value) for key, value in values.items()]


def logs_request(region: str, version: str, records: Sequence[LogRecord]) -> Request:
    """Pack log records as one service's SDK sends them."""
    made = ScopeLogs(scope=scope(version), log_records=records)
    message = ExportLogsServiceRequest(
        resource_logs=[ResourceLogs(resource=resource(region, version), scope_logs=[made])]
    )
    return Request(region, "logs", message.SerializeToString(), len(records))


def traces_request(region: str, version: str, spans: Sequence[Span]) -> Request:
    """Pack spans as one service's SDK sends them."""
    made = ScopeSpans(scope=scope(version), spans=spans)
    message = ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(resource=resource(region, version), scope_spans=[made])]
    )
    return Request(region, "traces", message.SerializeToString(), len(spans))


def metrics_request(region: str, version: str, metrics: Sequence[Metric], points: int) -> Request:
    """Pack metrics as one service's SDK sends them."""
    made = ScopeMetrics(scope=scope(version), metrics=metrics)
    message = ExportMetricsServiceRequest(
        resource_metrics=[ResourceMetrics(resource=resource(region, version), scope_metrics=[made])]
    )
    return Request(region, "metrics", message.SerializeToString(), points)


@lru_cache
def scope(version: str) -> InstrumentationScope:
    """Name the instrumentation of a release."""
    return InstrumentationScope(name=SCOPE, version=version)


@lru_cache
def resource(region: str, version: str) -> Resource:
    """Describe the service in a region and release, as its SDK would."""
    return Resource(
        attributes=attributes(
            service__name=SERVICE_NAME,
            service__version=version,
            service__instance__id=f"{SERVICE_NAME}-{region}-0",
            deployment__environment__name="play",
            cloud__region=REGIONS[region],
            telemetry__sdk__language="python",
            telemetry__sdk__name="opentelemetry",
        )
    )


def _any_value(value: Value) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    return AnyValue(array_value=ArrayValue(values=[AnyValue(string_value=item) for item in value]))
