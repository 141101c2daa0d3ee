//! Logging in with an OpenID provider that a test plays: what works, what is asked, what becomes of a session.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{Answer, get, request};
use countersign_suites::login::{LoginScene, session};
use countersign_suites::provider::{Provider, Request, SECRET, cookies};
use countersign_suites::scene::{PASSWORD, form, hidden};
use countersign_suites::{let_pass, within};
use serde_json::json;
use std::time::Duration;

const CONFIG: &str = include_str!("../config/oidc.toml");

#[test]
fn a_person_is_sent_to_the_provider_and_back_to_where_they_were() {
    let scene = LoginScene::new();
    let asked = scene.page("/page?n=1", "");
    assert_eq!(asked.status, 303);
    assert_eq!(asked.header("location"), Some("/oauth2/start?provider=corp&rd=%2Fpage%3Fn%3D1"));
    assert!(asked.header("countersign-ref").is_some());
    let begun = Request::begin(scene.at(), asked.header("location").unwrap(), &[]);
    assert!(begun.location.starts_with(&format!("{}/auth?", scene.provider.url())));
    let back = scene.come_back(&begun);
    assert_eq!((back.status, back.header("location")), (303, Some("/page?n=1")), "{back:?}");
    let cookie = session(&back);
    assert_eq!(scene.page("/page?n=1", &cookie).status, 200);
    let seen = scene.upstream.saw("/page?n=1").pop().unwrap();
    assert_eq!(seen.read_as("Remote-User"), ["ann"]);
    assert_eq!(seen.read_as("Remote-Groups"), ["eng,staff"]);
    assert_eq!(seen.read_as("Remote-Email"), ["ann@example.test"]);
    // The scripts of a page are told, not sent.
    let program = get(scene.at(), "/page", &[("Accept", "application/json")]);
    assert_eq!(program.status, 401, "{program:?}");
    // A program is not sent to log in, and a rule's permission is judged as for anybody.
    let forbidden = scene.page("/admin/x", &cookie);
    assert_eq!(forbidden.status, 403);
    scene.refused(&forbidden, "role-insufficient");
}

#[test]
fn a_provider_that_is_down_stops_neither_the_start_nor_sessions() {
    let scene = LoginScene::new();
    let cookie = scene.log_in();
    scene.provider.instead("/token", "503 Down", "");
    scene.refused(&scene.come_back(&scene.begin("/page")), "provider-unreachable");
    assert_eq!(scene.page("/page", &cookie).status, 200);
    let config = CONFIG.replace("\"PROVIDER\"", "\"http://127.0.0.1:9\"");
    let dead = LoginScene::with(Provider::start(), &config);
    assert_eq!(get(dead.at(), "/public/x", &[]).status, 200);
    let answer = get(dead.at(), "/oauth2/start?provider=corp&rd=/", &[("Accept", "text/html")]);
    assert_eq!(answer.status, 503);
    dead.refused(&answer, "provider-unreachable");
}

#[test]
fn tabs_do_not_disturb_each_other_and_are_bounded() {
    let scene = LoginScene::new();
    let (first, second) = (scene.begin("/page?tab=1"), scene.begin("/page?tab=2"));
    let both = format!("{}; {}", first.cookies, second.cookies);
    for (tab, request) in [("/page?tab=2", &second), ("/page?tab=1", &first)] {
        let code = scene.provider.code(request);
        let answer = scene.callback(&[("code", &code), ("state", request.get("state")), ("iss", &scene.provider.url())], &both);
        assert_eq!((answer.status, answer.header("location")), (303, Some(tab)), "{answer:?}");
    }
    // Unfinished logins: the oldest go.
    let mut jar: Vec<String> = Vec::new();
    for _ in 0..12 {
        let answer = get(scene.at(), "/oauth2/start?provider=corp&rd=/", &[("Cookie", &jar.join("; "))]);
        for line in answer.all("set-cookie") {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            jar.retain(|pair| !pair.starts_with(&format!("{name}=")));
            if !value.is_empty() {
                jar.push(format!("{name}={value}"));
            }
        }
    }
    assert_eq!(jar.len(), 4, "{jar:?}");
}

