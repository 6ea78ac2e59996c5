//! The one scan that every reader and writer of JSON waits for: how far a text goes without an
//! escape.

const ONES: u64 = u64::MAX / 255;
const HIGHS: u64 = ONES * 0x80;

/// The number of bytes before the first `"`, `\` or control character: eight at a time.
#[inline]
pub fn plain_prefix(bytes: &[u8]) -> usize {
    let (chunks, rest) = bytes.as_chunks::<8>();
    for (index, chunk) in chunks.iter().enumerate() {
        let special = special_bytes(u64::from_le_bytes(*chunk));
        if special != 0 {
            return index * 8 + (special.trailing_zeros() / 8) as usize;
        }
    }
    let read = bytes.len() - rest.len();
    read + rest
        .iter()
        .position(|&byte| is_special(byte))
        .unwrap_or(rest.len())
}

#[inline]
pub(crate) fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The high bit of each special byte. Bytes after the first special one may be marked wrongly, as
/// borrows run upwards; only the first mark is used.
#[inline]
fn special_bytes(word: u64) -> u64 {
    let control = word.wrapping_sub(ONES * 0x20);
    let quote = (word ^ (ONES * u64::from(b'"'))).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
    (control | quote | backslash) & !word & HIGHS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_special_byte_at_every_place() {
        for length in 0..40 {
            for place in 0..length {
                for byte in 0..=255 {
                    for filler in [b'a', 0x20, 0x21, 0x23, 0x7f, 0x80, 0xff] {
                        let mut bytes = vec![filler; length];
                        bytes[place] = byte;
                        let expected = bytes.iter().position(|&b| is_special(b));
                        assert_eq!(plain_prefix(&bytes), expected.unwrap_or(length));
                    }
                }
            }
        }
    }
}
