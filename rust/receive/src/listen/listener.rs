//! A listener's settings: how it speaks TLS, whom it lets in, and how long anything may take.

use std::time::Duration;

use serde::Deserialize;

use crate::listen::tls::{Tls, TlsPlan};
use crate::plan::PlanError;
use crate::sender::addresses::{AllowList, Network};
use crate::sender::guard::Guard;
use crate::sender::senders::{Senders, SendersPlan};

/// What is left out asks for nothing.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct ListenerPlan {
    pub tls: Option<TlsPlan>,
    /// `None`: everyone may send who gets that far.
    pub senders: Option<SendersPlan>,
    /// The networks that may send; empty for all.
    pub ip_allowlist: Vec<Network>,
    pub trusted_proxies: Vec<Network>,
    pub limits: LimitsPlan,
}

/// Times in milliseconds.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsPlan {
    /// For a request's head.
    pub header_timeout_ms: u64,
    /// For a request's body.
    pub body_timeout_ms: u64,
    /// A connection without a request is closed after so long.
    pub idle_timeout_ms: Option<u64>,
    /// A connection is asked to end after so long (give or take a tenth), and cut off after
    /// `max_age_grace_ms` more.
    pub max_age_ms: Option<u64>,
    pub max_age_grace_ms: Option<u64>,
    /// A silent HTTP/2 connection is asked this often whether it lives, and has so long to answer.
    pub ping_every_ms: u64,
    pub ping_timeout_ms: u64,
    /// Calls at once on an HTTP/2 connection.
    pub max_streams: u32,
    /// Whether an HTTP/1 connection may serve a second request.
    pub keep_alive: bool,
}

impl Default for LimitsPlan {
    fn default() -> LimitsPlan {
        LimitsPlan {
            header_timeout_ms: 60_000,
            body_timeout_ms: 30_000,
            idle_timeout_ms: None,
            max_age_ms: None,
            max_age_grace_ms: None,
            ping_every_ms: 60_000,
            ping_timeout_ms: 20_000,
            max_streams: 256,
            keep_alive: true,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub header_timeout: Duration,
    pub body_timeout: Duration,
    pub idle_timeout: Option<Duration>,
    pub max_age: Option<Duration>,
    pub max_age_grace: Option<Duration>,
    pub ping_every: Duration,
    pub ping_timeout: Duration,
    pub max_streams: u32,
    pub keep_alive: bool,
}

impl From<LimitsPlan> for Limits {
    fn from(plan: LimitsPlan) -> Limits {
        let ms = Duration::from_millis;
        Limits {
            header_timeout: ms(plan.header_timeout_ms),
            body_timeout: ms(plan.body_timeout_ms),
            idle_timeout: plan.idle_timeout_ms.map(ms),
            max_age: plan.max_age_ms.map(ms),
            max_age_grace: plan.max_age_grace_ms.map(ms),
            ping_every: ms(plan.ping_every_ms),
            ping_timeout: ms(plan.ping_timeout_ms),
            max_streams: plan.max_streams,
            keep_alive: plan.keep_alive,
        }
    }
}

/// A listener's settings as its connections use them. A connection keeps what it began with but for
/// the guard, which is asked anew for each request.
pub struct Listener {
    pub tls: Option<Tls>,
    pub guard: Guard,
    pub limits: Limits,
}

impl Listener {
    /// Reads the files that the plan names. `place` is what errors call the listener, `region` the
    /// collector's own, which the centre has none of; `secret` are 32 random bytes of this process.
    pub fn new(
        place: &str,
        plan: &ListenerPlan,
        region: Option<&str>,
        secret: [u8; 32],
    ) -> Result<Listener, PlanError> {
        let at = |key: &str| {
            let place = format!("{place}.{key}");
            move |error: PlanError| PlanError::new(format!("{place}.{}", error.place), error.reason)
        };
        Ok(Listener {
            tls: plan
                .tls
                .as_ref()
                .map(Tls::load)
                .transpose()
                .map_err(at("tls"))?,
            guard: Guard {
                addresses: AllowList {
                    allowed: plan.ip_allowlist.clone(),
                    trusted_proxies: plan.trusted_proxies.clone(),
                },
                senders: plan
                    .senders
                    .as_ref()
                    .map(|senders| Senders::new(senders, secret))
                    .transpose()
                    .map_err(at("auth"))?,
                region: region.map(str::to_owned),
            },
            limits: plan.limits.into(),
        })
    }
}
