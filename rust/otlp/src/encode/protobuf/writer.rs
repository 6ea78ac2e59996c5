//! Protobuf's fields, appended to a buffer.
//!
//! A message's length stands before it and is known behind it. One byte is left for it, which is
//! all that most messages need, and a longer one moves over to make room: one `memmove` a level
//! costs less than measuring the tree beforehand.

use crate::model::Number;

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;

/// The longest varint of a message's length: a buffer holds at most `isize::MAX` bytes.
const LONGEST: usize = 10;

pub(super) struct Writer<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> Writer<'o> {
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out }
    }

    #[inline]
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.out.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.out.push(number as u8);
    }

    #[inline]
    fn tag(&mut self, field: u32, wire_type: u32) {
        self.varint(u64::from(field << 3 | wire_type));
    }

    /// A message that is there even if it is empty.
    #[inline]
    pub fn message(&mut self, field: u32, fields: impl FnOnce(&mut Self)) {
        self.tag(field, LENGTH);
        self.out.push(0);
        let start = self.out.len();
        fields(self);
        self.set_length(start);
    }

    /// Write the length of what begins at `start` before it, where one byte is left.
    #[inline]
    fn set_length(&mut self, start: usize) {
        let length = self.out.len() - start;
        if length < 0x80 {
            self.out[start - 1] = length as u8;
        } else {
            self.set_long_length(start, length);
        }
    }

    fn set_long_length(&mut self, start: usize, length: usize) {
        let mut varint = [0; LONGEST];
        let mut size = 0;
        let mut rest = length;
        while rest >= 0x80 {
            varint[size] = rest as u8 | 0x80;
            rest >>= 7;
            size += 1;
        }
        varint[size] = rest as u8;
        self.out.resize(self.out.len() + size, 0);
        self.out.copy_within(start..start + length, start + size);
        self.out[start - 1..start + size].copy_from_slice(&varint[..=size]);
    }

    #[inline]
    pub fn messages<T>(&mut self, field: u32, items: &[T], fields: impl Fn(&mut Self, &T)) {
        for item in items {
            self.message(field, |writer| fields(writer, item));
        }
    }

    /// A text or bytes that are there even if they are empty: elements, and members of a oneof.
    #[inline]
    pub fn bytes_always(&mut self, field: u32, bytes: &[u8]) {
        self.tag(field, LENGTH);
        self.varint(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    #[inline]
    pub fn bytes(&mut self, field: u32, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.bytes_always(field, bytes);
        }
    }

    #[inline]
    pub fn text(&mut self, field: u32, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    #[inline]
    pub fn uint_always(&mut self, field: u32, number: u64) {
        self.tag(field, VARINT);
        self.varint(number);
    }

    #[inline]
    pub fn uint(&mut self, field: u32, number: u32) {
        if number != 0 {
            self.uint_always(field, u64::from(number));
        }
    }

    /// An enumeration: a negative number takes ten bytes, as in `int32`.
    #[inline]
    pub fn enumeration(&mut self, field: u32, number: i32) {
        if number != 0 {
            self.uint_always(field, i64::from(number) as u64);
        }
    }

    /// A `sint32`.
    #[inline]
    pub fn zigzag(&mut self, field: u32, number: i32) {
        self.uint(field, ((number << 1) ^ (number >> 31)) as u32);
    }

    #[inline]
    pub fn fixed32(&mut self, field: u32, bits: u32) {
        if bits != 0 {
            self.tag(field, FIXED32);
            self.out.extend_from_slice(&bits.to_le_bytes());
        }
    }

    #[inline]
    pub fn fixed64_always(&mut self, field: u32, bits: u64) {
        self.tag(field, FIXED64);
        self.out.extend_from_slice(&bits.to_le_bytes());
    }

    #[inline]
    pub fn fixed64(&mut self, field: u32, bits: u64) {
        if bits != 0 {
            self.fixed64_always(field, bits);
        }
    }

    /// A double without presence; a negative zero is no default.
    #[inline]
    pub fn double(&mut self, field: u32, number: f64) {
        self.fixed64(field, number.to_bits());
    }

    #[inline]
    pub fn optional_double(&mut self, field: u32, number: Option<f64>) {
        if let Some(number) = number {
            self.fixed64_always(field, number.to_bits());
        }
    }

    /// A number's value: `as_double` or `as_int`, by their fields.
    #[inline]
    pub fn number(&mut self, as_double: u32, as_int: u32, number: Option<Number>) {
        match number {
            Some(Number::Double(number)) => self.fixed64_always(as_double, number.to_bits()),
            Some(Number::Int(number)) => self.fixed64_always(as_int, number as u64),
            None => {}
        }
    }

    pub fn packed_fixed64(&mut self, field: u32, numbers: impl ExactSizeIterator<Item = u64>) {
        if numbers.len() > 0 {
            self.tag(field, LENGTH);
            self.varint((numbers.len() * size_of::<u64>()) as u64);
            for bits in numbers {
                self.out.extend_from_slice(&bits.to_le_bytes());
            }
        }
    }

    pub fn packed_varints(&mut self, field: u32, numbers: &[u64]) {
        if !numbers.is_empty() {
            self.message(field, |writer| {
                for &number in numbers {
                    writer.varint(number);
                }
            });
        }
    }
}
