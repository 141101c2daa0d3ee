//! Messages as providers send them, posted to where and when they should be, and not.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::dossier::{Document, Exchange, Header, Headers, Request, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_suites::saml::{Answer, Keys, Style};

const ACS: &str = "https://sp.example.com/saml/acs";
const GOOD: &str = r#"<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1" InResponseTo="_r" Destination="https://sp.example.com/saml/acs"><a:Issuer>https://idp.example.org</a:Issuer><p:Status><p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status><a:Assertion><Signature><X509Certificate>AAAA</X509Certificate></Signature><a:Subject><a:SubjectConfirmation><a:SubjectConfirmationData Recipient="https://sp.example.com/saml/acs" NotOnOrAfter="2026-01-01T10:05:00Z"/></a:SubjectConfirmation></a:Subject><a:Conditions NotBefore="2026-01-01T10:00:00Z" NotOnOrAfter="2026-01-01T10:05:00Z"><a:AudienceRestriction><a:Audience>https://sp.example.com</a:Audience></a:AudienceRestriction></a:Conditions></a:Assertion></p:Response>"#;

fn posted_at(url: &str, xml: &str, date: &str, body: &str) -> Dossier {
    let form: String = form_urlencoded::byte_serialize(STANDARD.encode(xml).as_bytes()).collect();
    let date = Header { name: "Date".to_owned(), value: date.to_owned(), line: 0 };
    let request = Request { method: "POST".to_owned(), url: url.to_owned(), body: format!("SAMLResponse={form}"), ..Request::default() };
    let response = Response { status: 403, headers: Headers(vec![date]), body: body.to_owned(), line: 0 };
    Dossier { exchanges: vec![Exchange { request: Some(request), response: Some(response), ..Exchange::default() }], ..Dossier::default() }
}

const IN_TIME: &str = "Thu, 01 Jan 2026 10:01:00 GMT";

#[track_caller]
fn check(dossier: &Dossier, expect: &[(&str, u8)]) {
    let mut clues: Vec<_> = see(dossier).into_iter().map(|clue| (clue.code.code(), clue.weight)).collect();
    clues.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    assert_eq!(clues, expect);
}

#[test]
fn responses_against_time_and_place() {
    check(&posted_at(ACS, GOOD, IN_TIME, ""), &[]);
    check(&posted_at(ACS, GOOD, "Thu, 01 Jan 2026 10:30:00 GMT", ""), &[("assertion-expired", 95)]);
    check(&posted_at(ACS, GOOD, "Thu, 01 Jan 2026 10:06:00 GMT", ""), &[("assertion-expired", 72)]);
    check(&posted_at(ACS, GOOD, "Thu, 01 Jan 2026 09:30:00 GMT", ""), &[("assertion-not-yet-valid", 95)]);
    check(&posted_at("https://sp.example.com:443/saml/acs?x=1", GOOD, IN_TIME, ""), &[]);
    check(&posted_at("https://sp.example.com/saml/acs/", GOOD, IN_TIME, ""), &[("assertion-recipient-mismatch", 82)]);
    let plain = &ACS.replace("https", "http");
    check(&posted_at(plain, GOOD, IN_TIME, ""), &[("assertion-recipient-mismatch", 82), ("public-url-unknown", 50)]);
}

#[test]
fn responses_by_themselves() {
    let denied = GOOD.replace(
        "status:Success\"/>",
        "status:Responder\"><p:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:AuthnFailed\"/></p:StatusCode>",
    );
    check(&posted_at(ACS, &denied, IN_TIME, ""), &[("assertion-status-refused", 96)]);
    check(&posted_at(ACS, &GOOD.replace("Signature>", "Nothing>"), IN_TIME, ""), &[("assertion-signature-wrong", 38)]);
    check(&posted_at(ACS, &GOOD.replace(" InResponseTo=\"_r\"", ""), IN_TIME, ""), &[("assertion-unsolicited", 32)]);
    check(
        &posted_at(ACS, &GOOD.replace("<a:Audience>https://sp.example.com<", "<a:Audience>{audience}<"), IN_TIME, ""),
        &[("assertion-audience-mismatch", 85)],
    );
}

