//! One row a log record.

use crate::json_text;
use crate::record::{Line, Origin, Rows, attribute_text};
use crate::time::time;
use otlp::model::{LogRecord, ResourceLogs, Value};

impl Rows<'_> {
    pub(crate) fn logs(&mut self, line: &mut Line, resources: &[ResourceLogs<'_>]) {
        for logs in resources {
            let mut origin = Origin::new(logs.resource.as_ref(), &logs.schema_url);
            for scope in &logs.scopes {
                origin.set_scope(scope.scope.as_ref(), &scope.schema_url);
                for record in &scope.log_records {
                    self.log_record(line, &origin, record);
                }
            }
        }
    }

    fn log_record(&mut self, line: &mut Line, origin: &Origin<'_>, record: &LogRecord<'_>) {
        let own = time(record.time_unix_nano);
        let observed = time(record.observed_time_unix_nano);
        self.begin(line, origin, &record.attributes, own, observed);
        self.table.long(own);
        self.table.long(observed);
        self.id(&record.trace_id);
        self.id(&record.span_id);
        self.table.long(i64::from(record.flags));
        self.table.integer(record.severity_number);
        self.table.text_or_null(&record.severity_text);
        if record.event_name.is_empty() {
            // Where it stood before it became a field.
            let event_name = attribute_text(&record.attributes, "event.name");
            self.table.optional_text(event_name.as_deref());
        } else {
            self.table.text(&record.event_name);
        }
        self.body(record.body.as_ref().unwrap_or(&Value::Empty));
        self.composed(|text| json_text::attributes(text, &record.attributes));
        self.table.long(i64::from(record.dropped_attributes_count));
        self.table.end_row();
    }

    fn body(&mut self, body: &Value<'_>) {
        let kind = match body {
            Value::Empty => "empty",
            Value::Text(_) => "string",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Double(_) => "double",
            Value::Array(_) => "array",
            Value::Map(_) => "map",
            Value::Bytes(_) => "bytes",
        };
        match body {
            Value::Empty => self.table.optional_text(None),
            Value::Text(text) => self.table.text(text),
            Value::Bytes(bytes) => self.composed(|text| json_text::base64(text, bytes)),
            other => self.composed(|text| json_text::value(text, other)),
        }
        self.table.text(kind);
    }
}
