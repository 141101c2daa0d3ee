//! The data directory: who this node is, its keys, the configurations that were in force. Not what is in the database.
//!
//! ```text
//! DIR/              0700
//!   node            8 hex digits
//!   keys/           seal-<id>.key token.key fingerprint.key csrf.key login.key, each 0600
//!   revisions/      <revision>.toml
//!   countersign.sqlite
//! ```

mod once;
mod revisions;
mod seals;

use crate::error::StoreError;
use aws_lc_rs::digest;
use countersign::reference::{SealKey, SealRing};
use countersign::token::SigningKey;
use countersign::{Timestamp, hex};
use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The data directory of an installation.
#[derive(Clone, Debug)]
pub struct DataDir {
    path: PathBuf,
    node: [u8; 4],
}

impl DataDir {
    /// Opens it, and makes what is not there yet. Several processes may do so at once.
    ///
    /// # Errors
    /// [`StoreError::File`] if the system refuses, [`StoreError::Content`] if a file holds what it should not.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        for directory in [path.to_owned(), path.join("keys"), path.join("revisions")] {
            DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(StoreError::at(&directory))?;
        }
        let node = once::bytes(&path.join("node"))?;
        // SQLite would make it readable for others; its companions take over the mode of this file.
        let database = path.join("countersign.sqlite");
        OpenOptions::new().append(true).create(true).mode(0o600).open(&database).map_err(StoreError::at(&database))?;
        Ok(Self { path: path.to_owned(), node: *node })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The installation's node: random, made once.
    pub fn node(&self) -> [u8; 4] {
        self.node
    }

    /// The issuer of this installation's own tokens.
    pub fn own_issuer(&self) -> String {
        format!("urn:countersign:{}", hex(&self.node))
    }

    /// The keys that references are sealed and opened with. The newest seals; when it is 30 days old, another is made;
    /// keys older than 400 days are removed.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn seal_ring(&self, now: Timestamp) -> Result<SealRing, StoreError> {
        seals::ring(&self.path.join("keys"), now)
    }

    /// Reads one key that seals references, out of a file that was copied from an installation's `keys/`.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn read_seal_key_file(path: &Path) -> Result<SealKey, StoreError> {
        seals::read(path).map(|kept| kept.key)
    }

    /// The key that signs this installation's own tokens, made once.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn token_key(&self) -> Result<SigningKey, StoreError> {
        let path = self.path.join("keys/token.key");
        let seed = once::bytes::<32>(&path)?;
        let id = hex(&label(b"countersign token key id", &*seed));
        SigningKey::from_seed(id, &*seed).map_err(|_| StoreError::Content { path, expected: "64 hexadecimal digits" })
    }

    /// The key of the fingerprints in evidence, made once: the same value has the same fingerprint all over the
    /// installation, and on no other.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn fingerprint_key(&self) -> Result<[u8; 32], StoreError> {
        once::bytes(&self.path.join("keys/fingerprint.key")).map(|key| *key)
    }

    /// The key that binds a form to the browser that it was shown in, made once.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn csrf_key(&self) -> Result<[u8; 32], StoreError> {
        once::bytes(&self.path.join("keys/csrf.key")).map(|key| *key)
    }

    /// The key that seals what browsers and sessions keep of logins at providers, made once.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn login_key(&self) -> Result<[u8; 32], StoreError> {
        once::bytes(&self.path.join("keys/login.key")).map(|key| *key)
    }

    /// Keeps the text of a configuration, so that references of its time can show their rule. The newest 50 are kept.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn keep_revision(&self, revision: &[u8; 8], file: &str, text: &str) -> Result<(), StoreError> {
        revisions::keep(&self.path.join("revisions"), revision, file, text)
    }

    /// The configuration that was kept under this revision: the file's name, and its text.
    pub fn revision(&self, revision: &[u8; 8]) -> Option<(String, String)> {
        revisions::read(&self.path.join("revisions"), revision)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path.join("countersign.sqlite")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.path.join("lock")
    }
}

/// A public name for a secret: the first bytes of a hash that nothing else is used for.
fn label(purpose: &[u8], secret: &[u8]) -> [u8; 4] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(purpose);
    context.update(secret);
    context.finish().as_ref().first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
