//! Real OpenID providers and a real browser: the certified `oidc-provider` of npm, and one in Python. Nothing of ours plays
//! a part but the gateway.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::gateway::{Folder, Gateway};
use countersign_suites::product::{Product, free_port, python, suites};
use countersign_suites::upstream::Upstream;
use serde_json::Value;
use std::process::Command;

/// A gateway on a port that the provider can know before it starts.
fn gateway(port: u16, provider: u16, upstream: &Upstream, secret: &str) -> Gateway {
    let config = include_str!("../config/openid.toml")
        .replace("\"UPSTREAM\"", &format!("\"http://{}\"", upstream.address))
        .replace("\"PROVIDER\"", &format!("\"http://127.0.0.1:{provider}\""));
    let folder = Folder::new();
    folder.write("corp.secret", secret);
    folder.write("countersign.toml", config);
    Gateway::start_on(folder, port)
}

/// What the browser found.
#[track_caller]
fn visit(at: u16, kind: &str, name: &str, password: &str) -> Value {
    let script = suites().join("browser/openid.mjs");
    let origin = format!("http://127.0.0.1:{at}");
    let output = Command::new("node").arg(script).args([&origin, kind, name, password]).output().expect("node is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(found.get("fault").is_none(), "{found:#}");
    found
}

#[track_caller]
fn check(found: &Value, upstream: &Upstream, at: u16, provider: u16, name: &str) {
    let text = |member: &str| found[member].as_str().unwrap_or_else(|| panic!("no {member}: {found:#}"));
    let (origin, provider) = (format!("http://127.0.0.1:{at}"), format!("http://127.0.0.1:{provider}"));
    assert!(text("at").starts_with(&provider), "{found:#}");
    assert_eq!(text("returned"), format!("{origin}/orders?page=2"));
    for (member, page) in [("shown", 2), ("second", 3), ("renewed", 4)] {
        assert_eq!(text(member), format!("the app got GET /orders?page={page}"), "{found:#}");
        assert_eq!(upstream.the(&format!("/orders?page={page}")).read_as("Remote-User"), [name]);
        assert!(upstream.the(&format!("/orders?page={page}")).read_as("Remote-Groups")[0].contains("staff"), "{found:#}");
    }
    let cookies = found["cookies"].as_array().unwrap();
    let session = cookies.iter().find(|cookie| cookie["name"] == "countersign").unwrap();
    assert_eq!((&session["httpOnly"], &session["sameSite"], &session["length"]), (&true.into(), &"Lax".into(), &43.into()));
    assert!(!cookies.iter().any(|cookie| cookie["name"].as_str().unwrap().contains("_login_")), "a login's cookie is left: {found:#}");
    assert!(text("askedAgain").starts_with(&provider), "{found:#}");
}

#[test]
fn the_certified_provider_of_npm() {
    let (at, port) = (free_port(), free_port());
    let script = suites().join("products/openid.mjs");
    let origin = format!("http://127.0.0.1:{at}");
    let provider = Product::start(Folder::new(), port, "node", &[script.to_str().unwrap(), &port.to_string(), &origin]);
    let upstream = Upstream::start();
    let gateway = gateway(at, port, &upstream, "tests-only");
    let found = visit(at, "node", "ann", "whatever");
    check(&found, &upstream, at, port, "ann");
    assert!(found["back"].as_str().is_some_and(|page| page.contains("You are logged out")), "{found:#}");
    assert_eq!(gateway.administer_json(&["user", "list"]).as_array().unwrap().len(), 1);
    drop(provider);
}

#[test]
fn a_provider_in_python() {
    let (at, port) = (free_port(), free_port());
    let folder = Folder::new();
    for name in ["settings.yaml", "users.yaml"] {
        let text = std::fs::read_to_string(suites().join("products/nanoidp").join(name)).unwrap();
        folder.write(name, text.replace("PORT", &port.to_string()).replace("GATEWAY", &format!("http://127.0.0.1:{at}")));
    }
    let config = folder.path().to_str().unwrap().to_owned();
    let nanoidp = python().with_file_name("nanoidp");
    let provider = Product::start(folder, port, nanoidp, &["--config", &config, "--host", "127.0.0.1", "--port", &port.to_string()]);
    let upstream = Upstream::start();
    let gateway = gateway(at, port, &upstream, "tests-only");
    let found = visit(at, "python", "ann", "whatever");
    check(&found, &upstream, at, port, "ann");
    let account = gateway.administer_json(&["user", "list"])[0].clone();
    assert_eq!(account["federated"]["provider"], "corp", "{account}");
    drop(provider);
}
