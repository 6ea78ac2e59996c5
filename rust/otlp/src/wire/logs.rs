//! `ExportLogsServiceRequest`.

use super::{Cursor, Decoder, Field, Read};
use crate::error::{Within, path};
use crate::model::{LogRecord, ResourceLogs, ScopeLogs};
use std::borrow::Cow;

impl Decoder<'_> {
    pub fn logs<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<Vec<ResourceLogs<'a>>> {
        let mut resources = Vec::new();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    let resource = self.resource_logs(Cursor::new(bytes));
                    resources.push(resource.within(path::LOGS)?);
                }
                _ => self.unknown(),
            }
        }
        Ok(resources)
    }

    fn resource_logs<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<ResourceLogs<'a>> {
        self.charge::<ResourceLogs>(&cursor)?;
        let mut logs = ResourceLogs::default();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    let resource = logs.resource.get_or_insert_default();
                    self.resource(resource, Cursor::new(bytes))
                        .within(path::LOGS_RESOURCE)?;
                }
                (2, Field::Bytes(bytes)) => {
                    let scope = self.scope_logs(Cursor::new(bytes));
                    logs.scopes.push(scope.within(path::LOGS_SCOPES)?);
                }
                (3, Field::Bytes(bytes)) => logs.schema_url = self.text(bytes),
                _ => self.unknown(),
            }
        }
        Ok(logs)
    }

    fn scope_logs<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<ScopeLogs<'a>> {
        self.charge::<ScopeLogs>(&cursor)?;
        let mut logs = ScopeLogs::default();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    let scope = logs.scope.get_or_insert_default();
                    self.scope(scope, Cursor::new(bytes))
                        .within(path::LOGS_SCOPE)?;
                }
                (2, Field::Bytes(bytes)) => {
                    Self::reserve(&mut logs.log_records, bytes.len(), cursor.remaining());
                    let record = self.log_record(Cursor::new(bytes));
                    self.state
                        .keep(&mut logs.log_records, record.within(path::LOG_RECORD)?);
                }
                (3, Field::Bytes(bytes)) => logs.schema_url = self.text(bytes),
                _ => self.unknown(),
            }
        }
        Ok(logs)
    }

    fn log_record<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<LogRecord<'a>> {
        self.charge::<LogRecord>(&cursor)?;
        let mut record = LogRecord::default();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Fixed64(time)) => record.time_unix_nano = time,
                (2, Field::Varint(number)) => record.severity_number = number as i32,
                (3, Field::Bytes(bytes)) => record.severity_text = self.text(bytes),
                (5, Field::Bytes(bytes)) => {
                    self.value(record.body.get_or_insert_default(), Cursor::new(bytes))?;
                }
                (6, Field::Bytes(bytes)) => {
                    self.attribute(&mut record.attributes, bytes, cursor.remaining())?
                }
                (7, Field::Varint(number)) => record.dropped_attributes_count = number as u32,
                (8, Field::Fixed32(bits)) => record.flags = bits,
                (9, Field::Bytes(bytes)) => record.trace_id = Cow::Borrowed(bytes),
                (10, Field::Bytes(bytes)) => record.span_id = Cow::Borrowed(bytes),
                (11, Field::Fixed64(time)) => record.observed_time_unix_nano = time,
                (12, Field::Bytes(bytes)) => record.event_name = self.text(bytes),
                _ => self.unknown(),
            }
        }
        self.attributes = record.attributes.len();
        self.state.check_id(&record.trace_id, 16);
        self.state.check_id(&record.span_id, 8);
        Ok(record)
    }
}
