//! Signed tokens (RFC 7515, 7519, 9068): reading, verifying, and making them. Pure computation.
//!
//! ```text
//! text ──► Unverified ──► issuer and key chosen ──► verify ──► VerifiedToken ──► judged for time, audience, kind
//! ```
//!
//! The key decides the algorithm, never the token. Keys inside or behind a token (`jwk`, `jku`, `x5u`, `x5c`) are refused.

mod algorithm;
mod claims;
mod jws;
mod keys;
mod sign;

pub use algorithm::Algorithm;
pub use claims::{Claims, VerifiedToken};
pub(crate) use claims::{date, one_or_more};
pub(crate) use jws::read_shallow;
pub use jws::{Header, TOKEN_LIMIT, TokenFault, Unverified};
pub use keys::{Key, KeySet, KeySetFault};
pub use sign::{IssuedClaims, SeedFault, SigningKey};
