"""Send one of each signal with OpenTelemetry's SDK for Python: `python send.py grpc|http ADDRESS`.

Prints the ids that it sent as JSON. ../README.md says what is sent.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import Any

from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode


def exporter(signal: str, module: str, name: str, transport: str, address: str) -> Any:
    """Make the exporter of a signal."""
    found = importlib.import_module(f"opentelemetry.exporter.otlp.proto.{transport}.{module}")
    if transport == "grpc":
        return getattr(found, name)(endpoint=f"http://{address}", insecure=True)
    return getattr(found, name)(endpoint=f"http://{address}/v1/{signal}")


def send(transport: str, address: str) -> dict[str, str]:
    """Send all of it and wait for the answers."""
    where = (transport, address)
    resource = Resource({"service.name": "interop-python"})
    tracing = TracerProvider(resource=resource, shutdown_on_exit=False)
    spans = exporter("traces", "trace_exporter", "OTLPSpanExporter", *where)
    tracing.add_span_processor(BatchSpanProcessor(spans))
    logging = LoggerProvider(resource=resource, shutdown_on_exit=False)
    logs = exporter("logs", "_log_exporter", "OTLPLogExporter", *where)
    logging.add_log_record_processor(BatchLogRecordProcessor(logs))
    metrics = exporter("metrics", "metric_exporter", "OTLPMetricExporter", *where)
    reader = PeriodicExportingMetricReader(metrics)
    metering = MeterProvider([reader], resource=resource, shutdown_on_exit=False)

    tracer = tracing.get_tracer("interop", "1.2.3")
    parent = tracer.start_span("parent", kind=SpanKind.SERVER)
    parent_context = trace.set_span_in_context(parent)
    links = [Link(parent.get_span_context())]
    child = tracer.start_span("child", parent_context, kind=SpanKind.CLIENT, links=links)
    array = ["a", "b"]
    attributes = {"text": "größe", "int": -7, "double": 2.5, "bool": True, "array": array}
    child.set_attributes(attributes)
    child.add_event("step", {"number": 1})
    child.set_status(Status(StatusCode.ERROR, "broken"))
    logging.get_logger("interop").emit(
        LogRecord(
            timestamp=time.time_ns(),
            context=trace.set_span_in_context(child),
            severity_number=SeverityNumber.WARN,
            severity_text="WARN",
            body="hello",
            attributes={"int": -7},
            event_name="interop.event",
        )
    )
    child.end()
    parent.end()

    meter = metering.get_meter("interop")
    meter.create_counter("interop.count", "{item}").add(5, {"kind": "x"})
    sizes = meter.create_histogram("interop.size", explicit_bucket_boundaries_advisory=[1, 10])
    for size in (0.5, 5.0, 50.0):
        sizes.record(size)

    for provider in (tracing, logging, metering):
        provider.shutdown()
    return {
        "trace": f"{parent.get_span_context().trace_id:032x}",
        "parent": f"{parent.get_span_context().span_id:016x}",
        "child": f"{child.get_span_context().span_id:016x}",
    }


if __name__ == "__main__":
    print(json.dumps(send(*sys.argv[1:])))
