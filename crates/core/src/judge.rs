//! The judge: may this request pass? Pure: the same arguments give the same step.
//!
//! ```text
//! RequestParts ──► judge(parts, requirement, facts, now) ──► Decided(Admit | Refuse | Unable)
//!                                              ▲         └──► Needs(Need)
//!                                              └── a source answers, and the judge is asked again
//! ```
//!
//! Free checks come first, then reads. A scheme is one file that reads top-down; `?` carries its happy path.

mod api_key;
mod basic;
mod bearer;
mod binding;
mod certificate;
mod digest;
mod dpop;
mod introspection;
mod login;
mod permission;
mod session;

pub use basic::judge_password;
pub use login::judge_login;

pub(crate) use dpop::{CHALLENGE_ALGORITHMS, NONCE_LIFETIME_MS, nonce_realm};

use self::binding::SentAs;
use crate::api_key::API_KEY_PREFIX;
use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::facts::{Answer, Facts, Need};
use crate::identity::{Identity, Source};
use crate::parts::RequestParts;
use crate::presented::{Presented, may_be_in_body};
use crate::record::Timestamp;
use crate::requirement::{Access, Requirement, Scheme};
use crate::verdict::{Step, Stop};
use countersign_grammar::split_scheme;

/// May this request pass?
pub fn judge(parts: &RequestParts<'_>, requirement: &Requirement, facts: &impl Facts, now: Timestamp) -> Step {
    decide(parts, requirement, facts, now).into()
}

/// Does the judge have to see the body? Where an API key can stand in it, or a digest covers it. To be asked before [`judge()`].
pub fn reads_body(parts: &RequestParts<'_>, requirement: &Requirement) -> bool {
    let protected = requirement.access == Access::Protected;
    let key = requirement.accepts(Scheme::ApiKey) && may_be_in_body(parts, &requirement.api_keys.places);
    protected && (key || digest::covers_body(parts, requirement))
}

fn decide(parts: &RequestParts<'_>, requirement: &Requirement, facts: &impl Facts, now: Timestamp) -> Result<Identity, Stop> {
    if requirement.https_only && !parts.secure {
        return Err(Stop::refuse(Cause::TransportInsecure, Evidence::none()));
    }
    match requirement.access {
        Access::Public => return Ok(Identity(Source::Anonymous)),
        Access::Denied => return Err(Stop::refuse(Cause::RuleDenied, Evidence::none())),
        Access::Protected => {}
    }
    let identity = authenticate(parts, requirement, facts, now)?;
    permission::check(&identity, parts, requirement, now)?;
    Ok(identity)
}

/// Answers the one credential that counts. One in `Authorization` or an API key is meant; a cookie is sent by itself,
/// so it counts only where nothing else was sent that the rule accepts.
fn authenticate(parts: &RequestParts<'_>, requirement: &Requirement, facts: &impl Facts, now: Timestamp) -> Result<Identity, Stop> {
    let presented = Presented::read(parts, &requirement.api_keys.places);
    let authorization = read_authorization(&presented, requirement)?;
    let api_key = presented.api_key.as_ref().filter(|_| requirement.accepts(Scheme::ApiKey));
    let session = presented.session.filter(|_| requirement.accepts(Scheme::Session));
    let accepted = match authorization {
        Some(Authorization::Accepted(scheme, sent_as, rest)) => Some((scheme, sent_as, rest)),
        _ => None,
    };
    if api_key.is_some() && (accepted.is_some() || presented.api_key_repeated) {
        return Err(Stop::refuse(Cause::CredentialsRepeated, Evidence::none()));
    }
    match (accepted, api_key, session) {
        (Some((Scheme::Basic, _, rest)), ..) => basic::judge(rest, parts, requirement, facts, now),
        (Some((Scheme::Digest, _, rest)), ..) => digest::judge(rest, parts, requirement, facts, now),
        (Some((_, sent_as, rest)), ..) => bearer::judge(rest, sent_as, parts, requirement, facts, now),
        (None, Some((key, place)), _) => api_key::judge(key, *place, requirement, facts, now),
        (None, None, Some(cookie)) => session::judge(cookie, parts, requirement, facts, now),
        (None, None, None) => Err(unanswered(authorization, &presented, parts, requirement)),
    }
}

