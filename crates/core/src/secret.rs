//! Secrets and their hashes. A [`Secret`] has no `Debug`, `Display` or `Serialize` that shows it, and is zeroed when dropped.

use aws_lc_rs::digest;
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A password, key or token in memory.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself, for comparing and hashing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// In a time that depends on the lengths alone.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

/// The SHA-256 of a secret of high entropy (an API key, a session cookie): what is stored, and looked up by.
///
/// Such secrets are random and at least 128 bits long, so that a plain hash cannot be searched; passwords are not,
/// and are hashed with argon2id elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash(pub [u8; 32]);

impl SecretHash {
    /// Hashes a secret.
    pub fn of(secret: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
        Self(hash)
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "SecretHash({a:02x}{b:02x}{c:02x}{d:02x}..)")
    }
}
