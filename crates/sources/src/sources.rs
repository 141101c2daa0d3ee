//! The sources of all threads: one for each kind of need, and what runs beside them on the background runtime.

use crate::introspection::{IntrospectionCounts, Introspections, unreachable};
use crate::keyed::Keyed;
use crate::keys::Keys;
use crate::ledger::Ledger;
use crate::nonces::Nonces;
use crate::options::Options;
use crate::outbound::Outbound;
use crate::passwords::Pool;
use crate::providers::Providers;
use crate::uses::{KeyUses, SessionUses};
use countersign::introspection::Introspection;
use countersign::token::KeySet;
use countersign::{
    Account, AccountName, Answer, ApiKey, Cause, DigestCount, DigestKey, DigestRecord, DigestUse, Evidence, Issuer, Need, OneTime, Outage,
    PasswordAnswer, PasswordQuestion, Secret, SecretHash, SessionInUse, Spending, Subject, Timestamp, Value,
};
use countersign_store::{Store, StoreError};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime::Handle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// How long a judgement waits for one answer.
const DEADLINE: Duration = Duration::from_secs(5);
/// How often the store is asked whether something was withdrawn, and keys are looked at.
const TICK: Duration = Duration::from_millis(200);
/// How often last uses are told to the store.
const FLUSH: Duration = Duration::from_secs(60);
/// How often the store is tidied.
const PRUNE: Duration = Duration::from_secs(60 * 60);
/// How long facts are remembered while the store cannot be asked for withdrawals.
const BLIND_FOR: Duration = Duration::from_secs(5);
/// For how long a wrong answer to Digest is thought over: as long as a wrong password takes, so that neither its kind nor
/// what had to be read for it can be told by the time.
const WRONG_DIGEST: Duration = Duration::from_millis(25);
/// How long nonces are kept: the longest lifetime that can be configured.
const NONCES_FOR: Timestamp = 86_400;
/// Seconds after which a store that failed is worth another try.
const RETRY_STORE: u32 = 5;

/// The sources of all threads.
pub struct Sources {
    store: Store,
    keys: Arc<Keys>,
    introspections: Introspections,
    pub(crate) providers: Providers,
    passwords: Pool,
    ledger: Ledger,
    /// Since when the ledger has all uses.
    pub(crate) started: Timestamp,
    pub(crate) nonces: Nonces,
    pub(crate) keyed: Keyed,
    pub(crate) session_uses: SessionUses,
    pub(crate) key_uses: KeyUses,
    pub(crate) remembered: usize,
    pub(crate) remembered_token_bytes: u64,
    epoch: AtomicU64,
    runtime: Handle,
}

/// The answer to a [`Need`], with what was asked.
#[derive(Debug)]
#[expect(missing_docs, reason = "the names are those of the needs")]
pub enum Fact {
    Account(AccountName, Answer<Option<Arc<Account>>>),
    Password(PasswordQuestion, Answer<PasswordAnswer>),
    ApiKey(SecretHash, Answer<Option<Arc<ApiKey>>>),
    Session(SecretHash, Answer<Option<SessionInUse>>),
    Digest(DigestKey, Answer<Option<Arc<DigestRecord>>>),
    CountDigest(DigestUse, Answer<DigestCount>),
    /// The issuer, and the id of the key that was looked for.
    Keys(String, Option<String>, Answer<Arc<KeySet>>),
    /// What was said, and what was said before, if nothing was now.
    Introspection(Arc<Issuer>, Secret, Answer<Arc<Introspection>>, Option<Arc<Introspection>>),
    Spend(OneTime, Answer<Spending>),
}

impl Sources {
    /// Starts them. What they wait for is waited for on `runtime`.
    pub fn start(store: Store, options: Options, runtime: Handle) -> Arc<Self> {
        let outbound = Arc::new(Outbound::new(&options.extra_roots));
        let keys = Arc::new(Keys::new(options.own.clone(), outbound.clone(), runtime.clone()));
        let remembered = (options.remembered, options.remembered_token_bytes);
        let sources = Arc::new(Self {
            introspections: Introspections::new(outbound.clone(), keys.clone(), remembered, runtime.clone()),
            keys,
            providers: Providers::new(outbound),
            passwords: Pool::start(&options),
            ledger: Ledger::new(),
            started: now(),
            nonces: Nonces::new(),
            keyed: Keyed::new(&options.fingerprint_key),
            session_uses: SessionUses::new(),
            key_uses: KeyUses::new(),
            remembered: options.remembered,
            remembered_token_bytes: options.remembered_token_bytes,
            epoch: AtomicU64::new(0),
            runtime: runtime.clone(),
            store: store.acting_as("gateway"),
        });
        runtime.spawn(watch_store(Arc::downgrade(&sources)));
        runtime.spawn(watch_keys(Arc::downgrade(&sources)));
        runtime.spawn(keep_house(Arc::downgrade(&sources)));
        sources
    }

