//! JWK sets (RFC 7517), as an issuer publishes them: read leniently as a set, strictly key by key.

use super::algorithm::Algorithm;
use super::claims::VerifiedToken;
use super::jws::Unverified;
use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::issuer::Issuer;
use crate::verdict::Stop;
use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{ParsedPublicKey, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::sync::Arc;
use thiserror::Error;

/// The most keys of one set that are kept.
const KEY_LIMIT: usize = 64;

/// One public key with the algorithms that it may be used with.
#[derive(Debug)]
pub struct Key {
    id: Option<String>,
    uses: Vec<(Algorithm, ParsedPublicKey)>,
}

/// An issuer's keys.
#[derive(Debug, Default)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// Why a document is not a JWK set.
#[derive(Debug, Error)]
#[error("not a JWK set: {0}")]
pub struct KeySetFault(#[from] serde_json::Error);

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
pub(super) struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    // What only the holder of a key has (RFC 7518 section 6).
    d: Option<IgnoredAny>,
    p: Option<IgnoredAny>,
    q: Option<IgnoredAny>,
    dp: Option<IgnoredAny>,
    dq: Option<IgnoredAny>,
    qi: Option<IgnoredAny>,
    oth: Option<IgnoredAny>,
    k: Option<IgnoredAny>,
}

impl KeySet {
    /// Reads a JWK set and keeps the public signature keys that fit the allowed algorithms. Others are passed over:
    /// sets hold encryption keys and keys of newer algorithms too. Symmetric keys are never taken from a set.
    ///
    /// # Errors
    /// [`KeySetFault`] if it is not JSON with a `keys` array.
    pub fn read(json: &[u8], allowed: &[Algorithm]) -> Result<Self, KeySetFault> {
        let document: Document = serde_json::from_slice(json)?;
        let jwks = document.keys.into_iter().filter_map(|value| serde_json::from_value::<Jwk>(value).ok());
        Ok(Self { keys: jwks.filter_map(|jwk| Key::new(jwk, allowed)).take(KEY_LIMIT).collect() })
    }

    /// A set of one key.
    pub fn of(id: &str, algorithm: Algorithm, public_key: &[u8]) -> Option<Self> {
        let key = ParsedPublicKey::new(algorithm.verification(), public_key).ok()?;
        Some(Self { keys: vec![Key { id: Some(id.to_owned()), uses: vec![(algorithm, key)] }] })
    }

    /// Is there a key with this id, or any key if no id is asked for?
    pub fn has(&self, kid: Option<&str>) -> bool {
        self.keys.iter().any(|key| kid.is_none() || key.id.as_deref() == kid)
    }

    /// The ids of the keys.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(|key| key.id.as_deref())
    }

    /// Does every key of `older` stand here too? If not, what it verified has to be verified anew.
    pub fn covers(&self, older: &KeySet) -> bool {
        let same = |a: &Key, b: &Key| {
            a.id == b.id
                && a.uses.len() == b.uses.len()
                && a.uses.iter().zip(&b.uses).all(|(x, y)| x.0 == y.0 && x.1.as_ref() == y.1.as_ref())
        };
        older.keys.iter().all(|old| self.keys.iter().any(|new| same(new, old)))
    }

    /// Verifies a token's signature, and takes over its claims as those of an access token.
    ///
    /// # Errors
    /// As [`check_signature`](Self::check_signature), or `token-malformed` for a claim that is missing.
    pub fn verify(&self, token: Unverified<'_>, issuer: &Arc<Issuer>) -> Result<VerifiedToken, Stop> {
        self.check_signature(&token, issuer)?;
        VerifiedToken::new(token, issuer.clone()).map_err(|fault| {
            Stop::refuse(Cause::TokenMalformed, Evidence::none().presented(Subject::Form, Value::text(&fault.to_string())))
        })
    }

    /// Is the token signed by one of these keys, with an algorithm that its issuer may use?
    ///
    /// # Errors
    /// [`Stop::Refuse`] with the algorithm refused, the key unknown, or the signature wrong.
    pub fn check_signature(&self, token: &Unverified<'_>, issuer: &Issuer) -> Result<(), Stop> {
        let header = &token.header;
        let presented = || Value::text(&header.alg);
        let allowed = || Value::texts(issuer.algorithms.iter().map(|algorithm| algorithm.name()));
        let refused = || Stop::refuse(Cause::TokenAlgorithmRefused, Evidence::none().differs(Subject::Algorithm, allowed(), presented()));
        let algorithm = Algorithm::from_name(&header.alg).filter(|algorithm| issuer.algorithms.contains(algorithm)).ok_or_else(refused)?;
        let kid = header.kid.as_deref();
        let mut candidates = self.keys.iter().filter(|key| kid.is_none() || key.id.as_deref() == kid).peekable();
        if candidates.peek().is_none() {
            let known = Value::texts(self.ids());
            let evidence = Evidence::none().differs(Subject::KeyId, known, Value::text(kid.unwrap_or("(none)")));
            return Err(Stop::refuse(Cause::TokenKeyUnknown, evidence));
        }
        let mut usable = candidates.filter_map(|key| key.uses.iter().find(|(use_for, _)| *use_for == algorithm)).take(8).peekable();
        if usable.peek().is_none() {
            return Err(refused());
        }
        if !usable.any(|(_, key)| key.verify_sig(token.signed.as_bytes(), &token.signature).is_ok()) {
            let evidence =
                Evidence::none().presented(Subject::Algorithm, presented()).presented(Subject::KeyId, Value::text(kid.unwrap_or("(none)")));
            return Err(Stop::refuse(Cause::TokenSignatureWrong, evidence));
        }
        Ok(())
    }
}

