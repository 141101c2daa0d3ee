//! The request that a sign-in begins with (`AuthnRequest`, SAML core section 3.4).

use crate::instant;
use crate::names::{POST, SAML, SAMLP};
use crate::outgoing::Outgoing;
use crate::service::Service;
use crate::xml::escape;
use countersign::Timestamp;

/// What is asked of the provider beyond a sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Ask the person again, even if the provider knows them.
    pub force: bool,
    /// How the person is to be authenticated (`AuthnContextClassRef`), any of these.
    pub contexts: Vec<String>,
    /// The kind of name that is wanted.
    pub name_id_format: Option<String>,
}

/// Writes the request. `id` is new, random, and of the form of an XML name (it begins with `_` or a letter); `to` is the
/// provider's address.
pub fn authn_request(service: &Service, to: &str, id: &str, wishes: &Wishes, now: Timestamp) -> Outgoing {
    let (consumer, entity, destination) = (escape(&service.consumer), escape(&service.entity_id), escape(to));
    let force = if wishes.force { " ForceAuthn=\"true\"" } else { "" };
    let head = format!(
        "<samlp:AuthnRequest xmlns:samlp=\"{SAMLP}\" ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{}\" Destination=\"{destination}\"{force} \
         ProtocolBinding=\"{POST}\" AssertionConsumerServiceURL=\"{consumer}\"><saml:Issuer xmlns:saml=\"{SAML}\">{entity}</saml:Issuer>",
        instant::write(now)
    );
    let format = wishes.name_id_format.as_deref().map(|format| format!(" Format=\"{}\"", escape(format))).unwrap_or_default();
    let mut tail = format!("<samlp:NameIDPolicy{format} AllowCreate=\"true\"/>");
    if !wishes.contexts.is_empty() {
        let context =
            |name: &String| format!("<saml:AuthnContextClassRef xmlns:saml=\"{SAML}\">{}</saml:AuthnContextClassRef>", escape(name));
        let contexts: String = wishes.contexts.iter().map(context).collect();
        tail.push_str(&format!("<samlp:RequestedAuthnContext Comparison=\"exact\">{contexts}</samlp:RequestedAuthnContext>"));
    }
    tail.push_str("</samlp:AuthnRequest>");
    Outgoing { id: id.to_owned(), field: "SAMLRequest", head, tail }
}
