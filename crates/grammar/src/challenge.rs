//! Challenges: the field values of `WWW-Authenticate` and `Proxy-Authenticate` (RFC 9110 sections 11.6.1 and 11.7.1).
//! Not what to answer to them, and not how they are written: see `write`.
//!
//! ```text
//!  Negotiate, Basic realm="a", charset="UTF-8", Bearer error="b"
//!  └─scheme─┘ └───scheme + parameters─────────┘ └scheme + param┘
//! ```
//!
//! The same comma separates challenges and parameters. A word with an equals sign after it is a parameter of the
//! challenge that is open; any other word opens the next challenge.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use crate::fault::{FaultKind, Parsed};
use crate::form::Place;
use crate::param::{Param, first};
use crate::reader::{Gap, Reader, is_tchar, stray_after};
use crate::scheme::{challenges_with_params_only, registered_scheme};

/// One challenge: a scheme with a token68, with parameters, or alone.
///
/// Two are equal when they say the same: schemes and names ignoring case, values exactly, parameters in the same
/// order; where they stood in a text does not matter. `Debug` shows the challenge as it is written, since a challenge
/// is no secret.
///
/// # What is mended when a challenge is built or written
///
/// * Scheme and names: characters that a token cannot hold are left out. A parameter without a name is left out, and
///   a challenge without a scheme is written as nothing at all.
/// * Values in quotes: control characters (CR, LF, NUL, tab, C1 and the like) become a space each, other characters
///   outside ASCII become their UTF-8 bytes percent-encoded, `"` and `\` are escaped. A percent sign stays as it is.
/// * Bearer and DPoP `scope`, `error`, `error_description`, `error_uri`: RFC 6750 allows neither `"` nor `\`, which
///   become `'` and `/`.
/// * Digest `algorithm`, `stale`, `charset`, `userhash`, which stand without quotes: characters that a token cannot
///   hold are left out, also single quotes; without any other character the parameter is left out.
/// * A token68 of a scheme whose challenges have none (`Bearer abc`) is left out.
/// * Names are unique: when building, a second value replaces the first; of what was read, the first is written. Beyond [`PARAM_LIMIT`](crate::PARAM_LIMIT) parameters,
///   further ones are left out.
#[derive(Clone)]
pub struct Challenge<'a> {
    pub(crate) scheme: Cow<'a, str>,
    pub(crate) body: Body<'a>,
    pub(crate) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body<'a> {
    Token68(Cow<'a, str>),
    Params(Vec<Param<'a>>),
}

impl<'a> Challenge<'a> {
    /// The scheme as it was written; empty for parameters that stood before any scheme. Compare with
    /// [`Challenge::is`].
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether the challenge is of this scheme, ignoring case.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The value of the first parameter of this name, without quotes and escapes.
    pub fn value(&self, name: &str) -> Option<&str> {
        first(self.params(), name)
    }

    /// The value of `realm`.
    pub fn realm(&self) -> Option<&str> {
        self.value("realm")
    }

    /// All parameters in their order, duplicates included.
    pub fn params(&self) -> &[Param<'a>] {
        match &self.body {
            Body::Params(params) => params,
            Body::Token68(_) => &[],
        }
    }

    /// The value without a name, as Negotiate and NTLM have it.
    pub fn token68(&self) -> Option<&str> {
        match &self.body {
            Body::Token68(token) => Some(token),
            Body::Params(_) => None,
        }
    }

    /// Where the challenge stands in the text; `0..0` for one that was not read from one.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The same challenge, independent of the text it was read from.
    pub fn into_owned(self) -> Challenge<'static> {
        Challenge {
            scheme: Cow::Owned(self.scheme.into_owned()),
            body: match self.body {
                Body::Token68(token) => Body::Token68(Cow::Owned(token.into_owned())),
                Body::Params(params) => Body::Params(params.into_iter().map(Param::into_owned).collect()),
            },
            span: self.span,
        }
    }
}

impl PartialEq for Challenge<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.scheme) && self.body == other.body
    }
}

impl Eq for Challenge<'_> {}

impl fmt::Debug for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{self}>")
    }
}

/// Reads one field value, or several joined by commas, which means the same.
///
/// ```
/// let read = countersign_grammar::parse_challenges(r#"Bearer realm="a" error="invalid_token""#);
/// assert_eq!(read.value[0].value("error"), Some("invalid_token"));
/// assert_eq!(read.faults[0].kind.code(), "missing-comma");
/// assert_eq!(read.faults[0].span, 17..22);
/// ```
pub fn parse_challenges(text: &str) -> Parsed<Vec<Challenge<'_>>> {
    let List { found, mut reader, .. } = List::read(text);
    if found.is_empty() && reader.faults.is_empty() {
        reader.fault(FaultKind::EmptyField, 0..text.len());
    }
    Parsed::new(found, reader.faults)
}