impl Key {
    pub(super) fn new(jwk: Jwk, allowed: &[Algorithm]) -> Option<Self> {
        let signs = jwk.r#use.as_deref().is_none_or(|purpose| purpose == "sig");
        let verifies = jwk.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
        if !signs || !verifies {
            return None;
        }
        let fits = |algorithm: &Algorithm| {
            let named = jwk.alg.as_deref().is_none_or(|name| Algorithm::from_name(name) == Some(*algorithm));
            named && algorithm.key_type() == jwk.kty && (algorithm.curve().is_none() || algorithm.curve() == jwk.crv.as_deref())
        };
        let bytes = jwk.public_key()?;
        let uses: Vec<_> = allowed
            .iter()
            .filter(|algorithm| fits(algorithm))
            .filter_map(|&algorithm| Some((algorithm, ParsedPublicKey::new(algorithm.verification(), &bytes).ok()?)))
            .collect();
        (!uses.is_empty()).then_some(Self { id: jwk.kid, uses })
    }
}

impl Key {
    /// Is it the signature of this text by this key?
    pub(super) fn signed(&self, text: &str, signature: &[u8]) -> bool {
        self.uses.iter().any(|(_, key)| key.verify_sig(text.as_bytes(), signature).is_ok())
    }
}

impl Jwk {
    /// Does it hold more than the public half?
    pub(super) fn is_private(&self) -> bool {
        [&self.d, &self.p, &self.q, &self.dp, &self.dq, &self.qi, &self.oth, &self.k].iter().any(|member| member.is_some())
    }

    /// Its thumbprint (RFC 7638): the SHA-256 of the members that make the key, in base64url.
    pub(super) fn thumbprint(&self) -> Option<String> {
        let members = match self.kty.as_str() {
            "RSA" => vec![("e", &self.e), ("kty", &None), ("n", &self.n)],
            "EC" => vec![("crv", &self.crv), ("kty", &None), ("x", &self.x), ("y", &self.y)],
            "OKP" => vec![("crv", &self.crv), ("kty", &None), ("x", &self.x)],
            _ => return None,
        };
        let member = |(name, value): &(&str, &Option<String>)| {
            let value = if *name == "kty" { &self.kty } else { value.as_ref()? };
            // Members that were decoded as base64url need no escapes; a curve that does is none that is known.
            value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)).then(|| format!("\"{name}\":\"{value}\""))
        };
        let members: Option<Vec<String>> = members.iter().map(member).collect();
        let text = format!("{{{}}}", members?.join(","));
        Some(URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes())))
    }

    /// The key in the form that the verifier reads: X.509 for RSA, an uncompressed point for EC, raw bytes for Ed25519.
    fn public_key(&self) -> Option<Vec<u8>> {
        let decode = |part: &Option<String>| URL_SAFE_NO_PAD.decode(part.as_ref()?).ok();
        match self.kty.as_str() {
            "RSA" => {
                let components = RsaPublicKeyComponents { n: decode(&self.n)?, e: decode(&self.e)? };
                let der: PublicKeyX509Der<'_> = components.as_der().ok()?;
                Some(der.as_ref().to_vec())
            }
            "EC" => Some([vec![4], decode(&self.x)?, decode(&self.y)?].concat()),
            "OKP" => decode(&self.x),
            _ => None,
        }
    }
}
