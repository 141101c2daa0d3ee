//! Digest (RFC 7616): a hash over password, request and nonce, compared with what is kept of the password for it.
//!
//! ```text
//! form ─► algorithm, qop, realm ─► target ─► nonce ─► secret ─► response ─► counted ─► Identity
//! └─────────── free: nothing is known of any account ───────┘                └─ wrong ones as for passwords, right ones once
//! ```
//!
//! An unknown account is compared with a decoy and counted like a known one, and whoever counts lets every refusal take
//! the same time.

use super::{basic, known};
use crate::cause::Cause;
use crate::digest::{Algorithm, Qop, Salt, request_digest, request_digest_of_body, response};
use crate::evidence::{Evidence, Subject, Value};
use crate::facts::{DigestCount, DigestKey, DigestUse, DigestUser, Facts, Need};
use crate::identity::{DigestProof, Identity, Source};
use crate::nonce::Nonce;
use crate::parts::RequestParts;
use crate::record::{AccountName, DigestRecord, Timestamp};
use crate::requirement::{Requirement, Scheme};
use crate::secret::Secret;
use crate::target::Target;
use crate::verdict::{Refusal, Stop};
use countersign_grammar::{DigestCredentials, decode_digest, split_scheme};
use http::Method;
use http::header::AUTHORIZATION;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// By how many milliseconds a clock may be set back without all nonces being taken for stale.
const SET_BACK: i64 = 60_000;

pub(super) fn judge(
    rest: &str,
    parts: &RequestParts<'_>,
    requirement: &Requirement,
    facts: &impl Facts,
    now: Timestamp,
) -> Result<Identity, Stop> {
    let sent =
        decode_digest(rest).map_err(|fault| malformed(Evidence::none().presented(Subject::Form, Value::text(&fault.to_string()))))?;
    let (algorithm, qop) = offered(&sent, requirement)?;
    check_target(&sent.uri, parts)?;
    let nonce = check_nonce(&sent, requirement, facts, now)?;
    let key = DigestKey {
        user: if sent.userhash { DigestUser::Hash(sent.username.to_string()) } else { DigestUser::Name(AccountName::new(&sent.username)) },
        realm: requirement.realm.clone(),
        algorithm,
    };
    let kept = known(facts.digest(&key), || Need::Digest(key.clone()))?;
    let fits = fits(&sent, kept.as_deref(), parts, (algorithm, qop))?;
    let outcome = outcome(&sent, kept.as_deref(), fits, now);
    let used = DigestUse {
        name: AccountName::new(&sent.username),
        client: parts.client,
        account: kept.as_ref().filter(|_| outcome.is_ok()).map(|kept| kept.account.id),
        nonce,
        count: sent.count,
    };
    let counted = known(facts.digest_counted(&used), || Need::CountDigest(used.clone()))?;
    let named = || Evidence::none().presented(Subject::AccountName, Value::Fingerprint(facts.fingerprint(used.name.as_str().as_bytes())));
    match (counted, outcome, kept) {
        (DigestCount::Throttled { retry_after }, ..) => {
            let refusal = Refusal { cause: Cause::AttemptsExceeded, evidence: named(), retry_after: Some(retry_after) };
            Err(Stop::Refuse(Box::new(refusal)))
        }
        (_, Err((cause, why)), kept) => Err(Stop::refuse(cause, found(named(), kept.as_deref(), why))),
        (DigestCount::Again, ..) => {
            Err(Stop::refuse(Cause::DigestNonceReplayed, named().presented(Subject::NonceCount, Value::Number(sent.count.into()))))
        }
        (DigestCount::Forgotten, ..) => Err(stale(nonce, "its count is far behind the newest, or too many nonces were in use")),
        (DigestCount::Counted, Ok(rspauth), Some(kept)) => {
            let (nc, cnonce) = (sent.nc.into_owned(), sent.cnonce.into_owned());
            let proof = DigestProof { nonce, rspauth: Some(rspauth).filter(|_| qop == Qop::Auth), qop, nc, cnonce };
            Ok(Identity(Source::Digest(kept.account.clone(), Arc::new(proof))))
        }
        // Without an account nothing fits.
        (DigestCount::Counted, Ok(_), None) => Err(Stop::refuse(Cause::AccountUnknown, named())),
    }
}

