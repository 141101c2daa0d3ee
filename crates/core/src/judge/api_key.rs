//! API keys: random values that were given out once and are known as hashes.

use super::{basic, known};
use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::facts::{Facts, Need};
use crate::identity::{Identity, Source};
use crate::parts::API_KEY_PREFIX;
use crate::presented::Place;
use crate::record::Timestamp;
use crate::secret::SecretHash;
use crate::verdict::Stop;

pub(super) fn judge(key: &str, place: Place, facts: &impl Facts, now: Timestamp) -> Result<Identity, Stop> {
    let hash = SecretHash::of(key);
    let Some(found) = known(facts.api_key(&hash), || Need::ApiKey(hash))? else {
        let form = if key.starts_with(API_KEY_PREFIX) { "has the prefix of our keys" } else { "lacks the prefix of our keys" };
        let evidence = Evidence::none().presented(Subject::ApiKey, Value::Fingerprint(facts.fingerprint(key.as_bytes())));
        let place = Value::text(if place == Place::Query { "query" } else { "header" });
        let evidence = evidence.presented(Subject::Form, Value::text(form)).presented(Subject::Place, place);
        return Err(Stop::refuse(Cause::ApiKeyUnknown, evidence.presented(Subject::Length, Value::Number(key.len() as i64))));
    };
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
