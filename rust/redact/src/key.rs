//! The region's key: 32 secret bytes that never leave the region, and what is derived from them.
//!
//! A key file is one line of text, `mainstem.key/1 <id> <64 hex digits>`, readable by its owner
//! alone. The id is derived from the key, so that a damaged file is found out, and says nothing
//! about it. A file that was rotated is `mainstem.key/2 <id> <64 hex digits> <64 hex digits>`: what
//! stands last is the key of request digests, which a rotation keeps.

use std::fmt;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub(crate) type HmacSha256 = Hmac<Sha256>;

const FORMAT: &str = "mainstem.key/1";
const FORMAT_ROTATED: &str = "mainstem.key/2";
const ID_DIGITS: usize = 8;
/// Half of a SHA-256: two persons of one region fall together with a chance of about 2^-64.
const PSEUDONYM_DIGITS: usize = 32;
const STRUCTURAL_DIGITS: usize = 8;

/// The secret of one region and the keys that are derived from it.
#[derive(Clone)]
pub struct RegionKey {
    id: String,
    request_digest: [u8; 32],
    pseudonym: HmacSha256,
    structural: HmacSha256,
    hmac_id: HmacSha256,
    rotation: HmacSha256,
}

/// The key of a region's pseudonyms in one period.
pub(crate) struct PeriodKey {
    id: String,
    pseudonym: HmacSha256,
}

impl PeriodKey {
    /// `p_<key id>-<period>_<32 hex digits>`.
    pub fn pseudonym(&self, text: &str) -> String {
        let digits = hex_prefix(&tag(&self.pseudonym, text), PSEUDONYM_DIGITS);
        format!("p_{}_{digits}", self.id)
    }
}

/// Why a key file cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    Unreadable,
    ReadableByOthers,
    Malformed,
    /// The id in the file is not that of the key in it.
    WrongId,
}

impl KeyError {
    pub fn as_str(self) -> &'static str {
        match self {
            KeyError::Unreadable => "the key file cannot be read",
            KeyError::ReadableByOthers => {
                "the key file can be read by other users: chmod 600 it and make a new key if they may have"
            }
            KeyError::Malformed => "the key file is not `mainstem.key/1 <id> <64 hex digits>`",
            KeyError::WrongId => {
                "the id in the key file is not that of its key: the file is damaged"
            }
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for KeyError {}

impl fmt::Debug for RegionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegionKey({})", self.id)
    }
}

impl RegionKey {
    pub fn from_bytes(secret: &[u8; 32]) -> Self {
        RegionKey {
            id: hex_prefix(&derive(secret, "key id"), ID_DIGITS),
            request_digest: derive(secret, "request digest"),
            pseudonym: keyed(&derive(secret, "pseudonym")),
            structural: keyed(&derive(secret, "structural mask")),
            hmac_id: keyed(&derive(secret, "hmac_key id")),
            rotation: keyed(&derive(secret, "pseudonym rotation")),
        }
    }

    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let text = std::fs::read_to_string(path).map_err(|_| KeyError::Unreadable)?;
        refuse_readable_by_others(path)?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, KeyError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (id, digits, request_digest) = match words[..] {
            [FORMAT, id, digits] => (id, digits, None),
            [FORMAT_ROTATED, id, digits, request_digest] => {
                let kept = unhex(request_digest).ok_or(KeyError::Malformed)?;
                (id, digits, Some(kept))
            }
            _ => return Err(KeyError::Malformed),
        };
        let mut key = Self::from_bytes(&unhex(digits).ok_or(KeyError::Malformed)?);
        if let Some(request_digest) = request_digest {
            key.request_digest = request_digest;
        }
        if key.id == id {
            Ok(key)
        } else {
            Err(KeyError::WrongId)
        }
    }

    /// 8 hex digits that name the key wherever it was used.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key of the BLAKE3 digest by which a request is known again.
    pub fn request_digest_key(&self) -> &[u8; 32] {
        &self.request_digest
    }

    /// `p_<key id>_<32 hex digits>`: the same text gives the same pseudonym under the same key.
    pub fn pseudonym(&self, text: &str) -> String {
        let digits = hex_prefix(&tag(&self.pseudonym, text), PSEUDONYM_DIGITS);
        format!("p_{}_{digits}", self.id)
    }

    /// The key of pseudonyms in a period, which is known by its name.
    pub(crate) fn of_period(&self, period: &str) -> PeriodKey {
        PeriodKey {
            id: format!("{}-{period}", self.id),
            pseudonym: keyed(&tag(&self.rotation, period)),
        }
    }

    /// `****_<8 hex digits>`: the mask of a name, by which two names stay apart.
    pub(crate) fn structural_mask(&self, name: &str) -> String {
        let digits = hex_prefix(&tag(&self.structural, name), STRUCTURAL_DIGITS);
        format!("****_{digits}")
    }

    /// The id under which a fingerprint knows a processor's `hmac_key`.
    pub(crate) fn hmac_key_id(&self, hmac_key: &str) -> String {
        hex_prefix(&tag(&self.hmac_id, hmac_key), ID_DIGITS)
    }
}