/// Do the credentials cover the body?
pub(super) fn covers_body(parts: &RequestParts<'_>, requirement: &Requirement) -> bool {
    if !requirement.accepts(Scheme::Digest) || !requirement.digest.qop.contains(&Qop::AuthInt) {
        return false;
    }
    let text = parts.headers.get(AUTHORIZATION).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
    let sent = text.and_then(split_scheme).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("digest"));
    sent.and_then(|(_, rest)| decode_digest(rest).ok()).is_some_and(|sent| Qop::named(&sent.qop) == Some(Qop::AuthInt))
}

fn malformed(evidence: Evidence) -> Stop {
    Stop::refuse(Cause::CredentialsMalformed, evidence)
}

/// What the challenge offered is what counts: an answer with another algorithm or less protection is a downgrade.
fn offered(sent: &DigestCredentials<'_>, requirement: &Requirement) -> Result<(Algorithm, Qop), Stop> {
    let policy = &requirement.digest;
    let name = sent.algorithm.as_deref().unwrap_or("MD5");
    let algorithm = Algorithm::named(name).filter(|algorithm| policy.algorithms.contains(algorithm)).ok_or_else(|| {
        let offered = policy.algorithms.iter().map(|algorithm| algorithm.name());
        malformed(Evidence::none().differs(Subject::Algorithm, Value::texts(offered), Value::text(name)))
    })?;
    let qop = Qop::named(&sent.qop).filter(|qop| policy.qop.contains(qop)).ok_or_else(|| {
        let offered = policy.qop.iter().map(|qop| qop.name());
        malformed(Evidence::none().differs(Subject::Form, Value::texts(offered), Value::text(&format!("qop={}", sent.qop))))
    })?;
    if sent.userhash && !policy.userhash {
        return Err(malformed(Evidence::none().presented(Subject::Form, Value::text("userhash was not offered"))));
    }
    if sent.response.len() != algorithm.digits() || !sent.response.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        let form = format!("the response is not {} hexadecimal digits in lower case", algorithm.digits());
        return Err(malformed(Evidence::none().presented(Subject::Form, Value::text(&form))));
    }
    if sent.realm != requirement.realm {
        let evidence = Evidence::none().differs(Subject::Realm, Value::text(&requirement.realm), Value::text(&sent.realm));
        return Err(Stop::refuse(Cause::DigestResponseWrong, evidence));
    }
    Ok((algorithm, qop))
}

/// The target that was hashed is the one that was asked for (RFC 7616 section 3.4.6), or names it as a whole address.
fn check_target(uri: &str, parts: &RequestParts<'_>) -> Result<(), Stop> {
    let authority = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://"));
    let here = match authority {
        None => Some(uri),
        Some(rest) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            rest.split_at_checked(end).filter(|(host, _)| host.eq_ignore_ascii_case(parts.host)).map(|(_, target)| target)
        }
    };
    let here = match here {
        Some("*") if parts.method == Method::OPTIONS => Some("/"),
        Some("") if authority.is_some() => Some("/"),
        here => here,
    };
    if here.and_then(|here| Target::parse(here).ok()).is_some_and(|target| target.as_str() == parts.target.as_str()) {
        return Ok(());
    }
    // A query may hold a secret, and so may an address.
    let path = |target: &str| match target.split('?').next() {
        Some(path) if path.starts_with('/') => Value::text(path),
        _ => Value::text("(not a path)"),
    };
    let evidence = Evidence::none().differs(Subject::Target, path(parts.target.as_str()), path(uri));
    let query = uri.contains('?') == parts.target.query().is_some();
    let evidence =
        if query { evidence } else { evidence.presented(Subject::Form, Value::text("one of them has a query, the other has not")) };
    Err(Stop::refuse(Cause::DigestTargetMismatch, evidence))
}