    /// Answers a need within five seconds, if only with an outage. May be awaited on any runtime.
    pub async fn answer(self: &Arc<Self>, need: Need) -> Fact {
        let sources = self.clone();
        let asked = need.clone();
        let answering = self.runtime.spawn(async move {
            let late = need.clone();
            timeout(DEADLINE, sources.ask(need)).await.unwrap_or_else(|_| unanswered(late))
        });
        // It fails only while the background runtime stops.
        answering.await.unwrap_or_else(|_| unanswered(asked))
    }

    async fn ask(&self, need: Need) -> Fact {
        match need {
            Need::Account(name) => {
                let found = self.store.account(&name).await;
                Fact::Account(name, known(found.map(|found| found.map(Arc::new))))
            }
            Need::ApiKey(hash) => {
                let found = self.store.api_key(&hash).await;
                Fact::ApiKey(hash, known(found.map(|found| found.map(Arc::new))))
            }
            Need::Session(hash) => {
                let found = self.store.session(&hash).await;
                let in_use = |(session, stored)| SessionInUse {
                    session: Arc::new(session),
                    last_seen: self.session_uses.shared(&hash, stored).at(),
                };
                Fact::Session(hash, known(found.map(|found| found.map(in_use))))
            }
            Need::Password(question) => {
                let name = self.keyed.question(&question);
                Fact::Password(question.clone(), self.passwords.check(&self.keyed, name, question).await)
            }
            Need::Digest(key) => {
                let found = self.store.digest(&key).await;
                Fact::Digest(key, known(found.map(|found| found.map(Arc::new))))
            }
            Need::CountDigest(used) => {
                let counted = match self.count_proven(&used) {
                    Some(counted) => counted,
                    None => self.count_wrong(&used).await,
                };
                Fact::CountDigest(used, Answer::Known(counted))
            }
            Need::Keys(issuer, kid) => {
                let answer = self.keys.ask(&issuer.issuer, kid.as_deref()).await;
                Fact::Keys(issuer.issuer.clone(), kid, answer)
            }
            Need::Introspection(issuer, token) => {
                let name = self.keyed.introspection(&issuer, token.expose());
                let (said, last) = self.introspections.ask(name, &issuer, &token).await;
                Fact::Introspection(issuer, token, said, last)
            }
            Need::Spend(once) => self.spend_now(once),
        }
    }

    /// Uses something up that counts once. Nothing has to be waited for.
    pub(crate) fn spend_now(&self, once: OneTime) -> Fact {
        let spending = self.ledger.spend(&once, now());
        Fact::Spend(once, spending.map_or_else(|| Answer::Outage(outage(Cause::Overloaded, RETRY_STORE)), Answer::Known))
    }

    /// Answers at once what needs no waiting.
    pub(crate) fn at_once(&self, need: &Need) -> Option<Fact> {
        match need {
            Need::CountDigest(used) => self.count_proven(used).map(|counted| Fact::CountDigest(used.clone(), Answer::Known(counted))),
            _ => None,
        }
    }

    /// Counts a right answer to Digest; none if it was wrong. While too many are wrong a right one counts only with a nonce that
    /// its account has used before: who guesses must not learn that a guess was right.
    fn count_proven(&self, used: &DigestUse) -> Option<DigestCount> {
        let account = used.account?;
        if !self.nonces.is_proven(used.nonce, account)
            && let Some(retry_after) = self.passwords.digest_throttled(&self.keyed, used.name.as_str(), used.client)
        {
            return Some(DigestCount::Throttled { retry_after });
        }
        Some(self.nonces.count(used.nonce, account, used.count))
    }

    async fn count_wrong(&self, used: &DigestUse) -> DigestCount {
        match self.passwords.count_wrong_digest(&self.keyed, used.name.as_str(), used.client) {
            Err(retry_after) => DigestCount::Throttled { retry_after },
            Ok(()) => {
                tokio::time::sleep(WRONG_DIGEST).await;
                DigestCount::Counted
            }
        }
    }

    /// A fresh nonce for Digest in a realm.
    pub fn nonce(&self, realm: &str, now_ms: i64) -> String {
        self.nonces.make(realm, now_ms)
    }

    /// Moves whenever a record may have been withdrawn: a thread forgets what it remembers of the store.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Moves whenever a key may have been withdrawn: a thread forgets what it remembers of keys and tokens.
    pub fn keys_epoch(&self) -> u64 {
        self.keys.epoch()
    }

