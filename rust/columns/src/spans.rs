//! One row a span.

use crate::json_text;
use crate::record::{Line, Origin, Rows};
use crate::time::time;
use otlp::model::{ResourceSpans, Span};

impl Rows<'_> {
    pub(crate) fn spans(&mut self, line: &mut Line, resources: &[ResourceSpans<'_>]) {
        for spans in resources {
            let mut origin = Origin::new(spans.resource.as_ref(), &spans.schema_url);
            for scope in &spans.scopes {
                origin.set_scope(scope.scope.as_ref(), &scope.schema_url);
                for span in &scope.spans {
                    self.span(line, &origin, span);
                }
            }
        }
    }

    fn span(&mut self, line: &mut Line, origin: &Origin<'_>, span: &Span<'_>) {
        let start = time(span.start_time_unix_nano);
        let end = time(span.end_time_unix_nano);
        self.begin(line, origin, &span.attributes, start, None);
        self.table.long(start);
        self.table.long(end);
        // Negative where the clock was set back meanwhile.
        self.table
            .long(start.zip(end).map(|(start, end)| end - start));
        self.id(&span.trace_id);
        self.id(&span.span_id);
        self.id(&span.parent_span_id);
        self.table.text_or_null(&span.trace_state);
        self.table.long(i64::from(span.flags));
        self.table.text(&span.name);
        self.table.integer(span.kind);
        let status = span.status.as_ref();
        self.table.integer(status.map_or(0, |status| status.code));
        self.table
            .text_or_null(status.map_or("", |status| &status.message));
        self.composed(|text| json_text::attributes(text, &span.attributes));
        self.composed(|text| json_text::array(text, &span.events, json_text::span_event));
        self.composed(|text| json_text::array(text, &span.links, json_text::span_link));
        self.table.long(i64::from(span.dropped_attributes_count));
        self.table.long(i64::from(span.dropped_events_count));
        self.table.long(i64::from(span.dropped_links_count));
        self.table.end_row();
    }
}
