//! Reading a request's body: bounded in bytes and in time, with its memory reserved beforehand.

use std::io::Read;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use hyper::header::HeaderValue;
use tokio::time::{Instant, timeout_at};

use crate::listen::replies::Refusal;
use crate::memory::Reservation;

/// The longest pause within a body.
pub const BODY_PAUSE: Duration = Duration::from_secs(10);

/// Memory is reserved in steps, so that a sender that promises much and sends little holds little.
const STEP: usize = 256 * 1024;

/// What is reserved for a body that announces no length.
const FIRST: usize = 16 * 1024;

/// Of a body that is too large, this many times the limit is read and thrown away: a sender that is
/// cut off in the middle of writing would see a broken connection and not the reply.
const DISCARD_TIMES: usize = 4;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    Identity,
    Gzip,
    Zstd,
}

impl Compression {
    /// By the header `content-encoding` or `grpc-encoding`.
    pub fn told(header: Option<&HeaderValue>) -> Result<Compression, Refusal> {
        match header {
            None => Ok(Compression::Identity),
            Some(name) => name
                .to_str()
                .ok()
                .and_then(Compression::named)
                .ok_or(Refusal::WrongEncoding),
        }
    }

    fn named(name: &str) -> Option<Compression> {
        match name.trim() {
            "" | "identity" => Some(Compression::Identity),
            "gzip" | "x-gzip" => Some(Compression::Gzip),
            "zstd" => Some(Compression::Zstd),
            _ => None,
        }
    }
}

/// A body on its way in, with the frames joined as they come.
pub struct BodyReader<B> {
    incoming: B,
    deadline: Instant,
    limit: usize,
}

impl<B: Body<Data = Bytes> + Unpin> BodyReader<B> {
    /// `limit`: the most bytes that are taken, in all; `time`: the longest that they may take.
    pub fn new(incoming: B, limit: usize, time: Duration) -> BodyReader<B> {
        BodyReader {
            incoming,
            deadline: Instant::now() + time,
            limit,
        }
    }

    /// The next piece of the body, which may be empty; `None` at its end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        loop {
            let until = self.deadline.min(Instant::now() + BODY_PAUSE);
            match timeout_at(until, self.incoming.frame()).await {
                Err(_) => return Err(Refusal::TooSlow),
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => return Err(Refusal::Truncated),
                Ok(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// Reads to the end. A body that came in one piece is returned as it came; pieces are joined in
    /// one buffer. `promise` tells from the first piece how long the whole says that it is.
    pub async fn read(
        &mut self,
        promise: impl Fn(&[u8]) -> usize,
        reservation: &mut Reservation,
    ) -> Result<Bytes, Refusal> {
        let announced = usize::try_from(self.incoming.size_hint().lower()).unwrap_or(usize::MAX);
        if announced > self.limit {
            return Err(Refusal::TooLarge);
        }
        reservation.grow_to(announced.clamp(FIRST, STEP)).await?;
        let Some(first) = self.next().await? else {
            return Ok(Bytes::new());
        };
        let promised = announced.max(promise(&first));
        if promised > self.limit || first.len() > self.limit {
            return Err(Refusal::TooLarge);
        }
        let Some(second) = self.next().await? else {
            reservation.shrink_to(first.len());
            return Ok(first);
        };
        let mut joined =
            Vec::with_capacity(promised.max(first.len() + second.len()).min(self.limit));
        self.join(&mut joined, &first, reservation).await?;
        drop(first);
        self.join(&mut joined, &second, reservation).await?;
        drop(second);
        while let Some(piece) = self.next().await? {
            self.join(&mut joined, &piece, reservation).await?;
        }
        Ok(Bytes::from(joined))
    }

    async fn join(
        &self,
        joined: &mut Vec<u8>,
        piece: &[u8],
        reservation: &mut Reservation,
    ) -> Result<(), Refusal> {
        let length = joined.len() + piece.len();
        if length > self.limit {
            return Err(Refusal::TooLarge);
        }
        if length > reservation.held() {
            // A step ahead, so that what comes next is reserved before it is read, but no more than
            // was promised. A buffer that grows beyond its promise, or without one, doubles.
            let ahead = match joined.capacity() {
                capacity if capacity >= length => (length + STEP).min(capacity),
                _ => (length * 2).min(self.limit),
            };
            reservation.grow_to(ahead).await?;
        }
        joined.extend_from_slice(piece);
        Ok(())
    }

    /// Reads on for a while without keeping anything.
    pub async fn discard(&mut self) {
        let mut left = self.limit.saturating_mul(DISCARD_TIMES);
        while let Ok(Some(piece)) = self.next().await {
            match left.checked_sub(piece.len()) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    }
}

/// The body inflated; `limit` bytes at most, each reserved before it is written.
pub fn inflate(
    compression: Compression,
    body: Bytes,
    limit: usize,
    reservation: &mut Reservation,
) -> Result<Bytes, Refusal> {
    match compression {
        Compression::Identity => Ok(body),
        _ if body.is_empty() => Ok(body),
        Compression::Gzip => {
            let decoder = flate2::bufread::MultiGzDecoder::new(&body[..]);
            let inflated =
                inflate_from(decoder, gzip_promise(&body), body.len(), limit, reservation)?;
            reservation.shrink_to(inflated.len());
            Ok(inflated)
        }
        Compression::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(&body[..])
                .map_err(|_| Refusal::BadCompression)?;
            let inflated =
                inflate_from(decoder, zstd_promise(&body), body.len(), limit, reservation)?;
            reservation.shrink_to(inflated.len());
            Ok(inflated)
        }
    }
}

/// `compressed`: the bytes that stay held while the body is inflated.
fn inflate_from(
    mut decoder: impl Read,
    promised: usize,
    compressed: usize,
    limit: usize,
    reservation: &mut Reservation,
) -> Result<Bytes, Refusal> {
    // One byte more than promised, so that the end is found without growing.
    let mut bytes = vec![0; promised.clamp(1024, STEP).min(limit) + 1];
    reservation.grow_now(compressed + bytes.len())?;
    let mut length = 0;
    loop {
        match decoder.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                return Err(Refusal::Truncated);
            }
            Err(_) => return Err(Refusal::BadCompression),
        }
        if length > limit {
            return Err(Refusal::TooLarge);
        }
        if length == bytes.len() {
            let wanted = if promised > length {
                promised
            } else {
                length * 2
            };
            let wanted = wanted.min(length * 4).min(limit) + 1;
            reservation.grow_now(compressed + wanted)?;
            bytes.resize(wanted, 0);
        }
    }
    bytes.truncate(length);
    Ok(Bytes::from(bytes))
}

