//! Answers the judge's needs: stored records, passwords, issuers' keys. Waits and remembers, and judges nothing.
//!
//! ```text
//! judge ──Need──► AtHand (one a thread: what was answered a moment ago)
//!                   └──► Sources (one a process, on the background runtime)
//!                          ├── Store      accounts, API keys, sessions
//!                          ├── passwords  throttle ──► bounded queue ──► hashing threads
//!                          ├── providers  discovery, and what a login asks of them
//!                          ├── keys       discovery ──► JWKS, refreshed ahead, stale while the issuer is down
//!                          ├── nonces     those of Digest, and which counts of them were used
//!                          ├── introspection  what issuers say of tokens, once for all who wait; a breaker
//!                          └── ledger     what may be used once and was
//! ```
//!
//! What may be withdrawn is remembered only as long as its epoch stands: `Sources` moves the epoch, `AtHand` forgets.

mod assertion;
mod at_hand;
mod introspection;
mod keyed;
mod keys;
mod ledger;
mod nonces;
mod options;
mod outbound;
pub mod passwords;
mod providers;
mod reach;
mod sources;
mod uses;

pub use assertion::{ClientKey, ClientKeyFault};
pub use at_hand::{AtHand, Judging};
pub use introspection::IntrospectionCounts;
pub use options::{Options, Rate};
pub use sources::{Fact, Sources};
