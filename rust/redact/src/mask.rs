//! What a match becomes: `****`, or a hash of it where a processor asks for one.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit, Mac};
use regex_automata::meta::Regex;
use sha2::{Sha256, Sha512};
use sha3::Sha3_256;

use crate::key::hex_prefix;
use crate::spec::{HashFunction, ProcessorSpec};

pub(crate) const STARS: &str = "****";
pub(crate) const MOST_GROWTH: usize = 16;
pub(crate) const FREE_GROWTH: usize = 64 << 10;

#[derive(Clone)]
pub(crate) enum Mask {
    Text(Cow<'static, str>),
    Md5,
    Sha1,
    Sha3,
    HmacSha256(Box<Hmac<Sha256>>),
    HmacSha512(Box<Hmac<Sha512>>),
}

impl Mask {
    /// A processor's mask, or the reason why it has none.
    pub fn new(spec: &ProcessorSpec) -> Result<Self, &'static str> {
        let key = spec.hmac_key.0.as_bytes();
        let keyed = matches!(
            spec.hash_function,
            HashFunction::HmacSha256 | HashFunction::HmacSha512
        );
        if keyed && key.is_empty() {
            return Err("an hmac hash_function wants an hmac_key");
        }
        if !spec.masking_string.is_empty() && spec.hash_function != HashFunction::None {
            return Err("either a hash_function or a masking_string, not both");
        }
        Ok(match spec.hash_function {
            HashFunction::None if spec.masking_string.is_empty() => Mask::Text(STARS.into()),
            HashFunction::None => Mask::Text(spec.masking_string.clone().into()),
            HashFunction::Md5 => Mask::Md5,
            HashFunction::Sha1 => Mask::Sha1,
            HashFunction::Sha3 => Mask::Sha3,
            HashFunction::HmacSha256 => Mask::HmacSha256(Box::new(
                Hmac::new_from_slice(key).map_err(|_| "the hmac_key cannot be used")?,
            )),
            HashFunction::HmacSha512 => Mask::HmacSha512(Box::new(
                Hmac::new_from_slice(key).map_err(|_| "the hmac_key cannot be used")?,
            )),
        })
    }

    /// What it makes of a value, for people.
    pub fn effect(&self) -> &'static str {
        match self {
            Mask::Text(_) => HashFunction::None,
            Mask::Md5 => HashFunction::Md5,
            Mask::Sha1 => HashFunction::Sha1,
            Mask::Sha3 => HashFunction::Sha3,
            Mask::HmacSha256(_) => HashFunction::HmacSha256,
            Mask::HmacSha512(_) => HashFunction::HmacSha512,
        }
        .effect()
    }

    pub fn of(&self, matched: &str) -> Cow<'_, str> {
        use sha2::Digest;
        let bytes = matched.as_bytes();
        let digest = match self {
            Mask::Text(text) => return Cow::Borrowed(text),
            Mask::Md5 => md5::Md5::digest(bytes).to_vec(),
            Mask::Sha1 => sha1::Sha1::digest(bytes).to_vec(),
            Mask::Sha3 => Sha3_256::digest(bytes).to_vec(),
            Mask::HmacSha256(keyed) => {
                let mut mac = keyed.as_ref().clone();
                mac.update(bytes);
                mac.finalize().into_bytes().to_vec()
            }
            Mask::HmacSha512(keyed) => {
                let mut mac = keyed.as_ref().clone();
                mac.update(bytes);
                mac.finalize().into_bytes().to_vec()
            }
        };
        Cow::Owned(hex_prefix(&digest, 2 * digest.len()))
    }

    /// The text with every match masked; None where nothing matches. A text that would grow out of
    /// proportion (hashes of many short matches) is masked whole, which bounds the memory.
    pub fn replace(&self, text: &str, regex: &Regex) -> Option<String> {
        let mut out = String::new();
        let mut copied = 0;
        let mut found = false;
        for matched in regex.find_iter(text) {
            found = true;
            out.push_str(&text[copied..matched.start()]);
            out.push_str(&self.of(&text[matched.range()]));
            copied = matched.end();
            if out.len() > MOST_GROWTH * text.len() + FREE_GROWTH {
                return Some(STARS.to_owned());
            }
        }
        if !found {
            return None;
        }
        out.push_str(&text[copied..]);
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Secret;

    fn mask(hash_function: HashFunction) -> Mask {
        Mask::new(&ProcessorSpec {
            hash_function,
            hmac_key: Secret("key".into()),
            ..ProcessorSpec::default()
        })
        .unwrap()
    }

    #[test]
    fn hashes_are_lower_case_hex_of_the_match() {
        for (function, digest) in [
            (HashFunction::None, "****"),
            (HashFunction::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (
                HashFunction::Sha1,
                "a9993e364706816aba3e25717850c26c9cd0d89d",
            ),
            (
                HashFunction::Sha3,
                "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
            ),
            (
                HashFunction::HmacSha256,
                "9c196e32dc0175f86f4b1cb89289d6619de6bee699e4c378e68309ed97a1a6ab",
            ),
        ] {
            assert_eq!(mask(function).of("abc"), digest, "{function:?}");
        }
        assert_eq!(mask(HashFunction::HmacSha512).of("abc").len(), 128);
    }

    #[test]
    fn a_keyed_hash_wants_a_key() {
        let spec = ProcessorSpec {
            hash_function: HashFunction::HmacSha512,
            ..ProcessorSpec::default()
        };
        assert!(Mask::new(&spec).is_err());
    }

    #[test]
    fn a_text_that_would_grow_out_of_proportion_is_masked_whole() {
        let each = Regex::new("a").unwrap();
        let keyed = mask(HashFunction::HmacSha512);
        assert_eq!(keyed.replace(&"a".repeat(10_000), &each).unwrap(), "****");
        assert_eq!(
            keyed.replace(&"a".repeat(100), &each).unwrap().len(),
            12_800
        );
    }

    #[test]
    fn empty_matches_are_masked_as_go_masks_them() {
        let lines = Regex::new("[^\n]*").unwrap();
        let stars = Mask::Text(STARS.into());
        for (text, masked) in [
            ("", "****"),
            ("abc", "****"),
            ("a\nb", "****\n****"),
            ("a\n", "****\n****"),
        ] {
            assert_eq!(stars.replace(text, &lines).unwrap(), masked, "{text:?}");
        }
        let a = Regex::new("a*").unwrap();
        assert_eq!(stars.replace("baac", &a).unwrap(), "****b****c****");
    }
}
