//! Issuers' keys: found by discovery (OpenID Connect Discovery 1.0, RFC 8414), kept, refreshed ahead, looked up anew
//! for a key that is not among them, and served stale while their issuer is down.

use crate::fetch::{FetchError, Fetcher};
use countersign::token::KeySet;
use countersign::{Answer, Cause, Evidence, Issuer, Outage, Subject, Value};
use serde::Deserialize;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// For how long a set is kept if its issuer says nothing, and the bounds of what it may say.
const AGE: u64 = 3600;
const AGES: std::ops::RangeInclusive<u64> = 300..=86_400;
/// A set is refreshed when this part of its age has passed.
const AHEAD: f64 = 0.8;
/// For how long a set is served while its issuer is down.
const STALE: Duration = Duration::from_secs(86_400);
/// How often an unknown key id may cause a look-up.
const UNKNOWN_FLOOR: Duration = Duration::from_secs(10);
/// The first wait after a failure; each further one doubles it up to the last.
const BACK_OFF: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// All issuers' keys.
pub(crate) struct Keys {
    fetcher: Fetcher,
    issuers: Mutex<HashMap<String, Arc<Held>>>,
    own: Option<(Arc<Issuer>, Arc<KeySet>)>,
}

/// One issuer's keys. The outer lock is held for a look, the inner one while a fetch is under way: one at a time.
#[derive(Default)]
struct Held {
    state: Mutex<State>,
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct State {
    set: Option<Arc<KeySet>>,
    fetched: Option<Instant>,
    refresh_at: Option<Instant>,
    tried: Option<Instant>,
    failures: u32,
    why: Option<FetchError>,
}

/// An answer, and whether keys have gone that earlier answers held.
pub(crate) struct Found {
    pub answer: Answer<Arc<KeySet>>,
    pub withdrawn: bool,
}

impl Keys {
    pub(crate) fn new(own: Option<(Arc<Issuer>, Arc<KeySet>)>) -> Self {
        Self { fetcher: Fetcher::new(), issuers: Mutex::default(), own }
    }

    /// Are there keys of this issuer?
    pub(crate) fn held(&self, issuer: &str) -> bool {
        self.is_own(issuer) || self.entry(issuer).look().set.is_some()
    }

    /// The issuer's keys, with the one that is asked for among them if the issuer has it.
    pub(crate) async fn get(&self, issuer: &Issuer, kid: Option<&str>) -> Found {
        if let Some((_, set)) = self.own.as_ref().filter(|_| self.is_own(&issuer.issuer)) {
            return Found { answer: Answer::Known(set.clone()), withdrawn: false };
        }
        let held = self.entry(&issuer.issuer);
        let before = held.look();
        let mut withdrawn = false;
        if before.wants(kid, Instant::now()) {
            let _one_at_a_time = held.fetching.lock().await;
            // Whoever waited here finds what the one before has fetched.
            if held.look().wants(kid, Instant::now()) {
                withdrawn = self.refresh(issuer, &held).await;
            }
        }
        Found { answer: held.look().answer(issuer, Instant::now()), withdrawn }
    }

    /// Refreshes the sets that are due, before anybody has to wait for them; true if keys have gone.
    pub(crate) async fn refresh_ahead(&self, issuers: &[Arc<Issuer>]) -> bool {
        let mut withdrawn = false;
        for issuer in issuers.iter().filter(|issuer| !self.is_own(&issuer.issuer)) {
            let held = self.entry(&issuer.issuer);
            let _one_at_a_time = held.fetching.lock().await;
            if held.look().is_due(Instant::now()) {
                withdrawn |= self.refresh(issuer, &held).await;
            }
        }
        withdrawn
    }

    fn is_own(&self, issuer: &str) -> bool {
        self.own.as_ref().is_some_and(|(own, _)| own.issuer == issuer)
    }

    fn entry(&self, issuer: &str) -> Arc<Held> {
        self.issuers.lock().unwrap_or_else(PoisonError::into_inner).entry(issuer.to_owned()).or_default().clone()
    }

    async fn refresh(&self, issuer: &Issuer, held: &Held) -> bool {
        let fetched = self.fetch(issuer).await;
        let now = Instant::now();
        let mut state = held.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.tried = Some(now);
        match fetched {
            Ok((set, age)) => {
                let withdrawn = state.set.as_ref().is_some_and(|before| !set.covers(before));
                *state = State {
                    set: Some(Arc::new(set)),
                    fetched: Some(now),
                    refresh_at: Some(now + Duration::from_secs(age).mul_f64(AHEAD)),
                    tried: Some(now),
                    failures: 0,
                    why: None,
                };
                withdrawn
            }
            Err(error) => {
                state.failures = state.failures.saturating_add(1);
                tracing::warn!(issuer = issuer.name, "keys could not be fetched: {error}");
                state.why = Some(error);
                false
            }
        }
    }

