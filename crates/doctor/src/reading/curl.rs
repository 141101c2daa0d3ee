//! A command that makes a request, as pasted from a shell, a tutorial or a browser's "copy as": curl, wget, HTTPie,
//! PowerShell's web cmdlets and `fetch`. It is read, never run, and no file that it names is opened.
//!
//! ```text
//!  text ─► words (POSIX quoting, or cmd's carets, or PowerShell's backticks) ─► one dialect's options ─► Request
//! ```

mod cmdlet;
mod fetch;
mod httpie;
mod options;
mod request;
mod wget;
mod words;

use super::{ReadFault, redaction};
use crate::dossier::{Dossier, Exchange, Request};
use words::{Quoting, Shell, Words};

/// Does a line hold a command that makes a request?
pub(crate) fn recognise(name: &str, text: &str) -> bool {
    let _ = name;
    text.lines().take(10_000).any(|line| begins(line).is_some())
}

/// Reads all commands, each as a request without its response.
pub(crate) fn read(name: &str, text: &str) -> Result<Dossier, ReadFault> {
    let _ = name;
    let mut dossier = Dossier::default();
    let mut open: Option<Pasted> = None;
    for (index, line) in text.lines().enumerate() {
        match &mut open {
            Some(pasted) => pasted.push(line),
            None => open = begins(line).map(|(_, command)| Pasted::new(index + 1, command)),
        }
        if let Some(pasted) = open.take_if(|pasted| !pasted.is_open()) {
            add(&mut dossier, pasted);
        }
    }
    if let Some(pasted) = open {
        add(&mut dossier, pasted);
    }
    redaction::note(&dossier.exchanges, &mut dossier.not_seen);
    dossier.not_seen.dedup();
    match dossier.exchanges.is_empty() {
        true => Err(super::broken("a curl command", "it names no URL".to_owned())),
        false => Ok(dossier),
    }
}

fn add(dossier: &mut Dossier, pasted: Pasted) {
    let (requests, not_seen) = pasted.requests();
    dossier.not_seen.extend(not_seen);
    let room = 1000_usize.saturating_sub(dossier.exchanges.len());
    dossier.exchanges.extend(requests.into_iter().take(room).map(|request| Exchange { request: Some(request), ..Exchange::default() }));
}

/// The programs that are read.
const PROGRAMS: &[&str] =
    &["curl", "curl.exe", "wget", "http", "https", "xh", "xhs", "Invoke-WebRequest", "Invoke-RestMethod", "iwr", "irm", "fetch", "await"];

/// Splits a line into the prompt and the command that makes a request; none where it holds no such command.
pub(super) fn begins(line: &str) -> Option<(&str, &str)> {
    if line.len() < 5 {
        return None;
    }
    let at = PROGRAMS.iter().filter_map(|program| place(line, program)).min()?;
    let (prompt, command) = line.split_at_checked(at)?;
    // In Markdown the command may stand between backticks.
    let inline = prompt.ends_with('`').then(|| command.rsplit_once('`')).flatten();
    Some((prompt, inline.map_or(command, |(command, _)| command)))
}

fn place(line: &str, program: &str) -> Option<usize> {
    let head = line.get(..line.floor_char_boundary(200)).unwrap_or(line);
    let at = head.match_indices(program).map(|(at, _)| at).find(|at| {
        let before = head.get(..*at).unwrap_or_default();
        let after = line.get(at + program.len()..).unwrap_or_default();
        let called = match program {
            "fetch" => after.starts_with("(\"") || after.starts_with("('") || after.starts_with("(`"),
            "await" => after.starts_with(" fetch("),
            "curl" | "curl.exe" => after.is_empty() || after.starts_with([' ', '\t']),
            _ => after.starts_with(' '),
        };
        called && is_prompt(before) && is_call(program, after)
    })?;
    // The path to the program is no prompt.
    Some(at)
}

/// What makes a word that is no name of a tool alone a command: `http` and `https` are words, too.
fn is_call(program: &str, after: &str) -> bool {
    let after = after.trim_start();
    let first = after.split(' ').next().unwrap_or_default();
    match program {
        "http" | "https" | "xh" | "xhs" => {
            let method = first.len() >= 3 && first.bytes().all(|byte| byte.is_ascii_uppercase());
            method
                || first.starts_with('-')
                || first.starts_with(':')
                || first.contains("://")
                || (first.contains('.') && first.contains('/'))
        }
        "fetch" | "await" => true,
        _ => after.trim_end().ends_with(['\\', '^', '`']) || after.split(' ').take(200).any(is_argument),
    }
}

