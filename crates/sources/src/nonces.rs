//! The nonces of Digest: made here, known again here, and which counts of each were used. Shared by all threads.
//!
//! ```text
//!                     highest count
//!  far behind ◄── window of 128 ──┤        used: a bit for each of the window
//!  "forgotten"    each once       └─► anything higher: the window moves on
//! ```
//!
//! Only nonces with which somebody proved a secret are kept, so nobody fills this without an account. It is bounded all the
//! same: where a shard is full, its older half is dropped, and whatever nonce is as old as those is forgotten from then on.
//! A client with such a nonce is told that it is stale, and goes on with a fresh one.

use crate::keyed::random;
use countersign::{DigestCount, Nonce, NonceKey};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 16;
/// Nonces in all: about 20 MiB when full.
const ROOM: usize = 256 * 1024;
/// How far a count may be behind the highest: more requests than a client has under way at once.
const WINDOW: u32 = 128;

/// The nonces of this process.
pub(crate) struct Nonces {
    key: NonceKey,
    shards: [Mutex<Shard>; SHARDS],
    room: usize,
}

#[derive(Default)]
struct Shard {
    /// By nonce and account: two who share a nonce do not get into each other's way.
    used: HashMap<(Nonce, i64), Used>,
    /// What was made until then is forgotten.
    forgotten_ms: i64,
}

/// The counts of one nonce that were used.
struct Used {
    highest: u32,
    /// Bit 0 is the highest count, bit 1 the one before it.
    window: u128,
}

impl Nonces {
    pub(crate) fn new() -> Self {
        Self::with_room(ROOM)
    }

    fn with_room(room: usize) -> Self {
        Self { key: NonceKey::new(&random()), shards: std::array::from_fn(|_| Mutex::default()), room: room / SHARDS }
    }

    /// A fresh nonce.
    pub(crate) fn make(&self, realm: &str, now_ms: i64) -> String {
        self.key.seal(realm, Nonce { made_ms: now_ms, id: u64::from_le_bytes(random()) })
    }

    /// The nonce of this text, if it was made here for this realm.
    pub(crate) fn open(&self, realm: &str, text: &str) -> Option<Nonce> {
        self.key.open(realm, text)
    }

    /// Has the account proved its secret with this nonce before?
    pub(crate) fn is_proven(&self, nonce: Nonce, account: i64) -> bool {
        self.shard(nonce).used.contains_key(&(nonce, account))
    }

    /// Counts a right answer.
    pub(crate) fn count(&self, nonce: Nonce, account: i64, count: u32) -> DigestCount {
        self.shard(nonce).count(nonce, account, count, self.room)
    }

    /// Drops what is too old to be answered with anyway.
    pub(crate) fn tidy(&self, made_before_ms: i64) {
        for shard in &self.shards {
            let mut shard = lock(shard);
            shard.used.retain(|(nonce, _), _| nonce.made_ms >= made_before_ms);
            // Whoever could still use one that was dropped must not begin it anew.
            shard.forgotten_ms = shard.forgotten_ms.max(made_before_ms - 1);
        }
    }

    fn shard(&self, nonce: Nonce) -> MutexGuard<'_, Shard> {
        let place = usize::try_from(nonce.id % SHARDS as u64).unwrap_or_default();
        // The remainder is within the array; the first one is there for the compiler.
        let [first, ..] = &self.shards;
        lock(self.shards.get(place).unwrap_or(first))
    }
}

impl Shard {
    fn count(&mut self, nonce: Nonce, account: i64, count: u32, room: usize) -> DigestCount {
        if nonce.made_ms <= self.forgotten_ms {
            return DigestCount::Forgotten;
        }
        if self.used.len() >= room && !self.used.contains_key(&(nonce, account)) {
            self.drop_older_half();
            if nonce.made_ms <= self.forgotten_ms {
                return DigestCount::Forgotten;
            }
        }
        match self.used.entry((nonce, account)) {
            Entry::Occupied(mut used) => used.get_mut().count(count),
            Entry::Vacant(free) => {
                free.insert(Used { highest: count, window: 1 });
                DigestCount::Counted
            }
        }
    }

