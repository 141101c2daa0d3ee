//! Why something could not be kept or read.

use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why something could not be kept or read.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A file or directory refused.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file of one line holds something else.
    #[error("{} should hold {expected}", path.display())]
    Content {
        /// Which one.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// The system gave no random bytes.
    #[error("the system's random generator failed")]
    Randomness,
    /// The database refused, or did not answer in time.
    #[error("the database did not answer: {0}")]
    Database(#[from] sqlx::Error),
    /// A newer version has changed the database's form.
    #[error("the database has form {found}, and this version knows forms up to {known}: a newer version made it")]
    Newer {
        /// The form that it has.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// A column holds what no version of ours wrote.
    #[error("the database holds something unreadable in {0}")]
    Row(&'static str),
    /// The name is taken.
    #[error("there is an account of the name {0:?} already")]
    AccountExists(String),
    /// The name cannot be one: it is empty, or holds a colon (RFC 7617 section 2) or a control character.
    #[error("{0:?} cannot be an account's name: it must not be empty, nor hold colons or control characters")]
    AccountName(String),
    /// There is no such account.
    #[error("there is no account of the name {0:?}")]
    AccountUnknown(String),
    /// There is no such API key.
    #[error("there is no API key with the id {0:?}")]
    ApiKeyUnknown(String),
    /// There is no such session.
    #[error("there is no session with the id {0:?}")]
    SessionUnknown(String),
}

impl StoreError {
    /// For `map_err` on what the system did to this path.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + use<'_> {
        move |source| Self::File { path: path.to_owned(), source }
    }
}
