//! What we ask: written so that it can be read, signed so that it can be checked.

use crate::stage::Stage;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_saml::{Wishes, authn_request};
use countersign_suites::saml;

#[test]
fn a_request_by_redirect_is_deflated_and_signed() {
    let stage = Stage::new();
    let request = authn_request(&stage.service, "https://idp.example/sso?x=1", "_1", &Wishes::default(), 0);
    let random = saml::random();
    let plain = request.redirect("https://idp.example/sso?x=1", Some("a b&c"), None, &random).unwrap();
    assert!(plain.starts_with("https://idp.example/sso?x=1&SAMLRequest=") && plain.ends_with("&RelayState=a%20b%26c"), "{plain}");
    let signed = request.redirect("https://idp.example/sso", None, stage.service.key.as_ref(), &random).unwrap();
    assert!(signed.contains("&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256&Signature="));
}

#[test]
fn a_request_by_post_says_what_is_wished() {
    let stage = Stage::new();
    let wishes = Wishes { force: true, contexts: vec!["urn:a<b".to_owned()], name_id_format: Some("urn:f".to_owned()) };
    let request = authn_request(&stage.service, "https://idp.example/sso", "_1", &wishes, 0);
    let form = request.post("https://idp.example/sso", Some("state"), stage.service.key.as_ref(), &saml::random()).unwrap();
    let text = String::from_utf8(STANDARD.decode(&form.value).unwrap()).unwrap();
    assert_eq!((form.field, form.relay_state.as_deref()), ("SAMLRequest", Some("state")));
    for piece in [
        "ForceAuthn=\"true\"",
        "urn:a&lt;b</saml:AuthnContextClassRef>",
        "Format=\"urn:f\"",
        "IssueInstant=\"1970-01-01T00:00:00Z\"",
        "<ds:Signature ",
    ] {
        assert!(text.contains(piece), "{piece}: {text}");
    }
}
