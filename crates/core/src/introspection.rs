//! Token introspection (RFC 7662), with answers as JSON or signed (RFC 9701): what is asked of an issuer about a token, and
//! what its answer means. Nobody is called here, and nobody is admitted.
//!
//! ```text
//! token ──► question ┄┄ the endpoint ┄┄► plain | signed ──► Introspection ──► judged as a token is: time, audience, kind
//! ```

use crate::issuer::Issuer;
use crate::login::oidc::{ClientAuthentication, TokenRequest};
use crate::record::Timestamp;
use crate::secret::Secret;
use crate::token::{Claims, KeySet, Unverified, VerifiedToken, read_shallow};
use serde::Deserialize;
use std::sync::Arc;
use thiserror::Error;

/// The media type of a signed answer, and the `typ` of its header without the prefix (RFC 9701 section 5).
pub const SIGNED: &str = "application/token-introspection+jwt";
/// How old a signed answer may be, in seconds, besides the leeway: it was made for the question that was just asked.
const ANSWER_AGE: i64 = 60;

/// For how long it is believed that a token is not active, in seconds: it may become active, if rarely.
const INACTIVE_FOR: i64 = 10;
/// By how much an answer may be younger than the request, in seconds: it was given while the request waited.
const AHEAD: i64 = 10;

/// How an issuer is asked about tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introspector {
    /// Where; none to find it by discovery.
    pub endpoint: Option<String>,
    /// What the issuer calls this gateway.
    pub client_id: String,
    /// What it proves itself by.
    pub proof: ClientProof,
    /// Is it asked about JWTs too? Otherwise those are verified here.
    pub all: bool,
    /// Seconds for which an answer is used again: within these a revocation is seen.
    pub reuse: i64,
    /// Does the answer have to be signed?
    pub signed: bool,
    /// Is a token refused of which the answer names no audience?
    pub require_audience: bool,
}

/// What a client proves itself by at an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientProof {
    /// A secret, as HTTP Basic or in the form.
    Secret(ClientAuthentication, Secret),
    /// A private key (`private_key_jwt`, RFC 7523).
    Key {
        /// PKCS#8 as PEM.
        pem: Secret,
        /// The id under which the issuer knows its public half.
        id: Option<String>,
    },
}

/// What an issuer said of a token.
#[derive(Clone, Debug)]
pub struct Introspection {
    /// When.
    pub answered: Timestamp,
    /// What.
    pub finding: Finding,
    /// How long the answer was, in bytes.
    pub length: usize,
}

/// What an issuer finds of a token.
#[derive(Clone, Debug)]
pub enum Finding {
    /// It is active, and this is what it grants. It may still be for others, or over by our clock.
    Active(Arc<VerifiedToken>),
    /// It is not active; the endpoint does not say why.
    Inactive,
    /// It is active, and was made by this issuer, who is another than the one that was asked.
    Foreign(String),
}

