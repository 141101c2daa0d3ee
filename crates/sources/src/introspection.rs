//! What issuers say of tokens (RFC 7662): asked once for all that wait, remembered for all threads, and not asked of an
//! endpoint that keeps failing. How one question is put is in `call`.
//!
//! ```text
//! closed ── 5 failures in a row ──► open for 1, 2, 4 .. 30 s ──► one question ──► closed, or open again
//! ```

mod breaker;
mod call;

use crate::at_hand::IntrospectionWeight;
use crate::keyed::Name;
use crate::keys::Keys;
use crate::outbound::Outbound;
use crate::sources::{now, outage};
use breaker::Breaker;
use call::{CallFault, Endpoint};
use countersign::introspection::Introspection;
use countersign::{Answer, Cause, Evidence, Issuer, Outage, Secret, Subject, Value};
use quick_cache::unsync::Cache;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout};

/// How long one question may take. Four issuers that hang are given up within twelve seconds.
const CALL_LIMIT: Duration = Duration::from_secs(3);
/// How many questions are with one issuer at a time: tokens that somebody makes up become no flood there.
const AT_ONCE: usize = 64;
/// How long a question waits for its turn.
const TURN: Duration = Duration::from_secs(1);

type Said = Answer<Arc<Introspection>>;

pub(crate) struct Introspections {
    outbound: Arc<Outbound>,
    keys: Arc<Keys>,
    runtime: Handle,
    entries: Mutex<HashMap<String, Arc<Entry>>>,
    shared: Arc<Mutex<Shared>>,
}

/// An issuer that is asked.
pub(crate) struct Entry {
    breaker: Mutex<Breaker>,
    endpoint: Mutex<Option<Endpoint>>,
    turns: Semaphore,
    questions: AtomicU64,
    failures: AtomicU64,
}

/// What all threads know of answers.
struct Shared {
    said: Cache<Name, Arc<Introspection>, IntrospectionWeight>,
    under_way: HashMap<Name, watch::Receiver<Option<Said>>>,
}

/// How asking an issuer went so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntrospectionCounts {
    /// The operator's name for the issuer.
    pub issuer: String,
    /// How often its endpoint was asked.
    pub questions: u64,
    /// How often it gave no answer.
    pub failures: u64,
    /// Is it not asked for now, because it kept failing?
    pub open: bool,
}

impl Introspections {
    pub(crate) fn new(outbound: Arc<Outbound>, keys: Arc<Keys>, remembered: (usize, u64), runtime: Handle) -> Self {
        let said = Cache::with_weighter(remembered.0, remembered.1, IntrospectionWeight);
        let shared = Arc::new(Mutex::new(Shared { said, under_way: HashMap::new() }));
        Self { outbound, keys, runtime, entries: Mutex::default(), shared }
    }

    /// Takes over the issuers of a new configuration, and forgets all that was said.
    pub(crate) fn renew(&self, issuers: &[Arc<Issuer>]) {
        let mut entries = lock(&self.entries);
        entries.retain(|name, _| issuers.iter().any(|issuer| issuer.name == *name && issuer.introspection.is_some()));
        for issuer in issuers.iter().filter(|issuer| issuer.introspection.is_some()) {
            let entry = entries.entry(issuer.name.clone()).or_default();
            *lock(&entry.breaker) = Breaker::default();
            *lock(&entry.endpoint) = None;
        }
        let mut shared = lock(&self.shared);
        shared.said.clear();
        shared.under_way.clear();
    }

    /// What the issuer says of the token of this name, and what it said last.
    pub(crate) async fn ask(&self, name: Name, issuer: &Arc<Issuer>, token: &Secret) -> (Said, Option<Arc<Introspection>>) {
        let (said, last) = self.waited_for(name, issuer, token);
        match said {
            Ok(said) => (Answer::Known(said), None),
            Err(mut flight) => {
                // It fails only where the one who asked was stopped.
                let said = flight.wait_for(Option::is_some).await.map(|said| said.clone());
                (said.ok().flatten().unwrap_or_else(|| Answer::Outage(unreachable(issuer, "the question was given up", 1))), last)
            }
        }
    }

