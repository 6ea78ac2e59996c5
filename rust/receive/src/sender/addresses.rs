//! The addresses that may send: networks in CIDR notation, and what a proxy says of its client.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use http::{HeaderMap, HeaderName};
use serde::Deserialize;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A network such as `10.0.0.0/8` or `2001:db8::/32`; an address alone is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    /// As IPv6, an IPv4 address in its mapped form.
    first: u128,
    bits: u32,
}

/// A text that is no network.
#[derive(Debug)]
pub struct NotANetwork;

impl fmt::Display for NotANetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a network such as 10.0.0.0/8 or 2001:db8::/32")
    }
}

impl Network {
    pub fn contains(self, address: IpAddr) -> bool {
        prefix(as_number(address), self.bits) == self.first
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Network, NotANetwork> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let (most, before) = match address {
            IpAddr::V4(_) => (32, 96),
            IpAddr::V6(_) => (128, 0),
        };
        let length: u32 = match length {
            Some(text) => text.parse().map_err(|_| NotANetwork)?,
            None => most,
        };
        if length > most {
            return Err(NotANetwork);
        }
        let bits = before + length;
        Ok(Network {
            first: prefix(as_number(address), bits),
            bits,
        })
    }
}

impl TryFrom<String> for Network {
    type Error = NotANetwork;

    fn try_from(text: String) -> Result<Network, NotANetwork> {
        text.parse()
    }
}

fn as_number(address: IpAddr) -> u128 {
    let address = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    u128::from_be_bytes(address.octets())
}

fn prefix(number: u128, bits: u32) -> u128 {
    match 128 - bits {
        128 => 0,
        rest => number >> rest << rest,
    }
}

/// Who may send by address.
#[derive(Clone, Debug, Default)]
pub struct AllowList {
    /// Empty: everyone.
    pub allowed: Vec<Network>,
    /// Proxies whose word on their client's address is taken.
    pub trusted_proxies: Vec<Network>,
}

impl AllowList {
    pub fn allows(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        if self.allowed.is_empty() {
            return true;
        }
        self.client(peer, headers)
            .is_some_and(|client| any(&self.allowed, client))
    }

    /// The sender's own address: the last that a proxy reports and that is not a trusted proxy
    /// itself. What stands before it in the header, anyone can have written. `None` where a trusted
    /// proxy reports something that is no address.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let mut client = peer;
        let mut reported = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
            .rev();
        while any(&self.trusted_proxies, client) {
            let Some(next) = reported.next() else {
                return Some(client);
            };
            client = address_of(next)?;
        }
        Some(client)
    }
}

fn any(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

/// An address as proxies write it: alone, with a port, or in brackets with one.
fn address_of(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address);
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (address, _) = rest.split_once(']')?;
        return address.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    let (address, _) = text.split_once(':')?;
    address.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn allows(list: &AllowList, peer: &str, forwarded: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        list.allows(peer.parse().unwrap(), &headers)
    }

    #[test]
    fn a_network_holds_what_its_prefix_says() {
        for (network, inside, outside) in [
            ("10.1.0.0/16", "10.1.255.255", "10.2.0.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("0.0.0.0/0", "203.0.113.1", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("10.1.0.0/16", "::ffff:10.1.2.3", "::10.1.2.3"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()));
            assert!(!network.contains(outside.parse().unwrap()));
        }
        let everyone: Network = "::/0".parse().unwrap();
        assert!(everyone.contains("10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "10.0.0.0/33",
            "::/129",
            "host/8",
            "10.0.0/8",
            "10.0.0.0/-1",
        ] {
            assert!(text.parse::<Network>().is_err());
        }
    }

    #[test]
    fn nobody_but_a_trusted_proxy_may_say_who_its_client_is() {
        let mut list = AllowList {
            allowed: networks(&["203.0.113.0/24"]),
            trusted_proxies: vec![],
        };
        assert!(allows(&list, "203.0.113.9", &[]));
        assert!(!allows(&list, "198.51.100.1", &["203.0.113.9"]));
        list.trusted_proxies = networks(&["10.0.0.0/8"]);
        assert!(allows(&list, "10.0.0.1", &["203.0.113.9"]));
        assert!(allows(
            &list,
            "10.0.0.1",
            &["198.51.100.1, 203.0.113.9:4711"]
        ));
        assert!(allows(&list, "10.0.0.1", &["203.0.113.9", "10.0.0.2"]));
        // What a client writes itself stands before what the proxy adds.
        assert!(!allows(&list, "10.0.0.1", &["203.0.113.9, 198.51.100.1"]));
        assert!(!allows(&list, "10.0.0.1", &["203.0.113.9", "unknown"]));
        assert!(!allows(&list, "10.0.0.1", &[]));
        assert!(allows(
            &AllowList {
                allowed: networks(&["2001:db8::/32"]),
                trusted_proxies: networks(&["10.0.0.0/8"]),
            },
            "10.0.0.1",
            &["[2001:db8::1]:4711"]
        ));
    }
}
