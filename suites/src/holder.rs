//! Whoever holds a key that tokens are bound to: makes proofs of possession (RFC 9449), good ones and, by their claims and
//! headers, bad ones.

use crate::jwt::{Signer, b64};
use crate::now;
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// A key, and whoever holds it.
pub struct Holder(pub Signer);

impl Holder {
    /// A new key for this algorithm.
    pub fn new(alg: &'static str) -> Self {
        Self(Signer::new("holder", alg))
    }

    /// The public half, with nothing else about it.
    pub fn jwk(&self) -> Value {
        let mut jwk = self.0.jwk();
        for name in ["kid", "alg", "use"] {
            jwk.as_object_mut().unwrap().remove(name);
        }
        jwk
    }

    /// RFC 7638: a JSON object without blanks and with its members in order is what is hashed.
    pub fn thumbprint(&self) -> String {
        let jwk = self.jwk();
        let members: std::collections::BTreeMap<&str, &Value> =
            jwk.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value)).collect();
        b64(digest(&SHA256, serde_json::to_string(&members).unwrap().as_bytes()))
    }

    /// The header of a proof.
    pub fn header(&self) -> Value {
        json!({ "typ": "dpop+jwt", "alg": self.0.alg, "jwk": self.jwk() })
    }

    /// The claims of a good proof for a request with this token, with an id of its own.
    pub fn claims(&self, method: &str, url: &str, token: &str) -> Value {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = format!("proof-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        json!({ "jti": id, "htm": method, "htu": url, "iat": now(), "ath": b64(digest(&SHA256, token.as_bytes())) })
    }

    /// A good proof.
    pub fn proof(&self, method: &str, url: &str, token: &str) -> String {
        self.sign(&self.claims(method, url, token))
    }

    /// A proof with these claims.
    pub fn sign(&self, claims: &Value) -> String {
        self.0.token(&self.header(), claims)
    }
}
