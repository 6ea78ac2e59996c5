//! Who sent a request, as far as it proved that by a certificate, a token or a password.

use serde::Deserialize;

/// A sender that the listener knows. Everything here comes from the collector's configuration or
/// from a verified certificate, and nothing from a request's body.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// What it is known by: a name in the configuration, a user, or a certificate's name.
    pub name: String,
    /// The region that it is bound to.
    pub region: Option<String>,
    /// The tenant that it is bound to. Records that claim another one are rejected.
    pub tenant: Option<String>,
    /// The regions whose forwarded requests (origin, digests and commits of another collector) are
    /// believed when this sender brings them.
    pub may_forward_for: Vec<String>,
}
