//! Logs: read as they stream, whatever their size, and explained as a whole; or followed while they grow.
//!
//! ```text
//!  file │ pipe ──► (gunzip) ──► blocks of 128 KiB ──► LogReader ──► LogReport ──► terminal │ ticket │ JSON
//!                                    └──► progress, on a terminal's standard error
//! ```

mod follow;
mod joined;
mod progress;

use super::form::Form;
use super::input::{Input, LogInput, nothing};
use crate::failure::Failure;
use crate::output::Output;
use clap::Args;
use countersign_doctor::{LogFormat, LogReader, LogReport, Screen, html_preformatted, html_text, render_log};
use flate2::read::MultiGzDecoder;
use progress::{Counted, Progress};
use std::cell::RefCell;
use std::io::{self, Read};

/// How much is read at once: it should stay in the processor's cache until it was looked through.
const BLOCK: usize = 128 * 1024;
/// How much is looked at to tell the format.
const HEAD: usize = 256 * 1024;
/// How a compressed file begins.
const GZIP: &[u8] = &[0x1f, 0x8b];
/// How much a log that was posted may unpack to, in bytes; what lies beyond is left out, and said.
const UNPACKED: u64 = 1024 * 1024 * 1024;
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

/// Explains logs. Those of one format are one: a log and what was rotated away of it.
pub(super) fn run(logs: Vec<LogInput>, options: &LogOptions, form: Form, output: &Output) -> Result<(), Failure> {
    if options.follow {
        return follow(logs, form, output);
    }
    let lengths: Option<Vec<u64>> = logs.iter().map(|log| log.length).collect();
    let mut progress = Progress::new(lengths.map(|lengths| lengths.iter().sum()));
    let opened = logs.into_iter().map(Opened::of).collect::<Result<_, _>>()?;
    let reports = explain(opened, &mut progress, &|text| output.remark(text))?;
    reports.iter().try_for_each(|report| print(report, form, output))
}

/// Logs that were posted, as a part of a page. What they unpack to has a bound.
pub(super) fn article(inputs: &[Input]) -> Result<String, Failure> {
    let logs = inputs.iter().map(|input| {
        let name = input.name.clone();
        Opened::within(LogInput { name, path: None, length: None, reader: Box::new(io::Cursor::new(input.bytes.clone())) }, UNPACKED)
    });
    let remarks = RefCell::new(String::new());
    let reports = explain(logs.collect::<Result<_, _>>()?, &mut Progress::none(), &|text| remarks.borrow_mut().extend([text, "\n\n"]))?;
    let texts = reports.iter().map(|report| render_log(report, &PLAIN, false));
    Ok(html_preformatted(&(remarks.take() + &texts.collect::<Vec<_>>().join("\n"))))
}

/// The reports on logs, one a format; those in which nothing was refused are left out.
fn explain(opened: Vec<Opened>, progress: &mut Progress, remark: &dyn Fn(&str)) -> Result<Vec<LogReport>, Failure> {
    let names: Vec<String> = opened.iter().map(|log| log.name.clone()).collect();
    let mut readers: Vec<LogReader> = Vec::new();
    let (pair, rest) = joined::pair(opened);
    let mut reports = pair.map_or_else(|| Ok(Vec::new()), |pair| pair.read(progress, remark))?;
    for opened in rest {
        let known = readers.iter().position(|reader| reader.format().same_kind(opened.format));
        let mut reader = known.map_or_else(|| LogReader::new(opened.format), |at| readers.swap_remove(at));
        let source = opened.read(&mut reader, progress, remark)?;
        reader.end_file();
        progress.next(source.taken());
        readers.push(reader);
    }
    progress.clear();
    reports.extend(readers.into_iter().map(LogReader::finish));
    let (refused, quiet): (Vec<_>, Vec<_>) = reports.into_iter().partition(|report| !report.is_empty());
    if refused.is_empty() {
        let said = quiet.iter().map(|report| match report.unreadable {
            0 => format!("{}, {} lines", report.format.name(), report.lines),
            unreadable => format!("{}, {} lines, {unreadable} of them unreadable", report.format.name(), report.lines),
        });
        return Err(nothing(format!("nothing was refused in {} ({})", names.join(", "), said.collect::<Vec<_>>().join("; "))));
    }
    Ok(refused)
}