    async fn fetch(&self, issuer: &Issuer) -> Result<(KeySet, u64), FetchError> {
        #[derive(Deserialize)]
        struct Metadata {
            issuer: String,
            jwks_uri: String,
        }
        let address = format!("{}/.well-known/openid-configuration", issuer.issuer.trim_end_matches('/'));
        let document = self.fetcher.get(&address).await?;
        let metadata: Metadata = serde_json::from_slice(&document.body).map_err(|error| FetchError::Content(address.clone(), error.to_string()))?;
        if metadata.issuer != issuer.issuer {
            return Err(FetchError::Content(address, format!("it names itself {}", metadata.issuer.escape_debug())));
        }
        if !may_lead_to(&issuer.issuer, &metadata.jwks_uri) {
            return Err(FetchError::Content(address, "its jwks_uri leads to an address that it may not name".into()));
        }
        let document = self.fetcher.get(&metadata.jwks_uri).await?;
        let set = KeySet::read(&document.body, &issuer.algorithms).map_err(|error| FetchError::Content(metadata.jwks_uri.clone(), error.to_string()))?;
        let age = document.max_age.unwrap_or(AGE).clamp(*AGES.start(), *AGES.end());
        Ok((set, age))
    }
}

impl Held {
    fn look(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl State {
    /// Must the set be fetched before the question can be answered?
    fn wants(&self, kid: Option<&str>, now: Instant) -> bool {
        match &self.set {
            None => !self.backs_off(now),
            Some(set) if set.has(kid) => false,
            // Anybody can invent a key id: that alone must not make the issuer's day long.
            Some(_) => self.tried.is_none_or(|tried| now >= tried + UNKNOWN_FLOOR) && !self.backs_off(now),
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        self.refresh_at.is_none_or(|at| now >= at) && !self.backs_off(now)
    }

    fn backs_off(&self, now: Instant) -> bool {
        let [first, last] = BACK_OFF;
        let wait = first.saturating_mul(1 << self.failures.saturating_sub(1).min(6)).min(last);
        self.failures > 0 && self.tried.is_some_and(|tried| now < tried + wait)
    }

    fn answer(&self, issuer: &Issuer, now: Instant) -> Answer<Arc<KeySet>> {
        let fresh_enough = self.fetched.is_some_and(|fetched| now < fetched + STALE);
        match self.set.as_ref().filter(|_| fresh_enough) {
            Some(set) => Answer::Known(set.clone()),
            None => {
                let why = self.why.as_ref().map_or_else(String::new, ToString::to_string);
                let evidence = Evidence::none().presented(Subject::Issuer, Value::text(&issuer.issuer)).presented(Subject::Form, Value::text(&why));
                Answer::Outage(Outage { cause: Cause::KeysUnreachable, retry_after: 5, evidence })
            }
        }
    }
}

/// An issuer may keep its keys at its own origin, or at a public host over TLS; nowhere else may it send us.
fn may_lead_to(issuer: &str, jwks: &str) -> bool {
    let (Ok(issuer), Ok(jwks)) = (issuer.parse::<http::Uri>(), jwks.parse::<http::Uri>()) else { return false };
    let same_origin = issuer.scheme() == jwks.scheme() && issuer.authority() == jwks.authority();
    let host = jwks.host().unwrap_or_default();
    let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let is_local = host == "localhost" || host.ends_with(".localhost") || host.ends_with(".internal") || host.ends_with(".local") || !host.contains('.');
    same_origin || (jwks.scheme_str() == Some("https") && !is_address && !is_local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_keys_may_be() {
        for (issuer, jwks, expect) in [
            ("http://127.0.0.1:9901", "http://127.0.0.1:9901/jwks", true),
            ("http://127.0.0.1:9901", "http://127.0.0.1:9902/jwks", false),
            ("https://id.example.test", "https://keys.example.test/jwks", true),
            ("https://id.example.test", "http://keys.example.test/jwks", false),
            ("https://id.example.test", "https://169.254.169.254/jwks", false),
            ("https://id.example.test", "https://localhost/jwks", false),
            ("https://id.example.test", "file:///etc/passwd", false),
        ] {
            assert_eq!(may_lead_to(issuer, jwks), expect, "{issuer} {jwks}");
        }
    }

    #[test]
    fn failures_are_waited_out_longer_each_time() {
        let now = Instant::now();
        let state = |failures| State { tried: Some(now), failures, ..State::default() };
        assert!(!state(0).backs_off(now));
        assert!(state(1).backs_off(now) && !state(1).backs_off(now + Duration::from_secs(1)));
        assert!(state(3).backs_off(now + Duration::from_secs(3)) && !state(3).backs_off(now + Duration::from_secs(4)));
        assert!(state(60).backs_off(now + Duration::from_secs(59)) && !state(60).backs_off(now + Duration::from_secs(60)));
    }
}
