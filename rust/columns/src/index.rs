//! A blob's index: which services it holds, and filters over its trace ids and tenants.
//!
//! It is made from the blob's text as `otlp::encode` writes it, without decoding it: a name in
//! quotes with a value behind it is never part of a longer text, whose quotes would be escaped. An
//! index may say "perhaps" where the blob holds nothing, and never "no" where it does. What it
//! cannot tell it leaves open.
//!
//! Layout (docs/formats.md): the line `mainstem.index/1`, a line of JSON, the bits of the filters.

use crate::lines::Lines;
use memchr::memmem::Finder;
use std::collections::{BTreeSet, HashSet};

const FORMAT: &str = "mainstem.index/1";
/// More services than this are not listed: the index then says "perhaps" to each.
const MOST_SERVICES: usize = 256;
/// With ten bits a key and seven probes one answer in a hundred is a wrong "perhaps".
const BITS_A_KEY: usize = 10;
/// A filter of few keys is longer than that, or chance would rule.
const LEAST_BYTES: usize = 16;
const PROBES: usize = 7;

/// What is looked for: all that is given must be there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'w> {
    /// 32 hex digits in lower case.
    pub trace_id: Option<&'w str>,
    pub service: Option<&'w str>,
    pub tenant: Option<&'w str>,
}

