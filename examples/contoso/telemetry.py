"""Set up the OpenTelemetry SDK for the service: all three signals, to one collector over OTLP.

The standard variables say where to (`OTEL_EXPORTER_OTLP_ENDPOINT`) and how
(`OTEL_EXPORTER_OTLP_PROTOCOL`: `grpc` or `http/protobuf`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from examples.contoso.catalog import REGIONS, SERVICE_NAME

if TYPE_CHECKING:
    from opentelemetry.sdk._logs.export import LogRecordExporter
    from opentelemetry.sdk.metrics.export import MetricExporter
    from opentelemetry.sdk.trace.export import SpanExporter

EXPORT_EVERY_MS = 1_000
METRICS_EVERY_MS = 5_000
SCOPE = "contoso.transform"


@dataclass(frozen=True)
class Telemetry:
    """The three providers of one service in one region."""

    region: str
    version: str
    traces: TracerProvider
    logs: LoggerProvider
    metrics: MeterProvider

    def event(self, name: str, tenant: str, **values: str | int) -> None:
        """Emit an event of the vocabulary; `__` stands for a dot in a key."""
        named = {key.replace("__", "."): value for key, value in values.items()}
        self.logs.get_logger(SCOPE, self.version).emit(
            LogRecord(
                event_name=name,
                severity_number=SeverityNumber.INFO,
                attributes={tenant_key(self.region): tenant, **named},
            )
        )

    def log(self, body: str, tenant: str, **values: str) -> None:
        """Write an ordinary log line."""
        named = {key.replace("__", "."): value for key, value in values.items()}
        self.logs.get_logger(SCOPE, self.version).emit(
            LogRecord(
                body=body,
                severity_number=SeverityNumber.INFO,
                severity_text="INFO",
                attributes={tenant_key(self.region): tenant, **named},
            )
        )

    def shutdown(self) -> None:
        """Send what waits, and stop."""
        self.traces.shutdown()
        self.logs.shutdown()
        self.metrics.shutdown()


def tenant_key(region: str) -> str:
    """Name the tenant's attribute: Canada's release is older and says `customer.id`."""
    return "customer.id" if region == "cac" else "tenant.id"


def start_telemetry(region: str, version: str) -> Telemetry:
    """Start the three providers for a region's service of a release."""
    resource = Resource.create(
        {
            "service.name": SERVICE_NAME,
            "service.version": version,
            "service.instance.id": f"{SERVICE_NAME}-{region}-live",
            "deployment.environment.name": "play",
            "cloud.region": REGIONS[region],
        }
    )
    spans, records, points = _exporters()
    traces = TracerProvider(resource=resource)
    traces.add_span_processor(BatchSpanProcessor(spans, schedule_delay_millis=EXPORT_EVERY_MS))
    logs = LoggerProvider(resource=resource)
    logs.add_log_record_processor(
        BatchLogRecordProcessor(records, schedule_delay_millis=EXPORT_EVERY_MS)
    )
    reader = PeriodicExportingMetricReader(points, export_interval_millis=METRICS_EVERY_MS)
    metrics = MeterProvider(resource=resource, metric_readers=[reader])
    return Telemetry(region, version, traces, logs, metrics)


def _exporters() -> tuple[SpanExporter, LogRecordExporter, MetricExporter]:
    if os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc") == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc import (  # noqa: PLC0415 one of two ways
            _log_exporter,
            metric_exporter,
            trace_exporter,
        )

        return (
            trace_exporter.OTLPSpanExporter(insecure=True),
            _log_exporter.OTLPLogExporter(insecure=True),
            metric_exporter.OTLPMetricExporter(insecure=True),
        )
    from opentelemetry.exporter.otlp.proto.http import (  # noqa: PLC0415 one of two ways
        _log_exporter as http_logs,
    )
    from opentelemetry.exporter.otlp.proto.http import (  # noqa: PLC0415
        metric_exporter as http_metrics,
    )
    from opentelemetry.exporter.otlp.proto.http import (  # noqa: PLC0415
        trace_exporter as http_traces,
    )

    return (
        http_traces.OTLPSpanExporter(),
        http_logs.OTLPLogExporter(),
        http_metrics.OTLPMetricExporter(),
    )
