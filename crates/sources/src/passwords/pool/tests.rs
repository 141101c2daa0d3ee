//! The pool without its threads, so that nothing depends on how fast they are; where one is needed, it is run by hand.

#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::options::Rate;
use crate::passwords::hash;
use countersign::{AccountName, Secret};
use std::time::Duration;

struct Case {
    pool: Pool,
    jobs: Mutex<Receiver<Job>>,
    keyed: Keyed,
}

impl Case {
    fn new(account_burst: u32, address_burst: u32, queue: usize) -> Self {
        let rate = |burst| Rate { burst, every: Duration::from_secs(3600) };
        let options = Options {
            account_attempts: rate(account_burst),
            address_attempts: rate(address_burst),
            hash_queue: queue,
            ..Options::new([0; 32])
        };
        let (pool, jobs) = Pool::new(&options);
        Self { pool, jobs: Mutex::new(jobs), keyed: Keyed::new(&[0; 32]) }
    }

    fn enter(&self, name: &str, phc: Option<&str>, password: &str, client: &str) -> Result<oneshot::Receiver<bool>, Option<u32>> {
        let question = PasswordQuestion {
            name: AccountName::new(name),
            hash: phc.map(Arc::from),
            password: Secret::new(password),
            client: client.parse().unwrap(),
        };
        self.pool.enter(&self.keyed, self.keyed.question(&question), question)
    }

    /// Enters a question and works on everything that is queued.
    fn ask(&self, name: &str, phc: Option<&str>, password: &str, client: &str) -> String {
        match self.enter(name, phc, password, client) {
            Ok(mut answer) => {
                while let Ok(job) = lock(&self.jobs).try_recv() {
                    handle(&self.pool.desk, job, &mut Memory::default());
                }
                if answer.try_recv().unwrap() { "right".into() } else { "wrong".into() }
            }
            Err(Some(seconds)) => format!("wait {seconds}"),
            Err(None) => "overloaded".into(),
        }
    }
}

#[test]
fn wrong_answers_are_counted_and_right_ones_are_not() {
    let case = Case::new(2, 100, 8);
    let phc = hash(&Secret::new("right"));
    let mut ask = |password: &str| case.ask("alice", Some(&phc), password, "192.0.2.1");
    let asked: Vec<String> = ["right", "right", "right", "wrong 1", "right", "wrong 2"].map(&mut ask).into();
    assert_eq!(asked, ["right", "right", "right", "wrong", "right", "wrong"]);
    // Not even the right one is checked any more: whether it was would tell.
    assert_eq!(ask("right"), "wait 3600");
    assert_eq!(case.ask("bob", Some(&phc), "right", "192.0.2.1"), "right");
}

#[test]
fn an_unknown_account_is_treated_as_a_known_one() {
    let phc = hash(&Secret::new("right"));
    let answers = [Some(phc.as_str()), None].map(|phc| {
        let case = Case::new(2, 100, 8);
        ["a", "b", "c"].map(|password| case.ask("alice", phc, password, "192.0.2.1"))
    });
    let [known, unknown] = answers;
    assert_eq!(known, ["wrong", "wrong", "wait 3600"]);
    assert_eq!(unknown, known);
}

/// Two wrong passwords for two accounts from two addresses, where one address has one attempt: what does the second get?
#[track_caller]
fn check_addresses(one: &str, other: &str, expect: &str) {
    let case = Case::new(100, 1, 8);
    assert_eq!(case.ask("alice", None, "a", one), "wrong");
    assert_eq!(case.ask("bob", None, "b", other), expect, "{one} {other}");
}

#[test]
fn addresses_of_one_subscriber_are_one() {
    check_addresses("192.0.2.1", "192.0.2.1", "wait 3600");
    check_addresses("192.0.2.1", "192.0.2.2", "wrong");
    check_addresses("192.0.2.1", "::ffff:192.0.2.1", "wait 3600");
    check_addresses("2001:db8:1:2::3", "2001:db8:1:2:ffff::4", "wait 3600");
    check_addresses("2001:db8:1:2::3", "2001:db8:1:3::3", "wrong");
}

#[test]
fn a_throttled_address_costs_the_account_nothing() {
    let case = Case::new(1, 1, 8);
    assert_eq!(case.ask("other", None, "a", "192.0.2.1"), "wrong");
    assert_eq!(case.ask("alice", None, "a", "192.0.2.1"), "wait 3600");
    assert_eq!(case.ask("alice", None, "a", "192.0.2.2"), "wrong");
}

#[test]
fn a_full_queue_is_an_overload_and_costs_no_attempt() {
    let case = Case::new(1, 100, 2);
    let (one, two) = (case.enter("one", None, "a", "192.0.2.1"), case.enter("two", None, "a", "192.0.2.1"));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(case.enter("three", None, "a", "192.0.2.1").unwrap_err(), None);
    lock(&case.jobs).recv().unwrap();
    assert!(case.enter("three", None, "a", "192.0.2.1").is_ok());
}

#[test]
fn the_same_question_is_worked_on_once() {
    let case = Case::new(1, 1, 1);
    let phc = hash(&Secret::new("right"));
    let mut answers = [(); 5].map(|()| case.enter("alice", Some(&phc), "right", "192.0.2.1").unwrap());
    let job = lock(&case.jobs).try_recv().unwrap();
    assert!(lock(&case.jobs).try_recv().is_err());
    handle(&case.pool.desk, job, &mut Memory::default());
    assert!(answers.iter_mut().all(|answer| answer.try_recv() == Ok(true)));
    assert!(lock(&case.pool.desk).waiting.is_empty());
}

#[test]
fn what_nobody_waits_for_is_not_worked_on_and_not_counted() {
    let case = Case::new(1, 1, 1);
    drop(case.enter("alice", None, "a", "192.0.2.1").unwrap());
    assert_eq!(case.ask("alice", None, "b", "192.0.2.1"), "wait 3600", "as long as it may still be worked on, it counts");
    let job = lock(&case.jobs).try_recv().unwrap();
    handle(&case.pool.desk, job, &mut Memory::default());
    assert!(lock(&case.pool.desk).waiting.is_empty());
    assert_eq!(case.ask("alice", None, "c", "192.0.2.1"), "wrong");
}

#[tokio::test]
async fn the_threads_answer() {
    let pool = Pool::start(&Options { hash_threads: 2, ..Options::new([0; 32]) });
    let keyed = Keyed::new(&[0; 32]);
    let phc: Arc<str> = hash(&Secret::new("right")).into();
    for (password, expect) in [("right", PasswordAnswer::Right), ("wrong", PasswordAnswer::Wrong)] {
        let question = PasswordQuestion {
            name: AccountName::new("alice"),
            hash: Some(phc.clone()),
            password: Secret::new(password),
            client: [127, 0, 0, 1].into(),
        };
        let answer = pool.check(&keyed, keyed.question(&question), question).await;
        assert!(matches!(answer, Answer::Known(answer) if answer == expect), "{answer:?}");
    }
}
