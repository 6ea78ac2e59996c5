//! The data points of metrics.

use super::{Cursor, Decoder, Field, Read};
use crate::error::DecodeCode;
use crate::model::{
    Buckets, Exemplar, ExponentialHistogramPoint, HistogramPoint, Number, NumberPoint, Quantile,
    SummaryPoint,
};
use std::borrow::Cow;

impl Decoder<'_> {
    pub fn number_point<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<NumberPoint<'a>> {
        self.charge::<NumberPoint>(&cursor)?;
        let mut point = NumberPoint::default();
        while let Some(field) = cursor.next()? {
            match field {
                (2, Field::Fixed64(time)) => point.start_time_unix_nano = time,
                (3, Field::Fixed64(time)) => point.time_unix_nano = time,
                (4, Field::Fixed64(bits)) => point.value = Some(double(bits)),
                (5, Field::Bytes(bytes)) => {
                    let exemplar = self.exemplar(Cursor::new(bytes))?;
                    point.exemplars.push(exemplar);
                }
                (6, Field::Fixed64(bits)) => point.value = Some(Number::Int(bits as i64)),
                (7, Field::Bytes(bytes)) => {
                    self.attribute(&mut point.attributes, bytes, cursor.remaining())?
                }
                (8, Field::Varint(number)) => point.flags = number as u32,
                _ => self.unknown(),
            }
        }
        self.attributes = point.attributes.len();
        Ok(point)
    }

    pub fn histogram_point<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<HistogramPoint<'a>> {
        self.charge::<HistogramPoint>(&cursor)?;
        let mut point = HistogramPoint::default();
        while let Some(field) = cursor.next()? {
            match field {
                (2, Field::Fixed64(time)) => point.start_time_unix_nano = time,
                (3, Field::Fixed64(time)) => point.time_unix_nano = time,
                (4, Field::Fixed64(count)) => point.count = count,
                (5, Field::Fixed64(bits)) => point.sum = Some(f64::from_bits(bits)),
                (6, Field::Fixed64(count)) => {
                    self.charge::<u64>(&cursor)?;
                    point.bucket_counts.push(count);
                }
                (6, Field::Bytes(bytes)) => {
                    self.packed_fixed64(bytes, &mut point.bucket_counts, |count| count)?;
                }
                (7, Field::Fixed64(bits)) => {
                    self.charge::<u64>(&cursor)?;
                    point.explicit_bounds.push(f64::from_bits(bits));
                }
                (7, Field::Bytes(bytes)) => {
                    self.packed_fixed64(bytes, &mut point.explicit_bounds, f64::from_bits)?;
                }
                (8, Field::Bytes(bytes)) => {
                    let exemplar = self.exemplar(Cursor::new(bytes))?;
                    point.exemplars.push(exemplar);
                }
                (9, Field::Bytes(bytes)) => {
                    self.attribute(&mut point.attributes, bytes, cursor.remaining())?
                }
                (10, Field::Varint(number)) => point.flags = number as u32,
                (11, Field::Fixed64(bits)) => point.min = Some(f64::from_bits(bits)),
                (12, Field::Fixed64(bits)) => point.max = Some(f64::from_bits(bits)),
                _ => self.unknown(),
            }
        }
        self.attributes = point.attributes.len();
        Ok(point)
    }

    pub fn exponential_histogram_point<'a>(
        &mut self,
        mut cursor: Cursor<'a>,
    ) -> Read<ExponentialHistogramPoint<'a>> {
        self.charge::<ExponentialHistogramPoint>(&cursor)?;
        let mut point = ExponentialHistogramPoint::default();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Bytes(bytes)) => {
                    self.attribute(&mut point.attributes, bytes, cursor.remaining())?
                }
                (2, Field::Fixed64(time)) => point.start_time_unix_nano = time,
                (3, Field::Fixed64(time)) => point.time_unix_nano = time,
                (4, Field::Fixed64(count)) => point.count = count,
                (5, Field::Fixed64(bits)) => point.sum = Some(f64::from_bits(bits)),
                (6, Field::Varint(number)) => point.scale = zigzag(number),
                (7, Field::Fixed64(count)) => point.zero_count = count,
                (8, Field::Bytes(bytes)) => {
                    let buckets = point.positive.get_or_insert_default();
                    self.buckets(buckets, Cursor::new(bytes))?;
                }
                (9, Field::Bytes(bytes)) => {
                    let buckets = point.negative.get_or_insert_default();
                    self.buckets(buckets, Cursor::new(bytes))?;
                }
                (10, Field::Varint(number)) => point.flags = number as u32,
                (11, Field::Bytes(bytes)) => {
                    let exemplar = self.exemplar(Cursor::new(bytes))?;
                    point.exemplars.push(exemplar);
                }
                (12, Field::Fixed64(bits)) => point.min = Some(f64::from_bits(bits)),
                (13, Field::Fixed64(bits)) => point.max = Some(f64::from_bits(bits)),
                (14, Field::Fixed64(bits)) => point.zero_threshold = f64::from_bits(bits),
                _ => self.unknown(),
            }
        }
        self.attributes = point.attributes.len();
        Ok(point)
    }

    fn buckets(&mut self, buckets: &mut Buckets, mut cursor: Cursor<'_>) -> Read<()> {
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Varint(number)) => buckets.offset = zigzag(number),
                (2, Field::Varint(count)) => {
                    self.charge::<u64>(&cursor)?;
                    buckets.bucket_counts.push(count);
                }
                (2, Field::Bytes(bytes)) => {
                    let mut packed = Cursor::new(bytes);
                    while packed.remaining() > 0 {
                        self.charge::<u64>(&packed)?;
                        buckets.bucket_counts.push(packed.varint()?);
                    }
                }
                _ => self.unknown(),
            }
        }
        Ok(())
    }

    pub fn summary_point<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<SummaryPoint<'a>> {
        self.charge::<SummaryPoint>(&cursor)?;
        let mut point = SummaryPoint::default();
        while let Some(field) = cursor.next()? {
            match field {
                (2, Field::Fixed64(time)) => point.start_time_unix_nano = time,
                (3, Field::Fixed64(time)) => point.time_unix_nano = time,
                (4, Field::Fixed64(count)) => point.count = count,
                (5, Field::Fixed64(bits)) => point.sum = f64::from_bits(bits),
                (6, Field::Bytes(bytes)) => {
                    let quantile = self.quantile(Cursor::new(bytes))?;
                    point.quantile_values.push(quantile);
                }
                (7, Field::Bytes(bytes)) => {
                    self.attribute(&mut point.attributes, bytes, cursor.remaining())?
                }
                (8, Field::Varint(number)) => point.flags = number as u32,
                _ => self.unknown(),
            }
        }
        self.attributes = point.attributes.len();
        Ok(point)
    }

    fn quantile(&mut self, mut cursor: Cursor<'_>) -> Read<Quantile> {
        self.charge::<Quantile>(&cursor)?;
        let mut quantile = Quantile::default();
        while let Some(field) = cursor.next()? {
            match field {
                (1, Field::Fixed64(bits)) => quantile.quantile = f64::from_bits(bits),
                (2, Field::Fixed64(bits)) => quantile.value = f64::from_bits(bits),
                _ => self.unknown(),
            }
        }
        Ok(quantile)
    }

    fn exemplar<'a>(&mut self, mut cursor: Cursor<'a>) -> Read<Exemplar<'a>> {
        self.charge::<Exemplar>(&cursor)?;
        let mut exemplar = Exemplar::default();
        while let Some(field) = cursor.next()? {
            match field {
                (2, Field::Fixed64(time)) => exemplar.time_unix_nano = time,
                (3, Field::Fixed64(bits)) => exemplar.value = Some(double(bits)),
                (4, Field::Bytes(bytes)) => exemplar.span_id = Cow::Borrowed(bytes),
                (5, Field::Bytes(bytes)) => exemplar.trace_id = Cow::Borrowed(bytes),
                (6, Field::Fixed64(bits)) => exemplar.value = Some(Number::Int(bits as i64)),
                (7, Field::Bytes(bytes)) => {
                    self.attribute(&mut exemplar.filtered_attributes, bytes, cursor.remaining())?;
                }
                _ => self.unknown(),
            }
        }
        self.state.check_id(&exemplar.trace_id, 16);
        self.state.check_id(&exemplar.span_id, 8);
        Ok(exemplar)
    }

    fn packed_fixed64<T>(
        &mut self,
        bytes: &[u8],
        elements: &mut Vec<T>,
        element: impl Fn(u64) -> T,
    ) -> Read<()> {
        let mut packed = Cursor::new(bytes);
        if !bytes.len().is_multiple_of(size_of::<u64>()) {
            return Err(packed.error(DecodeCode::BadPacked));
        }
        elements.reserve(bytes.len() / size_of::<u64>());
        while packed.remaining() > 0 {
            self.charge::<u64>(&packed)?;
            elements.push(element(packed.fixed64()?));
        }
        Ok(())
    }
}

fn double(bits: u64) -> Number {
    Number::Double(f64::from_bits(bits))
}

fn zigzag(number: u64) -> i32 {
    let bits = number as u32;
    (bits >> 1) as i32 ^ -((bits & 1) as i32)
}
