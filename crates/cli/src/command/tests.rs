//! The forms of the command line that scripts rely on.
#![allow(clippy::panic)]

use super::Arguments;
use clap::{CommandFactory, Parser};

#[track_caller]
fn check(line: &str, expect: Option<&str>) {
    let parsed = Arguments::try_parse_from(line.split(' '));
    match (parsed, expect) {
        (Ok(arguments), Some(expected)) => {
            let text = format!("{arguments:?}");
            assert!(text.contains(expected), "{line}: no {expected:?} in\n{text}");
        }
        (Err(fault), None) => assert_eq!(fault.exit_code(), 2, "{line}: {fault}"),
        (Ok(arguments), None) => panic!("{line} was taken as {arguments:?}"),
        (Err(fault), Some(_)) => panic!("{line}: {fault}"),
    }
}

#[test]
fn the_tree_is_sound() {
    Arguments::command().debug_assert();
}

#[test]
fn exact_forms() {
    check(
        "countersign user add Bob --role staff --scope a --scope b --password-stdin",
        Some(r#"name: AccountName("bob"), rights: Rights { roles: ["staff"], scopes: ["a", "b"] }"#),
    );
    check("countersign key add --user bob --scope a --expires 90d --json", Some("expires: Lifetime(Some(7776000))"));
    check("countersign --json key add --user bob --expires never", Some("json: true"));
    check("countersign token issue --subject s --audience a --scope x --expires 5m --json", Some("expires: 300"));
    check(
        "countersign serve --config f --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --upstream http://a:1 --data d --json",
        Some(r#"upstream: Some("http://a:1")"#),
    );
    check("countersign explain cs1_x --data d --json", Some(r#"data: Some("d")"#));
    check("countersign explain cs1_x --key-file f", Some(r#"key_file: Some("f")"#));
    check("countersign explain -", Some(r#"things: ["-"]"#));
    check("countersign explain a.http nginx.conf --format markdown --now 1700000000", Some(r#"things: ["a.http", "nginx.conf"]"#));
    check("countersign explain --web --listen [::1]:0", Some("web: true, listen: [::1]:0"));
    check("countersign user grant bob --role staff --scope a", Some(r#"Grant(Change { name: AccountName("bob")"#));
    check("countersign user revoke bob --scope a", Some(r#"roles: [], scopes: ["a"]"#));
    check("countersign key grant 0123 --scope a --scope b", Some(r#"id: "0123", scopes: ["a", "b"]"#));
    check("countersign key revoke 0123", Some(r#"id: "0123", scopes: []"#));
    check("countersign key revoke 0123 --scope a", Some(r#"id: "0123", scopes: ["a"]"#));
    check("countersign user unlock bob --data d", Some("Unlock(Named"));
    check("countersign user passwd bob --password-stdin --password-expires 1d", Some("Lifetime(Some(86400))"));
    check("countersign key rotate 0123 --overlap 2h", Some("overlap: 7200"));
    check("countersign session revoke --user bob", Some(r#"user: Some(AccountName("bob"))"#));
    check("countersign check --config f", Some(r#"config: Some("f")"#));
    check("countersign completions zsh", Some("Zsh"));
    check("countersign man", Some("directory: None"));
}

#[test]
fn wrong_forms_exit_with_2() {
    for line in [
        "countersign nothing",
        "countersign user add",
        "countersign user add a:b",
        "countersign user add bob --role a,b",
        "countersign user add bob --no-password --password-stdin",
        "countersign user grant bob",
        "countersign user grant --role staff",
        "countersign user revoke bob",
        "countersign key grant 0123",
        "countersign key revoke 0123 --scope",
        "countersign key add --scope a",
        "countersign key add --user bob --expires 5",
        "countersign token issue --subject s --audience a --expires 2d",
        "countersign explain",
        "countersign explain cs1_x --key-file f --data d",
        "countersign explain --web a.http",
        "countersign explain --web --listen 0.0.0.0:0",
        "countersign explain a.http --format pdf",
        "countersign explain a.http --now yesterday",
        "countersign session revoke",
        "countersign session revoke 1 --user bob",
    ] {
        check(line, None);
    }
}
