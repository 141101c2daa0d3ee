//! Who a request comes from. Only the judge makes one: its fields are private, and no constructor leaves this crate.

use crate::digest::Qop;
use crate::nonce::Nonce;
use crate::record::{Account, ApiKey, Federated, Session, Timestamp};
use crate::requirement::Scheme;
use crate::token::VerifiedToken;
use std::sync::Arc;

/// Who a request comes from, as the judge found.
#[derive(Clone, Debug)]
pub struct Identity(pub(crate) Source);

#[derive(Clone, Debug)]
pub(crate) enum Source {
    Anonymous,
    Password(Arc<Account>),
    /// A provider vouched for the person, who has no session yet.
    Login(Arc<Account>),
    Digest(Arc<Account>, Arc<DigestProof>),
    Key(Arc<ApiKey>),
    Session(Arc<Session>),
    Token(Arc<VerifiedToken>, Proven),
}

/// How whoever presented a token proved to be the one that it was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proven {
    /// Not at all: having the token was enough.
    Bearer,
    /// By the certificate of the connection.
    Certificate,
    /// By a signed proof (DPoP), with the nonce that it carried, if that was one of ours.
    Key(Option<Nonce>),
}

/// What an answer tells a client that came by Digest, so that it knows that the server knows its secret too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestProof {
    /// The nonce that was used.
    pub nonce: Nonce,
    /// `rspauth`; none for `auth-int`, where it would need the whole of the app's answer.
    pub rspauth: Option<String>,
    /// What the response protected.
    pub qop: Qop,
    /// The count, as it was sent.
    pub nc: String,
    /// The client's nonce.
    pub cnonce: String,
}

impl Identity {
    /// The account's name or the token's subject; none for an anonymous request.
    pub fn subject(&self) -> Option<&str> {
        match &self.0 {
            Source::Token(token, _) => Some(&token.subject),
            _ => self.account().map(|account| account.name.as_str()),
        }
    }

    /// The local account, unless the identity comes from a token.
    pub fn account(&self) -> Option<&Account> {
        match &self.0 {
            Source::Password(account) | Source::Login(account) | Source::Digest(account, _) => Some(account),
            Source::Key(key) => Some(&key.account),
            Source::Session(session) => Some(&session.account),
            Source::Anonymous | Source::Token(..) => None,
        }
    }

    /// The API key that was used, if one was.
    pub fn api_key(&self) -> Option<&Arc<ApiKey>> {
        match &self.0 {
            Source::Key(key) => Some(key),
            _ => None,
        }
    }

    /// The session that was used, if one was.
    pub fn session(&self) -> Option<&Arc<Session>> {
        match &self.0 {
            Source::Session(session) => Some(session),
            _ => None,
        }
    }

    /// What an answer tells a client that came by Digest.
    pub fn digest(&self) -> Option<&DigestProof> {
        match &self.0 {
            Source::Digest(_, proof) => Some(proof),
            _ => None,
        }
    }

    /// How it was authenticated; none for an anonymous request.
    pub fn scheme(&self) -> Option<Scheme> {
        match &self.0 {
            Source::Anonymous => None,
            Source::Password(_) => Some(Scheme::Basic),
            Source::Digest(..) => Some(Scheme::Digest),
            Source::Key(_) => Some(Scheme::ApiKey),
            Source::Session(_) | Source::Login(_) => Some(Scheme::Session),
            Source::Token(..) => Some(Scheme::Bearer),
        }
    }

    /// What it may do, as scopes.
    pub fn scopes(&self) -> &[String] {
        match &self.0 {
            Source::Anonymous => &[],
            Source::Key(key) => &key.scopes,
            Source::Password(account) | Source::Login(account) | Source::Digest(account, _) => &account.scopes,
            Source::Session(session) => &session.account.scopes,
            Source::Token(token, _) => &token.scopes,
        }
    }

    /// What it may do, as roles.
    pub fn roles(&self) -> &[String] {
        match &self.0 {
            Source::Token(token, _) => &token.roles,
            _ => self.account().map_or(&[], |account| &account.roles),
        }
    }

    /// The token that was used and how its holder was proven, if one was.
    pub fn token(&self) -> Option<(&VerifiedToken, Proven)> {
        match &self.0 {
            Source::Token(token, proven) => Some((token, *proven)),
            _ => None,
        }
    }

    /// When the person authenticated, where that is known.
    pub fn authenticated_at(&self, now: Timestamp) -> Option<Timestamp> {
        match &self.0 {
            Source::Anonymous | Source::Key(_) => None,
            Source::Password(_) | Source::Login(_) | Source::Digest(..) => Some(now),
            Source::Session(session) => Some(session.login.as_ref().and_then(|login| login.auth_time).unwrap_or(session.created)),
            Source::Token(token, _) => token.auth_time,
        }
    }

    /// The authentication context class (`acr`), where one was stated.
    pub fn acr(&self) -> Option<&str> {
        match &self.0 {
            Source::Token(token, _) => token.acr.as_deref(),
            Source::Session(session) => session.login.as_ref()?.acr.as_deref(),
            _ => None,
        }
    }

    /// Who the person is at their provider, where they signed in with one.
    pub fn federated(&self) -> Option<&Federated> {
        self.account()?.federated.as_deref()
    }
}
