//! From a refusal to what is sent: the status, and the challenges that tell how to do better. Only this module knows
//! 401 from 403; bodies are made elsewhere.

use crate::api_key::KeyPlace;
use crate::cause::{Cause, Outside};
use crate::digest::Algorithm;
use crate::evidence::{Subject, Value};
use crate::identity::{Identity, Proven};
use crate::judge::{CHALLENGE_ALGORITHMS, NONCE_LIFETIME_MS, nonce_realm};
use crate::requirement::{Requirement, Scheme};
use crate::verdict::{Outage, Refusal};
use countersign_grammar::{AuthenticationInfo, Challenge};
use http::{HeaderValue, StatusCode};

/// A rule's challenges without any error, made once: one for each accepted scheme, the strongest first. Those of Digest,
/// one for each algorithm, lack the nonce, which is new for every answer.
#[derive(Clone, Debug, Default)]
pub struct Challenges {
    plain: Vec<(Scheme, HeaderValue)>,
    /// Does some issuer's token need a proof (DPoP), so that one is asked for at once?
    proofs: bool,
}

impl Challenges {
    /// The challenges of a rule.
    pub fn new(requirement: &Requirement) -> Self {
        let mut schemes = requirement.schemes.clone();
        schemes.sort_unstable();
        schemes.dedup();
        let of = |scheme| match scheme {
            Scheme::Digest => requirement.digest.algorithms.iter().map(|algorithm| digest(*algorithm, requirement)).collect(),
            _ => vec![plain(scheme, requirement)],
        };
        let proofs = requirement.issuers.iter().any(|issuer| issuer.binding.asks_for_proofs() || issuer.dpop_nonces);
        let plain = schemes.into_iter().flat_map(|scheme| of(scheme).into_iter().map(move |challenge| (scheme, header(challenge))));
        Self { plain: plain.collect(), proofs }
    }
}

/// What a refusal or outage sends, apart from its body.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The `WWW-Authenticate` fields, the strongest scheme first.
    pub challenges: Vec<HeaderValue>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
    /// `DPoP-Nonce` (RFC 9449 section 8.2).
    pub proof_nonce: Option<HeaderValue>,
    /// What the caller learns.
    pub outside: Outside,
}

impl Reply {
    /// The reply to a refusal under a rule, or under none if none matched. `nonce` makes a fresh one for a realm; it is asked
    /// only where Digest is accepted, or a proof needs one.
    pub fn refuse(refusal: &Refusal, rule: Option<(&Requirement, &Challenges)>, nonce: impl Fn(&str) -> String) -> Self {
        let outside = refusal.cause.outside();
        let mut reply = Self::of(refusal.cause, refusal.retry_after);
        reply.status = StatusCode::from_u16(Self::status_of(refusal)).unwrap_or(reply.status);
        let challenged = match refusal.cause.status() {
            401 => true,
            403 => outside == Outside::ScopeInsufficient,
            _ => false,
        };
        if let Some((requirement, challenges)) = rule.filter(|_| challenged) {
            let realm = &requirement.realm;
            if refusal.cause == Cause::ProofNonceNeeded {
                reply.proof_nonce = HeaderValue::try_from(nonce(&nonce_realm(realm))).ok();
            }
            let nonce = if requirement.accepts(Scheme::Digest) { nonce(realm) } else { String::new() };
            let proofs = requirement.accepts(Scheme::Bearer) && (challenges.proofs || outside.is_about_proofs());
            let dpop = proofs.then(|| header(dpop(refusal, requirement)));
            let fields = challenges.plain.iter().map(|(scheme, plain)| match (scheme, outside.bearer_error()) {
                (Scheme::Bearer, Some(error)) => header(bearer(error, refusal, requirement)),
                (Scheme::Digest, _) => with_nonce(plain, &nonce, refusal.cause == Cause::DigestNonceStale),
                _ => plain.clone(),
            });
            reply.challenges = match outside {
                // RFC 6750 section 3.1: the scope that is lacking concerns tokens; other schemes would not help.
                Outside::ScopeInsufficient | Outside::StepUp if requirement.accepts(Scheme::Bearer) => {
                    dpop.into_iter().chain(fields.take(1)).collect()
                }
                Outside::ScopeInsufficient => Vec::new(),
                _ => dpop.into_iter().chain(fields).collect(),
            };
        }
        reply
    }

    /// The status of the reply to a refusal.
    pub fn status_of(refusal: &Refusal) -> u16 {
        if malformed_bearer(refusal) { 400 } else { refusal.cause.status() }
    }

    /// The reply where nothing could be decided.
    pub fn unable(outage: &Outage) -> Self {
        Self::of(outage.cause, Some(outage.retry_after))
    }

    fn of(cause: Cause, retry_after: Option<u32>) -> Self {
        let status = StatusCode::from_u16(cause.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, challenges: Vec::new(), retry_after, proof_nonce: None, outside: cause.outside() }
    }
}

/// The challenge that leads to the login page (RFC 9110 section 11.6.1: a 401 has one).
pub fn session_challenge(realm: &str) -> HeaderValue {
    header(session(realm))
}

