//! What one thread has at hand: facts that were found a moment ago, in bounded caches without locks. All of it goes
//! when the epoch moves, but for proofs that a password is right: those are bound to the password's hash.

use crate::passwords::{process_key, proof};
use crate::sources::{Fact, Sources};
use crate::usage::LastUse;
use aws_lc_rs::hmac;
use countersign::token::{KeySet, VerifiedToken};
use countersign::{
    Account, AccountName, Answer, ApiKey, Cause, Evidence, Facts, Issuer, Outage, PasswordAnswer, PasswordQuestion, SecretHash, Session, SessionInUse, Step, Stop, Timestamp,
    Verdict,
};
use quick_cache::unsync::Cache;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// The most entries of each kind.
const LIMIT: usize = 10_000;
/// The most questions that one judgement may ask.
const ROUNDS: usize = 8;

/// What one thread has at hand.
pub struct AtHand {
    sources: Arc<Sources>,
    secret: hmac::Key,
    fingerprints: hmac::Key,
    epoch: Cell<u64>,
    accounts: RefCell<Cache<AccountName, Arc<Account>>>,
    passwords: RefCell<Cache<[u8; 16], ()>>,
    api_keys: RefCell<Cache<SecretHash, (Arc<ApiKey>, LastUse)>>,
    sessions: RefCell<Cache<SecretHash, (Arc<Session>, LastUse)>>,
    tokens: RefCell<Cache<[u8; 16], Arc<VerifiedToken>>>,
    keys: RefCell<Cache<String, Arc<KeySet>>>,
}

impl AtHand {
    /// Nothing yet.
    pub fn new(sources: Arc<Sources>) -> Self {
        Self {
            secret: process_key(),
            fingerprints: hmac::Key::new(hmac::HMAC_SHA256, &sources.fingerprint_key),
            epoch: Cell::new(sources.epoch()),
            accounts: RefCell::new(Cache::new(LIMIT)),
            passwords: RefCell::new(Cache::new(LIMIT)),
            api_keys: RefCell::new(Cache::new(LIMIT)),
            sessions: RefCell::new(Cache::new(LIMIT)),
            tokens: RefCell::new(Cache::new(LIMIT)),
            keys: RefCell::new(Cache::new(64)),
            sources,
        }
    }

    /// Asks a judge until it decides, answering what it needs. Where everything is at hand, this never waits.
    pub async fn settle(&self, judge: impl Fn(&Judging<'_>) -> Step) -> Verdict {
        let mut judging = Judging { at_hand: self, answers: Vec::new() };
        for _ in 0..ROUNDS {
            self.catch_up();
            match judge(&judging) {
                Step::Decided(verdict) => return verdict,
                Step::Needs(need) => {
                    let epoch = self.sources.epoch();
                    let fact = self.sources.answer(need).await;
                    // What was read before a change may be older than it.
                    if self.sources.epoch() == epoch {
                        self.catch_up();
                        self.keep(&fact);
                    }
                    judging.answers.push(fact);
                }
            }
        }
        Verdict::Unable(Outage { cause: Cause::StoreUnreachable, retry_after: 5, evidence: Evidence::none() })
    }

    /// Notes that a session was used.
    pub fn used_session(&self, hash: &SecretHash, now: Timestamp) {
        match self.sessions.borrow().peek(hash) {
            Some((_, last)) => last.note(now),
            None => self.sources.session_use(hash, now).note(now),
        }
    }

    /// Notes that an API key was used.
    pub fn used_key(&self, hash: &SecretHash, id: &str, now: Timestamp) {
        match self.api_keys.borrow().peek(hash) {
            Some((_, last)) => last.note(now),
            None => self.sources.key_use(id).note(now),
        }
    }

    fn catch_up(&self) {
        let now = self.sources.epoch();
        if self.epoch.replace(now) != now {
            self.accounts.borrow_mut().clear();
            self.api_keys.borrow_mut().clear();
            self.sessions.borrow_mut().clear();
            self.tokens.borrow_mut().clear();
            self.keys.borrow_mut().clear();
        }
    }

    /// Keeps what was found. What was not found is not kept: it may be made in the next moment.
    fn keep(&self, fact: &Fact) {
        match fact {
            Fact::Account(name, Answer::Known(Some(account))) => self.accounts.borrow_mut().insert(name.clone(), account.clone()),
            Fact::Password(question, Answer::Known(PasswordAnswer::Right)) => self.passwords.borrow_mut().insert(proof(&self.secret, question), ()),
            Fact::ApiKey(hash, Answer::Known(Some(key))) => {
                let last = self.sources.key_use(&key.id);
                self.api_keys.borrow_mut().insert(*hash, (key.clone(), last));
            }
            Fact::Session(hash, Answer::Known(Some((session, seen)))) => {
                let last = self.sources.session_use(hash, *seen);
                self.sessions.borrow_mut().insert(*hash, (session.clone(), last));
            }
            Fact::Keys(issuer, _, Answer::Known(set)) => self.keys.borrow_mut().insert(issuer.issuer.clone(), set.clone()),
            _ => {}
        }
    }
}

/// What is at hand, and what was answered within this judgement: so that no eviction makes it ask twice.
pub struct Judging<'a> {
    at_hand: &'a AtHand,
    answers: Vec<Fact>,
}

