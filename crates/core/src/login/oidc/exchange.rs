//! The token endpoint (RFC 6749 sections 4.1.3, 5 and 6): what is sent, and what the answer means.

use super::metadata::Metadata;
use super::party::{ClientAuthentication, RelyingParty};
use super::start::LoginState;
use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::secret::Secret;
use crate::token::read_shallow;
use crate::verdict::{Outage, Stop};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// A request to a provider's own endpoint, as a form.
pub struct TokenRequest {
    /// The form's fields.
    pub form: Vec<(&'static str, Secret)>,
    /// The value of `Authorization`, if the client proves itself there.
    pub authorization: Option<Secret>,
}

/// What a provider gives for a code or refresh token.
pub struct Tokens {
    /// For the userinfo endpoint.
    pub access_token: Secret,
    /// Who the person is.
    pub id_token: Option<Secret>,
    /// To come again.
    pub refresh_token: Option<Secret>,
    /// Seconds that the access token lasts.
    pub expires_in: Option<i64>,
}

/// Asks for the tokens of a code.
pub fn token_request(party: &RelyingParty, metadata: &Metadata, code: &str, login: &LoginState) -> TokenRequest {
    let form = vec![
        ("grant_type", Secret::new("authorization_code")),
        ("code", Secret::new(code)),
        ("redirect_uri", Secret::new(login.redirect_uri.as_str())),
        ("code_verifier", Secret::new(login.verifier.as_str())),
    ];
    TokenRequest { form, authorization: None }.proved(party, metadata)
}

/// Asks for new tokens.
pub fn refresh_request(party: &RelyingParty, metadata: &Metadata, refresh_token: &Secret) -> TokenRequest {
    let form = vec![("grant_type", Secret::new("refresh_token")), ("refresh_token", refresh_token.clone())];
    TokenRequest { form, authorization: None }.proved(party, metadata)
}

impl TokenRequest {
    /// With the parameters of an authorization request, to be pushed (RFC 9126 section 2.1).
    pub fn pushed(parameters: &[(&'static str, String)], party: &RelyingParty, metadata: &Metadata) -> Self {
        let form = parameters.iter().map(|(name, value)| (*name, Secret::new(value.as_str()))).collect();
        Self { form, authorization: None }.proved(party, metadata)
    }

    /// With what the client proves itself by (RFC 6749 section 2.3.1).
    fn proved(self, party: &RelyingParty, metadata: &Metadata) -> Self {
        self.proved_by(metadata.authentication(party), &party.client_id, party.client_secret.as_ref())
    }

    /// With what a client of this name and secret proves itself by.
    pub(crate) fn proved_by(mut self, how: ClientAuthentication, client_id: &str, secret: Option<&Secret>) -> Self {
        let secret = match (how, secret) {
            (ClientAuthentication::Basic, Some(secret)) => {
                let pair = Secret::new(format!("{}:{}", encoded(client_id), encoded(secret.expose())));
                self.authorization = Some(Secret::new(format!("Basic {}", STANDARD.encode(pair.expose()))));
                return self;
            }
            (ClientAuthentication::Post, Some(secret)) => Some(("client_secret", secret.clone())),
            (_, _) => None,
        };
        if !self.form.iter().any(|(name, _)| *name == "client_id") {
            self.form.push(("client_id", Secret::new(client_id)));
        }
        self.form.extend(secret);
        self
    }
}

#[derive(Deserialize)]
struct Success {
    access_token: String,
    token_type: String,
    id_token: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Failure {
    error: String,
}

/// What the answer of the token endpoint comes to.
///
/// # Errors
/// `code-refused` for `invalid_grant`, `provider-refused` for other errors, and an outage where it is no answer of a token
/// endpoint.
pub fn tokens(party: &RelyingParty, status: u16, body: &[u8]) -> Result<Tokens, Stop> {
    let named = || Evidence::none().presented(Subject::Provider, Value::text(&party.name));
    let unreachable = |form: &str| {
        let evidence = named().presented(Subject::Form, Value::text(form));
        Err(Stop::Unable(Box::new(Outage { cause: Cause::ProviderUnreachable, retry_after: 5, evidence })))
    };
    match status {
        200 => {}
        400..=499 => {
            let Some(Failure { error }) = read_shallow(body) else {
                return unreachable(&format!("the token endpoint answers with status {status} and no error code"));
            };
            let cause = if error == "invalid_grant" { Cause::CodeRefused } else { Cause::ProviderRefused };
            let evidence = Evidence::none().presented(Subject::Error, Value::text(&error));
            return Err(Stop::refuse(cause, evidence.presented(Subject::Provider, Value::text(&party.name))));
        }
        _ => return unreachable(&format!("the token endpoint answers with status {status}")),
    }
    let Some(answer) = read_shallow::<Success>(body) else { return unreachable("the token endpoint's answer is none") };
    if !answer.token_type.eq_ignore_ascii_case("bearer") {
        return unreachable("the token endpoint gives a token of another type than Bearer");
    }
    let expires_in =
        answer.expires_in.and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok())).filter(|seconds| *seconds > 0);
    Ok(Tokens {
        access_token: Secret::new(answer.access_token),
        id_token: answer.id_token.map(Secret::new),
        refresh_token: answer.refresh_token.filter(|token| !token.is_empty()).map(Secret::new),
        expires_in,
    })
}

#[derive(Deserialize)]
struct Pushed {
    request_uri: String,
}

/// What a pushed request may be asked for by (RFC 9126 section 2.2).
///
/// # Errors
/// `provider-refused` for an error, an outage where it is no answer.
pub fn pushed(party: &RelyingParty, status: u16, body: &[u8]) -> Result<String, Stop> {
    let named = |evidence: Evidence| evidence.presented(Subject::Provider, Value::text(&party.name));
    match (status, read_shallow::<Pushed>(body), read_shallow::<Failure>(body)) {
        (200 | 201, Some(pushed), _) => Ok(pushed.request_uri),
        (400..=499, _, Some(Failure { error })) => {
            Err(Stop::refuse(Cause::ProviderRefused, named(Evidence::none().presented(Subject::Error, Value::text(&error)))))
        }
        _ => {
            let form = format!("the endpoint for pushed requests answers with status {status}");
            let evidence = named(Evidence::none().presented(Subject::Form, Value::text(&form)));
            Err(Stop::Unable(Box::new(Outage { cause: Cause::ProviderUnreachable, retry_after: 5, evidence })))
        }
    }
}

/// Percent-encoded, all but letters, digits and `-._~`.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    })
}
