//! Every cause of the catalogue, provoked at the real gateway: what is refused opens as exactly this cause, with the
//! status and the text that the catalogue has for it. A cause that nobody can provoke does not exist.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign::{Cause, Family};
use countersign_suites::client::{Answer, Wire, basic, get, get_from, request, request_on};
use countersign_suites::digest::Digest;
use countersign_suites::holder::Holder;
use countersign_suites::introspection::{self, AskedScene};
use countersign_suites::issuer::Mood;
use countersign_suites::jwt::Signer;
use countersign_suites::login::LoginScene;
use countersign_suites::mutual::{By, Mutual};
use countersign_suites::saml::site::Site;
use countersign_suites::saml::{self, Style};
use countersign_suites::scene::{PASSWORD, Scene, form};
use countersign_suites::{let_pass, now, within};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;
use std::time::Duration;

const CONFIG: &str = include_str!("../config/causes.toml");

/// Provokes a cause and gives the refusal.
type Provoke = fn(&Scene) -> Answer;

fn orders(scene: &Scene, header: (&str, &str)) -> Answer {
    get(scene.at(), "/api/orders", &[("Host", "orders.test"), header])
}

fn token(scene: &Scene, claims: &Value) -> Answer {
    orders(scene, ("Authorization", &format!("Bearer {}", scene.issuer.token_of(claims))))
}

/// A bound token with a proof whose claims were changed like this; unchanged they are for another address.
fn proven(scene: &Scene, change: impl Fn(&mut Value)) -> Answer {
    static HOLDER: LazyLock<Holder> = LazyLock::new(|| Holder::new("ES256"));
    let token = scene.issuer.token_of(&scene.issuer.claims_with("cnf", json!({ "jkt": HOLDER.thumbprint() })));
    let mut claims = HOLDER.claims("GET", "http://elsewhere.test/", &token);
    change(&mut claims);
    let headers = [("Host", "orders.test"), ("Authorization", &format!("DPoP {token}")), ("DPoP", &HOLDER.sign(&claims))];
    get(scene.at(), "/api/orders", &headers)
}

fn header(scene: &Scene, members: Value) -> Answer {
    let key = scene.issuer.key("ES256");
    let mut header = key.header();
    header.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    orders(scene, ("Authorization", &format!("Bearer {}", key.token(&header, &scene.issuer.claims()))))
}

fn host(scene: &Scene, host: &str, target: &str) -> Answer {
    get(scene.at(), target, &[("Host", host)])
}

fn digested(scene: &Scene, name: &str, password: &str) -> Digest {
    Digest::to(scene.at(), "orders.test", "/digest/x", name, password)
}

fn digest(scene: &Scene, sent: &Digest) -> Answer {
    get(scene.at(), "/digest/x", &[("Host", "orders.test"), ("Authorization", &sent.header())])
}

/// An account of this name, which the command did something to.
fn account(scene: &Scene, name: &str, command: &[&str]) -> Answer {
    let alice = scene.add(name, PASSWORD);
    if !command.is_empty() {
        scene.gateway.administer(&[command, &[name]].concat(), "");
    }
    orders(scene, ("Authorization", &alice))
}

fn key(scene: &Scene, name: &str, expires: &str) -> (String, String) {
    scene.add(name, PASSWORD);
    let made = scene.gateway.administer_json(&["key", "add", "--user", name, "--scope", "orders:read", "--expires", expires]);
    (made["key"].as_str().unwrap().to_owned(), made["id"].as_str().unwrap().to_owned())
}

/// Asks until it is refused, which is within a few seconds.
fn until_refused(ask: impl Fn() -> Answer) -> Answer {
    let mut last = ask();
    within(Duration::from_secs(5), "it is refused", || {
        last = ask();
        last.status == 401
    });
    last
}

