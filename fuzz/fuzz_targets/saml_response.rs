//! Any text as a SAML message or as metadata: nobody has the key of the example's provider, so that nothing is ever let in, and
//! nothing takes the reader down.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_saml::{Arrival, LogoutMessage, Pending, Provider, Response, Service, TrustedKey, check_signatures};
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

const NOW: i64 = 1_800_000_000;

fuzz_target!(|text: &str| {
    static PROVIDER: OnceLock<Provider> = OnceLock::new();
    let provider = PROVIDER.get_or_init(|| Provider::read(include_str!("../../examples/saml-metadata.xml"), None, None, NOW).unwrap());
    let service = Service {
        entity_id: "https://shop.example/saml2/metadata".to_owned(),
        consumer: "https://shop.example/saml2/acs".to_owned(),
        sign_out: "https://shop.example/saml2/slo".to_owned(),
        key: None,
        leeway: 30,
    };
    let pending = Pending { id: "_r".to_owned(), until: NOW + 600 };
    let field = STANDARD.encode(text);
    if let Ok(response) = Response::read(&field) {
        assert!(response.judge(&service, provider, Some(&pending), NOW).is_err());
    }
    assert!(LogoutMessage::judge(Arrival::Post(&field), &service, provider, NOW).is_err());
    assert!(LogoutMessage::judge(Arrival::Redirect(text), &service, provider, NOW).is_err());
    assert!(!matches!(check_signatures(text, &provider.keys), Ok(held) if held > 0));
    // Metadata from anywhere is read or refused; a certificate is a key or none.
    let _ = Provider::read(text, None, None, NOW);
    let _ = TrustedKey::from_certificate(text.as_bytes());
});
