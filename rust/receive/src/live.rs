//! A value that is replaced as a whole while others use it: whoever has taken it keeps what it took.

use std::sync::{Arc, PoisonError, RwLock};

#[derive(Debug)]
pub struct Live<T>(RwLock<Arc<T>>);

impl<T> Live<T> {
    pub fn new(value: Arc<T>) -> Live<T> {
        Live(RwLock::new(value))
    }

    pub fn now(&self) -> Arc<T> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Puts a value in place of the one there is, which goes with its last user.
    pub fn replace(&self, value: Arc<T>) {
        let mut place = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *place, value);
        drop(place);
        drop(before);
    }
}