/// Logs somebody in at a host and gives the cookie's pair.
fn session(scene: &Scene, name: &str, host: &str) -> String {
    scene.add(name, PASSWORD);
    let page = get(scene.at(), "/oauth2/sign_in", &[("Host", host), ("Accept", "text/html")]);
    let cookies: Vec<&str> = page.all("set-cookie").into_iter().filter_map(|line| line.split(';').next()).collect();
    let csrf = countersign_suites::scene::hidden(&page.text(), "csrf");
    let answer = sign_in(scene, host, &cookies.join("; "), &[("csrf", &csrf), ("username", name), ("password", PASSWORD), ("rd", "/")]);
    format!("countersign={}", answer.cookie("countersign").unwrap_or_else(|| panic!("{answer:?}")))
}

fn sign_in(scene: &Scene, host: &str, cookies: &str, fields: &[(&str, &str)]) -> Answer {
    let headers = [("Host", host), ("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", cookies)];
    request(scene.at(), "POST", "/oauth2/sign_in", &headers, form(fields).as_bytes())
}

fn page(scene: &Scene, cookie: &str) -> Answer {
    get(scene.at(), "/page", &[("Host", "orders.test"), ("Cookie", cookie)])
}

/// Another gateway, whose sessions live as the lines say.
fn short_session(lines: &str, use_it: bool) -> (Scene, Answer) {
    let scene = Scene::with(&CONFIG.replace("[limits]", &format!("[session]\n{lines}\n\n[limits]")));
    // On a busy machine a session of a second may be over before it is used.
    let mut tries = (0..10).map(|number| session(&scene, &format!("sam{number}"), "orders.test"));
    let cookie = tries.find(|cookie| page(&scene, cookie).status == 200).expect("a session counts at first");
    // Using it keeps it from being idle, not from being over.
    let answer = if use_it {
        until_refused(|| page(&scene, &cookie))
    } else {
        let_pass(Duration::from_millis(2200));
        page(&scene, &cookie)
    };
    (scene, answer)
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn provocation(cause: Cause) -> Provoke {
    match cause {
        Cause::CredentialsMissing => |s| host(s, "orders.test", "/api/orders"),
        Cause::CredentialsMalformed => |s| orders(s, ("Authorization", "Basic %%%")),
        Cause::CredentialsRepeated => |s| get(s.at(), "/api/orders?api_key=csk_a", &[("Host", "orders.test"), ("X-API-Key", "csk_a")]),
        Cause::SchemeUnaccepted => |s| orders(s, ("Authorization", "Digest username=\"x\"")),
        Cause::AccountUnknown => |s| orders(s, ("Authorization", &basic("nobody", "x"))),
        Cause::PasswordWrong => |s| {
            s.add("wrong", PASSWORD);
            orders(s, ("Authorization", &basic("wrong", "x")))
        },
        Cause::AccountLocked => |s| account(s, "locked", &["user", "lock"]),
        Cause::AccountDisabled => |s| account(s, "disabled", &["user", "disable"]),
        Cause::PasswordExpired => |s| {
            s.gateway
                .administer(&["user", "add", "lapsed", "--scope", "orders:read", "--password-stdin", "--password-expires", "1s"], PASSWORD);
            until_refused(|| orders(s, ("Authorization", &basic("lapsed", PASSWORD))))
        },
        Cause::DigestResponseWrong => |s| {
            s.add("mistyped", PASSWORD);
            digest(s, &digested(s, "mistyped", "x"))
        },
        Cause::DigestNonceStale => |s| digest(s, &Digest { nonce: "old".into(), ..digested(s, "anybody", "x") }),
        Cause::DigestNonceReplayed => |s| {
            s.add("repeated", PASSWORD);
            let sent = digested(s, "repeated", PASSWORD);
            assert_eq!(digest(s, &sent).status, 200);
            digest(s, &sent)
        },
        Cause::DigestTargetMismatch => |s| digest(s, &Digest { uri: "/digest/other".into(), ..digested(s, "anybody", "x") }),
        Cause::ApiKeyUnknown => |s| orders(s, ("X-API-Key", &countersign::write_api_key("", &[9; 32]))),
        Cause::ApiKeyMistyped => |s| orders(s, ("X-API-Key", "csk_nobody")),
        Cause::ApiKeyElsewhere => |s| orders(s, ("X-API-Key", &countersign::write_api_key("live", &[9; 32]))),
        Cause::ApiKeyExpired => |s| {
            let (key, _) = key(s, "keyexpired", "1s");
            until_refused(|| orders(s, ("X-API-Key", &key)))
        },
        Cause::ApiKeyRevoked => |s| {
            let (key, id) = key(s, "keyrevoked", "90d");
            s.gateway.administer(&["key", "revoke", &id], "");
            orders(s, ("X-API-Key", &key))
        },
        Cause::ApiKeyMisplaced => |s| orders(s, ("Authorization", "Bearer csk_misplaced")),
        Cause::TokenMalformed => |s| orders(s, ("Authorization", "Bearer not.a.token")),
        Cause::TokenAlgorithmRefused => |s| header(s, json!({ "alg": "HS256" })),
        Cause::TokenSignatureWrong => |s| {
            let good = s.issuer.token();
            let other = s.issuer.token();
            let signed = good.rsplit_once('.').unwrap().0;
            orders(s, ("Authorization", &format!("Bearer {signed}.{}", other.rsplit_once('.').unwrap().1)))
        },
        Cause::TokenKeyUnknown => |s| {
            let stranger = Signer::new("stranger", "ES256");
            orders(s, ("Authorization", &format!("Bearer {}", stranger.token(&stranger.header(), &s.issuer.claims()))))
        },
        Cause::TokenExpired => |s| token(s, &s.issuer.claims_with("exp", now() - 60)),
        Cause::TokenNotYetValid => |s| token(s, &s.issuer.claims_with("nbf", now() + 120)),
        Cause::TokenIssuerUnknown => |s| token(s, &s.issuer.claims_with("iss", "https://elsewhere.example")),
        Cause::TokenAudienceMismatch => |s| token(s, &s.issuer.claims_with("aud", "invoices")),
        Cause::TokenKindWrong => |s| token(s, &s.issuer.claims_with("nonce", "n-0S6_WzA2Mj")),
        Cause::TokenUnbound => |s| orders(s, ("Authorization", &format!("DPoP {}", s.issuer.token()))),
        Cause::ProofWrong => |s| proven(s, |_| {}),
        Cause::ProofReplayed => |s| {
            let nonce = proven(s, |claims| claims["htu"] = json!("http://orders.test/api/orders"));
            let nonce = nonce.header("dpop-nonce").expect("proofs need a nonce here").to_owned();
            let fit = |claims: &mut Value| {
                claims["htu"] = json!("http://orders.test/api/orders");
                claims["nonce"] = json!(nonce);
                claims["jti"] = json!("again");
            };
            assert_eq!(proven(s, fit).status, 200);
            proven(s, fit)
        },
        Cause::ProofNonceNeeded => |s| proven(s, |claims| claims["htu"] = json!("http://orders.test/api/orders")),
        Cause::ProofMissing => |s| token(s, &s.issuer.claims_with("cnf", json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }))),
        Cause::SessionUnknown => |s| page(s, &format!("countersign={}", "A".repeat(43))),
        Cause::SessionMalformed => |s| page(s, "countersign=short"),
        Cause::SessionRevoked => |s| {
            let cookie = session(s, "ended", "orders.test");
            s.gateway.administer(&["session", "revoke", "--user", "ended"], "");
            page(s, &cookie)
        },
        // These two need a gateway with short lifetimes: see `sessions_that_end_by_themselves`.
        Cause::SessionIdle | Cause::SessionOver => |_| Answer::default(),
        Cause::AuthenticationTooWeak => |s| {
            let bearer = format!("Bearer {}", s.issuer.token());
            get(s.at(), "/strong/x", &[("Host", "orders.test"), ("Authorization", &bearer)])
        },
        Cause::AuthenticationTooOld => |s| {
            let bearer = format!("Bearer {}", s.issuer.token_of(&s.issuer.claims_with("auth_time", now() - 7200)));
            get(s.at(), "/fresh/x", &[("Host", "orders.test"), ("Authorization", &bearer)])
        },
        Cause::ScopeInsufficient => |s| token(s, &s.issuer.claims_with("scope", "other")),
        Cause::RoleInsufficient => |s| {
            s.gateway.administer(&["user", "add", "guest", "--password-stdin"], PASSWORD);
            get(s.at(), "/page", &[("Host", "orders.test"), ("Authorization", &basic("guest", PASSWORD))])
        },
        Cause::RuleDenied => |s| host(s, "orders.test", "/closed/x"),
        Cause::CsrfTokenMissing => |s| sign_in(s, "orders.test", "", &[("username", "x"), ("password", "x")]),
        Cause::CsrfTokenWrong => |s| {
            let page = get(s.at(), "/oauth2/sign_in", &[("Host", "orders.test"), ("Accept", "text/html")]);
            let cookies: Vec<&str> = page.all("set-cookie").into_iter().filter_map(|line| line.split(';').next()).collect();
            sign_in(s, "orders.test", &cookies.join("; "), &[("csrf", "forged"), ("username", "x"), ("password", "x")])
        },
        Cause::OriginRefused => |s| {
            let cookie = session(s, "crossed", "orders.test");
            request(s.at(), "POST", "/page", &[("Host", "orders.test"), ("Cookie", &cookie), ("Origin", "https://evil.example")], b"")
        },
        Cause::CorsOriginRefused => |s| {
            let headers = [("Host", "orders.test"), ("Origin", "https://evil.example"), ("Access-Control-Request-Method", "PUT")];
            request(s.at(), "OPTIONS", "/api/orders", &headers, b"")
        },
        Cause::TransportInsecure => |s| get(s.at(), "/x", &[("Host", "secure.test"), ("Authorization", &basic("x", "x"))]),
        Cause::CertificateMissing => {
            |s| token(s, &s.issuer.claims_with("cnf", json!({ "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" })))
        }
        // These need a listener that speaks TLS: see `client_certificates`.
        Cause::CertificateUntrusted | Cause::CertificateExpired => |_| Answer::default(),
        Cause::AttemptsExceeded => |s| {
            let guess = |number: u8| {
                let from = IpAddr::V4(Ipv4Addr::new(127, 0, 5, number));
                get_from(from, s.at(), "/api/orders", &[("Host", "orders.test"), ("Authorization", &basic("guessed", "x"))])
            };
            (1..=12).map(guess).fold(Answer::default(), |_, last| last)
        },
        Cause::TargetAmbiguous => |s| host(s, "orders.test", "/public/../api/orders"),
        Cause::RequestAmbiguous => |s| get(s.at(), "/public/x", &[("Host", "orders.test"), ("Host", "other.test")]),
        Cause::HeaderSpoofed => |s| get(s.at(), "/x", &[("Host", "spoof.test"), ("Remote_User", "admin")]),
        Cause::RequestTooLarge => |s| request(s.at(), "POST", "/public/x", &[("Host", "orders.test")], &[b'x'; 3000]),
        Cause::SiteUnknown => |s| host(s, "elsewhere.test", "/"),
        Cause::KeysUnreachable => |s| token(s, &s.issuer.claims_with("iss", "http://127.0.0.1:9")),
        // The store must break for this, which would break the scene for the others: see `a_broken_store`.
        Cause::StoreUnreachable => |_| Answer::default(),
        Cause::UpstreamUnreachable => |s| host(s, "dead.test", "/public/x"),
        Cause::UpstreamTimeout => |s| host(s, "orders.test", "/public/silent"),
        Cause::Overloaded => overload,
        Cause::UpstreamRefused => |s| host(s, "orders.test", "/public/own-401"),
        // These need an issuer that is asked: see `tokens_that_are_asked_about`.
        Cause::TokenInactive | Cause::IntrospectionUnreachable => |_| Answer::default(),
        // These need a provider: see `logins_at_a_provider`.
        Cause::ProviderUnreachable
        | Cause::LoginStateUnknown
        | Cause::LoginNonceMismatch
        | Cause::LoginIssuerMismatch
        | Cause::ProviderRefused
        | Cause::CodeRefused
        | Cause::IdTokenRefused
        | Cause::LoginLooping
        | Cause::LogoutRefused => |_| Answer::default(),
        // These need a provider that speaks SAML: see `assertions_that_are_refused`.
        Cause::AssertionMalformed
        | Cause::AssertionSignatureWrong
        | Cause::AssertionExpired
        | Cause::AssertionNotYetValid
        | Cause::AssertionAudienceMismatch
        | Cause::AssertionRecipientMismatch
        | Cause::AssertionReplayed
        | Cause::AssertionUnsolicited
        | Cause::AssertionStatusRefused => |_| Answer::default(),
    }
}

