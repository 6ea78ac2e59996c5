"""The OpenTelemetry SDK for Python as sender: all signals, over gRPC and over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import (
    OTLPLogExporter as GrpcLogExporter,
)
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import (
    OTLPMetricExporter as GrpcMetricExporter,
)
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (
    OTLPSpanExporter as GrpcSpanExporter,
)
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import (
    OTLPLogExporter as HttpLogExporter,
)
from opentelemetry.exporter.otlp.proto.http.metric_exporter import (
    OTLPMetricExporter as HttpMetricExporter,
)
from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
    OTLPSpanExporter as HttpSpanExporter,
)
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

if TYPE_CHECKING:
    from planes import Collector

RESOURCE = Resource.create({"service.name": "shop", "owner": "ann@example.com"})


def exporters(collector: Collector, transport: str):
    if transport == "grpc":
        options = {"endpoint": collector.grpc, "insecure": True}
        return (
            GrpcSpanExporter(**options),
            GrpcLogExporter(**options),
            GrpcMetricExporter(**options),
        )
    base, gzip = f"{collector.http}/v1", Compression.Gzip
    return (
        HttpSpanExporter(endpoint=f"{base}/traces", compression=gzip),
        HttpLogExporter(endpoint=f"{base}/logs", compression=gzip),
        HttpMetricExporter(endpoint=f"{base}/metrics", compression=gzip),
    )


@pytest.mark.parametrize("transport", ["grpc", "http"])
def test_all_signals_arrive_redacted(collector: Collector, transport: str) -> None:
    span_exporter, log_exporter, metric_exporter = exporters(collector, transport)
    traces = TracerProvider(resource=RESOURCE)
    traces.add_span_processor(BatchSpanProcessor(span_exporter))
    logs = LoggerProvider(resource=RESOURCE)
    logs.add_log_record_processor(BatchLogRecordProcessor(log_exporter))
    metrics = MeterProvider(
        resource=RESOURCE, metric_readers=[PeriodicExportingMetricReader(metric_exporter)]
    )
    tracer, logger = traces.get_tracer("shop"), logs.get_logger("shop")
    for number in range(20):
        with tracer.start_as_current_span(f"order by bob{number}@example.com"):
            logger.emit(body=f"mail to bob{number}@example.com", event_name="feature.used")
    metrics.get_meter("shop").create_counter("orders").add(3, {"by": "bob@example.com"})
    for provider in (traces, logs, metrics):
        provider.shutdown()

    assert collector.counts("traces", transport)["accepted"] == 20
    assert collector.counts("logs", transport)["accepted"] == 20
    assert collector.counts("metrics", transport)["accepted"] == 1
    stored = collector.seal()
    assert set(stored) == {"traces", "logs", "metrics"}
    assert "example.com" not in str(stored)
    spans = stored["traces"][0]["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert {span["name"] for span in spans} == {"order by ****"}
