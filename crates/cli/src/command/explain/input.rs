//! What was given, as bytes with a name: a file, standard input, or the argument's own text. Logs are handed on unread,
//! since they may be of any size; everything else has a bound.

use super::log;
use crate::failure::{Class, Failure};
use bytes::Bytes;
use countersign::reference::PREFIX;
use countersign_doctor::{LIMIT, clean};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How much of an input is looked at to tell whether it is a log.
const HEAD: u64 = 64 * 1024;

/// One thing that was given, as a whole.
#[derive(Debug)]
pub(super) struct Input {
    /// What errors and documents call it; never its text, which may be secret.
    pub(super) name: String,
    /// Its bytes.
    pub(super) bytes: Bytes,
    /// Was it given as an argument itself?
    pub(super) argument: bool,
}

/// A log that has not been read.
pub(super) struct LogInput {
    /// What errors call it.
    pub(super) name: String,
    /// Its file, unless it is standard input.
    pub(super) path: Option<PathBuf>,
    /// Its length, where it has one that is known.
    pub(super) length: Option<u64>,
    /// All of it, from its first byte.
    pub(super) reader: Box<dyn Read + Send>,
}

/// What became of a thing.
pub(super) enum Opened {
    /// It is a log.
    Log(LogInput),
    /// It is anything else.
    Whole(Input),
}

/// Opens everything that was given.
pub(super) fn open_all(things: &[String]) -> Result<Vec<Opened>, Failure> {
    if things.iter().filter(|thing| *thing == "-").count() > 1 {
        return Err(Failure::error("input", "standard input can be read only once").mend("give `-` once"));
    }
    let several = things.len() > 1;
    let name = |at: usize| if several { format!("argument {}", at + 1) } else { "the argument".to_owned() };
    things.iter().enumerate().map(|(at, thing)| open(thing, name(at))).collect()
}

fn open(thing: &str, name: String) -> Result<Opened, Failure> {
    let path = Path::new(thing);
    match fs::metadata(path) {
        _ if thing == "-" => look("standard input".to_owned(), None, None, io::stdin()),
        _ if thing.trim_start().starts_with(PREFIX) => Ok(argument(thing, name)),
        Ok(about) if about.is_dir() => {
            Err(Failure::error("input", format!("{} is a directory", clean(thing))).mend("name the files in it that belong to the case"))
        }
        Ok(about) => {
            let file = File::open(path).map_err(|error| unreadable(thing, &error))?;
            look(clean(thing), Some(path.to_owned()), Some(about.len()).filter(|_| about.is_file()), file)
        }
        Err(error) if names_a_file(thing) => Err(unreadable(thing, &error)),
        Err(_) => Ok(argument(thing, name)),
    }
}

fn argument(thing: &str, name: String) -> Opened {
    Opened::Whole(Input { name, bytes: Bytes::copy_from_slice(thing.as_bytes()), argument: true })
}

fn look(name: String, path: Option<PathBuf>, length: Option<u64>, mut source: impl Read + Send + 'static) -> Result<Opened, Failure> {
    let mut bytes = Vec::new();
    let failed = |error: io::Error| unreadable(&name, &error);
    source.by_ref().take(HEAD).read_to_end(&mut bytes).map_err(failed)?;
    if log::is_log(&name, &bytes) {
        let reader = Box::new(io::Cursor::new(bytes).chain(source));
        return Ok(Opened::Log(LogInput { name, path, length, reader }));
    }
    let most = LIMIT as u64;
    if length.is_none_or(|length| length <= most) {
        bytes.reserve_exact(length.map_or(0, |length| usize::try_from(length).unwrap_or(0).saturating_sub(bytes.len())) + 1);
        source.take(most + 1 - bytes.len() as u64).read_to_end(&mut bytes).map_err(failed)?;
    }
    if length.is_some_and(|length| length > most) || bytes.len() > LIMIT {
        return Err(too_large(&name));
    }
    Ok(Opened::Whole(Input { name, bytes: bytes.into(), argument: false }))
}

/// More than is read of what is no log.
pub(super) fn too_large(name: &str) -> Failure {
    let said = format!("{name} is no log and larger than {} MiB, which is the most that is read of one thing", LIMIT / 1024 / 1024);
    Failure::error("input-too-large", said).mend("cut out what was refused, and a few exchanges before it")
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::error("input", format!("cannot read {}: {error}", clean(name))).mend("is the name right, and may this account read it?")
}

/// Does it look like the name of a file, and like nothing else that could be given as text?
fn names_a_file(thing: &str) -> bool {
    const ENDINGS: &[&str] = &[
        "har", "http", "rest", "txt", "log", "json", "xml", "jwt", "jwk", "jwks", "toml", "conf", "sh", "pem", "gz", "html", "yaml", "yml",
    ];
    let name = |c: char| c.is_alphanumeric() || "._-/~ \\".contains(c);
    let ending = Path::new(thing).extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    thing.len() < 512 && thing.chars().all(name) && ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

impl Input {
    /// Its text, and no more of it than a reference is looked for in.
    pub(super) fn text(&self) -> String {
        const ENOUGH: usize = 1024 * 1024;
        String::from_utf8_lossy(self.bytes.get(..ENOUGH).unwrap_or(&self.bytes)).into_owned()
    }

    /// The URL, if it is nothing but one and was given as an argument.
    pub(super) fn url(&self) -> Option<&str> {
        let text = str::from_utf8(&self.bytes).ok().filter(|_| self.argument)?.trim();
        let web =
            ["http://", "https://"].iter().any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
        Some(text).filter(|text| web && !text.contains(char::is_whitespace))
    }
}

/// Nothing of what was given can be explained.
pub(super) fn nothing(message: impl Into<String>) -> Failure {
    Failure::of(Class::NothingToExplain, "nothing-to-explain", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(thing: &str, expect: bool) {
        assert_eq!(names_a_file(thing), expect, "{thing}");
    }

    #[test]
    fn names_of_files() {
        check("refused.har", true);
        check("./some folder/exchange.http", true);
        check("token-expired", false);
        check("https://api.example.com/a.json", false);
        check("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln", false);
        check("curl -H 'A: b' https://a.example/x.json", false);
    }

    #[test]
    fn urls() {
        let input = |text: &'static str, argument| Input { name: String::new(), bytes: text.into(), argument };
        assert_eq!(input(" HTTPS://a.example/ ", true).url(), Some("HTTPS://a.example/"));
        assert_eq!(input("https://a.example/", false).url(), None);
        assert_eq!(input("https://a.example/ and more", true).url(), None);
        assert_eq!(input("ftp://a.example/", true).url(), None);
    }
}
