//! OpenID Connect, as who relies on a provider (OpenID Connect Core 1.0, OAuth 2.1): the code flow with PKCE.
//!
//! ```text
//! start ──► Started: a sealed cookie, and what to ask the provider         ┐
//!             ┄┄ the person is at the provider ┄┄                          │ one browser
//! callback ──► code ──► token_request ┄┄► tokens ──► id_token ──► userinfo ┘──► Mapping
//! ```
//!
//! What waits in between is asked elsewhere. Each step says with which cause it ends.

mod callback;
mod exchange;
mod id_token;
mod kept;
mod logout_token;
mod metadata;
mod party;
mod start;
mod userinfo;

pub use callback::{Answered, LOGIN_LASTS, Unknown, code, find};
pub use exchange::{TokenRequest, Tokens, pushed, refresh_request, token_request, tokens};
pub use id_token::{Expected, IdToken, check_id_token, key_id};
pub use kept::Kept;
pub use logout_token::{LogoutToken, check_logout_token};
pub use metadata::{Metadata, MetadataFault};
pub use party::{ClientAuthentication, RelyingParty};
pub use start::{Asked, Entropy, LoginState, Started, login_id, start};
pub use userinfo::check_userinfo;

#[cfg(test)]
mod tests;
