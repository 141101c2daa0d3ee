//! How far the reading of a log has come: one line on standard error, only where that is a terminal.

use std::io::{self, IsTerminal, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often the line is drawn again.
const EVERY: Duration = Duration::from_millis(150);
const MIB: u64 = 1024 * 1024;

/// A reader whose bytes are counted.
pub(super) struct Counted<R> {
    reader: R,
    taken: Taken,
}

/// The count.
#[derive(Clone, Default)]
pub(super) struct Taken(Arc<AtomicU64>);

impl<R> Counted<R> {
    pub(super) fn new(reader: R) -> (Self, Taken) {
        let taken = Taken::default();
        (Self { reader, taken: taken.clone() }, taken)
    }
}

impl Taken {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.taken.0.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// The line.
pub(super) struct Progress {
    length: Option<u64>,
    /// What was taken of the files before.
    before: u64,
    shown: bool,
    began: Instant,
    drawn: Instant,
    terminal: bool,
}

impl Progress {
    /// For files of this length together, if it is known.
    pub(super) fn new(length: Option<u64>) -> Self {
        let now = Instant::now();
        Self { length, before: 0, shown: false, began: now, drawn: now, terminal: io::stderr().is_terminal() }
    }

    /// One that nobody sees.
    pub(super) fn none() -> Self {
        Self { terminal: false, ..Self::new(None) }
    }

    /// Draws it again, if it is time to.
    pub(super) fn show(&mut self, taken: u64, refused: u64) {
        if !self.terminal || self.drawn.elapsed() < EVERY {
            return;
        }
        self.drawn = Instant::now();
        self.shown = true;
        let line = line(self.before + taken, self.length, refused, self.began.elapsed());
        // Whoever closed standard error does not want to read it.
        let _ = write!(io::stderr(), "\r{line}\u{1b}[K");
    }

    /// A file of which so much was taken is at its end.
    pub(super) fn next(&mut self, taken: u64) {
        self.before += taken;
    }

    /// Takes it away.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

fn line(taken: u64, length: Option<u64>, refused: u64, time: Duration) -> String {
    const WIDTH: u64 = 20;
    let speed = (taken as f64 / MIB as f64 / time.as_secs_f64().max(0.001)).round();
    let done = match length.filter(|length| *length > 0) {
        Some(length) => {
            let part = taken.min(length);
            let bar = (part * WIDTH / length) as usize;
            format!(
                "[{}{}] {:>3} %, {} of {} MiB",
                "#".repeat(bar),
                " ".repeat(WIDTH as usize - bar),
                part * 100 / length,
                part / MIB,
                length / MIB
            )
        }
        None => format!("{} MiB", taken / MIB),
    };
    format!("{done}, {speed} MiB/s, {refused} refused")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(taken: u64, length: Option<u64>, expect: &str) {
        assert_eq!(line(taken * MIB, length.map(|length| length * MIB), 7, Duration::from_secs(2)), expect);
    }

    #[test]
    fn lines() {
        check(50, Some(100), "[##########          ]  50 %, 50 of 100 MiB, 25 MiB/s, 7 refused");
        check(120, Some(100), "[####################] 100 %, 100 of 100 MiB, 60 MiB/s, 7 refused");
        check(50, None, "50 MiB, 25 MiB/s, 7 refused");
        check(50, Some(0), "50 MiB, 25 MiB/s, 7 refused");
    }
}
