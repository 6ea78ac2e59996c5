//! The answer to an append.

use tokio::sync::oneshot;

use crate::error::Refusal;

/// What became of a request that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is durable.
    New,
    /// Its digest is durable already, and it was counted as a duplicate.
    Duplicate,
}

pub(crate) type Reply = oneshot::Sender<Result<Stored, Refusal>>;

/// An answer that is settled but not due yet. Dropped, it tells the sender nothing was promised.
#[derive(Debug)]
pub(crate) struct Ack {
    pub(crate) reply: Reply,
    pub(crate) stored: Stored,
}

impl Ack {
    pub(crate) fn send(self) {
        // Whoever asked may have gone away, which is theirs to do.
        let _gone = self.reply.send(Ok(self.stored));
    }
}
