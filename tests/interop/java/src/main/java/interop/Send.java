package interop;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.logs.OtlpHttpLogRecordExporter;
import io.opentelemetry.exporter.otlp.http.metrics.OtlpHttpMetricExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.logs.OtlpGrpcLogRecordExporter;
import io.opentelemetry.exporter.otlp.metrics.OtlpGrpcMetricExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.logs.SdkLoggerProvider;
import io.opentelemetry.sdk.logs.export.BatchLogRecordProcessor;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.metrics.export.PeriodicMetricReader;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Instant;
import java.util.List;

/**
 * Sends one of each signal with OpenTelemetry's SDK for Java: {@code Send grpc|http ADDRESS}.
 *
 * <p>Prints the ids that it sent as JSON. ../README.md says what is sent.
 */
public final class Send {
  private static final String GRPC = "grpc";

  private Send() {}

  private static SpanExporter spans(String transport, String url) {
    return transport.equals(GRPC)
        ? OtlpGrpcSpanExporter.builder().setEndpoint(url).build()
        : OtlpHttpSpanExporter.builder().setEndpoint(url + "/v1/traces").build();
  }

  private static LogRecordExporter logs(String transport, String url) {
    return transport.equals(GRPC)
        ? OtlpGrpcLogRecordExporter.builder().setEndpoint(url).build()
        : OtlpHttpLogRecordExporter.builder().setEndpoint(url + "/v1/logs").build();
  }

  private static MetricExporter metrics(String transport, String url) {
    return transport.equals(GRPC)
        ? OtlpGrpcMetricExporter.builder().setEndpoint(url).build()
        : OtlpHttpMetricExporter.builder().setEndpoint(url + "/v1/metrics").build();
  }

  public static void main(String[] arguments) {
    var transport = arguments[0];
    var url = "http://" + arguments[1];
    var resource =
        Resource.create(Attributes.of(AttributeKey.stringKey("service.name"), "interop-java"));
    var tracing =
        SdkTracerProvider.builder()
            .setResource(resource)
            .addSpanProcessor(BatchSpanProcessor.builder(spans(transport, url)).build())
            .build();
    var logging =
        SdkLoggerProvider.builder()
            .setResource(resource)
            .addLogRecordProcessor(BatchLogRecordProcessor.builder(logs(transport, url)).build())
            .build();
    var metering =
        SdkMeterProvider.builder()
            .setResource(resource)
            .registerMetricReader(PeriodicMetricReader.create(metrics(transport, url)))
            .build();
    var sdk =
        OpenTelemetrySdk.builder()
            .setTracerProvider(tracing)
            .setLoggerProvider(logging)
            .setMeterProvider(metering)
            .build();

    var tracer = sdk.getTracer("interop", "1.2.3");
    Span parent = tracer.spanBuilder("parent").setSpanKind(SpanKind.SERVER).startSpan();
    Span child =
        tracer
            .spanBuilder("child")
            .setSpanKind(SpanKind.CLIENT)
            .setParent(Context.current().with(parent))
            .addLink(parent.getSpanContext())
            .startSpan();
    child.setAttribute("text", "größe");
    child.setAttribute("int", -7);
    child.setAttribute("double", 2.5);
    child.setAttribute("bool", true);
    child.setAttribute(AttributeKey.stringArrayKey("array"), List.of("a", "b"));
    child.addEvent("step", Attributes.of(AttributeKey.longKey("number"), 1L));
    child.setStatus(StatusCode.ERROR, "broken");
    sdk.getLogsBridge()
        .get("interop")
        .logRecordBuilder()
        .setTimestamp(Instant.now())
        .setContext(Context.current().with(child))
        .setSeverity(Severity.WARN)
        .setSeverityText("WARN")
        .setEventName("interop.event")
        .setBody("hello")
        .setAttribute(AttributeKey.longKey("int"), -7L)
        .emit();
    child.end();
    parent.end();

    var meter = sdk.getMeter("interop");
    meter
        .counterBuilder("interop.count")
        .setUnit("{item}")
        .build()
        .add(5, Attributes.of(AttributeKey.stringKey("kind"), "x"));
    var sizes =
        meter
            .histogramBuilder("interop.size")
            .setExplicitBucketBoundariesAdvice(List.of(1.0, 10.0))
            .build();
    for (double size : new double[] {0.5, 5, 50}) {
      sizes.record(size);
    }
    sdk.close();
    System.out.printf(
        "{\"trace\":\"%s\",\"parent\":\"%s\",\"child\":\"%s\"}%n",
        parent.getSpanContext().getTraceId(),
        parent.getSpanContext().getSpanId(),
        child.getSpanContext().getSpanId());
  }
}