impl Judging<'_> {
    fn answered<T>(&self, pick: impl Fn(&Fact) -> Option<Answer<T>>) -> Option<Answer<T>> {
        self.answers.iter().rev().find_map(pick)
    }
}

impl Facts for Judging<'_> {
    fn account(&self, name: &AccountName) -> Answer<Option<Arc<Account>>> {
        if let Some(account) = self.at_hand.accounts.borrow().get(name) {
            return Answer::Known(Some(account.clone()));
        }
        let answered = self.answered(|fact| match fact {
            Fact::Account(asked, answer) if asked == name => Some(answer.clone()),
            _ => None,
        });
        answered.unwrap_or(Answer::NotYet)
    }

    fn password(&self, question: &PasswordQuestion) -> Answer<PasswordAnswer> {
        if self.at_hand.passwords.borrow().get(&proof(&self.at_hand.secret, question)).is_some() {
            return Answer::Known(PasswordAnswer::Right);
        }
        let answered = self.answered(|fact| match fact {
            Fact::Password(asked, answer) if asked.name == question.name && asked.hash == question.hash => Some(answer.clone()),
            _ => None,
        });
        answered.unwrap_or(Answer::NotYet)
    }

    fn api_key(&self, hash: &SecretHash) -> Answer<Option<Arc<ApiKey>>> {
        if let Some((key, _)) = self.at_hand.api_keys.borrow().get(hash) {
            return Answer::Known(Some(key.clone()));
        }
        let answered = self.answered(|fact| match fact {
            Fact::ApiKey(asked, answer) if asked == hash => Some(answer.clone()),
            _ => None,
        });
        answered.unwrap_or(Answer::NotYet)
    }

    fn session(&self, hash: &SecretHash) -> Answer<Option<SessionInUse>> {
        if let Some((session, last)) = self.at_hand.sessions.borrow().get(hash) {
            return Answer::Known(Some(SessionInUse { session: session.clone(), last_seen: last.get() }));
        }
        let in_use = |(session, seen): &(Arc<Session>, Timestamp)| {
            let last_seen = self.at_hand.sources.session_use(hash, *seen).get().max(*seen);
            SessionInUse { session: session.clone(), last_seen }
        };
        let answered = self.answered(|fact| match fact {
            Fact::Session(asked, Answer::Known(found)) if asked == hash => Some(Answer::Known(found.as_ref().map(in_use))),
            Fact::Session(asked, Answer::Outage(outage)) if asked == hash => Some(Answer::Outage(outage.clone())),
            _ => None,
        });
        answered.unwrap_or(Answer::NotYet)
    }

    fn keys(&self, issuer: &Arc<Issuer>, kid: Option<&str>) -> Answer<Arc<KeySet>> {
        if let Some(set) = self.at_hand.keys.borrow().get(&issuer.issuer).filter(|set| set.has(kid)) {
            return Answer::Known(set.clone());
        }
        let answered = self.answered(|fact| match fact {
            Fact::Keys(asked, for_kid, answer) if asked.issuer == issuer.issuer && for_kid.as_deref() == kid => Some(answer.clone()),
            _ => None,
        });
        answered.unwrap_or(Answer::NotYet)
    }

    fn token(&self, raw: &str, verify: impl FnOnce() -> Result<VerifiedToken, Stop>) -> Result<Arc<VerifiedToken>, Stop> {
        let key = hmac::sign(&self.at_hand.secret, raw.as_bytes()).as_ref().first_chunk().copied().unwrap_or_default();
        if let Some(token) = self.at_hand.tokens.borrow().get(&key) {
            return Ok(token.clone());
        }
        let token = Arc::new(verify()?);
        self.at_hand.tokens.borrow_mut().insert(key, token.clone());
        Ok(token)
    }

    fn fingerprint(&self, value: &[u8]) -> [u8; 8] {
        hmac::sign(&self.at_hand.fingerprints, value).as_ref().first_chunk().copied().unwrap_or_default()
    }
}
