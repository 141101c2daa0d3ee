//! Claims (RFC 7519 section 4, RFC 9068, RFC 8693): what a token says, read strictly where a decision rests on it.

use super::jws::{TokenFault, Unverified};
use crate::issuer::Issuer;
use crate::record::Timestamp;
use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Deserializer};
use std::sync::Arc;

/// The year 10000.
const END: i64 = 253_402_300_800;

/// The claims that are read. A claim of a wrong type makes the whole token malformed.
#[derive(Debug, Default, Deserialize)]
#[expect(missing_docs, reason = "the names are the registry's")]
pub struct Claims {
    pub iss: Option<String>,
    pub sub: Option<String>,
    #[serde(default, deserialize_with = "one_or_more")]
    pub aud: Vec<String>,
    #[serde(default, deserialize_with = "date")]
    pub exp: Option<Timestamp>,
    #[serde(default, deserialize_with = "date")]
    pub nbf: Option<Timestamp>,
    #[serde(default, deserialize_with = "date")]
    pub iat: Option<Timestamp>,
    #[serde(default, deserialize_with = "date")]
    pub auth_time: Option<Timestamp>,
    pub acr: Option<String>,
    #[serde(default, deserialize_with = "spaced")]
    pub scope: Vec<String>,
    #[serde(default, deserialize_with = "spaced")]
    pub scp: Vec<String>,
    #[serde(default, deserialize_with = "one_or_more")]
    pub roles: Vec<String>,
    #[serde(default, deserialize_with = "one_or_more")]
    pub groups: Vec<String>,
    pub client_id: Option<String>,
    pub azp: Option<String>,
    /// Some providers state the kind of token here.
    typ: Option<String>,
    token_use: Option<String>,
    nonce: Option<IgnoredAny>,
    at_hash: Option<IgnoredAny>,
    c_hash: Option<IgnoredAny>,
    events: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "confirmation")]
    cnf: Option<Confirmation>,
}

/// What a token is bound to (`cnf`, RFC 7800): whoever presents it proves to have this. Members that are not read here, and
/// values of a wrong type, leave both empty: a binding that nobody can meet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confirmation {
    /// The thumbprint of a key that signs proofs (`jkt`, RFC 9449 section 6.1).
    pub key: Option<String>,
    /// The thumbprint of a client certificate (`x5t#S256`, RFC 8705 section 3.1).
    pub certificate: Option<String>,
}

impl Claims {
    /// Is it something else than an access token, and what? ID tokens carry `nonce` or hashes (OpenID Connect Core
    /// section 2), logout tokens `events`; Keycloak states `typ`, Cognito `token_use`.
    pub fn other_kind(&self) -> Option<&'static str> {
        match (self.typ.as_deref(), self.token_use.as_deref()) {
            (Some("ID"), _) | (_, Some("id")) => Some("ID token"),
            (Some("Refresh" | "Offline"), _) | (_, Some("refresh")) => Some("refresh token"),
            (Some("Logout"), _) => Some("logout token"),
            _ if self.events.is_some() => Some("event token"),
            _ if self.nonce.is_some() || self.at_hash.is_some() || self.c_hash.is_some() => Some("ID token"),
            _ => None,
        }
    }
}

/// A token whose signature was verified. It may still be too old, or meant for somebody else.
#[derive(Clone, Debug)]
pub struct VerifiedToken {
    /// Who made it.
    pub issuer: Arc<Issuer>,
    /// `sub`, or the client for a token without a person.
    pub subject: String,
    /// `aud`.
    pub audiences: Vec<String>,
    /// `scope` and `scp` together.
    pub scopes: Vec<String>,
    /// `roles` and `groups` together.
    pub roles: Vec<String>,
    /// `exp`.
    pub expires: Timestamp,
    /// `nbf`.
    pub not_before: Option<Timestamp>,
    /// `iat`.
    pub issued_at: Option<Timestamp>,
    /// `auth_time`.
    pub auth_time: Option<Timestamp>,
    /// `acr`.
    pub acr: Option<String>,
    /// `typ` of the header.
    pub header_type: Option<String>,
    /// What it is, if not an access token.
    pub other_kind: Option<&'static str>,
    /// The key or certificate that it is bound to, if it is.
    pub confirmation: Option<Confirmation>,
    /// Did its issuer say all this when it was asked? Otherwise its signature was verified here.
    pub introspected: bool,
}

