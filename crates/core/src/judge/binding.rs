//! Whether whoever presents a token is the one that it was made for: bound tokens (RFC 7800) need what they are bound to.
//!
//! ```text
//! token ──► bound to a certificate? ──► sent over a connection with it (`certificate`)
//!      ├──► bound to a key? ──────────► sent as DPoP, with its proof (`dpop`)
//!      └──► not bound: enough, unless its issuer's tokens have to be
//! ```

use super::{certificate, dpop};
use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::facts::Facts;
use crate::identity::Proven;
use crate::issuer::TokenBinding;
use crate::parts::RequestParts;
use crate::record::Timestamp;
use crate::requirement::Requirement;
use crate::token::{Confirmation, VerifiedToken};
use crate::verdict::Stop;

/// The scheme under which a token was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SentAs {
    Bearer,
    Dpop,
}

pub(super) fn check(
    token: &VerifiedToken,
    raw: &str,
    sent_as: SentAs,
    parts: &RequestParts<'_>,
    requirement: &Requirement,
    facts: &impl Facts,
    now: Timestamp,
) -> Result<Proven, Stop> {
    let Confirmation { key, certificate } = match &token.confirmation {
        Some(confirmation) => confirmation,
        None if sent_as == SentAs::Dpop => return Err(unbound("it is not bound to a key, and was sent as one that is (DPoP)")),
        None => return enough(token.issuer.binding, None, None).map(|()| Proven::Bearer),
    };
    match (key, sent_as) {
        (None, _) if certificate.is_none() => return Err(unproven("bound in a way that is not checked here", Evidence::none())),
        (None, SentAs::Dpop) => return Err(unbound("it is bound to a certificate, and was sent as one that is bound to a key (DPoP)")),
        (Some(_), SentAs::Bearer) => {
            let evidence = Evidence::none().differs(Subject::Scheme, Value::text("DPoP"), Value::text("Bearer"));
            return Err(unproven("bound to a key", evidence));
        }
        _ => {}
    }
    enough(token.issuer.binding, key.as_deref(), certificate.as_deref())?;
    if let Some(thumbprint) = certificate {
        certificate::check(thumbprint, parts)?;
    }
    match key {
        // Last, since it uses the proof up.
        Some(key) => dpop::check(key, token, raw, parts, requirement, facts, now).map(Proven::Key),
        None => Ok(Proven::Certificate),
    }
}

/// Is the token bound to what the issuer's tokens have to be bound to?
fn enough(needed: TokenBinding, key: Option<&str>, certificate: Option<&str>) -> Result<(), Stop> {
    let (is, what) = match needed {
        TokenBinding::Optional => return Ok(()),
        TokenBinding::Dpop => (key.is_some(), "a key"),
        TokenBinding::Mtls => (certificate.is_some(), "a certificate"),
        TokenBinding::Any => (key.is_some() || certificate.is_some(), "a key or certificate"),
    };
    if is { Ok(()) } else { Err(unbound(&format!("it is not bound to {what}; this issuer's have to be"))) }
}

fn unbound(how: &str) -> Stop {
    Stop::refuse(Cause::TokenUnbound, Evidence::none().presented(Subject::Token, Value::text(how)))
}

fn unproven(how: &str, evidence: Evidence) -> Stop {
    Stop::refuse(Cause::ProofMissing, evidence.presented(Subject::Token, Value::text(how)))
}
