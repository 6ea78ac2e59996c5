//! What both decoders keep while they read one body.

use crate::error::{DecodeCode, Limits, Notes};
use crate::model::Octets;
use std::mem;

pub(crate) struct State<'d> {
    limits: &'d Limits,
    pub notes: &'d mut Notes,
    depth: u32,
    tree_bytes: usize,
    bad_id: bool,
}

impl<'d> State<'d> {
    pub fn new(limits: &'d Limits, notes: &'d mut Notes) -> Self {
        Self {
            limits,
            notes,
            depth: 0,
            tree_bytes: 0,
            bad_id: false,
        }
    }

    /// Account for one more node of the tree.
    #[inline]
    pub fn charge<T>(&mut self) -> Result<(), DecodeCode> {
        self.tree_bytes += size_of::<T>();
        if self.tree_bytes > self.limits.max_tree_bytes {
            return Err(DecodeCode::TooLarge);
        }
        Ok(())
    }

    /// Go into a value; `leave` undoes it.
    #[inline]
    pub fn enter(&mut self) -> Result<(), DecodeCode> {
        if self.depth == self.limits.max_depth {
            return Err(DecodeCode::TooDeep);
        }
        self.depth += 1;
        Ok(())
    }

    #[inline]
    pub fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Note an id of a wrong length, for the record around it.
    #[inline]
    pub fn check_id(&mut self, id: &Octets<'_>, length: usize) {
        self.bad_id |= !id.is_empty() && id.len() != length;
    }

    /// Note an id that is none, for the record around it.
    pub fn bad_id(&mut self) {
        self.bad_id = true;
    }

    /// Add a record, unless one of its ids was bad.
    #[inline]
    pub fn keep<T>(&mut self, records: &mut Vec<T>, record: T) {
        if mem::take(&mut self.bad_id) {
            self.notes.invalid_records += 1;
        } else {
            records.push(record);
        }
    }
}
