//! What all threads share: answers every [`Need`] on the background runtime, within a deadline.

use crate::attempts::Rate;
use crate::keys::Keys;
use crate::passwords::Passwords;
use crate::usage::{LastUse, Usage};
use countersign::token::KeySet;
use countersign::{Account, AccountName, Answer, ApiKey, Cause, Evidence, Issuer, Need, Outage, PasswordAnswer, PasswordQuestion, SecretHash, Session, Timestamp};
use countersign_store::{Store, StoreError};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime::Handle;

/// How often the store is asked whether another process changed something.
const POLL: Duration = Duration::from_millis(200);
/// How long any answer may take.
const DEADLINE: Duration = Duration::from_secs(12);

/// How sources behave.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many passwords are hashed at a time.
    pub hash_threads: usize,
    /// How many passwords wait or are hashed at the most.
    pub hash_queue: usize,
    /// Wrong passwords per account.
    pub account_rate: Rate,
    /// Wrong passwords per client address.
    pub client_rate: Rate,
    /// The installation's own issuer and its keys, which need no fetching.
    pub own: Option<(Arc<Issuer>, Arc<KeySet>)>,
    /// The key of keyed hashes in evidence.
    pub fingerprint_key: [u8; 32],
}

impl Options {
    /// The defaults: as many hashing threads as half the processors, so that requests always have the other half.
    pub fn new(fingerprint_key: [u8; 32]) -> Self {
        Self {
            hash_threads: std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2)),
            hash_queue: 64,
            account_rate: Rate { burst: 10, interval: Duration::from_secs(30) },
            client_rate: Rate { burst: 30, interval: Duration::from_secs(5) },
            own: None,
            fingerprint_key,
        }
    }
}

/// The answer to a [`Need`], with its question.
#[derive(Clone, Debug)]
pub enum Fact {
    /// To [`Need::Account`].
    Account(AccountName, Answer<Option<Arc<Account>>>),
    /// To [`Need::Password`].
    Password(PasswordQuestion, Answer<PasswordAnswer>),
    /// To [`Need::ApiKey`].
    ApiKey(SecretHash, Answer<Option<Arc<ApiKey>>>),
    /// To [`Need::Session`], with the time of the last use that the store knows.
    Session(SecretHash, Answer<Option<(Arc<Session>, Timestamp)>>),
    /// To [`Need::Keys`].
    Keys(Arc<Issuer>, Option<String>, Answer<Arc<KeySet>>),
}

/// Answers what the judge needs to know; shared by all threads.
pub struct Sources {
    store: Store,
    runtime: Handle,
    passwords: Passwords,
    keys: Keys,
    usage: Usage,
    issuers: Mutex<Vec<Arc<Issuer>>>,
    epoch: AtomicU64,
    store_epoch: AtomicI64,
    pub(crate) fingerprint_key: [u8; 32],
}

impl Sources {
    /// Starts answering; what waits runs on `runtime`.
    pub fn start(store: Store, options: Options, runtime: Handle) -> Arc<Self> {
        let Options { hash_threads, hash_queue, account_rate, client_rate, own, fingerprint_key } = options;
        let sources = Arc::new(Self {
            store,
            passwords: Passwords::new(hash_threads, hash_queue, account_rate, client_rate),
            keys: Keys::new(own),
            usage: Usage::new(),
            issuers: Mutex::default(),
            epoch: AtomicU64::new(1),
            store_epoch: AtomicI64::new(0),
            fingerprint_key,
            runtime,
        });
        sources.runtime.spawn(watch_store(Arc::downgrade(&sources)));
        sources.runtime.spawn(keep_up(Arc::downgrade(&sources)));
        sources
    }

    /// Answers a need. May be awaited on any runtime.
    pub async fn answer(self: &Arc<Self>, need: Need) -> Fact {
        let (sources, asked) = (self.clone(), need.clone());
        let answering = self.runtime.spawn(async move { tokio::time::timeout(DEADLINE, sources.find(asked)).await });
        match answering.await {
            Ok(Ok(fact)) => fact,
            _ => unanswered(need),
        }
    }

