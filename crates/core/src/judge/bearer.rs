//! Bearer (RFC 6750) with a signed JWT (RFC 7519, RFC 9068), or with a token that its issuer is asked about (`introspection`).
//! Who may present a token that is bound to somebody is `binding`'s.

use super::binding::{self, SentAs};
use super::{introspection, known, misplaced};
use crate::api_key::API_KEY_PREFIX;
use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::facts::{Facts, Need};
use crate::identity::{Identity, Source};
use crate::issuer::Issuer;
use crate::parts::RequestParts;
use crate::record::Timestamp;
use crate::requirement::{Requirement, Scheme};
use crate::token::{TokenFault, Unverified, VerifiedToken};
use crate::verdict::Stop;
use std::sync::Arc;

pub(super) fn judge(
    raw: &str,
    sent_as: SentAs,
    parts: &RequestParts<'_>,
    requirement: &Requirement,
    facts: &impl Facts,
    now: Timestamp,
) -> Result<Identity, Stop> {
    let raw = raw.trim_matches(' ');
    let token = find(raw, requirement, facts, now)?;
    // The token may have been verified for a site that trusts other issuers.
    if !requirement.issuers.contains(&token.issuer) {
        return Err(unknown_issuer(Some(&token.issuer.issuer), requirement));
    }
    check_kind(&token)?;
    check_time(&token, now)?;
    check_audience(&token)?;
    let proven = binding::check(&token, raw, sent_as, parts, requirement, facts, now)?;
    Ok(Identity(Source::Token(token, proven)))
}

fn find(raw: &str, requirement: &Requirement, facts: &impl Facts, now: Timestamp) -> Result<Arc<VerifiedToken>, Stop> {
    if introspection::is_asked(raw, requirement) {
        check_form(raw, requirement)?;
        if let Some(token) = introspection::find(raw, requirement, facts, now)? {
            return Ok(token);
        }
    }
    facts.token(raw, || verify(raw, requirement, facts))
}

/// The grammar of RFC 6750 section 2.1, and a key of ours in the wrong place.
fn check_form(raw: &str, requirement: &Requirement) -> Result<(), Stop> {
    if raw.starts_with(API_KEY_PREFIX) {
        return Err(misplaced(requirement, "Authorization: Bearer"));
    }
    let token68 = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    let form = if raw.is_empty() {
        "there is no token after the scheme"
    } else if !raw.bytes().all(token68) {
        "the token has characters that no token has"
    } else {
        return Ok(());
    };
    let evidence = Evidence::none().presented(Subject::Scheme, Value::text(Scheme::Bearer.name()));
    Err(Stop::refuse(Cause::CredentialsMalformed, evidence.presented(Subject::Form, Value::text(form))))
}

fn verify(raw: &str, requirement: &Requirement, facts: &impl Facts) -> Result<VerifiedToken, Stop> {
    check_form(raw, requirement)?;
    let token = Unverified::read(raw).map_err(|fault| malformed(fault, raw))?;
    let named = token.claims.iss.as_deref();
    let issuer = requirement
        .issuers
        .iter()
        .find(|issuer| Some(issuer.issuer.as_str()) == named)
        .ok_or_else(|| unknown_issuer(named, requirement))?;
    let kid = token.header.kid.as_deref();
    let keys = known(facts.keys(issuer, kid), || Need::Keys(issuer.clone(), kid.map(str::to_owned)))?;
    keys.verify(token, issuer)
}

pub(super) fn malformed(fault: TokenFault, raw: &str) -> Stop {
    let cause = if fault == TokenFault::EmbeddedKey { Cause::TokenKeyUnknown } else { Cause::TokenMalformed };
    let evidence = Evidence::none().presented(Subject::Form, Value::text(&fault.to_string()));
    Stop::refuse(cause, evidence.presented(Subject::Length, Value::Number(raw.len() as i64)))
}

pub(super) fn unknown_issuer(named: Option<&str>, requirement: &Requirement) -> Stop {
    let trusted = Value::texts(requirement.issuers.iter().map(|issuer| issuer.issuer.as_str()));
    Stop::refuse(Cause::TokenIssuerUnknown, Evidence::none().differs(Subject::Issuer, trusted, Value::text(named.unwrap_or("(none)"))))
}

fn check_kind(token: &VerifiedToken) -> Result<(), Stop> {
    let wrong = |expected: &str, presented: &str| {
        let evidence = Evidence::none().differs(Subject::TokenType, Value::text(expected), Value::text(presented));
        Err(Stop::refuse(Cause::TokenKindWrong, evidence))
    };
    let kind = token.header_type.as_deref().map(|kind| kind.strip_prefix("application/").unwrap_or(kind));
    let is = |name: &str| kind.is_some_and(|kind| kind.eq_ignore_ascii_case(name));
    if let Some(other) = token.other_kind {
        return wrong("access token", other);
    }
    if token.issuer.access_token_type && !token.introspected && !is("at+jwt") {
        return wrong("at+jwt", kind.unwrap_or("(none)"));
    }
    if kind.is_some() && !is("at+jwt") && !is("JWT") {
        return wrong("at+jwt", kind.unwrap_or_default());
    }
    Ok(())
}

fn check_time(token: &VerifiedToken, now: Timestamp) -> Result<(), Stop> {
    let leeway = token.issuer.leeway;
    if token.expires + leeway <= now {
        let evidence = Evidence::none().differs(Subject::Expiry, Value::Time(now - leeway), Value::Time(token.expires));
        let evidence = token.issued_at.into_iter().fold(evidence, |evidence, at| evidence.presented(Subject::IssuedAt, Value::Time(at)));
        return Err(Stop::refuse(Cause::TokenExpired, evidence.presented(Subject::Issuer, Value::text(&token.issuer.issuer))));
    }
    let dates = [(Subject::NotBefore, token.not_before), (Subject::IssuedAt, token.issued_at)];
    match dates.into_iter().find_map(|(about, date)| Some((about, date.filter(|date| *date > now + leeway)?))) {
        None => Ok(()),
        Some((about, date)) => {
            let evidence = Evidence::none().differs(about, Value::Time(now + leeway), Value::Time(date));
            Err(Stop::refuse(Cause::TokenNotYetValid, evidence.presented(Subject::Issuer, Value::text(&token.issuer.issuer))))
        }
    }
}

fn check_audience(token: &VerifiedToken) -> Result<(), Stop> {
    let Issuer { audiences, .. } = Arc::as_ref(&token.issuer);
    let optional = token.introspected && token.issuer.introspection.as_ref().is_some_and(|introspector| !introspector.require_audience);
    if token.audiences.iter().any(|audience| audiences.contains(audience)) || (optional && token.audiences.is_empty()) {
        return Ok(());
    }
    let texts = |audiences: &[String]| Value::texts(audiences.iter().map(String::as_str));
    let evidence = Evidence::none().differs(Subject::Audience, texts(audiences), texts(&token.audiences));
    Err(Stop::refuse(Cause::TokenAudienceMismatch, evidence.presented(Subject::Issuer, Value::text(&token.issuer.issuer))))
}
