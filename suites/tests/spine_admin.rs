//! The spine's administration: every command, its effect on a running gateway within a second, the admin listener, the
//! decision log and the audit trail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{Wire, basic, get, request, request_on};
use countersign_suites::scene::{PASSWORD, Scene};
use countersign_suites::{everywhere, within};
use serde_json::Value;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[track_caller]
fn row<'a>(list: &'a Value, member: &str, value: &str) -> &'a Value {
    list.as_array().unwrap().iter().find(|row| row[member] == value).unwrap_or_else(|| panic!("no {value} in {list}"))
}

#[test]
fn accounts() {
    let scene = Scene::orders();
    let at = scene.at();
    let made = scene.gateway.administer_json(&["user", "add", "Carol", "--role", "staff", "--scope", "orders:read"]);
    let password = made["password"].as_str().unwrap_or_else(|| panic!("no password was made: {made}"));
    let carol = basic("carol", password);
    let status = || get(at, "/api/x", &[("Authorization", &carol)]).status;
    assert_eq!(status(), 200, "a name has no upper case, and a new account counts at once");
    let list = scene.gateway.administer_json(&["user", "list"]);
    let row = row(&list, "name", "carol");
    assert_eq!((row["state"].as_str(), row["roles"][0].as_str()), (Some("active"), Some("staff")));
    assert!(!list.to_string().contains("argon2") && !list.to_string().contains(password), "{list}");
    for (command, expect) in [("lock", 401), ("unlock", 200), ("disable", 401), ("enable", 200)] {
        scene.gateway.administer(&["user", command, "carol"], "");
        everywhere(SECOND, command, || status() == expect);
    }
    for wrong in [
        &["user", "add", "carol"][..],
        &["user", "lock", "nobody"],
        &["user", "add", "a:b"],
        &["key", "revoke", "nokey"],
        &["session", "revoke", "nosession"],
    ] {
        let output = scene.gateway.run(&[wrong, &["--json"]].concat(), "");
        assert!(!output.status.success(), "{wrong:?}");
        assert!(!(output.stdout.is_empty() && output.stderr.is_empty()), "{wrong:?} says nothing");
    }
    scene.gateway.administer(&["user", "remove", "carol"], "");
    everywhere(SECOND, "removed", || status() != 200);
}

#[test]
fn keys_and_their_rotation() {
    let scene = Scene::orders();
    scene.add_alice();
    let at = scene.at();
    let status = |key: &str| get(at, "/api/x", &[("X-API-Key", key)]).status;
    let (old, id) = scene.add_key("alice");
    assert_eq!(status(&old), 200);
    let rotated = scene.gateway.administer_json(&["key", "rotate", &id, "--overlap", "1s"]);
    let new = rotated["key"].as_str().unwrap().to_owned();
    assert_eq!([status(&old), status(&new)], [200, 200], "both work for a while");
    everywhere(Duration::from_secs(4), "then the old one ends", || status(&old) == 401);
    assert_eq!(status(&new), 200);
    let list = scene.gateway.administer_json(&["key", "list"]);
    assert_eq!(row(&list, "id", &id)["state"], "revoked", "{list}");
    assert!(!list.to_string().contains(&new[4..]) && !list.to_string().contains(&old[4..]), "a key is shown once: {list}");
    // A key has its own scopes, not its account's.
    assert_eq!(get(at, "/api/x", &[("X-API-Key", &new)]).status, 200);
    let none = scene.gateway.administer_json(&["key", "add", "--user", "alice", "--expires", "90d"]);
    assert_eq!(get(at, "/api/x", &[("X-API-Key", none["key"].as_str().unwrap())]).status, 403);
    // The store knows no key by its text.
    for entry in std::fs::read_dir(scene.gateway.folder.path().join("state")).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!bytes.windows(new.len() - 4).any(|window| window == &new.as_bytes()[4..]), "{:?}", entry.path());
    }
}

