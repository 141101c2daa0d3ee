//! Steps through a field value from left to right: words, gaps, quoted strings, parameters. Not what they add up to:
//! each field has its own module for that.
//!
//! The position only moves forward. Looking ahead covers at most the next two words, so that time stays linear.

use std::borrow::Cow;
use std::ops::Range;

use crate::fault::{Fault, FaultKind};
use crate::form::{Form, Place};
use crate::param::{PARAM_LIMIT, Param};
use crate::scheme::registered_scheme;

pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
    pub(crate) faults: Vec<Fault>,
    #[cfg(test)]
    pub(crate) looks: std::cell::Cell<usize>,
}

/// What lay between two items of a list.
pub(crate) struct Gap {
    pub(crate) span: Range<usize>,
    /// Whether there was a comma, or a semicolon in its place.
    pub(crate) separates: bool,
}

impl<'a> Reader<'a> {
    /// Starts at byte `at` of the text; spans always count from the beginning of the text.
    pub(crate) fn new(text: &'a str, at: usize) -> Self {
        Self {
            text,
            at,
            faults: Vec::new(),
            #[cfg(test)]
            looks: Default::default(),
        }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    pub(crate) fn slice(&self, span: Range<usize>) -> &'a str {
        self.text.get(span).unwrap_or_default()
    }

    pub(crate) fn fault(&mut self, kind: FaultKind, span: Range<usize>) {
        self.faults.push(Fault { kind, span });
    }

