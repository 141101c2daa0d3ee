//! The compact serialisation (RFC 7515 section 7.1), read strictly: three parts, canonical base64url, no member twice.

use super::claims::Claims;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use thiserror::Error;

/// The longest token that is read, in bytes.
pub const TOKEN_LIMIT: usize = 16 * 1024;

/// The deepest nesting of lists and objects in header or claims.
const NESTING_LIMIT: usize = 16;

/// Why a token cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the messages are the documentation")]
pub enum TokenFault {
    #[error("it is longer than {TOKEN_LIMIT} bytes")]
    TooLong,
    #[error("it does not have three parts")]
    Parts,
    #[error("it is encrypted (five parts)")]
    Encrypted,
    #[error("a part is not canonical base64url")]
    Base64,
    #[error("the header is not a JSON object as RFC 7515 has it")]
    Header,
    #[error("the claims are not a JSON object as RFC 7519 has it")]
    Claims,
    #[error("the header names critical extensions")]
    Critical,
    #[error("the header brings or names a key of its own")]
    EmbeddedKey,
    #[error("there is no expiry")]
    NoExpiry,
    #[error("there is no subject")]
    NoSubject,
}

/// The header parameters that are read.
#[derive(Debug, Deserialize)]
pub struct Header {
    /// The algorithm, as the token names it.
    pub alg: String,
    /// The key.
    pub kid: Option<String>,
    /// The media type of the whole token.
    pub typ: Option<String>,
    crit: Option<IgnoredAny>,
    jku: Option<IgnoredAny>,
    jwk: Option<IgnoredAny>,
    x5u: Option<IgnoredAny>,
    x5c: Option<IgnoredAny>,
    b64: Option<IgnoredAny>,
    zip: Option<IgnoredAny>,
    enc: Option<IgnoredAny>,
}

/// A token that was read and not verified: enough to choose issuer and key by, and for the doctor to look at.
pub struct Unverified<'a> {
    /// Its header.
    pub header: Header,
    /// Its claims.
    pub claims: Claims,
    /// What was signed: the first two parts.
    pub signed: &'a str,
    /// The signature's bytes.
    pub signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// Reads a token.
    ///
    /// # Errors
    /// [`TokenFault`] tells what is wrong with its form.
    pub fn read(token: &'a str) -> Result<Self, TokenFault> {
        let parts = Parts::split(token, TOKEN_LIMIT)?;
        let header: Header = read_shallow(&parts.header).ok_or(TokenFault::Header)?;
        header.check()?;
        let claims = read_shallow(&parts.claims).ok_or(TokenFault::Claims)?;
        Ok(Self { header, claims, signed: parts.signed, signature: parts.signature })
    }
}

impl Unverified<'_> {
    /// The claims once more, as another kind of token has them; none if they do not have that form.
    pub(crate) fn claims_as<T: DeserializeOwned>(&self) -> Option<T> {
        let (_, payload) = self.signed.split_once('.')?;
        read_shallow(&URL_SAFE_NO_PAD.decode(payload).ok()?)
    }
}

/// The three parts, decoded.
pub(super) struct Parts<'a> {
    pub header: Vec<u8>,
    pub claims: Vec<u8>,
    /// What was signed: the first two parts as text.
    pub signed: &'a str,
    pub signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    pub(super) fn split(token: &'a str, limit: usize) -> Result<Self, TokenFault> {
        if token.len() > limit {
            return Err(TokenFault::TooLong);
        }
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(signature)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(TokenFault::Parts);
        };
        match parts.count() {
            0 => {}
            2 => return Err(TokenFault::Encrypted),
            _ => return Err(TokenFault::Parts),
        }
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenFault::Base64);
        let signed = token.get(..token.len() - signature.len() - 1).unwrap_or_default();
        Ok(Self { header: decode(header)?, claims: decode(claims)?, signed, signature: decode(signature)? })
    }
}

/// Reads JSON that is not nested deeper than any honest token is.
pub(crate) fn read_shallow<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for &byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > NESTING_LIMIT {
            return None;
        }
    }
    serde_json::from_slice(json).ok()
}

impl Header {
    fn check(&self) -> Result<(), TokenFault> {
        if self.crit.is_some() || self.b64.is_some() {
            return Err(TokenFault::Critical);
        }
        if self.zip.is_some() || self.enc.is_some() {
            return Err(TokenFault::Encrypted);
        }
        let embedded = [&self.jku, &self.jwk, &self.x5u, &self.x5c].iter().any(|member| member.is_some());
        if embedded { Err(TokenFault::EmbeddedKey) } else { Ok(()) }
    }
}