enum Authorization<'a> {
    /// The scheme, under which of its names, and what follows.
    Accepted(Scheme, SentAs, &'a str),
    Unaccepted(&'a str),
}

fn read_authorization<'a>(presented: &Presented<'a>, requirement: &Requirement) -> Result<Option<Authorization<'a>>, Stop> {
    let Some(value) = presented.authorization else { return Ok(None) };
    if presented.repeated {
        return Err(Stop::refuse(Cause::CredentialsRepeated, Evidence::none().presented(Subject::Header, Value::text("Authorization"))));
    }
    let malformed = |form: &str| Stop::refuse(Cause::CredentialsMalformed, Evidence::none().presented(Subject::Form, Value::text(form)));
    let readable = || malformed("the Authorization header has bytes that are not visible ASCII");
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| readable())?;
    // The name in Digest may be UTF-8 (RFC 7616 section 4); nothing else in this field may.
    if value.to_str().is_err() && !text.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("digest ")) {
        return Err(readable());
    }
    let Some((scheme, rest)) = split_scheme(text) else {
        return Err(malformed("the Authorization header does not begin with a scheme"));
    };
    let known = [
        (Scheme::Basic, "basic", SentAs::Bearer),
        (Scheme::Digest, "digest", SentAs::Bearer),
        (Scheme::Bearer, "bearer", SentAs::Bearer),
        (Scheme::Bearer, "dpop", SentAs::Dpop),
    ];
    let accepted = known.iter().find(|(known, name, _)| scheme.eq_ignore_ascii_case(name) && requirement.accepts(*known));
    Ok(Some(match accepted {
        Some((accepted, _, sent_as)) => Authorization::Accepted(*accepted, *sent_as, rest),
        None => Authorization::Unaccepted(scheme),
    }))
}

/// Nothing that was presented is accepted: was nothing there, or the wrong thing, or the right thing in the wrong place?
fn unanswered(
    authorization: Option<Authorization<'_>>,
    presented: &Presented<'_>,
    parts: &RequestParts<'_>,
    requirement: &Requirement,
) -> Stop {
    let accepted = || Value::texts(requirement.schemes.iter().map(|scheme| scheme.name()));
    let used = match (authorization, presented) {
        (Some(Authorization::Unaccepted(scheme)), _) => {
            // What is not a short word may be a secret that was sent without its scheme.
            if scheme.len() <= 12 { scheme } else { "(not a scheme's name)" }
        }
        (_, Presented { api_key: Some(_), .. }) => "api-key",
        _ if requirement.accepts(Scheme::ApiKey)
            && let Some(there) = key_elsewhere(parts) =>
        {
            return misplaced(requirement, &there);
        }
        // A cookie comes by itself: where sessions do not count, its presence says nothing.
        _ => return Stop::refuse(Cause::CredentialsMissing, Evidence::none().expected(Subject::Scheme, accepted())),
    };
    Stop::refuse(Cause::SchemeUnaccepted, Evidence::none().differs(Subject::Scheme, accepted(), Value::text(used)))
}

/// A key of ours that stands where none is read.
fn key_elsewhere(parts: &RequestParts<'_>) -> Option<String> {
    let ours = |value: &str| value.trim_start().starts_with(API_KEY_PREFIX);
    let in_field = parts.headers.iter().find(|(_, value)| value.to_str().is_ok_and(ours)).map(|(name, _)| format!("the header {name}"));
    let pairs = parts.target.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    in_field.or_else(|| pairs.clone().find(|(_, value)| ours(value)).map(|(name, _)| format!("the query parameter {name}")))
}

/// An API key in the wrong place.
fn misplaced(requirement: &Requirement, there: &str) -> Stop {
    let place = requirement.api_keys.places.first().map_or_else(String::new, ToString::to_string);
    Stop::refuse(Cause::ApiKeyMisplaced, Evidence::none().differs(Subject::Place, Value::text(&place), Value::text(there)))
}

/// A fact at hand, or the reason to stop.
fn known<T>(answer: Answer<T>, need: impl FnOnce() -> Need) -> Result<T, Stop> {
    match answer {
        Answer::Known(fact) => Ok(fact),
        Answer::NotYet => Err(Stop::Needs(need())),
        Answer::Outage(outage) => Err(Stop::Unable(Box::new(outage))),
    }
}
