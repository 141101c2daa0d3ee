//! A token issuer as rules trust it: its name, its audiences, its algorithms. Not its keys, which are facts.

use crate::token::Algorithm;

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
}
