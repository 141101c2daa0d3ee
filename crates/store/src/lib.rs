//! What an installation keeps: a data directory with its keys, and in it a SQLite database of accounts, API keys,
//! sessions and the trail of their changes. The only crate that knows SQL; it judges nothing and caches nothing.
//!
//! ```text
//! DataDir ── node, keys/, revisions/ ── files of one line, made once
//!    └── Store ── countersign.sqlite ── every change is one transaction: the change, its audit row, the epoch
//! ```

mod database;
mod dir;
mod error;
#[cfg(test)]
mod place;

pub use database::{AuditEntry, DigestSpace, NewAccount, NewApiKey, Person, Rights, Store};
pub use dir::DataDir;
pub use error::StoreError;
