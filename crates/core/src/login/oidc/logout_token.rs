//! The token by which a provider ends sessions from behind (OpenID Connect Back-Channel Logout 1.0 sections 2.4 and 2.6).

use super::party::RelyingParty;
use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::facts::OneTime;
use crate::record::Timestamp;
use crate::secret::SecretHash;
use crate::token::{KeySet, Unverified, date, one_or_more};
use crate::verdict::{Refusal, Stop};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Map;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How old a logout may be, in seconds: it is sent at once.
const LASTS: i64 = 5 * 60;

/// A logout that passed, if it was not used before.
#[derive(Clone, Debug)]
pub struct LogoutToken {
    /// Whose sessions end.
    pub subject: Option<String>,
    /// Which session of the provider's ends.
    pub sid: Option<String>,
    /// It counts once.
    pub once: OneTime,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    #[serde(deserialize_with = "one_or_more")]
    aud: Vec<String>,
    #[serde(default, deserialize_with = "date")]
    iat: Option<Timestamp>,
    #[serde(default, deserialize_with = "date")]
    exp: Option<Timestamp>,
    jti: Option<String>,
    sub: Option<String>,
    sid: Option<String>,
    events: Option<Map<String, serde_json::Value>>,
    nonce: Option<IgnoredAny>,
}

/// Checks a logout token.
///
/// # Errors
/// `logout-refused`.
pub fn check_logout_token(raw: &str, keys: &KeySet, party: &RelyingParty, now: Timestamp) -> Result<LogoutToken, Refusal> {
    let token = Unverified::read(raw).map_err(|fault| form(&fault.to_string()))?;
    let kind = token.header.typ.as_deref().map(|kind| kind.strip_prefix("application/").unwrap_or(kind));
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("logout+jwt") && !kind.eq_ignore_ascii_case("JWT")) {
        return Err(refused(Evidence::none().differs(
            Subject::TokenType,
            Value::text("logout+jwt"),
            Value::text(kind.unwrap_or_default()),
        )));
    }
    keys.check_signature(&token, &party.issuer).map_err(|stop| match stop {
        Stop::Refuse(refusal) => refused(refusal.evidence.presented(Subject::Form, Value::text(refusal.cause.code()))),
        Stop::Needs(_) | Stop::Unable(_) => form("its signature could not be checked"),
    })?;
    let claims: Claims = token.claims_as().ok_or_else(|| form("its claims are not those of a logout token"))?;
    if claims.iss != party.issuer.issuer {
        return Err(refused(Evidence::none().differs(Subject::Issuer, Value::text(&party.issuer.issuer), Value::text(&claims.iss))));
    }
    if !claims.aud.contains(&party.client_id) {
        let presented = Value::texts(claims.aud.iter().map(String::as_str));
        return Err(refused(Evidence::none().differs(Subject::Audience, Value::text(&party.client_id), presented)));
    }
    if claims.nonce.is_some() {
        return Err(form("it has a nonce, as ID tokens have"));
    }
    if !claims.events.as_ref().and_then(|events| events.get(EVENT)).is_some_and(serde_json::Value::is_object) {
        return Err(form("it does not say that it is about a logout"));
    }
    let leeway = party.issuer.leeway;
    let issued = claims.iat.ok_or_else(|| form("there is no time of issue"))?;
    if issued > now + leeway || issued + LASTS + leeway < now || claims.exp.is_some_and(|exp| exp + leeway <= now) {
        return Err(refused(Evidence::none().differs(Subject::IssuedAt, Value::Time(now), Value::Time(issued))));
    }
    let jti = claims.jti.filter(|jti| !jti.is_empty()).ok_or_else(|| form("there is no jti"))?;
    let texts = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (subject, sid) = (texts(claims.sub), texts(claims.sid));
    if subject.is_none() && sid.is_none() {
        return Err(form("it names neither a person nor a session"));
    }
    let hash = SecretHash::of(&format!("logout\n{}\n{jti}", party.issuer.issuer));
    Ok(LogoutToken { subject, sid, once: OneTime { hash, until: issued + LASTS + 2 * leeway + 1 } })
}

fn form(text: &str) -> Refusal {
    refused(Evidence::none().presented(Subject::Form, Value::text(text)))
}

fn refused(evidence: Evidence) -> Refusal {
    Refusal::new(Cause::LogoutRefused, evidence)
}
