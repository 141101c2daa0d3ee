//! The law of floors: a crate knows only the floors below its own, and some dependencies have rooms of their own.

use crate::step;
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::Path;

/// Crate and floor. The roof is the highest.
#[rustfmt::skip]
const FLOORS: &[(&str, u8)] = &[
    ("countersign-grammar", 0),
    ("countersign",         1),
    ("countersign-saml",    1),
    ("countersign-store",   2),
    ("countersign-sources", 2),
    ("countersign-gateway", 3),
    ("countersign-doctor",  3),
    ("countersign-probe",   3),
    ("countersign-cli",     4),
];

/// Members that stand beside the house and may know all of it.
const BESIDE: &[&str] = &["xtask", "countersign-suites", "countersign-fuzz"];

/// Crates that may know one of their own floor: the sources answer from the store, the probe fills the doctor's dossier,
/// SAML refuses by the core's catalogue of causes.
const EXCEPTIONS: &[(&str, &str)] =
    &[("countersign-sources", "countersign-store"), ("countersign-probe", "countersign-doctor"), ("countersign-saml", "countersign")];

/// Dependencies that only these crates may have: what waits is not in floors 0 and 1, only the store knows SQL,
/// only the roof reads arguments.
#[rustfmt::skip]
const ROOMS: &[(&str, &[&str])] = &[
    ("anyhow",             &["countersign-cli"]),
    ("clap",               &["countersign-cli"]),
    ("sqlx",               &["countersign-store"]),
    ("argon2",             &["countersign-sources"]),
    ("hyper",              &["countersign-sources", "countersign-gateway", "countersign-probe", "countersign-cli"]),
    ("hyper-util",         &["countersign-sources", "countersign-gateway", "countersign-probe", "countersign-cli"]),
    ("hyper-rustls",       &["countersign-sources", "countersign-probe"]),
    ("rustls",             &["countersign-sources", "countersign-gateway", "countersign-probe"]),
    ("tokio-rustls",       &["countersign-sources", "countersign-gateway", "countersign-probe"]),
    ("socket2",            &["countersign-gateway"]),
    ("tokio",              &["countersign-store", "countersign-sources", "countersign-gateway", "countersign-probe", "countersign-cli"]),
    ("tracing",            &["countersign-store", "countersign-sources", "countersign-gateway", "countersign-cli"]),
    ("tracing-subscriber", &["countersign-cli"]),
    ("jiff",               &["countersign-gateway", "countersign-doctor", "countersign-cli"]),
    ("futures",            &[]),
    ("mio",                &[]),
    ("rand",               &[]),
    ("getrandom",          &[]),
    ("reqwest",            &[]),
];

pub(super) fn faults(root: &Path) -> Result<Vec<String>> {
    let text = step::output(step::cargo(&["metadata", "--no-deps", "--format-version", "1", "--offline"]).current_dir(root))?;
    let metadata: Value = serde_json::from_str(&text)?;
    let mut faults = Vec::new();
    for package in metadata.get("packages").and_then(Value::as_array).context("cargo metadata names no packages")? {
        let name = package.get("name").and_then(Value::as_str).context("a package without a name")?;
        for dependency in package.get("dependencies").and_then(Value::as_array).context("a package without dependencies")? {
            let used = dependency.get("name").and_then(Value::as_str).context("a dependency without a name")?;
            // A test may wait: `cargo test` of a crate is not what its users build.
            faults.extend(fault(name, used, dependency.get("kind").and_then(Value::as_str) == Some("dev")));
        }
        if floor(name).is_none() && !BESIDE.contains(&name) {
            faults.push(format!("{name}: has no floor; add it to a table in xtask/src/tidy/floors.rs"));
        }
    }
    Ok(faults)
}

fn fault(name: &str, used: &str, in_tests: bool) -> Option<String> {
    let from = floor(name)?;
    if let Some(to) = floor(used) {
        let lawful = to < from || EXCEPTIONS.contains(&(name, used));
        return (!lawful).then(|| format!("{name} (floor {from}) depends on {used} (floor {to}): only floors below may be known"));
    }
    if BESIDE.contains(&used) && !in_tests {
        return Some(format!("{name} depends on {used}, which is no part of the house"));
    }
    let (_, rooms) = ROOMS.iter().find(|(dependency, _)| *dependency == used)?;
    let lawful = in_tests || rooms.contains(&name);
    (!lawful).then(|| format!("{name} depends on {used}, which only {rooms:?} may"))
}

fn floor(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(crate_name, _)| *crate_name == name).map(|row| row.1)
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[track_caller]
    fn check(name: &str, used: &str, in_tests: bool, lawful: bool) {
        assert_eq!(fault(name, used, in_tests).is_none(), lawful, "{name} → {used}");
    }

    #[test]
    fn only_floors_below_are_known() {
        check("countersign-gateway", "countersign", false, true);
        check("countersign", "countersign-gateway", false, false);
        check("countersign-gateway", "countersign-doctor", false, false);
        check("countersign", "countersign-gateway", true, false);
        check("countersign-sources", "countersign-store", false, true);
        check("countersign-store", "countersign-sources", false, false);
    }

    #[test]
    fn dependencies_keep_to_their_rooms() {
        check("countersign", "tokio", false, false);
        check("countersign", "tokio", true, true);
        check("countersign-store", "sqlx", false, true);
        check("countersign-gateway", "sqlx", false, false);
        check("countersign-gateway", "bytes", false, true);
    }
}
