//! The ID token (OpenID Connect Core sections 2 and 3.1.3.7): read by the strict layer that access tokens are read by.

use super::party::RelyingParty;
use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::record::Timestamp;
use crate::token::{Algorithm, KeySet, Unverified, date, one_or_more};
use crate::verdict::{Refusal, Stop};
use aws_lc_rs::digest::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Map;
use subtle::ConstantTimeEq;

/// The longest subject (OpenID Connect Core section 2).
const SUBJECT_LIMIT: usize = 255;

/// What an ID token must fit.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// The login that it was made for; none where it comes with a refresh.
    pub login: Option<&'a super::LoginState>,
    /// The access token that came with it.
    pub access_token: &'a str,
    /// Now.
    pub now: Timestamp,
}

/// An ID token that passed.
#[derive(Clone, Debug)]
pub struct IdToken {
    /// `sub`.
    pub subject: String,
    /// `sid`.
    pub sid: Option<String>,
    /// `acr`.
    pub acr: Option<String>,
    /// `auth_time`.
    pub auth_time: Option<Timestamp>,
    /// All claims.
    pub claims: Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    #[serde(deserialize_with = "one_or_more")]
    aud: Vec<String>,
    azp: Option<String>,
    #[serde(default, deserialize_with = "date")]
    exp: Option<Timestamp>,
    #[serde(default, deserialize_with = "date")]
    iat: Option<Timestamp>,
    #[serde(default, deserialize_with = "date")]
    nbf: Option<Timestamp>,
    #[serde(default, deserialize_with = "date")]
    auth_time: Option<Timestamp>,
    acr: Option<String>,
    nonce: Option<String>,
    at_hash: Option<String>,
    sid: Option<String>,
    events: Option<IgnoredAny>,
}

/// Which key a token names, so that it can be had before it is checked.
///
/// # Errors
/// `id-token-refused` if it cannot be read.
pub fn key_id(raw: &str) -> Result<Option<String>, Refusal> {
    Unverified::read(raw).map(|token| token.header.kid).map_err(|fault| form(&fault.to_string()))
}

/// Checks an ID token.
///
/// # Errors
/// `id-token-refused`, `login-issuer-mismatch`, `login-nonce-mismatch`, and `authentication-too-weak` or
/// `authentication-too-old` where the login asked for more.
pub fn check_id_token(raw: &str, keys: &KeySet, party: &RelyingParty, expected: Expected<'_>) -> Result<IdToken, Refusal> {
    let token = Unverified::read(raw).map_err(|fault| form(&fault.to_string()))?;
    if let Some(kind) = token.header.typ.as_deref().filter(|kind| !kind.eq_ignore_ascii_case("JWT")) {
        return Err(refused(Evidence::none().differs(Subject::TokenType, Value::text("JWT"), Value::text(kind))));
    }
    keys.check_signature(&token, &party.issuer).map_err(as_login)?;
    let claims: Claims = token.claims_as().ok_or_else(|| form("its claims are not those of an ID token"))?;
    if claims.iss != party.issuer.issuer {
        let evidence = Evidence::none().differs(Subject::Issuer, Value::text(&party.issuer.issuer), Value::text(&claims.iss));
        return Err(Refusal::new(Cause::LoginIssuerMismatch, evidence));
    }
    check_audience(&claims, party)?;
    if claims.events.is_some() || token.claims.other_kind().is_some_and(|kind| kind != "ID token") {
        return Err(refused(Evidence::none().differs(Subject::TokenType, Value::text("ID token"), Value::text("another kind of token"))));
    }
    if claims.sub.is_empty() || claims.sub.len() > SUBJECT_LIMIT || claims.sub.chars().any(char::is_control) {
        return Err(form("its subject is empty, too long, or has control characters"));
    }
    check_times(&claims, party, expected)?;
    check_hash(&token, &claims, expected.access_token)?;
    check_login(&claims, party, expected)?;
    let all = token.claims_as().ok_or_else(|| form("its claims are not an object"))?;
    Ok(IdToken { subject: claims.sub, sid: claims.sid, acr: claims.acr, auth_time: claims.auth_time, claims: all })
}

/// It is for this client, and for another besides only if it says that this one got it.
fn check_audience(claims: &Claims, party: &RelyingParty) -> Result<(), Refusal> {
    let client = &party.client_id;
    let ours = claims.aud.contains(client) && claims.azp.as_ref().is_none_or(|azp| azp == client);
    if ours && (claims.aud.len() == 1 || claims.azp.is_some()) {
        return Ok(());
    }
    let presented = Value::texts(claims.aud.iter().chain(&claims.azp).map(String::as_str));
    Err(refused(Evidence::none().differs(Subject::Audience, Value::text(client), presented)))
}

