//! Logins of people at somebody else's: machines that span several requests of a browser, as pairs of start and finish.
//! Pure, like the judge, and no part of it: a login ends in an account and a session, and those are judged.
//!
//! ```text
//! what the provider says of a person ──► Mapping ──► Described ──► account by (provider, subject) ──► session
//! ```

mod mapping;
pub mod oidc;
mod sealed;

pub use mapping::{Described, Grant, Mapping};
pub use sealed::Sealer;