/// More passwords at once than the queue holds, from many addresses so that none is throttled.
fn overload(scene: &Scene) -> Answer {
    let at = scene.at();
    std::thread::scope(|scope| {
        let floods: Vec<_> = (0..240_u8)
            .map(|number| {
                scope.spawn(move || {
                    let from = IpAddr::V4(Ipv4Addr::new(127, 0, 6, number + 1));
                    let name = basic(&format!("flood{number}"), "x");
                    let mut wire = Wire::connect_from(from, at);
                    request_on(&mut wire, "orders.test", "GET", "/api/orders", &[("Authorization", &name)], b"")
                })
            })
            .collect();
        let answers: Vec<Answer> = floods.into_iter().map(|flood| flood.join().unwrap()).collect();
        answers.into_iter().find(|answer| answer.status == 503).expect("one of 240 passwords at once finds the queue full")
    })
}

/// Provokes a cause of a login at a provider.
fn login(scene: &LoginScene, cause: Cause) -> Answer {
    let provider = &scene.provider;
    let come_back = || {
        let answer = scene.come_back(&scene.begin("/page"));
        provider.honest();
        answer
    };
    match cause {
        Cause::ProviderUnreachable => {
            provider.instead("/token", "500 Down", "");
            come_back()
        }
        Cause::LoginStateUnknown => scene.callback(&[("code", "a"), ("state", "b")], ""),
        Cause::LoginNonceMismatch => {
            provider.claims("nonce", "another");
            come_back()
        }
        Cause::LoginIssuerMismatch => {
            provider.claims("iss", "https://elsewhere.example");
            come_back()
        }
        Cause::ProviderRefused => {
            let begun = scene.begin("/page");
            let query = [("error", "access_denied"), ("state", begun.get("state")), ("iss", &provider.url())];
            scene.callback(&query, &begun.cookies)
        }
        Cause::CodeRefused => {
            let begun = scene.begin("/page");
            scene.callback(&[("code", "another"), ("state", begun.get("state")), ("iss", &provider.url())], &begun.cookies)
        }
        Cause::IdTokenRefused => {
            provider.claims("aud", "invoices");
            come_back()
        }
        Cause::LoginLooping => scene.page("/page", &format!("countersign_rounds=3-{}", now())),
        Cause::LogoutRefused => {
            let headers = [("Content-Type", "application/x-www-form-urlencoded")];
            request(scene.at(), "POST", "/oauth2/backchannel_logout", &headers, b"logout_token=a.b.c")
        }
        other => panic!("{other} is not about logins at a provider"),
    }
}

