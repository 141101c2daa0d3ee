//! When sessions and keys were last used: noted by every thread without a lock, kept in the store now and then.

use countersign::{SecretHash, Timestamp};
use countersign_store::Store;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The most sessions, and keys, whose use is noted at a time.
const TABLE: usize = 100_000;
/// How far the store may lag behind, in seconds.
const LAG: i64 = 60;

/// The time of a last use, shared by all threads that have the session or key at hand.
#[derive(Clone, Debug)]
pub(crate) struct LastUse {
    at: Arc<AtomicI64>,
}

impl LastUse {
    pub(crate) fn get(&self) -> Timestamp {
        self.at.load(Ordering::Relaxed)
    }

    pub(crate) fn note(&self, now: Timestamp) {
        if self.get() < now {
            self.at.fetch_max(now, Ordering::Relaxed);
        }
    }
}

/// A last use, and the one that the store knows.
#[derive(Clone)]
struct Noted {
    last: LastUse,
    kept: Arc<AtomicI64>,
}

impl Noted {
    fn new(at: Timestamp) -> Self {
        Self { last: LastUse { at: Arc::new(AtomicI64::new(at)) }, kept: Arc::new(AtomicI64::new(at)) }
    }

    /// The last use, if the store lags behind it by more than it may.
    fn due(&self, lag: i64) -> Option<Timestamp> {
        let (last, kept) = (self.last.get(), self.kept.load(Ordering::Relaxed));
        (last > kept + lag).then(|| {
            self.kept.store(last, Ordering::Relaxed);
            last
        })
    }
}

/// All last uses.
pub(crate) struct Usage {
    sessions: Cache<SecretHash, Noted>,
    keys: Cache<String, Noted>,
}

impl Usage {
    pub(crate) fn new() -> Self {
        Self { sessions: Cache::new(TABLE), keys: Cache::new(TABLE) }
    }

    /// The last use of a session, which the store knows as `seen`.
    pub(crate) fn session(&self, hash: &SecretHash, seen: Timestamp) -> LastUse {
        let noted = self.sessions.get_or_insert_with::<_, std::convert::Infallible>(hash, || Ok(Noted::new(seen)));
        noted.map_or_else(|never| match never {}, |noted| noted.last)
    }

    /// The last use of a key.
    pub(crate) fn key(&self, id: &str) -> LastUse {
        let noted = self.keys.get_or_insert_with::<_, std::convert::Infallible>(id, || Ok(Noted::new(0)));
        noted.map_or_else(|never| match never {}, |noted| noted.last)
    }

    /// Keeps what the store lags behind of. What cannot be kept now is kept later, with the next use.
    pub(crate) async fn flush(&self, store: &Store, all: bool) {
        let lag = if all { 0 } else { LAG };
        let sessions: Vec<_> = self.sessions.iter().filter_map(|(hash, noted)| Some((hash, noted.due(lag)?))).collect();
        let keys: Vec<_> = self.keys.iter().filter_map(|(id, noted)| Some((id, noted.due(lag)?))).collect();
        if sessions.is_empty() && keys.is_empty() {
            return;
        }
        if let Err(error) = store.touch(&sessions, &keys).await {
            tracing::warn!("times of last use could not be kept: {error}");
        }
    }
}
