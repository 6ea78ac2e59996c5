//! The few protobuf messages of an answer: how many records were rejected, and when to come back.

use std::time::Duration;

/// A field's number and value.
enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    Other,
}

/// Calls `see` for each field of a message; `None` where it is none.
fn fields<'a>(mut bytes: &'a [u8], mut see: impl FnMut(u64, Value<'a>)) -> Option<()> {
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let value = match tag & 7 {
            0 => Value::Varint(varint(&mut bytes)?),
            1 => {
                bytes = bytes.get(8..)?;
                Value::Other
            }
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                let (value, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                Value::Bytes(value)
            }
            5 => {
                bytes = bytes.get(4..)?;
                Value::Other
            }
            _ => return None,
        };
        see(tag >> 3, value);
    }
    Some(())
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Records that an `Export*ServiceResponse` says were rejected; `None` where it is no such message.
pub fn rejected(response: &[u8]) -> Option<u64> {
    let mut partial = &[][..];
    fields(response, |number, value| {
        if let (1, Value::Bytes(bytes)) = (number, value) {
            partial = bytes;
        }
    })?;
    let mut rejected = 0;
    fields(partial, |number, value| {
        if let (1, Value::Varint(count)) = (number, value) {
            rejected = count;
        }
    })?;
    // The field is signed, and a negative count says nothing.
    Some(i64::try_from(rejected).map_or(0, i64::unsigned_abs))
}

/// The same of OTLP/JSON, where counts are strings or numbers.
pub fn rejected_json(response: &[u8]) -> Option<u64> {
    let response: serde_json::Value = serde_json::from_slice(response).ok()?;
    let Some(partial) = response.get("partialSuccess") else {
        return Some(0);
    };
    let counts = ["rejectedSpans", "rejectedLogRecords", "rejectedDataPoints"];
    let count = counts.iter().find_map(|key| partial.get(key));
    Some(count.map_or(0, |count| match count {
        serde_json::Value::String(text) => text.parse().unwrap_or(0),
        number => number.as_u64().unwrap_or(0),
    }))
}

/// The delay of the `RetryInfo` in a `google.rpc.Status`.
pub fn retry_delay(status: &[u8]) -> Option<Duration> {
    const RETRY_INFO: &[u8] = b"/google.rpc.RetryInfo";
    let mut delay = None;
    fields(status, |number, value| {
        if let (3, Value::Bytes(detail)) = (number, value) {
            let (mut is_retry_info, mut content) = (false, &[][..]);
            let read = fields(detail, |number, value| match (number, value) {
                (1, Value::Bytes(url)) => is_retry_info = url.ends_with(RETRY_INFO),
                (2, Value::Bytes(bytes)) => content = bytes,
                _ => {}
            });
            if read.is_some() && is_retry_info {
                delay = delay.or_else(|| duration_in(content));
            }
        }
    })?;
    delay
}

fn duration_in(retry_info: &[u8]) -> Option<Duration> {
    let mut duration = None;
    fields(retry_info, |number, value| {
        if let (1, Value::Bytes(bytes)) = (number, value) {
            duration = Some(bytes);
        }
    })?;
    let (mut seconds, mut nanos) = (0, 0);
    fields(duration?, |number, value| match (number, value) {
        (1, Value::Varint(number)) => seconds = number,
        (2, Value::Varint(number)) => nanos = number,
        _ => {}
    })?;
    let nanos = u32::try_from(nanos)
        .ok()
        .filter(|nanos| *nanos < 1_000_000_000)?;
    i64::try_from(seconds).ok()?;
    Some(Duration::new(seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let length = u8::try_from(bytes.len()).expect("short");
        [&[number << 3 | 2, length], bytes].concat()
    }

    #[test]
    fn rejected_records_are_read() {
        assert_eq!(rejected(b""), Some(0));
        let partial = [&[8, 0x96, 0x01], &field(2, b"why")[..]].concat();
        assert_eq!(rejected(&field(1, &partial)), Some(150));
        assert_eq!(rejected(b"\x0a\x7f"), None);
        assert_eq!(rejected_json(b"{}"), Some(0));
        let json = br#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"why"}}"#;
        assert_eq!(rejected_json(json), Some(3));
        assert_eq!(rejected_json(b"<html>"), None);
    }

    #[test]
    fn a_retry_info_among_details_is_found() {
        let duration = [8, 2, 16, 0x80, 0xca, 0xb5, 0xee, 0x01];
        let info = field(2, &field(1, &duration));
        let url = field(1, b"type.googleapis.com/google.rpc.RetryInfo");
        let other = field(3, &field(1, b"type.googleapis.com/google.rpc.Help"));
        let status = [&[8, 14], &other[..], &field(3, &[url, info].concat())].concat();
        assert_eq!(retry_delay(&status), Some(Duration::from_millis(2500)));
        assert_eq!(retry_delay(&other), None);
        assert_eq!(retry_delay(b"\xff"), None);
    }
}
