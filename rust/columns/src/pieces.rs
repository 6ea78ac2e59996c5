//! A blob that comes in pieces, read as one.

use std::io::{self, BufRead, Read};

/// Pieces of a blob, read one behind the other; no more than one is held.
pub struct Pieces<I, P> {
    left: I,
    piece: Option<P>,
    /// How far the piece is read.
    at: usize,
}

impl<I, P> Pieces<I, P> {
    pub fn new(pieces: I) -> Self {
        Pieces {
            left: pieces,
            piece: None,
            at: 0,
        }
    }
}

impl<I, P> Read for Pieces<I, P>
where
    I: Iterator<Item = io::Result<P>>,
    P: AsRef<[u8]>,
{
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let from = self.fill_buf()?;
        let size = from.len().min(into.len());
        into[..size].copy_from_slice(&from[..size]);
        self.consume(size);
        Ok(size)
    }
}

impl<I, P> BufRead for Pieces<I, P>
where
    I: Iterator<Item = io::Result<P>>,
    P: AsRef<[u8]>,
{
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self
            .piece
            .as_ref()
            .is_none_or(|piece| self.at >= piece.as_ref().len())
        {
            // The piece before goes first: memory holds one at a time.
            self.piece = None;
            self.at = 0;
            match self.left.next() {
                None => return Ok(&[]),
                Some(piece) => self.piece = Some(piece?),
            }
        }
        let piece = self.piece.as_ref();
        Ok(piece.map_or(&[], |piece| &piece.as_ref()[self.at..]))
    }

    fn consume(&mut self, size: usize) {
        self.at += size;
    }
}
