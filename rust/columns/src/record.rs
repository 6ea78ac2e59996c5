//! What every row begins with: identity, lineage, time and origin.

use crate::json_text;
use crate::table::Table;
use crate::time::{DAY, event_time};
use otlp::model::{KeyValue, Resource, Scope, Value};
use std::borrow::Cow;

const MICROSECOND: i64 = 1_000;
const MICROSECONDS_A_DAY: i64 = DAY / MICROSECOND;

/// Attribute keys by the column that they fill, the most wanted first.
#[derive(Clone, Debug)]
pub struct Promote {
    /// Looked for in the resource.
    pub service_name: Vec<String>,
    /// Looked for in the record, then in the resource.
    pub tenant_id: Vec<String>,
}

impl Default for Promote {
    fn default() -> Self {
        Self {
            service_name: vec!["service.name".to_owned()],
            tenant_id: vec!["tenant.id".to_owned()],
        }
    }
}

/// Where a blob's rows come from, and where they go.
pub(crate) struct Rows<'b> {
    pub table: Table,
    pub region: &'b str,
    pub environment: &'b str,
    pub blob: &'b str,
    pub promote: &'b Promote,
    /// For texts that are put together, so that none needs a buffer of its own.
    pub scratch: String,
}

/// One line of the blob: what is left of one request.
pub(crate) struct Line {
    pub number: i32,
    pub digest: [u8; 16],
    pub received_ns: i64,
    /// Records of the line so far.
    pub ordinal: i32,
}

/// What the rows of one scope have in common.
pub(crate) struct Origin<'r> {
    resource: &'r [KeyValue<'r>],
    resource_attributes: String,
    resource_schema_url: &'r str,
    scope_name: &'r str,
    scope_version: &'r str,
    scope_attributes: String,
    scope_schema_url: &'r str,
}

impl<'r> Origin<'r> {
    pub fn new(resource: Option<&'r Resource<'r>>, schema_url: &'r str) -> Self {
        let resource = resource.map_or(&[][..], |resource| &resource.attributes);
        let mut resource_attributes = String::new();
        json_text::attributes(&mut resource_attributes, resource);
        Self {
            resource,
            resource_attributes,
            resource_schema_url: schema_url,
            scope_name: "",
            scope_version: "",
            scope_attributes: String::new(),
            scope_schema_url: "",
        }
    }

    pub fn set_scope(&mut self, scope: Option<&'r Scope<'r>>, schema_url: &'r str) {
        self.scope_name = scope.map_or("", |scope| &scope.name);
        self.scope_version = scope.map_or("", |scope| &scope.version);
        self.scope_attributes.clear();
        let attributes = scope.map_or(&[][..], |scope| &scope.attributes);
        json_text::attributes(&mut self.scope_attributes, attributes);
        self.scope_schema_url = schema_url;
    }
}

impl Rows<'_> {
    /// Begin the row of the line's next record with the columns that all tables share.
    pub fn begin(
        &mut self,
        line: &mut Line,
        origin: &Origin<'_>,
        attributes: &[KeyValue<'_>],
        time: Option<i64>,
        observed: Option<i64>,
    ) {
        self.scratch.clear();
        json_text::hex(&mut self.scratch, &record_id(line));
        let table = &mut self.table;
        table.text(&self.scratch);
        table.text(self.region);
        table.text(self.environment);
        table.text(self.blob);
        table.integer(line.number);
        table.integer(line.ordinal);
        line.ordinal += 1;

        let (event_ns, time_source) = event_time(time, observed, line.received_ns);
        let event_ts = event_ns.div_euclid(MICROSECOND);
        table.timestamp(line.received_ns.div_euclid(MICROSECOND));
        table.timestamp(event_ts);
        table.date(event_ts.div_euclid(MICROSECONDS_A_DAY) as i32);
        table.text(time_source);

        let service_name = promoted(&self.promote.service_name, origin.resource);
        let tenant_id = promoted(&self.promote.tenant_id, attributes)
            .or_else(|| promoted(&self.promote.tenant_id, origin.resource));
        table.optional_text(service_name.as_deref());
        table.optional_text(tenant_id.as_deref());
        table.text(&origin.resource_attributes);
        table.text_or_null(origin.resource_schema_url);
        table.text_or_null(origin.scope_name);
        table.text_or_null(origin.scope_version);
        table.text(&origin.scope_attributes);
        table.text_or_null(origin.scope_schema_url);
    }

    /// A column of text that `write` puts together.
    pub fn composed(&mut self, write: impl FnOnce(&mut String)) {
        self.scratch.clear();
        write(&mut self.scratch);
        self.table.text(&self.scratch);
    }

    /// An id in hex, or null where it is empty.
    pub fn id(&mut self, id: &[u8]) {
        if id.is_empty() {
            self.table.optional_text(None);
        } else {
            self.composed(|text| json_text::hex(text, id));
        }
    }
}

/// BLAKE3 of the request's digest and the record's place in the request: the same request gives the
/// same ids, and equal records of different requests different ones.
fn record_id(line: &Line) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&line.digest);
    hasher.update(&(line.ordinal as u64).to_le_bytes());
    shortened(&hasher)
}

/// The digest of a line that no collector of ours received: of its blob, its place and itself.
pub(crate) fn line_digest(blob: &str, number: u64, line: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(blob.as_bytes());
    hasher.update(&number.to_le_bytes());
    hasher.update(line);
    shortened(&hasher)
}

/// The digest of a line's text, wherever it stands.
pub(crate) fn content_digest(line: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(line.trim_ascii());
    shortened(&hasher)
}

fn shortened(hasher: &blake3::Hasher) -> [u8; 16] {
    let mut id = [0; 16];
    hasher.finalize_xof().fill(&mut id);
    id
}

/// The first of `keys` under which `attributes` hold a text or an integer.
fn promoted<'v>(keys: &[String], attributes: &'v [KeyValue<'_>]) -> Option<Cow<'v, str>> {
    keys.iter().find_map(|key| attribute_text(attributes, key))
}

/// An attribute that is a text, and not an empty one, or an integer; of a doubled key the last.
pub(crate) fn attribute_text<'v>(
    attributes: &'v [KeyValue<'_>],
    key: &str,
) -> Option<Cow<'v, str>> {
    let attribute = attributes.iter().rfind(|one| one.key == key)?;
    match attribute.value.as_ref()? {
        Value::Text(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
        Value::Int(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}
