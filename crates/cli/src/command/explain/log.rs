//! Logs: read as they stream, whatever their size, and explained as a whole; or followed while they grow.
//!
//! ```text
//!  file │ pipe ──► (gunzip) ──► blocks of 1 MiB ──► LogReader ──► LogReport ──► terminal │ ticket │ JSON
//!                                    └──► progress, on a terminal's standard error
//! ```

mod follow;
mod progress;

use super::form::Form;
use super::input::{LogInput, nothing};
use crate::failure::{Class, Failure};
use crate::output::Output;
use clap::Args;
use countersign_doctor::{LogFormat, LogReader, LogReport, Screen, html_text, render_log};
use flate2::read::MultiGzDecoder;
use progress::{Counted, Progress};
use std::io::{self, Read};

/// How much is read at once.
const BLOCK: usize = 1024 * 1024;
/// How much is looked at to tell the format.
const HEAD: usize = 256 * 1024;
/// How a compressed file begins.
const GZIP: &[u8] = &[0x1f, 0x8b];
/// How wide a form is that is no terminal.
const PLAIN: Screen = Screen { width: 100, colour: false };

/// Options for logs.
#[derive(Args, Debug)]
pub(super) struct LogOptions {
    /// Go on reading a log while it grows, across rotations, and print what comes
    #[arg(long, short = 'f', conflicts_with = "web")]
    follow: bool,
}

/// Is this the beginning of a log?
pub(super) fn is_log(_name: &str, head: &[u8]) -> bool {
    format_of(head).is_some()
}

fn format_of(head: &[u8]) -> Option<LogFormat> {
    if !head.starts_with(GZIP) {
        return LogFormat::recognise(head);
    }
    let mut plain = Vec::new();
    // The head ends somewhere in the stream: what comes before is what matters.
    let _cut = MultiGzDecoder::new(head).take(HEAD as u64).read_to_end(&mut plain);
    LogFormat::recognise(&plain)
}

/// Explains a log.
pub(super) fn run(log: LogInput, options: &LogOptions, form: Form, output: &Output) -> Result<(), Failure> {
    let LogInput { name, path, length, reader } = log;
    let failed = |error: &io::Error| Failure::error("input", format!("cannot read {name}: {error}"));
    let (mut source, head) = open(reader).map_err(|error| failed(&error))?;
    let format = LogFormat::recognise(&head).ok_or_else(|| nothing(format!("{name} is no log of a known format")))?;
    let mut reader = LogReader::new(format);
    reader.feed(&head);
    if options.follow && path.is_none() {
        return follow::pipe(reader, source, output);
    }
    let mut progress = Progress::new(length);
    let mut block = vec![0; BLOCK];
    loop {
        match source.read(&mut block) {
            Ok(0) => break,
            Ok(read) => reader.feed(block.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                progress.clear();
                if reader.refused() == 0 {
                    return Err(failed(&error));
                }
                output.remark(&format!("{name} is explained up to where it could be read: {error}"));
                break;
            }
        }
        progress.show(source.taken(), reader.refused());
    }
    progress.clear();
    if options.follow
        && let Some(path) = path
    {
        print(&reader.report(), form, output)?;
        return follow::file(reader, &path, source.taken(), output);
    }
    let report = reader.finish();
    if report.is_empty() {
        let lines = match report.unreadable {
            0 => format!("{} lines", report.lines),
            unreadable => format!("{} lines, {unreadable} of them unreadable", report.lines),
        };
        return Err(nothing(format!("{name} is a log ({}, {lines}), and nothing in it was refused", report.format.name())));
    }
    print(&report, form, output)
}

fn print(report: &LogReport, form: Form, output: &Output) -> Result<(), Failure> {
    match form {
        Form::Json => output.json(report),
        Form::Terminal => output.text(&render_log(report, &output.screen(), plain_characters())),
        Form::Markdown => output.text(&format!("```text\n{}```\n", render_log(report, &PLAIN, false))),
        Form::Html => output.text(&html_text("Log", &render_log(report, &PLAIN, false))),
    }
}

/// Can standard output not be trusted with block characters?
fn plain_characters() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    set.is_some_and(|value| !value.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

/// A log's bytes, unpacked, and how many were taken of the file.
struct Source {
    reader: Box<dyn Read + Send>,
    taken: progress::Taken,
}

impl Source {
    fn taken(&self) -> u64 {
        self.taken.get()
    }
}

impl Read for Source {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.reader.read(into)
    }
}

/// The log with its first bytes, which are taken from it.
fn open(reader: Box<dyn Read + Send>) -> io::Result<(Source, Vec<u8>)> {
    let (mut counted, taken) = Counted::new(reader);
    let mut magic = Vec::new();
    counted.by_ref().take(GZIP.len() as u64).read_to_end(&mut magic)?;
    let packed = magic == GZIP;
    let whole = io::Cursor::new(magic).chain(counted);
    let reader: Box<dyn Read + Send> =
        if packed { Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(BLOCK / 4, whole))) } else { Box::new(whole) };
    let mut source = Source { reader, taken };
    let head = head(&mut source)?;
    Ok((source, head))
}

/// Enough to tell the format; a pipe may give less at first than it holds, and all of a short log is its head.
fn head(source: &mut Source) -> io::Result<Vec<u8>> {
    let mut head = vec![0; HEAD];
    let mut filled = 0;
    while let Some(rest) = head.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if filled == 0 => return Err(error),
            // The rest is told when it is read again.
            Err(_) => break,
        }
        // Who follows a pipe wants to see its first lines at once.
        if LogFormat::recognise(head.get(..filled).unwrap_or_default()).is_some() && filled < BLOCK / 16 {
            break;
        }
    }
    head.truncate(filled);
    Ok(head)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    const LINE: &str = "10.0.0.1 - - [10/Oct/2025:13:55:36 +0000] \"GET /a HTTP/1.1\" 401 153 \"-\" \"curl/8\"\n";

    fn packed(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[track_caller]
    fn check(bytes: &[u8], expect: Option<usize>) {
        assert_eq!(is_log("x", bytes), expect.is_some());
        let (mut source, mut text) = open(Box::new(io::Cursor::new(bytes.to_vec()))).unwrap();
        source.read_to_end(&mut text).unwrap();
        assert_eq!(source.taken(), bytes.len() as u64);
        if let Some(lines) = expect {
            assert_eq!(text, LINE.repeat(lines).as_bytes());
        }
    }

    #[test]
    fn plain_and_packed_logs_are_read_alike() {
        check(LINE.as_bytes(), Some(1));
        check(LINE.repeat(9_000).as_bytes(), Some(9_000));
        check(&packed(&LINE.repeat(9_000)), Some(9_000));
        check(&[packed(LINE), packed(&LINE.repeat(3))].concat(), Some(4));
        check(&packed("no log"), None);
        check(b"", None);
    }
}
