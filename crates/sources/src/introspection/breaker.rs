//! Leaves an endpoint alone that keeps failing: not asked for a while, then by one question, whose outcome decides. Time is
//! an argument.

use std::time::Duration;
use tokio::time::Instant;

/// So many failures in a row open it.
const FAILURES: u32 = 5;
/// The longest that it stays open.
const LONGEST: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(super) struct Breaker {
    failures: u32,
    /// No question before, if it is open.
    until: Option<Instant>,
    probing: bool,
}

impl Breaker {
    /// May a question be put? True if it is the one that decides; otherwise how long to wait.
    pub(super) fn admit(&mut self, now: Instant) -> Result<bool, Duration> {
        match self.until {
            None => Ok(false),
            Some(until) if now < until => Err(until - now),
            Some(_) if self.probing => Err(Duration::ZERO),
            Some(_) => {
                self.probing = true;
                Ok(true)
            }
        }
    }

    /// Takes in how a question went. While it is open only the deciding one counts; others began before.
    pub(super) fn settle(&mut self, probe: bool, answered: bool, now: Instant) {
        if self.until.is_some() && !probe {
            return;
        }
        if answered {
            *self = Self::default();
            return;
        }
        self.failures = self.failures.saturating_add(1);
        self.probing = false;
        if let Some(more) = self.failures.checked_sub(FAILURES) {
            self.until = Some(now + Duration::from_secs(1 << more.min(5)).min(LONGEST));
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.until.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(breaker: &mut Breaker, now: Instant) {
        if let Ok(probe) = breaker.admit(now) {
            breaker.settle(probe, false, now);
        }
    }

    #[test]
    fn it_opens_longer_each_time_and_closes_at_once() {
        let (mut breaker, mut now) = (Breaker::default(), Instant::now());
        for _ in 0..4 {
            fail(&mut breaker, now);
        }
        assert_eq!(breaker.admit(now), Ok(false));
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            fail(&mut breaker, now);
            assert_eq!(breaker.admit(now), Err(Duration::from_secs(seconds)));
            now += Duration::from_secs(seconds);
        }
        assert_eq!(breaker.admit(now), Ok(true));
        // While one asks no other does, and what began before says nothing.
        assert_eq!(breaker.admit(now), Err(Duration::ZERO));
        breaker.settle(false, true, now);
        assert!(breaker.is_open());
        breaker.settle(true, true, now);
        assert_eq!((breaker.admit(now), breaker.is_open()), (Ok(false), false));
    }

    #[test]
    fn failures_that_are_not_in_a_row_do_not_open_it() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..20 {
            for _ in 0..4 {
                fail(&mut breaker, now);
            }
            breaker.settle(false, true, now);
        }
        assert_eq!(breaker.admit(now), Ok(false));
    }
}