/// Index a blob; `tenant_keys` are the attributes that name a tenant.
pub fn build(blob: &[u8], tenant_keys: &[String]) -> Vec<u8> {
    let traces = Finder::new(br#""traceId":""#);
    let services = Attribute::new("service.name");
    let tenants: Vec<_> = tenant_keys.iter().map(|key| Attribute::new(key)).collect();
    let mut found = Found::default();
    let mut lines = Lines::new(blob);
    loop {
        match lines.next() {
            Ok(Some(line)) => found.add(line, &traces, &services, &tenants),
            Ok(None) => return found.write(),
            // What cannot be read may hold anything.
            Err(_) => return Vec::new(),
        }
    }
}

/// Whether the indexed blob may hold what is wanted; also true for what is no index.
pub fn may_hold(index: &[u8], wanted: &Wanted<'_>) -> bool {
    match Header::read(index) {
        None => true,
        Some((header, bits)) => header.may_hold(bits, wanted).unwrap_or(true),
    }
}

/// The places of one attribute's values in a line.
struct Attribute {
    finder: Finder<'static>,
    length: usize,
}

impl Attribute {
    fn new(key: &str) -> Attribute {
        let before = format!(r#"{{"key":"{key}","value":{{"#);
        Attribute {
            finder: Finder::new(before.as_bytes()).into_owned(),
            length: before.len(),
        }
    }

    /// The attribute's values; `None` for one that is no text or integer, or has an escape in it.
    fn values<'l>(&self, line: &'l [u8]) -> impl Iterator<Item = Option<&'l str>> {
        self.finder.find_iter(line).map(|at| {
            let value = &line[at + self.length..];
            let text = value
                .strip_prefix(br#""stringValue":""#)
                .or_else(|| value.strip_prefix(br#""intValue":""#))?;
            let end = memchr::memchr2(b'"', b'\\', text)?;
            if text[end] == b'\\' {
                return None;
            }
            std::str::from_utf8(&text[..end]).ok()
        })
    }
}

/// What was found of a blob; `None` in place of a set that cannot be told.
#[derive(Debug)]
struct Found {
    traces: HashSet<u128>,
    services: Option<BTreeSet<String>>,
    tenants: Option<HashSet<String>>,
}

impl Default for Found {
    fn default() -> Found {
        Found {
            traces: HashSet::new(),
            services: Some(BTreeSet::new()),
            tenants: Some(HashSet::new()),
        }
    }
}

impl Found {
    fn add(
        &mut self,
        line: &[u8],
        traces: &Finder<'_>,
        services: &Attribute,
        tenants: &[Attribute],
    ) {
        for at in traces.find_iter(line) {
            let id = line.get(at + traces.needle().len()..).unwrap_or_default();
            let id = id.get(..32).and_then(|id| std::str::from_utf8(id).ok());
            self.traces
                .extend(id.and_then(|id| u128::from_str_radix(id, 16).ok()));
        }
        for value in services.values(line) {
            match (value, &mut self.services) {
                (Some(value), Some(found)) if found.len() < MOST_SERVICES => {
                    if !found.contains(value) {
                        found.insert(value.to_owned());
                    }
                }
                _ => self.services = None,
            }
        }
        for value in tenants.iter().flat_map(|key| key.values(line)) {
            match (value, &mut self.tenants) {
                (Some(value), Some(found)) => {
                    if !found.contains(value) {
                        found.insert(value.to_owned());
                    }
                }
                _ => self.tenants = None,
            }
        }
    }

    fn write(&self) -> Vec<u8> {
        let mut traces = Bits::of(self.traces.len());
        for id in &self.traces {
            traces.set(&id.to_be_bytes());
        }
        let tenants = self.tenants.as_ref().map(|found| {
            let mut tenants = Bits::of(found.len());
            for tenant in found {
                tenants.set(tenant.as_bytes());
            }
            tenants
        });
        let header = Header {
            services: self
                .services
                .as_ref()
                .map(|found| found.iter().cloned().collect()),
            trace_bytes: traces.bits.len(),
            tenant_bytes: tenants.as_ref().map(|tenants| tenants.bits.len()),
        };
        let mut index = Vec::from(FORMAT);
        index.push(b'\n');
        index.extend(serde_json::to_vec(&header).unwrap_or_default());
        index.push(b'\n');
        index.extend(traces.bits);
        index.extend(tenants.map(|tenants| tenants.bits).unwrap_or_default());
        index
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Header {
    /// `null` where there are too many, or one has no plain name.
    services: Option<Vec<String>>,
    trace_bytes: usize,
    tenant_bytes: Option<usize>,
}

impl Header {
    fn read(index: &[u8]) -> Option<(Header, &[u8])> {
        let rest = index.strip_prefix(FORMAT.as_bytes())?.strip_prefix(b"\n")?;
        let (header, bits) = rest.split_at(memchr::memchr(b'\n', rest)?);
        Some((serde_json::from_slice(header).ok()?, &bits[1..]))
    }

    /// `None` where the index is cut short.
    fn may_hold(&self, bits: &[u8], wanted: &Wanted<'_>) -> Option<bool> {
        let (traces, rest) = bits.split_at_checked(self.trace_bytes)?;
        let trace = match wanted.trace_id {
            None => true,
            Some(id) => {
                u128::from_str_radix(id, 16).is_ok_and(|id| holds(traces, &id.to_be_bytes()))
            }
        };
        let service = match (wanted.service, &self.services) {
            (Some(wanted), Some(services)) => services.iter().any(|service| service == wanted),
            _ => true,
        };
        let tenant = match (wanted.tenant, self.tenant_bytes) {
            (Some(wanted), Some(size)) => holds(rest.get(..size)?, wanted.as_bytes()),
            _ => true,
        };
        Some(trace && service && tenant)
    }
}

/// A Bloom filter: no false "no" (Bloom 1970).
struct Bits {
    bits: Vec<u8>,
}

impl Bits {
    fn of(keys: usize) -> Bits {
        let bytes = match keys {
            0 => 0,
            _ => (keys * BITS_A_KEY).div_ceil(8).max(LEAST_BYTES),
        };
        Bits {
            bits: vec![0; bytes],
        }
    }

    fn set(&mut self, key: &[u8]) {
        for bit in probes(key, self.bits.len()) {
            self.bits[bit / 8] |= 1 << (bit % 8);
        }
    }
}

fn holds(bits: &[u8], key: &[u8]) -> bool {
    !bits.is_empty() && probes(key, bits.len()).all(|bit| bits[bit / 8] >> (bit % 8) & 1 == 1)
}

/// A word of the hash each, since a small filter shows what a step from one to the next has in common.
fn probes(key: &[u8], bytes: usize) -> impl Iterator<Item = usize> {
    let hash = blake3::hash(key);
    let bits = bytes as u64 * 8;
    (0..PROBES).map(move |probe| {
        let (words, _) = hash.as_bytes().as_chunks::<4>();
        (u64::from(u32::from_le_bytes(words[probe])) % bits) as usize
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "tenant.id";

    fn line(trace: u128, service: &str, tenant: &str) -> String {
        format!(
            r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"{service}"}}}},{{"key":"{TENANT}","value":{tenant}}}]}},"scopeSpans":[{{"spans":[{{"traceId":"{trace:032x}","spanId":"00f067aa0ba902b7"}}]}}]}}]}}
