//! Links from Markdown to local files must lead somewhere. Addresses on the network are not asked for.

use super::Tree;
use anyhow::Result;
use std::path::Path;

pub(super) fn faults(tree: &Tree) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for file in tree.ending(".md") {
        let folder = Path::new(file).parent().unwrap_or(Path::new(""));
        for target in targets(&tree.text(file)?) {
            if !tree.root.join(folder).join(&target).exists() {
                faults.push(format!("{file}: the link to `{target}` leads nowhere"));
            }
        }
    }
    Ok(faults)
}

/// The local files that inline links and images of the text point at, outside of code.
fn targets(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut targets = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        if fenced {
            continue;
        }
        // Code spans are every second piece between backticks.
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for link in prose.split("](").skip(1) {
            let target = link.split([')', ' ']).next().unwrap_or_default().trim_matches(['<', '>']);
            let path = target.split('#').next().unwrap_or_default();
            if !path.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                targets.push(path.to_owned());
            }
        }
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::targets;

    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        assert_eq!(targets(text), expect, "{text}");
    }

    #[test]
    fn finds_local_targets_only() {
        check("see [a](docs/a.md) and [b](b.md#part), ![c](<c.png>)", &["docs/a.md", "b.md", "c.png"]);
        check("[site](https://example.test/x) [part](#part) [mail](mailto:a@example.test)", &[]);
        check("`[x](y.md)` and\n```text\n[x](y.md)\n```\n[z](z.md \"title\")", &["z.md"]);
        check("[`code`](code.md)", &["code.md"]);
    }
}
