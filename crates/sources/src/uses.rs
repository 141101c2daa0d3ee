//! When sessions and API keys were last used. All threads that know one share its time, so that a session in use in one
//! thread is not idle in another; the store learns of it in batches.

use countersign::{SecretHash, Timestamp};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The last use of one session or key.
#[derive(Debug)]
pub(crate) struct LastUse {
    at: AtomicI64,
    /// Does it wait to be told to the store?
    waits: AtomicBool,
}

impl LastUse {
    pub(crate) fn at(&self) -> Timestamp {
        self.at.load(Ordering::SeqCst)
    }
}

/// The last uses that some thread knows of, by the name that the store has for them.
#[derive(Debug)]
pub(crate) struct Uses<K>(Mutex<Table<K>>);

pub(crate) type SessionUses = Uses<SecretHash>;
pub(crate) type KeyUses = Uses<String>;

#[derive(Debug)]
struct Table<K> {
    /// Weak: the threads' own bounds are the bound of this table.
    known: HashMap<K, Weak<LastUse>>,
    /// When it has grown to this size, what nobody knows any more is dropped.
    sweep_at: usize,
    waiting: Vec<(K, Arc<LastUse>)>,
}

const SMALLEST_SWEEP: usize = 1024;

impl<K: Clone + Eq + Hash> Uses<K> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Table { known: HashMap::new(), sweep_at: SMALLEST_SWEEP, waiting: Vec::new() }))
    }

    /// The shared last use, which is no earlier than `stored`.
    pub(crate) fn shared(&self, key: &K, stored: Timestamp) -> Arc<LastUse> {
        let mut table = self.lock();
        if let Some(known) = table.known.get(key).and_then(Weak::upgrade) {
            known.at.fetch_max(stored, Ordering::SeqCst);
            return known;
        }
        if table.known.len() >= table.sweep_at {
            table.known.retain(|_, known| known.strong_count() > 0);
            table.sweep_at = (2 * table.known.len()).max(SMALLEST_SWEEP);
        }
        let fresh = Arc::new(LastUse { at: AtomicI64::new(stored), waits: AtomicBool::new(false) });
        table.known.insert(key.clone(), Arc::downgrade(&fresh));
        fresh
    }

    /// Notes a use. In most cases one look at an atomic; the name is needed once in a batch.
    pub(crate) fn note(&self, key: impl FnOnce() -> K, last: &Arc<LastUse>, now: Timestamp) {
        if last.at() >= now && last.waits.load(Ordering::SeqCst) {
            return;
        }
        last.at.fetch_max(now, Ordering::SeqCst);
        if !last.waits.swap(true, Ordering::SeqCst) {
            self.lock().waiting.push((key(), last.clone()));
        }
    }

    /// Takes what waits to be told.
    pub(crate) fn take(&self) -> Vec<(K, Arc<LastUse>)> {
        let waiting = std::mem::take(&mut self.lock().waiting);
        // Before the time is read, so that a use from now on waits anew.
        waiting.iter().for_each(|(_, last)| last.waits.store(false, Ordering::SeqCst));
        waiting
    }

    /// Puts back what could not be told.
    pub(crate) fn put_back(&self, untold: Vec<(K, Arc<LastUse>)>) {
        let again = untold.into_iter().filter(|(_, last)| !last.waits.swap(true, Ordering::SeqCst));
        self.lock().waiting.extend(again);
    }

    fn lock(&self) -> MutexGuard<'_, Table<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_shared_and_told_once() {
        let uses = KeyUses::new();
        let key = "k_1".to_owned();
        let (one, other) = (uses.shared(&key, 100), uses.shared(&key, 90));
        uses.note(|| key.clone(), &one, 130);
        uses.note(|| key.clone(), &other, 120);
        assert_eq!(other.at(), 130);
        let told = uses.take();
        assert_eq!(told.iter().map(|(key, last)| (key.as_str(), last.at())).collect::<Vec<_>>(), [("k_1", 130)]);
        assert!(uses.take().is_empty());
        uses.put_back(told);
        assert_eq!(uses.take().len(), 1);
    }

    #[test]
    fn what_nobody_knows_is_dropped() {
        let uses = KeyUses::new();
        for number in 0..10 * SMALLEST_SWEEP {
            uses.shared(&number.to_string(), 0);
        }
        assert!(uses.lock().known.len() <= SMALLEST_SWEEP);
    }
}
