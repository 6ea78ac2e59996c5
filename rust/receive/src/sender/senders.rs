//! Who a request is from: by its client's certificate, a bearer token, or user and password.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use tokio::sync::Semaphore;

use crate::listen::replies::Refusal;
use crate::plan::PlanError;
use crate::sender::identity::Identity;
use crate::sender::passwords::{Passwords, UserPlan};

/// How long a request waits for its turn to have its password checked.
const PATIENCE: Duration = Duration::from_secs(5);

/// A listener's senders. One of these has to know a request, or it is refused.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct SendersPlan {
    /// The header that holds a token, in lower case.
    pub header: String,
    /// What stands before the token, with one space between; empty for nothing.
    pub scheme: String,
    pub tokens: Vec<TokenPlan>,
    pub users: Vec<UserPlan>,
    pub certificates: Vec<CertificatePlan>,
}

/// A token is known by its hash alone.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct TokenPlan {
    /// SHA-256 in 64 hex digits. A token is long and random, so that a slow hash would add nothing.
    pub sha256: String,
    pub identity: Identity,
}

/// A client's certificate, by one of the names in it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct CertificatePlan {
    pub name: String,
    pub identity: Identity,
}

pub struct Senders {
    header: HeaderName,
    scheme: String,
    tokens: Vec<([u8; 32], Arc<Identity>)>,
    passwords: Option<Arc<Passwords>>,
    certificates: Vec<(String, Arc<Identity>)>,
    /// One password is checked at a time, so that guessing takes no more than a core.
    turn: Semaphore,
}

impl Senders {
    /// `secret`: 32 random bytes of this process.
    pub fn new(plan: &SendersPlan, secret: [u8; 32]) -> Result<Senders, PlanError> {
        let header = plan
            .header
            .parse()
            .map_err(|_| PlanError::new("header", "is not a header's name"))?;
        let tokens = plan
            .tokens
            .iter()
            .map(|token| {
                let mut hash = [0; 32];
                hex::decode_to_slice(&token.sha256, &mut hash)
                    .map_err(|_| PlanError::new("tokens", "a hash is not 64 hex digits"))?;
                Ok((hash, Arc::new(token.identity.clone())))
            })
            .collect::<Result<_, PlanError>>()?;
        Ok(Senders {
            header,
            scheme: plan.scheme.clone(),
            tokens,
            passwords: (!plan.users.is_empty())
                .then(|| Arc::new(Passwords::new(&plan.users, secret))),
            certificates: plan
                .certificates
                .iter()
                .map(|entry| (entry.name.clone(), Arc::new(entry.identity.clone())))
                .collect(),
            turn: Semaphore::new(1),
        })
    }

    /// Who a request is from; `certificate` has the names in its client's verified certificate.
    pub async fn know(
        &self,
        headers: &HeaderMap,
        certificate: &[String],
    ) -> Result<Arc<Identity>, Refusal> {
        let bound = self
            .certificates
            .iter()
            .find(|(name, _)| certificate.contains(name));
        if let Some((_, identity)) = bound {
            return Ok(identity.clone());
        }
        if let Some(identity) = headers
            .get(&self.header)
            .and_then(|value| self.by_token(value))
        {
            return Ok(identity);
        }
        match (&self.passwords, headers.get(header::AUTHORIZATION)) {
            (Some(passwords), Some(value)) => self.by_password(passwords, value).await,
            _ => Err(Refusal::Unauthenticated),
        }
    }

    /// What a client is told to bring, where it brought nothing that is known.
    pub fn challenge(&self) -> HeaderValue {
        if self.passwords.is_some() {
            HeaderValue::from_static("Basic realm=\"otlp\", charset=\"UTF-8\"")
        } else {
            HeaderValue::from_static("Bearer realm=\"otlp\"")
        }
    }

    /// Compares with every token, so that the time tells nothing of which one comes near.
    fn by_token(&self, value: &HeaderValue) -> Option<Arc<Identity>> {
        let value = value.as_bytes();
        let token = match self.scheme.as_str() {
            "" => value,
            scheme => {
                let (given, rest) = value.split_at_checked(scheme.len())?;
                if !given.eq_ignore_ascii_case(scheme.as_bytes()) {
                    return None;
                }
                rest.strip_prefix(b" ")?.trim_ascii()
            }
        };
        let hash = Sha256::digest(token);
        let mut found = u64::MAX;
        for (place, (known, _)) in (0..).zip(&self.tokens) {
            let same: Choice = known[..].ct_eq(&hash[..]);
            found.conditional_assign(&place, same);
        }
        let place = usize::try_from(found).ok()?;
        self.tokens.get(place).map(|(_, identity)| identity.clone())
    }

    async fn by_password(
        &self,
        passwords: &Arc<Passwords>,
        value: &HeaderValue,
    ) -> Result<Arc<Identity>, Refusal> {
        let (user, password) = pair(value).ok_or(Refusal::Unauthenticated)?;
        if let Some(identity) = passwords.remembered(&user, &password) {
            return Ok(identity);
        }
        let turn = tokio::time::timeout(PATIENCE, self.turn.acquire()).await;
        let _turn = turn.map_err(|_| Refusal::TooBusy)?;
        let passwords = passwords.clone();
        tokio::task::spawn_blocking(move || passwords.check(&user, &password))
            .await
            .unwrap_or(None)
            .ok_or(Refusal::Unauthenticated)
    }
}

/// User and password of `Basic <base64 of user:password>`.
fn pair(value: &HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Identity {
        Identity {
            name: name.into(),
            ..Identity::default()
        }
    }

    fn token(token: &str) -> TokenPlan {
        TokenPlan {
            sha256: hex::encode(Sha256::digest(token)),
            identity: named(token),
        }
    }

    fn senders(scheme: &str) -> Senders {
        let plan = SendersPlan {
            header: "authorization".into(),
            scheme: scheme.into(),
            tokens: vec![token("first"), token("second")],
            users: vec![],
            certificates: vec![CertificatePlan {
                name: "a.example".into(),
                identity: named("a"),
            }],
        };
        Senders::new(&plan, [0; 32]).unwrap()
    }

    async fn known(senders: &Senders, value: &'static str, certificate: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_static(value));
        let names: Vec<String> = certificate.iter().map(|&name| name.to_owned()).collect();
        let known = senders.know(&headers, &names).await;
        known.ok().map(|identity| identity.name.clone())
    }

    #[tokio::test]
    async fn a_token_is_known_whole_and_behind_its_scheme() {
        let bearer = senders("Bearer");
        assert_eq!(
            known(&bearer, "Bearer second", &[]).await.unwrap(),
            "second"
        );
        assert_eq!(known(&bearer, "bearer first", &[]).await.unwrap(), "first");
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer firs",
            "first",
            "Basic first",
            "Bearerfirst",
        ] {
            assert_eq!(known(&bearer, wrong, &[]).await, None);
        }
        assert_eq!(known(&senders(""), "first", &[]).await.unwrap(), "first");
    }

    #[tokio::test]
    async fn a_certificate_is_known_by_any_of_its_names() {
        let senders = senders("Bearer");
        assert_eq!(known(&senders, "", &["b", "a.example"]).await.unwrap(), "a");
        assert_eq!(known(&senders, "", &["b.example"]).await, None);
    }
}
