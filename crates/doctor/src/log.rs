//! Logs at size: whatever its length, a log goes by in blocks and leaves a report of bounded size.
//!
//! ```text
//!  block ──► lines ──┬─ refusals (told by a search for ` 4`, before anything is read) ──► read in full ─┐
//!                    └─ the rest ──► counted; all of them read at first, then one of many               ├──► Tally
//!                                                                                                       ┘     │
//!                              LogReport ◄── patterns: guessing, expired tokens, a broken deployment, … ◄─────┘
//! ```
//!
//! No I/O: files, pipes and decompression are the caller's, who feeds the blocks. What a hostile log can do is bounded: a
//! line is looked at up to a limit, keys are cut, the tables are heavy-hitters sketches, and series merge their buckets.

mod alb;
mod apache_error;
mod clf;
mod clock;
mod entry;
mod envoy;
mod format;
mod haproxy;
mod join;
mod json;
mod mark;
mod nginx_error;
mod pattern;
mod reasons;
mod rendering;
mod report;
mod route;
mod scan;
mod series;
mod sketch;
mod spike;
mod tally;
#[cfg(test)]
mod tests;

pub use format::LogFormat;
pub use join::LogJoin;
pub use pattern::{Pattern, PatternKind};
pub use rendering::{render_log, render_log_change, render_pattern};
pub use report::{CauseCount, LogJoined, LogReport, LogRow, LogSeries, StatusCount};
pub use spike::Spike;

use entry::Entry;
use memchr::memmem::Finder;
use reasons::{Reason, Reasons};
use tally::Tally;

/// The longest line that is read, in bytes; longer ones are counted as unreadable.
const LINE_LIMIT: usize = 64 * 1024;
/// Up to here every line is read, in bytes. After that refusals are, and of the others one in each stride.
const READ_ALL: u64 = 32 * 1024 * 1024;
const STRIDE: usize = 4096;

/// Reads a log of one format, block by block.
///
/// ```
/// use countersign_doctor::{LogFormat, LogReader};
///
/// let log = b"10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] \"GET /api HTTP/1.1\" 401 12\n";
/// let mut reader = LogReader::new(LogFormat::recognise(log).unwrap());
/// reader.feed(log);
/// assert_eq!(reader.finish().refused, 1);
/// ```
#[derive(Clone, Debug)]
pub struct LogReader {
    format: LogFormat,
    tally: Tally,
    /// The beginning of a line whose end has not come yet.
    begun: Vec<u8>,
    /// Is the rest of the line to be left out, because it is too long?
    too_long: bool,
    bytes: u64,
    finder: Option<Finder<'static>>,
    read_all: u64,
    beside: Beside,
}

/// What a reader has to do with another log's.
#[derive(Clone, Debug, Default)]
enum Beside {
    #[default]
    Nothing,
    /// It tells another one the reasons that it reads.
    Tells(Vec<Reason>),
    /// It is told the reasons of its refusals.
    Told(Reasons),
}

impl LogReader {
    /// A reader that has seen nothing.
    pub fn new(format: LogFormat) -> Self {
        let tally = Tally::new();
        Self { format, tally, begun: Vec::new(), too_long: false, bytes: 0, finder: None, read_all: READ_ALL, beside: Beside::Nothing }
    }

    /// Reads a block. It may begin and end anywhere; 128 KiB stay in a processor's cache.
    pub fn feed(&mut self, block: &[u8]) {
        self.bytes += block.len() as u64;
        let mut rest = block;
        if self.too_long || !self.begun.is_empty() {
            let end = memchr::memchr(b'\n', rest);
            let (head, tail) = rest.split_at(end.map_or(rest.len(), |end| end + 1));
            rest = tail;
            self.continue_line(head);
            if end.is_none() {
                return;
            }
            self.end_line();
        }
        let (lines, tail) = rest.split_at(memchr::memrchr(b'\n', rest).map_or(0, |end| end + 1));
        self.lines(lines);
        self.continue_line(tail);
    }

    /// A reader that has seen nothing but the beginning of the line that this one is in.
    #[must_use]
    pub fn begun(&self) -> Self {
        Self { begun: self.begun.clone(), too_long: self.too_long, ..Self::new(self.format) }
    }

    /// The end of a file: what was begun is a line.
    pub fn end_file(&mut self) {
        self.end_line();
    }

    /// The format that it reads.
    pub const fn format(&self) -> LogFormat {
        self.format
    }

    /// How many bytes were read.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many refusals were seen until now.
    pub const fn refused(&self) -> u64 {
        self.tally.refused
    }

    /// What is known until now.
    pub fn report(&self) -> LogReport {
        report::report(self.format, &self.tally, self.bytes > self.read_all)
    }

    /// What there is to say at the end.
    pub fn finish(mut self) -> LogReport {
        self.end_file();
        self.report()
    }

