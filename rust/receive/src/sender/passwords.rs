//! Passwords as `htpasswd` keeps them: hashed, and checked without telling how far a guess was right.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use sha1::Digest;
use subtle::ConstantTimeEq;

use crate::sender::identity::Identity;

/// Passwords that were found right are remembered, by a keyed hash, for so many pairs of user and
/// password: bcrypt takes some 50 ms of a core, and a sender says its password with each request.
const MOST_REMEMBERED: usize = 1024;

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct UserPlan {
    pub identity: Identity,
    pub hash: PasswordHash,
}

/// A password's hash, in the forms that htpasswd writes; SHA-256 stands for one given in plain.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum PasswordHash {
    Bcrypt(String),
    Sha1(String),
    Sha256(String),
}

/// The users of a listener.
pub struct Passwords {
    users: HashMap<String, (Arc<Identity>, PasswordHash)>,
    /// What an unknown user's password is checked against, so that it takes as long.
    other: Option<PasswordHash>,
    remember_key: [u8; 32],
    right: Mutex<HashMap<[u8; 32], Arc<Identity>>>,
}

impl Passwords {
    /// `secret`: 32 random bytes of this process.
    pub fn new(users: &[UserPlan], secret: [u8; 32]) -> Passwords {
        Passwords {
            users: users
                .iter()
                .map(|user| {
                    let identity = Arc::new(user.identity.clone());
                    (identity.name.clone(), (identity, user.hash.clone()))
                })
                .collect(),
            other: users.first().map(|user| user.hash.clone()),
            remember_key: secret,
            right: Mutex::default(),
        }
    }

    /// Who this is, if it is known from an earlier request.
    pub fn remembered(&self, user: &str, password: &str) -> Option<Arc<Identity>> {
        let right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        right.get(&self.remembrance(user, password)).cloned()
    }

    /// Who this is. This may take a core for a while.
    pub fn check(&self, user: &str, password: &str) -> Option<Arc<Identity>> {
        let Some((identity, hash)) = self.users.get(user) else {
            let _same_time = self.other.as_ref().map(|hash| hash.is_of(password));
            return None;
        };
        if !hash.is_of(password) {
            return None;
        }
        let mut right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        if right.len() < MOST_REMEMBERED {
            right.insert(self.remembrance(user, password), identity.clone());
        }
        Some(identity.clone())
    }

    fn remembrance(&self, user: &str, password: &str) -> [u8; 32] {
        let mut hash = blake3::Hasher::new_keyed(&self.remember_key);
        hash.update(&(user.len() as u64).to_le_bytes());
        hash.update(user.as_bytes());
        hash.update(password.as_bytes());
        *hash.finalize().as_bytes()
    }
}

impl PasswordHash {
    fn is_of(&self, password: &str) -> bool {
        match self {
            PasswordHash::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
            PasswordHash::Sha1(hash) => {
                let hex = hex::encode(sha1::Sha1::digest(password.as_bytes()));
                bool::from(hex.as_bytes().ct_eq(hash.as_bytes()))
            }
            PasswordHash::Sha256(hash) => {
                let hex = hex::encode(sha2::Sha256::digest(password.as_bytes()));
                bool::from(hex.as_bytes().ct_eq(hash.as_bytes()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str, hash: PasswordHash) -> UserPlan {
        UserPlan {
            identity: Identity {
                name: name.into(),
                ..Identity::default()
            },
            hash,
        }
    }

    #[test]
    fn the_right_password_is_known_and_then_remembered() {
        let bcrypt = bcrypt::hash("apple", 4).unwrap();
        let users = [
            user("a", PasswordHash::Bcrypt(bcrypt)),
            user(
                "b",
                PasswordHash::Sha1("d0be2dc421be4fcd0172e5afceea3970e2f3d940".into()),
            ),
            user(
                "c",
                PasswordHash::Sha256(
                    "3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f1b".into(),
                ),
            ),
        ];
        let passwords = Passwords::new(&users, [7; 32]);
        assert_eq!(passwords.remembered("a", "apple"), None);
        for name in ["a", "b", "c"] {
            assert_eq!(passwords.check(name, "apple").unwrap().name, name);
            assert_eq!(passwords.check(name, "Apple"), None);
        }
        assert_eq!(passwords.remembered("a", "apple").unwrap().name, "a");
        assert_eq!(passwords.remembered("a", "Apple"), None);
        assert_eq!(passwords.check("d", "apple"), None);
    }
}
