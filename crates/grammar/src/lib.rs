//! HTTP authentication fields as text and as values: RFC 9110 section 11, with RFC 7617 (Basic), RFC 6750 (Bearer),
//! RFC 7616 (Digest) and RFC 7615 (Authentication-Info).
//!
//! This crate turns text into values and values into text. It does not know what a valid account, token or nonce is,
//! reads no clock and sends nothing.
//!
//! ```text
//!  WWW-Authenticate, Proxy-Authenticate ──► parse_challenges ──────────► Vec<Challenge>     ┐
//!  Authorization, Proxy-Authorization ────► parse_credentials ─────────► Credentials        ├─ each with its Faults
//!  Authentication-Info ───────────────────► parse_authentication_info ─► AuthenticationInfo ┘
//!
//!  Authorization, on the hot path ────────► split_scheme ──► ("Basic", "dTpw") ──► decode_basic ──► BasicPair
//!                                          └► ("Digest", "username=…") ──► decode_digest ──► DigestCredentials
//!
//!  Challenge::new("Bearer").param("realm", "orders") ──► Display ──► Bearer realm="orders"
//! ```
//!
//! # Reading
//!
//! Reading a field never fails: it gives the best value that can be made of the text, and a [`Fault`] with the place
//! in the text for everything that a sender must not have written. What a recipient has to accept (empty list
//! elements, blanks around `=`, escapes in quoted strings) is no fault. The time taken grows linearly with the text,
//! and every span lies on character boundaries of the text that was given.
//!
//! The exceptions are [`decode_basic`] and [`decode_digest`], which answer with credentials or with the one reason why
//! there are none: a password that is only nearly readable must not be used.
//!
//! # Writing
//!
//! Writing never fails either, because a refusal without a challenge would be worse than one with a mended realm.
//! What is written always reads back as the same value without any fault; [`Challenge`] says what is mended and how.
//!
//! ```
//! use countersign_grammar::{Challenge, FaultKind, parse_challenges};
//!
//! let read = parse_challenges("Negotiate, Basic realm=My Site");
//! assert_eq!(read.value[1].realm(), Some("My Site"));
//! assert_eq!(read.faults[0].kind, FaultKind::UnquotedRealm);
//!
//! let mended = Challenge::new("Basic").param("realm", "My Site").param("charset", "UTF-8");
//! assert_eq!(mended.to_string(), r#"Basic realm="My Site", charset="UTF-8""#);
//! ```
//!
//! ## Security considerations
//!
//! Credentials never appear in `Debug` output: [`Credentials`], [`Param`], [`BasicPair`] and
//! [`DigestCredentials`] show lengths only.

mod authentication_info;
mod base64;
mod basic;
mod challenge;
mod credentials;
mod digest;
mod fault;
mod form;
mod param;
mod reader;
mod scheme;
mod write;

pub use authentication_info::{AuthenticationInfo, parse_authentication_info};
pub use basic::{BASIC_LIMIT, BasicFault, BasicPair, decode_basic, encode_basic};
pub use challenge::{Challenge, parse_challenges};
pub use credentials::{Credentials, CredentialsBody, parse_credentials, split_scheme};
pub use digest::{DIGEST_LIMIT, DigestCredentials, DigestFault, decode_digest};
pub use fault::{Fault, FaultKind, Parsed};
pub use param::{PARAM_LIMIT, Param};
pub use scheme::registered_scheme;
pub use write::print_challenges;
