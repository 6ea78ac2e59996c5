//! Whether a request is let in, and as whose.

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue};

use crate::listen::replies::Refusal;
use crate::sender::addresses::AllowList;
use crate::sender::identity::Identity;
use crate::sender::senders::Senders;

/// The other end of a connection.
pub struct Peer {
    pub address: IpAddr,
    /// The names in its verified certificate.
    pub names: Vec<String>,
    /// Who it is by its certificate alone.
    identity: Option<Arc<Identity>>,
}

impl Peer {
    pub fn new(address: IpAddr, names: Vec<String>) -> Peer {
        Peer {
            address,
            identity: names.first().map(|name| {
                Arc::new(Identity {
                    name: name.clone(),
                    ..Identity::default()
                })
            }),
            names,
        }
    }
}

/// What a listener asks of a request before it looks at anything else in it.
pub struct Guard {
    pub addresses: AllowList,
    /// `None`: nobody is asked for more than TLS asks for.
    pub senders: Option<Senders>,
    /// The collector's own region; `None` at the centre, where a request goes by its sender's.
    pub region: Option<String>,
}

impl Guard {
    /// Who sends the request, or why it is turned away.
    pub async fn admit(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
    ) -> Result<Option<Arc<Identity>>, Refusal> {
        if !self.addresses.allows(peer.address, headers) {
            return Err(Refusal::AddressNotAllowed);
        }
        let Some(senders) = &self.senders else {
            return Ok(peer.identity.clone());
        };
        let identity = senders.know(headers, &peer.names).await?;
        // Data of another region belongs into that region, unless it is brought here by one that may.
        match (&identity.region, &self.region) {
            (Some(region), Some(own))
                if region != own && !identity.may_forward_for.contains(region) =>
            {
                Err(Refusal::WrongRegion)
            }
            _ => Ok(Some(identity)),
        }
    }

    /// What a client is told to bring, where this guard asks for something.
    pub fn challenge(&self) -> Option<HeaderValue> {
        self.senders.as_ref().map(Senders::challenge)
    }
}
