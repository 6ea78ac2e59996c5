//! `TracesData` and `ExportTraceServiceRequest`.

use super::parser::{Parser, UNKNOWN};
use crate::error::{Read, path};
use crate::model::{ResourceSpans, ScopeSpans, Span, SpanEvent, SpanLink, Status};

const SPAN_KINDS: [&str; 6] = [
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];
const STATUS_CODES: [&str; 3] = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

impl<'a, 'd> Parser<'a, 'd> {
    pub fn traces(&mut self) -> Read<Vec<ResourceSpans<'a>>> {
        let mut resources = Vec::new();
        self.object("", |parser, key| {
            Ok(match key {
                "resourceSpans" | "resource_spans" => {
                    resources = parser.list(Self::resource_spans)?;
                    1
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(resources)
    }

    fn resource_spans(&mut self) -> Read<ResourceSpans<'a>> {
        let mut spans = ResourceSpans::default();
        self.object(path::TRACES, |parser, key| {
            Ok(match key {
                "resource" => {
                    spans.resource = parser.optional(|p| p.resource(path::TRACES_RESOURCE))?;
                    1
                }
                "scopeSpans" | "scope_spans" => {
                    spans.scopes = parser.list(Self::scope_spans)?;
                    2
                }
                "schemaUrl" | "schema_url" => {
                    spans.schema_url = parser.text()?;
                    3
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(spans)
    }

    fn scope_spans(&mut self) -> Read<ScopeSpans<'a>> {
        let mut spans = ScopeSpans::default();
        self.object(path::TRACES_SCOPES, |parser, key| {
            Ok(match key {
                "scope" => {
                    spans.scope = parser.optional(|p| p.scope(path::TRACES_SCOPE))?;
                    1
                }
                "spans" => {
                    spans.spans = parser.records(Self::span)?;
                    2
                }
                "schemaUrl" | "schema_url" => {
                    spans.schema_url = parser.text()?;
                    3
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(spans)
    }

    fn span(&mut self) -> Read<Span<'a>> {
        let mut span = Span::default();
        self.object(path::SPAN, |parser, key| {
            Ok(match key {
                "traceId" | "trace_id" => {
                    span.trace_id = parser.id(16)?;
                    1
                }
                "spanId" | "span_id" => {
                    span.span_id = parser.id(8)?;
                    2
                }
                "traceState" | "trace_state" => {
                    span.trace_state = parser.text()?;
                    3
                }
                "parentSpanId" | "parent_span_id" => {
                    span.parent_span_id = parser.id(8)?;
                    4
                }
                "name" => {
                    span.name = parser.text()?;
                    5
                }
                "kind" => {
                    span.kind = parser.enumeration(&SPAN_KINDS)?;
                    6
                }
                "startTimeUnixNano" | "start_time_unix_nano" => {
                    span.start_time_unix_nano = parser.integer()?;
                    7
                }
                "endTimeUnixNano" | "end_time_unix_nano" => {
                    span.end_time_unix_nano = parser.integer()?;
                    8
                }
                "attributes" => {
                    span.attributes = parser.attributes()?;
                    9
                }
                "droppedAttributesCount" | "dropped_attributes_count" => {
                    span.dropped_attributes_count = parser.integer()?;
                    10
                }
                "events" => {
                    span.events = parser.list(Self::span_event)?;
                    11
                }
                "droppedEventsCount" | "dropped_events_count" => {
                    span.dropped_events_count = parser.integer()?;
                    12
                }
                "links" => {
                    span.links = parser.list(Self::span_link)?;
                    13
                }
                "droppedLinksCount" | "dropped_links_count" => {
                    span.dropped_links_count = parser.integer()?;
                    14
                }
                "status" => {
                    span.status = parser.optional(Self::status)?;
                    15
                }
                "flags" => {
                    span.flags = parser.integer()?;
                    16
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(span)
    }

    fn span_event(&mut self) -> Read<SpanEvent<'a>> {
        let mut event = SpanEvent::default();
        self.object(path::SPAN_EVENT, |parser, key| {
            Ok(match key {
                "timeUnixNano" | "time_unix_nano" => {
                    event.time_unix_nano = parser.integer()?;
                    1
                }
                "name" => {
                    event.name = parser.text()?;
                    2
                }
                "attributes" => {
                    event.attributes = parser.attributes()?;
                    3
                }
                "droppedAttributesCount" | "dropped_attributes_count" => {
                    event.dropped_attributes_count = parser.integer()?;
                    4
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(event)
    }

    fn span_link(&mut self) -> Read<SpanLink<'a>> {
        let mut link = SpanLink::default();
        self.object(path::SPAN_LINK, |parser, key| {
            Ok(match key {
                "traceId" | "trace_id" => {
                    link.trace_id = parser.id(16)?;
                    1
                }
                "spanId" | "span_id" => {
                    link.span_id = parser.id(8)?;
                    2
                }
                "traceState" | "trace_state" => {
                    link.trace_state = parser.text()?;
                    3
                }
                "attributes" => {
                    link.attributes = parser.attributes()?;
                    4
                }
                "droppedAttributesCount" | "dropped_attributes_count" => {
                    link.dropped_attributes_count = parser.integer()?;
                    5
                }
                "flags" => {
                    link.flags = parser.integer()?;
                    6
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(link)
    }

    fn status(&mut self) -> Read<Status<'a>> {
        let mut status = Status::default();
        self.object(path::SPAN_STATUS, |parser, key| {
            Ok(match key {
                "message" => {
                    status.message = parser.text()?;
                    2
                }
                "code" => {
                    status.code = parser.enumeration(&STATUS_CODES)?;
                    3
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(status)
    }
}
