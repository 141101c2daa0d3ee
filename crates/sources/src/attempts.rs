//! How often a wrong password may be tried: the generic cell rate algorithm, per account and per client address.
//!
//! A try is taken from the allowance before anything is hashed, and given back if the password was right, so that
//! many tries at once are no way around it.

use countersign::AccountName;
use quick_cache::unsync::Cache;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most accounts, and the most addresses, that are counted at a time.
const TABLE: usize = 100_000;

/// So many at once, then one in each interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many at once.
    pub burst: u32,
    /// Then one in each of these.
    pub interval: Duration,
}

/// The counters of tries.
pub(crate) struct Attempts {
    accounts: Table<AccountName>,
    clients: Table<IpAddr>,
}

struct Table<K> {
    rate: Rate,
    /// When the allowance will be whole again, by key.
    whole_at: Mutex<Cache<K, Instant>>,
}

impl Attempts {
    pub(crate) fn new(account: Rate, client: Rate) -> Self {
        Self { accounts: Table::new(account), clients: Table::new(client) }
    }

    /// Takes one try; if there is none left, tells after how many seconds there will be.
    pub(crate) fn take(&self, name: &AccountName, client: IpAddr, now: Instant) -> Result<(), u32> {
        let client = network(client);
        self.clients.take(&client, now)?;
        self.accounts.take(name, now).inspect_err(|_| self.clients.give_back(&client))
    }

    /// Gives a try back: the password was right, or was never looked at.
    pub(crate) fn give_back(&self, name: &AccountName, client: IpAddr) {
        self.accounts.give_back(name);
        self.clients.give_back(&network(client));
    }
}

/// Whoever has an IPv6 address has the 2^64 beside it.
fn network(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(address) => (u128::from(address) >> 64 << 64).to_be_bytes().into(),
    }
}

impl<K: std::hash::Hash + Eq + Clone> Table<K> {
    fn new(rate: Rate) -> Self {
        Self { rate, whole_at: Mutex::new(Cache::new(TABLE)) }
    }

    fn take(&self, key: &K, now: Instant) -> Result<(), u32> {
        let mut table = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        let whole_at = table.get(key).copied().filter(|at| *at > now).unwrap_or(now) + self.rate.interval;
        let latest = now + self.rate.interval * self.rate.burst;
        if whole_at > latest {
            let wait = whole_at - latest;
            return Err(u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1));
        }
        table.insert(key.clone(), whole_at);
        Ok(())
    }

    fn give_back(&self, key: &K) {
        let mut table = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut at) = table.get_mut(key)
            && let Some(earlier) = at.checked_sub(self.rate.interval)
        {
            *at = earlier;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts() -> Attempts {
        Attempts::new(Rate { burst: 3, interval: Duration::from_secs(30) }, Rate { burst: 5, interval: Duration::from_secs(5) })
    }

    #[test]
    fn a_burst_then_one_an_interval() {
        let (attempts, now, client) = (attempts(), Instant::now(), IpAddr::from([192, 0, 2, 1]));
        let alice = AccountName::new("alice");
        for _ in 0..3 {
            assert_eq!(attempts.take(&alice, client, now), Ok(()));
        }
        assert_eq!(attempts.take(&AccountName::new("ALICE "), client, now), Err(30));
        assert_eq!(attempts.take(&alice, client, now + Duration::from_secs(31)), Ok(()));
    }

    #[test]
    fn right_passwords_cost_nothing() {
        let (attempts, now, client) = (attempts(), Instant::now(), IpAddr::from([192, 0, 2, 1]));
        for _ in 0..100 {
            assert_eq!(attempts.take(&AccountName::new("alice"), client, now), Ok(()));
            attempts.give_back(&AccountName::new("alice"), client);
        }
    }

    #[test]
    fn an_address_is_counted_over_all_names() {
        let (attempts, now) = (attempts(), Instant::now());
        let client = |last| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]);
        for number in 0..5 {
            assert_eq!(attempts.take(&AccountName::new(&format!("user{number}")), client(number), now), Ok(()));
        }
        assert_eq!(attempts.take(&AccountName::new("other"), client(9), now), Err(5));
        assert_eq!(attempts.take(&AccountName::new("other"), IpAddr::from([192, 0, 2, 7]), now), Ok(()));
    }
}