    fn drop_older_half(&mut self) {
        let mut times: Vec<i64> = self.used.keys().map(|(nonce, _)| nonce.made_ms).collect();
        let middle = times.len() / 2;
        if middle < times.len() {
            let (_, median, _) = times.select_nth_unstable(middle);
            self.forgotten_ms = self.forgotten_ms.max(*median);
        }
        let forgotten = self.forgotten_ms;
        self.used.retain(|(nonce, _), _| nonce.made_ms > forgotten);
    }
}

impl Used {
    fn count(&mut self, count: u32) -> DigestCount {
        if count > self.highest {
            self.window = self.window.checked_shl(count - self.highest).unwrap_or_default() | 1;
            self.highest = count;
            return DigestCount::Counted;
        }
        let behind = self.highest - count;
        if behind >= WINDOW {
            return DigestCount::Forgotten;
        }
        let bit = 1_u128 << behind;
        if self.window & bit != 0 {
            return DigestCount::Again;
        }
        self.window |= bit;
        DigestCount::Counted
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use countersign::DigestCount::{Again, Counted, Forgotten};

    fn nonce(made_ms: i64, id: u64) -> Nonce {
        Nonce { made_ms, id }
    }

    #[track_caller]
    fn check(counts: &[u32], expect: &[DigestCount]) {
        let nonces = Nonces::new();
        let counted: Vec<_> = counts.iter().map(|count| nonces.count(nonce(1, 1), 1, *count)).collect();
        assert_eq!(counted, expect, "{counts:?}");
    }

    #[test]
    fn each_count_once_in_any_order_within_the_window() {
        check(&[1, 2, 3, 3, 1], &[Counted, Counted, Counted, Again, Again]);
        check(&[4, 1, 3, 2, 2, 4, 5], &[Counted, Counted, Counted, Counted, Again, Again, Counted]);
        check(&[200, 73, 72, 73], &[Counted, Counted, Forgotten, Again]);
        check(&[1, 129, 1, 2, 2], &[Counted, Counted, Forgotten, Counted, Again]);
        check(&[1, u32::MAX, u32::MAX, u32::MAX - 127, 1], &[Counted, Counted, Again, Counted, Forgotten]);
    }

    #[test]
    fn of_many_at_once_one_is_counted() {
        let nonces = Nonces::new();
        let counted: usize = std::thread::scope(|scope| {
            let count = || (1..=100).filter(|count| nonces.count(nonce(1, 1), 1, *count) == Counted).count();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(counted, 100);
    }

    #[test]
    fn two_accounts_do_not_share_counts_and_only_used_ones_are_proven() {
        let nonces = Nonces::new();
        assert_eq!((nonces.count(nonce(1, 1), 1, 1), nonces.count(nonce(1, 1), 2, 1)), (Counted, Counted));
        assert_eq!((nonces.is_proven(nonce(1, 1), 1), nonces.is_proven(nonce(1, 1), 3)), (true, false));
    }

    #[test]
    fn what_was_dropped_is_never_counted_again() {
        let nonces = Nonces::with_room(SHARDS * 8);
        let all: Vec<Nonce> = (0..40).map(|number| nonce(number, 16)).collect();
        assert!(all.iter().skip(1).all(|nonce| nonces.count(*nonce, 1, 1) == Counted));
        assert!(nonces.shard(nonce(0, 16)).used.len() <= 8);
        assert!(all.iter().all(|nonce| nonces.count(*nonce, 1, 1) != Counted), "a count was taken twice");
        assert_eq!(nonces.count(nonce(39, 16), 1, 2), Counted, "the newest go on");
        nonces.tidy(40);
        assert!(all.iter().all(|nonce| nonces.count(*nonce, 1, 2) == Forgotten));
        assert_eq!(nonces.count(nonce(40, 16), 1, 1), Counted);
    }

    #[test]
    fn a_nonce_is_known_where_it_was_made() {
        let (here, elsewhere) = (Nonces::new(), Nonces::new());
        let text = here.make("a", 5);
        assert_eq!(here.open("a", &text).map(|nonce| nonce.made_ms), Some(5));
        assert_eq!((here.open("b", &text), elsewhere.open("a", &text)), (None, None));
        assert_ne!(text, here.make("a", 5));
    }
}
