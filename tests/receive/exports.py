"""OTLP requests to send, made with protobuf's own classes."""

from __future__ import annotations

import itertools
import time

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

NUMBERS = itertools.count(1)

Export = ExportTraceServiceRequest | ExportLogsServiceRequest | ExportMetricsServiceRequest


def spans(count: int = 1, *, name: str = "work", trace_id: bytes | None = None) -> Export:
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for _ in range(count):
        number = next(NUMBERS)
        span = scope.spans.add(
            trace_id=number.to_bytes(16, "big") if trace_id is None else trace_id,
            span_id=number.to_bytes(8, "big"),
            name=name,
            start_time_unix_nano=time.time_ns(),
        )
        span.end_time_unix_nano = span.start_time_unix_nano + 1_000_000
    return request


def logs(count: int = 1, *, body: str = "something happened") -> Export:
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for _ in range(count):
        record = scope.log_records.add(time_unix_nano=time.time_ns(), severity_number=9)
        record.body.string_value = f"{body} {next(NUMBERS)}"
    return request


def points(count: int = 1) -> Export:
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="depth")
    for _ in range(count):
        metric.gauge.data_points.add(time_unix_nano=time.time_ns(), as_int=next(NUMBERS))
    return request


MAKERS = {"traces": spans, "logs": logs, "metrics": points}


def json_of(request: Export) -> bytes:
    """The request in protobuf's JSON mapping, whose ids OTLP/JSON spells in hex: only for requests
    without ids."""
    return json_format.MessageToJson(request, indent=None).encode()
