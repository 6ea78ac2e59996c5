//! The pauses between tries: longer each time, up to a limit, and never two exporters in step.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::config::Retry;

pub struct Backoff {
    retry: Retry,
    next_ms: f64,
    tries: u64,
    chance: RandomState,
}

impl Backoff {
    pub fn new(retry: Retry) -> Backoff {
        Backoff {
            retry,
            next_ms: retry.initial_ms as f64,
            tries: 0,
            // Its keys come from the system's random source.
            chance: RandomState::new(),
        }
    }

    /// The next pause, at least as long as the receiver asked for.
    pub fn pause(&mut self, asked: Option<Duration>) -> Duration {
        self.tries += 1;
        let even = (self.chance.hash_one(self.tries) >> 11) as f64 / (1_u64 << 53) as f64;
        let share = 1.0 + self.retry.randomization * (2.0 * even - 1.0);
        let pause = Duration::from_secs_f64((self.next_ms * share).max(0.0) / 1000.0);
        let longer = self.next_ms * self.retry.multiplier;
        self.next_ms = longer.min(self.retry.max_ms as f64);
        pause.max(asked.unwrap_or_default())
    }

    /// Whether a request that was first tried so long ago is given up.
    pub fn is_over(&self, since: Duration) -> bool {
        let limit = self.retry.give_up_after_ms;
        limit.is_some_and(|limit| since >= Duration::from_millis(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry {
        initial_ms: 1_000,
        max_ms: 4_000,
        multiplier: 2.0,
        randomization: 0.5,
        give_up_after_ms: None,
    };

    #[test]
    fn pauses_grow_to_the_limit_and_scatter() {
        let mut backoff = Backoff::new(RETRY);
        for middle in [1_000, 2_000, 4_000, 4_000] {
            let pause = backoff.pause(None).as_millis();
            assert!((middle / 2..=middle * 3 / 2).contains(&pause), "{pause}");
        }
        let asked = Duration::from_secs(60);
        assert_eq!(backoff.pause(Some(asked)), asked);
        assert!(!backoff.is_over(Duration::from_secs(1 << 40)));
    }

    #[test]
    fn who_says_when_gives_up_then() {
        let backoff = Backoff::new(Retry {
            give_up_after_ms: Some(5),
            ..RETRY
        });
        assert!(!backoff.is_over(Duration::from_millis(4)));
        assert!(backoff.is_over(Duration::from_millis(5)));
    }
}
