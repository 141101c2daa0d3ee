//! Metadata in and out: what makes it useless is said, and what is ours is read by others as it was meant.

use crate::stage::{ENTITY, PROVIDER};
use countersign_saml::{MetadataFault, OwnKey, OwnKeyFault, Provider, Service, TrustedKey};
use countersign_suites::saml::{Keys, instant, metadata};

fn good(keys: &[&Keys]) -> String {
    metadata(PROVIDER, "https://idp.example/sso", "https://idp.example/slo", keys)
}

#[track_caller]
fn check(text: &str, expect: Result<(), &str>) {
    let read = Provider::read(text, None, None, countersign_suites::now());
    assert_eq!(
        read.map(|_| ()).map_err(|fault| fault.to_string()).as_ref().map_err(|fault| &fault[..]),
        expect.as_ref().map_err(|text| *text)
    );
}

#[test]
fn a_provider_is_read() {
    let (one, two) = (Keys::new("one"), Keys::new("two"));
    let text = good(&[&one, &two]).replace("<md:IDPSSODescriptor ", "<md:IDPSSODescriptor WantAuthnRequestsSigned=\"true\" ");
    let provider = Provider::read(&text, None, None, 0).unwrap();
    assert_eq!(provider.entity_id, PROVIDER);
    assert_eq!(provider.keys.len(), 2);
    assert_eq!(provider.sign_in.redirect.as_deref(), Some("https://idp.example/sso"));
    assert_eq!(provider.sign_out.post.as_deref(), Some("https://idp.example/slo"));
    assert!(provider.wants_signed_requests);
    assert_eq!(provider.valid_until, None);
}

#[test]
fn t116_metadata_that_is_useless_or_hostile() {
    let keys = Keys::new("idp");
    let text = good(&[&keys]);
    let no_key = "the identity provider has no key that signatures can be checked with: RSA of 2048 bits or more, or EC";
    check(&text, Ok(()));
    check(&text.replace("<md:KeyDescriptor>", "<md:KeyDescriptor use=\"signing\">"), Ok(()));
    check(&text.replace("<md:KeyDescriptor>", "<md:KeyDescriptor use=\"encryption\">"), Err(no_key));
    check(&text.replace(&keys.certificate(), "AAAA"), Err(no_key));
    check(&good(&[]), Err(no_key));
    let over = text.replace("entityID", "validUntil=\"2001-01-01T00:00:00Z\" entityID");
    check(&over, Err("it ended at 2001-01-01T00:00:00Z"));
    let soon = text.replace("entityID", &format!("validUntil=\"{}\" entityID", instant(countersign_suites::now() + 60)));
    check(&soon, Ok(()));
    check(&text.replace("entityID", "validUntil=\"soon\" entityID"), Err("validUntil `soon` is no instant in UTC"));
    let body = text.split_once('\n').unwrap().1;
    let several = |first: &str, second: &str| {
        format!("<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{first}{second}</md:EntitiesDescriptor>")
    };
    check(&several(body, &body.replace(PROVIDER, "urn:other")), Err("it describes several identity providers; name one by its entity id"));
    check(&several(body, body), Err("it describes several identity providers; name one by its entity id"));
    check(&body.replace("IDPSSODescriptor", "SPSSODescriptor"), Err("it describes no identity provider"));
    check(
        &body.replace("https://idp.example/sso", "javascript:alert(1)"),
        Err("`javascript:alert(1)` is no address that a browser may be sent to"),
    );
    check(
        &body.replace("SingleSignOnService", "X"),
        Err("the identity provider has no endpoint for sign-ins by HTTP-Redirect or HTTP-POST"),
    );
    check(&format!("{body}{}", " ".repeat(300 * 1024)), Err("longer than 262144 bytes"));
    let dtd = format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>{body}");
    assert!(matches!(Provider::read(&dtd, None, None, 0), Err(MetadataFault::Malformed(why)) if why.starts_with("not XML")));
}

#[test]
fn one_of_several_is_chosen_by_name() {
    let keys = Keys::new("idp");
    let body = good(&[&keys]).split_once('\n').unwrap().1.to_owned();
    let other = body.replace(PROVIDER, "urn:other");
    let text = format!("<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{body}{other}</md:EntitiesDescriptor>");
    assert_eq!(Provider::read(&text, Some("urn:other"), None, 0).unwrap().entity_id, "urn:other");
    assert_eq!(Provider::read(&text, Some("urn:third"), None, 0).unwrap_err(), MetadataFault::NoProvider);
}

#[test]
fn t116_metadata_signed_by_the_wrong_key() {
    let (keys, federation) = (Keys::new("idp"), Keys::new("federation"));
    let head = "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"m1\" entityID=\"urn:idp\">";
    let rest = format!(
        "<md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:KeyDescriptor>\
         <ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>\
         </ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
         Location=\"https://idp.example/sso\"></md:SingleSignOnService></md:IDPSSODescriptor></md:EntityDescriptor>",
        keys.certificate()
    );
    let signature = federation.signature(&format!("{head}{rest}"), "m1");
    let text = format!("{head}{signature}{rest}");
    let read = |text: &str, by: &Keys| Provider::read(text, None, TrustedKey::from_pem(&by.certificate_pem()), 0);
    assert_eq!(read(&text, &federation).unwrap().entity_id, "urn:idp");
    assert!(matches!(read(&text, &keys), Err(MetadataFault::Signature(_))));
    assert!(matches!(read(&format!("{head}{rest}"), &federation), Err(MetadataFault::Signature(_))));
    assert!(matches!(read(&text.replace("/sso", "/evil"), &federation), Err(MetadataFault::Signature(_))));
}

#[test]
fn our_own_metadata_says_what_we_can_do() {
    let own = Keys::new("app");
    let key = OwnKey::from_pem(&own.private_pem(), &own.certificate_pem()).unwrap();
    let mut service = Service {
        entity_id: ENTITY.to_owned(),
        consumer: "https://app.example/acs?a&b".to_owned(),
        sign_out: "x".to_owned(),
        key: None,
        leeway: 0,
    };
    let bare = service.metadata();
    assert!(bare.contains("AuthnRequestsSigned=\"false\"") && !bare.contains("KeyDescriptor") && !bare.contains("SingleLogoutService"));
    assert!(bare.contains("Location=\"https://app.example/acs?a&amp;b\""));
    service.key = Some(key);
    let full = service.metadata();
    assert!(full.contains("AuthnRequestsSigned=\"true\"") && full.contains("WantAssertionsSigned=\"true\""));
    assert!(full.contains(&own.certificate()) && full.contains("SingleLogoutService"));
}

#[test]
fn our_own_key_has_to_fit_its_certificate() {
    let (own, other) = (Keys::new("app"), Keys::new("other"));
    let fault = |key: &str, certificate: &str| OwnKey::from_pem(key, certificate).unwrap_err();
    assert_eq!(fault(&own.private_pem(), &other.certificate_pem()), OwnKeyFault::OtherCertificate);
    assert_eq!(fault("", &own.certificate_pem()), OwnKeyFault::NoKey);
    assert_eq!(fault(&own.private_pem(), ""), OwnKeyFault::NoCertificate);
    assert_eq!(format!("{:?}", OwnKey::from_pem(&own.private_pem(), &own.certificate_pem()).unwrap()), "OwnKey(2048 bits)");
}