/// The length that a gzip trailer states: a hint, since the sender may lie or send several members.
fn gzip_promise(body: &[u8]) -> usize {
    body.last_chunk::<4>()
        .map_or(0, |trailer| u32::from_le_bytes(*trailer) as usize)
}

fn zstd_promise(body: &[u8]) -> usize {
    match zstd::zstd_safe::get_frame_content_size(body) {
        Ok(Some(size)) => usize::try_from(size).unwrap_or(usize::MAX),
        _ => body.len().saturating_mul(4),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::channel::Channel;

    use super::*;
    use crate::memory::Budget;

    const LIMIT: usize = 1_000_000;
    const TIME: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_body_that_pauses_too_long_is_given_up() {
        let (mut sender, body) = Channel::<Bytes>::new(1);
        sender.send_data(Bytes::from_static(b"some")).await.unwrap();
        let mut held = Budget::new(LIMIT).reserve_nothing();
        let read = BodyReader::new(body, LIMIT, TIME)
            .read(|_| 100, &mut held)
            .await;
        assert_eq!(read, Err(Refusal::TooSlow));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_on_is_given_up() {
        let (mut sender, body) = Channel::<Bytes>::new(1);
        let dripping = tokio::spawn(async move {
            while sender.send_data(Bytes::from_static(b".")).await.is_ok() {
                tokio::time::sleep(BODY_PAUSE / 2).await;
            }
        });
        let begun = Instant::now();
        let mut held = Budget::new(LIMIT).reserve_nothing();
        let read = BodyReader::new(body, LIMIT, TIME)
            .read(|_| 100, &mut held)
            .await;
        assert_eq!(read, Err(Refusal::TooSlow));
        assert_eq!(begun.elapsed().as_secs(), TIME.as_secs());
        dripping.abort();
    }

    #[test]
    fn a_lying_gzip_trailer_neither_reserves_nor_allocates_what_it_promises() {
        let mut body = Vec::new();
        let mut encoder = flate2::read::GzEncoder::new(&b"short"[..], flate2::Compression::fast());
        encoder.read_to_end(&mut body).unwrap();
        let trailer = body.len() - 4;
        body[trailer..].copy_from_slice(&u32::MAX.to_le_bytes());
        let budget = Budget::new(LIMIT);
        let mut held = budget.reserve_nothing();
        let inflated = inflate(Compression::Gzip, Bytes::from(body), LIMIT, &mut held);
        assert_eq!(inflated, Err(Refusal::BadCompression));
        assert!(budget.peak() <= STEP + 100);
    }

    #[test]
    fn a_body_inflates_to_the_limit_and_no_further() {
        for (length, fits) in [(LIMIT, true), (LIMIT + 1, false)] {
            let body = Bytes::from(zstd::bulk::compress(&vec![0; length], 1).unwrap());
            let budget = Budget::new(2 * LIMIT);
            let mut held = budget.reserve_nothing();
            match inflate(Compression::Zstd, body, LIMIT, &mut held) {
                Ok(inflated) => assert!(fits && inflated.len() == LIMIT && held.held() == LIMIT),
                Err(refusal) => assert!(!fits && refusal == Refusal::TooLarge),
            }
        }
    }
}
