//! What the name of an attribute says about its value: personal, secret, a statement, a version.

use crate::rotation::Rotate;

/// What becomes of a personal key's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Personal {
    Pseudonym,
    /// The attribute goes.
    Removed,
    /// A database statement, which loses its literals.
    Statement,
    /// A URL, whose query loses its values.
    Url,
}

impl Personal {
    /// What becomes of the value, for people.
    pub(crate) fn effect(self, rotate: Rotate) -> &'static str {
        match self {
            Personal::Pseudonym => rotate.effect(),
            Personal::Removed => "removed",
            Personal::Statement => "literals masked",
            Personal::Url => "query masked",
        }
    }
}

/// The semantic conventions' personal keys, those of older versions included. A name that ends in
/// `*` stands for all that begin so; the first that fits counts.
const PERSONAL: [(&str, Personal); 38] = [
    ("user.id", Personal::Pseudonym),
    ("user.email", Personal::Pseudonym),
    ("user.name", Personal::Removed),
    ("user.full_name", Personal::Removed),
    ("user.first_name", Personal::Removed),
    ("user.last_name", Personal::Removed),
    ("user.given_name", Personal::Removed),
    ("user.family_name", Personal::Removed),
    ("user.display_name", Personal::Removed),
    ("user.username", Personal::Removed),
    ("user.phone", Personal::Removed),
    ("user.address", Personal::Removed),
    ("user.*", Personal::Pseudonym),
    ("enduser.id", Personal::Pseudonym),
    ("enduser.pseudo.id", Personal::Pseudonym),
    ("enduser.name", Personal::Removed),
    ("enduser.full_name", Personal::Removed),
    ("enduser.display_name", Personal::Removed),
    ("enduser.username", Personal::Removed),
    ("enduser.*", Personal::Pseudonym),
    ("session.id", Personal::Pseudonym),
    ("session.previous_id", Personal::Pseudonym),
    ("client.address", Personal::Pseudonym),
    ("client.socket.address", Personal::Pseudonym),
    ("http.client_ip", Personal::Pseudonym),
    ("url.query", Personal::Removed),
    ("url.fragment", Personal::Removed),
    ("url.full", Personal::Url),
    ("url.original", Personal::Url),
    ("http.url", Personal::Url),
    ("http.target", Personal::Url),
    ("http.request.header.referer", Personal::Url),
    ("http.response.header.location", Personal::Url),
    ("db.query.text", Personal::Statement),
    ("db.statement", Personal::Statement),
    ("db.query.parameter.*", Personal::Removed),
    ("db.operation.parameter.*", Personal::Removed),
    ("db.response.returned_row.*", Personal::Removed),
];

/// The personal keys' names as rules, `personal:user.id`, and what they do.
pub(crate) fn personal_rules() -> impl Iterator<Item = (String, Personal)> {
    PERSONAL
        .iter()
        .map(|(name, personal)| (format!("personal:{name}"), *personal))
}

/// What a personal key's value becomes, and the place of its rule among [`personal_rules`].
pub(crate) fn personal(key: &str) -> Option<(Personal, usize)> {
    if ![
        "user.", "enduser.", "session.", "client.", "http.", "url.", "db.",
    ]
    .iter()
    .any(|prefix| key.starts_with(prefix))
    {
        return None;
    }
    let index = PERSONAL
        .iter()
        .position(|(name, _)| match name.strip_suffix('*') {
            Some(prefix) => key.starts_with(prefix),
            None => *name == key,
        })?;
    Some((PERSONAL[index].1, index))
}

/// Whether a value under this name is a secret whatever it looks like.
pub(crate) fn is_secret(key: &str) -> bool {
    const WHOLE: [&str; 13] = [
        "authorization",
        "proxy_authorization",
        "cookie",
        "set_cookie",
        "pwd",
        "passphrase",
        "credential",
        "credentials",
        "connection_string",
        "connectionstring",
        "private_key",
        "privatekey",
        "sas",
    ];
    const ENDINGS: [&str; 7] = [
        "password",
        "passwd",
        "secret",
        "token",
        "apikey",
        "api_key",
        "access_key",
    ];
    let last = key.rsplit(['.', '/', ':']).next().unwrap_or(key);
    let plain: String = last
        .chars()
        .map(|c| {
            if c == '-' {
                '_'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect();
    WHOLE.contains(&plain.as_str()) || ENDINGS.iter().any(|ending| plain.ends_with(ending))
}

/// Whether a value under this name is the name of a database or of a table in one.
pub(crate) fn is_database_name(key: &str) -> bool {
    const NAMES: [&str; 9] = [
        "db.namespace",
        "db.name",
        "db.collection.name",
        "db.sql.table",
        "db.mongodb.collection",
        "db.cassandra.table",
        "db.cassandra.keyspace",
        "db.mssql.instance_name",
        "db.cosmosdb.container",
    ];
    NAMES.contains(&key)
}

/// Whether a value under this name is a version, which may look like an address.
pub(crate) fn is_version(key: &str) -> bool {
    key == "version" || key.ends_with(".version") || key.ends_with("_version")
}

/// Whether a value looks like an identifier and not like what a person wrote.
pub(crate) fn is_identifier(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_the_end_of_their_name() {
        for key in [
            "password",
            "db.password",
            "http.request.header.authorization",
            "Set-Cookie",
            "X-Api-Key",
            "azure.AccountKey.access_key",
            "github_token",
            "http.response.header.set-cookie",
            "clientSecret",
            "accessToken",
        ] {
            assert!(is_secret(key), "{key}");
        }
        for key in [
            "gen_ai.usage.input_tokens",
            "password.length",
            "secretary",
            "cookie.count",
            "token.type",
            "",
        ] {
            assert!(!is_secret(key), "{key}");
        }
    }

    #[test]
    fn personal_keys_are_those_of_the_conventions() {
        let kind = |key| personal(key).map(|(kind, _)| kind);
        assert_eq!(kind("user.id"), Some(Personal::Pseudonym));
        assert_eq!(kind("user.x"), Some(Personal::Pseudonym));
        assert_eq!(kind("enduser.pseudo.id"), Some(Personal::Pseudonym));
        assert_eq!(kind("user.full_name"), Some(Personal::Removed));
        assert_eq!(kind("db.statement"), Some(Personal::Statement));
        assert_eq!(kind("db.query.parameter.0"), Some(Personal::Removed));
        for key in ["user_agent.original", "user", "users.count", "tenant.id"] {
            assert_eq!(personal(key), None, "{key}");
        }
    }
}
