//! The trail of decisions: one structured line for each on the log, and the refusals also in a file that is bounded
//! in size and cannot be flooded.
//!
//! ```text
//! worker ──► its buffer ──► one writer thread ──► standard error
//!                                            └──► DATA/trail/refusals.jsonl (two files of 16 MiB at the most)
//! ```
//!
//! A worker never waits for the writer: where lines come faster than they are taken, they are dropped and counted.

use crate::config::LogDecisions;
use crate::metrics::Metrics;
use countersign::{Cause, Scheme};
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

/// The size at which the file of refusals is put aside, in bytes; the one before is then removed.
const FILE_LIMIT: u64 = 16 * 1024 * 1024;
/// The most refusals that one worker writes in full in one second; the rest are summed up by cause.
const FULL_LIMIT: u32 = 100;
/// The size at which a worker hands its lines over, in bytes.
const BUFFER: usize = 32 * 1024;

/// A decision, as the log has it. Borrowed: a line is written at once.
#[derive(Debug)]
pub(crate) struct Decision<'a> {
    /// Milliseconds since the epoch.
    pub at_ms: i64,
    /// Microseconds from the request's head to the response's.
    pub micros: u64,
    /// The request's id.
    pub request_id: &'a str,
    /// Where it came from.
    pub client: IpAddr,
    /// The method.
    pub method: &'a str,
    /// The host.
    pub host: &'a str,
    /// The canonical path; never the query, which may hold a key.
    pub path: &'a str,
    /// What was sent.
    pub status: u16,
    /// Why, if it was not admitted.
    pub cause: Option<Cause>,
    /// How to learn more.
    pub reference: Option<&'a str>,
    /// Who it was, if it was admitted.
    pub subject: Option<&'a str>,
    /// How that was found.
    pub scheme: Option<Scheme>,
    /// The rule's line in the configuration.
    pub line: Option<usize>,
}

enum Lines {
    Log(Vec<u8>),
    Refusals(Vec<u8>),
}

/// Takes the lines of all workers.
#[derive(Clone, Debug)]
pub(crate) struct Trail {
    sender: SyncSender<Lines>,
    metrics: Arc<Metrics>,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lines")
    }
}

impl Trail {
    /// Starts the writer, with its file in this directory.
    ///
    /// # Errors
    /// If the directory or file cannot be made.
    pub(crate) fn start(directory: &Path, metrics: Arc<Metrics>) -> io::Result<(Self, std::thread::JoinHandle<()>)> {
        fs::create_dir_all(directory)?;
        let file = RefusalFile::open(directory.join("refusals.jsonl"))?;
        let (sender, receiver) = sync_channel(256);
        let thread = std::thread::Builder::new().name("trail".into()).spawn(move || write_all(&receiver, file))?;
        Ok((Self { sender, metrics }, thread))
    }

    fn send(&self, lines: Lines) {
        if let Err(TrySendError::Full(Lines::Log(lost) | Lines::Refusals(lost))) = self.sender.try_send(lines) {
            self.metrics.lines_dropped.inc_by(lost.iter().filter(|byte| **byte == b'\n').count() as u64);
        }
    }
}

/// One worker's end of the trail.
pub(crate) struct WorkerTrail {
    trail: Trail,
    log: RefCell<Vec<u8>>,
    refusals: RefCell<Vec<u8>>,
    second: Cell<i64>,
    full: Cell<u32>,
    summed: RefCell<Vec<(Cause, u64)>>,
}

impl WorkerTrail {
    /// A worker's end.
    pub(crate) fn new(trail: Trail) -> Self {
        Self {
            trail,
            log: RefCell::default(),
            refusals: RefCell::default(),
            second: Cell::new(0),
            full: Cell::new(0),
            summed: RefCell::default(),
        }
    }

    /// Records a decision.
    pub(crate) fn record(&self, decision: &Decision<'_>, log: LogDecisions) {
        let refused = decision.cause.is_some();
        let logged = log == LogDecisions::All || (log == LogDecisions::Refused && refused);
        if !logged && !refused {
            return;
        }
        let kept = decision.cause.is_some_and(|cause| self.keeps_in_full(decision.at_ms / 1000, cause));
        if logged || kept {
            let line = line(decision);
            if logged {
                self.log.borrow_mut().extend_from_slice(line.as_bytes());
            }
            if kept {
                self.refusals.borrow_mut().extend_from_slice(line.as_bytes());
            }
        }
        if self.log.borrow().len() > BUFFER || self.refusals.borrow().len() > BUFFER {
            self.flush();
        }
    }

