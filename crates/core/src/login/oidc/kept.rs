//! What a session keeps of its provider's tokens, to renew itself and to end the provider's session. Sealed, never shown.

use super::exchange::Tokens;
use crate::login::Sealer;
use crate::secret::Secret;
use minicbor::{Decode, Encode};

const PURPOSE: &str = "session";

/// The tokens that a session keeps.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// To come again.
    pub refresh_token: Option<Secret>,
    /// Tells the provider whose session ends.
    pub id_token: Option<Secret>,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Wire {
    #[n(0)]
    refresh_token: Option<String>,
    #[n(1)]
    id_token: Option<String>,
}

impl Kept {
    /// What is kept of tokens, where the ones before are `self`: a provider need not send what has not changed.
    #[must_use]
    pub fn renewed(&self, tokens: &Tokens) -> Self {
        let newer = |new: &Option<Secret>, old: &Option<Secret>| new.clone().or_else(|| old.clone());
        Self { refresh_token: newer(&tokens.refresh_token, &self.refresh_token), id_token: newer(&tokens.id_token, &self.id_token) }
    }

    /// As a store may keep it.
    pub fn seal(&self, sealer: &Sealer, nonce: [u8; 12]) -> Vec<u8> {
        let text = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
        let wire = Wire { refresh_token: text(&self.refresh_token), id_token: text(&self.id_token) };
        // Writing to memory does not fail.
        sealer.seal(PURPOSE, &minicbor::to_vec(&wire).unwrap_or_default(), nonce)
    }

    /// Opens what a store has kept; nothing where that is not ours.
    pub fn open(sealer: &Sealer, sealed: &[u8]) -> Self {
        let wire = sealer.open(PURPOSE, sealed).and_then(|plain| minicbor::decode::<Wire>(&plain).ok());
        let secret = |text: Option<String>| text.map(Secret::new);
        wire.map_or_else(Self::default, |wire| Self { refresh_token: secret(wire.refresh_token), id_token: secret(wire.id_token) })
    }
}
