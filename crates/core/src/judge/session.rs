//! Cookie sessions. Because a browser sends the cookie by itself, a request that changes something must come from the
//! site's own pages.

use super::{basic, known};
use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::facts::{Facts, Need, SessionInUse};
use crate::identity::{Identity, Source};
use crate::parts::RequestParts;
use crate::record::Timestamp;
use crate::requirement::Requirement;
use crate::secret::SecretHash;
use crate::verdict::Stop;
use http::Method;
use http::header::ORIGIN;

/// The length of a session cookie's value: 32 random bytes in base64url.
const COOKIE_LENGTH: usize = 43;

pub(super) fn judge(
    cookie: &str,
    parts: &RequestParts<'_>,
    requirement: &Requirement,
    facts: &impl Facts,
    now: Timestamp,
) -> Result<Identity, Stop> {
    let well_formed = cookie.len() == COOKIE_LENGTH && cookie.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !well_formed {
        let evidence = Evidence::none().differs(Subject::Length, Value::Number(COOKIE_LENGTH as i64), Value::Number(cookie.len() as i64));
        return Err(Stop::refuse(Cause::SessionMalformed, evidence));
    }
    let hash = SecretHash::of(cookie);
    let Some(SessionInUse { session, last_seen }) = known(facts.session(&hash), || Need::Session(hash))? else {
        let fingerprint = Value::Fingerprint(facts.fingerprint(cookie.as_bytes()));
        return Err(Stop::refuse(Cause::SessionUnknown, Evidence::none().presented(Subject::Session, fingerprint)));
    };
    let named = || {
        Evidence::none()
            .presented(Subject::Session, Value::text(&session.id))
            .presented(Subject::Account, Value::Number(session.account.id))
    };
    if let Some(login) = session.login.as_ref().filter(|login| !requirement.providers.contains(&login.provider)) {
        // Made on another site, which trusts somebody whom this one does not.
        let trusted = Value::texts(requirement.providers.iter().map(String::as_str));
        return Err(Stop::refuse(Cause::SessionUnknown, named().differs(Subject::Provider, trusted, Value::text(&login.provider))));
    }
    if let Some(revoked) = session.revoked.filter(|revoked| *revoked <= now) {
        return Err(Stop::refuse(Cause::SessionRevoked, named().presented(Subject::Revoked, Value::Time(revoked))));
    }
    if session.expires <= now {
        return Err(Stop::refuse(Cause::SessionOver, named().differs(Subject::Expiry, Value::Time(now), Value::Time(session.expires))));
    }
    if last_seen + session.idle <= now {
        return Err(Stop::refuse(
            Cause::SessionIdle,
            named().differs(Subject::LastSeen, Value::Time(now - session.idle), Value::Time(last_seen)),
        ));
    }
    basic::usable(&session.account)
        .map_err(|cause| Stop::refuse(cause, named().presented(Subject::AccountState, Value::Time(session.account.state_since))))?;
    check_origin(parts, requirement)?;
    Ok(Identity(Source::Session(session)))
}

/// A request that changes something must not come from another site. Browsers say where it comes from in
/// `Sec-Fetch-Site` and `Origin`; a client that sends neither is no browser and sent the cookie on purpose.
fn check_origin(parts: &RequestParts<'_>, requirement: &Requirement) -> Result<(), Stop> {
    if [Method::GET, Method::HEAD, Method::OPTIONS].contains(parts.method) && !parts.headers.contains_key(http::header::UPGRADE) {
        return Ok(());
    }
    let text = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap_or("(unreadable)"));
    let origin = text(ORIGIN.as_str());
    if origin.is_some_and(|origin| parts.is_own_origin(origin) || requirement.origins.iter().any(|allowed| allowed == origin)) {
        return Ok(());
    }
    match (text("sec-fetch-site"), origin) {
        (Some("same-origin" | "none"), _) | (None, None) => Ok(()),
        (site, origin) => {
            let evidence =
                Evidence::none().differs(Subject::Origin, Value::text(parts.host), Value::text(origin.or(site).unwrap_or_default()));
            Err(Stop::refuse(Cause::OriginRefused, evidence))
        }
    }
}
