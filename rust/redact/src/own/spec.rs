//! A team's own rules, as they are written down.

use serde::{Deserialize, Serialize};

use crate::rotation::Rotate;
use crate::spec::{HashFunction, Secret};

/// One rule: where it looks, what it finds there, and what becomes of that.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleSpec {
    /// The name that the counts know it by.
    pub name: String,
    /// It finds what this built-in detector finds.
    pub detector: Option<String>,
    /// It finds the matches of this pattern, in Go's RE2 syntax.
    pub pattern: Option<String>,
    /// It looks under these keys alone; a name that ends in `*` stands for all that begin so. With
    /// neither detector nor pattern: the whole value.
    pub keys: Vec<String>,
    pub action: ActionSpec,
    pub keep: Option<Keep>,
    pub hash_function: HashFunction,
    pub hmac_key: Secret,
    pub rotate: Option<Rotate>,
    pub to: Option<To>,
    pub size: Option<f64>,
    /// It also looks into what is encoded so, and at arrays of strings as one text.
    pub decode: Vec<Decoding>,
    /// It also looks at values of these types, as text.
    pub types: Vec<NumberType>,
}

/// What becomes of a find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionSpec {
    #[default]
    Mask,
    Partial,
    Hash,
    Pseudonym,
    Generalise,
    DropAttribute,
    DropRecord,
}

/// What is left of a find that is masked in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Keep {
    /// So many characters of its end.
    Last(u8),
    /// The host of an e-mail address.
    #[serde(with = "domain")]
    Domain,
}

mod domain {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("domain")
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
        #[derive(Deserialize)]
        enum Word {
            #[serde(rename = "domain")]
            Domain,
        }
        Word::deserialize(deserializer).map(|Word::Domain| ())
    }
}

/// What a value is generalised to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum To {
    Network,
    Hour,
    Bucket,
}

/// In what a value may be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decoding {
    Json,
    Url,
    Base64,
}

/// Values that are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NumberType {
    Int,
    Double,
}
