//! What one thread remembers, on a real store in a directory of its own.

#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::Options;
use crate::passwords;
use countersign::{AccountState, Refusal, Secret, judge_password};
use countersign_store::{DataDir, NewAccount, Store};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::runtime::Handle;

struct Case {
    path: PathBuf,
    sources: Arc<Sources>,
    at_hand: AtHand,
}

impl Case {
    async fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("countersign-sources-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        let store = Store::open(&DataDir::open(&path).unwrap()).await.unwrap();
        let options = Options { remembered: 100, remembered_token_bytes: 100_000, ..Options::new([0; 32]) };
        let sources = Sources::start(store, options, Handle::current());
        // The first look at the store moves the epoch.
        until(|| sources.epoch() > 0).await;
        Self { path, at_hand: AtHand::new(sources.clone()), sources }
    }

    async fn add(&self, name: &str, password: &str) -> Account {
        let new = NewAccount {
            name: AccountName::new(name),
            password: Some(passwords::hash(&Secret::new(password)).into()),
            roles: vec![],
            scopes: vec![],
            password_expires: None,
        };
        self.sources.store().add_account(new, now()).await.unwrap()
    }

    async fn sign_in(&self, name: &str, password: &str) -> String {
        say(self.at_hand.settle(|facts| judge_password(name, password, [127, 0, 0, 1].into(), facts, now())).await)
    }

    /// The verdict, if nothing has to be waited for.
    fn sign_in_at_once(&self, name: &str, password: &str) -> Option<String> {
        let settling = pin!(self.at_hand.settle(|facts| judge_password(name, password, [127, 0, 0, 1].into(), facts, now())));
        match settling.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(verdict) => Some(say(verdict)),
            Poll::Pending => None,
        }
    }
}

impl Drop for Case {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

fn say(verdict: Verdict) -> String {
    match verdict {
        Verdict::Admit(identity) => identity.subject().unwrap_or("nobody").to_owned(),
        Verdict::Refuse(Refusal { cause, .. }) => cause.to_string(),
        Verdict::Unable(outage) => outage.cause.to_string(),
    }
}

fn now() -> Timestamp {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed()
}

async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::task::yield_now().await;
    }
}

fn session(account: &Account, number: u8, created: Timestamp) -> Session {
    Session {
        id: format!("s_{number}"),
        hash: SecretHash([number; 32]),
        account: Arc::new(account.clone()),
        created,
        expires: created + 1000,
        idle: 100,
        revoked: None,
        login: None,
    }
}

fn token() -> VerifiedToken {
    let issuer = Issuer {
        name: "i".into(),
        issuer: "i".into(),
        audiences: vec![],
        algorithms: vec![],
        leeway: 0,
        access_token_type: false,
        binding: countersign::TokenBinding::Optional,
        dpop_nonces: false,
        introspection: None,
    };
    VerifiedToken {
        issuer: Arc::new(issuer),
        subject: "s".into(),
        audiences: vec![],
        scopes: vec![],
        roles: vec![],
        expires: 0,
        not_before: None,
        issued_at: None,
        auth_time: None,
        acr: None,
        header_type: None,
        other_kind: None,
        confirmation: None,
        introspected: false,
    }
}

/// The last use that a judgement in this thread sees.
async fn last_seen(at_hand: &AtHand, hash: SecretHash) -> Option<Timestamp> {
    let seen = std::cell::Cell::new(None);
    let judge = |facts: &Judging<'_>| match facts.session(&hash) {
        Answer::NotYet => Step::Needs(Need::Session(hash)),
        Answer::Known(known) => {
            seen.set(known.map(|known| known.last_seen));
            Step::Decided(Verdict::Unable(outage(Cause::Overloaded, 0)))
        }
        Answer::Outage(outage) => panic!("{outage:?}"),
    };
    at_hand.settle(judge).await;
    seen.get()
}

#[tokio::test]
async fn a_proven_password_is_remembered_and_a_wrong_one_is_not() {
    let case = Case::new().await;
    case.add("alice", "right").await;
    assert_eq!(case.sign_in_at_once("alice", "right"), None);
    assert_eq!(case.sign_in("alice", "right").await, "alice");
    assert_eq!(case.sign_in_at_once("Alice ", "right").as_deref(), Some("alice"));
    assert_eq!(case.sign_in("alice", "wrong").await, "password-wrong");
    assert_eq!(case.sign_in_at_once("alice", "wrong"), None);
    assert_eq!(case.sign_in("bob", "right").await, "account-unknown");
    case.add("bob", "right").await;
    assert_eq!(case.sign_in("bob", "right").await, "bob", "that there was none is not remembered");
}

#[tokio::test]
async fn a_change_by_another_process_is_noticed() {
    let case = Case::new().await;
    case.add("alice", "right").await;
    assert_eq!(case.sign_in("alice", "right").await, "alice");
    let other = Store::open(&DataDir::open(&case.path).unwrap()).await.unwrap();
    let before = case.sources.epoch();
    other.set_state(&AccountName::new("alice"), AccountState::Locked, now()).await.unwrap();
    until(|| case.sources.epoch() != before).await;
    assert_eq!(case.sign_in("alice", "right").await, "account-locked");
    other.set_password(&AccountName::new("alice"), &passwords::hash(&Secret::new("new")), None, now()).await.unwrap();
    other.set_state(&AccountName::new("alice"), AccountState::Active, now()).await.unwrap();
    case.sources.changed();
    assert_eq!(case.sign_in("alice", "right").await, "password-wrong");
    assert_eq!(case.sign_in("alice", "new").await, "alice");
}

