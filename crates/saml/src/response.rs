//! A response by POST, from the form's field to who signed in (SAML profiles section 4.1.4).
//!
//! ```text
//! base64 ─► one tree, one assertion ─► signatures ─► envelope: issuer, destination, request, status
//!                                          └─► the assertion's own verified text ─► assertion.rs
//! ```
//!
//! The envelope of a response that is not signed itself is still read: all that it can do is to refuse.

use crate::assertion::{self, SignedIn};
use crate::decrypt;
use crate::encoding::from_base64;
use crate::instant;
use crate::metadata::Provider;
use crate::names::{DS, SAML, SAMLP, SUCCESS};
use crate::refusal::{differs, malformed, unsigned};
use crate::service::Service;
use crate::signature::{self, SignatureFault, Signed};
use crate::xml::{MESSAGE_LIMIT, Malformed, Node, Tree};
use countersign::{Cause, Evidence, Refusal, Subject, Timestamp, Value};

/// The longest field that is looked at, in bytes: the longest message in base64, with room for line ends.
pub const FIELD_LIMIT: usize = MESSAGE_LIMIT / 3 * 4 + 16 * 1024;

/// A request that was sent and not answered yet: what the browser keeps sealed for us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The request's id.
    pub id: String,
    /// From then on an answer comes too late.
    pub until: Timestamp,
}

/// A response as it was posted: well-formed XML with `Response` as its root, and nothing in it believed.
#[derive(Debug)]
pub struct Response {
    text: String,
    in_response_to: Option<String>,
}

impl Response {
    /// Reads the form's field `SAMLResponse`.
    ///
    /// # Errors
    /// `assertion-malformed`.
    pub fn read(field: &str) -> Result<Self, Refusal> {
        if field.len() > FIELD_LIMIT {
            return Err(malformed("the field is too long"));
        }
        let bytes = from_base64(field).ok_or_else(|| malformed("SAMLResponse is no base64"))?;
        let text = String::from_utf8(bytes).map_err(|_| malformed("SAMLResponse is no UTF-8"))?;
        let tree = Tree::parse(&text, MESSAGE_LIMIT)?;
        let root = tree.root()?;
        if !root.is(SAMLP, "Response") {
            return Err(malformed(&format!("{} where a Response was expected", root.name())));
        }
        let in_response_to = root.attribute("InResponseTo").map(str::to_owned);
        Ok(Self { text, in_response_to })
    }

    /// The request that it says it answers: to find what is known of that request, and for nothing else.
    pub fn in_response_to(&self) -> Option<&str> {
        self.in_response_to.as_deref()
    }

    /// Who signed in, if all of it holds. The caller then spends [`SignedIn::once`].
    ///
    /// # Errors
    /// A refusal with one of the causes `assertion-*`.
    pub fn judge(&self, service: &Service, provider: &Provider, pending: Option<&Pending>, now: Timestamp) -> Result<SignedIn, Refusal> {
        let tree = Tree::parse(&self.text, MESSAGE_LIMIT)?;
        let root = tree.root()?;
        let assertion = sole_assertion(root)?;

        let signed = verified(root, provider)?;
        let envelope_tree = signed.as_ref().map(Signed::tree).transpose()?;
        let envelope = envelope_tree.as_ref().map_or(Ok(root), Tree::root)?;
        let pending = check_envelope(envelope, signed.is_some(), service, provider, pending, now)?;

        let covered = signed.is_some().then_some(envelope);
        let assertion = assertion.ok_or_else(|| malformed("a response that reports success and holds no assertion"))?;
        let text = trusted_text(assertion, covered, service, provider)?;
        let tree = Tree::parse(&text, 4 * MESSAGE_LIMIT)?;
        assertion::judge(tree.root()?, service, provider, pending, now)
    }
}

/// The only assertion in the whole message. Several, one inside something else, or a signature where none belongs are
/// refused before anything is verified: no wrapping without one of them.
fn sole_assertion(root: Node<'_>) -> Result<Option<Node<'_>>, Malformed> {
    let is_assertion = |node: &Node<'_>| node.is(SAML, "Assertion") || node.is(SAML, "EncryptedAssertion");
    let assertion = root.elements().find(is_assertion);
    let (mut assertions, mut signatures) = (0, 0);
    for node in root.descendants() {
        if is_assertion(&node) {
            assertions += 1;
        } else if node.is(SAMLP, "Response") {
            return Err(Malformed::because("a response inside a response"));
        } else if node.is(DS, "Signature") {
            signatures += 1;
        }
    }
    let outer = root.all(DS, "Signature").count();
    let inner = assertion.map_or(0, |node| node.all(DS, "Signature").count());
    match (assertions, assertion) {
        (0, None) | (1, Some(_)) if signatures == outer + inner => Ok(assertion),
        (0, None) | (1, Some(_)) => Err(Malformed::because("a signature where none belongs")),
        (1, None) => Err(Malformed::because("the assertion is not where it belongs")),
        _ => Err(Malformed::because("more than one assertion")),
    }
}

/// The verified text of an element, none if it is not signed.
fn verified(node: Node<'_>, provider: &Provider) -> Result<Option<Signed>, Refusal> {
    match signature::verify(node, &provider.keys) {
        Ok(signed) => Ok(Some(signed)),
        Err(SignatureFault::Missing) => Ok(None),
        Err(fault) => Err(unsigned(&fault, &provider.keys)),
    }
}

/// What the response says of itself. Gives back the request that it answers.
fn check_envelope<'p>(
    response: Node<'_>,
    signed: bool,
    service: &Service,
    provider: &Provider,
    pending: Option<&'p Pending>,
    now: Timestamp,
) -> Result<&'p Pending, Refusal> {
    check_version(response)?;
    if let Some(issuer) = response.optional(SAML, "Issuer")? {
        check_issuer(issuer, provider)?;
    }
    match response.attribute("Destination") {
        Some(destination) if destination == service.consumer => {}
        None if !signed => {}
        other => return Err(differs(Cause::AssertionRecipientMismatch, Subject::Recipient, &service.consumer, other)),
    }
    let pending = answers(response.attribute("InResponseTo"), pending, now)?;
    let status = response.only(SAMLP, "Status")?;
    let code = status.only(SAMLP, "StatusCode")?;
    if code.required("Value")? == SUCCESS {
        return Ok(pending);
    }
    let inner = code.all(SAMLP, "StatusCode").next().and_then(|inner| inner.attribute("Value"));
    let codes = [code.attribute("Value"), inner];
    let message = status.optional(SAMLP, "StatusMessage")?.map(Node::text).transpose()?.unwrap_or_default();
    let short = codes.iter().flatten().map(|uri| uri.rsplit(':').next().unwrap_or(uri));
    let evidence = Evidence::none().differs(Subject::Status, Value::text("Success"), Value::texts(short));
    let evidence = if message.is_empty() { evidence } else { evidence.presented(Subject::Status, Value::text(&message)) };
    Err(Refusal::new(Cause::AssertionStatusRefused, evidence))
}

