//! Credentials: the field values of `Authorization` and `Proxy-Authorization` (RFC 9110 sections 11.6.2 and 11.7.2).
//! Not whether they are right, and not what a scheme makes of them: Basic's pair is in `basic`.

use std::fmt;
use std::ops::Range;

use crate::fault::{FaultKind, Parsed};
use crate::form::Place;
use crate::param::{Param, first};
use crate::reader::{Reader, is_tchar, is_token, is_token68_text};
use crate::scheme::registered_scheme;

/// The scheme of a field value and what stands after it, without allocating: what a request has to pass first.
///
/// The scheme is a token; one or more spaces separate it from the rest, which is given as it stands and may be empty.
/// `None` when the text does not begin with a scheme in that form.
///
/// ```
/// use countersign_grammar::split_scheme;
///
/// assert_eq!(split_scheme("Bearer abc"), Some(("Bearer", "abc")));
/// assert_eq!(split_scheme("Negotiate"), Some(("Negotiate", "")));
/// assert_eq!(split_scheme("Bearer: abc"), None);
/// ```
pub fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    is_token(scheme).then(|| (scheme, rest.trim_start_matches(' ')))
}

/// One set of credentials. `Debug` shows lengths and the names of parameters, no values.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials<'a> {
    /// As it was written; empty when the text does not begin with a scheme. Compare with [`Credentials::is`].
    pub scheme: &'a str,
    /// Everything after the scheme, without the spaces around it.
    pub rest: &'a str,
    /// What the rest reads as.
    pub body: CredentialsBody<'a>,
}

/// The part of credentials after the scheme. `Debug` shows lengths and the names of parameters, no values.
#[derive(Clone, PartialEq, Eq)]
pub enum CredentialsBody<'a> {
    /// A scheme alone.
    Empty,
    /// A single value, as Basic, Bearer and Negotiate have it (RFC 9110 section 11.2).
    Token68(&'a str),
    /// Parameters, as Digest has them.
    Params(Vec<Param<'a>>),
    /// Neither of these: the text as it stands, always with a fault.
    Opaque(&'a str),
}

impl Credentials<'_> {
    /// Whether the credentials are of this scheme, ignoring case.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The value of the first parameter of this name, without quotes and escapes.
    pub fn value(&self, name: &str) -> Option<&str> {
        match &self.body {
            CredentialsBody::Params(params) => first(params, name),
            _ => None,
        }
    }
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What stands in the scheme's place can be a token that was sent without one.
        let scheme = registered_scheme(self.scheme).unwrap_or("(other)");
        f.debug_struct("Credentials").field("scheme", &scheme).field("body", &self.body).finish()
    }
}

impl fmt::Debug for CredentialsBody<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Token68(token) => write!(f, "Token68({} bytes)", token.len()),
            Self::Params(params) => f.debug_tuple("Params").field(params).finish(),
            Self::Opaque(text) => write!(f, "Opaque({} bytes)", text.len()),
        }
    }
}

/// Reads one field value. A request carries one set of credentials, so there is no list.
///
/// ```
/// use countersign_grammar::{CredentialsBody, parse_credentials};
///
/// let read = parse_credentials("bearer abc.def");
/// assert!(read.value.is("Bearer"));
/// assert_eq!(read.value.body, CredentialsBody::Token68("abc.def"));
///
/// assert_eq!(parse_credentials("Bearer Bearer abc").faults[0].kind.code(), "doubled-scheme");
/// ```
pub fn parse_credentials(text: &str) -> Parsed<Credentials<'_>> {
    let mut reader = Reader::new(text, blanks(text));
    let scheme = reader.word();
    reader.end_of_scheme(&scheme);
    let scheme = reader.slice(scheme);
    let rest = reader.slice(reader.at()..text.len());
    let start = reader.at() + blanks(rest);
    let rest = rest.trim_matches(BLANKS);

    reader.go_to(start);
    let body = if rest.is_empty() {
        CredentialsBody::Empty
    } else if scheme.eq_ignore_ascii_case("Digest") {
        CredentialsBody::Params(reader.params(Place::Credentials, scheme))
    } else if let Some(kind) = opaque(scheme, rest) {
        reader.fault(kind, start..start + rest.len());
        CredentialsBody::Opaque(rest)
    } else if is_token68_text(rest) {
        CredentialsBody::Token68(rest)
    } else {
        CredentialsBody::Params(reader.params(Place::Credentials, scheme))
    };
    Parsed::new(Credentials { scheme, rest, body }, reader.faults)
}

const BLANKS: [char; 2] = [' ', '\t'];

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches(BLANKS).len()
}

impl Reader<'_> {
    /// Takes what stands for the space after the scheme, if that is something else.
    fn end_of_scheme(&mut self, scheme: &Range<usize>) {
        let end = scheme.end;
        match self.peek() {
            None if scheme.is_empty() => self.fault(FaultKind::EmptyField, 0..end),
            Some(_) if scheme.is_empty() => self.fault(FaultKind::EmptyScheme, end..end),
            None | Some(b' ') => {}
            Some(b'\t' | b'"') => self.fault(FaultKind::BadCharacter, end..end + 1),
            Some(b':' | b',' | b';' | b'=') => {
                self.fault(FaultKind::BadCharacter, end..end + 1);
                self.go_to(end + 1);
            }
            Some(_) => {
                self.bad_characters();
                self.go_to(end);
            }
        }
    }
}

/// Why the text after a scheme is neither a token68 nor parameters; `None` when it is one of these.
fn opaque(scheme: &str, rest: &str) -> Option<FaultKind> {
    let end = rest.bytes().position(|byte| !is_tchar(byte)).unwrap_or(rest.len());
    let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let sign = after.trim_start_matches(BLANKS);
    let param = !word.is_empty() && sign.starts_with('=') && !sign.starts_with("==");
    let again = !word.is_empty() && word.eq_ignore_ascii_case(scheme);
    let doubled = match after.bytes().next() {
        None | Some(b':') => again,
        Some(b' ' | b'\t') => !param && (again || registered_scheme(word).is_some()),
        Some(_) => false,
    };
    if doubled {
        Some(FaultKind::DoubledScheme)
    } else if param || is_token68_text(rest) {
        None
    } else if QUOTES.iter().any(|(open, close)| rest.len() > 1 && rest.starts_with(*open) && rest.ends_with(*close)) {
        Some(FaultKind::QuotedCredentials)
    } else if rest.split_once(',').is_some_and(|(one, _)| is_token68_text(one.trim_end_matches(BLANKS))) {
        Some(FaultKind::JoinedCredentials)
    } else {
        Some(FaultKind::UnreadableCredentials)
    }
}

const QUOTES: [(char, char); 4] = [('"', '"'), ('\'', '\''), ('\u{201c}', '\u{201d}'), ('\u{2018}', '\u{2019}')];
