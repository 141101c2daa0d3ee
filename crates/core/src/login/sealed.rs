//! What a browser or a store keeps for the gateway and must neither read nor alter: AES-256-GCM-SIV, bound to a purpose.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};

const NONCE: usize = 12;

/// Seals and opens.
#[derive(Debug)]
pub struct Sealer(LessSafeKey);

impl Sealer {
    /// With this key.
    pub fn new(key: &[u8; 32]) -> Self {
        match UnboundKey::new(&AES_256_GCM_SIV, key) {
            Ok(key) => Self(LessSafeKey::new(key)),
            Err(_) => unreachable!("the key has the length that the algorithm takes"),
        }
    }

    /// Seals for a purpose; only for the same one does it open. A repeated nonce shows no more than that two texts are equal.
    pub fn seal(&self, purpose: &str, plain: &[u8], nonce: [u8; NONCE]) -> Vec<u8> {
        let mut sealed = plain.to_vec();
        match self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose.as_bytes()), &mut sealed) {
            Ok(()) => [nonce.as_slice(), &sealed].concat(),
            Err(_) => Vec::new(),
        }
    }

    /// Opens what was sealed for this purpose; none for anything else.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>()?;
        let mut opened = rest.to_vec();
        let length = self.0.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(purpose.as_bytes()), &mut opened).ok()?.len();
        opened.truncate(length);
        Some(opened)
    }
}

#[cfg(test)]
mod tests {
    use super::Sealer;

    #[test]
    fn only_the_same_purpose_and_key_open_the_same_bytes() {
        let sealer = Sealer::new(&[1; 32]);
        let sealed = sealer.seal("a", b"text", [7; 12]);
        assert_eq!(sealer.open("a", &sealed).as_deref(), Some(b"text".as_slice()));
        assert_eq!(sealer.open("b", &sealed), None);
        assert_eq!(Sealer::new(&[2; 32]).open("a", &sealed), None);
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            if let Some(byte) = altered.get_mut(at) {
                *byte ^= 1;
            }
            assert_eq!(sealer.open("a", &altered), None, "{at}");
            assert_eq!(sealer.open("a", sealed.get(..at).unwrap_or_default()), None, "{at}");
        }
    }
}
