//! Answers what the judge needs to know. Everything that waits is here: issuers' keys, the hashing of passwords, the
//! store; and what was learned is kept at hand, bounded, and dropped when it may no longer be true.
//!
//! ```text
//! judge ──Need──► AtHand (one a thread, no lock) ──► Sources (shared; work on the background runtime) ──► Fact
//! ```

mod at_hand;
mod attempts;
mod fetch;
mod keys;
pub mod passwords;
mod sources;
mod usage;

pub use at_hand::{AtHand, Judging};
pub use attempts::Rate;
pub use sources::{Fact, Options, Sources};
