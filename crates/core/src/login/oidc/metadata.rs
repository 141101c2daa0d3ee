//! What a provider publishes of itself (OpenID Connect Discovery section 3), as far as it is needed.

use super::party::{ClientAuthentication, RelyingParty};
use serde::Deserialize;
use thiserror::Error;

/// A provider's metadata. Where its addresses may lead is for whoever calls them to say.
#[derive(Clone, Debug, Deserialize)]
pub struct Metadata {
    /// Its exact name.
    pub issuer: String,
    /// Where people are sent.
    pub authorization_endpoint: String,
    /// Where codes become tokens.
    pub token_endpoint: String,
    /// Where more is said of a person.
    pub userinfo_endpoint: Option<String>,
    /// Where its own session ends (RP-Initiated Logout).
    pub end_session_endpoint: Option<String>,
    /// Where a login can be announced (RFC 9126).
    pub pushed_authorization_request_endpoint: Option<String>,
    /// Does it say in its answer who it is (RFC 9207)?
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
}

/// Why a document is not the provider's metadata.
#[derive(Debug, Error)]
pub enum MetadataFault {
    /// It is not such a document.
    #[error("the discovery document is not one: {0}")]
    Form(#[from] serde_json::Error),
    /// It names somebody else.
    #[error("the discovery document is for the issuer {0}")]
    OtherIssuer(String),
    /// An address in it is none.
    #[error("the {0} is not an address of http or https")]
    Address(&'static str),
    /// Whoever sees the answer could use it.
    #[error("it does not offer PKCE with S256")]
    NoChallenge,
}

impl Metadata {
    /// Reads the document of this issuer.
    ///
    /// # Errors
    /// [`MetadataFault`] says what is wrong with it.
    pub fn read(json: &[u8], issuer: &str) -> Result<Self, MetadataFault> {
        let metadata: Self = serde_json::from_slice(json)?;
        if metadata.issuer != issuer {
            return Err(MetadataFault::OtherIssuer(metadata.issuer));
        }
        let addresses = [
            ("authorization endpoint", Some(&metadata.authorization_endpoint)),
            ("token endpoint", Some(&metadata.token_endpoint)),
            ("userinfo endpoint", metadata.userinfo_endpoint.as_ref()),
            ("end of session endpoint", metadata.end_session_endpoint.as_ref()),
            ("endpoint for pushed requests", metadata.pushed_authorization_request_endpoint.as_ref()),
        ];
        if let Some((name, _)) = addresses.into_iter().find(|(_, address)| !address.is_none_or(|address| is_address(address))) {
            return Err(MetadataFault::Address(name));
        }
        // Many providers offer it without saying so; who lists methods and leaves it out does not.
        if metadata.code_challenge_methods_supported.as_ref().is_some_and(|methods| !methods.iter().any(|method| method == "S256")) {
            return Err(MetadataFault::NoChallenge);
        }
        Ok(metadata)
    }

    /// How the client proves itself: as configured, else as offered; Basic where nothing is said (Discovery section 3).
    pub fn authentication(&self, party: &RelyingParty) -> ClientAuthentication {
        if let Some(chosen) = party.authentication {
            return chosen;
        }
        let offers =
            |method: &str| self.token_endpoint_auth_methods_supported.as_ref().is_some_and(|all| all.iter().any(|one| one == method));
        match party.client_secret {
            None => ClientAuthentication::None,
            Some(_) if !offers("client_secret_basic") && offers("client_secret_post") => ClientAuthentication::Post,
            Some(_) => ClientAuthentication::Basic,
        }
    }
}

/// An address that people or calls may be sent to: of http or https, with a host and no user, in visible ASCII.
fn is_address(text: &str) -> bool {
    let uri = text.parse::<http::Uri>().ok().filter(|_| !text.contains('#') && text.bytes().all(|byte| byte.is_ascii_graphic()));
    uri.is_some_and(|uri| {
        let scheme = uri.scheme_str().is_some_and(|scheme| scheme == "https" || scheme == "http");
        scheme && uri.authority().is_some_and(|authority| !authority.host().is_empty() && !authority.as_str().contains('@'))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::{Value, json};

    fn document(name: &str, value: Value) -> Vec<u8> {
        let mut document = json!({
            "issuer": "https://id.test", "authorization_endpoint": "https://id.test/auth", "token_endpoint": "https://id.test/token",
        });
        if let Some(members) = document.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
        document.to_string().into_bytes()
    }

    #[track_caller]
    fn check(name: &str, value: Value, expect: Option<&str>) {
        let read = Metadata::read(&document(name, value.clone()), "https://id.test");
        assert_eq!(read.err().map(|fault| fault.to_string()).as_deref(), expect, "{name} {value}");
    }

    #[test]
    fn documents() {
        check("x", json!(1), None);
        check("issuer", json!("https://id.test/"), Some("the discovery document is for the issuer https://id.test/"));
        check("token_endpoint", json!("ftp://id.test"), Some("the token endpoint is not an address of http or https"));
        check(
            "authorization_endpoint",
            json!("javascript:alert(1)"),
            Some("the authorization endpoint is not an address of http or https"),
        );
        check("authorization_endpoint", json!("https://a@id.test/"), Some("the authorization endpoint is not an address of http or https"));
        check("end_session_endpoint", json!("//id.test"), Some("the end of session endpoint is not an address of http or https"));
        check("code_challenge_methods_supported", json!(["plain"]), Some("it does not offer PKCE with S256"));
        check("code_challenge_methods_supported", json!(["plain", "S256"]), None);
        assert!(Metadata::read(b"<html>", "https://id.test").is_err());
        assert!(Metadata::read(b"{\"issuer\":\"https://id.test\"}", "https://id.test").is_err());
    }
}
