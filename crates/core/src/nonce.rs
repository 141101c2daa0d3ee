//! Nonces that nobody has to keep: the time of making and an id, under a message authentication code. Not which counts of
//! one were used; that has to be kept, and sources do.
//!
//! ```text
//! base64url( milliseconds since the epoch (8) ‖ id (8) ‖ HMAC-SHA-256 of realm, time and id, its first half (16) )
//! ```
//!
//! The key is the process's own and leaves with it: after a restart, when nobody knows any more which counts were used,
//! every nonce from before is as good as forged.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

const TAG: usize = 16;

/// Makes nonces, and knows those that it made.
pub struct NonceKey(hmac::Key);

/// A nonce of this process's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Nonce {
    /// When it was made, in milliseconds since the epoch.
    pub made_ms: i64,
    /// Tells it from all others, also those of the same moment.
    pub id: u64,
}

impl NonceKey {
    /// Takes 32 random bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(HMAC_SHA256, secret))
    }

    /// Makes the text of a nonce for a realm; the id is to be random.
    pub fn seal(&self, realm: &str, nonce: Nonce) -> String {
        let mut bytes = [0; 16 + TAG];
        let (head, tag) = bytes.split_at_mut(16);
        head.copy_from_slice(&nonce.bytes());
        tag.copy_from_slice(&self.tag(realm, nonce));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The nonce of a text that [`seal`](Self::seal) made with this key for this realm; none for any other text.
    pub fn open(&self, realm: &str, text: &str) -> Option<Nonce> {
        // Longer texts are not even decoded.
        let bytes = URL_SAFE_NO_PAD.decode(text.get(..43).filter(|whole| whole.len() == text.len())?).ok()?;
        let (made, rest) = bytes.split_first_chunk::<8>()?;
        let (id, tag) = rest.split_first_chunk::<8>()?;
        let nonce = Nonce { made_ms: i64::from_be_bytes(*made), id: u64::from_be_bytes(*id) };
        bool::from(self.tag(realm, nonce).ct_eq(tag)).then_some(nonce)
    }

    fn tag(&self, realm: &str, nonce: Nonce) -> [u8; TAG] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&nonce.bytes());
        context.update(realm.as_bytes());
        context.sign().as_ref().first_chunk().copied().unwrap_or_default()
    }
}

impl Nonce {
    fn bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let (made, id) = bytes.split_at_mut(8);
        made.copy_from_slice(&self.made_ms.to_be_bytes());
        id.copy_from_slice(&self.id.to_be_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_made_here_for_this_realm_is_one() {
        let (key, other) = (NonceKey::new(&[1; 32]), NonceKey::new(&[2; 32]));
        let nonce = Nonce { made_ms: 1_800_000_000_123, id: 7 };
        let text = key.seal("a", nonce);
        assert_eq!((text.len(), key.open("a", &text)), (43, Some(nonce)));
        assert_eq!((key.open("b", &text), other.open("a", &text)), (None, None));
        for at in 0..43 {
            let mut forged = text.clone().into_bytes();
            for byte in forged.iter_mut().skip(at).take(1) {
                *byte = if *byte == b'A' { b'B' } else { b'A' };
            }
            assert_eq!(key.open("a", &String::from_utf8_lossy(&forged)), None, "{at}");
        }
        for text in ["", "abc", &text.replace('A', "+"), &format!("{text}A"), &text.get(..42).unwrap_or_default().repeat(3), "é"] {
            assert!(key.open("a", text).is_none_or(|_| text.len() == 43), "{text}");
        }
    }
}
