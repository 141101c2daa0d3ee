//! What is wrong or suspect in a configuration, with its place and its mend, as text with a snippet and as JSON.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The configuration cannot be run.
    Fault,
    /// It can, and may do something else than was meant.
    Warning,
}

/// One thing that is wrong or suspect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The file's name; or the flag or variable that the value comes from.
    pub file: String,
    /// The line, from 1; none where the file does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
    #[serde(skip)]
    marked: Option<(Arc<str>, Range<usize>)>,
}

impl Fault {
    /// A fault of a file as a whole, or of a flag or variable.
    pub(super) fn of(severity: Severity, file: &str, message: impl Into<String>) -> Self {
        Self { severity, message: message.into(), file: file.to_owned(), line: None, column: None, mend: None, marked: None }
    }

    /// Points at bytes of the file's text.
    #[must_use]
    pub(super) fn at(mut self, text: &Arc<str>, span: Range<usize>) -> Self {
        let span = within(text, span);
        let before = text.get(..span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        self.line = Some(before.matches('\n').count() + 1);
        self.column = Some(before.get(line_start..).unwrap_or_default().chars().count() + 1);
        self.marked = Some((text.clone(), span));
        self
    }

    /// Says how to mend it.
    #[must_use]
    pub(super) fn mend(mut self, mend: Option<String>) -> Self {
        self.mend = mend;
        self
    }

    /// Title, place, snippet and mend, with or without colour.
    pub fn render(&self, colour: bool) -> String {
        let level = match self.severity {
            Severity::Fault => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(self.message.as_str());
        let mut group = match &self.marked {
            Some((text, span)) => {
                let mark = AnnotationKind::Primary.span(span.clone());
                title.element(Snippet::source(&**text).path(self.file.as_str()).annotation(mark))
            }
            None => Group::with_title(title).element(Level::NOTE.message(format!("in {}", self.file))),
        };
        if let Some(mend) = &self.mend {
            group = group.element(Level::HELP.message(mend.as_str()));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// Everything that is wrong with a configuration, in the file's order, warnings included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn new(faults: Vec<Fault>) -> Self {
        Self(faults)
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }

    /// All as text, with or without colour.
    pub fn render(&self, colour: bool) -> String {
        let texts: Vec<String> = self.0.iter().map(|fault| fault.render(colour)).collect();
        texts.join("\n\n")
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Faults {}

/// The span, brought within one line of the text and onto the borders of characters.
fn within(text: &str, span: Range<usize>) -> Range<usize> {
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let mut end = span.end.clamp(start, start + line.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}
