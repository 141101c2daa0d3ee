//! The login pages in a real browser: Chromium as Debian installs it, driven through node. With scripts and without.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::scene::{PASSWORD, Scene};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::sync::Once;

/// Installs what `package.json` names, if that has not been done.
fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        if !folder.join("node_modules/playwright-core").exists() {
            let done = Command::new("npm").args(["ci", "--silent"]).current_dir(folder).status().expect("npm is installed");
            assert!(done.success(), "npm ci");
        }
    });
}

#[track_caller]
fn visit(scripts: &str) {
    install();
    let scene = Scene::orders();
    scene.add_alice();
    let origin = format!("http://{}", scene.at());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/visit.mjs");
    let output = Command::new("node").arg(script).args([&origin, "alice", PASSWORD, scripts]).output().expect("node is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |member: &str| found[member].as_str().unwrap_or_else(|| panic!("no {member}: {found}"));
    assert!(text("asked").starts_with(&format!("{origin}/oauth2/sign_in?rd=")), "{found}");
    assert_eq!(text("alert"), "Invalid credentials.");
    assert!(text("afterWrong").contains("/oauth2/sign_in"), "{found}");
    assert_eq!(text("returned"), format!("{origin}/orders?page=2"));
    assert_eq!(text("shown"), "the app got GET /orders?page=2");
    let cookie = found["cookies"].as_array().unwrap().iter().find(|cookie| cookie["name"] == "countersign").unwrap();
    assert_eq!((&cookie["httpOnly"], &cookie["sameSite"]), (&Value::Bool(true), &Value::from("Lax")));
    assert!(text("askedAgain").contains("/oauth2/sign_in?rd="), "{found}");
    // The 401 of the wrong password is logged by the browser; nothing else may be.
    let faults: Vec<&str> =
        found["faults"].as_array().unwrap().iter().filter_map(Value::as_str).filter(|fault| !fault.contains("401")).collect();
    let favicon = |fault: &&str| fault.contains("favicon");
    assert!(faults.iter().all(favicon), "{faults:?}");
    assert_eq!(scene.upstream.the("/orders?page=2").read_as("Remote-User"), ["alice"]);
}

#[test]
fn a_person_logs_in_and_out() {
    visit("scripts");
}

#[test]
fn and_without_scripts_too() {
    visit("no-scripts");
}
