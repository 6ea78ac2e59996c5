//! `LogsData` and `ExportLogsServiceRequest`.

use super::parser::{Parser, UNKNOWN};
use crate::error::{Read, path};
use crate::model::{LogRecord, ResourceLogs, ScopeLogs};

const SEVERITY_NUMBERS: [&str; 25] = [
    "SEVERITY_NUMBER_UNSPECIFIED",
    "SEVERITY_NUMBER_TRACE",
    "SEVERITY_NUMBER_TRACE2",
    "SEVERITY_NUMBER_TRACE3",
    "SEVERITY_NUMBER_TRACE4",
    "SEVERITY_NUMBER_DEBUG",
    "SEVERITY_NUMBER_DEBUG2",
    "SEVERITY_NUMBER_DEBUG3",
    "SEVERITY_NUMBER_DEBUG4",
    "SEVERITY_NUMBER_INFO",
    "SEVERITY_NUMBER_INFO2",
    "SEVERITY_NUMBER_INFO3",
    "SEVERITY_NUMBER_INFO4",
    "SEVERITY_NUMBER_WARN",
    "SEVERITY_NUMBER_WARN2",
    "SEVERITY_NUMBER_WARN3",
    "SEVERITY_NUMBER_WARN4",
    "SEVERITY_NUMBER_ERROR",
    "SEVERITY_NUMBER_ERROR2",
    "SEVERITY_NUMBER_ERROR3",
    "SEVERITY_NUMBER_ERROR4",
    "SEVERITY_NUMBER_FATAL",
    "SEVERITY_NUMBER_FATAL2",
    "SEVERITY_NUMBER_FATAL3",
    "SEVERITY_NUMBER_FATAL4",
];

impl<'a, 'd> Parser<'a, 'd> {
    pub fn logs(&mut self) -> Read<Vec<ResourceLogs<'a>>> {
        let mut resources = Vec::new();
        self.object("", |parser, key| {
            Ok(match key {
                "resourceLogs" | "resource_logs" => {
                    resources = parser.list(Self::resource_logs)?;
                    1
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(resources)
    }

    fn resource_logs(&mut self) -> Read<ResourceLogs<'a>> {
        let mut logs = ResourceLogs::default();
        self.object(path::LOGS, |parser, key| {
            Ok(match key {
                "resource" => {
                    logs.resource = parser.optional(|p| p.resource(path::LOGS_RESOURCE))?;
                    1
                }
                "scopeLogs" | "scope_logs" => {
                    logs.scopes = parser.list(Self::scope_logs)?;
                    2
                }
                "schemaUrl" | "schema_url" => {
                    logs.schema_url = parser.text()?;
                    3
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(logs)
    }

    fn scope_logs(&mut self) -> Read<ScopeLogs<'a>> {
        let mut logs = ScopeLogs::default();
        self.object(path::LOGS_SCOPES, |parser, key| {
            Ok(match key {
                "scope" => {
                    logs.scope = parser.optional(|p| p.scope(path::LOGS_SCOPE))?;
                    1
                }
                "logRecords" | "log_records" => {
                    logs.log_records = parser.records(Self::log_record)?;
                    2
                }
                "schemaUrl" | "schema_url" => {
                    logs.schema_url = parser.text()?;
                    3
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(logs)
    }

    fn log_record(&mut self) -> Read<LogRecord<'a>> {
        let mut record = LogRecord::default();
        self.object(path::LOG_RECORD, |parser, key| {
            Ok(match key {
                "timeUnixNano" | "time_unix_nano" => {
                    record.time_unix_nano = parser.integer()?;
                    1
                }
                "observedTimeUnixNano" | "observed_time_unix_nano" => {
                    record.observed_time_unix_nano = parser.integer()?;
                    11
                }
                "severityNumber" | "severity_number" => {
                    record.severity_number = parser.enumeration(&SEVERITY_NUMBERS)?;
                    2
                }
                "severityText" | "severity_text" => {
                    record.severity_text = parser.text()?;
                    3
                }
                "body" => {
                    record.body = parser.optional(Self::value)?;
                    5
                }
                "attributes" => {
                    record.attributes = parser.attributes()?;
                    6
                }
                "droppedAttributesCount" | "dropped_attributes_count" => {
                    record.dropped_attributes_count = parser.integer()?;
                    7
                }
                "flags" => {
                    record.flags = parser.integer()?;
                    8
                }
                "traceId" | "trace_id" => {
                    record.trace_id = parser.id(16)?;
                    9
                }
                "spanId" | "span_id" => {
                    record.span_id = parser.id(8)?;
                    10
                }
                "eventName" | "event_name" => {
                    record.event_name = parser.text()?;
                    12
                }
                _ => UNKNOWN,
            })
        })?;
        Ok(record)
    }
}
