//! What a finding says: a cause that something in the dossier speaks for, and how strongly.

use crate::catalogue::Code;
use serde::Serialize;

/// One thing that speaks for one cause.
#[derive(Clone, Debug)]
pub struct Clue {
    /// The finding that saw it; its page is `docs/findings/NAME.md`.
    pub finding: &'static str,
    /// The cause that it speaks for.
    pub code: Code,
    /// How many cases of a hundred, seen like this and no further, have this cause: 1 to 99. From 95 on it is proof, such as a
    /// date that has passed or an error code that means nothing else.
    pub weight: u8,
    /// What was seen and what follows, in one or two sentences; it never holds a secret.
    pub because: String,
    /// What it rests on.
    pub quotes: Vec<Quote>,
    /// How to mend it, for this product and side; empty where the cause's general advice will do.
    pub fix: Vec<Fix>,
    /// The product that it is about, where one was recognised.
    pub product: Option<String>,
}

/// A part of the dossier, with its secrets masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// Where it stands: `request header Authorization`, `response body`, `token claim exp`, ….
    pub place: String,
    /// The exchange, from 1; 0 for a document.
    pub exchange: usize,
    /// The line in the input, from 1; 0 where it has none.
    pub line: usize,
    /// The text, masked and cut.
    pub text: String,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// Who can do it.
    pub side: Side,
    /// What it does, in one sentence.
    pub text: String,
    /// Exact lines or commands, to copy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
}

/// On which side something can be mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Side {
    Caller,
    Proxy,
    Server,
    Provider,
    Administrator,
}

impl Clue {
    /// A clue that rests on nothing yet.
    pub fn new(finding: &'static str, code: impl Into<Code>, weight: u8, because: impl Into<String>) -> Self {
        Self { finding, code: code.into(), weight, because: because.into(), quotes: Vec::new(), fix: Vec::new(), product: None }
    }

    /// With what it rests on.
    #[must_use]
    pub fn quote(mut self, quote: Quote) -> Self {
        self.quotes.push(quote);
        self
    }

    /// With a way to mend it.
    #[must_use]
    pub fn fix(mut self, side: Side, text: impl Into<String>, lines: &[&str]) -> Self {
        self.fix.push(Fix { side, text: text.into(), lines: lines.iter().map(|&line| line.to_owned()).collect() });
        self
    }
}

impl Quote {
    /// A field of an exchange's request or response, masked.
    pub fn header(exchange: usize, side: &str, header: &crate::dossier::Header) -> Self {
        Self {
            place: format!("{side} header {}", header.name),
            exchange: exchange + 1,
            line: header.line,
            text: crate::mask::header(&header.name, &header.value),
        }
    }

    /// A part of a body or of anything else, masked.
    pub fn text(exchange: usize, place: impl Into<String>, line: usize, text: &str) -> Self {
        Self { place: place.into(), exchange: exchange + 1, line, text: crate::mask::text(text) }
    }

    /// Does it show all that the other one does?
    pub(crate) fn shows(&self, other: &Quote) -> bool {
        let there = (self.exchange, self.line) == (other.exchange, other.line);
        there && (self.text.contains(&other.text) || (self.line > 0 && self.place == other.place))
    }

    /// With the name of the input that it stands in, where several were given.
    pub(crate) fn named(mut self, dossier: &crate::dossier::Dossier) -> Self {
        let sources = dossier.exchanges.iter().map(|exchange| exchange.source.as_str()).filter(|source| !source.is_empty());
        let source = self.exchange.checked_sub(1).and_then(|at| dossier.exchanges.get(at)).map(|exchange| exchange.source.as_str());
        if let Some(source) = source.filter(|source| !source.is_empty() && sources.clone().any(|other| other != *source)) {
            self.place = format!("{source}: {}", self.place);
        }
        self
    }
}
