// Sends one of each signal with OpenTelemetry's SDK for Go: `sender grpc|http ADDRESS`.
//
// Prints the ids that it sent as JSON. ../README.md says what is sent.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

type exporters struct {
	spans   sdktrace.SpanExporter
	logs    sdklog.Exporter
	metrics sdkmetric.Exporter
}

func newExporters(ctx context.Context, transport, address string) (out exporters, err error) {
	var failures [3]error
	switch transport {
	case "grpc":
		out.spans, failures[0] = otlptracegrpc.New(ctx, otlptracegrpc.WithInsecure(), otlptracegrpc.WithEndpoint(address))
		out.logs, failures[1] = otlploggrpc.New(ctx, otlploggrpc.WithInsecure(), otlploggrpc.WithEndpoint(address))
		out.metrics, failures[2] = otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithInsecure(), otlpmetricgrpc.WithEndpoint(address))
	case "http":
		out.spans, failures[0] = otlptracehttp.New(ctx, otlptracehttp.WithInsecure(), otlptracehttp.WithEndpoint(address))
		out.logs, failures[1] = otlploghttp.New(ctx, otlploghttp.WithInsecure(), otlploghttp.WithEndpoint(address))
		out.metrics, failures[2] = otlpmetrichttp.New(ctx, otlpmetrichttp.WithInsecure(), otlpmetrichttp.WithEndpoint(address))
	default:
		return out, errors.New("the transport is grpc or http")
	}
	return out, errors.Join(failures[:]...)
}

func run(ctx context.Context, transport, address string) error {
	exporters, err := newExporters(ctx, transport, address)
	if err != nil {
		return err
	}
	of := resource.NewSchemaless(attribute.String("service.name", "interop-go"))
	tracing := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporters.spans), sdktrace.WithResource(of))
	logging := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(exporters.logs)), sdklog.WithResource(of))
	metering := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporters.metrics)), sdkmetric.WithResource(of))

	tracer := tracing.Tracer("interop", trace.WithInstrumentationVersion("1.2.3"))
	parentContext, parent := tracer.Start(ctx, "parent", trace.WithSpanKind(trace.SpanKindServer))
	childContext, child := tracer.Start(parentContext, "child", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithLinks(trace.Link{SpanContext: parent.SpanContext()}))
	child.SetAttributes(
		attribute.String("text", "größe"), attribute.Int64("int", -7), attribute.Float64("double", 2.5),
		attribute.Bool("bool", true), attribute.StringSlice("array", []string{"a", "b"}))
	child.AddEvent("step", trace.WithAttributes(attribute.Int("number", 1)))
	child.SetStatus(codes.Error, "broken")

	var record log.Record
	record.SetTimestamp(time.Now())
	record.SetSeverity(log.SeverityWarn)
	record.SetSeverityText("WARN")
	record.SetEventName("interop.event")
	record.SetBody(attribute.StringValue("hello"))
	record.AddAttributes(attribute.Int64("int", -7))
	logging.Logger("interop").Emit(childContext, record)
	child.End()
	parent.End()

	meter := metering.Meter("interop")
	counter, err := meter.Int64Counter("interop.count", metric.WithUnit("{item}"))
	if err != nil {
		return err
	}
	counter.Add(ctx, 5, metric.WithAttributes(attribute.String("kind", "x")))
	sizes, err := meter.Float64Histogram("interop.size", metric.WithExplicitBucketBoundaries(1, 10))
	if err != nil {
		return err
	}
	for _, size := range []float64{0.5, 5, 50} {
		sizes.Record(ctx, size)
	}
	if err := errors.Join(tracing.Shutdown(ctx), logging.Shutdown(ctx), metering.Shutdown(ctx)); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]string{
		"trace":  parent.SpanContext().TraceID().String(),
		"parent": parent.SpanContext().SpanID().String(),
		"child":  child.SpanContext().SpanID().String(),
	})
}

func main() {
	if len(os.Args) != 3 {
		println("usage: sender grpc|http ADDRESS")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := run(ctx, os.Args[1], os.Args[2]); err != nil {
		println(err.Error())
		os.Exit(1)
	}
}
