//! The userinfo endpoint (OpenID Connect Core section 5.3): more claims, if they are about the same person.

use super::id_token::IdToken;
use super::party::RelyingParty;
use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::token::read_shallow;
use crate::verdict::{Outage, Refusal, Stop};
use serde_json::Map;

/// Adds what the endpoint says to the claims of the ID token, which it does not override.
///
/// # Errors
/// `id-token-refused` if it is about somebody else (section 5.3.2), an outage if it is no answer.
pub fn check_userinfo(token: &mut IdToken, party: &RelyingParty, status: u16, body: &[u8]) -> Result<(), Stop> {
    let unreachable = |form: String| {
        let evidence = Evidence::none().presented(Subject::Provider, Value::text(&party.name)).presented(Subject::Form, Value::text(&form));
        Stop::Unable(Box::new(Outage { cause: Cause::ProviderUnreachable, retry_after: 5, evidence }))
    };
    if status != 200 {
        return Err(unreachable(format!("the userinfo endpoint answers with status {status}")));
    }
    let said: Map<String, serde_json::Value> =
        read_shallow(body).ok_or_else(|| unreachable("the userinfo endpoint's answer is not a JSON object".to_owned()))?;
    if said.get("sub").and_then(serde_json::Value::as_str) != Some(&token.subject) {
        let evidence = Evidence::none().presented(Subject::Form, Value::text("the userinfo endpoint speaks of another subject"));
        let refusal = Refusal::new(Cause::IdTokenRefused, evidence.presented(Subject::Provider, Value::text(&party.name)));
        return Err(Stop::Refuse(Box::new(refusal)));
    }
    for (name, value) in said {
        token.claims.entry(name).or_insert(value);
    }
    Ok(())
}
