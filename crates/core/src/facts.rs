//! What the judge asks for and what it gets: a [`Need`] is a question as data, and [`Facts`] are the answers at hand.
//!
//! Nothing here waits. A fact that is not at hand makes the judge stop with a `Need`; a source answers it, and the
//! judge is asked again.

use crate::digest::Algorithm;
use crate::introspection::Introspection;
use crate::issuer::Issuer;
use crate::nonce::Nonce;
use crate::record::{Account, AccountName, ApiKey, DigestRecord, Session, Timestamp};
use crate::secret::{Secret, SecretHash};
use crate::token::{KeySet, VerifiedToken};
use crate::verdict::{Outage, Stop};
use std::net::IpAddr;
use std::sync::Arc;

/// A question that only the world outside can answer.
#[derive(Clone, Debug)]
pub enum Need {
    /// The account with this name.
    Account(AccountName),
    /// Is this the password?
    Password(PasswordQuestion),
    /// The API key with this hash.
    ApiKey(SecretHash),
    /// The session with this hash.
    Session(SecretHash),
    /// What is kept for answering Digest for this user.
    Digest(DigestKey),
    /// Count this answer to Digest, be it right or wrong. Asked last, when all else is known.
    CountDigest(DigestUse),
    /// The issuer's keys, with this key among them if there is one.
    Keys(Arc<Issuer>, Option<String>),
    /// What the issuer says of the token.
    Introspection(Arc<Issuer>, Secret),
    /// Use this up, if it was not used before. Asked last, when all else has passed.
    Spend(OneTime),
}

/// Something that counts once: a proof's `jti`, an assertion's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTime {
    /// A hash over all that names it: what it is, whose, and its id.
    pub hash: SecretHash,
    /// From then on it is refused for its age, so that nobody has to remember it.
    pub until: Timestamp,
}

/// Was it used before?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spending {
    /// This was the first use.
    First,
    /// It was used before.
    Again,
}

/// Is this the password of that account? Asked for unknown accounts too, so that time tells nothing.
#[derive(Clone, Debug)]
pub struct PasswordQuestion {
    /// Whom wrong answers are counted for.
    pub name: AccountName,
    /// The hash in PHC form; none for an unknown account, which is compared against a decoy.
    pub hash: Option<Arc<str>>,
    /// What was presented.
    pub password: Secret,
    /// Where it came from; wrong answers are counted for it too.
    pub client: IpAddr,
}

/// The answer to a [`PasswordQuestion`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordAnswer {
    /// It is.
    Right,
    /// It is not.
    Wrong,
    /// Too many were wrong of late; ask again after so many seconds.
    Throttled {
        /// Seconds to wait.
        retry_after: u32,
    },
}

/// Whose Digest secret, and which one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DigestKey {
    /// The user.
    pub user: DigestUser,
    /// The protection space.
    pub realm: String,
    /// The algorithm; one and its `-sess` have the same secret.
    pub algorithm: Algorithm,
}

/// A user, as Digest names them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DigestUser {
    /// By name.
    Name(AccountName),
    /// By the hash of name and realm (`userhash`), in lower-case hexadecimal digits.
    Hash(String),
}

/// An answer to Digest that was compared and is to be counted before anybody learns what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestUse {
    /// Whom wrong answers are counted for: the same as for passwords.
    pub name: AccountName,
    /// Where it came from; wrong answers are counted for it too.
    pub client: IpAddr,
    /// The account that it proved, if it was right and the account may be used.
    pub account: Option<i64>,
    /// The nonce.
    pub nonce: Nonce,
    /// How often the client says it has used the nonce.
    pub count: u32,
}

/// The answer to a [`DigestUse`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestCount {
    /// It is counted, and for the first time if it was right.
    Counted,
    /// This count of the nonce was used before.
    Again,
    /// It can no longer be said whether it was: the count is far behind others, or the nonce is older than what is kept.
    Forgotten,
    /// Too many were wrong of late; ask again after so many seconds.
    Throttled {
        /// Seconds to wait.
        retry_after: u32,
    },
}

/// A session as it stands, with the time of its last use.
#[derive(Clone, Debug)]
pub struct SessionInUse {
    /// What is stored.
    pub session: Arc<Session>,
    /// When it was last used.
    pub last_seen: Timestamp,
}

/// What is known of a fact.
#[derive(Clone, Debug)]
pub enum Answer<T> {
    /// It is at hand.
    Known(T),
    /// It has to be asked for.
    NotYet,
    /// It was asked for, and whoever could answer did not.
    Outage(Outage),
}

/// The facts at hand. An implementation may remember and compute, but neither wait nor touch the world.
pub trait Facts {
    /// The account with this name.
    fn account(&self, name: &AccountName) -> Answer<Option<Arc<Account>>>;
    /// Is this the password?
    fn password(&self, question: &PasswordQuestion) -> Answer<PasswordAnswer>;
    /// The API key with this hash.
    fn api_key(&self, hash: &SecretHash) -> Answer<Option<Arc<ApiKey>>>;
    /// The session with this hash.
    fn session(&self, hash: &SecretHash) -> Answer<Option<SessionInUse>>;
    /// What is kept for answering Digest for this user.
    fn digest(&self, key: &DigestKey) -> Answer<Option<Arc<DigestRecord>>>;
    /// What came of counting it. Whoever answers has counted it.
    fn digest_counted(&self, used: &DigestUse) -> Answer<DigestCount>;
    /// The nonce of this text, if this process made it for this realm.
    fn nonce(&self, realm: &str, text: &str) -> Option<Nonce>;
    /// The issuer's keys. `kid` tells which one is looked for, so that a source may refresh a set that lacks it.
    fn keys(&self, issuer: &Arc<Issuer>, kid: Option<&str>) -> Answer<Arc<KeySet>>;
    /// The token, if it was verified a moment ago under the same keys; otherwise what `verify` makes of it.
    fn token(&self, raw: &str, verify: impl FnOnce() -> Result<VerifiedToken, Stop>) -> Result<Arc<VerifiedToken>, Stop>;
    /// What the issuer said of the token when it was last asked, be it long ago.
    fn introspected(&self, issuer: &Arc<Issuer>, raw: &str) -> Option<Arc<Introspection>>;
    /// What the issuer says of the token, asked for this judgement.
    fn introspection(&self, issuer: &Arc<Issuer>, raw: &str) -> Answer<Arc<Introspection>>;
    /// Was this the first use? Whoever answers has used it up.
    fn spent(&self, once: &OneTime) -> Answer<Spending>;
    /// Since when uses are known. Nobody can say whether something was used before.
    fn spent_since(&self) -> Timestamp;
    /// A keyed hash that lets evidence name a value without showing it.
    fn fingerprint(&self, value: &[u8]) -> [u8; 8];
}
