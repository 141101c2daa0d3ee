//! Where the secrets of `try` come from: a line of standard input, a file, an environment variable, the terminal.

use crate::failure::Failure;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::Path;

/// The longest secret that is read, in bytes.
const LIMIT: u64 = 64 * 1024;

/// Standard input, of which each `-` takes a line.
#[derive(Default)]
pub(super) struct Sources {
    lines: usize,
}

impl Sources {
    /// The secret at a source.
    pub(super) fn read(&mut self, source: &str, what: &str) -> Result<String, Failure> {
        let secret = match source {
            "-" => self.line(what)?,
            // An argument that is a path names a file; otherwise a variable comes first, which no file can hide.
            name => match std::env::var(name) {
                Ok(value) if !name.contains('/') => value,
                _ => of_file(name, what)?,
            },
        };
        checked(secret, what)
    }

    /// The password of a user for whom no source was named.
    pub(super) fn password(&mut self, name: &str) -> Result<String, Failure> {
        let _quiet = Quiet::ask(&format!("password of {}: ", name.chars().filter(|c| !c.is_control()).collect::<String>()));
        checked(self.line("the password")?, "the password")
    }

    fn line(&mut self, what: &str) -> Result<String, Failure> {
        self.lines += 1;
        let mut line = String::new();
        let read = io::stdin().lock().take(LIMIT).read_line(&mut line);
        read.map_err(|error| Failure::error("input", format!("cannot read {what}: {error}")))?;
        match line.is_empty() {
            true => Err(Failure::error("input", format!("standard input has no line {} for {what}", self.lines))),
            false => Ok(line),
        }
    }
}

/// `NAME: VALUE`, where a value `$NAME` is an environment variable.
pub(super) fn field(header: &str) -> Result<(String, String), Failure> {
    let fault = || Failure::error("input", "a header is written NAME: VALUE").mend("--header 'X-Tenant: 7', or --header 'X-Auth: $TOKEN'");
    let (name, value) = header.split_once(':').ok_or_else(fault)?;
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(token) {
        return Err(fault());
    }
    let value = match value.trim().strip_prefix('$') {
        Some(variable) => std::env::var(variable)
            .map_err(|_| Failure::error("input", format!("there is no environment variable for the header {name}")))?,
        None => value.trim().to_owned(),
    };
    Ok((name.to_owned(), checked(value, name)?))
}

/// The argument itself is not repeated: it may be the secret.
fn of_file(name: &str, what: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let read = File::open(Path::new(name)).and_then(|file| file.take(LIMIT).read_to_string(&mut text));
    read.map_err(|error| {
        let said = format!("{what} is neither in an environment variable nor in a file of that name: {}", error.kind());
        Failure::error("input", said).mend("secrets are not given as arguments: name a variable or a file, or `-` for standard input")
    })?;
    Ok(text)
}

/// One line break at its end does not count.
fn checked(secret: String, what: &str) -> Result<String, Failure> {
    let secret = secret.strip_suffix('\n').map_or(secret.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    match secret {
        "" => Err(Failure::error("input", format!("{what} is empty"))),
        text if text.len() as u64 >= LIMIT => Err(Failure::error("input", format!("{what} is too long"))),
        text if text.chars().any(char::is_control) => {
            Err(Failure::error("input", format!("{what} has a line break or another control character, which no header can carry")))
        }
        text => Ok(text.to_owned()),
    }
}

/// A terminal that does not show what is typed, until this is dropped.
struct Quiet(Option<Termios>);

impl Quiet {
    fn ask(prompt: &str) -> Self {
        let input = io::stdin();
        if !input.is_terminal() {
            return Self(None);
        }
        // Nobody who closed standard error reads a prompt.
        let _ = write!(io::stderr(), "{prompt}");
        let before = tcgetattr(&input).ok();
        if let Some(mut quiet) = before.clone() {
            quiet.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(&input, OptionalActions::Flush, &quiet);
        }
        Self(before)
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, before);
            let _ = writeln!(io::stderr());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, expect: Option<(&str, &str)>) {
        let expect = expect.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(field(header).ok(), expect, "{header}");
    }

    #[test]
    fn headers() {
        check("X-Tenant: 7", Some(("X-Tenant", "7")));
        check("X-Tenant:7:8", Some(("X-Tenant", "7:8")));
        check("X Tenant: 7", None);
        check("X-Tenant", None);
        check(": 7", None);
        check("X-Tenant: a\nb", None);
        check("X-Tenant: $COUNTERSIGN_NO_SUCH_VARIABLE", None);
    }

    #[test]
    fn secrets_are_not_arguments() {
        let read = Sources::default().read("correct horse", "the password");
        assert!(read.is_err_and(|failure| !failure.render(false).contains("correct horse")));
    }
}
