//! The data directory: made at the first start, found as it was at every later one.

use crate::error::StoreError;
use aws_lc_rs::rand;
use countersign::reference::{SealKey, SealRing};
use countersign::token::SigningKey;
use countersign::{Timestamp, hex};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use zeroize::Zeroizing;

/// How long one key seals, in seconds.
const SEAL_ROTATION: i64 = 30 * 86_400;
/// How long a key opens after it was made, in seconds.
const SEAL_LIFETIME: i64 = 400 * 86_400;
/// The most configurations that are kept for explaining.
const REVISIONS: usize = 50;

/// The data directory of an installation.
#[derive(Clone, Debug)]
pub struct DataDir {
    path: PathBuf,
    node: [u8; 4],
}

impl DataDir {
    /// Opens the directory, and makes what it lacks. Only its owner may read it.
    ///
    /// # Errors
    /// [`StoreError::File`] names what cannot be made or read.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        for directory in [path.to_owned(), path.join("keys"), path.join("revisions")] {
            DirBuilder::new().recursive(true).mode(0o700).create(&directory).map_err(|error| StoreError::file(&directory, error))?;
        }
        let path = path.canonicalize().map_err(|error| StoreError::file(path, error))?;
        let node = *secret(&path.join("node"))?;
        Ok(Self { path, node })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of this node; random, and the same at every start.
    pub fn node(&self) -> [u8; 4] {
        self.node
    }

    /// The issuer of this installation's own tokens.
    pub fn own_issuer(&self) -> String {
        format!("urn:countersign:{}", hex(&self.node))
    }

    /// The key that signs this installation's own tokens.
    ///
    /// # Errors
    /// [`StoreError::File`] if its file cannot be read or made.
    pub fn token_key(&self) -> Result<SigningKey, StoreError> {
        let path = self.path.join("keys/token.key");
        let seed: Zeroizing<[u8; 32]> = secret(&path)?;
        SigningKey::from_seed(hex(&self.node), seed.as_slice()).map_err(|error| StoreError::file(&path, error))
    }

    /// The key of keyed hashes in evidence.
    ///
    /// # Errors
    /// [`StoreError::File`] if its file cannot be read or made.
    pub fn fingerprint_key(&self) -> Result<[u8; 32], StoreError> {
        Ok(*secret(&self.path.join("keys/fingerprint.key"))?)
    }

    /// The key that binds forms to browsers.
    ///
    /// # Errors
    /// [`StoreError::File`] if its file cannot be read or made.
    pub fn csrf_key(&self) -> Result<[u8; 32], StoreError> {
        Ok(*secret(&self.path.join("keys/csrf.key"))?)
    }

    /// The keys of references, the newest first. One that has sealed for a month is followed by a new one; one that is
    /// older than 400 days is removed.
    ///
    /// # Errors
    /// [`StoreError::File`] if a key's file cannot be read or made.
    pub fn seal_ring(&self, now: Timestamp) -> Result<SealRing, StoreError> {
        let directory = self.path.join("keys");
        let mut found = Vec::new();
        for entry in fs::read_dir(&directory).map_err(|error| StoreError::file(&directory, error))? {
            let path = entry.map_err(|error| StoreError::file(&directory, error))?.path();
            let is_seal = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("seal-") && name.ends_with(".key"));
            if is_seal {
                let made = made_at(&path).unwrap_or(now);
                if now - made > SEAL_LIFETIME {
                    fs::remove_file(&path).map_err(|error| StoreError::file(&path, error))?;
                } else {
                    found.push((made, path));
                }
            }
        }
        found.sort();
        if found.last().is_none_or(|(made, _)| now - made > SEAL_ROTATION) {
            let id: Zeroizing<[u8; 4]> = random(&directory)?;
            let path = directory.join(format!("seal-{}.key", hex(id.as_slice())));
            let _made: Zeroizing<[u8; 32]> = secret(&path)?;
            found.push((now, path));
        }
        let keys: Result<Vec<SealKey>, StoreError> = found.iter().rev().map(|(_, path)| read_seal_key_file(path)).collect();
        let mut keys = keys?.into_iter();
        let newest = keys.next().ok_or_else(|| StoreError::file(&directory, "there is no sealing key"))?;
        Ok(SealRing::new(newest, keys.collect()))
    }

    /// Keeps a configuration, so that what it refused can be explained after it was changed.
    ///
    /// # Errors
    /// [`StoreError::File`] if it cannot be written.
    pub fn keep_revision(&self, revision: &[u8; 8], file: &str, text: &str) -> Result<(), StoreError> {
        let path = self.path.join("revisions").join(format!("{}.toml", hex(revision)));
        if path.exists() {
            return Ok(());
        }
        write_new(&path, format!("# {file}\n{text}").as_bytes())?;
        self.forget_revisions();
        Ok(())
    }

    /// The file and text of a configuration that was in force.
    pub fn revision(&self, revision: &[u8; 8]) -> Option<(String, String)> {
        let kept = fs::read_to_string(self.path.join("revisions").join(format!("{}.toml", hex(revision)))).ok()?;
        let (file, text) = kept.strip_prefix("# ")?.split_once('\n')?;
        Some((file.to_owned(), text.to_owned()))
    }

    /// The oldest beyond the limit go; where that fails, some more stay.
    fn forget_revisions(&self) {
        let Ok(entries) = fs::read_dir(self.path.join("revisions")) else { return };
        let mut kept: Vec<(i64, PathBuf)> = entries.flatten().map(|entry| (made_at(&entry.path()).unwrap_or(0), entry.path())).collect();
        kept.sort();
        let surplus = kept.len().saturating_sub(REVISIONS);
        for (_, path) in kept.into_iter().take(surplus) {
            let _ = fs::remove_file(path);
        }
    }
}

