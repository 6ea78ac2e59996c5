"""Requests through the core, and through the plain reference."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from mainstem import _core
from tests.reference.redact import Reference

if TYPE_CHECKING:
    from pathlib import Path

    from google.protobuf.message import Message

REQUESTS: dict[str, type[Message]] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}


@dataclass(frozen=True)
class Redactor:
    """Both ways to redact, under one key."""

    key_path: Path

    def core(self, signal: str, request: Message, policy: dict[str, Any]) -> Any:
        """Give what the core writes, as JSON."""
        data = request.SerializeToString()
        line, _ = _core.redact_json(signal, data, json.dumps(policy), str(self.key_path))
        return json.loads(line)

    def counts(self, signal: str, request: Message, policy: dict[str, Any]) -> dict[str, int]:
        """Give the values changed, by rule."""
        data = request.SerializeToString()
        return _core.redact_json(signal, data, json.dumps(policy), str(self.key_path))[1]

    def reference(self, signal: str, request: Message, policy: dict[str, Any]) -> Any:
        """Give what the reference makes of it, as JSON in the core's encoding."""
        copy = type(request).FromString(request.SerializeToString())
        key = bytes.fromhex(self.key_path.read_text().split()[2])
        Reference(policy, key).apply(copy)
        return json.loads(_core.transcode(signal, copy.SerializeToString(), "protobuf"))
