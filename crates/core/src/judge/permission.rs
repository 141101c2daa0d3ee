//! What an identity may do: roles, scopes, and how and when it authenticated (RFC 6750, RFC 9470).

use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::identity::Identity;
use crate::parts::RequestParts;
use crate::record::Timestamp;
use crate::requirement::Requirement;
use crate::verdict::Stop;

pub(super) fn check(identity: &Identity, parts: &RequestParts<'_>, requirement: &Requirement, now: Timestamp) -> Result<(), Stop> {
    let differs = |cause, about, needed: &[String], held: Value| {
        let evidence = Evidence::none().differs(about, texts(needed), held).presented(Subject::Subject, subject(identity));
        let key = identity.api_key().map(|key| Value::text(&key.id));
        Err(Stop::refuse(cause, key.into_iter().fold(evidence, |evidence, id| evidence.presented(Subject::ApiKey, id))))
    };
    if !requirement.acr.is_empty() && !identity.acr().is_some_and(|acr| requirement.acr.iter().any(|accepted| accepted == acr)) {
        return differs(
            Cause::AuthenticationTooWeak,
            Subject::AuthenticationContext,
            &requirement.acr,
            Value::text(identity.acr().unwrap_or("(none)")),
        );
    }
    if let Some(max_age) = requirement.max_age {
        let at = identity.authenticated_at(now).unwrap_or(0);
        if at + max_age < now {
            let evidence = Evidence::none().differs(Subject::AuthenticationTime, Value::Time(now - max_age), Value::Time(at));
            return Err(Stop::refuse(Cause::AuthenticationTooOld, evidence));
        }
    }
    if !requirement.roles.is_empty() && !requirement.roles.iter().any(|role| identity.roles().contains(role)) {
        return differs(Cause::RoleInsufficient, Subject::Roles, &requirement.roles, texts(identity.roles()));
    }
    let needed = requirement.scopes.needed(parts.method.as_str());
    if !needed.iter().all(|scope| identity.scopes().contains(scope)) {
        return differs(Cause::ScopeInsufficient, Subject::Scopes, needed, texts(identity.scopes()));
    }
    Ok(())
}

fn texts(texts: &[String]) -> Value {
    Value::texts(texts.iter().map(String::as_str))
}

/// Who lacks it: the local account's number, or the token's subject.
fn subject(identity: &Identity) -> Value {
    match identity.account() {
        Some(account) => Value::Number(account.id),
        None => Value::text(identity.subject().unwrap_or_default()),
    }
}
