//! What a rule asks of a request: the judge's second argument, made once from the configuration.

use crate::api_key::KeyPlace;
use crate::digest::{Algorithm, Qop};
use crate::issuer::Issuer;
use crate::record::Timestamp;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// A way to authenticate, in order of strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// A bearer token (RFC 6750): a signed JWT.
    Bearer,
    /// An API key in a header or query parameter.
    ApiKey,
    /// A session cookie that the login page gave.
    Session,
    /// A hash over password, request and nonce (RFC 7616).
    Digest,
    /// Name and password (RFC 7617).
    Basic,
}

impl Scheme {
    /// Every scheme, the strongest first.
    pub const ALL: &'static [Scheme] = &[Scheme::Bearer, Scheme::ApiKey, Scheme::Session, Scheme::Digest, Scheme::Basic];

    /// The name that configuration and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Scheme::Bearer => "bearer",
            Scheme::ApiKey => "api-key",
            Scheme::Session => "session",
            Scheme::Digest => "digest",
            Scheme::Basic => "basic",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whom a rule lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Everybody, without credentials.
    Public,
    /// Whoever authenticates and has what is asked for.
    Protected,
    /// Nobody.
    Denied,
}

/// What a rule asks of a request.
#[derive(Clone, Debug)]
pub struct Requirement {
    /// Whom it lets through.
    pub access: Access,
    /// The accepted schemes, the strongest first.
    pub schemes: Vec<Scheme>,
    /// Names the protection space in challenges (RFC 9110 section 11.5).
    pub realm: String,
    /// All scopes of the entry for the method are needed.
    pub scopes: MethodScopes,
    /// One of these roles is needed; none if empty.
    pub roles: Vec<String>,
    /// One of these authentication contexts (`acr`) is needed; none if empty (RFC 9470).
    pub acr: Vec<String>,
    /// Seconds since the person authenticated, at the most (RFC 9470).
    pub max_age: Option<i64>,
    /// Refuse what did not come over TLS?
    pub https_only: bool,
    /// The issuers whose tokens are accepted.
    pub issuers: Arc<[Arc<Issuer>]>,
    /// For how many seconds a token that was found active is served while its issuer cannot be asked; 0 for not at all.
    pub serve_verified_for: i64,
    /// Origins other than the site's own whose scripts may use a session.
    pub origins: Arc<[String]>,
    /// The providers whose word counts here: a session that another one vouched for does not.
    pub providers: Arc<[String]>,
    /// Where API keys are looked for, and which are of this installation.
    pub api_keys: Arc<ApiKeys>,
    /// What is asked for in Digest; only read where the rule accepts it.
    pub digest: Arc<DigestPolicy>,
}

/// Where a site looks for API keys, and which are of this installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeys {
    /// The places; the first is the one that challenges name.
    pub places: Vec<KeyPlace>,
    /// The environment that keys carry in their text; empty for none.
    pub environment: String,
}

impl Default for ApiKeys {
    fn default() -> Self {
        Self { places: KeyPlace::usual(), environment: String::new() }
    }
}

impl Requirement {
    /// Does the rule accept this scheme?
    pub fn accepts(&self, scheme: Scheme) -> bool {
        self.schemes.contains(&scheme)
    }
}

/// What is asked for in Digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestPolicy {
    /// The accepted algorithms, in the order of the challenges.
    pub algorithms: Vec<Algorithm>,
    /// What a response may protect.
    pub qop: Vec<Qop>,
    /// Seconds for which a nonce is good.
    pub nonce_lifetime: Timestamp,
    /// May the hash of a name stand for it?
    pub userhash: bool,
}

impl Default for DigestPolicy {
    /// What RFC 7616 has every client support, and nonces short enough that a stolen one is soon worth nothing.
    fn default() -> Self {
        Self { algorithms: vec![Algorithm::Sha256], qop: vec![Qop::Auth], nonce_lifetime: 300, userhash: false }
    }
}

/// The scopes that each method needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MethodScopes(Vec<(String, Vec<String>)>);

impl MethodScopes {
    /// Takes `(method or "*", scopes)` entries.
    pub fn new(entries: Vec<(String, Vec<String>)>) -> Self {
        Self(entries)
    }

    /// The scopes for a method: its own entry, or the one for `*`. HEAD asks for what GET does.
    pub fn needed(&self, method: &str) -> &[String] {
        let method = if method == "HEAD" && !self.0.iter().any(|(name, _)| name == "HEAD") { "GET" } else { method };
        let named = |wanted: &str| self.0.iter().find(|(name, _)| name == wanted);
        named(method).or_else(|| named("*")).map_or(&[], |(_, scopes)| scopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &str, expect: &[&str]) {
        let scopes = MethodScopes::new(vec![("GET".into(), vec!["read".into()]), ("*".into(), vec!["write".into()])]);
        assert_eq!(scopes.needed(method), expect);
    }

    #[test]
    fn scopes_by_method() {
        check("GET", &["read"]);
        check("HEAD", &["read"]);
        check("POST", &["write"]);
        check("get", &["write"]);
    }
}
