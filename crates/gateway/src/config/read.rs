//! What is read from, and what came of it: values with their places, and the faults found so far.

use super::fault::{Fault, Severity};
use super::near::nearest;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

/// The most faults that are told at once.
const FAULT_LIMIT: usize = 100;

/// A value, and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub place: Place,
}

/// Names of methods or `*`, each with its scopes.
pub(super) type ScopesWritten = Vec<(At<String>, Vec<At<String>>)>;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// These bytes of the file.
    File(Range<usize>),
    /// This flag or variable.
    Set(String),
    /// The table of keys.
    Default,
}

/// Why a text is not a value, and how it could be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Why.
    pub message: String,
    /// How it could be written.
    pub mend: Option<String>,
}

impl Wrong {
    /// With a mend, if there is one.
    pub(super) fn new(message: impl Into<String>, mend: Option<String>) -> Self {
        Self { message: message.into(), mend }
    }
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Self { message, mend: None }
    }
}

/// What a flag of the command line sets.
pub(super) struct Flag {
    /// The section,
    pub section: &'static str,
    /// and the key in it.
    pub key: &'static str,
    /// The flag's name.
    pub name: &'static str,
    /// What was given.
    pub value: String,
}

/// What is read from, and the faults found so far.
pub(super) struct Reader<'a> {
    /// The file's name.
    pub file: &'a str,
    /// Its text.
    pub text: Arc<str>,
    /// The environment.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// What the command line sets.
    pub flags: Vec<Flag>,
    /// What is wrong or suspect.
    pub faults: RefCell<Vec<Fault>>,
    /// What flags and environment set, as lines of the effective text.
    pub set: RefCell<Vec<String>>,
}

impl<'a> Reader<'a> {
    /// Nothing read yet.
    pub(super) fn new(file: &'a str, text: &str, env: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { file, text: text.into(), env, flags: Vec::new(), faults: RefCell::default(), set: RefCell::default() }
    }

    /// Notes that the configuration cannot be run.
    pub(super) fn fault(&self, place: &Place, message: impl Into<String>, mend: Option<String>) {
        self.note(Severity::Fault, place, message.into(), mend);
    }

    /// Notes that something is suspect.
    pub(super) fn warn(&self, place: &Place, message: impl Into<String>, mend: Option<String>) {
        self.note(Severity::Warning, place, message.into(), mend);
    }

    /// The line of a place, from 1.
    pub(super) fn line(&self, place: &Place) -> usize {
        let start = if let Place::File(span) = place { span.start } else { 0 };
        self.text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1
    }

    fn note(&self, severity: Severity, place: &Place, message: String, mend: Option<String>) {
        let mut faults = self.faults.borrow_mut();
        if faults.len() < FAULT_LIMIT {
            faults.push(match place {
                Place::File(span) => Fault::of(severity, self.file, message).at(&self.text, span.clone()).mend(mend),
                Place::Set(name) => Fault::of(severity, name, message).mend(mend),
                Place::Default => Fault::of(severity, self.file, message).mend(mend),
            });
        }
    }
}

/// A text as messages show it: without control characters, and not too long.
pub(super) fn shown(text: &str) -> String {
    let cut: String = text.chars().take(60).collect();
    if cut.len() < text.len() { format!("{cut:?}…") } else { format!("{cut:?}") }
}

/// What to say of a text that is none of some names.
pub(super) fn not_among(text: &str, names: &[&str]) -> Wrong {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let mend = nearest(text, names.iter().copied()).map(|name| format!("did you mean `{name}`?"));
    Wrong::new(format!("it is one of {}", quoted.join(", ")), mend)
}