/// Why an answer is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AnswerFault {
    /// Not such a document.
    #[error("the answer is not an introspection response")]
    Form,
    /// It says that the token is active and not whose.
    #[error("the answer names neither a subject nor a client")]
    NoSubject,
    /// It was to be signed.
    #[error("the answer is not signed")]
    Unsigned,
    /// The signature does not hold, or the key is not known.
    #[error("the signature of the answer does not pass: {0}")]
    Signature(&'static str),
    /// It is signed and was made by somebody else, for somebody else, or at another time.
    #[error("the signed answer has another {0}")]
    Other(&'static str),
}

impl Introspection {
    /// May it be used again without asking? For as long as the issuer's `reuse` says, and shorter where the token is not active.
    pub fn is_fresh(&self, issuer: &Issuer, now: Timestamp) -> bool {
        let reuse = issuer.introspection.as_ref().map_or(0, |introspector| introspector.reuse);
        let lasts = if matches!(self.finding, Finding::Active(_)) { reuse } else { reuse.min(INACTIVE_FOR) };
        lasts > 0 && (-AHEAD..lasts).contains(&(now - self.answered))
    }
}

/// What is asked about a token (RFC 7662 section 2.1). A client with a key adds its assertion.
pub fn question(introspector: &Introspector, token: &Secret) -> TokenRequest {
    let form = vec![("token", token.clone()), ("token_type_hint", Secret::new("access_token"))];
    let request = TokenRequest { form, authorization: None };
    match &introspector.proof {
        ClientProof::Secret(how, secret) => request.proved_by(*how, &introspector.client_id, Some(secret)),
        ClientProof::Key { .. } => request,
    }
}

/// Reads an answer in JSON.
///
/// # Errors
/// [`AnswerFault`] where it is none.
pub fn plain(issuer: &Arc<Issuer>, body: &[u8], now: Timestamp) -> Result<Introspection, AnswerFault> {
    if issuer.introspection.as_ref().is_some_and(|introspector| introspector.signed) {
        return Err(AnswerFault::Unsigned);
    }
    let said: Said = read_shallow(body).ok_or(AnswerFault::Form)?;
    let claims: Claims = read_shallow(body).ok_or(AnswerFault::Form)?;
    introspection(issuer, said, claims, body.len(), now)
}

/// The id of the key that a signed answer names.
///
/// # Errors
/// [`AnswerFault`] where it is no JWT.
pub fn answer_key(body: &[u8]) -> Result<Option<String>, AnswerFault> {
    Ok(read_signed(body)?.header.kid)
}

/// Reads a signed answer (RFC 9701 section 5).
///
/// # Errors
/// [`AnswerFault`] where it is none, or not signed by these keys for this question.
pub fn signed(issuer: &Arc<Issuer>, body: &[u8], keys: &KeySet, now: Timestamp) -> Result<Introspection, AnswerFault> {
    let token = read_signed(body)?;
    let kind = token.header.typ.as_deref().map(|kind| kind.strip_prefix("application/").unwrap_or(kind));
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("token-introspection+jwt")) {
        return Err(AnswerFault::Other("type"));
    }
    if let Err(stop) = keys.check_signature(&token, issuer) {
        return Err(AnswerFault::Signature(match stop {
            crate::Stop::Refuse(refusal) => refusal.cause.code(),
            _ => "undecided",
        }));
    }
    if token.claims.iss.as_ref() != Some(&issuer.issuer) {
        return Err(AnswerFault::Other("issuer"));
    }
    let client = issuer.introspection.as_ref().map(|introspector| &introspector.client_id);
    if !token.claims.aud.iter().any(|audience| Some(audience) == client) {
        return Err(AnswerFault::Other("audience"));
    }
    let age = ANSWER_AGE + issuer.leeway;
    if !token.claims.iat.is_some_and(|made| (now - age..=now + age).contains(&made)) {
        return Err(AnswerFault::Other("time"));
    }
    let Wrapped { token_introspection: Both { said, claims } } = token.claims_as().ok_or(AnswerFault::Form)?;
    introspection(issuer, said, claims, body.len(), now)
}

fn read_signed(body: &[u8]) -> Result<Unverified<'_>, AnswerFault> {
    let text = std::str::from_utf8(body).map_err(|_| AnswerFault::Form)?;
    Unverified::read(text.trim()).map_err(|_| AnswerFault::Form)
}

/// The members of an answer that a token has not.
#[derive(Deserialize)]
struct Said {
    active: bool,
    username: Option<String>,
    token_type: Option<String>,
}

#[derive(Deserialize)]
struct Wrapped {
    token_introspection: Both,
}

#[derive(Deserialize)]
struct Both {
    #[serde(flatten)]
    said: Said,
    #[serde(flatten)]
    claims: Claims,
}

fn introspection(issuer: &Arc<Issuer>, said: Said, claims: Claims, length: usize, now: Timestamp) -> Result<Introspection, AnswerFault> {
    let finding = match &claims.iss {
        _ if !said.active => Finding::Inactive,
        Some(named) if *named != issuer.issuer => Finding::Foreign(named.clone()),
        _ => {
            let token = VerifiedToken::introspected(claims, said.username, said.token_type.as_deref(), issuer.clone());
            Finding::Active(Arc::new(token.ok_or(AnswerFault::NoSubject)?))
        }
    };
    Ok(Introspection { answered: now, finding, length })
}

#[cfg(test)]
mod tests;
