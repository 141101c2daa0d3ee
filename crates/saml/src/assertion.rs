//! One assertion whose text was verified: is it for us, for this request, and for now (SAML core sections 2.3 to 2.7,
//! profiles section 4.1.4.3)?

use crate::instant;
use crate::metadata::Provider;
use crate::names::{BEARER, SAML};
use crate::refusal::{differs, malformed};
use crate::response::{Pending, answers, check_issuer, check_version};
use crate::service::Service;
use crate::xml::{Malformed, Node};
use countersign::{Cause, Evidence, OneTime, Refusal, SecretHash, Subject, Timestamp, Value};

/// Who signed in, as the provider asserts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The person's name at the provider.
    pub name_id: NameId,
    /// The provider's session, which a log-out names.
    pub session: Option<String>,
    /// When the provider wants the session to end, if it says so.
    pub session_ends: Option<Timestamp>,
    /// When the person was authenticated.
    pub authenticated_at: Timestamp,
    /// How (`AuthnContextClassRef`), as an `acr`.
    pub context: Option<String>,
    /// What else is said of the person.
    pub attributes: Vec<Attribute>,
    /// The assertion counts once.
    pub once: OneTime,
}

impl SignedIn {
    /// The values of an attribute, by its name or its friendly name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = move |attribute: &&Attribute| attribute.name == name || attribute.friendly_name.as_deref() == Some(name);
        self.attributes.iter().filter(named).flat_map(|attribute| attribute.values.iter().map(String::as_str))
    }
}

/// A person's name at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameId {
    /// The name.
    pub value: String,
    /// What kind of name it is.
    pub format: Option<String>,
    /// Whose names these are, if not the provider's.
    pub qualifier: Option<String>,
    /// For whom the name was made.
    pub service_qualifier: Option<String>,
}

impl NameId {
    pub(crate) fn read(node: Node<'_>) -> Result<Self, Malformed> {
        let attribute = |name| node.attribute(name).map(str::to_owned);
        let value = node.text()?;
        if value.is_empty() {
            return Err(Malformed::because("an empty NameID"));
        }
        let (format, qualifier, service_qualifier) = (attribute("Format"), attribute("NameQualifier"), attribute("SPNameQualifier"));
        Ok(Self { value, format, qualifier, service_qualifier })
    }
}

/// An attribute with its values as text; what is no text is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name, often a URN.
    pub name: String,
    /// A name for people.
    pub friendly_name: Option<String>,
    /// Its values, in the provider's order.
    pub values: Vec<String>,
}

/// Judges an assertion whose text was verified.
pub(crate) fn judge(
    node: Node<'_>,
    service: &Service,
    provider: &Provider,
    pending: &Pending,
    now: Timestamp,
) -> Result<SignedIn, Refusal> {
    if !node.is(SAML, "Assertion") {
        return Err(malformed("what was signed is no assertion"));
    }
    check_version(node)?;
    check_issuer(node.only(SAML, "Issuer")?, provider)?;
    let clock = Clock { now, leeway: service.leeway };
    let subject = node.only(SAML, "Subject")?;
    let name_id = NameId::read(subject.only(SAML, "NameID")?)?;
    let ends = confirmed(subject, service, pending, &clock)?;
    check_conditions(node.only(SAML, "Conditions")?, service, &clock)?;

    let statement = node.all(SAML, "AuthnStatement").next().ok_or_else(|| malformed("no AuthnStatement: nobody was authenticated"))?;
    let authenticated_at = required_instant(statement, "AuthnInstant")?;
    clock.begun(authenticated_at)?;
    let session_ends = optional_instant(statement, "SessionNotOnOrAfter")?;
    if let Some(end) = session_ends {
        clock.not_over(end)?;
    }
    let context = statement.optional(SAML, "AuthnContext")?.and_then(|context| context.all(SAML, "AuthnContextClassRef").next());
    let id = node.required("ID")?;
    Ok(SignedIn {
        name_id,
        session: statement.attribute("SessionIndex").map(str::to_owned),
        session_ends,
        authenticated_at,
        context: context.map(Node::text).transpose()?.filter(|text| !text.is_empty()),
        attributes: attributes(node)?,
        // Once its request is over, the assertion is refused for that.
        once: once(provider, id, pending.until.min(ends.saturating_add(service.leeway))),
    })
}

/// What counts once: a message of a provider, by its id.
pub(crate) fn once(provider: &Provider, id: &str, until: Timestamp) -> OneTime {
    OneTime { hash: SecretHash::of(&format!("saml\n{}\n{id}", provider.entity_id)), until }
}

