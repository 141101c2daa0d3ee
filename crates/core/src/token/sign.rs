//! Tokens of the gateway's own key, for trying things out. Ed25519: signing needs no randomness.

use super::algorithm::Algorithm;
use super::keys::KeySet;
use crate::record::Timestamp;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use thiserror::Error;

/// A private key that signs tokens.
pub struct SigningKey {
    id: String,
    pair: Ed25519KeyPair,
}

/// The bytes are not an Ed25519 seed.
#[derive(Debug, Error)]
#[error("an Ed25519 seed has 32 bytes")]
pub struct SeedFault;

/// The claims of an issued access token (RFC 9068 section 2.2).
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the names are the registry's")]
pub struct IssuedClaims<'a> {
    pub iss: &'a str,
    pub sub: &'a str,
    pub aud: &'a str,
    pub scope: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    pub iat: Timestamp,
    pub exp: Timestamp,
    pub jti: String,
    pub client_id: &'a str,
}

impl SigningKey {
    /// The key that grows from a 32-byte seed.
    ///
    /// # Errors
    /// [`SeedFault`] if the seed has another length.
    pub fn from_seed(id: impl Into<String>, seed: &[u8]) -> Result<Self, SeedFault> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| SeedFault)?;
        Ok(Self { id: id.into(), pair })
    }

    /// Signs an access token.
    pub fn sign(&self, claims: &IssuedClaims<'_>) -> String {
        let header = serde_json::json!({ "alg": Algorithm::EdDsa.name(), "typ": "at+jwt", "kid": self.id });
        let claims = serde_json::to_vec(claims).unwrap_or_default();
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// Signs bytes.
    #[cfg(test)]
    pub(crate) fn sign_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        self.pair.sign(bytes).as_ref().to_vec()
    }

    /// The public half, as a set of one.
    pub fn key_set(&self) -> KeySet {
        KeySet::of(&self.id, Algorithm::EdDsa, self.pair.public_key().as_ref()).unwrap_or_default()
    }

    /// The public half as a JWK set document (RFC 7517).
    pub fn jwks(&self) -> serde_json::Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref());
        serde_json::json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.id, "x": x }] })
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}
