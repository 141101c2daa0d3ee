//! Countersign's core: judges HTTP requests and says why they are refused.
//!
//! No I/O, no clock, no randomness, no async: all of those are arguments. The gateway asks [`judge()`] and answers its
//! [`Need`]s; the doctor asks the same judge without a source.
//!
//! ```text
//! RequestParts ──► judge(parts, requirement, facts, now) ──► Decided(Verdict) ──► Reply, sealed Reference
//!                                              ▲         └──► Needs(Need)
//!                                              └── Facts ◄── a source answers
//! ```

mod address;
mod api_key;
mod cause;
pub mod digest;
mod evidence;
mod facts;
mod identity;
pub mod introspection;
mod issuer;
mod judge;
pub mod login;
mod nonce;
mod parts;
mod presented;
mod record;
pub mod reference;
pub mod reply;
mod requirement;
mod secret;
mod target;
pub mod token;
mod verdict;

pub use address::is_public_address;
pub use api_key::{API_KEY_PREFIX, KeyFault, KeyPlace, check_api_key, is_environment, write_api_key};
pub use cause::{Cause, Family, ForeignCause, Outside, Owner};
pub use evidence::{Evidence, Item, Subject, TEXT_LIMIT, Value, hex};
pub use facts::{
    Answer, DigestCount, DigestKey, DigestUse, DigestUser, Facts, Need, OneTime, PasswordAnswer, PasswordQuestion, SessionInUse, Spending,
};
pub use identity::{DigestProof, Identity, Proven};
pub use issuer::{Issuer, TokenBinding};
pub use judge::{judge, judge_login, judge_password, reads_body};
pub use nonce::{Nonce, NonceKey};
pub use parts::{ClientCertificate, PLAIN_SESSION_COOKIE, RequestParts, SECURE_SESSION_COOKIE, Standing};
pub use presented::{Kind, Place, Presented, Seen};
pub use record::{Account, AccountName, AccountState, ApiKey, DigestRecord, DigestSecret, Federated, Login, Session, Timestamp};
pub use requirement::{Access, ApiKeys, DigestPolicy, MethodScopes, Requirement, Scheme};
pub use secret::{Secret, SecretHash};
pub use target::{Target, TargetFault, fold};
pub use verdict::{Outage, Refusal, Step, Stop, Verdict};
