//! Plans as data: what is sent where, for which refusals.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use countersign_doctor::{Document, Header, Headers, Request, Response};

const JWT: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl";

fn headers(fields: &[(&str, &str)]) -> Headers {
    Headers(fields.iter().map(|(name, value)| Header { name: (*name).into(), value: (*value).into(), line: 0 }).collect())
}

fn refused(method: &str, fields: &[(&str, &str)], challenge: &str) -> Dossier {
    let request =
        Request { method: method.into(), url: "https://api.example/orders?page=2".into(), headers: headers(fields), ..Request::default() };
    let response = Response { status: 401, headers: headers(&[("WWW-Authenticate", challenge)]), ..Response::default() };
    let exchange = Exchange { request: Some(request), response: Some(response), ..Exchange::default() };
    Dossier { exchanges: vec![exchange], ..Dossier::default() }
}

fn planned(dossier: &Dossier) -> Plan {
    plan(dossier, &Options { now: 1_700_000_000, seed: 1, ..Options::default() }).ok().unwrap()
}

/// Every plan keeps the rules; the steps are as expected.
#[track_caller]
fn check(dossier: &Dossier, expect: &[&str]) {
    let plan = planned(dossier);
    let steps: Vec<_> =
        plan.steps.iter().map(|step| format!("{:?} {} {} {}", step.probe.unwrap(), step.method, step.url, step.sends)).collect();
    assert_eq!(steps, expect, "{}", plan.describe());
    assert!(plan.most() <= MOST);
    let own = dossier.exchanges.first().and_then(|exchange| exchange.request.as_ref()).and_then(Sent::of);
    let passwords = plan.steps.iter().filter(|step| step.sent.has_password() && step.probe != Some(Probe::Garbage));
    assert!(passwords.count() <= 1, "one failing password at most");
    for step in &plan.steps {
        assert!(["GET", "HEAD", "OPTIONS"].contains(&step.method.as_str()), "{}", step.method);
        let elsewhere = own.as_ref().is_none_or(|own| own.target.origin != step.sent.target.origin);
        if elsewhere || step.probe == Some(Probe::Metadata) {
            assert!(step.sent.carried().is_empty(), "no credentials to {}", step.url);
        }
    }
    for secret in &plan.secrets {
        assert!(!plan.describe().contains(secret), "{}", plan.describe());
    }
}

const RESOURCE: &str = "https://api.example/orders?page=2";

#[test]
fn a_password() {
    let dossier = refused("GET", &[("Authorization", "Basic YW5uOnNlY3JldA==")], "Basic realm=\"x\"");
    check(
        &dossier,
        &[
            &format!("Without GET {RESOURCE} without credentials"),
            &format!("Garbage GET {RESOURCE} with garbage in Authorization (Basic)"),
            &format!("Own GET {RESOURCE} with your Authorization (Basic)"),
            &format!("OtherAgent GET {RESOURCE} without credentials"),
        ],
    );
    let text = planned(&dossier).describe();
    assert!(text.contains("cannot exist") && text.contains("sent once"), "{text}");
}

#[test]
fn a_token_of_an_issuer() {
    let dossier = refused("GET", &[("Authorization", &format!("Bearer {JWT}"))], "Bearer");
    check(
        &dossier,
        &[
            &format!("Without GET {RESOURCE} without credentials"),
            &format!("Garbage GET {RESOURCE} with garbage in Authorization (Bearer)"),
            &format!("Own GET {RESOURCE} with your Authorization (Bearer)"),
            &format!("OtherAgent GET {RESOURCE} with your Authorization (Bearer)"),
            "Metadata GET https://id.example/.well-known/openid-configuration without credentials",
            "Metadata GET https://api.example/.well-known/oauth-protected-resource/orders without credentials",
        ],
    );
}

#[test]
fn a_page_of_another_origin_that_posts() {
    let fields = [("Origin", "https://app.example"), ("X-API-Key", "0123456789abcdef"), ("Content-Type", "application/json")];
    let dossier = refused("POST", &fields, "Key");
    check(
        &dossier,
        &[
            &format!("Without HEAD {RESOURCE} without credentials"),
            &format!("Garbage HEAD {RESOURCE} with garbage in X-API-Key"),
            &format!("Own HEAD {RESOURCE} with your X-API-Key"),
            &format!("OtherAgent HEAD {RESOURCE} with your X-API-Key"),
            &format!("Preflight OPTIONS {RESOURCE} without credentials"),
        ],
    );
    let preflight = &planned(&dossier).steps[4].sent;
    assert_eq!(preflight.field("access-control-request-method"), Some("POST"));
    assert_eq!(preflight.field("access-control-request-headers"), Some("content-type,x-api-key"));
}

#[test]
fn a_preflight_itself() {
    let fields = [("Origin", "https://app.example"), ("Access-Control-Request-Method", "GET"), ("Cookie", "sid=abcdef")];
    check(&refused("OPTIONS", &fields, "Basic"), &[&format!("Preflight OPTIONS {RESOURCE} without credentials")]);
}

#[test]
fn what_cannot_be_sent_again() {
    for value in
        ["Digest username=\"ann\", response=\"0123456789\"", "Bearer [REDACTED]", "AWS4-HMAC-SHA256 Credential=AKIA, Signature=0123456789"]
    {
        let plan = planned(&refused("GET", &[("Authorization", value)], "x"));
        assert!(plan.steps.iter().all(|step| step.probe != Some(Probe::Own)), "{value}");
        assert!(plan.describe().contains("not sent"), "{}", plan.describe());
    }
}

#[test]
fn metadata_is_where_the_challenge_says() {
    let dossier = refused("GET", &[], "Bearer resource_metadata=\"https://meta.example/r\"");
    let urls: Vec<_> = planned(&dossier).steps.into_iter().map(|step| step.url).collect();
    assert!(urls.contains(&"https://meta.example/r".to_owned()), "{urls:?}");
}

#[test]
fn a_token_alone_has_an_issuer() {
    let document = Document { kind: DocumentKind::Jwt, text: JWT.into(), name: "-".into() };
    let dossier = Dossier { documents: vec![document], ..Dossier::default() };
    check(&dossier, &["Metadata GET https://id.example/.well-known/openid-configuration without credentials"]);
}

#[test]
fn nothing_known_is_nothing_asked() {
    assert_eq!(planned(&Dossier::default()).most(), 0);
    let nowhere = Exchange { request: Some(Request { url: "/x".into(), ..Request::default() }), ..Exchange::default() };
    let plan = planned(&Dossier { exchanges: vec![nowhere], ..Dossier::default() });
    assert_eq!((plan.most(), plan.remarks.len()), (0, 1));
}

#[test]
fn a_url_alone_is_one_plain_get() {
    let plan = ask("https://ann:secret@api.example/x", &Options::default()).ok().unwrap();
    assert_eq!((plan.most(), plan.steps[0].method.as_str(), plan.steps[0].url.as_str()), (1, "GET", "https://api.example/x"));
    assert!(plan.steps[0].sent.carried().is_empty() && plan.steps[0].sent.target.user.is_none());
    assert_eq!(ask("ftp://a.example", &Options::default()).err(), Some(PlanFault::Url("ftp://a.example".into())));
    let proxy = Options { proxy: Some("socks5://a:1".into()), ..Options::default() };
    assert!(matches!(ask("https://a.example", &proxy).err(), Some(PlanFault::Proxy(_))));
}
