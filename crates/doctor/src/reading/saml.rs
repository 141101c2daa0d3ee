//! SAML alone: a message as XML, base64, deflated, in a form body or a page, and metadata.

use super::ReadFault;
use crate::dossier::{Document, DocumentKind, Dossier};
use crate::saml;
use crate::xml::{self, XmlFault};

/// Is there a SAML message in it, in whatever coating?
pub(crate) fn recognise(name: &str, text: &str) -> bool {
    let _ = name;
    let text = text.trim();
    if text.starts_with('{') || text.len() > 2 * xml::XML_LIMIT {
        return false;
    }
    if text.starts_with('<') {
        return text.contains("urn:oasis:names:tc:SAML") || !saml::messages(text).is_empty();
    }
    alone(text).is_some() || !saml::messages(text).is_empty()
}

/// Reads it.
pub(crate) fn read(name: &str, text: &str) -> Result<Dossier, ReadFault> {
    let mut found: Vec<String> = saml::messages(text).into_iter().map(|message| message.xml).collect();
    if found.is_empty() {
        found.extend(alone(text.trim()));
    }
    if found.is_empty() {
        return Err(ReadFault::Unrecognised);
    }
    let mut dossier = Dossier::default();
    for xml in found {
        let kind = match xml::read(&xml) {
            Ok(root) if matches!(root.name.as_str(), "EntityDescriptor" | "EntitiesDescriptor") => DocumentKind::SamlMetadata,
            Ok(_) | Err(XmlFault::Broken(_) | XmlFault::Empty) => DocumentKind::Saml,
            Err(fault) => return Err(ReadFault::Broken { form: "a SAML message", why: fault.to_string() }),
        };
        dossier.documents.push(Document { kind, text: xml, name: name.to_owned() });
    }
    dossier.not_seen.push("The signature of the SAML message was not verified.".to_owned());
    if dossier.documents.iter().any(|document| document.kind == DocumentKind::Saml) {
        dossier.not_seen.push("To which URL the message was posted, and when, is not known from the message alone.".to_owned());
    }
    Ok(dossier)
}

/// A value that is one message and nothing else.
fn alone(text: &str) -> Option<String> {
    let one_word = !text.starts_with('<') && text.len() >= 40 && !text.contains("://");
    let xml = (one_word || text.starts_with('<')).then(|| saml::xml(text)).flatten()?;
    xml.contains("urn:oasis:names:tc:SAML").then_some(xml)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    const RESPONSE: &str = "<p:Response xmlns:p=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_1\"/>";

    #[track_caller]
    fn check(text: &str, expect: Option<DocumentKind>) {
        assert_eq!(recognise("-", text), expect.is_some(), "{text}");
        assert_eq!(read("-", text).ok().map(|dossier| dossier.documents[0].kind), expect, "{text}");
    }

    #[test]
    fn messages_and_metadata() {
        let message = Some(DocumentKind::Saml);
        check(RESPONSE, message);
        check(&STANDARD.encode(RESPONSE), message);
        check(&format!("SAMLResponse={}", STANDARD.encode(RESPONSE)), message);
        check(
            "<?xml version=\"1.0\"?><m:EntityDescriptor xmlns:m=\"urn:oasis:names:tc:SAML:2.0:metadata\"/>",
            Some(DocumentKind::SamlMetadata),
        );
        check("<Error><Code>AccessDenied</Code></Error>", None);
        check("eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJleHAiOjE3MDAwMDAwMDAsImF1ZCI6ImFwaSJ9.c2ln", None);
    }
}
