//! What a store holds and the judge reads: accounts, API keys, sessions. Values only; nothing here is looked up.

use crate::digest::{self, Algorithm};
use crate::secret::{Secret, SecretHash};
use serde::Serialize;
use std::sync::Arc;

/// Seconds since 1970-01-01T00:00:00Z.
pub type Timestamp = i64;

/// An account's name in the one form that look-ups and attempt counters use: trimmed and lower-cased.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct AccountName(Arc<str>);

impl AccountName {
    /// The canonical form of a name as somebody wrote it.
    pub fn new(written: &str) -> Self {
        let name = written.trim();
        if name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
            return Self(name.into());
        }
        Self(name.to_lowercase().into())
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// May the account be used?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountState {
    /// It may.
    Active,
    /// Not until an administrator unlocks it.
    Locked,
    /// Not until an administrator enables it.
    Disabled,
}

/// A person or program with a password, roles and scopes.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The store's number for it; never used again after a removal.
    pub id: i64,
    /// Its canonical name.
    pub name: AccountName,
    /// The password's hash in PHC form; without one no password is right.
    #[serde(skip)]
    pub password: Option<Arc<str>>,
    /// Roles, as rules name them.
    pub roles: Vec<String>,
    /// Scopes, as rules name them.
    pub scopes: Vec<String>,
    /// May it be used?
    pub state: AccountState,
    /// When [`state`](Self::state) was last set.
    pub state_since: Timestamp,
    /// From when on the password is refused as expired.
    pub password_expires: Option<Timestamp>,
    /// Who it is at the provider that the person signs in with; none for an account of this installation's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub federated: Option<Arc<Federated>>,
}

/// A person as a provider knows them. Provider and subject together name them for good; the rest may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Federated {
    /// The operator's name for the provider.
    pub provider: String,
    /// The provider's name for the person (`sub`, `NameID`).
    pub subject: String,
    /// What people call them.
    pub display_name: Option<String>,
    /// An e-mail address that the provider has verified.
    pub email: Option<String>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("id", &self.id).field("name", &self.name).field("state", &self.state).finish_non_exhaustive()
    }
}

/// What answers to Digest are compared with.
#[derive(Clone, Debug)]
pub struct DigestRecord {
    /// The account.
    pub account: Arc<Account>,
    /// HA1 for the realm and algorithm that were asked for; none where the password was set before such were kept.
    pub ha1: Option<Secret>,
}

/// A Digest secret to be kept, as good as the password within its realm.
#[derive(Clone, Debug)]
pub struct DigestSecret {
    /// The protection space.
    pub realm: String,
    /// The algorithm, not a `-sess` one.
    pub algorithm: Algorithm,
    /// HA1.
    pub ha1: Secret,
    /// What stands for the name under `userhash`.
    pub userhash: String,
}

impl DigestSecret {
    /// That of a password.
    pub fn of(name: &AccountName, realm: &str, password: &str, algorithm: Algorithm) -> Self {
        Self {
            realm: realm.to_owned(),
            algorithm: algorithm.base(),
            ha1: digest::ha1(name.as_str(), realm, password, algorithm),
            userhash: digest::userhash(name.as_str(), realm, algorithm),
        }
    }
}

/// An API key; its secret is known only as a hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiKey {
    /// The public identifier, as `key list` prints it.
    pub id: String,
    /// The account that it acts for.
    pub account: Arc<Account>,
    /// The scopes of this key; the account's own scopes are not added.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is refused as expired.
    pub expires: Option<Timestamp>,
    /// Since when it is refused as revoked.
    pub revoked: Option<Timestamp>,
}

/// A browser session; its cookie is known only as a hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Session {
    /// The public identifier, as `session list` prints it.
    pub id: String,
    /// The hash of the cookie's value.
    #[serde(skip)]
    pub hash: SecretHash,
    /// Who logged in.
    pub account: Arc<Account>,
    /// When, which is also the time of authentication (`max_age` in rules) unless a provider said otherwise.
    pub created: Timestamp,
    /// When it ends however much it is used.
    pub expires: Timestamp,
    /// Seconds without use after which it ends.
    pub idle: Timestamp,
    /// Since when it is refused as revoked.
    pub revoked: Option<Timestamp>,
    /// What a provider said of the login; none where the login was a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<Arc<Login>>,
}

impl Session {
    /// Is the provider to be asked whether it may go on?
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.login.as_ref().is_some_and(|login| login.renew_at.is_some_and(|due| due <= now))
    }
}

/// What a provider said of a login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Login {
    /// The operator's name for the provider.
    pub provider: String,
    /// The provider's name for its own session (`sid`, `SessionIndex`), by which it can end this one.
    pub sid: Option<String>,
    /// The authentication context class (`acr`).
    pub acr: Option<String>,
    /// When the person authenticated there.
    pub auth_time: Option<Timestamp>,
    /// From when on the provider is to be asked again whether the session may go on.
    pub renew_at: Option<Timestamp>,
}
