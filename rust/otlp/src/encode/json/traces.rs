//! `TracesData`.

use super::Writer;
use crate::model::{ResourceSpans, ScopeSpans, Span, SpanEvent, SpanLink};

impl Writer<'_> {
    pub fn traces(&mut self, resources: &[ResourceSpans<'_>]) {
        self.raw("{");
        self.list("\"resourceSpans\":[", resources, Self::resource_spans);
        self.end_line();
    }

    fn resource_spans(&mut self, spans: &ResourceSpans<'_>) {
        self.raw("{");
        self.resource(spans.resource.as_ref());
        self.list("\"scopeSpans\":[", &spans.scopes, Self::scope_spans);
        self.text("\"schemaUrl\":\"", &spans.schema_url);
        self.end_object();
    }

    fn scope_spans(&mut self, spans: &ScopeSpans<'_>) {
        self.raw("{");
        self.scope(spans.scope.as_ref());
        self.list("\"spans\":[", &spans.spans, Self::span);
        self.text("\"schemaUrl\":\"", &spans.schema_url);
        self.end_object();
    }

    fn span(&mut self, span: &Span<'_>) {
        self.raw("{");
        self.id("\"traceId\":\"", &span.trace_id);
        self.id("\"spanId\":\"", &span.span_id);
        self.text("\"traceState\":\"", &span.trace_state);
        self.id("\"parentSpanId\":\"", &span.parent_span_id);
        self.small("\"flags\":", span.flags);
        self.text("\"name\":\"", &span.name);
        self.small("\"kind\":", span.kind);
        self.long("\"startTimeUnixNano\":\"", span.start_time_unix_nano);
        self.long("\"endTimeUnixNano\":\"", span.end_time_unix_nano);
        self.attributes("\"attributes\":[", &span.attributes);
        self.small("\"droppedAttributesCount\":", span.dropped_attributes_count);
        self.list("\"events\":[", &span.events, Self::span_event);
        self.small("\"droppedEventsCount\":", span.dropped_events_count);
        self.list("\"links\":[", &span.links, Self::span_link);
        self.small("\"droppedLinksCount\":", span.dropped_links_count);
        if let Some(status) = &span.status {
            self.raw("\"status\":{");
            self.text("\"message\":\"", &status.message);
            self.small("\"code\":", status.code);
            self.end_object();
        }
        self.end_object();
    }

    fn span_event(&mut self, event: &SpanEvent<'_>) {
        self.raw("{");
        self.long("\"timeUnixNano\":\"", event.time_unix_nano);
        self.text("\"name\":\"", &event.name);
        self.attributes("\"attributes\":[", &event.attributes);
        self.small(
            "\"droppedAttributesCount\":",
            event.dropped_attributes_count,
        );
        self.end_object();
    }

    fn span_link(&mut self, link: &SpanLink<'_>) {
        self.raw("{");
        self.id("\"traceId\":\"", &link.trace_id);
        self.id("\"spanId\":\"", &link.span_id);
        self.text("\"traceState\":\"", &link.trace_state);
        self.attributes("\"attributes\":[", &link.attributes);
        self.small("\"droppedAttributesCount\":", link.dropped_attributes_count);
        self.small("\"flags\":", link.flags);
        self.end_object();
    }
}