#[test]
fn roles_and_scopes_of_an_account_that_is_there() {
    let scene = Scene::orders();
    scene.gateway.administer(&["user", "add", "carol", "--password-stdin"], PASSWORD);
    let (at, carol) = (scene.at(), basic("carol", PASSWORD));
    // The same account by password and by session, by page (which asks for a role) and by API (which asks for a scope).
    let cookie = scene.sign_in("carol", PASSWORD);
    let statuses = || {
        let ask = |path, header| get(at, path, &[header]).status;
        [ask("/page", ("Authorization", carol.as_str())), ask("/page", ("Cookie", &cookie)), ask("/api/x", ("Authorization", &carol))]
    };
    assert_eq!(statuses(), [403, 403, 403]);
    for (command, expect) in [
        (["grant", "carol", "--role", "staff"], [200, 200, 403]),
        (["grant", "carol", "--scope", "orders:read"], [200, 200, 200]),
        (["revoke", "carol", "--role", "staff"], [403, 403, 200]),
        (["revoke", "carol", "--scope", "orders:read"], [403, 403, 403]),
    ] {
        scene.gateway.administer(&[&["user"][..], &command].concat(), "");
        everywhere(SECOND, command[0], || statuses() == expect);
    }
    assert_eq!(scene.cause("/page", &[("Authorization", &carol)]), "role-insufficient");
    assert_eq!(scene.cause("/api/x", &[("Authorization", &carol)]), "scope-insufficient");
}

#[test]
fn scopes_of_a_key_that_is_there() {
    let scene = Scene::orders();
    scene.add_alice();
    let (key, id) = scene.add_key("alice");
    let statuses = || ["GET", "POST"].map(|method| request(scene.at(), method, "/api/x", &[("X-API-Key", &key)], b"").status);
    assert_eq!(statuses(), [200, 403], "it may only read, whatever its account may");
    for (command, scope, expect) in
        [("grant", "orders:write", [200, 200]), ("revoke", "orders:read", [403, 200]), ("revoke", "orders:write", [403, 403])]
    {
        scene.gateway.administer(&["key", command, &id, "--scope", scope], "");
        everywhere(SECOND, command, || statuses() == expect);
    }
}

/// The fix that a refusal's reference gives is run as it stands, and mends it.
#[test]
fn the_fix_of_a_missing_right_mends_it() {
    let scene = Scene::orders();
    scene.gateway.administer(&["user", "add", "carol", "--password-stdin"], PASSWORD);
    let (at, carol) = (scene.at(), basic("carol", PASSWORD));
    for path in ["/page", "/api/x"] {
        let refused = get(at, path, &[("Authorization", &carol)]);
        assert_eq!(refused.status, 403, "{path}");
        let report = scene.gateway.administer_json(&["explain", &refused.reference()]);
        let line = report["fix"][0]["lines"][0].as_str().unwrap_or_else(|| panic!("no line: {report}"));
        let words: Vec<&str> = line.split(' ').skip_while(|word| *word != "user").take_while(|word| *word != "--data").collect();
        assert_eq!(words[..3], ["user", "grant", "carol"], "{line}");
        scene.gateway.administer(&words, "");
        everywhere(SECOND, line, || get(at, path, &[("Authorization", &carol)]).status == 200);
    }
}

#[test]
fn sessions() {
    let scene = Scene::orders();
    scene.add_alice();
    let (one, two) = (scene.sign_in("alice", PASSWORD), scene.sign_in("alice", PASSWORD));
    let at = scene.at();
    let status = |cookie: &str| get(at, "/page", &[("Cookie", cookie)]).status;
    assert_eq!([status(&one), status(&two)], [200, 200]);
    let list = scene.gateway.administer_json(&["session", "list"]);
    assert_eq!(list.as_array().unwrap().len(), 2, "{list}");
    assert!(!list.to_string().contains(one.strip_prefix("countersign=").unwrap()), "{list}");
    scene.gateway.administer(&["session", "revoke", list[0]["id"].as_str().unwrap()], "");
    within(SECOND, "one of the two has ended", || [status(&one), status(&two)].iter().filter(|status| **status == 401).count() == 1);
    scene.gateway.administer(&["session", "revoke", "--user", "alice"], "");
    everywhere(SECOND, "both have ended", || [status(&one), status(&two)] == [401, 401]);
}

#[test]
fn own_tokens() {
    let scene = Scene::orders();
    let issue = |audience: &str, scope: &str| {
        let made = scene.gateway.administer_json(&[
            "token",
            "issue",
            "--subject",
            "me",
            "--audience",
            audience,
            "--scope",
            scope,
            "--expires",
            "5m",
        ]);
        format!("Bearer {}", made["token"].as_str().unwrap())
    };
    let good = issue("orders", "orders:read");
    assert_eq!(get(scene.at(), "/api/x", &[("Authorization", &good)]).status, 200);
    assert_eq!(scene.cause("/api/x", &[("Authorization", &issue("elsewhere", "orders:read"))]), "token-audience-mismatch");
    assert_eq!(scene.cause("/api/x", &[("Authorization", &issue("orders", "other"))]), "scope-insufficient");
    assert!(
        !scene.gateway.run(&["token", "issue", "--subject", "me", "--audience", "orders", "--expires", "2d"], "").status.success(),
        "a day at the most"
    );
    // Another installation's own key is nobody here.
    let other = Scene::orders();
    let foreign = other.gateway.administer_json(&["token", "issue", "--subject", "me", "--audience", "orders", "--scope", "orders:read"]);
    let foreign = format!("Bearer {}", foreign["token"].as_str().unwrap());
    assert_eq!(scene.cause("/api/x", &[("Authorization", &foreign)]), "token-issuer-unknown");
}