/// Reads one sealing key, whose file is called `seal-ID.key` and holds 64 hexadecimal digits.
///
/// # Errors
/// [`StoreError::File`] if it cannot be read or is something else.
pub fn read_seal_key_file(path: &Path) -> Result<SealKey, StoreError> {
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let id = name.strip_prefix("seal-").and_then(unhex::<4>).ok_or_else(|| StoreError::file(path, "a sealing key's file is called seal-ID.key, ID being 8 hexadecimal digits"))?;
    let key = read_secret::<32>(path)?;
    Ok(SealKey::new(*id, &key))
}

/// The secret of a file; made at random if there is none.
fn secret<const N: usize>(path: &Path) -> Result<Zeroizing<[u8; N]>, StoreError> {
    if path.exists() {
        return read_secret(path);
    }
    let made = random::<N>(path)?;
    let text = Zeroizing::new(hex(made.as_slice()));
    // Another process may have made it in between; then that one counts.
    match write_new(path, text.as_bytes()) {
        Ok(()) => Ok(made),
        Err(_) if path.exists() => read_secret(path),
        Err(error) => Err(error),
    }
}

fn read_secret<const N: usize>(path: &Path) -> Result<Zeroizing<[u8; N]>, StoreError> {
    let text = Zeroizing::new(fs::read_to_string(path).map_err(|error| StoreError::file(path, error))?);
    unhex(text.trim()).ok_or_else(|| StoreError::file(path, format!("this should be {} hexadecimal digits", N * 2)))
}

fn random<const N: usize>(path: &Path) -> Result<Zeroizing<[u8; N]>, StoreError> {
    let mut bytes = Zeroizing::new([0; N]);
    rand::fill(bytes.as_mut_slice()).map_err(|_| StoreError::file(path, "the system gives no random bytes"))?;
    Ok(bytes)
}

/// Writes a file whole or not at all, for its owner only.
fn write_new(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let fault = |error: std::io::Error| StoreError::file(path, error);
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft).map_err(fault)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(fault)?;
    match fs::hard_link(&draft, path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let _ = fs::remove_file(&draft);
            return Err(fault(error));
        }
        Err(error) => return Err(fault(error)),
    }
    fs::remove_file(&draft).map_err(fault)
}

fn made_at(path: &Path) -> Option<i64> {
    let modified = fs::metadata(path).ok()?.modified().ok()?;
    i64::try_from(modified.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

fn unhex<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    let digits: Vec<u32> = text.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks_exact(2).filter_map(|pair| u8::try_from(pair.iter().fold(0, |byte, digit| byte * 16 + digit)).ok()).collect();
    let bytes: [u8; N] = (digits.len() == N * 2).then_some(bytes)?.try_into().ok()?;
    Some(Zeroizing::new(bytes))
}