    /// Hands over what there is; called several times a second.
    pub(crate) fn flush(&self) {
        let take = |lines: &RefCell<Vec<u8>>| Some(lines.take()).filter(|lines| !lines.is_empty());
        if let Some(lines) = take(&self.log) {
            self.trail.send(Lines::Log(lines));
        }
        if let Some(lines) = take(&self.refusals) {
            self.trail.send(Lines::Refusals(lines));
        }
    }

    /// Is a refusal kept as a line of its own? Otherwise it is counted.
    fn keeps_in_full(&self, second: i64, cause: Cause) -> bool {
        if self.second.replace(second) != second {
            self.full.set(0);
            self.write_sums(second);
        }
        if self.full.get() < FULL_LIMIT {
            self.full.set(self.full.get() + 1);
            return true;
        }
        let mut summed = self.summed.borrow_mut();
        match summed.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, count)) => *count += 1,
            None => summed.push((cause, 1)),
        }
        false
    }

    fn write_sums(&self, second: i64) {
        for (cause, count) in self.summed.take() {
            let line = json!({ "at": second, "event": "refusals", "cause": cause.code(), "count": count });
            let mut refusals = self.refusals.borrow_mut();
            refusals.extend_from_slice(line.to_string().as_bytes());
            refusals.push(b'\n');
        }
    }
}

/// One line of JSON. Only text from outside is escaped; the rest cannot need it.
fn line(decision: &Decision<'_>) -> String {
    let mut line = String::with_capacity(512);
    let time = jiff::Timestamp::from_millisecond(decision.at_ms).unwrap_or_default();
    // Writing to a string does not fail.
    let _ = write!(line, r#"{{"at":"{time:.3}","event":"decision","verdict":"{}","status":{}"#, verdict(decision), decision.status);
    if let Some(cause) = decision.cause {
        let _ = write!(line, r#","cause":"{cause}""#);
    }
    let _ = write!(line, r#","method":{},"host":{},"path":{}"#, quoted(decision.method), quoted(decision.host), quoted(decision.path));
    let _ = write!(line, r#","client":"{}","request_id":{},"micros":{}"#, decision.client, quoted(decision.request_id), decision.micros);
    if let Some(subject) = decision.subject {
        let _ = write!(line, r#","subject":{}"#, quoted(subject));
    }
    if let Some(scheme) = decision.scheme {
        let _ = write!(line, r#","scheme":"{scheme}""#);
    }
    if let Some(number) = decision.line {
        let _ = write!(line, r#","rule_line":{number}"#);
    }
    if let Some(reference) = decision.reference {
        let _ = write!(line, r#","reference":"{reference}""#);
    }
    line.push_str("}\n");
    line
}

fn verdict(decision: &Decision<'_>) -> &'static str {
    match decision.cause {
        None => "admit",
        Some(Cause::UpstreamRefused) => "upstream",
        Some(cause) if cause.status() >= 500 => "unable",
        Some(_) => "refuse",
    }
}

/// As JSON, with control characters and those that turn a terminal's text around escaped.
fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text).unwrap_or_default();
    if json.is_ascii() && !json.contains('\u{7f}') {
        return json;
    }
    json.chars().fold(String::with_capacity(json.len()), |mut out, c| {
        let _ = match c {
            '\u{7f}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                write!(out, "\\u{:04x}", u32::from(c))
            }
            c => write!(out, "{c}"),
        };
        out
    })
}

fn write_all(receiver: &Receiver<Lines>, mut file: RefusalFile) {
    while let Ok(lines) = receiver.recv() {
        // Nobody can be told that the log itself is broken.
        let _ = match lines {
            Lines::Log(lines) => io::stderr().lock().write_all(&lines),
            Lines::Refusals(lines) => file.append(&lines),
        };
    }
}

struct RefusalFile {
    path: PathBuf,
    file: File,
    size: u64,
}

impl RefusalFile {
    fn open(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let size = file.metadata()?.len();
        Ok(Self { path, file, size })
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.size + lines.len() as u64 > FILE_LIMIT {
            fs::rename(&self.path, self.path.with_extension("1.jsonl"))?;
            *self = Self::open(self.path.clone())?;
        }
        self.file.write_all(lines)?;
        self.size += lines.len() as u64;
        Ok(())
    }
}
