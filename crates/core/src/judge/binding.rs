//! Whether whoever presents a token is the one that it was made for: bound tokens (RFC 7800) need what they are bound to.
//!
//! ```text
//! token ──► bound to a key? ──► sent as DPoP, with its proof (`dpop`)
//!      └──► not bound: enough, unless its issuer's tokens have to be
//! ```

use super::dpop;
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
    match (&token.confirmation, sent_as) {
        (None, SentAs::Dpop) => Err(unbound("it is not bound to a key, and was sent as one that is (DPoP)")),
        (None, SentAs::Bearer) => match token.issuer.binding {
            TokenBinding::Optional => Ok(Proven::Bearer),
            TokenBinding::Dpop => Err(unbound("it is not bound to a key, and tokens of this issuer have to be")),
        },
        (Some(Confirmation { key: Some(_), .. }), SentAs::Bearer) => {
            Err(unproven("bound to a key", Evidence::none().differs(Subject::Scheme, Value::text("DPoP"), Value::text("Bearer"))))
        }
        (Some(Confirmation { key: Some(key), certificate: None }), SentAs::Dpop) => {
            dpop::check(key, token, raw, parts, requirement, facts, now).map(Proven::Key)
        }
        (Some(_), _) => Err(unproven("bound in a way that is not checked here", Evidence::none())),
    }
}

fn unbound(how: &str) -> Stop {
    Stop::refuse(Cause::TokenUnbound, Evidence::none().presented(Subject::Token, Value::text(how)))
}

fn unproven(how: &str, evidence: Evidence) -> Stop {
    Stop::refuse(Cause::ProofMissing, evidence.presented(Subject::Token, Value::text(how)))
}