#[test]
fn metadata_beside_a_response() {
    let metadata = |entity: &str, role: &str, certificate: &str| {
        let text = format!(
            "<EntityDescriptor entityID=\"{entity}\"><{role}><KeyDescriptor><X509Certificate>{certificate}</X509Certificate></KeyDescriptor></{role}></EntityDescriptor>"
        );
        Document { kind: DocumentKind::SamlMetadata, text, name: "-".to_owned() }
    };
    let with = |document: Document| Dossier { documents: vec![document], ..posted_at(ACS, GOOD, IN_TIME, "") };
    check(&with(metadata("https://idp.example.org", "IDPSSODescriptor", "AAAA")), &[]);
    check(&with(metadata("https://idp.example.org", "IDPSSODescriptor", "BBBB")), &[("assertion-signature-wrong", 92)]);
    check(&with(metadata("https://other.example.org", "IDPSSODescriptor", "AAAA")), &[("assertion-signature-wrong", 85)]);
    check(&with(metadata("https://sp.example.com", "SPSSODescriptor", "AAAA")), &[]);
    check(&with(metadata("urn:sp", "SPSSODescriptor", "AAAA")), &[("assertion-audience-mismatch", 93)]);
}

/// A response that a provider really signed, and the provider's metadata.
fn signed(style: Style) -> (Keys, String, Document) {
    let keys = Keys::new("idp");
    let text = countersign_suites::saml::metadata(
        "https://idp.example.org",
        "https://idp.example.org/sso",
        "https://idp.example.org/slo",
        &[&keys],
    );
    let xml = signed_by(&keys, style);
    (keys, xml, Document { kind: DocumentKind::SamlMetadata, text, name: "-".to_owned() })
}

#[test]
fn signatures_are_verified_where_metadata_is_there() {
    for style in Style::ALL {
        let (keys, xml, metadata) = signed(style);
        let with = |xml: &str| Dossier { documents: vec![metadata.clone()], ..posted_at(ACS, xml, IN_TIME, "") };
        check(&with(&xml), &[]);
        check(&with(&xml.replace(">ann<", ">bob<")), &[("assertion-signature-wrong", 90)]);
        let sha1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
        let other = Keys::new("other");
        check(&with(&xml.replace("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", sha1)), &[("assertion-signature-wrong", 45)]);
        // Another key under the certificate that is known.
        let forged = signed_by(&other, style).replace(&other.certificate(), &keys.certificate());
        check(&with(&forged), &[("assertion-signature-wrong", 94)]);
        // Pasted, it may have been laid out anew.
        let alone = Document { kind: DocumentKind::Saml, text: xml.replace("><saml:Subject>", ">\n<saml:Subject>"), name: "-".to_owned() };
        let now = Some(1_767_261_660);
        check(&Dossier { documents: vec![metadata.clone(), alone], now, ..Dossier::default() }, &[("assertion-signature-wrong", 42)]);
    }
}

fn signed_by(keys: &Keys, style: Style) -> String {
    let mut answer = Answer::to("_r", "https://idp.example.org", ACS, "https://sp.example.com");
    let now = |at: &str| Some(format!("2026-01-01T10:0{at}:00Z"));
    (answer.not_before, answer.not_on_or_after, answer.subject_until) = (now("0"), now("5"), now("5"));
    answer.signed(keys, style)
}

#[test]
fn words_of_service_providers() {
    let said = |body: &str| posted_at(ACS, GOOD, IN_TIME, body);
    check(
        &said("The response was received at http://sp.example.com/saml/acs instead of https://sp.example.com/saml/acs"),
        &[("assertion-recipient-mismatch", 92), ("public-url-unknown", 60)],
    );
    check(&said("https://sp is not a valid audience for this Response"), &[("assertion-audience-mismatch", 95)]);
    check(&said("Could not validate timestamp: not yet valid. Check system clock."), &[("assertion-not-yet-valid", 96)]);
    check(&said("Failed to verify signature"), &[("assertion-signature-wrong", 90)]);
    check(&said("Forbidden"), &[]);
}
