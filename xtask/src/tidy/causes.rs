//! Cause ⇄ page ⇄ test: a cause that has no page cannot be explained, and one that no test names may not exist.

use super::Tree;
use anyhow::{Result, bail};

const CATALOGUE: &str = "crates/core/src/cause.rs";
/// Causes that only the doctor names: they have pages, and no gateway to provoke them at.
const FOREIGN: &str = "crates/core/src/cause/foreign.rs";
const PAGES: &str = "docs/causes/";
/// The index of the pages, which is no cause.
const INDEX: &str = "README";

pub(super) fn faults(tree: &Tree) -> Result<Vec<String>> {
    let causes = catalogue(&tree.text(CATALOGUE)?);
    if causes.is_empty() {
        bail!("{CATALOGUE}: no cause was read; has the table changed its form?");
    }
    let pages: Vec<&str> =
        tree.under(PAGES).filter_map(|file| file.strip_prefix(PAGES)?.strip_suffix(".md")).filter(|page| *page != INDEX).collect();
    let tests = tests(tree)?;
    let mut faults = Vec::new();
    for cause in &causes {
        if !pages.contains(&cause.code.as_str()) {
            faults.push(format!("cause {}: no page {PAGES}{}.md", cause.code, cause.code));
        }
        if !tests.iter().any(|text| names(text, &cause.code) || names(text, &format!("Cause::{}", cause.name))) {
            faults.push(format!("cause {}: no test names it, neither in suites/ nor in the gateway's tests", cause.code));
        }
    }
    let foreign = foreign(&tree.text(FOREIGN)?);
    if foreign.is_empty() {
        bail!("{FOREIGN}: no cause was read; has the table changed its form?");
    }
    let without = foreign.iter().filter(|code| !pages.contains(&code.as_str()));
    faults.extend(without.map(|code| format!("cause {code}: no page {PAGES}{code}.md")));
    let stray = pages.iter().filter(|page| !causes.iter().any(|cause| cause.code == **page) && !foreign.iter().any(|code| code == **page));
    faults.extend(stray.map(|page| format!("{PAGES}{page}.md: no cause has this code")));
    Ok(faults)
}

struct Cause {
    name: String,
    code: String,
}

/// The rows of the table: `NUMBER Name "code" STATUS …`.
fn catalogue(source: &str) -> Vec<Cause> {
    let rows = source.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        words.next()?.parse::<u16>().ok()?;
        let name = words.next()?.to_owned();
        let code = words.next()?.strip_prefix('"')?.strip_suffix('"')?.to_owned();
        Some(Cause { name, code })
    });
    rows.collect()
}

/// The rows of the other table: `Name "code" Family Owner …`.
fn foreign(source: &str) -> Vec<String> {
    let rows = source.lines().filter(|line| line.ends_with("\";"));
    rows.filter_map(|line| Some(line.split_whitespace().nth(1)?.strip_prefix('"')?.strip_suffix('"')?.to_owned())).collect()
}

/// The texts of all tests that run a gateway.
fn tests(tree: &Tree) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for file in tree.under("suites/").chain(tree.under("crates/gateway/tests/")) {
        if [".rs", ".mjs", ".js", ".py", ".toml", ".json", ".txt", ".sh"].iter().any(|end| file.ends_with(end)) {
            texts.push(tree.text(file)?);
        }
    }
    for file in tree.under("crates/gateway/src/").filter(|file| file.ends_with(".rs")) {
        let text = tree.text(file)?;
        if let Some((_, tests)) = text.split_once("#[cfg(test)]") {
            texts.push(tests.to_owned());
        }
    }
    Ok(texts)
}

/// Whether the name stands in the text by itself, not as a part of a longer one.
fn names(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|t| t.chars().next());
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

#[cfg(test)]
mod tests {
    use super::{catalogue, names};

    #[test]
    fn reads_the_rows_of_the_table() {
        let rows = catalogue("macro ($x:ident)\n    34 TokenExpired \"token-expired\" 401 A B C \"It is 5 o'clock.\";\n    // 35 No\n");
        let rows: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.code.as_str())).collect();
        assert_eq!(rows, [("TokenExpired", "token-expired")]);
    }

    #[track_caller]
    fn check(text: &str, name: &str, found: bool) {
        assert_eq!(names(text, name), found, "{name} in {text}");
    }

    #[test]
    fn a_part_of_a_longer_name_is_no_name() {
        check("(\"token-expired\", 401)", "token-expired", true);
        check("refresh-token-expired", "token-expired", false);
        check("token-expired-twice token-expired", "token-expired", true);
        check("Cause::SessionOverdue", "Cause::SessionOver", false);
    }
}
