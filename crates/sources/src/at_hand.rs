//! What one thread remembers of the answers it got, and the loop that settles a judgement. On a hit nothing is waited for.
//!
//! Everything here is bounded, and dropped when its epoch has moved: records with the store's, keys and tokens with the
//! issuers'. Passwords proven right stay, for a new password has another hash and so another name. That something is
//! *not* there is not remembered, so what is added counts at once; but for API keys, which are random: nobody can have
//! tried one before it was made.

use crate::keyed::Name;
use crate::sources::{Fact, Sources, outage};
use crate::uses::LastUse;
use countersign::introspection::Introspection;
use countersign::token::{KeySet, VerifiedToken};
use countersign::{
    Account, AccountName, Answer, ApiKey, Cause, DigestCount, DigestKey, DigestRecord, DigestUse, Facts, Issuer, Need, Nonce, OneTime,
    PasswordAnswer, PasswordQuestion, SecretHash, Session, SessionInUse, Spending, Step, Stop, Timestamp, Verdict,
};
use quick_cache::Weighter;
use quick_cache::unsync::Cache;
use std::cell::{RefCell, RefMut};
use std::collections::HashMap;
use std::sync::Arc;

/// The most questions that one judgement asks: the longest has two.
const ROUNDS: usize = 8;
/// What a verified token takes besides its text, in bytes.
const TOKEN_OVERHEAD: u64 = 512;

/// What one thread remembers. Not shared: each worker has its own.
pub struct AtHand {
    sources: Arc<Sources>,
    memory: RefCell<Memory>,
}

struct Memory {
    epoch: u64,
    accounts: Cache<AccountName, Arc<Account>>,
    /// None where there is no such key.
    api_keys: Cache<SecretHash, Option<Arc<ApiKey>>>,
    sessions: Cache<SecretHash, (Arc<Session>, Arc<LastUse>)>,
    digests: Cache<DigestKey, Arc<DigestRecord>>,
    keys_epoch: u64,
    /// One for each issuer of the configuration.
    keys: HashMap<String, Arc<KeySet>>,
    tokens: Cache<Name, RememberedToken, TokenWeight>,
    introspections: Cache<Name, Arc<Introspection>, IntrospectionWeight>,
    right_passwords: Cache<Name, ()>,
    key_uses: Cache<String, Arc<LastUse>>,
}

/// As heavy as its answer was long.
#[derive(Clone)]
pub(crate) struct IntrospectionWeight;

impl Weighter<Name, Arc<Introspection>> for IntrospectionWeight {
    fn weight(&self, _: &Name, said: &Arc<Introspection>) -> u64 {
        said.length as u64 + TOKEN_OVERHEAD
    }
}

struct RememberedToken {
    token: Arc<VerifiedToken>,
    length: usize,
}

#[derive(Clone)]
struct TokenWeight;

impl Weighter<Name, RememberedToken> for TokenWeight {
    fn weight(&self, _: &Name, remembered: &RememberedToken) -> u64 {
        remembered.length as u64 + TOKEN_OVERHEAD
    }
}

impl AtHand {
    /// A thread's empty memory.
    pub fn new(sources: Arc<Sources>) -> Self {
        let (items, bytes) = (sources.remembered, sources.remembered_token_bytes);
        let memory = Memory {
            epoch: sources.epoch(),
            accounts: Cache::new(items),
            api_keys: Cache::new(items),
            sessions: Cache::new(items),
            digests: Cache::new(items),
            keys_epoch: sources.keys_epoch(),
            keys: HashMap::new(),
            tokens: Cache::with_weighter(items, bytes, TokenWeight),
            introspections: Cache::with_weighter(items, bytes, IntrospectionWeight),
            right_passwords: Cache::new(items),
            key_uses: Cache::new(items),
        };
        Self { sources, memory: RefCell::new(memory) }
    }

