//! OpenID Connect, as who relies on a provider (OpenID Connect Core 1.0, OAuth 2.1): the code flow with PKCE.

mod party;

pub use party::{ClientAuthentication, RelyingParty};