"#
        )
    }

    fn index(text: &str) -> Vec<u8> {
        build(text.as_bytes(), &[TENANT.to_owned()])
    }

    fn trace(index: &[u8], id: u128) -> bool {
        let id = format!("{id:032x}");
        may_hold(
            index,
            &Wanted {
                trace_id: Some(&id),
                ..Wanted::default()
            },
        )
    }

    fn service(index: &[u8], service: &str) -> bool {
        may_hold(
            index,
            &Wanted {
                service: Some(service),
                ..Wanted::default()
            },
        )
    }

    fn tenant(index: &[u8], tenant: &str) -> bool {
        may_hold(
            index,
            &Wanted {
                tenant: Some(tenant),
                ..Wanted::default()
            },
        )
    }

    #[test]
    fn all_that_is_there_is_found_and_little_else() {
        let text: String = (0..1000)
            .map(|n| line(n, "checkout", &format!(r#"{{"stringValue":"t-{n}"}}"#)))
            .collect();
        let index = index(&text);
        assert!((0..1000).all(|n| trace(&index, n) && tenant(&index, &format!("t-{n}"))));
        let wrong = (1000..11_000).filter(|&n| trace(&index, n)).count();
        assert!(wrong < 200, "{wrong} of 10,000 wrongly perhaps");
        assert!(service(&index, "checkout"));
        assert!(!service(&index, "check"));
        assert!(!tenant(&index, "nobody"));
        assert!(index.len() < 4000, "{} bytes", index.len());
    }

    #[test]
    fn integers_are_tenants_too() {
        let index = index(&line(1, "s", r#"{"intValue":"42"}"#));
        assert!(tenant(&index, "42"));
        let wrong = (0..1000).filter(|n| *n != 42 && tenant(&index, &n.to_string()));
        assert_eq!(wrong.count(), 0, "few keys are told apart best");
    }

    #[test]
    fn what_cannot_be_told_is_left_open() {
        let escaped = index(&line(1, r"a\u0001b", r#"{"doubleValue":1}"#));
        assert!(service(&escaped, "anything") && tenant(&escaped, "anybody"));
        assert!(!trace(&escaped, 2));
        assert!(trace(b"", 1) && trace(b"another format", 1));
        let whole = index(&line(1, "s", r#"{"stringValue":"t"}"#));
        assert!(tenant(&whole[..whole.len() - 3], "u"));
        assert!(trace(&whole[..whole.len() - LEAST_BYTES - 3], 7));
    }

    #[test]
    fn compressed_blobs_are_read_through() {
        let text = line(5, "s", r#"{"stringValue":"t"}"#);
        let packed = zstd::encode_all(text.as_bytes(), 1).unwrap();
        let index = build(&packed, &[TENANT.to_owned()]);
        assert!(trace(&index, 5) && !trace(&index, 6) && !service(&index, "other"));
    }

    #[test]
    fn a_blob_without_records_holds_nothing() {
        let index = build(b"", &[]);
        assert!(!trace(&index, 1) && !service(&index, "s") && !tenant(&index, "t"));
    }
}
