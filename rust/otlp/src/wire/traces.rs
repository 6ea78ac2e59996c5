//! `ExportTraceServiceRequest`.

use super::{Cursor, Decoder, Field, Read};
use crate::error::{Within, path};
use crate::model::{ResourceSpans, ScopeSpans, Span, SpanEvent, SpanLink, Status};
use std::borrow::Cow;

impl Decoder<'_> {
    pub fn traces<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<Vec<ResourceSpans<'a>>> {
        let mut resources = Vec::new();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    let resource = self.resource_spans(Cursor::new(bytes));
                    resources.push(resource.within(path::TRACES)?);
                }
                _ => self.unknown(),
            }
        }
        Ok(resources)
    }

    fn resource_spans<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<ResourceSpans<'a>> {
        self.charge::<ResourceSpans>(&cursor)?;
        let mut spans = ResourceSpans::default();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    let resource = spans.resource.get_or_insert_default();
                    self.resource(resource, Cursor::new(bytes))
                        .within(path::TRACES_RESOURCE)?;
                }
                (2, Field::Bytes(bytes)) => {
                    let scope = self.scope_spans(Cursor::new(bytes));
                    spans.scopes.push(scope.within(path::TRACES_SCOPES)?);
                }
                (3, Field::Bytes(bytes)) => spans.schema_url = self.text(bytes),
                _ => self.unknown(),
            }
        }
        Ok(spans)
    }

    fn scope_spans<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<ScopeSpans<'a>> {
        self.charge::<ScopeSpans>(&cursor)?;
        let mut spans = ScopeSpans::default();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    let scope = spans.scope.get_or_insert_default();
                    self.scope(scope, Cursor::new(bytes))
                        .within(path::TRACES_SCOPE)?;
                }
                (2, Field::Bytes(bytes)) => {
                    Self::reserve(&mut spans.spans, bytes.len(), cursor.remaining());
                    let span = self.span(Cursor::new(bytes)).within(path::SPAN)?;
                    self.state.keep(&mut spans.spans, span);
                }
                (3, Field::Bytes(bytes)) => spans.schema_url = self.text(bytes),
                _ => self.unknown(),
            }
        }
        Ok(spans)
    }

    fn span<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<Span<'a>> {
        self.charge::<Span>(&cursor)?;
        let mut span = Span::default();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => span.trace_id = Cow::Borrowed(bytes),
                (2, Field::Bytes(bytes)) => span.span_id = Cow::Borrowed(bytes),
                (3, Field::Bytes(bytes)) => span.trace_state = self.text(bytes),
                (4, Field::Bytes(bytes)) => span.parent_span_id = Cow::Borrowed(bytes),
                (5, Field::Bytes(bytes)) => span.name = self.text(bytes),
                (6, Field::Varint(number)) => span.kind = number as i32,
                (7, Field::Fixed64(time)) => span.start_time_unix_nano = time,
                (8, Field::Fixed64(time)) => span.end_time_unix_nano = time,
                (9, Field::Bytes(bytes)) => {
                    self.attribute(&mut span.attributes, bytes, cursor.remaining())?
                }
                (10, Field::Varint(number)) => span.dropped_attributes_count = number as u32,
                (11, Field::Bytes(bytes)) => {
                    let event = self.span_event(Cursor::new(bytes));
                    span.events.push(event.within(path::SPAN_EVENT)?);
                }
                (12, Field::Varint(number)) => span.dropped_events_count = number as u32,
                (13, Field::Bytes(bytes)) => {
                    let link = self.span_link(Cursor::new(bytes));
                    span.links.push(link.within(path::SPAN_LINK)?);
                }
                (14, Field::Varint(number)) => span.dropped_links_count = number as u32,
                (15, Field::Bytes(bytes)) => {
                    let status = span.status.get_or_insert_default();
                    self.status(status, Cursor::new(bytes))
                        .within(path::SPAN_STATUS)?;
                }
                (16, Field::Fixed32(bits)) => span.flags = bits,
                _ => self.unknown(),
            }
        }
        self.attributes = span.attributes.len();
        self.state.check_id(&span.trace_id, 16);
        self.state.check_id(&span.span_id, 8);
        self.state.check_id(&span.parent_span_id, 8);
        Ok(span)
    }

    fn span_event<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<SpanEvent<'a>> {
        self.charge::<SpanEvent>(&cursor)?;
        let mut event = SpanEvent::default();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Fixed64(time)) => event.time_unix_nano = time,
                (2, Field::Bytes(bytes)) => event.name = self.text(bytes),
                (3, Field::Bytes(bytes)) => {
                    self.attribute(&mut event.attributes, bytes, cursor.remaining())?
                }
                (4, Field::Varint(number)) => event.dropped_attributes_count = number as u32,
                _ => self.unknown(),
            }
        }
        Ok(event)
    }

    fn span_link<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<SpanLink<'a>> {
        self.charge::<SpanLink>(&cursor)?;
        let mut link = SpanLink::default();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => link.trace_id = Cow::Borrowed(bytes),
                (2, Field::Bytes(bytes)) => link.span_id = Cow::Borrowed(bytes),
                (3, Field::Bytes(bytes)) => link.trace_state = self.text(bytes),
                (4, Field::Bytes(bytes)) => {
                    self.attribute(&mut link.attributes, bytes, cursor.remaining())?
                }
                (5, Field::Varint(number)) => link.dropped_attributes_count = number as u32,
                (6, Field::Fixed32(bits)) => link.flags = bits,
                _ => self.unknown(),
            }
        }
        self.state.check_id(&link.trace_id, 16);
        self.state.check_id(&link.span_id, 8);
        Ok(link)
    }

    fn status<'a>(&mut self, status: &mut Status<'a>, mut cursor: Cursor<'a>) -> Read<()> {
        while let Some(field) = cursor.next()? {
            match field {
                (2, Field::Bytes(bytes)) => status.message = self.text(bytes),
                (3, Field::Varint(number)) => status.code = number as i32,
                _ => self.unknown(),
            }
        }
        Ok(())
    }
}
