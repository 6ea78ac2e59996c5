//! `ExportLogsServiceRequest`.

use super::Writer;
use crate::model::{LogRecord, ResourceLogs, ScopeLogs};

impl Writer<'_> {
    pub fn logs(&mut self, resources: &[ResourceLogs<'_>]) {
        self.messages(1, resources, Self::resource_logs);
    }

    fn resource_logs(&mut self, logs: &ResourceLogs<'_>) {
        self.resource(logs.resource.as_ref());
        self.messages(2, &logs.scopes, Self::scope_logs);
        self.text(3, &logs.schema_url);
    }

    fn scope_logs(&mut self, logs: &ScopeLogs<'_>) {
        self.scope(logs.scope.as_ref());
        self.messages(2, &logs.log_records, Self::log_record);
        self.text(3, &logs.schema_url);
    }

    fn log_record(&mut self, record: &LogRecord<'_>) {
        self.fixed64(1, record.time_unix_nano);
        self.enumeration(2, record.severity_number);
        self.text(3, &record.severity_text);
        if let Some(body) = &record.body {
            self.message(5, |writer| writer.value(body));
        }
        self.attributes(6, &record.attributes);
        self.uint(7, record.dropped_attributes_count);
        self.fixed32(8, record.flags);
        self.bytes(9, &record.trace_id);
        self.bytes(10, &record.span_id);
        self.fixed64(11, record.observed_time_unix_nano);
        self.text(12, &record.event_name);
    }
}
