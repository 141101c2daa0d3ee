//! Keyed hashes: names for secrets that are remembered, and fingerprints for evidence.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use aws_lc_rs::rand;
use countersign::{Issuer, PasswordQuestion};

/// Names a secret without holding it.
pub(crate) type Name = [u8; 32];

/// The keys of the hashes.
pub(crate) struct Keyed {
    /// Random for this process: what is remembered under these names leaves with it.
    memory: hmac::Key,
    fingerprints: hmac::Key,
}

impl Keyed {
    pub(crate) fn new(fingerprint_key: &[u8; 32]) -> Self {
        Self { memory: hmac::Key::new(HMAC_SHA256, &random::<32>()), fingerprints: hmac::Key::new(HMAC_SHA256, fingerprint_key) }
    }

    /// The name of a token.
    pub(crate) fn token(&self, raw: &str) -> Name {
        self.name(&[b"token", raw.as_bytes()])
    }

    /// The name of a token as one that this issuer is asked about: what one says is never taken for another's word.
    pub(crate) fn introspection(&self, issuer: &Issuer, raw: &str) -> Name {
        let client = issuer.introspection.as_ref().map_or("", |introspector| introspector.client_id.as_str());
        self.name(&[b"introspection", issuer.name.as_bytes(), issuer.issuer.as_bytes(), client.as_bytes(), raw.as_bytes()])
    }

    /// The name of a password as the password of this account under this hash: another hash makes another name.
    pub(crate) fn question(&self, question: &PasswordQuestion) -> Name {
        let hash = question.hash.as_deref().unwrap_or_default();
        self.name(&[b"password", question.name.as_str().as_bytes(), hash.as_bytes(), question.password.expose().as_bytes()])
    }

    /// The name under which attempts are counted.
    pub(crate) fn attempts(&self, of: &[u8]) -> Name {
        self.name(&[b"attempts", of])
    }

    /// The same for the same value within an installation.
    pub(crate) fn fingerprint(&self, value: &[u8]) -> [u8; 8] {
        hmac::sign(&self.fingerprints, value).as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// Every part goes in with its length, so that no two lists of parts are the same bytes.
    fn name(&self, parts: &[&[u8]]) -> Name {
        let mut context = hmac::Context::with_key(&self.memory);
        for part in parts {
            context.update(&(part.len() as u64).to_le_bytes());
            context.update(part);
        }
        context.sign().as_ref().first_chunk().copied().unwrap_or_default()
    }
}

/// Random bytes.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut random = [0; N];
    #[expect(clippy::expect_used, reason = "without randomness no secret may be made or remembered")]
    rand::fill(&mut random).expect("the system's random generator works");
    random
}