    /// Skips blanks, commas and empty list elements.
    pub(crate) fn gap(&mut self) -> Gap {
        let start = self.at;
        let mut separates = false;
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' => {}
                b',' => separates = true,
                b';' => {
                    separates = true;
                    self.fault(FaultKind::WrongSeparator, self.at..self.at + 1);
                }
                _ => break,
            }
            self.at += 1;
        }
        Gap { span: start..self.at, separates }
    }

    /// Takes a token (RFC 9110 section 5.6.2); empty when there is none here.
    pub(crate) fn word(&mut self) -> Range<usize> {
        let start = self.at;
        self.at = self.end_of(start, is_tchar);
        start..self.at
    }

    /// Whether an equals sign is the next thing after optional blanks, and not the padding of a token68.
    pub(crate) fn equals_ahead(&self) -> bool {
        self.equals_after(self.at)
    }

    /// Whether `name =` is the next thing after optional blanks.
    pub(crate) fn param_ahead(&self) -> bool {
        self.param_after(self.at)
    }

    /// Takes a token68 if that is all there is up to the next comma or the end.
    pub(crate) fn token68(&mut self) -> Option<Range<usize>> {
        let start = self.end_of(self.at, is_blank);
        let end = self.end_of(self.end_of(start, is_token68), |byte| byte == b'=');
        let next = self.byte(self.end_of(end, is_blank));
        let found = is_token68_text(self.slice(start..end)) && matches!(next, None | Some(b','));
        found.then(|| {
            self.at = end;
            start..end
        })
    }

    /// Takes characters that can begin neither a word, a quoted string nor a gap.
    pub(crate) fn bad_characters(&mut self) {
        let start = self.at;
        self.at = self.end_of(start, |byte| !is_tchar(byte) && !is_blank(byte) && !matches!(byte, b',' | b';' | b'"' | b'='));
        self.fault(FaultKind::BadCharacter, start..self.at);
    }

    /// Takes everything from `start` up to the next comma that is not within quotes.
    pub(crate) fn stray(&mut self, kind: FaultKind, start: usize) {
        while let Some(byte) = self.peek() {
            match byte {
                b',' => break,
                b'"' => self.at = self.quote_end(self.at).1,
                _ => self.at += 1,
            }
        }
        let end = start + self.slice(start..self.at).trim_end_matches([' ', '\t']).len();
        self.fault(kind, start..end);
    }

    /// Takes the rest of a parameter whose name was taken and which has an equals sign ahead.
    pub(crate) fn param(&mut self, name: Range<usize>, place: Place, scheme: &str) -> Param<'a> {
        self.at = self.end_of(self.end_of(self.at, is_blank) + 1, is_blank);
        let (start, mark) = (self.at, self.faults.len());
        let (value, quoted) = match self.peek() {
            Some(b'"') => (self.quoted(), true),
            Some(b'\'') if self.single_quoted_ahead() => (self.single_quoted(), false),
            _ => (Cow::Borrowed(self.unquoted()), false),
        };
        let text = self.slice(name.clone());
        if let Some(kind) = Form::of(place, scheme, text).fault(text, quoted) {
            self.faults.insert(mark, Fault { kind, span: start..self.at });
        }
        Param { name: Cow::Borrowed(text), value, span: name.start..self.at.max(name.end) }
    }

    /// Adds a parameter to its list, which must not have one of that name already.
    pub(crate) fn keep(&mut self, params: &mut Vec<Param<'a>>, param: Param<'a>) {
        let name = param.span.start..param.span.start + param.name.len();
        if params.iter().any(|earlier| earlier.is(&param.name)) {
            self.fault(FaultKind::DuplicateParameter, name.clone());
        }
        if params.len() < PARAM_LIMIT {
            params.push(param);
        } else {
            self.fault(FaultKind::TooManyParameters, name);
        }
    }

    /// Takes parameters up to the end of the text, where nothing else is allowed.
    pub(crate) fn params(&mut self, place: Place, scheme: &str) -> Vec<Param<'a>> {
        let mut params = Vec::new();
        let mut loose = true;
        loop {
            let gap = self.gap();
            let start = self.at;
            match self.peek() {
                None => return params,
                Some(b'=') => self.nameless(),
                Some(b'"') => self.stray(stray_after(loose, &gap), start),
                Some(byte) if !is_tchar(byte) => self.bad_characters(),
                Some(_) => {
                    let name = self.word();
                    if !self.equals_ahead() {
                        self.stray(stray_after(loose, &gap), start);
                    } else {
                        if !gap.separates && !loose {
                            self.fault(FaultKind::MissingComma, name.clone());
                        }
                        let param = self.param(name, place, scheme);
                        self.keep(&mut params, param);
                        loose = false;
                        continue;
                    }
                }
            }
            loose = true;
        }
    }

    /// Takes an equals sign without a name, and the value after it.
    pub(crate) fn nameless(&mut self) {
        let start = self.at;
        let _ = self.param(start..start, Place::Info, "");
        self.fault(FaultKind::EmptyName, start..self.at);
    }

    fn quoted(&mut self) -> Cow<'a, str> {
        let start = self.at;
        let (closed, end) = self.quote_end(start);
        self.at = end;
        if !closed {
            self.fault(FaultKind::UnterminatedQuote, start..end);
        }
        let inner = start + 1..if closed { end - 1 } else { end };
        self.fault_controls(inner.clone());
        let inner = self.slice(inner);
        if inner.contains('\\') { Cow::Owned(unescape(inner)) } else { Cow::Borrowed(inner) }
    }

    /// Whether the quote at `start` is closed, and where what it opens ends.
    fn quote_end(&self, start: usize) -> (bool, usize) {
        let mut at = start + 1;
        while let Some(byte) = self.byte(at) {
            match byte {
                b'"' => return (true, at + 1),
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        (false, self.text.len())
    }

    fn fault_controls(&mut self, span: Range<usize>) {
        self.look(span.len());
        let mut at = span.start;
        for run in self.slice(span).as_bytes().chunk_by(|one, next| is_control(*one) == is_control(*next)) {
            if run.first().copied().is_some_and(is_control) {
                self.fault(FaultKind::BadCharacter, at..at + run.len());
            }
            at += run.len();
        }
    }

    fn single_quoted_ahead(&self) -> bool {
        self.end_of(self.at + 1, |byte| byte != b'\'') < self.text.len()
    }

    fn single_quoted(&mut self) -> Cow<'a, str> {
        let start = self.at;
        let end = self.end_of(start + 1, |byte| byte != b'\'');
        self.at = end + 1;
        self.fault(FaultKind::SingleQuotes, start..self.at);
        Cow::Borrowed(self.slice(start + 1..end))
    }

    /// Takes a value without quotes, with all its words when it has several and none of them begins something else.
    fn unquoted(&mut self) -> &'a str {
        let start = self.at;
        self.unquoted_word();
        let mut end = self.at;
        while end > start && self.continues() {
            self.at = self.end_of(self.at, is_blank);
            self.unquoted_word();
            end = self.at;
        }
        let value = self.slice(start..end);
        if value.is_empty() {
            self.fault(FaultKind::EmptyValue, start..end);
        } else if !is_token(value) {
            self.fault(FaultKind::UnquotedValue, start..end);
        }
        value
    }

    /// Takes what stands up to a blank, a comma, or a semicolon with a parameter after it.
    fn unquoted_word(&mut self) {
        loop {
            self.at = self.end_of(self.at, |byte| !is_blank(byte) && !matches!(byte, b',' | b';'));
            if self.peek() != Some(b';') {
                return;
            }
            if self.param_after(self.at + 1) {
                return;
            }
            self.at += 1;
        }
    }

    /// Whether the next word still belongs to a value without quotes.
    fn continues(&self) -> bool {
        let start = self.end_of(self.at, is_blank);
        let end = self.end_of(start, is_tchar);
        match self.byte(start) {
            None | Some(b',' | b';' | b'"') => false,
            Some(_) if end > start && self.equals_after(end) => false,
            Some(_) => !self.opens_challenge(start..end),
        }
    }

    /// Whether this word is a well-known scheme with parameters or nothing after it.
    fn opens_challenge(&self, word: Range<usize>) -> bool {
        let end = word.end;
        registered_scheme(self.slice(word)).is_some()
            && (matches!(self.byte(self.end_of(end, is_blank)), None | Some(b',')) || self.param_after(end))
    }

    fn param_after(&self, at: usize) -> bool {
        let start = self.end_of(at, is_blank);
        let end = self.end_of(start, is_tchar);
        end > start && self.equals_after(end)
    }

    fn equals_after(&self, at: usize) -> bool {
        let at = self.end_of(at, is_blank);
        self.byte(at) == Some(b'=') && self.byte(at + 1) != Some(b'=')
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.look(1);
        self.text.as_bytes().get(at).copied()
    }

    fn end_of(&self, start: usize, belongs: impl Fn(u8) -> bool) -> usize {
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let length = rest.iter().position(|byte| !belongs(*byte)).unwrap_or(rest.len());
        self.look(length + 1);
        start + length
    }

    /// Counts bytes looked at, for the tests that hold time to the length of the text.
    fn look(&self, _bytes: usize) {
        #[cfg(test)]
        self.looks.set(self.looks.get() + _bytes);
    }
}

