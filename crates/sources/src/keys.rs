//! Issuers' keys: held while fresh, refreshed ahead, served stale while the issuer is down. How they are fetched is in
//! `fetch`.
//!
//! ```text
//!          first question                80 % of its age            24 h after its age
//! nothing ───────────────► fresh ─────────────────────► due ─────────────────────────► nothing
//!    └─ failed: 1 s, 2 s, 4 s .. 60 s      ▲   │ unknown kid, at most every 10 s │
//!                                          └───┴──────────── fetched ────────────┘
//! ```
//!
//! One fetch an issuer at a time; whoever needs it waits for the same one.

mod fetch;

use crate::outbound::Outbound;
use crate::sources::outage;
use countersign::token::KeySet;
use countersign::{Answer, Cause, Evidence, Issuer, Outage, Subject, Value};
use fetch::Fetched;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often an unknown key id may cause a fetch.
const UNKNOWN_KEY_FLOOR: Duration = Duration::from_secs(10);
/// The longest pause between attempts at an issuer that is down.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(60);
/// For how long keys serve that are no longer fresh.
const STALE_FOR: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) struct Keys {
    held: Mutex<HashMap<String, Arc<Entry>>>,
    own: Option<(Arc<Issuer>, Arc<KeySet>)>,
    outbound: Arc<Outbound>,
    /// Moves when what a key verified may have to be verified anew.
    epoch: Arc<AtomicU64>,
    runtime: Handle,
}

struct Entry {
    issuer: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// The fetch under way; closed when it is done.
    fetch: Option<watch::Receiver<()>>,
    failures: u32,
    /// No attempt before, after a failure.
    not_before: Option<Instant>,
    fault: Option<String>,
    /// When an unknown key id last caused a fetch.
    unknown_at: Option<Instant>,
}

struct Held {
    set: Arc<KeySet>,
    due: Instant,
    dead: Instant,
}

impl Keys {
    pub(crate) fn new(own: Option<(Arc<Issuer>, Arc<KeySet>)>, outbound: Arc<Outbound>, runtime: Handle) -> Self {
        Self { held: Mutex::default(), own, outbound, epoch: Arc::default(), runtime }
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// The issuer's keys, with this one among them if that can be had.
    pub(crate) async fn ask(&self, issuer: &str, kid: Option<&str>) -> Answer<Arc<KeySet>> {
        if let Some(set) = self.own(issuer) {
            return Answer::Known(set.clone());
        }
        let entry = self.entry(issuer);
        if let Some(mut fetch) = self.fetch_for(&entry, kid) {
            // It only ever closes.
            let _ = fetch.changed().await;
        }
        lock(&entry.state).answer(issuer, kid)
    }

    /// Are there keys of this issuer?
    pub(crate) fn has(&self, issuer: &str) -> bool {
        self.own(issuer).is_some() || lock(&self.held).get(issuer).is_some_and(|entry| lock(&entry.state).held.is_some())
    }

    /// Takes over the issuers of a new configuration: forgets others, fetches what is missing, and lets every token be
    /// verified anew.
    pub(crate) fn prefetch(&self, issuers: &[Arc<Issuer>]) {
        lock(&self.held).retain(|known, _| issuers.iter().any(|issuer| issuer.issuer == *known));
        self.epoch.fetch_add(1, Ordering::SeqCst);
        for issuer in issuers.iter().filter(|issuer| self.own(&issuer.issuer).is_none()) {
            self.fetch_for(&self.entry(&issuer.issuer), None);
        }
    }

    /// Fetches what is due, and forgets what has been stale for too long.
    pub(crate) fn tick(&self) {
        let entries: Vec<_> = lock(&self.held).values().cloned().collect();
        for entry in entries {
            let mut state = lock(&entry.state);
            if state.held.as_ref().is_some_and(|held| held.dead <= Instant::now()) {
                tracing::error!(issuer = entry.issuer, "the keys have been stale for too long and are forgotten");
                state.held = None;
                self.epoch.fetch_add(1, Ordering::SeqCst);
            }
            if state.is_due() {
                self.start(&entry, &mut state);
            }
        }
    }

    fn own(&self, issuer: &str) -> Option<&Arc<KeySet>> {
        self.own.as_ref().filter(|(own, _)| own.issuer == issuer).map(|(_, set)| set)
    }

    fn entry(&self, issuer: &str) -> Arc<Entry> {
        let fresh = || Arc::new(Entry { issuer: issuer.to_owned(), state: Mutex::default() });
        lock(&self.held).entry(issuer.to_owned()).or_insert_with(fresh).clone()
    }

    /// The fetch that the question has to wait for, begun if need be.
    fn fetch_for(&self, entry: &Arc<Entry>, kid: Option<&str>) -> Option<watch::Receiver<()>> {
        let mut state = lock(&entry.state);
        let lacks = match &state.held {
            Some(held) if kid.is_none() || held.set.has(kid) => {
                if state.is_due() {
                    self.start(entry, &mut state);
                }
                return None;
            }
            held => held.is_some(),
        };
        if state.is_fetching() {
            return state.fetch.clone();
        }
        let too_soon = lacks && state.unknown_at.is_some_and(|at| at + UNKNOWN_KEY_FLOOR > Instant::now());
        if too_soon || state.backs_off() {
            return None;
        }
        if lacks {
            state.unknown_at = Some(Instant::now());
        }
        Some(self.start(entry, &mut state))
    }

    fn start(&self, entry: &Arc<Entry>, state: &mut State) -> watch::Receiver<()> {
        let (done, fetch) = watch::channel(());
        state.fetch = Some(fetch.clone());
        let (entry, outbound, epoch) = (entry.clone(), self.outbound.clone(), self.epoch.clone());
        self.runtime.spawn(async move {
            let fetched = fetch::fetch(&outbound, &entry.issuer).await;
            if lock(&entry.state).settle(&entry.issuer, fetched.map_err(|fault| fault.to_string())) {
                epoch.fetch_add(1, Ordering::SeqCst);
            }
            drop(done);
        });
        fetch
    }
}

impl State {
    fn is_fetching(&self) -> bool {
        self.fetch.as_ref().is_some_and(|fetch| fetch.has_changed().is_ok())
    }

