//! The stage for the end-to-end suites: the real binary, a recording app behind it, an issuer beside it, and clients that
//! write exact bytes. Nothing here judges; the tests do.
//!
//! ```text
//! client ──bytes──► countersign serve ──► upstream, which records
//!                        │   ▲
//!                 issuer ┘   └ countersign user | key | session | token | explain
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a stage that cannot be built is a failed test"
)]

pub mod client;
pub mod clock;
pub mod digest;
pub mod gateway;
pub mod h2;
pub mod holder;
pub mod introspection;
pub mod issuer;
pub mod jwt;
pub mod login;
pub mod mutual;
pub mod product;
pub mod provider;
pub mod saml;
pub mod scene;
pub mod tls;
pub mod upstream;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds since the epoch.
pub fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// Asks again and again until it is so.
///
/// # Panics
/// When it is not so in time.
#[track_caller]
pub fn within(deadline: Duration, what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + deadline;
    while !so() {
        assert!(Instant::now() < end, "not within {deadline:?}: {what}");
        let_pass(Duration::from_millis(20));
    }
}

/// Asks until it is so in every thread of the gateway: a dozen times in a row, each on a connection that another thread
/// may get.
///
/// # Panics
/// When it is not so in time.
#[track_caller]
pub fn everywhere(deadline: Duration, what: &str, mut so: impl FnMut() -> bool) {
    within(deadline, what, || (0..12).all(|_| so()));
}

/// Lets time pass where its passing is what is tested: an idle session, a lifetime.
#[expect(clippy::disallowed_methods, reason = "the one place that waits by the clock")]
pub fn let_pass(time: Duration) {
    std::thread::sleep(time);
}