/// Does it answer the request that is pending, and in time?
pub(crate) fn answers<'p>(in_response_to: Option<&str>, pending: Option<&'p Pending>, now: Timestamp) -> Result<&'p Pending, Refusal> {
    let unsolicited = |expected: Option<&str>| {
        let evidence = match (expected, in_response_to) {
            (Some(expected), Some(presented)) => {
                Evidence::none().differs(Subject::RequestId, Value::text(expected), Value::text(presented))
            }
            (Some(expected), None) => Evidence::none().expected(Subject::RequestId, Value::text(expected)),
            (None, presented) => Evidence::none().presented(Subject::RequestId, Value::text(presented.unwrap_or("(none)"))),
        };
        Refusal::new(Cause::AssertionUnsolicited, evidence)
    };
    let pending = pending.ok_or_else(|| unsolicited(None))?;
    if in_response_to != Some(pending.id.as_str()) {
        return Err(unsolicited(Some(&pending.id)));
    }
    if now >= pending.until {
        let evidence = Evidence::none().differs(Subject::Expiry, Value::Time(pending.until), Value::Time(now));
        return Err(Refusal::new(Cause::AssertionUnsolicited, evidence));
    }
    Ok(pending)
}

/// Version 2.0, an id, and a time that can be read.
pub(crate) fn check_version(node: Node<'_>) -> Result<(), Malformed> {
    if node.required("Version")? != "2.0" {
        return Err(Malformed(format!("{} of another version than 2.0", node.name()).into()));
    }
    node.required("ID")?;
    instant::read(node.required("IssueInstant")?).ok_or(Malformed::because("IssueInstant is no instant in UTC"))?;
    Ok(())
}

/// The keys are the provider's, so must the name be.
pub(crate) fn check_issuer(issuer: Node<'_>, provider: &Provider) -> Result<(), Refusal> {
    let presented = issuer.text()?;
    if presented == provider.entity_id {
        return Ok(());
    }
    Err(differs(Cause::AssertionSignatureWrong, Subject::Issuer, &provider.entity_id, Some(&presented)))
}

/// The assertion's text, covered by its own signature, or by the response's.
fn trusted_text(assertion: Node<'_>, covered: Option<Node<'_>>, service: &Service, provider: &Provider) -> Result<String, Refusal> {
    if assertion.is(SAML, "EncryptedAssertion") {
        let key = service.key.as_ref().ok_or_else(|| malformed("an encrypted assertion, and no key to open it"))?;
        let encrypted = match covered {
            Some(response) => response.only(SAML, "EncryptedAssertion")?,
            None => assertion,
        };
        let text = decrypt::open(encrypted, key, covered.is_some())?;
        let tree = Tree::parse(&text, MESSAGE_LIMIT)?;
        let root = tree.root()?;
        sole(root)?;
        return match (verified(root, provider)?, covered) {
            (Some(signed), _) => Ok(signed.into_text()),
            (None, Some(_)) => Ok(root.canonical(&crate::xml::CanonicalForm::PLAIN, None)?),
            (None, None) => Err(unsigned(&SignatureFault::Missing, &provider.keys)),
        };
    }
    match (verified(assertion, provider)?, covered) {
        (Some(signed), _) => Ok(signed.into_text()),
        (None, Some(response)) => Ok(response.only(SAML, "Assertion")?.canonical(&crate::xml::CanonicalForm::PLAIN, None)?),
        (None, None) => Err(unsigned(&SignatureFault::Missing, &provider.keys)),
    }
}

/// What was opened is one assertion as well, with no other signature than its own.
fn sole(assertion: Node<'_>) -> Result<(), Malformed> {
    let other = |node: &Node<'_>| node.is(SAML, "Assertion") || node.is(SAML, "EncryptedAssertion") || node.is(SAMLP, "Response");
    if !assertion.is(SAML, "Assertion") || assertion.descendants().any(|node| other(&node)) {
        return Err(Malformed::because("what was encrypted is not one assertion"));
    }
    if assertion.descendants().filter(|node| node.is(DS, "Signature")).count() != assertion.all(DS, "Signature").count() {
        return Err(Malformed::because("a signature where none belongs"));
    }
    Ok(())
}
