//! `ExportTraceServiceRequest`.

use super::Writer;
use crate::model::{ResourceSpans, ScopeSpans, Span, SpanEvent, SpanLink, Status};

impl Writer<'_> {
    pub fn traces(&mut self, resources: &[ResourceSpans<'_>]) {
        self.messages(1, resources, Self::resource_spans);
    }

    fn resource_spans(&mut self, spans: &ResourceSpans<'_>) {
        self.resource(spans.resource.as_ref());
        self.messages(2, &spans.scopes, Self::scope_spans);
        self.text(3, &spans.schema_url);
    }

    fn scope_spans(&mut self, spans: &ScopeSpans<'_>) {
        self.scope(spans.scope.as_ref());
        self.messages(2, &spans.spans, Self::span);
        self.text(3, &spans.schema_url);
    }

    fn span(&mut self, span: &Span<'_>) {
        self.bytes(1, &span.trace_id);
        self.bytes(2, &span.span_id);
        self.text(3, &span.trace_state);
        self.bytes(4, &span.parent_span_id);
        self.text(5, &span.name);
        self.enumeration(6, span.kind);
        self.fixed64(7, span.start_time_unix_nano);
        self.fixed64(8, span.end_time_unix_nano);
        self.attributes(9, &span.attributes);
        self.uint(10, span.dropped_attributes_count);
        self.messages(11, &span.events, Self::span_event);
        self.uint(12, span.dropped_events_count);
        self.messages(13, &span.links, Self::span_link);
        self.uint(14, span.dropped_links_count);
        if let Some(status) = &span.status {
            self.message(15, |writer| writer.status(status));
        }
        self.fixed32(16, span.flags);
    }

    fn span_event(&mut self, event: &SpanEvent<'_>) {
        self.fixed64(1, event.time_unix_nano);
        self.text(2, &event.name);
        self.attributes(3, &event.attributes);
        self.uint(4, event.dropped_attributes_count);
    }

    fn span_link(&mut self, link: &SpanLink<'_>) {
        self.bytes(1, &link.trace_id);
        self.bytes(2, &link.span_id);
        self.text(3, &link.trace_state);
        self.attributes(4, &link.attributes);
        self.uint(5, link.dropped_attributes_count);
        self.fixed32(6, link.flags);
    }

    fn status(&mut self, status: &Status<'_>) {
        self.text(2, &status.message);
        self.enumeration(3, status.code);
    }
}