    /// Asks `judge` until it has decided, and gets it the facts that it needs.
    pub async fn settle(&self, judge: impl Fn(&Judging<'_>) -> Step) -> Verdict {
        let judging = Judging { at_hand: self, keys_epoch: self.sources.keys_epoch(), answers: RefCell::new(Vec::new()) };
        for _ in 0..ROUNDS {
            match judge(&judging) {
                Step::Decided(verdict) => return verdict,
                Step::Needs(need) => match self.sources.at_once(&need) {
                    Some(fact) => judging.answers.borrow_mut().push(fact),
                    // Rare, and large: a judgement at hand should not carry its room along.
                    None => Box::pin(judging.get(need)).await,
                },
            }
        }
        Verdict::Unable(outage(Cause::Overloaded, 1))
    }

    /// Notes that a session was used.
    pub fn used_session(&self, hash: &SecretHash, now: Timestamp) {
        let known = self.memory().sessions.get(hash).map(|(_, last)| last.clone());
        let last = known.unwrap_or_else(|| self.sources.session_uses.shared(hash, now));
        self.sources.session_uses.note(|| *hash, &last, now);
    }

    /// Notes that the API key with this id was used.
    pub fn used_key(&self, id: &str, now: Timestamp) {
        let known = self.memory().key_uses.get(id).cloned();
        let last = known.unwrap_or_else(|| {
            let last = self.sources.key_uses.shared(&id.to_owned(), now);
            self.memory().key_uses.insert(id.to_owned(), last.clone());
            last
        });
        self.sources.key_uses.note(|| id.to_owned(), &last, now);
    }

    /// The memory, without what has to be forgotten by now.
    fn memory(&self) -> RefMut<'_, Memory> {
        let mut memory = self.memory.borrow_mut();
        let (epoch, keys_epoch) = (self.sources.epoch(), self.sources.keys_epoch());
        if memory.epoch != epoch {
            memory.epoch = epoch;
            memory.accounts.clear();
            memory.api_keys.clear();
            memory.sessions.clear();
            memory.digests.clear();
        }
        if memory.keys_epoch != keys_epoch {
            memory.keys_epoch = keys_epoch;
            memory.keys.clear();
            memory.tokens.clear();
            memory.introspections.clear();
        }
        memory
    }

    /// Remembers an answer, if nothing was withdrawn since it was asked for.
    fn remember(&self, fact: &Fact, epoch: u64, keys_epoch: u64) {
        let mut memory = self.memory();
        let (records_stand, keys_stand) = (memory.epoch == epoch, memory.keys_epoch == keys_epoch);
        match fact {
            Fact::Account(name, Answer::Known(Some(account))) if records_stand => memory.accounts.insert(name.clone(), account.clone()),
            Fact::ApiKey(hash, Answer::Known(key)) if records_stand => memory.api_keys.insert(*hash, key.clone()),
            Fact::Session(hash, Answer::Known(Some(SessionInUse { session, last_seen }))) if records_stand => {
                let last = self.sources.session_uses.shared(hash, *last_seen);
                memory.sessions.insert(*hash, (session.clone(), last));
            }
            Fact::Digest(key, Answer::Known(Some(kept))) if records_stand => memory.digests.insert(key.clone(), kept.clone()),
            Fact::Keys(issuer, _, Answer::Known(set)) if keys_stand => {
                memory.keys.insert(issuer.clone(), set.clone());
            }
            Fact::Introspection(issuer, token, said, last) if keys_stand => {
                let said = if let Answer::Known(said) = said { Some(said) } else { last.as_ref() };
                if let Some(said) = said {
                    memory.introspections.insert(self.sources.keyed.introspection(issuer, token.expose()), said.clone());
                }
            }
            Fact::Password(question, Answer::Known(PasswordAnswer::Right)) => {
                memory.right_passwords.insert(self.sources.keyed.question(question), ());
            }
            _ => {}
        }
    }
}

/// One judgement: what the thread remembers, and the answers that were given for this judgement, which nothing takes away.
pub struct Judging<'a> {
    at_hand: &'a AtHand,
    /// As it was when the judgement began.
    keys_epoch: u64,
    answers: RefCell<Vec<Fact>>,
}

impl Judging<'_> {
    async fn get(&self, need: Need) {
        let sources = &self.at_hand.sources;
        let (epoch, keys_epoch) = (sources.epoch(), sources.keys_epoch());
        let fact = sources.answer(need).await;
        self.at_hand.remember(&fact, epoch, keys_epoch);
        self.answers.borrow_mut().push(fact);
    }

    /// The answer that was given for this judgement.
    fn given<T: Clone>(&self, pick: impl Fn(&Fact) -> Option<&Answer<T>>) -> Option<Answer<T>> {
        self.answers.borrow().iter().find_map(|fact| pick(fact).cloned())
    }
}

/// At hand, or still to be asked for.
fn or_ask<T>(remembered: Option<T>) -> Answer<T> {
    remembered.map_or(Answer::NotYet, Answer::Known)
}

