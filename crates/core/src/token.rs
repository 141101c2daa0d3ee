//! Signed tokens (RFC 7515, 7519, 9068): reading, verifying, and making them. Pure computation.
//!
//! ```text
//! text ──► Unverified ──► issuer and key chosen ──► verify ──► VerifiedToken ──► judged for time, audience, kind
//! ```
//!
//! The key decides the algorithm, never the token. Keys inside or behind a token (`jwk`, `jku`, `x5u`, `x5c`) are refused; only a proof of
//! possession brings its key along, and the token says which key that has to be.

mod algorithm;
mod claims;
mod jws;
mod keys;
mod proof;
mod sign;

pub use algorithm::Algorithm;
pub use claims::{Claims, Confirmation, VerifiedToken};
pub(crate) use claims::{date, one_or_more};
pub(crate) use jws::read_shallow;
pub use jws::{Header, TOKEN_LIMIT, TokenFault, Unverified};
pub use keys::{Key, KeySet, KeySetFault};
pub use proof::{PROOF_LIMIT, Proof, ProofFault};
pub use sign::{IssuedClaims, SeedFault, SigningKey};
