//! `cargo xtask tidy`: the laws of the house that no compiler checks. Every fault is printed before it fails.
//!
//! ```text
//! floors   each crate knows only the floors below it           cargo metadata
//! bans     no banned crate is built, and some are built once   deny.toml, cargo tree
//! causes   cause ⇄ page ⇄ test                                 crates/core/src/cause.rs, docs/causes, suites
//! files    header, length and name of every Rust file
//! links    what Markdown files point at is there
//! ```

mod bans;
mod causes;
mod files;
mod floors;
mod links;

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn run(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    let mut faults = floors::faults(root)?;
    faults.extend(bans::faults(&tree)?);
    faults.extend(causes::faults(&tree)?);
    faults.extend(files::faults(&tree)?);
    faults.extend(links::faults(&tree)?);
    for fault in &faults {
        println!("   {fault}");
    }
    if !faults.is_empty() {
        bail!("tidy: {} faults", faults.len());
    }
    Ok(())
}

/// The project's files, without what is built, fetched or hidden.
struct Tree {
    root: PathBuf,
    /// Relative to the root, with `/`, sorted.
    files: Vec<String>,
}

impl Tree {
    fn read(root: &Path) -> Result<Tree> {
        let mut files = Vec::new();
        collect(root, "", &mut files)?;
        files.sort();
        Ok(Tree { root: root.to_path_buf(), files })
    }

    fn ending(&self, end: &str) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str).filter(move |file| file.ends_with(end))
    }

    fn under(&self, folder: &str) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str).filter(move |file| file.starts_with(folder))
    }

    fn text(&self, file: &str) -> Result<String> {
        fs::read_to_string(self.root.join(file)).with_context(|| format!("cannot read {file}"))
    }
}

fn collect(root: &Path, folder: &str, files: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || ["target", "node_modules", "countersign-data", "__pycache__"].contains(&name.as_str()) {
            continue;
        }
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(root, &path, files)?;
        } else if kind.is_file() {
            files.push(path);
        }
    }
    Ok(())
}
