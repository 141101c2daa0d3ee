//! Files of one line of hexadecimal digits that are made once and then only read, by however many processes.

use crate::error::StoreError;
use aws_lc_rs::rand;
use countersign::hex;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use zeroize::Zeroizing;

/// The bytes of this file, which is made with random ones if it is not there.
pub(super) fn bytes<const N: usize>(path: &Path) -> Result<Zeroizing<[u8; N]>, StoreError> {
    match fs::read_to_string(path) {
        Ok(text) => parse(&text).ok_or_else(|| unfit::<N>(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = Zeroizing::new(format!("{}\n", hex(&*random::<N>()?)));
            write_new(path, text.as_bytes())?;
            let text = Zeroizing::new(fs::read_to_string(path).map_err(StoreError::at(path))?);
            parse(&text).ok_or_else(|| unfit::<N>(path))
        }
        Err(error) => Err(StoreError::at(path)(error)),
    }
}

/// Random bytes.
pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, StoreError> {
    let mut bytes = Zeroizing::new([0; N]);
    rand::fill(&mut *bytes).map_err(|_| StoreError::Randomness)?;
    Ok(bytes)
}

/// Writes a file whole and durably, unless it is there already: then the one that is there stays.
pub(super) fn write_new(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let part = write_part(path, content)?;
    let linked = fs::hard_link(&part, path);
    fs::remove_file(&part).map_err(StoreError::at(&part))?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(StoreError::at(path)(error)),
        _ => sync_parent(path),
    }
}

/// Writes a file whole and durably, instead of one that may be there.
pub(super) fn write_over(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let part = write_part(path, content)?;
    fs::rename(&part, path).map_err(StoreError::at(path))?;
    sync_parent(path)
}

fn write_part(path: &Path, content: &[u8]) -> Result<std::path::PathBuf, StoreError> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let part = path.with_extension(format!("part-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().map_err(StoreError::at(&part))?;
    Ok(part)
}

/// Makes the file's name as durable as its content.
fn sync_parent(path: &Path) -> Result<(), StoreError> {
    let Some(parent) = path.parent() else { return Ok(()) };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    File::open(parent).and_then(|directory| directory.sync_all()).map_err(StoreError::at(parent))
}

/// Exactly so many bytes in hexadecimal; white space around them does not count.
pub(super) fn parse<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    let text = text.trim();
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = Zeroizing::new([0; N]);
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn unfit<const N: usize>(path: &Path) -> StoreError {
    let expected = if N == 4 { "8 hexadecimal digits" } else { "64 hexadecimal digits" };
    StoreError::Content { path: path.to_owned(), expected }
}
