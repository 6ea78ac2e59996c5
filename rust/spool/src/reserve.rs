//! Room on the disk that is kept for sealing.
//!
//! A disk that open segments have filled is freed by uploading them, and before that they must be
//! sealed, which takes room: for an entry, for the lines, and after a crash for a copy of what is
//! kept of a segment. The file `reserve` has that room from the start. It goes where sealing finds
//! the disk full, and until there is room for it again no request is taken, so that none takes what
//! sealing needs. Where records are held back it is threefold: letting them go may use it too, until
//! a segment is full, and sealing that one copies it. A segment is never smaller than its lines, so at least one can always be sealed,
//! and its upload gives its own room back.

use std::path::PathBuf;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::error::{Refusal, SpoolError};
use crate::place::Place;

/// Room beside a segment's: what a segment may be too long by, and entries.
const BESIDE: u64 = 1 << 20;

#[derive(Debug)]
pub(crate) struct Reserve {
    place: Place,
    bytes: u64,
    /// The file has the room. Commits read, so that none is under way while it goes.
    held: RwLock<bool>,
}

impl Reserve {
    /// Take the room, if there is so much.
    pub(crate) fn new(place: Place, segment_bytes: u64, holding: bool) -> Self {
        let segments = if holding { 3 } else { 1 };
        let reserve = Self {
            place,
            bytes: segment_bytes
                .saturating_mul(segments)
                .saturating_add(BESIDE),
            held: RwLock::new(false),
        };
        reserve.take();
        reserve
    }

    /// Take the room again, if it is there.
    pub(crate) fn take(&self) {
        let mut held = self.write();
        if *held {
            return;
        }
        let path = self.path();
        let size = self.place.fs.size(&path);
        *held = size.is_ok_and(|size| size == self.bytes) || self.make().is_ok();
        if !*held {
            // What was made of it is room that sealing may need.
            let _again_later = self.place.remove_if_there(&path);
        }
    }

    fn make(&self) -> Result<(), SpoolError> {
        let path = self.path();
        self.place.remove_if_there(&path)?;
        let allocated = self.place.fs.allocate(&path, self.bytes);
        allocated.map_err(SpoolError::io("reserve"))
    }

    /// Do what leads to an upload: if the disk is full, once more with the reserve's room.
    pub(crate) fn spend<T>(
        &self,
        mut work: impl FnMut() -> Result<T, SpoolError>,
    ) -> Result<T, SpoolError> {
        match work() {
            Err(error) if Refusal::from(&error) == Refusal::DiskFull && self.release() => work(),
            result => result,
        }
    }

    /// Give the room to the disk; false where that was done before.
    pub(crate) fn release(&self) -> bool {
        let mut held = self.write();
        let had = std::mem::take(&mut *held);
        if had {
            // Synced, since some file systems give blocks away only when their removal is durable.
            // If either fails, the file is found when it is to be taken again.
            let _found = self.place.remove_if_there(&self.path());
            let _found = self.place.fs.sync_dir(&self.place.root);
        }
        had
    }

    /// For a commit, which holds it until its bytes are written; refused without the reserve.
    pub(crate) fn kept(&self) -> Result<RwLockReadGuard<'_, bool>, SpoolError> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        if *held {
            Ok(held)
        } else {
            Err(SpoolError::io("reserve")(
                std::io::ErrorKind::StorageFull.into(),
            ))
        }
    }

    /// Bytes that are held now.
    pub(crate) fn bytes(&self) -> u64 {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        if *held { self.bytes } else { 0 }
    }

    fn write(&self) -> RwLockWriteGuard<'_, bool> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self) -> PathBuf {
        self.place.root.join("reserve")
    }
}
