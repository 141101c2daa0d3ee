//! The spine's sealing keys as they grow old: another takes over after 30 days, and the old ones open what they sealed
//! until they are 400 days old. The gateway runs on a clock of its own; commands go by the real one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::get;
use countersign_suites::clock::Clock;
use countersign_suites::gateway::{Folder, Gateway, run};
use countersign_suites::within;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// A gateway that lives so many days ago; its clock; and a reference of that time.
fn long_ago(days: u32) -> (Gateway, Clock, String) {
    let clock = Clock::off_by(&format!("-{days}d"));
    let folder = Folder::new();
    let config = include_str!("../config/attacks.toml").replace("UPSTREAM", "sample").replace("ISSUER", "http://127.0.0.1:1");
    folder.write("countersign.toml", config);
    let gateway = Gateway::start_under(folder, &clock.under().iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    watches(&gateway);
    let reference = refusal(&gateway);
    (gateway, clock, reference)
}

/// Waits until it looks at its files from time to time, and with them at its keys: it has noted by then when it began.
#[track_caller]
fn watches(gateway: &Gateway) {
    let said = gateway.printed().len();
    gateway.signal("HUP");
    within(Duration::from_secs(20), "it watches", || gateway.printed()[said..].contains("the configuration is in force"));
}

fn refusal(gateway: &Gateway) -> String {
    get(gateway.listen, "/private/seals", &[]).reference()
}

/// The id of the key that sealed it, but for its last two bits.
fn key_of(reference: &str) -> &str {
    &reference["cs1_".len()..][..5]
}

fn seals(gateway: &Gateway) -> Vec<PathBuf> {
    let keys = std::fs::read_dir(gateway.folder.path().join("state/keys")).unwrap().flatten().map(|entry| entry.path());
    keys.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("seal-")).collect()
}

/// Refusals until another key seals than sealed this one; the first that another one sealed.
#[track_caller]
fn rotated(gateway: &Gateway, before: &str) -> String {
    let mut after = String::new();
    within(Duration::from_secs(20), "another key seals", || {
        after = refusal(gateway);
        key_of(&after) != key_of(before)
    });
    after
}

/// What `explain` cannot open, in its own words: exit code, stable name, message.
#[track_caller]
fn refused(arguments: &[&str]) -> (i32, String, String) {
    let output = run(&[&["explain"], arguments, &["--json"]].concat(), "");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let text = |member: &str| report[member].as_str().unwrap_or_else(|| panic!("no {member}: {report}")).to_owned();
    (output.status.code().unwrap(), text("error"), text("message"))
}

#[test]
fn a_key_seals_for_thirty_days() {
    let (mut gateway, clock, first) = long_ago(100);
    clock.set("-71d");
    // A start looks at the keys; of this one it is the 29th day.
    gateway.kill_and_restart();
    watches(&gateway);
    let young = refusal(&gateway);
    assert_eq!((key_of(&young), seals(&gateway).len()), (key_of(&first), 1));
    clock.set("-69d");
    let next = rotated(&gateway, &young);
    assert_eq!(seals(&gateway).len(), 2);
    // Once more, and all three open, each with its own time.
    clock.set("+0s");
    let last = rotated(&gateway, &next);
    assert_eq!(seals(&gateway).len(), 3);
    let at = [&young, &next, &last].map(|reference| {
        let explained = gateway.explain(reference);
        assert_eq!(explained["cause"], "credentials-missing");
        explained["at"].as_str().unwrap().to_owned()
    });
    assert!(at[0] < at[1] && at[1] < at[2], "{at:?}");
}

#[test]
fn old_keys_open_what_they_sealed() {
    let (mut gateway, clock, reference) = long_ago(399);
    let old = seals(&gateway).remove(0);
    clock.set("+0s");
    let fresh = rotated(&gateway, &reference);
    assert!(old.exists());
    gateway.kill_and_restart();
    assert_eq!(key_of(&refusal(&gateway)), key_of(&fresh), "a restart makes no key");
    for reference in [&reference, &fresh] {
        assert_eq!(gateway.cause(reference), "credentials-missing");
    }
    // Each key by itself opens its own, and says whose the other is not.
    let file = old.to_str().unwrap();
    let alone = run(&["explain", &reference, "--key-file", file], "");
    assert!(alone.status.success(), "{}", String::from_utf8_lossy(&alone.stderr));
    let (code, error, _) = refused(&[&fresh, "--key-file", file]);
    assert_eq!((code, error.as_str()), (2, "key-unknown"));
}

#[test]
fn keys_are_kept_for_four_hundred_days() {
    let (gateway, clock, reference) = long_ago(401);
    let old = seals(&gateway).remove(0);
    let copy = gateway.folder.path().join("copied.key");
    std::fs::copy(&old, &copy).unwrap();
    clock.set("+0s");
    let fresh = rotated(&gateway, &reference);
    assert!(!old.exists(), "its time is over");
    assert_eq!(gateway.cause(&fresh), "credentials-missing");
    let config = gateway.folder.path().join("countersign.toml");
    let (code, error, message) = refused(&[&reference, "--config", config.to_str().unwrap()]);
    assert_eq!((code, error.as_str()), (2, "key-unknown"));
    assert!(message.contains("older than the keys that were kept"), "{message}");
    let (code, error, message) = refused(&[&reference, "--key-file", copy.to_str().unwrap()]);
    assert_eq!((code, error.as_str()), (2, "too-old"));
    assert!(message.contains("too old"), "{message}");
}
