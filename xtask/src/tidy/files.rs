//! Every Rust file says what it is, is short enough to read, and is named for what it holds.

use super::Tree;
use anyhow::Result;

const LINES: usize = 600;

/// Files that may be longer, each with its reason.
const LONG: &[(&str, &str)] = &[("crates/gateway/src/config/tests/faults.rs", "a table: configurations and the faults they have")];

/// Names that say nothing of what lies inside.
const DRAWERS: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc", "prelude", "manager", "managers", "shared", "stuff"];

pub(super) fn faults(tree: &Tree) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for file in tree.ending(".rs") {
        faults.extend(fault(file, &tree.text(file)?).into_iter().map(|what| format!("{file}: {what}")));
    }
    Ok(faults)
}

fn fault(file: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.starts_with("//!") {
        faults.push("does not open with `//!`".to_owned());
    }
    let lines = text.lines().count();
    if lines > LINES && !LONG.iter().any(|(long, _)| *long == file) {
        faults.push(format!("has {lines} lines, more than {LINES}"));
    }
    if file.ends_with("/mod.rs") {
        faults.push("is a `mod.rs`: name it after its folder, beside it".to_owned());
    }
    let names = file.trim_end_matches(".rs").split('/').filter(|name| DRAWERS.contains(name));
    faults.extend(names.map(|name| format!("`{name}` is a drawer, not a name")));
    faults
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[track_caller]
    fn check(file: &str, text: &str, count: usize) {
        assert_eq!(fault(file, text).len(), count, "{file}: {:?}", fault(file, text));
    }

    #[test]
    fn files_keep_the_rules() {
        check("crates/core/src/judge.rs", "//! Judges.\n", 0);
        check("crates/core/src/judge.rs", "use std::fmt;\n", 1);
        check("crates/core/src/judge/mod.rs", "//! Judges.\n", 1);
        check("crates/core/src/utils/time.rs", "//! Time.\n", 1);
        check("crates/core/src/common.rs", "", 2);
        check("crates/core/src/judge.rs", &"//! Long.\n".repeat(601), 1);
    }
}
