//! How much the sources may use, with the reasons for the defaults.

use countersign::Issuer;
use countersign::token::KeySet;
use rustls::pki_types::CertificateDer;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How much the sources may use.
#[derive(Clone)]
pub struct Options {
    /// The key of fingerprints in evidence: the same all over an installation.
    pub fingerprint_key: [u8; 32],
    /// The installation's own issuer and its keys, which need no fetching.
    pub own: Option<(Arc<Issuer>, Arc<KeySet>)>,
    /// Threads that hash passwords. Half the cores, so that the other half answers what needs no hashing.
    pub hash_threads: usize,
    /// Passwords that may wait for a thread. At 20 ms each, the last of 64 has waited about a second.
    pub hash_queue: usize,
    /// Attempts for one account: a person who mistypes has ten, whoever guesses has one every 30 seconds.
    pub account_attempts: Rate,
    /// Attempts from one address (of IPv6, from one /64): an office behind one address has more than a person.
    pub address_attempts: Rate,
    /// Facts of each kind that one thread remembers.
    pub remembered: usize,
    /// Bytes of tokens that one thread remembers as verified.
    pub remembered_token_bytes: u64,
    /// Certificate authorities for issuers, besides the public ones.
    pub extra_roots: Vec<CertificateDer<'static>>,
}

/// So many at once, then one every so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many at once.
    pub burst: u32,
    /// How long until another one is free.
    pub every: Duration,
}

impl Options {
    /// The defaults, with the key of fingerprints, which has none.
    pub fn new(fingerprint_key: [u8; 32]) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            fingerprint_key,
            own: None,
            hash_threads: (cores / 2).max(1),
            hash_queue: 64,
            account_attempts: Rate { burst: 10, every: Duration::from_secs(30) },
            address_attempts: Rate { burst: 30, every: Duration::from_secs(5) },
            remembered: 10_000,
            remembered_token_bytes: 8 * 1024 * 1024,
            extra_roots: Vec::new(),
        }
    }
}
