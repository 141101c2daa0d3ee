//! Crates that may not be built, by the bans of `deny.toml`, and crates that may be built in one version only.
//!
//! The tree is asked, not the lock file: that also names what optional edges could bring in and nobody builds.

use super::Tree;
use crate::step;
use anyhow::{Result, bail};
use std::collections::BTreeSet;

/// A second copy of these is a second pool, a second state or a second set of limits.
const ONCE: &[&str] = &["rustls", "hyper", "h2", "http", "tokio", "reqwest", "tonic", "aws-lc-rs"];

pub(super) fn faults(tree: &Tree) -> Result<Vec<String>> {
    let banned = banned(&tree.text("deny.toml")?);
    if banned.is_empty() {
        bail!("deny.toml: no ban was read; has it changed its form?");
    }
    let args = ["tree", "--workspace", "--offline", "--target", "x86_64-unknown-linux-gnu", "--edges", "normal,build", "--prefix", "none"];
    let built = built(&step::output(step::cargo(&args).current_dir(&tree.root))?);
    let mut faults: Vec<String> = built
        .iter()
        .filter_map(|(name, version)| {
            let (_, reason) = banned.iter().find(|ban| ban.0 == *name)?;
            Some(format!("{name} {version} is built: {reason}; see `cargo tree -i {name}`"))
        })
        .collect();
    for once in ONCE {
        let versions: Vec<&str> = built.iter().filter(|(name, _)| name == once).map(|built| built.1.as_str()).collect();
        if versions.len() > 1 {
            faults.push(format!("{once} is built more than once: {}", versions.join(", ")));
        }
    }
    Ok(faults)
}

/// Name and reason of each `{ crate = "…", reason = "…" }`.
fn banned(deny: &str) -> Vec<(String, String)> {
    let rows = deny.lines().filter_map(|line| {
        let row = line.trim().strip_prefix("{ crate = \"")?;
        let (name, rest) = row.split_once('"')?;
        let reason = rest.split('"').nth(1).unwrap_or("it is banned");
        Some((name.to_owned(), reason.to_owned()))
    });
    rows.collect()
}

/// Name and version of each line that `cargo tree --prefix none` prints.
fn built(tree: &str) -> BTreeSet<(String, String)> {
    let lines = tree.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::{banned, built};

    #[test]
    fn reads_bans_and_tree() {
        let rows = banned("deny = [\n    { crate = \"ring\", reason = \"a second provider\" },\n    # { crate = \"x\" }\n]\n");
        assert_eq!(rows, [("ring".to_owned(), "a second provider".to_owned())]);
        let tree = built("a v1.0.0 (/src)\nb v0.2.0\nb v0.2.0 (*)\n\nb v0.3.0\n");
        let names: Vec<_> = tree.iter().map(|(name, version)| format!("{name} {version}")).collect();
        assert_eq!(names, ["a v1.0.0", "b v0.2.0", "b v0.3.0"]);
    }
}
