//! The keys that seal references: `seal-<id>.key`, 64 hexadecimal digits and when it was made. A key's id is a hash of
//! the key, so that a copied or renamed file still opens what it sealed.

use super::{label, once};
use crate::error::StoreError;
use countersign::reference::{SealKey, SealRing};
use countersign::{Timestamp, hex};
use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;
use zeroize::Zeroizing;

const DAY: Timestamp = 86_400;
/// How long a key seals.
const SEALS_FOR: Timestamp = 30 * DAY;
/// How long a key is kept.
const KEPT_FOR: Timestamp = 400 * DAY;

pub(super) struct Kept {
    pub(super) key: SealKey,
    made: Timestamp,
    id: [u8; 4],
}

pub(super) fn ring(directory: &Path, now: Timestamp) -> Result<SealRing, StoreError> {
    let mut kept = all(directory, now)?;
    if kept.iter().all(|key| key.made + SEALS_FOR <= now) {
        kept.push(make(directory, now)?);
    }
    // Where two nodes made one in the same second, both take the same.
    kept.sort_by_key(|key| (key.made, key.id));
    let newest = kept.pop().ok_or(StoreError::Randomness)?;
    Ok(SealRing::new(newest.key, kept.into_iter().rev().map(|key| key.key).collect()))
}

/// The keys that are there; those that are too old are removed.
fn all(directory: &Path, now: Timestamp) -> Result<Vec<Kept>, StoreError> {
    let mut kept = Vec::new();
    for entry in fs::read_dir(directory).map_err(StoreError::at(directory))? {
        let path = entry.map_err(StoreError::at(directory))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !(name.starts_with("seal-") && name.ends_with(".key")) {
            continue;
        }
        let key = read(&path)?;
        if key.made + KEPT_FOR <= now {
            fs::remove_file(&path).map_err(StoreError::at(&path))?;
        } else {
            kept.push(key);
        }
    }
    Ok(kept)
}

pub(super) fn read(path: &Path) -> Result<Kept, StoreError> {
    let text = Zeroizing::new(fs::read_to_string(path).map_err(StoreError::at(path))?);
    let (digits, made) = text.trim().split_once('\n').unwrap_or((text.trim(), ""));
    let unfit = || StoreError::Content { path: path.to_owned(), expected: "a key that seals references: 64 hexadecimal digits" };
    let key = once::parse::<32>(digits).ok_or_else(unfit)?;
    let made = match made.trim().strip_prefix("made ") {
        Some(made) => made.parse().map_err(|_| unfit())?,
        None => written(path)?,
    };
    Ok(kept(&key, made))
}

/// When the file was last written: the best that is known of a key that does not tell its age.
fn written(path: &Path) -> Result<Timestamp, StoreError> {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified()).map_err(StoreError::at(path))?;
    Ok(modified.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().cast_signed()))
}

fn make(directory: &Path, now: Timestamp) -> Result<Kept, StoreError> {
    let key = once::random::<32>()?;
    let text = Zeroizing::new(format!("{}\nmade {now}\n", hex(&*key)));
    let made = kept(&key, now);
    once::write_new(&directory.join(format!("seal-{}.key", hex(&made.id))), text.as_bytes())?;
    Ok(made)
}

fn kept(key: &[u8; 32], made: Timestamp) -> Kept {
    let id = label(b"countersign seal key id", key);
    Kept { key: SealKey::new(id, key), made, id }
}
