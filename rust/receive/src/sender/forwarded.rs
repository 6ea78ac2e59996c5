//! What a forwarded request says of where it was taken first, and who is believed.

use http::{HeaderMap, HeaderName};

use crate::sender::identity::Identity;

const ORIGIN_REGION: HeaderName = HeaderName::from_static("mainstem-origin-region");
const DIGEST: HeaderName = HeaderName::from_static("mainstem-digest");

/// A request's origin, as its sender says it, and as that sender may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forwarded<'a> {
    pub region: &'a str,
    /// What the origin knows the request by, so that it is taken once however often it comes.
    pub digest: Option<[u8; 16]>,
}

impl<'a> Forwarded<'a> {
    /// `None` where the request was not forwarded, or its sender may not forward for the region:
    /// then it is a request like any other.
    pub fn believed(headers: &'a HeaderMap, identity: Option<&Identity>) -> Option<Forwarded<'a>> {
        let region = headers.get(ORIGIN_REGION)?.to_str().ok()?;
        let may = &identity?.may_forward_for;
        may.iter().any(|known| known == region).then(|| Forwarded {
            region,
            digest: headers
                .get(DIGEST)
                .and_then(|digest| parse(digest.as_bytes())),
        })
    }
}

/// 32 hex digits.
fn parse(text: &[u8]) -> Option<[u8; 16]> {
    let (pairs, []) = text.as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut digest = [0; 16];
    if pairs.len() != digest.len() {
        return None;
    }
    for (byte, &[high, low]) in digest.iter_mut().zip(pairs) {
        *byte = u8::try_from(digit(high)? << 4 | digit(low)?).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(region: &'static str, digest: &'static str) -> HeaderMap {
        HeaderMap::from_iter([
            (ORIGIN_REGION, HeaderValue::from_static(region)),
            (DIGEST, HeaderValue::from_static(digest)),
        ])
    }

    fn gateway() -> Identity {
        Identity {
            name: "gateway".into(),
            may_forward_for: vec!["euc".into()],
            ..Identity::default()
        }
    }

    #[test]
    fn who_may_forward_for_the_region_is_believed() {
        let headers = headers("euc", "000102030405060708090a0b0c0d0eFF");
        let identity = gateway();
        let believed = Forwarded::believed(&headers, Some(&identity)).expect("a gateway");
        let mut digest = std::array::from_fn(|index| index as u8);
        digest[15] = 0xff;
        assert_eq!((believed.region, believed.digest), ("euc", Some(digest)));
    }

    #[test]
    fn nobody_else_is() {
        let identity = gateway();
        for (region, identity) in [
            ("euc", None),
            ("euc", Some(&Identity::default())),
            ("use", Some(&identity)),
        ] {
            let headers = headers(region, "000102030405060708090a0b0c0d0e0f");
            assert_eq!(Forwarded::believed(&headers, identity), None);
        }
    }

    #[test]
    fn a_digest_that_is_none_is_left_out() {
        let identity = gateway();
        for digest in [
            "",
            "00",
            "000102030405060708090a0b0c0d0e0g",
            "0+0102030405060708090a0b0c0d0e0f",
        ] {
            let headers = headers("euc", digest);
            let believed = Forwarded::believed(&headers, Some(&identity));
            assert_eq!(believed.and_then(|one| one.digest), None, "{digest}");
        }
    }
}