impl Facts for Judging<'_> {
    fn account(&self, name: &AccountName) -> Answer<Option<Arc<Account>>> {
        let given = self.given(|fact| match fact {
            Fact::Account(asked, answer) if asked == name => Some(answer),
            _ => None,
        });
        given.unwrap_or_else(|| or_ask(self.at_hand.memory().accounts.get(name).cloned().map(Some)))
    }

    fn password(&self, question: &PasswordQuestion) -> Answer<PasswordAnswer> {
        let same = |asked: &PasswordQuestion| {
            asked.name == question.name && asked.hash == question.hash && asked.password.expose() == question.password.expose()
        };
        let given = self.given(|fact| match fact {
            Fact::Password(asked, answer) if same(asked) => Some(answer),
            _ => None,
        });
        given.unwrap_or_else(|| {
            let name = self.at_hand.sources.keyed.question(question);
            or_ask(self.at_hand.memory().right_passwords.get(&name).map(|()| PasswordAnswer::Right))
        })
    }

    fn api_key(&self, hash: &SecretHash) -> Answer<Option<Arc<ApiKey>>> {
        let given = self.given(|fact| match fact {
            Fact::ApiKey(asked, answer) if asked == hash => Some(answer),
            _ => None,
        });
        given.unwrap_or_else(|| or_ask(self.at_hand.memory().api_keys.get(hash).cloned()))
    }

    fn session(&self, hash: &SecretHash) -> Answer<Option<SessionInUse>> {
        let given = self.given(|fact| match fact {
            Fact::Session(asked, answer) if asked == hash => Some(answer),
            _ => None,
        });
        let in_use = |(session, last): &(Arc<Session>, Arc<LastUse>)| SessionInUse { session: session.clone(), last_seen: last.at() };
        given.unwrap_or_else(|| or_ask(self.at_hand.memory().sessions.get(hash).map(in_use).map(Some)))
    }

    fn digest(&self, key: &DigestKey) -> Answer<Option<Arc<DigestRecord>>> {
        let given = self.given(|fact| match fact {
            Fact::Digest(asked, answer) if asked == key => Some(answer),
            _ => None,
        });
        given.unwrap_or_else(|| or_ask(self.at_hand.memory().digests.get(key).cloned().map(Some)))
    }

    fn digest_counted(&self, used: &DigestUse) -> Answer<DigestCount> {
        let given = self.given(|fact| match fact {
            Fact::CountDigest(asked, answer) if asked == used => Some(answer),
            _ => None,
        });
        given.unwrap_or(Answer::NotYet)
    }

    fn nonce(&self, realm: &str, text: &str) -> Option<Nonce> {
        self.at_hand.sources.nonces.open(realm, text)
    }

    fn keys(&self, issuer: &Arc<Issuer>, kid: Option<&str>) -> Answer<Arc<KeySet>> {
        let given = self.given(|fact| match fact {
            Fact::Keys(asked, asked_kid, answer) if *asked == issuer.issuer && asked_kid.as_deref() == kid => Some(answer),
            _ => None,
        });
        given.unwrap_or_else(|| or_ask(self.at_hand.memory().keys.get(&issuer.issuer).filter(|set| kid.is_none() || set.has(kid)).cloned()))
    }

    fn token(&self, raw: &str, verify: impl FnOnce() -> Result<VerifiedToken, Stop>) -> Result<Arc<VerifiedToken>, Stop> {
        let name = self.at_hand.sources.keyed.token(raw);
        if let Some(remembered) = self.at_hand.memory().tokens.get(&name) {
            return Ok(remembered.token.clone());
        }
        let token = Arc::new(verify()?);
        let mut memory = self.at_hand.memory();
        if memory.keys_epoch == self.keys_epoch {
            memory.tokens.insert(name, RememberedToken { token: token.clone(), length: raw.len() });
        }
        Ok(token)
    }

    fn introspected(&self, issuer: &Arc<Issuer>, raw: &str) -> Option<Arc<Introspection>> {
        let name = self.at_hand.sources.keyed.introspection(issuer, raw);
        self.at_hand.memory().introspections.get(&name).cloned()
    }

    fn introspection(&self, issuer: &Arc<Issuer>, raw: &str) -> Answer<Arc<Introspection>> {
        let given = self.given(|fact| match fact {
            Fact::Introspection(asked, token, answer, _) if asked.name == issuer.name && token.expose() == raw => Some(answer),
            _ => None,
        });
        given.unwrap_or(Answer::NotYet)
    }

    fn spent(&self, once: &OneTime) -> Answer<Spending> {
        let given = self.given(|fact| match fact {
            Fact::Spend(asked, answer) if asked == once => Some(answer),
            _ => None,
        });
        // Nothing has to be waited for, and a proof is not checked twice for it.
        given.unwrap_or_else(|| {
            let fact = self.at_hand.sources.spend_now(once.clone());
            let answer = if let Fact::Spend(_, answer) = &fact { answer.clone() } else { Answer::NotYet };
            self.answers.borrow_mut().push(fact);
            answer
        })
    }

    fn spent_since(&self) -> Timestamp {
        self.at_hand.sources.started
    }

    fn fingerprint(&self, value: &[u8]) -> [u8; 8] {
        self.at_hand.sources.keyed.fingerprint(value)
    }
}

#[cfg(test)]
mod tests;
