//! The bytes in flight: reserved before a body is read, and again before it is inflated; and the
//! process's own memory, above whose bounds nothing is taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::listen::replies::Refusal;

/// How long a request waits for others to finish before it is told to come back.
const PATIENCE: Duration = Duration::from_millis(500);

/// How the process's memory stands to the bounds of `memory_limiter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pressure {
    None,
    /// Above the soft bound: no new request is taken.
    Soft,
    /// Above the hard bound: nor does one that is under way get more.
    Hard,
}

/// The bytes that may be in flight over all requests at once.
#[derive(Clone)]
pub struct Budget {
    free: Arc<Semaphore>,
    limit: usize,
    peak: Arc<AtomicUsize>,
    pressure: Arc<AtomicU8>,
}

/// What one request holds of the budget; given back when it is dropped.
pub struct Reservation {
    budget: Budget,
    permit: Option<OwnedSemaphorePermit>,
}

impl Budget {
    pub fn new(limit: usize) -> Budget {
        Budget {
            free: Arc::new(Semaphore::new(limit)),
            limit,
            peak: Arc::default(),
            pressure: Arc::default(),
        }
    }

    /// The same for another number of bytes; what is in flight goes on counting against the old one.
    pub fn resized(&self, limit: usize) -> Budget {
        if limit == self.limit {
            return self.clone();
        }
        Budget {
            free: Arc::new(Semaphore::new(limit)),
            limit,
            peak: self.peak.clone(),
            pressure: self.pressure.clone(),
        }
    }

    pub fn set_pressure(&self, pressure: Pressure) {
        self.pressure.store(pressure as u8, Ordering::Relaxed);
    }

    /// Whether a new request may be taken.
    pub fn admit(&self) -> Result<(), Refusal> {
        self.below(Pressure::Soft)
    }

    fn below(&self, bound: Pressure) -> Result<(), Refusal> {
        if self.pressure.load(Ordering::Relaxed) < bound as u8 {
            Ok(())
        } else {
            Err(Refusal::MemoryLimit)
        }
    }

    pub fn in_flight(&self) -> usize {
        self.limit - self.free.available_permits()
    }

    /// The most that was in flight at once since the start.
    pub fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }

    pub fn reserve_nothing(&self) -> Reservation {
        Reservation {
            budget: self.clone(),
            permit: None,
        }
    }
}

impl Reservation {
    pub fn held(&self) -> usize {
        self.permit
            .as_ref()
            .map_or(0, |permit| permit.num_permits())
    }

    /// Holds `bytes` in all, after waiting a little while for others to finish.
    ///
    /// The wait is short because two requests that each hold half of the budget and want more would
    /// otherwise wait for each other until one gives up.
    pub async fn grow_to(&mut self, bytes: usize) -> Result<(), Refusal> {
        let Some(more) = self.missing(bytes)? else {
            return Ok(());
        };
        let acquire = self.budget.free.clone().acquire_many_owned(more);
        match tokio::time::timeout(PATIENCE, acquire).await {
            Ok(Ok(permit)) => {
                self.merge(permit);
                Ok(())
            }
            _ => Err(Refusal::TooBusy),
        }
    }

    /// Holds `bytes` in all, or refuses at once.
    pub fn grow_now(&mut self, bytes: usize) -> Result<(), Refusal> {
        let Some(more) = self.missing(bytes)? else {
            return Ok(());
        };
        match self.budget.free.clone().try_acquire_many_owned(more) {
            Ok(permit) => {
                self.merge(permit);
                Ok(())
            }
            Err(_) => Err(Refusal::TooBusy),
        }
    }

    /// Gives back what is held above `bytes`.
    pub fn shrink_to(&mut self, bytes: usize) {
        if let Some(permit) = &mut self.permit
            && let Some(spare) = permit.num_permits().checked_sub(bytes)
        {
            drop(permit.split(spare));
        }
    }

    fn missing(&self, bytes: usize) -> Result<Option<u32>, Refusal> {
        match bytes.saturating_sub(self.held()) {
            0 => Ok(None),
            more => {
                self.budget.below(Pressure::Hard)?;
                u32::try_from(more).map(Some).map_err(|_| Refusal::TooBusy)
            }
        }
    }

    fn merge(&mut self, more: OwnedSemaphorePermit) {
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            None => self.permit = Some(more),
        }
        self.budget
            .peak
            .fetch_max(self.budget.in_flight(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_is_given_back() {
        let budget = Budget::new(100);
        let mut first = budget.reserve_nothing();
        first.grow_now(70).unwrap();
        let mut second = budget.reserve_nothing();
        assert_eq!(second.grow_now(40), Err(Refusal::TooBusy));
        first.shrink_to(60);
        second.grow_now(40).unwrap();
        assert_eq!(budget.in_flight(), 100);
        drop(first);
        drop(second);
        assert_eq!((budget.in_flight(), budget.peak()), (0, 100));
    }

    #[test]
    fn above_the_soft_bound_nothing_new_and_above_the_hard_one_nothing_more() {
        let budget = Budget::new(100);
        let mut held = budget.reserve_nothing();
        budget.set_pressure(Pressure::Soft);
        assert_eq!(budget.admit(), Err(Refusal::MemoryLimit));
        held.grow_now(10).unwrap();
        budget.set_pressure(Pressure::Hard);
        assert_eq!(held.grow_now(20), Err(Refusal::MemoryLimit));
        budget.resized(50).set_pressure(Pressure::None);
        assert_eq!(budget.admit(), Ok(()));
    }

    #[tokio::test]
    async fn a_request_that_waits_in_vain_is_refused() {
        let budget = Budget::new(10);
        let mut first = budget.reserve_nothing();
        first.grow_to(10).await.unwrap();
        let mut second = budget.reserve_nothing();
        assert_eq!(second.grow_to(1).await, Err(Refusal::TooBusy));
    }
}