    /// To be called after a change that this process made to the store and that may withdraw something. Other
    /// processes' changes are noticed within 200 ms.
    pub fn changed(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    /// To be called with the issuers of every new configuration: their keys are fetched, others' are forgotten. Does not
    /// wait; an issuer that is down stops nothing.
    pub fn prefetch(&self, issuers: &[Arc<Issuer>]) {
        self.keys.prefetch(issuers);
        self.introspections.renew(issuers);
    }

    /// How asking issuers about tokens went so far.
    pub fn introspection_counts(&self) -> Vec<IntrospectionCounts> {
        self.introspections.counts()
    }

    /// Where what waits is waited for.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Are keys of this issuer (its `iss`) held?
    pub fn keys_held(&self, issuer: &str) -> bool {
        self.keys.has(issuer)
    }

    /// Tells the store all last uses that it does not know yet. What fails is tried again the next time.
    pub async fn flush(&self) {
        let (sessions, keys) = (self.session_uses.take(), self.key_uses.take());
        if sessions.is_empty() && keys.is_empty() {
            return;
        }
        let session_times: Vec<_> = sessions.iter().map(|(hash, last)| (*hash, last.at())).collect();
        let key_times: Vec<_> = keys.iter().map(|(id, last)| (id.clone(), last.at())).collect();
        if let Err(error) = self.store.touch(&session_times, &key_times).await {
            tracing::warn!(%error, "last uses could not be stored");
            self.session_uses.put_back(sessions);
            self.key_uses.put_back(keys);
        }
    }
}

/// An outage without evidence.
pub(crate) fn outage(cause: Cause, retry_after: u32) -> Outage {
    Outage { cause, retry_after, evidence: Evidence::none() }
}

fn known<T>(found: Result<T, StoreError>) -> Answer<T> {
    found.map_or_else(
        |error| {
            tracing::error!(%error, "the store did not answer");
            Answer::Outage(outage(Cause::StoreUnreachable, RETRY_STORE))
        },
        Answer::Known,
    )
}

fn unanswered(need: Need) -> Fact {
    let store = || outage(Cause::StoreUnreachable, RETRY_STORE);
    match need {
        Need::Account(name) => Fact::Account(name, Answer::Outage(store())),
        Need::ApiKey(hash) => Fact::ApiKey(hash, Answer::Outage(store())),
        Need::Session(hash) => Fact::Session(hash, Answer::Outage(store())),
        Need::Password(question) => Fact::Password(question, Answer::Outage(outage(Cause::Overloaded, RETRY_STORE))),
        Need::Keys(issuer, kid) => {
            let evidence = Evidence::none().presented(Subject::Issuer, Value::text(&issuer.issuer));
            let outage = Outage { evidence, ..outage(Cause::KeysUnreachable, RETRY_STORE) };
            Fact::Keys(issuer.issuer.clone(), kid, Answer::Outage(outage))
        }
        Need::Introspection(issuer, token) => {
            let outage = unreachable(&issuer, "no answer in time", RETRY_STORE);
            Fact::Introspection(issuer, token, Answer::Outage(outage), None)
        }
        Need::Spend(once) => Fact::Spend(once, Answer::Outage(outage(Cause::Overloaded, RETRY_STORE))),
        Need::Digest(key) => Fact::Digest(key, Answer::Outage(store())),
        Need::CountDigest(used) => Fact::CountDigest(used, Answer::Outage(outage(Cause::Overloaded, RETRY_STORE))),
    }
}

async fn watch_store(sources: Weak<Sources>) {
    let mut ticks = ticks(TICK);
    let (mut seen, mut seen_at) = (None, Instant::now());
    loop {
        ticks.tick().await;
        let Some(sources) = sources.upgrade() else { return };
        match sources.store.epoch().await {
            Ok(epoch) => {
                seen_at = Instant::now();
                if seen.replace(epoch) != Some(epoch) {
                    sources.changed();
                }
            }
            // What may have been withdrawn in the meantime must not be taken from memory.
            Err(_) if seen_at.elapsed() > BLIND_FOR => sources.changed(),
            Err(error) => tracing::warn!(%error, "the store cannot be asked for changes"),
        }
    }
}

async fn watch_keys(sources: Weak<Sources>) {
    let mut ticks = ticks(TICK);
    loop {
        ticks.tick().await;
        let Some(sources) = sources.upgrade() else { return };
        sources.keys.tick();
    }
}

async fn keep_house(sources: Weak<Sources>) {
    let mut ticks = ticks(FLUSH);
    let mut pruned_at: Option<Instant> = None;
    loop {
        ticks.tick().await;
        let Some(sources) = sources.upgrade() else { return };
        sources.flush().await;
        if pruned_at.is_none_or(|at| at.elapsed() >= PRUNE) {
            pruned_at = Some(Instant::now());
            sources.nonces.tidy((now() - NONCES_FOR) * 1000);
            if let Err(error) = sources.store.prune(now()).await {
                tracing::warn!(%error, "the store could not be tidied");
            }
        }
    }
}

fn ticks(every: Duration) -> tokio::time::Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

pub(crate) fn now() -> Timestamp {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().cast_signed())
}