#[test]
fn logins_at_a_provider() {
    let scene = LoginScene::new();
    for cause in LOGINS {
        let answer = login(&scene, cause);
        check_report(&scene.gateway.explain(&answer.reference()), cause, &answer);
    }
}

#[test]
fn tokens_that_are_asked_about() {
    let scene = AskedScene::new();
    for cause in ASKED {
        let down = cause == Cause::IntrospectionUnreachable;
        scene.one.mood(if down { introspection::Mood::Down } else { introspection::Mood::Good });
        let answer = scene.ask("one.test", "/x", cause.code());
        check_report(&scene.gateway.explain(&answer.reference()), cause, &answer);
    }
}

/// Provokes a cause of a sign-in by SAML.
fn assertion(site: &Site, cause: Cause) -> Answer {
    let begun = site.begin("/page");
    let good = site.answer(&begun);
    let post = |answer: &saml::Answer| site.post(&begun, &answer.signed(&site.keys, Style::Both));
    match cause {
        Cause::AssertionMalformed => site.post(&begun, "<!DOCTYPE x><x/>"),
        Cause::AssertionSignatureWrong => site.post(&begun, &good.response(&good.assertion())),
        Cause::AssertionExpired => post(&saml::Answer { not_on_or_after: Some(saml::instant(now() - 60)), ..good }),
        Cause::AssertionNotYetValid => post(&saml::Answer { not_before: Some(saml::instant(now() + 60)), ..good }),
        Cause::AssertionAudienceMismatch => post(&saml::Answer { audiences: vec!["https://other.example".to_owned()], ..good }),
        Cause::AssertionRecipientMismatch => post(&saml::Answer { recipient: Some("https://other.example/acs".to_owned()), ..good }),
        Cause::AssertionReplayed => {
            post(&good);
            post(&good)
        }
        Cause::AssertionUnsolicited => post(&saml::Answer { in_response_to: Some("_another".to_owned()), ..good }),
        Cause::AssertionStatusRefused => {
            let status = "urn:oasis:names:tc:SAML:2.0:status:Responder".to_owned();
            site.post(&begun, &saml::Answer { status, ..good }.response(""))
        }
        other => panic!("{other} is not about sign-ins by SAML"),
    }
}