fn follow(logs: Vec<LogInput>, form: Form, output: &Output) -> Result<(), Failure> {
    let mut logs = logs.into_iter();
    let (Some(log), None) = (logs.next(), logs.next()) else {
        return Err(Failure::error("arguments", "several logs cannot be followed at once").mend("follow each by a command of its own"));
    };
    let (path, length) = (log.path.clone(), log.length);
    let opened = Opened::of(log)?;
    let mut reader = LogReader::new(opened.format);
    let Some(path) = path.filter(|_| length.is_some()) else {
        reader.feed(&opened.head);
        return follow::pipe(reader, opened.source, output);
    };
    if opened.source.packed {
        return Err(Failure::error("arguments", format!("{} is packed, and does not grow", opened.name)).mend("leave --follow out"));
    }
    let mut progress = Progress::new(length);
    let source = opened.read(&mut reader, &mut progress, &|text| output.remark(text))?;
    progress.clear();
    print(&reader.report(), form, output)?;
    follow::file(reader, &path, source.taken(), output)
}

/// A log whose format is known, with what was read to tell it.
struct Opened {
    name: String,
    format: LogFormat,
    head: Vec<u8>,
    source: Source,
}

impl Opened {
    fn of(log: LogInput) -> Result<Self, Failure> {
        Self::within(log, u64::MAX)
    }

    /// One of which no more is unpacked than this.
    fn within(log: LogInput, most: u64) -> Result<Self, Failure> {
        let name = log.name;
        let (source, head) = open(log.reader, most).map_err(|error| unreadable(&name, &error))?;
        let format = LogFormat::recognise(&head).ok_or_else(|| nothing(format!("{name} is no log of a known format")))?;
        Ok(Self { name, format, head, source })
    }

    /// Reads it to its end, or as far as it can be read, if there was a refusal until there.
    fn read(self, reader: &mut LogReader, progress: &mut Progress, remark: &dyn Fn(&str)) -> Result<Source, Failure> {
        let Self { name, head, mut source, .. } = self;
        reader.feed(&head);
        let mut block = vec![0; BLOCK];
        loop {
            match source.read(&mut block) {
                Ok(0) => break,
                Ok(read) => reader.feed(block.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    progress.clear();
                    if reader.refused() == 0 {
                        return Err(unreadable(&name, &error));
                    }
                    remark(&format!("{name} is explained up to where it could be read: {error}"));
                    break;
                }
            }
            progress.show(source.taken(), reader.refused());
        }
        Ok(source)
    }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::error("input", format!("cannot read {name}: {error}"))
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
    packed: bool,
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

/// Bytes of which there may be only so many more.
struct Bounded<R> {
    reader: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| io::Error::other("it unpacks to more than is read here"))?;
        Ok(read)
    }
}

/// The log with its first bytes, which are taken from it.
fn open(reader: Box<dyn Read + Send>, most: u64) -> io::Result<(Source, Vec<u8>)> {
    let (mut counted, taken) = Counted::new(reader);
    let mut magic = Vec::new();
    counted.by_ref().take(GZIP.len() as u64).read_to_end(&mut magic)?;
    let packed = magic == GZIP;
    let whole = io::Cursor::new(magic).chain(counted);
    let unpacked = |whole| Bounded { reader: MultiGzDecoder::new(io::BufReader::with_capacity(BLOCK, whole)), left: most };
    let reader: Box<dyn Read + Send> = if packed { Box::new(unpacked(whole)) } else { Box::new(whole) };
    let mut source = Source { reader, taken, packed };
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
        if LogFormat::recognise(head.get(..filled).unwrap_or_default()).is_some() && filled < HEAD / 4 {
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
        let (mut source, mut text) = open(Box::new(io::Cursor::new(bytes.to_vec())), u64::MAX).unwrap();
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
