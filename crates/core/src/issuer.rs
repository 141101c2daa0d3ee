//! A token issuer as rules trust it: its name, its audiences, its algorithms, whether it is asked. Not its keys, which are facts.

use crate::introspection::Introspector;
use crate::token::Algorithm;
use std::sync::Arc;

/// An issuer whose tokens are judged here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// The operator's name for it.
    pub name: String,
    /// The exact `iss` claim (RFC 7519 section 4.1.1).
    pub issuer: String,
    /// A token must be made for one of these (`aud`).
    pub audiences: Vec<String>,
    /// The algorithms that its keys may be used with.
    pub algorithms: Vec<Algorithm>,
    /// Seconds by which the two clocks may differ, 0 to 60.
    pub leeway: i64,
    /// Insist on `typ` = `at+jwt` (RFC 9068 section 2.1)?
    pub access_token_type: bool,
    /// Must its tokens be bound to their holder?
    pub binding: TokenBinding,
    /// Must proofs carry a nonce that was given here (RFC 9449 section 9)?
    pub dpop_nonces: bool,
    /// How it is asked about tokens; none if it is not.
    pub introspection: Option<Arc<Introspector>>,
}

/// Must tokens be bound to their holder? One that is bound needs its proof in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenBinding {
    /// They may be; others are taken too.
    #[default]
    Optional,
    /// To a key that signs proofs (DPoP, RFC 9449).
    Dpop,
    /// To a client certificate (mutual TLS, RFC 8705).
    Mtls,
    /// To one of them.
    Any,
}

impl TokenBinding {
    /// Does a rule that trusts the issuer ask for proofs by itself?
    pub const fn asks_for_proofs(self) -> bool {
        matches!(self, Self::Dpop | Self::Any)
    }
}
