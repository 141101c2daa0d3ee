//! The commands that need no gateway, through the program itself: what they print, and with which code they exit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use countersign::reference::{Record, seal};
use countersign::{Cause, Evidence, Kind, Place, Seen, Subject, Value};
use countersign_store::DataDir;
use serde_json::Value as Json;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

/// A data directory of its own for one test, removed when the test has passed.
struct Installation(PathBuf);

impl Installation {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("countersign-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    fn run(&self, line: &str, input: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(line.split(' ')).arg("--data").arg(&self.0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that reads nothing may have gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Exits with this code; standard output is JSON.
    #[track_caller]
    fn check(&self, line: &str, input: &str, code: i32) -> Json {
        let output = self.run(&format!("{line} --json"), input);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{line}: {text}{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(&text).unwrap_or_else(|fault| panic!("{line}: {fault}: {text:?}"))
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed()
}

/// A refusal of a moment ago, as this installation seals it.
fn reference(installation: &Installation, cause: Cause, evidence: Evidence, at: i64) -> String {
    let data = DataDir::open(&installation.0).unwrap();
    let revision = [7; 8];
    data.keep_revision(&revision, "countersign.toml", "[[site]]\nhost = \"*\"\n\n[[site.rule]]\npath = \"/**\"\nschemes = [\"basic\"]\n")
        .unwrap();
    let record = Record {
        at_ms: at * 1000,
        cause,
        status: cause.status(),
        site: Some(0),
        rule: Some(0),
        revision,
        node: data.node(),
        request_id: "r1".into(),
        method: "GET".into(),
        path: "/".into(),
        seen: vec![Seen { kind: Kind::Basic, place: Place::Header, length: 20, name: None }],
        evidence,
        near: Vec::new(),
    };
    seal(&record, &data.seal_ring(now()).unwrap(), [1; 12])
}

#[test]
fn accounts_keys_and_tokens() {
    let here = Installation::new("administration");
    assert_eq!(here.check("user list", "", 2)["error"], "no-data");
    let added = here.check("user add Bob --role staff --scope a --password-stdin", "correct horse\n", 0);
    assert_eq!((&added["name"], added.get("password")), (&Json::from("bob"), None));
    assert_eq!(here.check("user add bob --password-stdin", "x", 1)["error"], "account-exists");
    assert_eq!(here.check("user add eve --password-stdin", "", 1)["error"], "input");
    let made = here.check("user add eve", "", 0);
    assert_eq!(made["password"].as_str().map(str::len), Some(20));
    for (line, state) in [("lock", "locked"), ("unlock", "active"), ("disable", "disabled"), ("enable", "active")] {
        assert_eq!(here.check(&format!("user {line} bob"), "", 0)["state"], state);
        assert_eq!(here.check("user list", "", 0)[0]["state"], state);
    }
    for (line, roles, scopes, changed) in [
        ("user grant bob --role support --scope b", &["staff", "support"][..], &["a", "b"][..], true),
        ("user grant bob --role support", &["staff", "support"], &["a", "b"], false),
        ("user revoke bob --role staff --role support --scope b", &[], &["a"], true),
        ("user revoke bob --scope b", &[], &["a"], false),
    ] {
        let said = here.check(line, "", 0);
        assert_eq!(said, serde_json::json!({ "name": "bob", "roles": roles, "scopes": scopes, "changed": changed }), "{line}");
    }
    assert_eq!(here.check("user grant nobody --role staff", "", 1)["error"], "account-unknown");
    here.check("user disable bob", "", 0);
    assert_eq!(here.check("user unlock bob", "", 1)["error"], "account-state");
    let unknown = here.check("user lock nobody", "", 1);
    assert_eq!((&unknown["error"], &unknown["fix"]), (&Json::from("account-unknown"), &Json::from("`countersign user list` shows them")));

    let key = here.check("key add --user bob --scope a --expires 90d", "", 0);
    assert!(key["key"].as_str().unwrap().starts_with("csk_"));
    let id = key["id"].as_str().unwrap();
    for (line, scopes, changed) in [("grant ID --scope b", &["a", "b"][..], true), ("revoke ID --scope a --scope c", &["b"], true)] {
        let said = here.check(&format!("key {}", line.replace("ID", id)), "", 0);
        assert_eq!(said, serde_json::json!({ "id": id, "user": "bob", "scopes": scopes, "changed": changed }), "{line}");
    }
    assert_eq!(here.check("key grant nokey --scope a", "", 1)["error"], "api-key-unknown");
    let rotated = here.check(&format!("key rotate {id} --overlap 1h"), "", 0);
    assert_ne!((&rotated["id"], &rotated["key"]), (&key["id"], &key["key"]));
    assert_eq!(rotated["scopes"], serde_json::json!(["b"]), "those that the old one has by now");
    let state = |id: &Json| {
        let keys = here.check("key list", "", 0);
        keys.as_array().unwrap().iter().find(|row| row["id"] == *id).unwrap()["state"].clone()
    };
    assert_eq!((state(&key["id"]), state(&rotated["id"])), ("being replaced".into(), "active".into()));
    here.check(&format!("key revoke {id}"), "", 0);
    assert_eq!(state(&key["id"]), "revoked");
    assert_eq!(here.check("key add --user nobody", "", 1)["error"], "account-unknown");
    assert_eq!(here.check("key revoke nothing", "", 1)["error"], "api-key-unknown");
    assert_eq!(here.check("session list", "", 0), Json::Array(Vec::new()));
    assert_eq!(here.check("session revoke nothing", "", 1)["error"], "session-unknown");
    let token = here.check("token issue --subject s --audience a --scope x --expires 5m", "", 0);
    assert_eq!(token["token"].as_str().unwrap().split('.').count(), 3);
    here.check("user remove bob", "", 0);
    assert_eq!(here.check("key list", "", 0), Json::Array(Vec::new()));
}

#[test]
fn references_are_opened() {
    let here = Installation::new("explain");
    let added = here.check("user add ann --password-stdin", "correct horse", 0);
    here.check("user lock ann", "", 0);
    let evidence = Evidence::none().presented(Subject::Account, Value::Number(added["id"].as_i64().unwrap()));
    let text = reference(&here, Cause::AccountLocked, evidence.presented(Subject::AccountState, Value::Time(now() - 60)), now() - 5);
    let report = here.check(&format!("explain {text}"), "", 0);
    assert_eq!(
        (&report["cause"], &report["family"], &report["status"]),
        (&"account-locked".into(), &"account_locked_or_disabled".into(), &401.into())
    );
    assert_eq!(
        (&report["rule"]["file"], &report["rule"]["line"], &report["revision"]),
        (&"countersign.toml".into(), &4.into(), &"0707070707070707".into())
    );
    assert!(report["fix"][0]["lines"][0].as_str().unwrap().contains("user unlock ann --data"), "{report}");
    let answer = format!("HTTP/1.1 401 Unauthorized\r\ncountersign-ref: {text}\r\n\r\n");
    assert_eq!(here.check("explain -", &answer, 0)["evidence"], report["evidence"]);
    let printed = here.run(&format!("explain {text}"), "");
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert!(
        printed.starts_with("401 account-locked\nThe account is locked.\n")
            && printed.contains("countersign.toml:4")
            && !printed.contains('\u{1b}'),
        "{printed}"
    );
}

#[test]
fn references_that_do_not_open_say_why() {
    let (here, there) = (Installation::new("here"), Installation::new("there"));
    let text = reference(&here, Cause::PasswordWrong, Evidence::none(), now());
    reference(&there, Cause::PasswordWrong, Evidence::none(), now());
    let mut altered = text.clone();
    altered.replace_range(100..101, if text[100..101] == *"A" { "B" } else { "A" });
    assert_eq!(here.check(&format!("explain {altered}"), "", 1)["error"], "altered");
    assert_eq!(here.check(&format!("explain {}", &text[..200]), "", 1)["error"], "malformed");
    assert_eq!(there.check(&format!("explain {text}"), "", 2)["error"], "key-unknown");
    let old = reference(&here, Cause::PasswordWrong, Evidence::none(), now() - 401 * 86_400);
    assert_eq!(here.check(&format!("explain {old}"), "", 2)["error"], "too-old");
    assert_eq!(here.check("explain something-else", "", 3)["error"], "nothing-to-explain");
    assert_eq!(here.check("explain token-expired", "", 0)["page"].as_str().unwrap().lines().next(), Some("# token-expired"));
}
