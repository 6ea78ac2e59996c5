//! Rules as they are written down.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What decides where a signal's records go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoutingSpec {
    /// A record that any of these matches stays in the region.
    pub local: Vec<RecordSpec>,
    /// Where there are any: a record that none of these matches stays, too.
    pub travels: Vec<RecordSpec>,
    /// Attribute keys that what travels loses, at any depth; one may end in `*`.
    pub regional_keys: Vec<String>,
}

/// Conditions on one record, all of which have to hold. One that is empty says nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordSpec {
    /// Whether a log record has an event's name.
    pub event: Option<bool>,
    /// The name of a log record's event, of a span or of a metric; one may end in `*`.
    pub name: Vec<String>,
    /// A log record whose severity number is at least 1 and less than this.
    pub severity_below: Option<i32>,
    /// The tenant, from the record's attributes or else the resource's.
    pub tenant: Vec<String>,
    /// The resource's `service.name`.
    pub service: Vec<String>,
    /// Values by attribute key, from the record's attributes or else the resource's.
    pub attributes: BTreeMap<String, Vec<String>>,
}
