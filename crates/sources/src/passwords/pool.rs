//! The threads that check passwords, and what stands before them.
//!
//! ```text
//! question ──► same one under way? join it
//!          └─► throttle by account and address ──► queue, or overloaded ──► thread ──► all who asked
//! ```
//!
//! An attempt is counted before any work is done for it, and forgotten again when it turns out right.

use super::throttle::Throttle;
use super::{Memory, verify};
use crate::keyed::{Keyed, Name};
use crate::options::Options;
use crate::sources::outage;
use countersign::{Answer, Cause, PasswordAnswer, PasswordQuestion};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Seconds after which a full queue is worth another try.
const OVERLOADED_FOR: u32 = 2;

pub(crate) struct Pool {
    desk: Arc<Mutex<Desk>>,
    queue: SyncSender<Job>,
}

/// What is under way and what was tried.
struct Desk {
    waiting: HashMap<Name, Vec<oneshot::Sender<bool>>>,
    accounts: Throttle,
    addresses: Throttle,
    started: Instant,
}

struct Job {
    name: Name,
    account: Name,
    address: Name,
    question: PasswordQuestion,
}

impl Pool {
    pub(crate) fn start(options: &Options) -> Self {
        let (pool, jobs) = Self::new(options);
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..options.hash_threads.max(1) {
            let (desk, jobs) = (pool.desk.clone(), jobs.clone());
            let started = thread::Builder::new().name("passwords".into()).spawn(move || work(&desk, &jobs));
            if let Err(error) = started {
                tracing::error!("a thread for passwords could not be started: {error}");
            }
        }
        pool
    }

    fn new(options: &Options) -> (Self, Receiver<Job>) {
        let desk = Desk {
            waiting: HashMap::new(),
            accounts: Throttle::new(options.account_attempts),
            addresses: Throttle::new(options.address_attempts),
            started: Instant::now(),
        };
        let (queue, jobs) = sync_channel(options.hash_queue);
        (Self { desk: Arc::new(Mutex::new(desk)), queue }, jobs)
    }

    /// Is this the password? `name` is the question's keyed name.
    pub(crate) async fn check(&self, keyed: &Keyed, name: Name, question: PasswordQuestion) -> Answer<PasswordAnswer> {
        let overloaded = || Answer::Outage(outage(Cause::Overloaded, OVERLOADED_FOR));
        match self.enter(keyed, name, question) {
            Ok(answer) => match answer.await {
                Ok(true) => Answer::Known(PasswordAnswer::Right),
                Ok(false) => Answer::Known(PasswordAnswer::Wrong),
                Err(_) => overloaded(),
            },
            Err(Some(retry_after)) => Answer::Known(PasswordAnswer::Throttled { retry_after }),
            Err(None) => overloaded(),
        }
    }

    /// For how many seconds no answer to Digest counts for this name or from this address, if for any. Nothing is counted.
    pub(crate) fn digest_throttled(&self, keyed: &Keyed, name: &str, client: IpAddr) -> Option<u32> {
        let (account, address) = (keyed.attempts(name.as_bytes()), keyed.attempts(&address(client)));
        let desk = lock(&self.desk);
        let now = desk.started.elapsed();
        desk.accounts.wait(&account, now).max(desk.addresses.wait(&address, now)).map(seconds)
    }

    /// Counts a wrong answer to Digest with the wrong passwords; fails with the seconds to wait if there are too many.
    pub(crate) fn count_wrong_digest(&self, keyed: &Keyed, name: &str, client: IpAddr) -> Result<(), u32> {
        let (account, address) = (keyed.attempts(name.as_bytes()), keyed.attempts(&address(client)));
        lock(&self.desk).reserve(&account, &address).map_err(seconds)
    }

    /// Joins or begins a check. Fails with the seconds to wait if throttled, with nothing if the queue is full.
    fn enter(&self, keyed: &Keyed, name: Name, question: PasswordQuestion) -> Result<oneshot::Receiver<bool>, Option<u32>> {
        let (tell, answer) = oneshot::channel();
        let mut desk = lock(&self.desk);
        if let Some(waiting) = desk.waiting.get_mut(&name) {
            waiting.push(tell);
            return Ok(answer);
        }
        let account = keyed.attempts(question.name.as_str().as_bytes());
        let address = keyed.attempts(&address(question.client));
        desk.reserve(&account, &address).map_err(|wait| Some(seconds(wait)))?;
        if self.queue.try_send(Job { name, account, address, question }).is_err() {
            desk.give_back(&account, &address);
            return Err(None);
        }
        desk.waiting.insert(name, vec![tell]);
        Ok(answer)
    }
}

impl Desk {
    /// Counts an attempt for both, or for neither; fails with the time to wait.
    fn reserve(&mut self, account: &Name, address: &Name) -> Result<(), Duration> {
        let now = self.started.elapsed();
        self.accounts.reserve(account, now)?;
        self.addresses.reserve(address, now).inspect_err(|_| self.accounts.give_back(account))
    }

    /// Whoever joined a check that came out wrong has tried all the same.
    fn charge(&mut self, account: &Name, address: &Name, joined: usize) {
        let now = self.started.elapsed();
        for _ in 0..joined {
            // Where nothing is left to try, nothing more can be counted.
            let _ = self.accounts.reserve(account, now);
            let _ = self.addresses.reserve(address, now);
        }
    }

    fn give_back(&mut self, account: &Name, address: &Name) {
        self.accounts.give_back(account);
        self.addresses.give_back(address);
    }
}

fn work(desk: &Mutex<Desk>, jobs: &Mutex<Receiver<Job>>) {
    // The lock ends with the call, so that the other threads get their jobs while this one hashes.
    let next = || lock(jobs).recv();
    let mut memory = Memory::default();
    while let Ok(job) = next() {
        handle(desk, job, &mut memory);
    }
}

fn handle(desk: &Mutex<Desk>, job: Job, memory: &mut Memory) {
    let Job { name, account, address, question } = job;
    let gone = abandoned(&mut lock(desk), &name);
    let right = !gone && verify(&question.password, question.hash.as_deref(), memory);
    let mut desk = lock(desk);
    if right || gone {
        desk.give_back(&account, &address);
    }
    let waiting = desk.waiting.remove(&name).unwrap_or_default();
    if !right {
        desk.charge(&account, &address, waiting.len().saturating_sub(1));
    }
    for tell in waiting {
        // Whoever asked may have gone.
        let _ = tell.send(right);
    }
}

/// Has everybody gone who asked? Then the question is taken off the desk.
fn abandoned(desk: &mut Desk, name: &Name) -> bool {
    let gone = desk.waiting.get(name).is_none_or(|waiting| waiting.iter().all(oneshot::Sender::is_closed));
    if gone {
        desk.waiting.remove(name);
    }
    gone
}

fn seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

/// What of an address is one subscriber's: all of IPv4, the first half of IPv6.
fn address(client: IpAddr) -> [u8; 9] {
    let mut bytes = [0; 9];
    let (kind, rest) = match client.to_canonical() {
        IpAddr::V4(client) => (4, u64::from(client.to_bits())),
        IpAddr::V6(client) => (6, (client.to_bits() >> 64) as u64),
    };
    bytes.iter_mut().zip([kind].into_iter().chain(rest.to_be_bytes())).for_each(|(to, from)| *to = from);
    bytes
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