fn check_times(claims: &Claims, party: &RelyingParty, expected: Expected<'_>) -> Result<(), Refusal> {
    let (now, leeway) = (expected.now, party.issuer.leeway);
    let expires = claims.exp.ok_or_else(|| form("there is no expiry"))?;
    let issued = claims.iat.ok_or_else(|| form("there is no time of issue"))?;
    if expires + leeway <= now {
        return Err(refused(Evidence::none().differs(Subject::Expiry, Value::Time(now - leeway), Value::Time(expires))));
    }
    let ahead = [(Subject::IssuedAt, Some(issued)), (Subject::NotBefore, claims.nbf)];
    if let Some((about, date)) = ahead.into_iter().find_map(|(about, date)| Some((about, date.filter(|date| *date > now + leeway)?))) {
        return Err(refused(Evidence::none().differs(about, Value::Time(now + leeway), Value::Time(date))));
    }
    match expected.login {
        // It answers this login, so it is not older than that.
        Some(login) if issued + leeway < login.begun => {
            Err(refused(Evidence::none().differs(Subject::IssuedAt, Value::Time(login.begun - leeway), Value::Time(issued))))
        }
        _ => Ok(()),
    }
}

/// The access token that came along is the one that was meant (section 3.1.3.6).
fn check_hash(token: &Unverified<'_>, claims: &Claims, access_token: &str) -> Result<(), Refusal> {
    let Some(at_hash) = &claims.at_hash else { return Ok(()) };
    let hash = Algorithm::from_name(&token.header.alg).map(|algorithm| digest(algorithm.hash(), access_token.as_bytes()));
    let half = hash.as_ref().and_then(|hash| hash.as_ref().get(..hash.as_ref().len() / 2)).map(|half| URL_SAFE_NO_PAD.encode(half));
    if half.is_some_and(|half| bool::from(half.as_bytes().ct_eq(at_hash.as_bytes()))) {
        return Ok(());
    }
    Err(form("its at_hash does not fit the access token"))
}

/// It was made for the login that this browser began, and the person authenticated as that asked for.
fn check_login(claims: &Claims, party: &RelyingParty, expected: Expected<'_>) -> Result<(), Refusal> {
    let Some(login) = expected.login else { return Ok(()) };
    if !claims.nonce.as_ref().is_some_and(|nonce| bool::from(nonce.as_bytes().ct_eq(login.nonce.as_bytes()))) {
        let presented = if claims.nonce.is_some() { "another" } else { "(none)" };
        let evidence = Evidence::none().differs(Subject::Nonce, Value::text("that of the login"), Value::text(presented));
        return Err(Refusal::new(Cause::LoginNonceMismatch, evidence));
    }
    if !login.acr.is_empty() && !claims.acr.as_ref().is_some_and(|acr| login.acr.contains(acr)) {
        let needed = Value::texts(login.acr.iter().map(String::as_str));
        let evidence =
            Evidence::none().differs(Subject::AuthenticationContext, needed, Value::text(claims.acr.as_deref().unwrap_or("(none)")));
        return Err(Refusal::new(Cause::AuthenticationTooWeak, evidence));
    }
    let at = claims.auth_time.unwrap_or(0);
    match login.max_age {
        Some(max_age) if at + max_age + party.issuer.leeway < expected.now => {
            let evidence = Evidence::none().differs(Subject::AuthenticationTime, Value::Time(expected.now - max_age), Value::Time(at));
            Err(Refusal::new(Cause::AuthenticationTooOld, evidence))
        }
        _ => Ok(()),
    }
}

/// What is wrong with a token's signature, as what is wrong with a login.
fn as_login(stop: Stop) -> Refusal {
    match stop {
        Stop::Refuse(refusal) => {
            let evidence = refusal.evidence.presented(Subject::Form, Value::text(refusal.cause.code()));
            refused(evidence)
        }
        Stop::Needs(_) | Stop::Unable(_) => form("its signature could not be checked"),
    }
}

fn form(text: &str) -> Refusal {
    refused(Evidence::none().presented(Subject::Form, Value::text(text)))
}

fn refused(evidence: Evidence) -> Refusal {
    Refusal::new(Cause::IdTokenRefused, evidence)
}
