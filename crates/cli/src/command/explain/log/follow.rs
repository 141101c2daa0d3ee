//! `--follow`: a log that grows, across rotations. It is looked at twice in a second; nothing is done in between.

use super::BLOCK;
use crate::failure::Failure;
use crate::output::Output;
use countersign_doctor::{LogReader, Pattern, PatternKind, render_log_change, render_pattern};
use serde_json::json;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How long it is waited between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// Follows a file from this position on, until the process is ended.
pub(super) fn file(reader: LogReader, path: &Path, position: u64, output: &Output) -> Result<(), Failure> {
    let mut followed = Followed::new(reader);
    let failed = |error: io::Error| Failure::error("input", format!("cannot read {}: {error}", path.display()));
    let mut file = File::open(path).map_err(failed)?;
    let mut position = file.seek(SeekFrom::Start(position)).map_err(failed)?;
    loop {
        position += followed.take(&mut file).map_err(failed)?;
        followed.tell(output)?;
        pause();
        if truncated(&file, position) {
            position = file.seek(SeekFrom::Start(0)).map_err(failed)?;
        }
        if let Some(mut next) = rotated(&file, path) {
            // What was written to the old file before it was put away.
            followed.take(&mut file).map_err(failed)?;
            std::mem::swap(&mut file, &mut next);
            position = 0;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "no event tells on every file system that a file has grown, and nobody else is served here")]
fn pause() {
    thread::sleep(PAUSE);
}

/// Follows what comes through a pipe, to its end.
pub(super) fn pipe(reader: LogReader, mut source: impl Read, output: &Output) -> Result<(), Failure> {
    let mut followed = Followed::new(reader);
    let mut block = vec![0; BLOCK];
    loop {
        followed.tell(output)?;
        match source.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(read) => followed.feed(block.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure::error("input", format!("cannot read standard input: {error}"))),
        }
    }
}

/// Was the file cut to less than what was read of it?
fn truncated(file: &File, position: u64) -> bool {
    file.metadata().is_ok_and(|about| about.len() < position)
}

/// The file that has the name now, if it is another one. For a moment of the rotation there may be none.
fn rotated(file: &File, path: &Path) -> Option<File> {
    let (old, new) = (file.metadata().ok()?, fs::metadata(path).ok()?);
    if (old.dev(), old.ino()) == (new.dev(), new.ino()) { None } else { File::open(path).ok() }
}

/// The whole log, and what came since something was told.
struct Followed {
    whole: LogReader,
    change: LogReader,
    told: Vec<PatternKind>,
}

impl Followed {
    fn new(whole: LogReader) -> Self {
        let report = whole.report();
        let told = report.patterns.iter().map(|pattern| pattern.kind).collect();
        Self { change: whole.begun(), whole, told }
    }

    fn feed(&mut self, block: &[u8]) {
        self.whole.feed(block);
        self.change.feed(block);
    }

    /// Reads what there is, and tells how much that was.
    fn take(&mut self, file: &mut File) -> io::Result<u64> {
        let mut block = vec![0; BLOCK];
        let mut taken = 0;
        loop {
            match file.read(&mut block)? {
                0 => return Ok(taken),
                read => {
                    taken += read as u64;
                    self.feed(block.get(..read).unwrap_or_default());
                }
            }
        }
    }

    /// Prints what came: refusals on one line, and every kind of pattern that was not there before.
    fn tell(&mut self, output: &Output) -> Result<(), Failure> {
        if self.change.refused() == 0 {
            return Ok(());
        }
        let change = std::mem::replace(&mut self.change, self.whole.begun()).report();
        output.either(&change, || render_log_change(&change))?;
        let new: Vec<Pattern> = self.whole.report().patterns.into_iter().filter(|pattern| !self.told.contains(&pattern.kind)).collect();
        for pattern in new {
            self.told.push(pattern.kind);
            output.either(&json!({ "pattern": pattern }), || render_pattern(&pattern))?;
        }
        Ok(())
    }
}
