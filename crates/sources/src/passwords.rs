//! Passwords: argon2id (RFC 9106), hashed by a few threads behind a queue that is bounded, never where requests are
//! served. An unknown account costs what a known one does.

use crate::attempts::{Attempts, Rate};
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use countersign::{Answer, Cause, Evidence, Outage, PasswordAnswer, PasswordQuestion, Secret, Subject, Value};
use aws_lc_rs::{hmac, rand};
use quick_cache::sync::Cache;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::sync::{OnceCell, Semaphore};

/// The longest password that is hashed, in bytes; a longer one is wrong.
pub const PASSWORD_LIMIT: usize = 1024;

/// The most right passwords that are remembered.
const PROVEN_LIMIT: usize = 20_000;

/// Hashes a password for keeping: argon2id, 19 MiB, two passes, a random salt, in PHC form.
pub fn hash(password: &Secret) -> String {
    // It fails only for passwords of 4 GiB and for machines without randomness; the empty text matches no password.
    Argon2::default().hash_password(password.expose().as_bytes()).map(|hash| hash.to_string()).unwrap_or_default()
}

/// Checks passwords.
pub(crate) struct Passwords {
    attempts: Attempts,
    threads: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    queue: usize,
    decoy: Arc<str>,
    secret: hmac::Key,
    proven: Cache<[u8; 16], ()>,
    under_way: Mutex<HashMap<[u8; 16], Arc<OnceCell<Answer<PasswordAnswer>>>>>,
}

/// A place in the queue; it is free again when this is dropped.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Passwords {
    pub(crate) fn new(threads: usize, queue: usize, account: Rate, client: Rate) -> Self {
        Self {
            attempts: Attempts::new(account, client),
            threads: Arc::new(Semaphore::new(threads.max(1))),
            waiting: Arc::default(),
            queue,
            decoy: hash(&Secret::new("a password that nobody has")).into(),
            secret: process_key(),
            proven: Cache::new(PROVEN_LIMIT),
            under_way: Mutex::default(),
        }
    }

    /// Is it the password? Tries are counted before anything is hashed, and one question is hashed once however many
    /// ask it together.
    pub(crate) async fn check(&self, question: &PasswordQuestion) -> Answer<PasswordAnswer> {
        let key = proof(&self.secret, question);
        if self.proven.get(&key).is_some() {
            return Answer::Known(PasswordAnswer::Right);
        }
        let (cell, leads) = {
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            let leads = !under_way.contains_key(&key);
            (under_way.entry(key).or_default().clone(), leads)
        };
        let answer = cell.get_or_init(|| self.tried(question)).await.clone();
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        match answer {
            Answer::Known(PasswordAnswer::Right) => self.proven.insert(key, ()),
            // Whoever waited for another's wrong answer has tried all the same.
            Answer::Known(PasswordAnswer::Wrong) if !leads => {
                if let Err(retry_after) = self.attempts.take(&question.name, question.client, Instant::now()) {
                    return Answer::Known(PasswordAnswer::Throttled { retry_after });
                }
            }
            _ => {}
        }
        answer
    }

    async fn tried(&self, question: &PasswordQuestion) -> Answer<PasswordAnswer> {
        if let Err(retry_after) = self.attempts.take(&question.name, question.client, Instant::now()) {
            return Answer::Known(PasswordAnswer::Throttled { retry_after });
        }
        let answer = self.hashed(question).await;
        match &answer {
            Answer::Known(PasswordAnswer::Wrong) => {}
            _ => self.attempts.give_back(&question.name, question.client),
        }
        answer
    }

    async fn hashed(&self, question: &PasswordQuestion) -> Answer<PasswordAnswer> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.queue {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Answer::Outage(overloaded(self.queue));
        }
        let place = Place(self.waiting.clone());
        let known = question.hash.is_some() && question.password.expose().len() <= PASSWORD_LIMIT;
        let hash = question.hash.clone().filter(|_| known).unwrap_or_else(|| self.decoy.clone());
        let password = question.password.clone();
        let Ok(turn) = self.threads.clone().acquire_owned().await else {
            return Answer::Outage(overloaded(self.queue));
        };
        let hashing = tokio::task::spawn_blocking(move || {
            let _until_done = (turn, place);
            let password = password.expose().as_bytes();
            let password = password.get(..password.len().min(PASSWORD_LIMIT)).unwrap_or_default();
            PasswordHash::new(&hash).is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
        });
        match hashing.await {
            Ok(matches) => Answer::Known(if matches && known { PasswordAnswer::Right } else { PasswordAnswer::Wrong }),
            Err(_) => Answer::Outage(overloaded(self.queue)),
        }
    }
}

/// A key that ends with the process.
pub(crate) fn process_key() -> hmac::Key {
    let mut bytes = [0; 32];
    #[expect(clippy::expect_used, reason = "without randomness nothing may be remembered")]
    rand::fill(&mut bytes).expect("the system's random generator works");
    hmac::Key::new(hmac::HMAC_SHA256, &bytes)
}

/// A keyed hash over name, hash and password: another password or a new hash is another proof.
pub(crate) fn proof(key: &hmac::Key, question: &PasswordQuestion) -> [u8; 16] {
    let mut context = hmac::Context::with_key(key);
    for part in [question.name.as_str(), question.hash.as_deref().unwrap_or_default(), question.password.expose()] {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    context.sign().as_ref().first_chunk().copied().unwrap_or_default()
}

fn overloaded(queue: usize) -> Outage {
    let evidence = Evidence::none().presented(Subject::Attempts, Value::Number(i64::try_from(queue).unwrap_or(i64::MAX)));
    Outage { cause: Cause::Overloaded, retry_after: 2, evidence }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::AccountName;
    use std::net::IpAddr;
    use std::time::Duration;

    fn question(name: &str, hash: Option<&str>, password: &str) -> PasswordQuestion {
        PasswordQuestion { name: AccountName::new(name), hash: hash.map(Arc::from), password: Secret::new(password), client: IpAddr::from([192, 0, 2, 1]) }
    }

    fn passwords(queue: usize) -> Passwords {
        let rate = Rate { burst: 3, interval: Duration::from_secs(3600) };
        Passwords::new(1, queue, rate, Rate { burst: 100, ..rate })
    }

    #[tokio::test]
    async fn right_wrong_unknown_and_throttled() {
        let hash = hash(&Secret::new("correct horse"));
        let passwords = passwords(8);
        let check = async |hash: Option<&str>, password: &str| match passwords.check(&question("alice", hash, password)).await {
            Answer::Known(answer) => answer,
            other => unreachable!("{other:?}"),
        };
        assert_eq!(check(Some(&hash), "correct horse").await, PasswordAnswer::Right);
        assert_eq!(check(Some(&hash), "wrong").await, PasswordAnswer::Wrong);
        assert_eq!(check(None, "a password that nobody has").await, PasswordAnswer::Wrong);
        assert_eq!(check(Some(&hash), &"x".repeat(70_000)).await, PasswordAnswer::Wrong);
        assert!(matches!(check(Some(&hash), "correct horse").await, PasswordAnswer::Throttled { .. }));
    }

    #[tokio::test]
    async fn a_full_queue_is_an_outage() {
        let passwords = passwords(0);
        assert!(matches!(passwords.check(&question("alice", None, "x")).await, Answer::Outage(outage) if outage.cause == Cause::Overloaded));
    }
}
