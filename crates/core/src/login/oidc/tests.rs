//! The machine without a wire: what is sealed, which login an answer belongs to, what is sent and how answers are read.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::issuer::Issuer;
use crate::login::Sealer;
use crate::secret::Secret;
use crate::verdict::{Refusal, Stop};
use serde_json::json;
use std::sync::Arc;

const NOW: i64 = 1_700_000_000;

fn party(secret: Option<&str>, authentication: Option<ClientAuthentication>) -> RelyingParty {
    let issuer = Issuer {
        name: "corp".into(),
        issuer: "https://id.test".into(),
        audiences: vec!["a client".into()],
        algorithms: vec![],
        leeway: 30,
        access_token_type: false,
        binding: crate::issuer::TokenBinding::Optional,
        dpop_nonces: false,
        introspection: None,
    };
    RelyingParty {
        name: "corp".into(),
        issuer: Arc::new(issuer),
        client_id: "a client".into(),
        client_secret: secret.map(Secret::new),
        authentication,
        scopes: vec!["openid".into(), "email".into()],
        acr_values: vec!["usual".into()],
        max_age: Some(600),
        userinfo: true,
        redirect_uri: None,
        end_session: true,
        renew: false,
    }
}

fn metadata(methods: Option<&[&str]>) -> Metadata {
    let mut document = json!({
        "issuer": "https://id.test", "authorization_endpoint": "https://id.test/auth", "token_endpoint": "https://id.test/token",
        "authorization_response_iss_parameter_supported": true,
    });
    if let Some(methods) = methods {
        document["token_endpoint_auth_methods_supported"] = json!(methods);
    }
    Metadata::read(document.to_string().as_bytes(), "https://id.test").unwrap()
}

fn begun(asked: Asked) -> Started {
    let entropy = Entropy { state: [1; 32], nonce: [2; 32], verifier: [3; 32], seals: [[4; 12], [5; 12]] };
    start(&party(None, None), asked, entropy, &Sealer::new(&[7; 32]), NOW)
}

fn here() -> Asked {
    Asked {
        redirect_uri: "https://shop.test/oauth2/callback".into(),
        way_back: "/page".into(),
        host: "shop.test".into(),
        ..Asked::default()
    }
}

fn parameter<'a>(started: &'a Started, name: &str) -> Option<&'a str> {
    started.parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

/// What is found of a login that comes back to `host` at `now`, with its cookie or without.
fn found(host: &str, now: i64, with_cookie: bool, key: u8) -> Result<LoginState, String> {
    let started = begun(here());
    let answered = Answered { state: parameter(&started, "state").map(str::to_owned), ..Answered::default() };
    let cookie = |id: &str| Some(started.cookie.as_str()).filter(|_| with_cookie && id == started.id);
    find(&answered, host, cookie, &Sealer::new(&[key; 32]), now).map_err(|refusal| format!("{:?}", refusal.evidence))
}

#[test]
fn a_login_is_found_by_its_own_cookie_and_the_likeliest_reason_is_told() {
    let login = found("shop.test", NOW + LOGIN_LASTS, true, 7).unwrap();
    assert_eq!((login.provider.as_str(), login.way_back.as_str(), login.begun), ("corp", "/page", NOW));
    for (host, now, cookie, key, why) in [
        ("shop.test", NOW, false, 7, Unknown::NoCookie),
        ("other.test", NOW, false, 7, Unknown::OtherHost),
        ("shop.test", NOW + LOGIN_LASTS + 1, true, 7, Unknown::TooOld),
        ("shop.test", NOW, true, 8, Unknown::NotOurs),
    ] {
        let told = found(host, now, cookie, key).err().unwrap();
        // Evidence keeps the beginning of a sentence.
        assert!(told.contains(&why.sentence()[..40.min(why.sentence().len())]), "{why:?}: {told}");
    }
}

#[test]
fn the_request_says_what_is_asked_for_and_no_secret() {
    let plain = begun(here());
    assert_eq!((parameter(&plain, "acr_values"), parameter(&plain, "max_age")), (Some("usual"), Some("600")));
    assert_eq!((parameter(&plain, "scope"), parameter(&plain, "prompt")), (Some("openid email"), None));
    let better = begun(Asked { acr: vec!["strong".into(), "stronger".into()], max_age: Some(60), ..here() });
    assert_eq!((parameter(&better, "acr_values"), parameter(&better, "max_age")), (Some("strong stronger"), Some("60")));
    let login = found("shop.test", NOW, true, 7).unwrap();
    assert!(plain.parameters.iter().all(|(_, value)| !value.contains(&login.verifier)), "{:?}", plain.parameters);
    assert!(!plain.cookie.contains(&login.verifier));
}

