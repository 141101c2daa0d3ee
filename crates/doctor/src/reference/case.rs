//! What the doctor is given: an opened reference and whatever else could be found out about it.

use countersign::reference::Record;
use countersign::{Account, ApiKey, Subject, Timestamp, Value};

/// One refusal, and what is known around it.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// The opened reference.
    pub record: &'a Record,
    /// Seconds since the epoch, as the reader's clock has it.
    pub now: Timestamp,
    /// The configuration that was in force, if it was kept.
    pub kept: Option<Kept<'a>>,
    /// What the store knows now.
    pub looked_up: LookedUp<'a>,
    /// How the reader calls the program.
    pub program: Program<'a>,
}

/// A configuration as it was written.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// Its file.
    pub file: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// What a store answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Found<T> {
    /// It was not asked.
    #[default]
    NotAsked,
    /// It has no such thing.
    Gone,
    /// It has.
    Here(T),
}

impl<T> Found<T> {
    /// What a look-up that was made gave.
    pub fn of(answer: Option<T>) -> Self {
        answer.map_or(Found::Gone, Found::Here)
    }

    /// The same, borrowed.
    pub const fn as_ref(&self) -> Found<&T> {
        match self {
            Found::NotAsked => Found::NotAsked,
            Found::Gone => Found::Gone,
            Found::Here(value) => Found::Here(value),
        }
    }

    pub(crate) fn here(self) -> Option<T> {
        match self {
            Found::Here(value) => Some(value),
            Found::NotAsked | Found::Gone => None,
        }
    }
}

/// The store's answers to what is [`Wanted`].
#[derive(Clone, Copy, Debug, Default)]
pub struct LookedUp<'a> {
    /// The account.
    pub account: Found<&'a Account>,
    /// The API key.
    pub api_key: Found<&'a ApiKey>,
}

/// What a store should be asked about a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The account of this number.
    pub account: Option<i64>,
    /// The API key of this identifier.
    pub api_key: Option<String>,
}

impl Wanted {
    /// Reads it off the evidence.
    pub fn of(record: &Record) -> Self {
        let mut wanted = Self::default();
        for item in record.evidence.items() {
            match (item.about, &item.presented) {
                (Subject::Account | Subject::Subject, Some(Value::Number(number))) => wanted.account = Some(*number),
                (Subject::ApiKey, Some(Value::Text(id))) => wanted.api_key = Some(id.clone()),
                _ => {}
            }
        }
        wanted
    }
}

/// How the reader calls the program, so that commands can be copied as they are.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    /// Its name or path.
    pub name: &'a str,
    /// Its data directory, where it is not the default one.
    pub data: Option<&'a str>,
}

impl Program<'_> {
    /// A command line that can be copied: `words` are the subcommand and its arguments, each quoted where a shell needs it.
    pub fn command(&self, words: &[&str]) -> String {
        let data = self.data.map(|data| ["--data", data]);
        let words = std::iter::once(self.name).chain(words.iter().copied()).chain(data.into_iter().flatten());
        words.map(quoted).collect::<Vec<_>>().join(" ")
    }
}

/// One word of a POSIX shell.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@+%~".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_copied() {
        let program = Program { name: "./countersign", data: Some("/srv/my state") };
        let command = program.command(&["user", "unlock", "o'neill"]);
        assert_eq!(command, r"./countersign user unlock 'o'\''neill' --data '/srv/my state'");
    }
}