/// The fault of stray text after this gap; `loose` when no parameter stands before it.
pub(crate) fn stray_after(loose: bool, gap: &Gap) -> FaultKind {
    if !loose && gap.span.is_empty() { FaultKind::UnescapedQuote } else { FaultKind::StrayText }
}

/// Whether the text is a token (RFC 9110 section 5.6.2).
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_tchar)
}

/// Whether the text is a token68 (RFC 9110 section 11.2).
pub(crate) fn is_token68_text(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(is_token68)
}

pub(crate) fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

fn is_token68(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => plain.extend(chars.next()),
            _ => plain.push(char),
        }
    }
    plain
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text that says the same thing over and over, in ways that tempt a reader to look far ahead or back.
    pub(crate) fn hostile() -> impl Strategy<Value = String> {
        ("[a=\\\\\"', ;/\t\u{1}\u{e9}]{1,6}|a=\"b\"c|a=b Basic c |Basic |a=b;a=b;", "(|Digest |a |a=\"|a=')", 1..2000_usize)
            .prop_map(|(piece, before, times)| before + &piece.repeat(times))
    }

    /// A few looks a byte are fine; a number that grows with the text is not.
    #[track_caller]
    pub(crate) fn check_looks(reader: &Reader<'_>) {
        let (looks, length) = (reader.looks.get(), reader.text.len());
        assert!(looks <= 24 * length + 64, "{looks} looks at {length} bytes");
        assert!(reader.faults.len() <= 4 * length + 1, "{} faults in {length} bytes", reader.faults.len());
    }

    proptest! {
        #[test]
        fn parameters_are_read_in_linear_time(text in hostile()) {
            let mut reader = Reader::new(&text, 0);
            let _ = reader.params(Place::Credentials, "Digest");
            check_looks(&reader);
        }
    }
}