    fn backs_off(&self) -> bool {
        self.not_before.is_some_and(|not_before| not_before > Instant::now())
    }

    fn is_due(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.due <= Instant::now()) && !self.is_fetching() && !self.backs_off()
    }

    /// Takes over what a fetch brought. Has a key gone that was there before?
    fn settle(&mut self, issuer: &str, fetched: Result<Fetched, String>) -> bool {
        let now = Instant::now();
        match fetched {
            Ok(Fetched { set, age }) => {
                let lost = self.held.as_ref().is_some_and(|older| !set.covers(&older.set));
                self.held = Some(Held { set: Arc::new(set), due: now + age.mul_f64(0.8), dead: now + age + STALE_FOR });
                (self.failures, self.not_before, self.fault) = (0, None, None);
                lost
            }
            Err(fault) => {
                tracing::warn!(issuer, fault, held = self.held.is_some(), "the issuer's keys could not be fetched");
                let back_off = Duration::from_secs(1 << self.failures.min(6)).min(LONGEST_BACK_OFF);
                self.failures = self.failures.saturating_add(1);
                self.not_before = Some(now + back_off);
                self.fault = Some(fault);
                false
            }
        }
    }

    /// A key that is not held is unknown only if the issuer says so: while it is down, nobody can tell.
    fn answer(&self, issuer: &str, kid: Option<&str>) -> Answer<Arc<KeySet>> {
        match &self.held {
            Some(held) if self.failures == 0 || kid.is_none() || held.set.has(kid) => Answer::Known(held.set.clone()),
            _ => Answer::Outage(self.unreachable(issuer)),
        }
    }

    fn unreachable(&self, issuer: &str) -> Outage {
        let wait = self.not_before.map_or(Duration::ZERO, |not_before| not_before.saturating_duration_since(Instant::now()));
        let evidence = Evidence::none().presented(Subject::Issuer, Value::text(issuer));
        let evidence = self.fault.iter().fold(evidence, |evidence, fault| evidence.presented(Subject::Form, Value::text(fault)));
        Outage { evidence, ..outage(Cause::KeysUnreachable, wait.as_secs() as u32 + 1) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
