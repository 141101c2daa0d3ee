//! A client's private key, and the assertions that prove it (RFC 7523 section 2.2): for endpoints that know the public half.

use crate::keyed::random;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::{Secret, Timestamp, hex};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;
use thiserror::Error;

/// How long an assertion counts, in seconds.
const LASTS: i64 = 60;

/// A private key that a client proves itself by: P-256, Ed25519 or RSA.
pub struct ClientKey(Pair);

enum Pair {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>),
}

/// Why a text is no such key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClientKeyFault {
    /// Not PEM, or something else in it.
    #[error("holds no private key in PKCS#8 (`BEGIN PRIVATE KEY`)")]
    Form,
    /// Another kind of key.
    #[error("holds a key that is neither of P-256, Ed25519 nor RSA with 2048 bits or more")]
    Kind,
}

impl ClientKey {
    /// Reads PKCS#8 as PEM.
    ///
    /// # Errors
    /// [`ClientKeyFault`] tells what it is not.
    pub fn read(pem: &Secret) -> Result<Self, ClientKeyFault> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.expose().as_bytes()).map_err(|_| ClientKeyFault::Form)?;
        let der = der.secret_pkcs8_der();
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der) {
            return Ok(Self(Pair::Ec(pair)));
        }
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Ok(Self(Pair::Ed(pair)));
        }
        let pair = RsaKeyPair::from_pkcs8(der).map_err(|_| ClientKeyFault::Kind)?;
        if pair.public_modulus_len() < 256 { Err(ClientKeyFault::Kind) } else { Ok(Self(Pair::Rsa(Box::new(pair)))) }
    }

    /// An assertion for the issuer of this name; none if the key cannot sign.
    pub(crate) fn assertion(&self, key_id: Option<&str>, client_id: &str, issuer: &str, now: Timestamp) -> Option<Secret> {
        let mut header = json!({ "alg": self.algorithm(), "typ": "JWT" });
        if let (Some(members), Some(id)) = (header.as_object_mut(), key_id) {
            members.insert("kid".to_owned(), id.into());
        }
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": issuer, "jti": hex(&random::<16>()), "iat": now, "exp": now + LASTS,
        });
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = URL_SAFE_NO_PAD.encode(self.sign(signed.as_bytes())?);
        Some(Secret::new(format!("{signed}.{signature}")))
    }

    fn algorithm(&self) -> &'static str {
        match self.0 {
            Pair::Ec(_) => "ES256",
            Pair::Ed(_) => "EdDSA",
            Pair::Rsa(_) => "RS256",
        }
    }

    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match &self.0 {
            Pair::Ec(pair) => Some(pair.sign(&SystemRandom::new(), message).ok()?.as_ref().to_vec()),
            Pair::Ed(pair) => Some(pair.sign(message).as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
                Some(signature)
            }
        }
    }
}