#[test]
fn assertions_that_are_refused() {
    let site = Site::new();
    for cause in Cause::ALL.iter().copied().filter(|cause| cause.family() == Family::SamlInvalid) {
        let answer = assertion(&site, cause);
        check_report(&site.gateway.explain(&answer.reference()), cause, &answer);
    }
}

#[track_caller]
fn check(scene: &Scene, cause: Cause, answer: &Answer) {
    check_report(&scene.explain(answer), cause, answer);
}

#[track_caller]
fn check_report(report: &Value, cause: Cause, answer: &Answer) {
    assert_eq!(report["cause"], json!(cause.code()), "{answer:?}\n{report}");
    assert_eq!(report["family"], json!(cause.family()), "{cause}");
    assert_eq!(report["owner"], json!(cause.owner()), "{cause}");
    assert_eq!(report["status"], json!(answer.status), "{cause}: the report has the status that was sent");
    // A malformed Bearer request is a 400 (RFC 6750 section 3.1); everything else is as the catalogue has it.
    assert!(answer.status == cause.status() || (cause == Cause::CredentialsMalformed && answer.status == 400), "{cause}: {answer:?}");
    assert!(report["fix"].as_array().is_some_and(|fix| !fix.is_empty()), "{cause}: {report}");
    assert!(answer.reference().len() <= 512, "{cause}");
    if cause == Cause::UpstreamRefused {
        return;
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{cause}: {answer:?}");
    if answer.status == 401 {
        assert!(!answer.all("www-authenticate").is_empty(), "{cause}: a 401 without a challenge: {answer:?}");
    } else if cause != Cause::ScopeInsufficient {
        assert!(answer.all("www-authenticate").is_empty(), "{cause}: {answer:?}");
    }
    if answer.header("content-type") == Some("application/problem+json") {
        let problem = answer.json();
        let outside = cause.outside();
        let slug = problem["type"].as_str().unwrap();
        assert!(slug.ends_with(outside.slug()), "{cause}: {slug}");
        assert_eq!((problem["title"].as_str(), problem["detail"].as_str()), (Some(outside.title()), Some(outside.detail())), "{cause}");
        assert_eq!(problem["instance"], json!(answer.reference()), "{cause}");
    }
}

/// Causes that have a test of their own.
const APART: [Cause; 5] =
    [Cause::SessionIdle, Cause::SessionOver, Cause::StoreUnreachable, Cause::CertificateUntrusted, Cause::CertificateExpired];
/// Those of logins at a provider.
const ASKED: [Cause; 2] = [Cause::TokenInactive, Cause::IntrospectionUnreachable];

const LOGINS: [Cause; 9] = [
    Cause::ProviderUnreachable,
    Cause::LoginStateUnknown,
    Cause::LoginNonceMismatch,
    Cause::LoginIssuerMismatch,
    Cause::ProviderRefused,
    Cause::CodeRefused,
    Cause::IdTokenRefused,
    Cause::LoginLooping,
    Cause::LogoutRefused,
];

#[test]
fn every_cause_is_provoked() {
    let scene = Scene::with(CONFIG);
    let by_saml = |cause: &Cause| cause.family() == Family::SamlInvalid;
    let mut named = 0;
    for cause in Cause::ALL
        .iter()
        .copied()
        .filter(|cause| !APART.contains(cause) && !ASKED.contains(cause) && !LOGINS.contains(cause) && !by_saml(cause))
    {
        let answer = provocation(cause)(&scene);
        check(&scene, cause, &answer);
        named += 1;
    }
    let by_saml = Cause::ALL.iter().filter(|cause| by_saml(cause)).count();
    assert_eq!(named + APART.len() + ASKED.len() + LOGINS.len() + by_saml, Cause::ALL.len());
    // What was never admitted never reached the app.
    let reached: Vec<_> = scene.upstream.requests().into_iter().filter(|request| !request.target.starts_with("/public/")).collect();
    let honest = |target: &str| ["/api/orders", "/page", "/digest/x"].contains(&target);
    assert!(reached.iter().all(|request| honest(&request.target)), "{reached:?}");
}

#[test]
fn sessions_that_end_by_themselves() {
    let (scene, answer) = short_session("idle = \"1s\"", false);
    check(&scene, Cause::SessionIdle, &answer);
    let (scene, answer) = short_session("absolute = \"2s\"", true);
    check(&scene, Cause::SessionOver, &answer);
}

#[test]
fn client_certificates() {
    let stage = Mutual::new(CONFIG);
    for (by, cause) in [(By::Stranger, Cause::CertificateUntrusted), (By::OursLongAgo, Cause::CertificateExpired)] {
        let certificate = stage.client("client", by);
        let fields = ["Host: orders.test".to_owned(), format!("Authorization: Bearer {}", stage.token(&certificate))];
        let answer = stage.ask("/api/orders", Some(&certificate), &fields, &[]);
        check_report(&stage.gateway.explain(&answer.reference()), cause, &answer);
    }
}

#[test]
fn a_broken_store() {
    let scene = Scene::with(CONFIG);
    let data = scene.gateway.folder.path().join("state");
    for file in ["countersign.sqlite", "countersign.sqlite-wal", "countersign.sqlite-shm"] {
        std::fs::write(data.join(file), vec![0x5a; 64 << 10]).unwrap();
    }
    check(&scene, Cause::StoreUnreachable, &orders(&scene, ("Authorization", &basic("anybody", "x"))));
}

/// Each page says how to see its cause; the pages and the catalogue cover one another.
#[test]
fn every_cause_has_its_page() {
    for cause in Cause::ALL {
        let output = countersign_suites::gateway::run(&["explain", cause.code()], "");
        // Long lines are broken for the terminal.
        let text = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(output.status.success() && text.contains(cause.sentence()), "{cause}: {text}");
    }
}

/// An issuer that comes back is believed again, and the token that could not be decided is good.
#[test]
fn cannot_decide_is_not_denied() {
    let scene = Scene::with(CONFIG);
    scene.issuer.mood(Mood::Good);
    let bearer = format!("Bearer {}", scene.issuer.token());
    let dead = token(&scene, &scene.issuer.claims_with("iss", "http://127.0.0.1:9"));
    assert_eq!((dead.status, dead.all("www-authenticate").len()), (503, 0), "{dead:?}");
    assert!(dead.header("retry-after").is_some());
    assert_eq!(orders(&scene, ("Authorization", &bearer)).status, 200);
}
