//! SAML 2.0 for a service provider: reads a provider's metadata, writes requests, and judges what comes back.
//!
//! No I/O, no clock, no randomness: those are arguments, as in the core, whose causes and evidence the refusals bear.
//!
//! ```text
//! Provider::read(metadata)   authn_request ─► Outgoing ─► redirect or form ─► browser ─► provider
//!                                                                                        │
//!           SignedIn ◄── Response::judge(service, provider, pending, now) ◄── form ◄─────┘
//! ```
//!
//! ## Security considerations
//!
//! - See what is signed: a signature is verified over the canonical bytes of one element, and from then on only those
//!   bytes, parsed anew, are read. What was around them cannot be seen any more.
//! - One parser for all of it, no DTD, at most 256 KiB, 48 levels, 20 000 elements and attributes, one assertion.
//! - Keys come from metadata alone. Algorithms stand in one table: no SHA-1, no HMAC, no PKCS#1 v1.5 encryption, no
//!   transforms but the two that SAML needs.
//! - This code has not been audited by anybody outside of the project.

mod algorithm;
mod assertion;
mod certificate;
mod decrypt;
mod encoding;
mod inspect;
mod instant;
mod keys;
mod logout;
mod metadata;
mod names;
mod outgoing;
mod refusal;
mod request;
mod response;
mod service;
mod signature;
mod xml;

pub use assertion::{Attribute, NameId, SignedIn};
pub use inspect::{SignatureProblem, check_signatures};
pub use keys::{OwnKey, OwnKeyFault, TrustedKey};
pub use logout::{Arrival, LogoutMessage, LogoutRequest, logout_request, logout_response};
pub use metadata::{Endpoints, METADATA_LIMIT, MetadataFault, Provider};
pub use outgoing::{Outgoing, PostForm};
pub use request::{Wishes, authn_request};
pub use response::{FIELD_LIMIT, Pending, Response};
pub use service::Service;