#[tokio::test]
async fn an_answer_from_before_a_withdrawal_is_not_remembered() {
    let case = Case::new().await;
    let account = Arc::new(case.add("alice", "right").await);
    let fact = || Fact::Account(account.name.clone(), Answer::Known(Some(account.clone())));
    let (epoch, keys_epoch) = (case.sources.epoch(), case.sources.keys_epoch());
    case.at_hand.remember(&fact(), epoch, keys_epoch);
    assert_eq!(case.at_hand.memory().accounts.len(), 1);
    case.sources.changed();
    case.at_hand.remember(&fact(), epoch, keys_epoch);
    assert_eq!(case.at_hand.memory().accounts.len(), 0);
}

#[tokio::test]
async fn threads_share_last_uses_and_the_store_learns_of_them() {
    let case = Case::new().await;
    let account = case.add("alice", "right").await;
    let start = now();
    let session = session(&account, 1, start);
    case.sources.store().add_session(&session, start).await.unwrap();
    let other = AtHand::new(case.sources.clone());
    assert_eq!(last_seen(&case.at_hand, session.hash).await, Some(start));
    assert_eq!(last_seen(&other, session.hash).await, Some(start));
    case.at_hand.used_session(&session.hash, start + 50);
    assert_eq!(last_seen(&other, session.hash).await, Some(start + 50));
    other.used_session(&session.hash, start + 40);
    case.sources.flush().await;
    let (_, stored) = case.sources.store().session(&session.hash).await.unwrap().unwrap();
    assert_eq!(stored, start + 50);
}

#[tokio::test]
async fn memory_is_bounded() {
    let case = Case::new().await;
    let account = Arc::new(case.add("alice", "right").await);
    let token = token();
    let (epoch, keys_epoch) = (case.sources.epoch(), case.sources.keys_epoch());
    let judging = Judging { at_hand: &case.at_hand, keys_epoch, answers: RefCell::new(Vec::new()) };
    for number in 0..1000_u32 {
        let mut hash = [0; 32];
        hash.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
        let key = ApiKey { id: number.to_string(), account: account.clone(), scopes: vec![], created: 0, expires: None, revoked: None };
        case.at_hand.remember(&Fact::ApiKey(SecretHash(hash), Answer::Known(Some(Arc::new(key)))), epoch, keys_epoch);
        case.at_hand.used_key(&number.to_string(), 1);
        judging.token(&format!("{number:01000}"), || Ok(token.clone())).unwrap();
    }
    let memory = case.at_hand.memory();
    assert!(memory.api_keys.len() <= 100 && memory.key_uses.len() <= 100);
    assert!((1..=100_000 / 1512).contains(&memory.tokens.len()), "{}", memory.tokens.len());
}

#[tokio::test]
async fn a_verified_token_is_forgotten_with_the_keys() {
    let case = Case::new().await;
    let refused = || Stop::refuse(Cause::TokenSignatureWrong, countersign::Evidence::none());
    let judging = |keys_epoch| Judging { at_hand: &case.at_hand, keys_epoch, answers: RefCell::new(Vec::new()) };
    let token = token();
    let began = case.sources.keys_epoch();
    judging(began).token("t", || Ok(token.clone())).unwrap();
    judging(began).token("t", || Err(refused())).unwrap();
    case.sources.prefetch(&[]);
    assert!(judging(began).token("t", || Err(refused())).is_err());
    judging(began).token("t", || Ok(token.clone())).unwrap();
    assert!(judging(began).token("t", || Err(refused())).is_err(), "it was verified with keys that may be gone");
}

fn used(account: Option<i64>, nonce: Nonce, count: u32) -> DigestUse {
    DigestUse { name: AccountName::new("alice"), client: [127, 0, 0, 1].into(), account, nonce, count }
}

/// What comes of counting it.
async fn counted(case: &Case, used: DigestUse) -> DigestCount {
    let counted = std::cell::Cell::new(None);
    let judge = |facts: &Judging<'_>| match facts.digest_counted(&used) {
        Answer::NotYet => Step::Needs(Need::CountDigest(used.clone())),
        Answer::Known(known) => {
            counted.set(Some(known));
            Step::Decided(Verdict::Unable(outage(Cause::Overloaded, 0)))
        }
        Answer::Outage(outage) => panic!("{outage:?}"),
    };
    case.at_hand.settle(judge).await;
    counted.get().unwrap()
}

#[tokio::test]
async fn wrong_answers_to_digest_count_with_wrong_passwords_and_a_guess_learns_nothing() {
    let case = Case::new().await;
    let account = case.add("alice", "right").await;
    let (old, fresh) = (Nonce { made_ms: now() * 1000, id: 1 }, Nonce { made_ms: now() * 1000, id: 2 });
    assert_eq!(counted(&case, used(Some(account.id), old, 1)).await, DigestCount::Counted);
    for _ in 0..9 {
        assert_eq!(counted(&case, used(None, fresh, 1)).await, DigestCount::Counted);
    }
    assert_eq!(case.sign_in("alice", "wrong").await, "password-wrong", "the tenth");
    assert!(matches!(counted(&case, used(None, fresh, 1)).await, DigestCount::Throttled { .. }));
    assert!(matches!(counted(&case, used(Some(account.id), fresh, 2)).await, DigestCount::Throttled { .. }), "right, and not told");
    assert_eq!(counted(&case, used(Some(account.id), old, 2)).await, DigestCount::Counted, "who was there before goes on");
    assert_eq!(counted(&case, used(Some(account.id), old, 2)).await, DigestCount::Again);
    assert_eq!(case.sign_in("alice", "right").await, "attempts-exceeded");
}