impl VerifiedToken {
    /// What the token would be if its signature held: for replaying a judgement where the issuer's keys are not at hand.
    ///
    /// # Security considerations
    /// Nothing was verified. The lints forbid it outside the doctor, which admits nobody.
    ///
    /// # Errors
    /// [`TokenFault`] where a claim is missing that every token has.
    pub fn supposing(token: Unverified<'_>, issuer: Arc<Issuer>) -> Result<Self, TokenFault> {
        Self::new(token, issuer)
    }

    /// Takes over the claims of a token whose signature has been verified.
    pub(super) fn new(token: Unverified<'_>, issuer: Arc<Issuer>) -> Result<Self, TokenFault> {
        let Unverified { header, claims, .. } = token;
        let other_kind = claims.other_kind();
        let mut scopes = claims.scope;
        scopes.extend(claims.scp);
        let mut roles = claims.roles;
        roles.extend(claims.groups);
        Ok(Self {
            issuer,
            subject: claims.sub.or(claims.client_id).or(claims.azp).filter(|subject| !subject.is_empty()).ok_or(TokenFault::NoSubject)?,
            audiences: claims.aud,
            scopes,
            roles,
            expires: claims.exp.ok_or(TokenFault::NoExpiry)?,
            not_before: claims.nbf,
            issued_at: claims.iat,
            auth_time: claims.auth_time,
            acr: claims.acr,
            header_type: header.typ,
            other_kind,
            confirmation: claims.cnf,
            introspected: false,
        })
    }
}

impl VerifiedToken {
    /// What an issuer says of an active token (RFC 7662 section 2.2); none if it does not say whose it is. Without an end it is
    /// good for as long as the answer is.
    pub(crate) fn introspected(claims: Claims, username: Option<String>, kind: Option<&str>, issuer: Arc<Issuer>) -> Option<Self> {
        let is = |name: &str| kind.is_some_and(|kind| kind.eq_ignore_ascii_case(name));
        let refresh = is("refresh_token") || is("refresh");
        let other_kind = if refresh { Some("refresh token") } else { claims.other_kind() };
        let subjects = [claims.sub, username, claims.client_id, claims.azp];
        Some(Self {
            issuer,
            subject: subjects.into_iter().flatten().find(|subject| !subject.is_empty())?,
            audiences: claims.aud,
            scopes: [claims.scope, claims.scp].concat(),
            roles: [claims.roles, claims.groups].concat(),
            expires: claims.exp.unwrap_or(END),
            not_before: claims.nbf,
            issued_at: claims.iat,
            auth_time: claims.auth_time,
            acr: claims.acr,
            header_type: None,
            other_kind,
            confirmation: claims.cnf.or_else(|| is("DPoP").then_some(Confirmation { key: None, certificate: None })),
            introspected: true,
        })
    }
}

fn confirmation<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Confirmation>, D::Error> {
    let Some(cnf) = Option::<serde_json::Value>::deserialize(deserializer)? else { return Ok(None) };
    let text = |name: &str| cnf.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    Ok(Some(Confirmation { key: text("jkt"), certificate: text("x5t#S256") }))
}

/// NumericDate: a JSON number of seconds, fractions cut off. Anything that is not a number, or out of range, is a fault.
pub(crate) fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Date {
        Whole(i64),
        Fraction(f64),
    }
    let seconds = match Date::deserialize(deserializer)? {
        Date::Whole(seconds) => seconds,
        Date::Fraction(seconds) if seconds.is_finite() && (0.0..END as f64).contains(&seconds) => seconds as i64,
        Date::Fraction(_) => return Err(D::Error::custom("a date out of range")),
    };
    if (0..END).contains(&seconds) { Ok(Some(seconds)) } else { Err(D::Error::custom("a date out of range")) }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

pub(crate) fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(text) => vec![text],
        OneOrMore::More(texts) => texts,
    })
}

fn spaced<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(text) => text.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        OneOrMore::More(texts) => texts,
    })
}
