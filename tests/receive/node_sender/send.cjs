// Sends spans, log records and a metric with the OpenTelemetry SDK for Node, then ends.
// Usage: node send.cjs grpc|proto|http BASE_URL (packages are looked up through NODE_PATH).
'use strict';

const [transport, base] = process.argv.slice(2);
const { BasicTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base');
const { LoggerProvider, SimpleLogRecordProcessor } = require('@opentelemetry/sdk-logs');
const { MeterProvider, PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
const { resourceFromAttributes } = require('@opentelemetry/resources');

const exporter = (signal, name) => {
  const Exporter = require(`@opentelemetry/exporter-${signal}-otlp-${transport}`)[name];
  const path = { trace: 'traces', logs: 'logs', metrics: 'metrics' }[signal];
  return new Exporter({ url: transport === 'grpc' ? base : `${base}/v1/${path}` });
};

const resource = resourceFromAttributes({ 'service.name': 'shop', owner: 'ann@example.com' });
const traces = new BasicTracerProvider({
  resource,
  spanProcessors: [new SimpleSpanProcessor(exporter('trace', 'OTLPTraceExporter'))],
});
const logs = new LoggerProvider({
  resource,
  processors: [new SimpleLogRecordProcessor({ exporter: exporter('logs', 'OTLPLogExporter') })],
});
const metrics = new MeterProvider({
  resource,
  readers: [
    new PeriodicExportingMetricReader({ exporter: exporter('metrics', 'OTLPMetricExporter') }),
  ],
});

const tracer = traces.getTracer('shop');
const logger = logs.getLogger('shop');
for (let number = 0; number < 5; number += 1) {
  tracer.startSpan(`order by bob${number}@example.com`).end();
  logger.emit({ body: `mail to bob${number}@example.com`, attributes: { number } });
}
metrics.getMeter('shop').createCounter('orders').add(3, { by: 'bob@example.com' });

(async () => {
  for (const provider of [traces, logs, metrics]) await provider.shutdown();
})();