#[test]
fn the_client_proves_itself_as_configured_or_as_offered() {
    #[track_caller]
    fn check(secret: Option<&str>, chosen: Option<ClientAuthentication>, offered: Option<&[&str]>, expect: (Option<&str>, &[&str])) {
        let login = found("shop.test", NOW, true, 7).unwrap();
        let request = token_request(&party(secret, chosen), &metadata(offered), "c", &login);
        let names: Vec<&str> = request.form.iter().map(|(name, _)| *name).skip(4).collect();
        assert_eq!((request.authorization.as_ref().map(Secret::expose), names.as_slice()), expect);
    }
    // RFC 6749 section 2.3.1: both are encoded before they are joined.
    const BASIC: Option<&str> = Some("Basic YSUyMGNsaWVudDolM0ElMjU=");
    check(Some(":%"), None, None, (BASIC, &[]));
    check(Some(":%"), None, Some(&["client_secret_post", "client_secret_basic"]), (BASIC, &[]));
    check(Some(":%"), None, Some(&["client_secret_post"]), (None, &["client_id", "client_secret"]));
    check(Some(":%"), Some(ClientAuthentication::Basic), Some(&["client_secret_post"]), (BASIC, &[]));
    check(None, None, Some(&["client_secret_basic"]), (None, &["client_id"]));
}

#[test]
fn answers_of_the_token_endpoint() {
    #[track_caller]
    fn check(status: u16, body: &str, expect: &str) {
        let came_to = match tokens(&party(None, None), status, body.as_bytes()) {
            Ok(tokens) => format!("{:?}", tokens.expires_in),
            Err(Stop::Refuse(refusal)) => refusal.cause.code().to_owned(),
            Err(Stop::Unable(outage)) => outage.cause.code().to_owned(),
            Err(Stop::Needs(_)) => "needs".to_owned(),
        };
        assert_eq!(came_to, expect, "{status} {body}");
    }
    const AWAY: &str = "provider-unreachable";
    check(200, r#"{"access_token":"a","token_type":"bearer","expires_in":60}"#, "Some(60)");
    check(200, r#"{"access_token":"a","token_type":"Bearer","expires_in":"60"}"#, "Some(60)");
    check(200, r#"{"access_token":"a","token_type":"Bearer","expires_in":-5}"#, "None");
    check(200, r#"{"access_token":"a","token_type":"DPoP"}"#, AWAY);
    check(200, r#"{"token_type":"Bearer"}"#, AWAY);
    check(200, "<html>", AWAY);
    check(204, "", AWAY);
    check(400, r#"{"error":"invalid_grant"}"#, "code-refused");
    check(401, r#"{"error":"invalid_client"}"#, "provider-refused");
    check(404, "not here", AWAY);
    check(502, r#"{"error":"invalid_grant"}"#, AWAY);
}

#[test]
fn what_a_session_keeps_is_sealed_and_only_grows_newer() {
    let sealer = Sealer::new(&[7; 32]);
    let first = Kept { refresh_token: Some(Secret::new("r-1")), id_token: Some(Secret::new("i-1")) };
    let newer = Tokens { access_token: Secret::new("a"), id_token: None, refresh_token: Some(Secret::new("r-2")), expires_in: None };
    let sealed = first.renewed(&newer).seal(&sealer, [9; 12]);
    let opened = Kept::open(&sealer, &sealed);
    let text = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
    assert_eq!((text(&opened.refresh_token).as_deref(), text(&opened.id_token).as_deref()), (Some("r-2"), Some("i-1")));
    assert!(Kept::open(&Sealer::new(&[8; 32]), &sealed).refresh_token.is_none());
    assert!(Kept::open(&sealer, b"").id_token.is_none());
}

#[test]
fn only_the_provider_that_was_asked_answers() {
    #[track_caller]
    fn check(answered: Answered, expect: Result<&str, &str>) {
        let code = code(&answered, &party(None, None), &metadata(None));
        assert_eq!(code.map_err(|Refusal { cause, .. }| cause.code()), expect, "{answered:?}");
    }
    let text = |text: &str| Some(text.to_owned());
    let good = Answered { code: text("c"), iss: text("https://id.test"), ..Answered::default() };
    check(good.clone(), Ok("c"));
    check(Answered { iss: None, ..good.clone() }, Err("login-issuer-mismatch"));
    check(Answered { iss: text("https://id.test/"), ..good.clone() }, Err("login-issuer-mismatch"));
    check(Answered { iss: text("https://evil.test"), error: text("access_denied"), ..good.clone() }, Err("login-issuer-mismatch"));
    check(Answered { error: text("access_denied"), ..good.clone() }, Err("provider-refused"));
    check(Answered { code: text(""), ..good.clone() }, Err("provider-refused"));
    check(Answered { code: None, ..good }, Err("provider-refused"));
}
