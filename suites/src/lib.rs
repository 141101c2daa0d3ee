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
pub mod gateway;
pub mod h2;
pub mod issuer;
pub mod jwt;
pub mod scene;
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
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Lets time pass where its passing is what is tested: an idle session, a lifetime.
pub fn let_pass(time: Duration) {
    std::thread::sleep(time);
}
