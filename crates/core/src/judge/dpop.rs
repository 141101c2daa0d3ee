//! DPoP (RFC 9449): a proof that whoever sends a bound token holds its key, made for this one request.
//!
//! ```text
//! one DPoP field ─► signed by the key in it ─► the token's key ─► method ─► target ─► token's hash ─► time ─► nonce ─► used once
//! └──────────────────────────────────── free: nothing is kept, nothing is asked ─────────────────────────────────┘
//! ```
//!
//! The token was verified before, so that nobody without one makes the gateway verify proofs.

use super::known;
use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::facts::{Facts, Need, OneTime, Spending};
use crate::nonce::Nonce;
use crate::parts::RequestParts;
use crate::record::Timestamp;
use crate::requirement::Requirement;
use crate::secret::SecretHash;
use crate::target::Target;
use crate::token::{Proof, VerifiedToken};
use crate::verdict::Stop;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderName;
use subtle::ConstantTimeEq;

const DPOP: HeaderName = HeaderName::from_static("dpop");

/// The algorithms that a challenge names (RFC 9449 section 7.1).
pub(crate) const CHALLENGE_ALGORITHMS: &str = "ES256 ES384 ES512 EdDSA PS256 PS384 PS512 RS256 RS384 RS512";

/// How long a nonce is good for, in milliseconds.
pub(crate) const NONCE_LIFETIME_MS: i64 = 300_000;

/// For how many seconds a proof is good, apart from what clocks may differ by.
const LIFETIME: i64 = 60;

/// By how many milliseconds a clock may be set back without all nonces being taken for foreign.
const SET_BACK: i64 = 60_000;

/// The realm of nonces for proofs: no site's own, since those have no control characters.
pub(crate) fn nonce_realm(realm: &str) -> String {
    format!("\u{1}dpop {realm}")
}

/// Gives the nonce that the proof carried, if it is one of ours.
pub(super) fn check(
    key: &str,
    token: &VerifiedToken,
    raw: &str,
    parts: &RequestParts<'_>,
    requirement: &Requirement,
    facts: &impl Facts,
    now: Timestamp,
) -> Result<Option<Nonce>, Stop> {
    let leeway = token.issuer.leeway;
    let proof = Proof::read(the_field(parts)?).map_err(|fault| form(&fault.to_string()))?;
    if proof.thumbprint != key {
        return Err(differs(Subject::Thumbprint, key, &proof.thumbprint));
    }
    if proof.method != parts.method.as_str() {
        return Err(differs(Subject::Method, parts.method.as_str(), &proof.method));
    }
    check_target(&proof.target, parts)?;
    check_token_hash(proof.token_hash.as_deref(), raw)?;
    check_time(proof.made, leeway, now)?;
    let nonce = check_nonce(&proof, token, requirement, facts, now)?;
    let once = OneTime {
        hash: SecretHash::of(&format!("dpop {} {}", proof.thumbprint, proof.id)),
        // The longest that a proof with this time would be taken for.
        until: proof.made + LIFETIME + leeway + 1,
    };
    match known(facts.spent(&once), || Need::Spend(once.clone()))? {
        Spending::First => Ok(nonce),
        Spending::Again => Err(Stop::refuse(Cause::ProofReplayed, Evidence::none().presented(Subject::IssuedAt, Value::Time(proof.made)))),
    }
}

/// The one `DPoP` field (RFC 9449 section 4.3, point 1).
fn the_field<'a>(parts: &RequestParts<'a>) -> Result<&'a str, Stop> {
    let mut fields = parts.headers.get_all(DPOP).iter();
    let missing = || Stop::refuse(Cause::ProofMissing, Evidence::none().expected(Subject::Header, Value::text("DPoP")));
    let field = fields.next().ok_or_else(missing)?;
    if fields.next().is_some() {
        return Err(form("there are two DPoP fields"));
    }
    field.to_str().map_err(|_| form("the DPoP field has bytes that are not visible ASCII"))
}