    /// Moves whenever something that was known may no longer be true.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// This process changed something that others may have at hand.
    pub fn changed(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// Fetches the keys of these issuers ahead of the first token, and keeps them fresh. One that is down stops nothing.
    pub fn prefetch(self: &Arc<Self>, issuers: &[Arc<Issuer>]) {
        *self.issuers.lock().unwrap_or_else(PoisonError::into_inner) = issuers.to_vec();
        let sources = self.clone();
        self.runtime.spawn(async move { sources.refresh_keys().await });
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Are there keys of this issuer?
    pub fn keys_held(&self, issuer: &str) -> bool {
        self.keys.held(issuer)
    }

    /// Keeps all times of last use, at the end.
    pub async fn flush(&self) {
        self.usage.flush(&self.store, true).await;
    }

    pub(crate) fn session_use(&self, hash: &SecretHash, seen: Timestamp) -> LastUse {
        self.usage.session(hash, seen)
    }

    pub(crate) fn key_use(&self, id: &str) -> LastUse {
        self.usage.key(id)
    }

    async fn find(&self, need: Need) -> Fact {
        match need {
            Need::Account(name) => {
                let answer = stored(self.store.account(&name).await.map(|account| account.map(Arc::new)));
                Fact::Account(name, answer)
            }
            Need::Password(question) => {
                let answer = self.passwords.check(&question).await;
                Fact::Password(question, answer)
            }
            Need::ApiKey(hash) => Fact::ApiKey(hash, stored(self.store.api_key(&hash).await.map(|key| key.map(Arc::new)))),
            Need::Session(hash) => {
                let session = self.store.session(&hash).await;
                Fact::Session(hash, stored(session.map(|found| found.map(|(session, seen)| (Arc::new(session), seen)))))
            }
            Need::Keys(issuer, kid) => {
                let found = self.keys.get(&issuer, kid.as_deref()).await;
                if found.withdrawn {
                    self.changed();
                }
                Fact::Keys(issuer, kid, found.answer)
            }
        }
    }

    async fn refresh_keys(&self) {
        let issuers = self.issuers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if self.keys.refresh_ahead(&issuers).await {
            self.changed();
        }
    }

    /// Takes over the store's epoch. A store that does not answer may hide a change, so what is at hand is dropped.
    async fn look_at_store(&self) {
        let now = self.store.epoch().await.unwrap_or(-1);
        if self.store_epoch.swap(now, Ordering::AcqRel) != now {
            self.changed();
        }
    }
}

fn stored<T>(result: Result<T, StoreError>) -> Answer<T> {
    result.map_or_else(|error| {
        tracing::error!("the store did not answer: {error}");
        Answer::Outage(store_outage())
    }, Answer::Known)
}

fn store_outage() -> Outage {
    Outage { cause: Cause::StoreUnreachable, retry_after: 5, evidence: Evidence::none() }
}

fn unanswered(need: Need) -> Fact {
    let outage = store_outage();
    match need {
        Need::Account(name) => Fact::Account(name, Answer::Outage(outage)),
        Need::Password(question) => Fact::Password(question, Answer::Outage(Outage { cause: Cause::Overloaded, ..outage })),
        Need::ApiKey(hash) => Fact::ApiKey(hash, Answer::Outage(outage)),
        Need::Session(hash) => Fact::Session(hash, Answer::Outage(outage)),
        Need::Keys(issuer, kid) => Fact::Keys(issuer, kid, Answer::Outage(Outage { cause: Cause::KeysUnreachable, ..outage })),
    }
}

/// Notices what other processes change, as long as anybody uses the sources.
async fn watch_store(sources: std::sync::Weak<Sources>) {
    let mut often = tokio::time::interval(POLL);
    loop {
        often.tick().await;
        let Some(sources) = sources.upgrade() else { return };
        sources.look_at_store().await;
    }
}

/// Keeps keys fresh and the store's times of last use near the truth.
async fn keep_up(sources: std::sync::Weak<Sources>) {
    let mut often = tokio::time::interval(Duration::from_secs(5));
    let mut rounds = 0_u32;
    loop {
        often.tick().await;
        let Some(sources) = sources.upgrade() else { return };
        sources.refresh_keys().await;
        sources.usage.flush(&sources.store, false).await;
        if rounds.is_multiple_of(720) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            if let Err(error) = sources.store.prune(i64::try_from(now).unwrap_or_default()).await {
                tracing::warn!("the store could not be pruned: {error}");
            }
        }
        rounds = rounds.wrapping_add(1);
    }
}
