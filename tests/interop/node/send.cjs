// Sends one of each signal with OpenTelemetry's SDK for Node: `node send.cjs grpc|http ADDRESS`.
//
// Prints the ids that it sent as JSON. ../README.md says what is sent.
"use strict";

const { context, trace, SpanKind, SpanStatusCode } = require("@opentelemetry/api");
const { SeverityNumber } = require("@opentelemetry/api-logs");
const { resourceFromAttributes } = require("@opentelemetry/resources");
const { BatchLogRecordProcessor, LoggerProvider } = require("@opentelemetry/sdk-logs");
const { AggregationType, MeterProvider, PeriodicExportingMetricReader } = require("@opentelemetry/sdk-metrics");
const { BasicTracerProvider, BatchSpanProcessor } = require("@opentelemetry/sdk-trace-base");

const [transport, address] = process.argv.slice(2);
const kind = { grpc: "grpc", http: "proto" }[transport];
const exporter = (signal, path, name) => {
  const url = transport === "grpc" ? `http://${address}` : `http://${address}/v1/${path}`;
  return new (require(`@opentelemetry/exporter-${signal}-otlp-${kind}`)[name])({ url });
};

async function main() {
  const resource = resourceFromAttributes({ "service.name": "interop-node" });
  const tracing = new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(exporter("trace", "traces", "OTLPTraceExporter"))],
  });
  const logging = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: exporter("logs", "logs", "OTLPLogExporter") })],
  });
  const metering = new MeterProvider({
    resource,
    readers: [new PeriodicExportingMetricReader({ exporter: exporter("metrics", "metrics", "OTLPMetricExporter") })],
    views: [{
      instrumentName: "interop.size",
      aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: [1, 10] } },
    }],
  });

  const tracer = tracing.getTracer("interop", "1.2.3");
  const parent = tracer.startSpan("parent", { kind: SpanKind.SERVER });
  const child = tracer.startSpan(
    "child",
    { kind: SpanKind.CLIENT, links: [{ context: parent.spanContext() }] },
    trace.setSpan(context.active(), parent),
  );
  child.setAttributes({ text: "größe", int: -7, double: 2.5, bool: true, array: ["a", "b"] });
  child.addEvent("step", { number: 1 });
  child.setStatus({ code: SpanStatusCode.ERROR, message: "broken" });
  logging.getLogger("interop").emit({
    timestamp: new Date(),
    severityNumber: SeverityNumber.WARN,
    severityText: "WARN",
    eventName: "interop.event",
    body: "hello",
    attributes: { int: -7 },
    context: trace.setSpan(context.active(), child),
  });
  child.end();
  parent.end();

  const meter = metering.getMeter("interop");
  meter.createCounter("interop.count", { unit: "{item}" }).add(5, { kind: "x" });
  const sizes = meter.createHistogram("interop.size");
  for (const size of [0.5, 5, 50]) sizes.record(size);

  await Promise.all([tracing.shutdown(), logging.shutdown(), metering.shutdown()]);
  console.log(JSON.stringify({
    trace: parent.spanContext().traceId,
    parent: parent.spanContext().spanId,
    child: child.spanContext().spanId,
  }));
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