/// Is it an option, an address or a variable, rather than a word of a sentence about the tool?
fn is_argument(word: &str) -> bool {
    let word = word.trim_end_matches(['.', ',', ':', '?', '!']);
    word.starts_with(['-', '$', '\'', '"', '^']) || word.contains(['.', ':', '/']) || word == "localhost"
}

/// Is it nothing, a prompt, an assignment, or a word that runs what follows?
fn is_prompt(before: &str) -> bool {
    let before = before.trim_end();
    let path = before.rsplit(' ').next().unwrap_or_default();
    let before =
        if path.ends_with('/') || path.ends_with('\\') { before.get(..before.len() - path.len()).unwrap_or_default() } else { before };
    let before = before.trim_end();
    let last = before.rsplit(' ').next().unwrap_or_default();
    before.is_empty()
        || before.ends_with(['$', '#', '%', '>', '❯', '➜', 'λ', '»', '(', '|', ';', '&', '`', '+'])
        || before.ends_with("~")
        || ["sudo", "time", "exec", "then", "do", "=", "RUN", "run:", "-"].contains(&last)
        || last
            .split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
}

/// A command as its lines come in.
#[derive(Default)]
pub(super) struct Pasted {
    text: String,
    line: usize,
    quoting: Quoting,
}

/// The longest command that is read, in bytes.
const LONGEST: usize = 1024 * 1024;

impl Pasted {
    pub(super) fn new(line: usize, first: &str) -> Self {
        let shell = match first.trim_end() {
            text if text.starts_with("Invoke-") || text.starts_with("iwr") || text.starts_with("irm") => Shell::Power,
            text if text.ends_with('^') || text.contains("^\"") => Shell::Cmd,
            text if text.starts_with("fetch") || text.starts_with("await") => Shell::Script,
            _ => Shell::Posix,
        };
        let mut pasted = Self { text: String::new(), line, quoting: Quoting::of(shell) };
        pasted.push(first);
        pasted
    }

    pub(super) fn push(&mut self, line: &str) {
        let line = line.trim_end_matches('\r');
        let room = LONGEST.saturating_sub(self.text.len());
        self.text.push_str(line.get(..line.floor_char_boundary(room)).unwrap_or_default());
        self.text.push('\n');
        self.quoting.line(line);
    }

    /// Does the command go on on the next line?
    pub(super) fn is_open(&self) -> bool {
        self.quoting.is_open() && self.text.len() < LONGEST
    }

    /// The requests that it makes, and what of them cannot be seen in it.
    pub(super) fn requests(self) -> (Vec<Request>, Vec<String>) {
        let mut not_seen = Vec::new();
        let requests = match self.quoting.shell {
            Shell::Script => fetch::requests(&self.text),
            Shell::Power => cmdlet::requests(&self.text, &mut not_seen),
            shell => {
                let words = words::split(&self.text, shell);
                match words.words.first().map(|word| word.rsplit(['/', '\\']).next().unwrap_or_default()) {
                    Some("wget") => wget::requests(&words, &mut not_seen),
                    Some("http" | "https" | "xh" | "xhs") => httpie::requests(&words, &mut not_seen),
                    _ => request::requests(&words, &mut not_seen),
                }
            }
        };
        (requests.into_iter().map(|request| at_line(request, self.line)).collect(), not_seen)
    }
}

fn at_line(mut request: Request, line: usize) -> Request {
    request.line = line;
    request.headers.0.iter_mut().filter(|header| header.line > 0).for_each(|header| header.line = line + header.line - 1);
    request
}

/// Says which variables and commands a shell would have put something in for.
fn unseen_variables(words: &Words, not_seen: &mut Vec<String>) {
    for name in words.expanded.iter().take(20) {
        not_seen.push(format!("the value of {name}: the shell puts it in"));
    }
    if words.cut {
        not_seen.push("what follows an & outside quotes: a shell takes it for a command of its own".to_owned());
    }
}

#[cfg(test)]
mod tests;
