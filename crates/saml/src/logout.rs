//! Log-out across sites (SAML profiles section 4.4): requests and answers, written and judged. Nothing that is not
//! signed ends anybody's session.

use crate::assertion::{Clock, NameId, once, optional_instant, required_instant};
use crate::encoding::{from_base64, inflate};
use crate::instant;
use crate::metadata::Provider;
use crate::names::{ENTITY, REQUESTER, SAML, SAMLP, SUCCESS};
use crate::outgoing::Outgoing;
use crate::refusal::{differs, malformed, unsigned};
use crate::response::{FIELD_LIMIT, check_issuer, check_version};
use crate::service::Service;
use crate::signature::{self, Signed, verify_bytes};
use crate::xml::{MESSAGE_LIMIT, Malformed, Node, Tree, escape};
use countersign::{Cause, OneTime, Refusal, Subject, Timestamp};
use percent_encoding::percent_decode_str;

/// How long after it was made a request counts that does not say so itself, in seconds.
const LIFETIME: i64 = 300;

/// A provider's wish that a person be logged out here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutRequest {
    /// The request's id, for the answer.
    pub id: String,
    /// Whom it concerns.
    pub name_id: NameId,
    /// Which of the provider's sessions; all of the person's if none is named.
    pub sessions: Vec<String>,
    /// The request counts once.
    pub once: OneTime,
}

/// How a log-out message came.
#[derive(Clone, Copy, Debug)]
pub enum Arrival<'a> {
    /// By HTTP-Redirect: the query as it stood in the address, undecoded, since that is what was signed.
    Redirect(&'a str),
    /// By HTTP-POST: the form's field, decoded.
    Post(&'a str),
}

/// A log-out message whose signature was verified.
#[derive(Debug)]
pub enum LogoutMessage {
    /// The provider asks us.
    Request(LogoutRequest),
    /// The provider answers what we asked; is it done?
    Response {
        /// The request that it answers.
        in_response_to: Option<String>,
        /// Does it report success?
        done: bool,
    },
}

impl LogoutMessage {
    /// Reads a message, verifies its signature, and judges it.
    ///
    /// # Errors
    /// A refusal with one of the causes `assertion-*`.
    pub fn judge(arrival: Arrival<'_>, service: &Service, provider: &Provider, now: Timestamp) -> Result<Self, Refusal> {
        let text = verified(arrival, provider)?;
        let tree = Tree::parse(&text, 4 * MESSAGE_LIMIT)?;
        let root = tree.root()?;
        check_version(root)?;
        check_issuer(root.only(SAML, "Issuer")?, provider)?;
        let destination = root.attribute("Destination");
        if destination != Some(service.sign_out.as_str()) {
            return Err(differs(Cause::AssertionRecipientMismatch, Subject::Recipient, &service.sign_out, destination));
        }
        if root.is(SAMLP, "LogoutRequest") {
            return request(root, service, provider, now).map(Self::Request);
        }
        if root.is(SAMLP, "LogoutResponse") {
            let code = root.only(SAMLP, "Status")?.only(SAMLP, "StatusCode")?.required("Value")?;
            return Ok(Self::Response { in_response_to: root.attribute("InResponseTo").map(str::to_owned), done: code == SUCCESS });
        }
        Err(malformed(&format!("{} where a log-out was expected", root.name())))
    }
}

fn request(root: Node<'_>, service: &Service, provider: &Provider, now: Timestamp) -> Result<LogoutRequest, Refusal> {
    let clock = Clock { now, leeway: service.leeway };
    let made = required_instant(root, "IssueInstant")?;
    clock.begun(made)?;
    let end = optional_instant(root, "NotOnOrAfter")?.unwrap_or(made.saturating_add(LIFETIME));
    clock.not_over(end)?;
    let name_id = NameId::read(root.only(SAML, "NameID")?)?;
    let sessions = root.all(SAMLP, "SessionIndex").map(Node::text).collect::<Result<Vec<_>, Malformed>>()?;
    let id = root.required("ID")?;
    // A provider that lets a request count for years does not make us remember it for years.
    let until = end.min(now.saturating_add(24 * 3600)).saturating_add(service.leeway);
    Ok(LogoutRequest { id: id.to_owned(), name_id, sessions, once: once(provider, id, until) })
}

/// The text of a message whose signature was verified.
fn verified(arrival: Arrival<'_>, provider: &Provider) -> Result<String, Refusal> {
    match arrival {
        Arrival::Post(field) if field.len() > FIELD_LIMIT => Err(malformed("the field is too long")),
        Arrival::Post(field) => {
            let bytes = from_base64(field).ok_or_else(|| malformed("the message is no base64"))?;
            let text = String::from_utf8(bytes).map_err(|_| malformed("the message is no UTF-8"))?;
            let tree = Tree::parse(&text, MESSAGE_LIMIT)?;
            let signed = signature::verify(tree.root()?, &provider.keys).map_err(|fault| unsigned(&fault, &provider.keys))?;
            Ok(Signed::into_text(signed))
        }
        Arrival::Redirect(query) => {
            let query = Query::read(query)?;
            let value = from_base64(&query.decoded(query.signature)?).ok_or_else(|| malformed("Signature is no base64"))?;
            let algorithm = query.decoded(query.algorithm)?;
            verify_bytes(query.signed().as_bytes(), &algorithm, &value, &provider.keys)
                .map_err(|fault| unsigned(&fault, &provider.keys))?;
            let bytes = from_base64(&query.decoded(query.message)?).ok_or_else(|| malformed("the message is no base64"))?;
            inflate(&bytes, MESSAGE_LIMIT).ok_or_else(|| malformed("the message does not inflate to text within the limit"))
        }
    }
}

/// The parameters of a redirect, as they stood in the address.
struct Query<'a> {
    field: &'static str,
    message: &'a str,
    relay_state: Option<&'a str>,
    algorithm: &'a str,
    signature: &'a str,
}

