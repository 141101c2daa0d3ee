//! Basic (RFC 7617): a name and a password.

use super::{known, misplaced};
use crate::api_key::API_KEY_PREFIX;
use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::facts::{Facts, Need, PasswordAnswer, PasswordQuestion};
use crate::identity::{Identity, Source};
use crate::parts::RequestParts;
use crate::record::{Account, AccountName, AccountState, Timestamp};
use crate::requirement::Requirement;
use crate::secret::Secret;
use crate::verdict::{Refusal, Step, Stop};
use countersign_grammar::decode_basic;
use std::net::IpAddr;
use std::sync::Arc;

pub(super) fn judge(
    rest: &str,
    parts: &RequestParts<'_>,
    requirement: &Requirement,
    facts: &impl Facts,
    now: Timestamp,
) -> Result<Identity, Stop> {
    let pair = decode_basic(rest).map_err(|fault| {
        Stop::refuse(Cause::CredentialsMalformed, Evidence::none().presented(Subject::Form, Value::text(&fault.to_string())))
    })?;
    if pair.user().starts_with(API_KEY_PREFIX) || pair.password().starts_with(API_KEY_PREFIX) {
        return Err(misplaced(requirement, "Authorization: Basic"));
    }
    let account = check(pair.user(), pair.password(), parts.client, facts, now)?;
    Ok(Identity(Source::Password(account)))
}

/// Judges a name and a password that came by a form instead of a header.
pub fn judge_password(name: &str, password: &str, client: IpAddr, facts: &impl Facts, now: Timestamp) -> Step {
    check(name, password, client, facts, now).map(|account| Identity(Source::Password(account))).into()
}

/// The same questions in the same order whatever the account's state, so that time tells nothing about it.
fn check(name: &str, password: &str, client: IpAddr, facts: &impl Facts, now: Timestamp) -> Result<Arc<Account>, Stop> {
    let name = AccountName::new(name);
    let account = known(facts.account(&name), || Need::Account(name.clone()))?;
    let hash = account.as_ref().and_then(|account| account.password.clone());
    let question = PasswordQuestion { name: name.clone(), hash, password: Secret::new(password), client };
    let answer = known(facts.password(&question), || Need::Password(question.clone()))?;
    let named = Evidence::none().presented(Subject::AccountName, Value::Fingerprint(facts.fingerprint(name.as_str().as_bytes())));
    if let PasswordAnswer::Throttled { retry_after } = answer {
        let refusal = Refusal { cause: Cause::AttemptsExceeded, evidence: named, retry_after: Some(retry_after) };
        return Err(Stop::Refuse(Box::new(refusal)));
    }
    let right = answer == PasswordAnswer::Right;
    let Some(account) = account else {
        return Err(Stop::refuse(Cause::AccountUnknown, named));
    };
    let named = named
        .presented(Subject::Account, Value::Number(account.id))
        .presented(Subject::Password, Value::text(if right { "right" } else { "wrong" }));
    if let Err(cause) = usable(&account) {
        return Err(Stop::refuse(cause, named.presented(Subject::AccountState, Value::Time(account.state_since))));
    }
    match account.password_expires {
        _ if !right => Err(Stop::refuse(Cause::PasswordWrong, named)),
        Some(expires) if expires <= now => {
            Err(Stop::refuse(Cause::PasswordExpired, named.presented(Subject::Expiry, Value::Time(expires))))
        }
        _ => Ok(account),
    }
}

/// May the account be used, at any door?
pub(super) fn usable(account: &Account) -> Result<(), Cause> {
    match account.state {
        AccountState::Active => Ok(()),
        AccountState::Locked => Err(Cause::AccountLocked),
        AccountState::Disabled => Err(Cause::AccountDisabled),
    }
}
