//! `LogsData`.

use super::Writer;
use crate::model::{LogRecord, ResourceLogs, ScopeLogs};

impl Writer<'_> {
    pub fn logs(&mut self, resources: &[ResourceLogs<'_>]) {
        self.raw("{");
        self.list("\"resourceLogs\":[", resources, Self::resource_logs);
        self.end_line();
    }

    fn resource_logs(&mut self, logs: &ResourceLogs<'_>) {
        self.raw("{");
        self.resource(logs.resource.as_ref());
        self.list("\"scopeLogs\":[", &logs.scopes, Self::scope_logs);
        self.text("\"schemaUrl\":\"", &logs.schema_url);
        self.end_object();
    }

    fn scope_logs(&mut self, logs: &ScopeLogs<'_>) {
        self.raw("{");
        self.scope(logs.scope.as_ref());
        self.list("\"logRecords\":[", &logs.log_records, Self::log_record);
        self.text("\"schemaUrl\":\"", &logs.schema_url);
        self.end_object();
    }

    fn log_record(&mut self, record: &LogRecord<'_>) {
        self.raw("{");
        self.long("\"timeUnixNano\":\"", record.time_unix_nano);
        self.long(
            "\"observedTimeUnixNano\":\"",
            record.observed_time_unix_nano,
        );
        self.small("\"severityNumber\":", record.severity_number);
        self.text("\"severityText\":\"", &record.severity_text);
        if let Some(body) = &record.body {
            self.raw("\"body\":");
            self.value(body);
        }
        self.attributes("\"attributes\":[", &record.attributes);
        self.small(
            "\"droppedAttributesCount\":",
            record.dropped_attributes_count,
        );
        self.small("\"flags\":", record.flags);
        self.id("\"traceId\":\"", &record.trace_id);
        self.id("\"spanId\":\"", &record.span_id);
        self.text("\"eventName\":\"", &record.event_name);
        self.end_object();
    }
}
