//! Bearer tokens that say nothing by themselves: their issuers are asked (RFC 7662). What an issuer said a moment ago is
//! used again for as long as was agreed; what it says of a token is judged as the token would be.

use super::bearer::{malformed, unknown_issuer};
use super::known;
use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::facts::{Answer, Facts, Need};
use crate::introspection::{Finding, Introspection};
use crate::issuer::Issuer;
use crate::record::Timestamp;
use crate::requirement::Requirement;
use crate::secret::Secret;
use crate::token::{TOKEN_LIMIT, TokenFault, Unverified, VerifiedToken};
use crate::verdict::{Outage, Stop};
use std::sync::Arc;

/// The most issuers that are asked about one token.
const ASKED: usize = 4;

/// Is an issuer to be asked about this token?
pub(super) fn is_asked(raw: &str, requirement: &Requirement) -> bool {
    requirement.issuers.iter().any(|issuer| asks(issuer, is_signed(raw)))
}

/// What the issuers say of the token; none if it is one to be verified here.
pub(super) fn find(raw: &str, requirement: &Requirement, facts: &impl Facts, now: Timestamp) -> Result<Option<Arc<VerifiedToken>>, Stop> {
    let signed = is_signed(raw);
    let issuers: Vec<&Arc<Issuer>> = requirement.issuers.iter().filter(|issuer| asks(issuer, signed)).take(ASKED).collect();
    let remembered = |issuer: &&Arc<Issuer>| facts.introspected(issuer, raw).filter(|said| said.is_fresh(issuer, now));
    if let Some(Finding::Active(token)) = issuers.iter().filter_map(remembered).map(|said| said.finding.clone()).find(is_active) {
        return Ok(Some(token));
    }
    if raw.len() > TOKEN_LIMIT {
        return Err(malformed(TokenFault::TooLong, raw));
    }
    let issuers = if signed { named_by(raw, issuers) } else { issuers };
    if issuers.is_empty() {
        return Ok(None);
    }
    ask_all(raw, &issuers, requirement, facts, now).map(Some)
}

fn ask_all(
    raw: &str,
    issuers: &[&Arc<Issuer>],
    requirement: &Requirement,
    facts: &impl Facts,
    now: Timestamp,
) -> Result<Arc<VerifiedToken>, Stop> {
    let (mut outage, mut foreign): (Option<Box<Outage>>, Option<String>) = (None, None);
    for issuer in issuers {
        let finding = match ask(raw, issuer, facts, now) {
            Ok(said) => said.finding.clone(),
            Err(Stop::Unable(unreachable)) => match served(raw, issuer, requirement, facts, now) {
                Some(token) => Finding::Active(token),
                None => {
                    outage.get_or_insert(unreachable);
                    continue;
                }
            },
            Err(stop) => return Err(stop),
        };
        match finding {
            Finding::Active(token) => return Ok(token),
            Finding::Foreign(named) => foreign = Some(named),
            Finding::Inactive => {}
        }
    }
    match (outage, foreign) {
        // One that did not answer might have known it.
        (Some(outage), _) => Err(Stop::Unable(outage)),
        (None, Some(named)) => Err(unknown_issuer(Some(&named), requirement)),
        (None, None) => {
            let asked = Value::texts(issuers.iter().map(|issuer| issuer.issuer.as_str()));
            let evidence = Evidence::none().presented(Subject::Issuer, asked);
            let evidence = evidence.presented(Subject::Token, Value::Fingerprint(facts.fingerprint(raw.as_bytes())));
            Err(Stop::refuse(Cause::TokenInactive, evidence.presented(Subject::Length, Value::Number(raw.len() as i64))))
        }
    }
}

fn ask(raw: &str, issuer: &Arc<Issuer>, facts: &impl Facts, now: Timestamp) -> Result<Arc<Introspection>, Stop> {
    let given = facts.introspection(issuer, raw);
    if let Answer::NotYet = given
        && let Some(said) = facts.introspected(issuer, raw).filter(|said| said.is_fresh(issuer, now))
    {
        return Ok(said);
    }
    known(given, || Need::Introspection(issuer.clone(), Secret::new(raw)))
}

/// The endpoint is down: what was found active of late is served, if the rule says so.
fn served(raw: &str, issuer: &Arc<Issuer>, requirement: &Requirement, facts: &impl Facts, now: Timestamp) -> Option<Arc<VerifiedToken>> {
    let said = facts.introspected(issuer, raw)?;
    match &said.finding {
        Finding::Active(token) if now - said.answered < requirement.serve_verified_for => Some(token.clone()),
        _ => None,
    }
}

fn is_active(finding: &Finding) -> bool {
    matches!(finding, Finding::Active(_))
}

fn asks(issuer: &Issuer, signed: bool) -> bool {
    issuer.introspection.as_ref().is_some_and(|introspector| introspector.all || !signed)
}

/// Does it look like a JWT: three parts, the first of them a JSON object in base64url?
fn is_signed(raw: &str) -> bool {
    (raw.starts_with("ey") || raw.starts_with("ew")) && raw.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// A JWT is shown to nobody but the issuer that it names.
fn named_by<'a>(raw: &str, issuers: Vec<&'a Arc<Issuer>>) -> Vec<&'a Arc<Issuer>> {
    let named = Unverified::read(raw).ok().and_then(|token| token.claims.iss);
    issuers.into_iter().filter(|issuer| Some(&issuer.issuer) == named.as_ref()).collect()
}