/// One of the confirmations has to hold; if none does, the first one's fault is told. Gives back its end.
fn confirmed(subject: Node<'_>, service: &Service, pending: &Pending, clock: &Clock) -> Result<Timestamp, Refusal> {
    let mut fault = None;
    for node in subject.all(SAML, "SubjectConfirmation").filter(|node| node.attribute("Method") == Some(BEARER)) {
        match confirmation(node, service, pending, clock) {
            Ok(end) => return Ok(end),
            Err(refusal) => fault = fault.or(Some(refusal)),
        }
    }
    Err(fault.unwrap_or_else(|| malformed("no confirmation for the bearer")))
}

fn confirmation(node: Node<'_>, service: &Service, pending: &Pending, clock: &Clock) -> Result<Timestamp, Refusal> {
    let data = node.only(SAML, "SubjectConfirmationData")?;
    let recipient = data.attribute("Recipient");
    if recipient != Some(service.consumer.as_str()) {
        return Err(differs(Cause::AssertionRecipientMismatch, Subject::Recipient, &service.consumer, recipient));
    }
    answers(data.attribute("InResponseTo"), Some(pending), clock.now)?;
    if let Some(start) = optional_instant(data, "NotBefore")? {
        clock.begun(start)?;
    }
    let end = required_instant(data, "NotOnOrAfter")?;
    clock.not_over(end)?;
    Ok(end)
}

fn check_conditions(conditions: Node<'_>, service: &Service, clock: &Clock) -> Result<(), Refusal> {
    if let Some(start) = optional_instant(conditions, "NotBefore")? {
        clock.begun(start)?;
    }
    if let Some(end) = optional_instant(conditions, "NotOnOrAfter")? {
        clock.not_over(end)?;
    }
    let mut restricted = false;
    for condition in conditions.elements() {
        if condition.is(SAML, "AudienceRestriction") {
            restricted = true;
            check_audience(condition, service)?;
        } else if !condition.is(SAML, "OneTimeUse") && !condition.is(SAML, "ProxyRestriction") {
            return Err(malformed(&format!("a condition that is not understood: {}", condition.name())));
        }
    }
    if restricted { Ok(()) } else { Err(differs(Cause::AssertionAudienceMismatch, Subject::Audience, &service.entity_id, None)) }
}

/// Each restriction has to name us (core section 2.5.1.4).
fn check_audience(restriction: Node<'_>, service: &Service) -> Result<(), Refusal> {
    let audiences = restriction.all(SAML, "Audience").map(Node::text).collect::<Result<Vec<_>, _>>()?;
    if audiences.contains(&service.entity_id) {
        return Ok(());
    }
    let presented = Value::texts(audiences.iter().map(String::as_str));
    let evidence = Evidence::none().differs(Subject::Audience, Value::text(&service.entity_id), presented);
    Err(Refusal::new(Cause::AssertionAudienceMismatch, evidence))
}

fn attributes(assertion: Node<'_>) -> Result<Vec<Attribute>, Malformed> {
    let mut attributes = Vec::new();
    for node in assertion.all(SAML, "AttributeStatement").flat_map(|statement| statement.all(SAML, "Attribute")) {
        let values = node.all(SAML, "AttributeValue").filter_map(|value| value.text().ok()).collect();
        let friendly_name = node.attribute("FriendlyName").map(str::to_owned);
        attributes.push(Attribute { name: node.required("Name")?.to_owned(), friendly_name, values });
    }
    Ok(attributes)
}

pub(crate) fn required_instant(node: Node<'_>, name: &str) -> Result<Timestamp, Malformed> {
    optional_instant(node, name)?.ok_or_else(|| Malformed(format!("{} without {name}", node.name()).into()))
}

pub(crate) fn optional_instant(node: Node<'_>, name: &str) -> Result<Option<Timestamp>, Malformed> {
    let read = |text| instant::read(text).ok_or_else(|| Malformed(format!("{name} is no instant in UTC").into()));
    node.attribute(name).map(read).transpose()
}

/// The time, and how far two clocks may differ.
pub(crate) struct Clock {
    pub(crate) now: Timestamp,
    pub(crate) leeway: i64,
}

impl Clock {
    pub(crate) fn begun(&self, start: Timestamp) -> Result<(), Refusal> {
        if self.now.saturating_add(self.leeway) >= start {
            return Ok(());
        }
        let evidence = Evidence::none().differs(Subject::NotBefore, Value::Time(start), Value::Time(self.now));
        Err(Refusal::new(Cause::AssertionNotYetValid, evidence))
    }

    pub(crate) fn not_over(&self, end: Timestamp) -> Result<(), Refusal> {
        if self.now.saturating_sub(self.leeway) < end {
            return Ok(());
        }
        let evidence = Evidence::none().differs(Subject::Expiry, Value::Time(end), Value::Time(self.now));
        Err(Refusal::new(Cause::AssertionExpired, evidence))
    }
}
