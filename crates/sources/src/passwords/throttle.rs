//! How often something may be tried: the generic cell rate algorithm (GCRA), one time for each name. Pure; the table is
//! bounded, and what recurs in it stays longest.

use crate::keyed::Name;
use crate::options::Rate;
use quick_cache::unsync::Cache;
use std::time::Duration;

/// Names whose attempts are counted at the same time.
const LIMIT: usize = 100_000;

pub(super) struct Throttle {
    rate: Rate,
    /// When all of a name's attempts will have been paid off.
    paid_at: Cache<Name, Duration>,
}

impl Throttle {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, paid_at: Cache::new(LIMIT) }
    }

    /// Counts an attempt, or says for how long there is none. Times count from an arbitrary start.
    pub(super) fn reserve(&mut self, name: &Name, now: Duration) -> Result<(), Duration> {
        let paid_at = self.paid_at.get(name).copied().unwrap_or_default().max(now) + self.rate.every;
        match paid_at.checked_sub(now + self.rate.every * self.rate.burst) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                self.paid_at.insert(*name, paid_at);
                Ok(())
            }
        }
    }

    /// For how long there is no attempt, if for any. Counts none.
    pub(super) fn wait(&self, name: &Name, now: Duration) -> Option<Duration> {
        let paid_at = self.paid_at.peek(name).copied().unwrap_or_default().max(now) + self.rate.every;
        paid_at.checked_sub(now + self.rate.every * self.rate.burst).filter(|wait| !wait.is_zero())
    }

    /// Forgets one attempt.
    pub(super) fn give_back(&mut self, name: &Name) {
        if let Some(mut paid_at) = self.paid_at.get_mut(name) {
            *paid_at = paid_at.saturating_sub(self.rate.every);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle() -> Throttle {
        Throttle::new(Rate { burst: 3, every: Duration::from_secs(10) })
    }

    /// Attempts at these seconds: for how many seconds is each refused?
    #[track_caller]
    fn check(attempts: &[u64], expect: &[u64]) {
        let mut throttle = throttle();
        let mut attempt = |at: &u64| throttle.reserve(&[1; 32], Duration::from_secs(*at)).map_or_else(|wait| wait.as_secs(), |()| 0);
        assert_eq!(attempts.iter().map(&mut attempt).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn a_burst_and_then_one_by_one() {
        check(&[0, 0, 0, 0, 9, 10, 10], &[0, 0, 0, 10, 1, 0, 10]);
        check(&[100, 100, 100, 100, 200, 200, 200, 200], &[0, 0, 0, 10, 0, 0, 0, 10]);
        check(&[5, 20, 35, 50, 65], &[0, 0, 0, 0, 0]);
    }

    #[test]
    fn names_do_not_share_and_what_was_given_back_is_free() {
        let mut throttle = throttle();
        let now = Duration::from_secs(1);
        for _ in 0..3 {
            assert_eq!(throttle.reserve(&[1; 32], now), Ok(()));
        }
        assert!(throttle.reserve(&[1; 32], now).is_err());
        assert_eq!((throttle.wait(&[1; 32], now), throttle.wait(&[2; 32], now)), (Some(Duration::from_secs(10)), None));
        assert_eq!(throttle.reserve(&[2; 32], now), Ok(()));
        throttle.give_back(&[1; 32]);
        throttle.give_back(&[3; 32]);
        assert_eq!(throttle.reserve(&[1; 32], now), Ok(()));
        assert!(throttle.reserve(&[1; 32], now).is_err());
    }

    #[test]
    fn a_flood_of_names_stays_bounded_and_a_recurring_one_stays_counted() {
        let mut throttle = throttle();
        let guessed = [255; 32];
        for number in 0..2 * LIMIT as u64 {
            let mut name = [0; 32];
            name.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
            let _ = throttle.reserve(&name, Duration::ZERO);
            if number % 1000 == 0 {
                let _ = throttle.reserve(&guessed, Duration::ZERO);
            }
        }
        assert!(throttle.paid_at.len() <= LIMIT, "{}", throttle.paid_at.len());
        assert!(throttle.reserve(&guessed, Duration::ZERO).is_err());
    }
}