    fn continue_line(&mut self, part: &[u8]) {
        if self.too_long || self.begun.len() + part.len() > LINE_LIMIT {
            self.begun.clear();
            self.too_long = self.too_long || !part.is_empty();
        } else {
            self.begun.extend_from_slice(part);
        }
    }

    fn end_line(&mut self) {
        if std::mem::take(&mut self.too_long) {
            self.tally.lines += 1;
            self.tally.unreadable += 1;
        }
        let line = std::mem::take(&mut self.begun);
        self.line(line.trim_ascii_end());
        self.begun = line;
        self.begun.clear();
    }

    /// Whole lines.
    fn lines(&mut self, text: &[u8]) {
        if self.bytes > self.read_all && self.finder.is_some() {
            return self.sample(text);
        }
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', text) {
            self.line(text.get(from..end).unwrap_or_default().trim_ascii_end());
            from = end + 1;
        }
    }

    /// A line that is read, whatever it is.
    fn line(&mut self, line: &[u8]) {
        if line.is_empty() || line.starts_with(b"#") {
            return;
        }
        self.tally.lines += 1;
        let Some(entry) = read(self.format, line) else {
            self.tally.unreadable += 1;
            return;
        };
        if self.finder.is_none() {
            self.finder = self.format.needle(line).map(|needle| Finder::new(&needle).into_owned());
        }
        match entry.refused() {
            true => self.beside.count(entry, &mut self.tally),
            false if self.format.is_error_log() => self.tally.beside(entry.at, 1),
            false => self.tally.admitted(&entry, 1),
        }
    }

    /// Whole lines, of which only the refusals are read, and one of each stride.
    fn sample(&mut self, text: &[u8]) {
        let Self { format, tally, beside, finder: Some(finder), .. } = self else { return };
        let mut rest = text;
        while !rest.is_empty() {
            let more = rest.get(STRIDE..).and_then(|more| memchr::memchr(b'\n', more));
            let (part, after) = rest.split_at(more.map_or(rest.len(), |at| STRIDE + at + 1));
            rest = after;
            sample_part(*format, tally, beside, finder, part);
        }
    }
}

impl Beside {
    /// Counts a refusal, with the reason that another log has for it.
    fn count(&mut self, entry: Entry<'_>, tally: &mut Tally) {
        match self {
            Beside::Nothing => tally.refused(&entry),
            Beside::Tells(reasons) => {
                reasons.extend(Reason::of(&entry));
                tally.refused(&entry);
            }
            Beside::Told(reasons) => {
                let Some(reason) = reasons.take(&entry) else { return tally.refused(&entry) };
                let user = if entry.user.is_empty() { &reason.user } else { entry.user };
                tally.refused(&Entry { cause: entry.cause.or(Some(reason.cause)), user, ..entry });
            }
        }
    }
}

/// A line of no more than the limit.
fn read(format: LogFormat, line: &[u8]) -> Option<Entry<'_>> {
    if line.len() > LINE_LIMIT { None } else { format.read(line) }
}

fn sample_part(format: LogFormat, tally: &mut Tally, beside: &mut Beside, finder: &Finder<'_>, part: &[u8]) {
    let count = memchr::memchr_iter(b'\n', part).count() as u64;
    tally.lines += count;
    let (mut from, mut first_refused, mut refusals) = (0, false, Vec::new());
    for found in finder.find_iter(part) {
        if found < from || !refusal_digits(part.get(found + finder.needle().len()..).unwrap_or_default()) {
            continue;
        }
        let start = memchr::memrchr(b'\n', part.get(..found).unwrap_or_default()).map_or(0, |end| end + 1);
        from = memchr::memchr(b'\n', part.get(found..).unwrap_or_default()).map_or(part.len(), |end| found + end);
        match read(format, part.get(start..from).unwrap_or_default().trim_ascii_end()) {
            Some(entry) if entry.refused() => {
                first_refused |= start == 0;
                refusals.push(entry);
            }
            Some(_) => {}
            None => tally.unreadable += u64::from(start > 0),
        }
    }
    match beside {
        Beside::Nothing => tally.refused_all(&refusals),
        _ => refusals.iter().for_each(|entry| beside.count(*entry, tally)),
    }
    let at = refusals.last().map_or(tally.last, |entry| entry.at);
    let others = count.saturating_sub(refusals.len() as u64);
    if first_refused {
        return tally.beside(at, others);
    }
    let first = part.get(..memchr::memchr(b'\n', part).unwrap_or(part.len())).unwrap_or_default();
    match read(format, first.trim_ascii_end()) {
        Some(entry) => tally.admitted(&entry, others),
        None => {
            tally.unreadable += 1;
            tally.beside(at, others);
        }
    }
}

/// Do these bytes end the status of a refusal that begins with 4?
fn refusal_digits(bytes: &[u8]) -> bool {
    matches!(bytes, [b'0', b'1' | b'3' | b'7', rest @ ..] | [b'2', b'9', rest @ ..] if !rest.first().is_some_and(u8::is_ascii_digit))
}