#[test]
fn the_admin_listener() {
    let scene = Scene::orders();
    assert!(scene.gateway.admin.ip().is_loopback());
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(scene.gateway.admin, path, &[]).status, 200, "{path}");
    }
    get(scene.at(), "/api/x", &[]);
    get(scene.at(), "/api/x", &[("Authorization", "Bearer not.a.token")]);
    get(scene.at(), "/public/x", &[]);
    within(SECOND, "the counters have it", || {
        let metrics = get(scene.gateway.admin, "/metrics", &[]).text();
        ["cause=\"credentials-missing\"", "cause=\"token-malformed\""].iter().all(|label| metrics.contains(label))
    });
    let metrics = get(scene.gateway.admin, "/metrics", &[]).text();
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
    assert!(metrics.contains("route=") || metrics.contains("rule="), "by route too: {metrics}");
    // Neither is reached through the front door.
    for path in ["/metrics", "/healthz", "/readyz"] {
        assert_eq!(get(scene.at(), path, &[]).status, 401, "{path}");
    }
}

#[test]
fn one_line_a_decision() {
    let scene = Scene::orders();
    let bearer = format!("Bearer {}", scene.issuer.token());
    let refused = get(scene.at(), "/api/logged", &[("X-Request-Id", "my-own-id-1")]);
    get(scene.at(), "/api/logged", &[("Authorization", &bearer), ("X-Request-Id", "my-own-id-2")]);
    let lines = || -> Vec<Value> {
        let printed = scene.gateway.printed();
        printed.lines().filter(|line| line.contains("/api/logged")).filter_map(|line| serde_json::from_str(line).ok()).collect()
    };
    within(Duration::from_secs(2), "both are logged", || lines().len() == 2);
    let lines = lines();
    let reference = refused.reference();
    assert_eq!(lines[0]["cause"], "credentials-missing");
    assert_eq!(lines[0]["reference"], Value::from(reference));
    assert_eq!((lines[0]["request_id"].as_str(), lines[1]["request_id"].as_str()), (Some("my-own-id-1"), Some("my-own-id-2")));
    assert_eq!(
        (lines[1]["status"].as_i64(), lines[1]["subject"].as_str(), lines[1]["scheme"].as_str()),
        (Some(200), Some("ann"), Some("bearer"))
    );
    assert_eq!(scene.upstream.the("/api/logged").read_as("x-request-id"), ["my-own-id-2"], "the app gets the id");
}

#[test]
fn the_trail_is_bounded_and_keeps_what_counts() {
    let scene = Scene::orders();
    scene.add_alice();
    scene.gateway.administer(&["user", "lock", "alice"], "");
    let trail = scene.gateway.folder.path().join("state/trail");
    let size = || -> u64 { std::fs::read_dir(&trail).unwrap().flatten().map(|entry| entry.metadata().unwrap().len()).sum() };
    let at = scene.at();
    std::thread::scope(|scope| {
        for client in 0..4 {
            scope.spawn(move || {
                let mut wire = Wire::connect(at);
                for _ in 0..1500 {
                    assert_eq!(request_on(&mut wire, "a", "GET", &format!("/api/flood/{client}"), &[], b"").status, 401);
                }
            });
        }
    });
    let refusal = get(at, "/api/after-the-flood", &[]);
    let written = || {
        let files = std::fs::read_dir(&trail).unwrap().flatten().map(|entry| std::fs::read_to_string(entry.path()).unwrap());
        files.collect::<String>()
    };
    within(Duration::from_secs(4), "the flood is summed up, and the trail goes on", || {
        let text = written();
        text.contains("credentials-missing")
            && (text.contains("after-the-flood")
                || text.contains(&refusal.reference()[..20])
                || text.contains("summed")
                || text.contains("count"))
    });
    assert!(size() < 4 << 20, "6,000 refusals wrote {} bytes", size());
}
