//! A provider as this installation relies on it: what was agreed with whoever runs it.

use crate::issuer::Issuer;
use crate::secret::Secret;
use std::sync::Arc;

/// A provider as this installation relies on it.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    /// The operator's name for the provider.
    pub name: String,
    /// Whose ID tokens are believed; its audience is the client.
    pub issuer: Arc<Issuer>,
    /// What the provider calls this client.
    pub client_id: String,
    /// The client's secret, if it has one.
    pub client_secret: Option<Secret>,
    /// How the client proves itself; none to take what the provider offers.
    pub authentication: Option<ClientAuthentication>,
    /// The scopes that are asked for; `openid` is among them.
    pub scopes: Vec<String>,
    /// The authentication contexts that every login asks for, the best first.
    pub acr_values: Vec<String>,
    /// Seconds since the person authenticated, at the most, for every login.
    pub max_age: Option<i64>,
    /// Is the userinfo endpoint asked too?
    pub userinfo: bool,
    /// Where the provider sends people back to; none for the host that they came to.
    pub redirect_uri: Option<String>,
    /// Does logging out end the provider's session too?
    pub end_session: bool,
    /// Is the provider asked again while a session lasts?
    pub renew: bool,
}

/// How a client proves itself at the token endpoint (RFC 6749 section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// Name and secret as HTTP Basic.
    Basic,
    /// Name and secret in the form.
    Post,
    /// Not at all: a public client, which PKCE protects.
    None,
}
