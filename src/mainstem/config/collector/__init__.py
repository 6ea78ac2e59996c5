"""The OpenTelemetry Collector's configuration, as this collector reads it (docs/collector.md)."""

from __future__ import annotations

from mainstem.config.collector.forwarding import Forwarding, OtlpGrpc, OtlpHttp
from mainstem.config.collector.model import (
    BlobEnd,
    CollectorConfig,
    Destination,
    Pipeline,
    ProcessorStep,
    RedactionStep,
)
from mainstem.config.collector.read import default_collector, parse_collector, read_collector

__all__ = [
    "BlobEnd",
    "CollectorConfig",
    "Destination",
    "Forwarding",
    "OtlpGrpc",
    "OtlpHttp",
    "Pipeline",
    "ProcessorStep",
    "RedactionStep",
    "default_collector",
    "parse_collector",
    "read_collector",
]