    /// How asking went so far, by issuer.
    pub(crate) fn counts(&self) -> Vec<IntrospectionCounts> {
        let entries = lock(&self.entries);
        let count = |(name, entry): (&String, &Arc<Entry>)| IntrospectionCounts {
            issuer: name.clone(),
            questions: entry.questions.load(Ordering::Relaxed),
            failures: entry.failures.load(Ordering::Relaxed),
            open: lock(&entry.breaker).is_open(),
        };
        entries.iter().map(count).collect()
    }

    /// What is known and fresh, or the question that is under way, begun if need be; and what was said last.
    #[expect(clippy::type_complexity, reason = "read by one")]
    fn waited_for(
        &self,
        name: Name,
        issuer: &Arc<Issuer>,
        token: &Secret,
    ) -> (Result<Arc<Introspection>, watch::Receiver<Option<Said>>>, Option<Arc<Introspection>>) {
        let mut shared = lock(&self.shared);
        let last = shared.said.get(&name).cloned();
        if let Some(said) = last.clone().filter(|said| said.is_fresh(issuer, now())) {
            return (Ok(said), last);
        }
        if let Some(flight) = shared.under_way.get(&name) {
            return (Err(flight.clone()), last);
        }
        let (sender, flight) = watch::channel(None);
        shared.under_way.insert(name, flight.clone());
        drop(shared);
        self.begin(name, issuer.clone(), token.clone(), sender);
        (Err(flight), last)
    }

    /// Asks on the background runtime: the answer counts also where nobody waits for it any more.
    fn begin(&self, name: Name, issuer: Arc<Issuer>, token: Secret, sender: watch::Sender<Option<Said>>) {
        let (outbound, keys, shared) = (self.outbound.clone(), self.keys.clone(), self.shared.clone());
        let entry = lock(&self.entries).entry(issuer.name.clone()).or_default().clone();
        self.runtime.spawn(async move {
            let epoch = keys.epoch();
            let said = entry.put(&outbound, &keys, &issuer, &token).await;
            let mut shared = lock(&shared);
            // A configuration that came in the meantime may mean another issuer by this name.
            if keys.epoch() == epoch {
                shared.under_way.remove(&name);
                if let Answer::Known(said) = &said {
                    shared.said.insert(name, said.clone());
                }
            }
            drop(shared);
            let _ = sender.send(Some(said));
        });
    }
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            breaker: Mutex::default(),
            endpoint: Mutex::default(),
            turns: Semaphore::new(AT_ONCE),
            questions: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }
}

impl Entry {
    /// Puts the question, unless the endpoint keeps failing or too many wait.
    async fn put(&self, outbound: &Outbound, keys: &Keys, issuer: &Arc<Issuer>, token: &Secret) -> Said {
        let Ok(Ok(_turn)) = timeout(TURN, self.turns.acquire()).await else {
            return Answer::Outage(unreachable(issuer, "too many questions wait for the endpoint's answers", 1));
        };
        let probe = match lock(&self.breaker).admit(Instant::now()) {
            Ok(probe) => probe,
            Err(wait) => {
                let form = "the endpoint failed five times in a row and is left alone";
                return Answer::Outage(unreachable(issuer, form, wait.as_secs() as u32 + 1));
            }
        };
        self.questions.fetch_add(1, Ordering::Relaxed);
        let asked = timeout(CALL_LIMIT, call::call(outbound, keys, &self.endpoint, issuer, token)).await;
        let asked = asked.unwrap_or(Err(CallFault::Late));
        lock(&self.breaker).settle(probe, asked.is_ok(), Instant::now());
        match asked {
            Ok(said) => Answer::Known(Arc::new(said)),
            Err(fault) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                *lock(&self.endpoint) = None;
                let text = fault.to_string();
                tracing::warn!(issuer = issuer.name, fault = text, "the issuer could not be asked about a token");
                let mut outage = unreachable(issuer, &text, 1);
                if let CallFault::Refused(..) = fault {
                    let client = issuer.introspection.as_ref().map_or("", |introspector| introspector.client_id.as_str());
                    outage.evidence = outage.evidence.presented(Subject::Client, Value::text(client));
                }
                Answer::Outage(outage)
            }
        }
    }
}

pub(crate) fn unreachable(issuer: &Issuer, form: &str, retry_after: u32) -> Outage {
    let evidence = Evidence::none().presented(Subject::Issuer, Value::text(&issuer.issuer)).presented(Subject::Form, Value::text(form));
    Outage { evidence, ..outage(Cause::IntrospectionUnreachable, retry_after) }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
