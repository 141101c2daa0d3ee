//! A token, by the core's strict reader and verifier: what is read has one spelling, and no signature holds that the key's
//! owner did not make.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::Issuer;
use countersign::token::{Algorithm, KeySet, TOKEN_LIMIT, Unverified, VerifiedToken};
use countersign_fuzz::issuer;
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};

/// Public keys from RFC 8037 (appendix A) and RFC 7517 (appendix A.1); their private halves sign nothing here.
const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},{"kty":"EC",
    "crv":"P-256","kid":"ec","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

static SET: LazyLock<KeySet> = LazyLock::new(|| KeySet::read(KEYS.as_bytes(), Algorithm::ALL).unwrap());
static ISSUER: LazyLock<Arc<Issuer>> = LazyLock::new(|| Arc::new(issuer()));

fuzz_target!(|text: &str| {
    check(text);
    // The same text as header and claims, so that what lies behind the coding is reached.
    let (header, claims) = text.split_once('\n').unwrap_or((text, "{}"));
    check(&format!("{}.{}.AA", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims)));
});

fn check(text: &str) {
    let Ok(token) = Unverified::read(text) else { return };
    assert!(text.len() <= TOKEN_LIMIT);
    assert_eq!(format!("{}.{}", token.signed, URL_SAFE_NO_PAD.encode(&token.signature)), text, "a second spelling");
    for date in [token.claims.exp, token.claims.nbf, token.claims.iat, token.claims.auth_time].into_iter().flatten() {
        assert!((0..253_402_300_800).contains(&date), "{date}");
    }
    if let Ok(verified) = VerifiedToken::supposing(Unverified::read(text).unwrap(), ISSUER.clone()) {
        assert!(!verified.subject.is_empty());
    }
    assert!(SET.verify(token, &ISSUER).is_err(), "a signature that nobody made");
}