/// Whether a text has the shape of a pseudonym of any region.
pub(crate) fn is_pseudonym(text: &str) -> bool {
    let hex = |part: &str, digits: usize| {
        part.len() == digits && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    text.strip_prefix("p_")
        .and_then(|rest| rest.split_once('_'))
        .is_some_and(|(id, digits)| {
            let (id, period) = id.split_once('-').unwrap_or((id, "0"));
            let is_period = |b: u8| b.is_ascii_digit() || matches!(b, b'q' | b'm');
            hex(id, ID_DIGITS)
                && (1..=7).contains(&period.len())
                && period.bytes().all(is_period)
                && hex(digits, PSEUDONYM_DIGITS)
        })
}

fn derive(secret: &[u8; 32], purpose: &str) -> [u8; 32] {
    tag(&keyed(secret), &format!("mainstem/1 {purpose}"))
}

fn keyed(key: &[u8; 32]) -> HmacSha256 {
    // HMAC fills a short key up with zeros to the hash's block of 64 bytes.
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    HmacSha256::new(&block.into())
}

fn tag(keyed: &HmacSha256, text: &str) -> [u8; 32] {
    let mut mac = keyed.clone();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

pub(crate) fn hex_prefix(bytes: &[u8], digits: usize) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .take(digits)
        .map(|nibble| char::from(HEX[usize::from(nibble)]))
        .collect()
}

fn unhex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(unix)]
fn refuse_readable_by_others(path: &Path) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path)
        .map_err(|_| KeyError::Unreadable)?
        .permissions()
        .mode();
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(KeyError::ReadableByOthers)
    }
}

#[cfg(not(unix))]
fn refuse_readable_by_others(_path: &Path) -> Result<(), KeyError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_read_and_its_id_checked() {
        let key = RegionKey::from_bytes(&[7; 32]);
        let digits = "07".repeat(32);
        let line = format!("mainstem.key/1 {} {digits}\n", key.id());
        assert_eq!(RegionKey::parse(&line).unwrap().id(), key.id());
        let damaged = format!("mainstem.key/1 {} 08{}\n", key.id(), "07".repeat(31));
        assert_eq!(RegionKey::parse(&damaged).unwrap_err(), KeyError::WrongId);
        for malformed in ["", "mainstem.key/1", "mainstem.key/2 a b", &digits] {
            assert_eq!(
                RegionKey::parse(malformed).unwrap_err(),
                KeyError::Malformed
            );
        }
    }

    #[test]
    fn a_rotated_file_keeps_the_key_of_digests() {
        let before = RegionKey::from_bytes(&[7; 32]);
        let after = RegionKey::from_bytes(&[8; 32]);
        let kept: String = before
            .request_digest
            .map(|byte| format!("{byte:02x}"))
            .concat();
        let line = format!("mainstem.key/2 {} {} {kept}", after.id(), "08".repeat(32));
        let rotated = RegionKey::parse(&line).unwrap();
        assert_eq!(rotated.id(), after.id());
        assert_eq!(rotated.pseudonym("anna"), after.pseudonym("anna"));
        assert_eq!(rotated.request_digest_key(), before.request_digest_key());
    }

    #[test]
    fn pseudonyms_depend_on_the_key_and_have_one_shape() {
        let (one, two) = (
            RegionKey::from_bytes(&[1; 32]),
            RegionKey::from_bytes(&[2; 32]),
        );
        assert_eq!(one.pseudonym("anna"), one.pseudonym("anna"));
        assert_ne!(one.pseudonym("anna"), one.pseudonym("bert"));
        assert_ne!(one.pseudonym("anna"), two.pseudonym("anna"));
        assert!(is_pseudonym(&one.pseudonym("anna")));
        for other in ["", "p_", "p_0123abcd_", "anna", "p_0123abcd_0123"] {
            assert!(!is_pseudonym(other), "{other}");
        }
    }

    #[test]
    fn the_secret_is_not_shown() {
        assert!(!format!("{:?}", RegionKey::from_bytes(&[7; 32])).contains("07"));
    }
}