struct List<'a> {
    reader: Reader<'a>,
    found: Vec<Challenge<'a>>,
    last: Last,
}

/// What was read before the item at hand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Scheme,
    Token68,
    Param,
    Stray,
}

impl<'a> List<'a> {
    fn read(text: &'a str) -> Self {
        let mut list = Self { reader: Reader::new(text, 0), found: Vec::new(), last: Last::Nothing };
        while list.item() {}
        list
    }

    /// Reads one item with the gap before it; false at the end.
    fn item(&mut self) -> bool {
        let gap = self.reader.gap();
        let start = self.reader.at();
        let stray = stray_after(self.last != Last::Param, &gap);
        self.last = match self.reader.peek() {
            None => return false,
            Some(b'"') => self.stray(stray, start),
            Some(b'=') => {
                self.reader.nameless();
                Last::Stray
            }
            Some(byte) if !is_tchar(byte) => {
                self.reader.bad_characters();
                self.last_after_bad_characters()
            }
            Some(_) => {
                let word = self.reader.word();
                if self.reader.equals_ahead() {
                    self.param(word, gap)
                } else if gap.separates || matches!(self.last, Last::Nothing | Last::Stray) {
                    self.scheme(word)
                } else if self.reader.param_ahead() || registered_scheme(self.reader.slice(word.clone())).is_some() {
                    self.reader.fault(FaultKind::MissingComma, word.clone());
                    self.scheme(word)
                } else {
                    self.stray(stray, start)
                }
            }
        };
        true
    }

    fn stray(&mut self, kind: FaultKind, start: usize) -> Last {
        self.reader.stray(kind, start);
        Last::Stray
    }

    /// `Basic: realm="x"` still opens a challenge: what is known of a scheme stays known.
    fn last_after_bad_characters(&self) -> Last {
        if self.last == Last::Scheme { Last::Scheme } else { Last::Stray }
    }

    fn scheme(&mut self, word: Range<usize>) -> Last {
        let scheme = self.reader.slice(word.clone());
        if self.reader.peek() == Some(b'\t') {
            self.reader.fault(FaultKind::BadCharacter, word.end..word.end + 1);
        }
        let (body, last) = match self.token68(scheme) {
            Some(token) => (Body::Token68(Cow::Borrowed(token)), Last::Token68),
            None => (Body::Params(Vec::new()), Last::Scheme),
        };
        self.found.push(Challenge { scheme: Cow::Borrowed(scheme), body, span: word.start..self.reader.at() });
        last
    }

    fn token68(&mut self, scheme: &str) -> Option<&'a str> {
        if !matches!(self.reader.peek(), Some(b' ' | b'\t')) {
            return None;
        }
        let params_only = challenges_with_params_only(scheme);
        if params_only && self.reader.param_ahead() {
            return None;
        }
        let span = self.reader.token68()?;
        if params_only {
            self.reader.fault(FaultKind::UnexpectedToken68, span.clone());
        }
        Some(self.reader.slice(span))
    }

    fn param(&mut self, name: Range<usize>, gap: Gap) -> Last {
        match self.last {
            Last::Nothing | Last::Token68 => self.orphan(name.clone()),
            Last::Scheme if gap.separates => self.reader.fault(FaultKind::CommaAfterScheme, gap.span),
            Last::Param if !gap.separates => self.reader.fault(FaultKind::MissingComma, name.clone()),
            Last::Stray if self.found.is_empty() => self.orphan(name.clone()),
            Last::Scheme | Last::Param | Last::Stray => {}
        }
        // Text that was skipped can have had a token68 before it.
        if matches!(self.found.last(), Some(Challenge { body: Body::Token68(_), .. })) {
            self.orphan(name.clone());
        }
        let scheme = self.found.last().map_or(Cow::Borrowed(""), |open| open.scheme.clone());
        let param = self.reader.param(name, Place::Challenge, &scheme);
        if let Some(Challenge { body: Body::Params(params), span, .. }) = self.found.last_mut() {
            span.end = param.span.end;
            self.reader.keep(params, param);
        }
        Last::Param
    }

    fn orphan(&mut self, name: Range<usize>) {
        let (body, span) = (Body::Params(Vec::new()), name.clone());
        self.found.push(Challenge { scheme: Cow::Borrowed(""), body, span });
        self.reader.fault(FaultKind::ParameterWithoutScheme, name);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reader::tests::{check_looks, hostile};

    proptest! {
        #[test]
        fn challenges_are_read_in_linear_time(text in hostile()) {
            check_looks(&List::read(&text).reader);
        }
    }
}
