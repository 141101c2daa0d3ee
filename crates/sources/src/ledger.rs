//! What may be used once and was used: proofs' ids, assertions, sign-ins. Shared by all threads, kept until it would be
//! refused for its age anyway, and bounded: where there is no room left, nobody can say that something was not used before.
//!
//! It lives with the process. What must stay used after a restart is bound to something else that does not survive it.

use countersign::{OneTime, Spending, Timestamp};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

const SHARDS: usize = 16;
/// Entries in all: about 25 MiB when full.
const ROOM: usize = 512 * 1024;

/// Half of a hash is enough to tell two uses apart, and who could make two with the same half could as well guess one.
type Key = (u64, u64);

/// The uses so far.
pub(crate) struct Ledger {
    shards: [Mutex<Shard>; SHARDS],
    room: usize,
}

#[derive(Default)]
struct Shard {
    uses: HashMap<Key, Timestamp>,
    /// Nothing ends before this.
    first_end: Timestamp,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self::with_room(ROOM)
    }

    fn with_room(room: usize) -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), room: room / SHARDS }
    }

    /// Uses it, if it was not used before; none where that cannot be said for want of room.
    pub(crate) fn spend(&self, once: &OneTime, now: Timestamp) -> Option<Spending> {
        let (high, low) = key(once);
        let shard = self.shards.get(usize::try_from(low % SHARDS as u64).unwrap_or_default())?;
        shard.lock().unwrap_or_else(PoisonError::into_inner).spend((high, low), once.until, self.room, now)
    }
}

impl Shard {
    fn spend(&mut self, key: Key, until: Timestamp, room: usize, now: Timestamp) -> Option<Spending> {
        if self.uses.len() >= room && self.first_end <= now {
            self.uses.retain(|_, end| *end > now);
            self.first_end = self.uses.values().copied().min().unwrap_or(Timestamp::MAX);
        }
        let full = self.uses.len() >= room;
        match self.uses.entry(key) {
            Entry::Occupied(used) if *used.get() > now => Some(Spending::Again),
            Entry::Occupied(mut over) => {
                over.insert(until);
                self.first_end = self.first_end.min(until);
                Some(Spending::First)
            }
            Entry::Vacant(_) if full => None,
            Entry::Vacant(free) => {
                free.insert(until);
                self.first_end = self.first_end.min(until);
                Some(Spending::First)
            }
        }
    }
}

fn key(once: &OneTime) -> Key {
    let bytes = &once.hash.0;
    let half = |at: usize| bytes.get(at..at + 8).and_then(|half| half.try_into().ok()).map_or(0, u64::from_le_bytes);
    (half(0), half(8))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use countersign::SecretHash;

    fn once(value: &str, until: Timestamp) -> OneTime {
        OneTime { hash: SecretHash::of(value), until }
    }

    #[test]
    fn what_was_used_is_used_until_its_end() {
        let ledger = Ledger::new();
        assert_eq!(ledger.spend(&once("a", 100), 0), Some(Spending::First));
        assert_eq!(ledger.spend(&once("a", 100), 99), Some(Spending::Again));
        assert_eq!(ledger.spend(&once("b", 100), 0), Some(Spending::First));
        assert_eq!(ledger.spend(&once("a", 200), 100), Some(Spending::First));
    }

    #[test]
    fn of_many_at_once_one_is_the_first() {
        let ledger = Ledger::new();
        let firsts: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..500).filter(|n| ledger.spend(&once(&n.to_string(), 9), 0) == Some(Spending::First)).count()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(firsts, 500);
    }

    #[test]
    fn without_room_nothing_is_taken_for_new_until_something_ends() {
        let ledger = Ledger::with_room(SHARDS);
        let of = |now| (0..64).map(|n| ledger.spend(&once(&n.to_string(), now + 10), now)).collect::<Vec<_>>();
        let taken = of(0);
        assert_eq!(taken.iter().filter(|answer| answer.is_some()).count(), SHARDS);
        assert_eq!(of(5).iter().filter(|answer| **answer == Some(Spending::First)).count(), 0);
        assert_eq!(of(10), taken);
    }
}