fn check_nonce(sent: &DigestCredentials<'_>, requirement: &Requirement, facts: &impl Facts, now: Timestamp) -> Result<Nonce, Stop> {
    let Some(nonce) = facts.nonce(&requirement.realm, &sent.nonce) else {
        let why = Value::text("made before the last start, for another realm, or not here");
        return Err(Stop::refuse(Cause::DigestNonceStale, Evidence::none().presented(Subject::Nonce, why)));
    };
    let age = now.saturating_mul(1000).saturating_sub(nonce.made_ms);
    if age < -SET_BACK || age > requirement.digest.nonce_lifetime.saturating_mul(1000) {
        let end = nonce.made_ms.div_euclid(1000).saturating_add(requirement.digest.nonce_lifetime);
        let evidence = Evidence::none().differs(Subject::Expiry, Value::Time(now), Value::Time(end));
        return Err(Stop::refuse(Cause::DigestNonceStale, evidence));
    }
    Ok(nonce)
}

fn stale(nonce: Nonce, why: &str) -> Stop {
    let evidence = Evidence::none().presented(Subject::Nonce, Value::text(why));
    Stop::refuse(Cause::DigestNonceStale, evidence.presented(Subject::IssuedAt, Value::Time(nonce.made_ms.div_euclid(1000))))
}

/// The `rspauth` for whoever knows the secret, if the response fits it. The same work is done without one.
fn fits(
    sent: &DigestCredentials<'_>,
    kept: Option<&DigestRecord>,
    parts: &RequestParts<'_>,
    (algorithm, qop): (Algorithm, Qop),
) -> Result<Option<String>, Stop> {
    let method = parts.method.as_str();
    let request = match (qop, parts.body) {
        (Qop::Auth, _) => request_digest(method, &sent.uri, algorithm),
        (Qop::AuthInt, Some(body)) => request_digest_of_body(method, &sent.uri, body, algorithm),
        (Qop::AuthInt, None) => return Err(malformed(Evidence::none().presented(Subject::Form, Value::text("the body was not read")))),
    };
    let secret = kept.and_then(|kept| kept.ha1.clone());
    let known = secret.is_some();
    let secret = secret.unwrap_or_else(|| Secret::new("0".repeat(algorithm.digits())));
    let salt = Salt { nonce: &sent.nonce, count: &sent.nc, cnonce: &sent.cnonce, qop: Some(qop) };
    let right = response(&secret, &salt, &request, algorithm);
    let rspauth = response(&secret, &salt, &request_digest("", &sent.uri, algorithm), algorithm);
    let equal = bool::from(right.as_bytes().ct_eq(sent.response.as_bytes()));
    Ok((equal && known).then_some(rspauth))
}

/// The `rspauth`, or the cause and what is worth knowing of it.
fn outcome(
    sent: &DigestCredentials<'_>,
    kept: Option<&DigestRecord>,
    fits: Option<String>,
    now: Timestamp,
) -> Result<String, (Cause, Evidence)> {
    let none = Evidence::none;
    let kept = kept.ok_or_else(|| (Cause::AccountUnknown, none()))?;
    let right = Value::text(if fits.is_some() { "right" } else { "wrong" });
    let state =
        || none().presented(Subject::Password, right.clone()).presented(Subject::AccountState, Value::Time(kept.account.state_since));
    if kept.ha1.is_none() {
        let usable = basic::usable(&kept.account);
        let lacking = none().differs(Subject::DigestSecret, Value::text("kept for this realm and algorithm"), Value::text("none kept"));
        return Err((usable.err().unwrap_or(Cause::DigestResponseWrong), lacking));
    }
    basic::usable(&kept.account).map_err(|cause| (cause, state()))?;
    let rspauth = fits.ok_or_else(|| {
        let spelling = sent.userhash || sent.username == kept.account.name.as_str();
        let written = Value::text("the name was hashed in another spelling than the account has");
        (Cause::DigestResponseWrong, if spelling { none() } else { none().presented(Subject::Form, written) })
    })?;
    match kept.account.password_expires.filter(|expires| *expires <= now) {
        Some(expires) => Err((Cause::PasswordExpired, none().presented(Subject::Expiry, Value::Time(expires)))),
        None => Ok(rspauth),
    }
}

/// The evidence of a refusal, the most telling first.
fn found(named: Evidence, kept: Option<&DigestRecord>, why: Evidence) -> Evidence {
    let named = match kept {
        Some(kept) => named.presented(Subject::Account, Value::Number(kept.account.id)),
        None => named,
    };
    why.items().iter().fold(named, |evidence, item| evidence.and(item.clone()))
}

#[cfg(test)]
mod tests;
