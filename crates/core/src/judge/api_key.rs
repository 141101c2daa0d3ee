//! API keys: random values that were given out once and are known as hashes.

use super::{basic, known};
use crate::api_key::{KeyFault, check_api_key};
use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::facts::{Answer, Facts, Need};
use crate::identity::{Identity, Source};
use crate::presented::Place;
use crate::record::{ApiKey, Timestamp};
use crate::requirement::Requirement;
use crate::secret::SecretHash;
use crate::verdict::Stop;
use std::sync::Arc;

pub(super) fn judge(key: &str, place: Place, requirement: &Requirement, facts: &impl Facts, now: Timestamp) -> Result<Identity, Stop> {
    let found = find(key, place, requirement, facts)?;
    let named =
        || Evidence::none().presented(Subject::ApiKey, Value::text(&found.id)).presented(Subject::Account, Value::Number(found.account.id));
    if let Some(revoked) = found.revoked.filter(|revoked| *revoked <= now) {
        return Err(Stop::refuse(Cause::ApiKeyRevoked, named().presented(Subject::Revoked, Value::Time(revoked))));
    }
    if let Some(expires) = found.expires.filter(|expires| *expires <= now) {
        return Err(Stop::refuse(Cause::ApiKeyExpired, named().differs(Subject::Expiry, Value::Time(now), Value::Time(expires))));
    }
    basic::usable(&found.account)
        .map_err(|cause| Stop::refuse(cause, named().presented(Subject::AccountState, Value::Time(found.account.state_since))))?;
    Ok(Identity(Source::Key(found)))
}

fn find(key: &str, place: Place, requirement: &Requirement, facts: &impl Facts) -> Result<Arc<ApiKey>, Stop> {
    let hash = SecretHash::of(key);
    let answer = facts.api_key(&hash);
    // A key that is at hand was looked at before; one that cannot exist is not asked for.
    if !matches!(answer, Answer::Known(_)) {
        check_form(key, place, requirement, facts)?;
    }
    known(answer, || Need::ApiKey(hash))?.ok_or_else(|| Stop::refuse(Cause::ApiKeyUnknown, seen(key, place, facts)))
}

/// What can be told of a key without knowing which there are.
fn check_form(key: &str, place: Place, requirement: &Requirement, facts: &impl Facts) -> Result<(), Stop> {
    let environment = &requirement.api_keys.environment;
    let Err(fault) = check_api_key(key, environment) else { return Ok(()) };
    let evidence = seen(key, place, facts);
    Err(match fault {
        KeyFault::Foreign => Stop::refuse(Cause::ApiKeyUnknown, evidence.presented(Subject::Form, Value::text(&fault.to_string()))),
        KeyFault::Mistyped => Stop::refuse(Cause::ApiKeyMistyped, evidence.presented(Subject::Form, Value::text(&fault.to_string()))),
        KeyFault::Elsewhere(other) => {
            let named = |name: &str| Value::text(if name.is_empty() { "(none)" } else { name });
            Stop::refuse(Cause::ApiKeyElsewhere, evidence.differs(Subject::Environment, named(environment), named(&other)))
        }
    })
}

fn seen(key: &str, place: Place, facts: &impl Facts) -> Evidence {
    let place = match place {
        Place::Header => "header",
        Place::Query => "query",
        Place::Cookie => "cookie",
        Place::Body => "body",
    };
    Evidence::none()
        .presented(Subject::ApiKey, Value::Fingerprint(facts.fingerprint(key.as_bytes())))
        .presented(Subject::Place, Value::text(place))
        .presented(Subject::Length, Value::Number(key.len() as i64))
}
