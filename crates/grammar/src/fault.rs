//! What was wrong with a text, and where. Not how grave that is for a request: that is for the caller to judge.

use std::fmt;
use std::ops::Range;

/// A value that was read, with everything that was wrong with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<T> {
    /// The best reading of the text.
    pub value: T,
    /// In the order of their places; empty when a strict reader would have accepted the text.
    pub faults: Vec<Fault>,
}

impl<T> Parsed<T> {
    /// Whether every reader understands the same by this text: it has no fault, or only tolerable ones.
    pub fn is_unambiguous(&self) -> bool {
        self.faults.iter().all(|fault| fault.kind.is_tolerable())
    }

    pub(crate) fn new(value: T, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| fault.span.start);
        Self { value, faults }
    }
}

/// One thing that a sender must not have written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What it is.
    pub kind: FaultKind,
    /// Where it is: byte offsets into the text, on character boundaries.
    pub span: Range<usize>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

/// The kinds of faults. Codes are stable: none is renamed or used for something else once released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the table in `FaultKind::row` describes each one")]
pub enum FaultKind {
    EmptyField,
    EmptyScheme,
    EmptyName,
    EmptyValue,
    ParameterWithoutScheme,
    CommaAfterScheme,
    MissingComma,
    WrongSeparator,
    DuplicateParameter,
    TooManyParameters,
    UnquotedRealm,
    UnquotedParameter,
    QuotedToken,
    UnquotedValue,
    SingleQuotes,
    UnterminatedQuote,
    UnescapedQuote,
    StrayText,
    BadCharacter,
    UnexpectedToken68,
    DoubledScheme,
    QuotedCredentials,
    JoinedCredentials,
    UnreadableCredentials,
}

impl FaultKind {
    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 24] = [
        Self::EmptyField,
        Self::EmptyScheme,
        Self::EmptyName,
        Self::EmptyValue,
        Self::ParameterWithoutScheme,
        Self::CommaAfterScheme,
        Self::MissingComma,
        Self::WrongSeparator,
        Self::DuplicateParameter,
        Self::TooManyParameters,
        Self::UnquotedRealm,
        Self::UnquotedParameter,
        Self::QuotedToken,
        Self::UnquotedValue,
        Self::SingleQuotes,
        Self::UnterminatedQuote,
        Self::UnescapedQuote,
        Self::StrayText,
        Self::BadCharacter,
        Self::UnexpectedToken68,
        Self::DoubledScheme,
        Self::QuotedCredentials,
        Self::JoinedCredentials,
        Self::UnreadableCredentials,
    ];

    /// The stable name, in kebab case.
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// Whether the text breaks a rule for senders but still means the same to every reader: only the choice between
    /// a bare word and a quoted string was wrong.
    pub fn is_tolerable(self) -> bool {
        matches!(self, Self::UnquotedRealm | Self::UnquotedParameter | Self::QuotedToken)
    }

    #[rustfmt::skip]
    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::EmptyField => ("empty-field", "The field is empty."),
            Self::EmptyScheme => ("empty-scheme", "No scheme name stands where the field must begin with one."),
            Self::EmptyName => ("empty-name", "An equals sign has no parameter name before it."),
            Self::EmptyValue => ("empty-value", "The parameter has no value after its equals sign; an empty value is written \"\"."),
            Self::ParameterWithoutScheme => ("parameter-without-scheme", "The parameter belongs to no challenge, because no scheme name stands before it."),
            Self::CommaAfterScheme => ("comma-after-scheme", "A comma separates the scheme from its parameters; a space belongs there."),
            Self::MissingComma => ("missing-comma", "A comma is missing before this."),
            Self::WrongSeparator => ("wrong-separator", "A semicolon separates the parameters; a comma belongs there."),
            Self::DuplicateParameter => ("duplicate-parameter", "The parameter is given twice, and readers differ in which one they take."),
            Self::TooManyParameters => ("too-many-parameters", "There are more parameters than any scheme has; this one was left out."),
            Self::UnquotedRealm => ("unquoted-realm", "The realm is not in double quotes."),
            Self::UnquotedParameter => ("unquoted-parameter", "The value must be in double quotes for this scheme."),
            Self::QuotedToken => ("quoted-token", "The value must not be in quotes for this scheme."),
            Self::UnquotedValue => ("unquoted-value", "The value holds characters that are only allowed in double quotes."),
            Self::SingleQuotes => ("single-quotes", "The value is in single quotes, which quote nothing; double quotes belong there."),
            Self::UnterminatedQuote => ("unterminated-quote", "The quoted string never ends."),
            Self::UnescapedQuote => ("unescaped-quote", "Text follows directly after a closing quote: a quote within the value lacks its backslash, or an earlier one was not closed."),
            Self::StrayText => ("stray-text", "This text is neither a scheme nor a parameter."),
            Self::BadCharacter => ("bad-character", "A character is not allowed here."),
            Self::UnexpectedToken68 => ("unexpected-token68", "This scheme's challenge takes named parameters, not a bare value."),
            Self::DoubledScheme => ("doubled-scheme", "A second scheme name stands before the credentials."),
            Self::QuotedCredentials => ("quoted-credentials", "The credentials are in quotes, which become part of them."),
            Self::JoinedCredentials => ("joined-credentials", "A comma follows the credentials; a request carries only one set of them."),
            Self::UnreadableCredentials => ("unreadable-credentials", "The credentials are neither a single value of the allowed characters nor a list of parameters."),
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().1)
    }
}