#[test]
fn who_a_person_is_does_not_hang_on_what_they_are_called() {
    let scene = LoginScene::new();
    scene.gateway.administer(&["user", "add", "ann", "--role", "staff", "--password-stdin"], PASSWORD);
    let cookie = scene.log_in();
    assert_eq!(scene.page("/page?who", &cookie).status, 200);
    let called = scene.upstream.saw("/page?who").pop().unwrap();
    let name = called.read_as("Remote-User")[0].to_owned();
    assert!(name.starts_with("ann~") && name.len() == "ann~".len() + 12, "{name}");
    // Nobody logs in as that account by a password.
    let answer = get(scene.at(), "/page", &[("Authorization", &countersign_suites::client::basic(&name, ""))]);
    assert_eq!(answer.status, 401);
    // Locked is locked, at this door too; the running session ends as well.
    scene.gateway.administer(&["user", "lock", &name], "");
    within(Duration::from_secs(2), "the session is refused", || scene.page("/page", &cookie).status != 200);
    let answer = scene.come_back(&scene.begin("/page"));
    assert_eq!(answer.status, 401);
    scene.refused(&answer, "account-locked");
    assert!(answer.text().contains("Invalid credentials."), "{}", answer.text());
}

#[test]
fn claims_decide_anew_at_each_login() {
    let scene = LoginScene::new();
    scene.provider.claims("email_verified", false);
    scene.provider.claims("groups", json!(["ops"]));
    let cookie = session(&scene.come_back(&scene.begin("/page")));
    scene.refused(&scene.page("/page", &cookie), "role-insufficient");
    let accounts = scene.gateway.administer_json(&["user", "list"]);
    let federated = json!({ "provider": "corp", "subject": "ann-17", "display_name": "Ann Example", "email": null });
    assert_eq!((&accounts[0]["roles"], &accounts[0]["federated"]), (&json!(["ops"]), &federated), "{accounts}");
    scene.provider.honest();
    let cookie = scene.log_in();
    assert_eq!(scene.page("/page", &cookie).status, 200);
    assert_eq!(scene.gateway.administer_json(&["user", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_rule_asks_for_a_better_login_and_gets_it_or_says_so() {
    let scene = LoginScene::new();
    let cookie = scene.log_in();
    let asked = scene.page("/strong/x", &cookie);
    assert_eq!(asked.header("location"), Some("/oauth2/start?provider=corp&rd=%2Fstrong%2Fx&acr=urn%3Aexample%3Amfa"), "{asked:?}");
    let begun = Request::begin(scene.at(), asked.header("location").unwrap(), &[]);
    assert_eq!(begun.get("acr_values"), "urn:example:mfa");
    // The provider does not: that is said once, and no loop begins.
    scene.refused(&scene.come_back(&begun), "authentication-too-weak");
    scene.provider.claims("acr", "urn:example:mfa");
    let begun = Request::begin(scene.at(), asked.header("location").unwrap(), &[]);
    let strong = session(&scene.come_back(&begun));
    assert_eq!(scene.page("/strong/x", &strong).status, 200);
    scene.provider.claims("auth_time", countersign_suites::now() - 3600);
    let old = scene.log_in();
    let asked = scene.page("/fresh/x", &old);
    assert_eq!(asked.header("location"), Some("/oauth2/start?provider=corp&rd=%2Ffresh%2Fx&max_age=300"), "{asked:?}");
    let begun = Request::begin(scene.at(), asked.header("location").unwrap(), &[]);
    assert_eq!(begun.get("max_age"), "300");
    scene.refused(&scene.come_back(&begun), "authentication-too-old");
    scene.provider.claims("auth_time", serde_json::Value::Null);
    let begun = Request::begin(scene.at(), asked.header("location").unwrap(), &[]);
    scene.refused(&scene.come_back(&begun), "authentication-too-old");
    scene.provider.honest();
    let begun = Request::begin(scene.at(), asked.header("location").unwrap(), &[]);
    assert_eq!(scene.page("/fresh/x", &session(&scene.come_back(&begun))).status, 200);
}

#[test]
fn passwords_and_providers_side_by_side() {
    let scene = LoginScene::new();
    let both = [("Host", "both.test"), ("Accept", "text/html")];
    let asked = get(scene.at(), "/page", &both);
    assert_eq!(asked.header("location"), Some("/oauth2/sign_in?rd=%2Fpage"), "{asked:?}");
    let page = get(scene.at(), "/oauth2/sign_in?rd=%2Fpage", &both).text();
    assert!(page.contains("Log in with Example Corp") && page.contains("name=\"password\""), "{page}");
    assert!(page.contains("/oauth2/start?provider=corp&#38;rd=%2Fpage"), "{page}");
    // Where only the provider counts, the page is the way there, and no password is taken.
    let straight = scene.page("/oauth2/sign_in?rd=/page", "");
    assert_eq!(straight.header("location"), Some("/oauth2/start?provider=corp&rd=%2Fpage"), "{straight:?}");
    let page = get(scene.at(), "/oauth2/sign_out", &[("Accept", "text/html")]);
    assert!(page.text().contains("You are logged out"), "{}", page.text());
    let unknown = get(scene.at(), "/oauth2/start?provider=nobody&rd=/page", &both);
    assert_eq!(unknown.header("location"), Some("/oauth2/sign_in?rd=%2Fpage"));
}

/// Logs out by the page; gives its answer.
fn log_out(scene: &LoginScene, cookie: &str) -> Answer {
    let page = scene.page("/oauth2/sign_out", cookie);
    let csrf = hidden(&page.text(), "csrf");
    let all = format!("{cookie}; {}", cookies(&page));
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", all.as_str()), ("Accept", "text/html")];
    request(scene.at(), "POST", "/oauth2/sign_out", &headers, form(&[("csrf", &csrf)]).as_bytes())
}

#[test]
fn logging_out_leads_on_to_the_provider() {
    let scene = LoginScene::new();
    let cookie = scene.log_in();
    let page = log_out(&scene, &cookie).text();
    let address = page.split("content=\"0; url=").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_else(|| panic!("{page}"));
    let address = address.replace("&#38;", "&");
    assert!(address.starts_with(&format!("{}/end?client_id=orders&", scene.provider.url())), "{address}");
    let query = countersign_suites::provider::parse(address.split_once('?').unwrap().1);
    assert_eq!(query["post_logout_redirect_uri"], format!("http://{}/oauth2/sign_out", scene.at()));
    assert_eq!(query["id_token_hint"].split('.').count(), 3);
    assert_eq!(scene.page("/page", &cookie).status, 303);
    // Where the provider is not to be asked, only ours ends.
    let scene = LoginScene::with(Provider::start(), &CONFIG.replace("renew = true", "end_session = false"));
    let cookie = scene.log_in();
    assert!(!log_out(&scene, &cookie).text().contains("/end?"));
}

#[test]
fn front_channel_logout_ends_the_session_that_the_provider_names() {
    let scene = LoginScene::new();
    let cookie = scene.log_in();
    let iss = scene.provider.url();
    for query in
        [vec![("sid", "provider-session")], vec![("iss", iss.as_str())], vec![("iss", "https://evil.test"), ("sid", "provider-session")]]
    {
        let answer = get(scene.at(), &format!("/oauth2/frontchannel_logout?{}", form(&query)), &[]);
        assert_eq!(answer.status, 400, "{query:?}");
        scene.refused(&answer, "logout-refused");
    }
    let other = get(scene.at(), &format!("/oauth2/frontchannel_logout?{}", form(&[("iss", &iss), ("sid", "x")])), &[]);
    assert_eq!(other.status, 200);
    assert_eq!(scene.page("/page", &cookie).status, 200);
    let answer = get(scene.at(), &format!("/oauth2/frontchannel_logout?{}", form(&[("iss", &iss), ("sid", "provider-session")])), &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(scene.page("/page", &cookie).status, 303);
}

#[test]
fn requests_that_race_an_expired_token_cause_one_refresh() {
    let scene = LoginScene::new();
    scene.provider.refreshes(1);
    let cookie = scene.log_in();
    for round in 1..=3_usize {
        let_pass(Duration::from_millis(1600));
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..24).map(|_| scope.spawn(|| scene.page("/page", &cookie).status)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
        let refreshed =
            scene.provider.asked("/token").iter().filter(|form| form.get("grant_type").is_some_and(|kind| kind == "refresh_token")).count();
        assert_eq!(refreshed, round);
    }
    // What the provider says by now counts.
    scene.provider.claims("groups", json!(["ops"]));
    let_pass(Duration::from_millis(1600));
    within(Duration::from_secs(3), "the role is gone", || scene.page("/page", &cookie).status == 403);
    scene.provider.honest();
    scene.provider.refreshes(1);
    // A provider that is down ends nothing.
    scene.provider.instead("/token", "503 Down", "");
    let_pass(Duration::from_millis(1600));
    assert_ne!(scene.page("/admin/x", &cookie).status, 303);
}

#[test]
fn a_provider_that_never_answers_holds_no_request_up_for_long() {
    let scene = LoginScene::new();
    scene.provider.refreshes(1);
    let cookie = scene.log_in();
    scene.provider.instead("/token", "never", "");
    let_pass(Duration::from_millis(1600));
    let begun = std::time::Instant::now();
    assert_eq!(scene.page("/page", &cookie).status, 200);
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
}

#[test]
fn a_grant_that_is_withdrawn_ends_the_session() {
    let scene = LoginScene::new();
    scene.provider.refreshes(1);
    let cookie = scene.log_in();
    scene.provider.withdraws();
    let_pass(Duration::from_millis(1600));
    let answer = scene.page("/page", &cookie);
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(scene.gateway.cause(&answer.reference()), "session-revoked");
}

#[test]
fn a_loop_ends_with_its_likeliest_cause() {
    let scene = LoginScene::new();
    let mut jar = String::new();
    for _ in 0..3 {
        // A browser that keeps every cookie but the session's.
        let asked = scene.page("/page", &jar);
        assert_eq!(asked.status, 303, "{asked:?}");
        let begun = Request::begin(scene.at(), asked.header("location").unwrap(), &[("Cookie", &jar)]);
        let answer = scene.come_back(&Request { cookies: format!("{}; {jar}", begun.cookies), ..begun });
        assert_eq!(answer.status, 303, "{answer:?}");
        jar = cookies(&answer).split("; ").filter(|pair| pair.starts_with("countersign_rounds=")).collect();
        assert!(!jar.is_empty());
    }
    let stopped = scene.page("/page", &jar);
    assert_eq!(stopped.status, 401);
    let report = scene.refused(&stopped, "login-looping");
    assert!(report.to_string().contains("does not send the session's cookie"), "{report}");
    assert!(stopped.text().contains("does not send the session&#39;s cookie"), "{}", stopped.text());
    // The next try is counted from the beginning.
    assert!(stopped.all("set-cookie").iter().any(|line| line.starts_with("countersign_rounds=;")), "{stopped:?}");
    // Another cookie of the name in the way is told apart.
    let report = scene.refused(&scene.page("/page", &format!("{jar}; countersign={}", "A".repeat(43))), "login-looping");
    assert!(report.to_string().contains("another cookie"), "{report}");
}

#[test]
fn pushed_requests_and_other_ways_to_prove_oneself() {
    let provider = Provider::start();
    provider.publishes("pushed_authorization_request_endpoint", json!(format!("{}/par", provider.url())));
    let scene = LoginScene::with(provider, CONFIG);
    let begun = scene.begin("/page");
    assert_eq!((begun.get("request_uri"), begun.get("client_id"), begun.query.len()), ("urn:example:pushed", "orders", 2));
    let pushed = scene.provider.asked("/par").pop().unwrap();
    assert_eq!(pushed["client_id"], "orders");
    assert!(pushed["state"].len() > 43 && pushed["code_challenge_method"] == "S256" && pushed["Authorization"].starts_with("Basic "));
    scene.provider.instead("/par", "400 Bad Request", r#"{"error":"invalid_scope"}"#);
    let refused = get(scene.at(), "/oauth2/start?provider=corp&rd=/", &[("Accept", "text/html")]);
    scene.refused(&refused, "provider-refused");

    let provider = Provider::start();
    provider.publishes("token_endpoint_auth_methods_supported", json!(["client_secret_post"]));
    let scene = LoginScene::with(provider, CONFIG);
    scene.refused(&scene.come_back(&scene.begin("/page")), "provider-refused");
    let form = scene.provider.asked("/token").pop().unwrap();
    assert_eq!((form["client_id"].as_str(), form["client_secret"].as_str(), form["Authorization"].as_str()), ("orders", SECRET, ""));
}

#[test]
fn no_secret_of_a_login_is_logged() {
    let scene = LoginScene::new();
    scene.provider.refreshes(300);
    let begun = scene.begin("/page");
    let code = scene.provider.code(&begun);
    let answer = scene.callback(&[("code", &code), ("state", begun.get("state")), ("iss", &scene.provider.url())], &begun.cookies);
    let form = scene.provider.asked("/token").pop().unwrap();
    let refused = scene.callback(&[("code", "a-code-that-is-secret"), ("state", begun.get("state"))], &begun.cookies);
    let report = scene.gateway.explain(&refused.reference()).to_string();
    scene.gateway.signal("HUP");
    let data = scene.gateway.folder.path().join("state");
    within(Duration::from_secs(3), "the decisions are written", || scene.gateway.printed().matches("/oauth2/callback").count() >= 2);
    let kept = std::fs::read(data.join("countersign.sqlite")).unwrap();
    let said = format!("{}{report}{}", scene.gateway.printed(), String::from_utf8_lossy(&kept));
    let session = session(&answer);
    for secret in
        [SECRET, &code, &form["code_verifier"], "a-code-that-is-secret", begun.get("state"), "refresh-", "access-", &session[12..]]
    {
        assert!(!said.contains(secret), "{secret} was written");
    }
}

#[test]
fn the_example_works() {
    let provider = Provider::start();
    provider.claims("groups", json!(["engineering"]));
    provider.claims("acr", "urn:example:two-factors");
    let config = include_str!("../../examples/openid.toml")
        .replace("https://id.example", &provider.url())
        .replace("\"http://127.0.0.1:3000\"", "\"UPSTREAM\"")
        .replace("client_id = \"orders\"", "client_id = \"orders\"\nclient_secret_file = \"corp.secret\"");
    let scene = LoginScene::with(provider, &config);
    let cookie = scene.log_in();
    assert_eq!(get(scene.at(), "/assets/x", &[]).status, 200);
    assert_eq!(scene.page("/page", &cookie).status, 200);
    let seen = scene.upstream.saw("/page").pop().unwrap();
    assert_eq!((seen.read_as("X-Forwarded-User"), seen.read_as("X-Forwarded-Groups")), (vec!["corp/ann"], vec!["staff"]));
    scene.refused(&scene.page("/admin/x", &cookie), "role-insufficient");
    scene.provider.claims("realm_access", json!({ "roles": ["orders-admin"] }));
    let admin = scene.log_in();
    assert_eq!(scene.page("/admin/x", &admin).status, 200);
}

#[test]
fn a_session_counts_where_its_provider_does() {
    let scene = LoginScene::new();
    let cookie = scene.log_in();
    let on = |host: &str| get(scene.at(), "/page", &[("Host", host), ("Cookie", &cookie)]);
    assert_eq!(on("both.test").status, 200);
    let answer = on("elsewhere.test");
    assert_eq!(answer.status, 401);
    let report = scene.refused(&answer, "session-unknown");
    assert!(report.to_string().contains("corp"), "{report}");
    // Who only looks begins and ends no login.
    for path in ["start?provider=corp&rd=/", "callback?code=a&state=b", "frontchannel_logout?iss=a&sid=b"] {
        let answer = request(scene.at(), "HEAD", &format!("/oauth2/{path}"), &[], b"");
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET")), "{path}");
    }
}