/// The target that the proof was made for is the one that was asked for, without query and fragment (RFC 9449 section 4.3,
/// point 9). Both in their canonical form (RFC 3986 section 6.2).
fn check_target(target: &str, parts: &RequestParts<'_>) -> Result<(), Stop> {
    if is_of_request(target, parts) == Some(true) {
        return Ok(());
    }
    let scheme = if parts.secure { "https" } else { "http" };
    let own = format!("{scheme}://{}{}", parts.host, parts.target.path());
    // A query may hold a secret.
    let presented = target.split(['?', '#']).next().unwrap_or_default();
    Err(differs(Subject::Target, &own, presented))
}

fn is_of_request(target: &str, parts: &RequestParts<'_>) -> Option<bool> {
    let (scheme, rest) = target.split_once("://")?;
    let (name, port) = if parts.secure { ("https", ":443") } else { ("http", ":80") };
    let (authority, rest) = rest.split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len()))?;
    let path = rest.split(['?', '#']).next().filter(|path| !path.is_empty()).unwrap_or("/");
    let without_port = |host: &'_ str| host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase();
    let path = Target::parse(path).ok()?;
    Some(scheme.eq_ignore_ascii_case(name) && without_port(authority) == without_port(parts.host) && path.path() == parts.target.path())
}

/// RFC 9449 section 4.3, point 12.
fn check_token_hash(presented: Option<&str>, raw: &str) -> Result<(), Stop> {
    let presented = presented.ok_or_else(|| form("the proof has no ath, which names the token that it goes with"))?;
    let expected = URL_SAFE_NO_PAD.encode(SecretHash::of(raw).0);
    if bool::from(expected.as_bytes().ct_eq(presented.as_bytes())) {
        return Ok(());
    }
    Err(form("the proof's ath is the hash of another token"))
}

fn check_time(made: Timestamp, leeway: i64, now: Timestamp) -> Result<(), Stop> {
    let compared = if made > now + leeway {
        now + leeway
    } else if made < now - LIFETIME - leeway {
        now - LIFETIME - leeway
    } else {
        return Ok(());
    };
    Err(Stop::refuse(Cause::ProofWrong, Evidence::none().differs(Subject::IssuedAt, Value::Time(compared), Value::Time(made))))
}

/// A nonce is needed where the issuer's proofs have to carry one, and for proofs that may be from before uses were kept:
/// one that was used just before a restart would count again.
fn check_nonce(
    proof: &Proof,
    token: &VerifiedToken,
    requirement: &Requirement,
    facts: &impl Facts,
    now: Timestamp,
) -> Result<Option<Nonce>, Stop> {
    let old = |nonce: &Nonce| !(-SET_BACK..=NONCE_LIFETIME_MS).contains(&(now.saturating_mul(1000).saturating_sub(nonce.made_ms)));
    let nonce = proof.nonce.as_deref().and_then(|text| facts.nonce(&nonce_realm(&requirement.realm), text));
    let wanted = token.issuer.dpop_nonces || proof.made <= facts.spent_since().saturating_add(token.issuer.leeway);
    let why = match nonce {
        Some(nonce) if !old(&nonce) => return Ok(Some(nonce)),
        _ if !wanted => return Ok(None),
        Some(_) => "it is too old",
        None if proof.nonce.is_some() => "made before the last start, for another realm, or not here",
        None if token.issuer.dpop_nonces => "there is none",
        None => "there is none, and the proof may be from before the start",
    };
    Err(Stop::refuse(Cause::ProofNonceNeeded, Evidence::none().presented(Subject::Nonce, Value::text(why))))
}

fn form(text: &str) -> Stop {
    Stop::refuse(Cause::ProofWrong, Evidence::none().presented(Subject::Form, Value::text(text)))
}

fn differs(about: Subject, expected: &str, presented: &str) -> Stop {
    Stop::refuse(Cause::ProofWrong, Evidence::none().differs(about, Value::text(expected), Value::text(presented)))
}
