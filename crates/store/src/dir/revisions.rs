//! The configurations that were in force: `<revision>.toml`, with the file that it came from in the first line.

use super::once;
use crate::error::StoreError;
use countersign::hex;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How many are kept.
const LIMIT: usize = 50;

pub(super) fn keep(directory: &Path, revision: &[u8; 8], file: &str, text: &str) -> Result<(), StoreError> {
    let path = place(directory, revision);
    if !path.exists() {
        let file: String = file.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        once::write_over(&path, format!("# {file}\n{text}").as_bytes())?;
    }
    // One that is in force again counts as new; and the system's own times are too coarse to sort by.
    let touched = File::options().append(true).open(&path).and_then(|file| file.set_modified(SystemTime::now()));
    touched.map_err(StoreError::at(&path))?;
    prune(directory)
}

pub(super) fn read(directory: &Path, revision: &[u8; 8]) -> Option<(String, String)> {
    let kept = fs::read_to_string(place(directory, revision)).ok()?;
    let (first, text) = kept.split_once('\n')?;
    Some((first.strip_prefix("# ")?.to_owned(), text.to_owned()))
}

fn place(directory: &Path, revision: &[u8; 8]) -> PathBuf {
    directory.join(format!("{}.toml", hex(revision)))
}

fn prune(directory: &Path) -> Result<(), StoreError> {
    let mut kept = Vec::new();
    for entry in fs::read_dir(directory).map_err(StoreError::at(directory))? {
        let path = entry.map_err(StoreError::at(directory))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let modified = fs::metadata(&path).and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
            kept.push((modified, path));
        }
    }
    kept.sort_by(|a, b| b.cmp(a));
    for (_, path) in kept.into_iter().skip(LIMIT) {
        // Another process may have been faster.
        let _ = fs::remove_file(path);
    }
    Ok(())
}