/// What an admitted answer tells a client that came by Digest (RFC 7616 section 3.5), and with which nonce to go on, if
/// another one is better.
pub fn authentication_info(identity: &Identity, next_nonce: Option<&str>) -> Option<HeaderValue> {
    let proof = identity.digest()?;
    let info = match (&proof.rspauth, next_nonce) {
        (None, None) => return None,
        (Some(rspauth), _) => {
            let info = AuthenticationInfo::new().param("rspauth", rspauth.as_str()).param("qop", proof.qop.name());
            info.param("cnonce", proof.cnonce.as_str()).param("nc", proof.nc.as_str())
        }
        (None, Some(_)) => AuthenticationInfo::new(),
    };
    let info = match next_nonce {
        Some(nonce) => info.param("nextnonce", nonce),
        None => info,
    };
    HeaderValue::try_from(info.to_string()).ok()
}

/// The nonce with which a client that came with a proof goes on, where the one that it used grows old (RFC 9449 section 8.2).
pub fn next_proof_nonce(identity: &Identity, realm: &str, now_ms: i64, nonce: impl FnOnce(&str) -> String) -> Option<HeaderValue> {
    let Some((_, Proven::Key(Some(used)))) = identity.token() else { return None };
    let old = now_ms.saturating_sub(used.made_ms) > NONCE_LIFETIME_MS / 2;
    old.then(|| nonce(&nonce_realm(realm))).and_then(|nonce| HeaderValue::try_from(nonce).ok())
}

fn digest(algorithm: Algorithm, requirement: &Requirement) -> Challenge<'_> {
    // `auth` first: some clients take the first word for the whole.
    let qop: Vec<&str> = requirement.digest.qop.iter().map(|qop| qop.name()).collect();
    let challenge = plain(Scheme::Digest, requirement).param("qop", qop.join(", ")).param("algorithm", algorithm.name());
    let challenge = challenge.param("charset", "UTF-8");
    if requirement.digest.userhash { challenge.param("userhash", "true") } else { challenge }
}

fn with_nonce(challenge: &HeaderValue, nonce: &str, stale: bool) -> HeaderValue {
    let text = challenge.to_str().unwrap_or_default();
    let stale = if stale { ", stale=true" } else { "" };
    HeaderValue::try_from(format!("{text}, nonce=\"{nonce}\"{stale}")).unwrap_or(HeaderValue::from_static("Unknown"))
}

fn plain(scheme: Scheme, requirement: &Requirement) -> Challenge<'_> {
    let realm = &requirement.realm;
    match scheme {
        Scheme::Bearer => Challenge::new("Bearer").param("realm", realm),
        Scheme::Digest => Challenge::new("Digest").param("realm", realm),
        Scheme::Basic => Challenge::new("Basic").param("realm", realm).param("charset", "UTF-8"),
        Scheme::ApiKey => {
            let (place, name) = requirement.api_keys.places.first().map_or(("header", "X-API-Key".to_owned()), KeyPlace::location);
            Challenge::new("ApiKey").param("realm", realm).param("in", place).param("name", name)
        }
        Scheme::Session => session(realm),
    }
}

fn session(realm: &str) -> Challenge<'_> {
    Challenge::new("Session").param("realm", realm).param("sign_in", "/oauth2/sign_in")
}

fn bearer<'a>(error: &'a str, refusal: &Refusal, requirement: &'a Requirement) -> Challenge<'a> {
    with_error(plain(Scheme::Bearer, requirement), error, refusal, requirement)
}

fn dpop<'a>(refusal: &Refusal, requirement: &'a Requirement) -> Challenge<'a> {
    let challenge = Challenge::new("DPoP").param("realm", &requirement.realm).param("algs", CHALLENGE_ALGORITHMS);
    match refusal.cause.outside().dpop_error() {
        Some(error) => with_error(challenge, error, refusal, requirement),
        None => challenge,
    }
}

fn with_error<'a>(challenge: Challenge<'a>, error: &'a str, refusal: &Refusal, requirement: &'a Requirement) -> Challenge<'a> {
    let challenge = challenge.param("error", error).param("error_description", refusal.cause.outside().detail());
    match refusal.cause {
        Cause::ScopeInsufficient => challenge.param("scope", needed_scopes(refusal)),
        Cause::AuthenticationTooWeak => challenge.param("acr_values", requirement.acr.join(" ")),
        Cause::AuthenticationTooOld => challenge.param("max_age", requirement.max_age.unwrap_or_default().to_string()),
        _ => challenge,
    }
}

/// RFC 6750 section 3.1: a request that is malformed as a bearer request is a 400, not a 401.
fn malformed_bearer(refusal: &Refusal) -> bool {
    let scheme = Some(Value::text(Scheme::Bearer.name()));
    refusal.cause == Cause::CredentialsMalformed
        && refusal.evidence.items().iter().any(|item| item.about == Subject::Scheme && item.presented == scheme)
}

fn needed_scopes(refusal: &Refusal) -> String {
    let expected = refusal.evidence.items().iter().find(|item| item.about == Subject::Scopes).and_then(|item| item.expected.as_ref());
    match expected {
        Some(Value::Texts(scopes)) => scopes.join(" "),
        _ => String::new(),
    }
}

/// The printer writes visible ASCII only, so the conversion does not fail.
fn header(challenge: Challenge<'_>) -> HeaderValue {
    HeaderValue::try_from(challenge.to_string()).unwrap_or(HeaderValue::from_static("Unknown"))
}