impl<'a> Query<'a> {
    /// Each once: a second one would be read by somebody else.
    fn read(query: &'a str) -> Result<Self, Refusal> {
        let named = |name: &str| {
            let mut values = query.split('&').filter_map(|pair| pair.split_once('=')).filter(|pair| pair.0 == name).map(|pair| pair.1);
            match (values.next(), values.next()) {
                (value, None) => Ok(value),
                _ => Err(malformed(&format!("{name} stands twice"))),
            }
        };
        let (field, message) = match (named("SAMLRequest")?, named("SAMLResponse")?) {
            (Some(message), None) => ("SAMLRequest", message),
            (None, Some(message)) => ("SAMLResponse", message),
            _ => return Err(malformed("neither one SAMLRequest nor one SAMLResponse")),
        };
        let missing = |_: ()| unsigned(&signature::SignatureFault::Missing, &[]);
        let algorithm = named("SigAlg")?.ok_or(()).map_err(missing)?;
        let signature = named("Signature")?.ok_or(()).map_err(missing)?;
        Ok(Self { field, message, relay_state: named("RelayState")?, algorithm, signature })
    }

    /// What was signed, in the order that the binding lays down (section 3.4.4.1).
    fn signed(&self) -> String {
        let state = self.relay_state.map(|state| format!("&RelayState={state}")).unwrap_or_default();
        format!("{}={}{state}&SigAlg={}", self.field, self.message, self.algorithm)
    }

    fn decoded(&self, value: &str) -> Result<String, Refusal> {
        let text = percent_decode_str(value).decode_utf8().map_err(|_| malformed("a parameter is no UTF-8"))?;
        Ok(text.into_owned())
    }
}

/// Asks the provider to log a person out everywhere.
pub fn logout_request(service: &Service, to: &str, id: &str, name_id: &NameId, session: Option<&str>, now: Timestamp) -> Outgoing {
    let attribute =
        |name: &str, value: &Option<String>| value.as_deref().map(|value| format!(" {name}=\"{}\"", escape(value))).unwrap_or_default();
    let attributes = attribute("Format", &name_id.format)
        + &attribute("NameQualifier", &name_id.qualifier)
        + &attribute("SPNameQualifier", &name_id.service_qualifier);
    let index = session.map(|session| format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", escape(session))).unwrap_or_default();
    let end = instant::write(now.saturating_add(LIFETIME));
    let head = head("LogoutRequest", service, to, id, &format!(" NotOnOrAfter=\"{end}\""), now);
    let tail =
        format!("<saml:NameID xmlns:saml=\"{SAML}\"{attributes}>{}</saml:NameID>{index}</samlp:LogoutRequest>", escape(&name_id.value));
    Outgoing { id: id.to_owned(), field: "SAMLRequest", head, tail }
}

/// Answers a provider's request.
pub fn logout_response(service: &Service, to: &str, id: &str, in_response_to: &str, done: bool, now: Timestamp) -> Outgoing {
    let code = if done { SUCCESS } else { REQUESTER };
    let head = head("LogoutResponse", service, to, id, &format!(" InResponseTo=\"{}\"", escape(in_response_to)), now);
    let tail = format!("<samlp:Status><samlp:StatusCode Value=\"{code}\"/></samlp:Status></samlp:LogoutResponse>");
    Outgoing { id: id.to_owned(), field: "SAMLResponse", head, tail }
}

fn head(name: &str, service: &Service, to: &str, id: &str, attributes: &str, now: Timestamp) -> String {
    format!(
        "<samlp:{name} xmlns:samlp=\"{SAMLP}\" ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{}\" Destination=\"{}\"{attributes}>\
         <saml:Issuer xmlns:saml=\"{SAML}\" Format=\"{ENTITY}\">{}</saml:Issuer>",
        instant::write(now),
        escape(to),
        escape(&service.entity_id)
    )
}
