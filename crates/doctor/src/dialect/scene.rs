//! What was said and asked, made ready for matching once: texts in lower case, without escapes and doubled blanks, bounded.

use super::form::{Phrase, Tells};
use super::grams::Grams;
use super::pattern::Pattern;
use crate::clue::Quote;
use crate::dossier::{DocumentKind, Dossier, Exchange, Header, Headers, Request, Response};
use crate::mask;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

/// No more of a text is looked at.
const LIMIT: usize = 256 * 1024;
/// No more of a text is quoted, in bytes.
const QUOTED: usize = 200;

/// A refusal, or the body of one.
pub(super) struct Scene<'a> {
    /// Its place among the exchanges; none for a document.
    exchange: Option<usize>,
    request: Option<&'a Request>,
    response: Option<&'a Response>,
    host: String,
    path: String,
    sent: Vec<Field<'a>>,
    said: Vec<Field<'a>>,
    texts: Vec<Text>,
    /// The runs of all texts together.
    grams: Grams,
}

/// A field, with its value in lower case.
struct Field<'a> {
    field: &'a Header,
    value: String,
}

impl<'a> Field<'a> {
    fn all(headers: Option<&'a Headers>) -> Vec<Self> {
        let fields = headers.into_iter().flat_map(|headers| &headers.0);
        fields.map(|field| Self { field, value: field.value.to_lowercase() }).collect()
    }
}

/// How a phrase fits.
pub(super) struct Fit {
    /// What it rests on.
    pub quotes: Vec<Quote>,
    /// Which parts of the scene's texts its patterns cover.
    pub spans: Vec<Span>,
}

/// A part of one of the scene's texts.
pub(super) struct Span {
    text: usize,
    range: Range<usize>,
}

impl Span {
    pub(super) fn covers(&self, other: &Span) -> bool {
        self.text == other.text && self.range.start <= other.range.start && other.range.end <= self.range.end
    }

    pub(super) fn len(&self) -> usize {
        self.range.len()
    }
}

/// A text in which phrases are looked for.
struct Text {
    kind: Kind,
    place: String,
    line: usize,
    said: Normal,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Body,
    Challenge,
    Failure,
    /// An error that travels in a URL, a form or a field: the answer to a login, `grpc-message`.
    Elsewhere,
}

impl<'a> Scene<'a> {
    /// The refusal, and the bodies of errors that were given alone.
    pub(super) fn all(dossier: &'a Dossier) -> Vec<Self> {
        let refusal = dossier.refusal().map(|(index, exchange)| Self::of_exchange(index, exchange));
        let bodies = dossier.documents.iter().filter(|document| document.kind == DocumentKind::ErrorBody);
        let bodies = bodies.map(|document| {
            let texts = vec![Text::new(Kind::Body, document.name.clone(), 1, &document.text)];
            Self {
                exchange: None,
                request: None,
                response: None,
                host: String::new(),
                path: String::new(),
                sent: Vec::new(),
                said: Vec::new(),
                grams: Text::grams(&texts),
                texts,
            }
        });
        refusal.into_iter().chain(bodies).collect()
    }

    fn of_exchange(index: usize, exchange: &'a Exchange) -> Self {
        let request = exchange.request.as_ref();
        let response = exchange.response.as_ref();
        let mut texts = Vec::new();
        if let Some(response) = response {
            let line = response.headers.0.last().map_or(0, |last| if last.line > 0 { last.line + 2 } else { 0 });
            texts.push(Text::new(Kind::Body, "response body".to_owned(), line, &response.body));
            for header in &response.headers.0 {
                let kind = match header.name.to_ascii_lowercase().as_str() {
                    "www-authenticate" | "proxy-authenticate" => Kind::Challenge,
                    "location" | "grpc-message" => Kind::Elsewhere,
                    _ => continue,
                };
                let place = format!("response header {}", header.name);
                let decoded =
                    if kind == Kind::Challenge { Cow::Borrowed(header.value.as_str()) } else { Cow::Owned(decoded(&header.value)) };
                texts.push(Text::new(kind, place, header.line, &decoded));
            }
        }
        if let Some(request) = request {
            // The browser brings a provider's error back in the query, or in a form that it posts.
            for (place, text) in [("request URL", request.query()), ("request body", request.body.as_str())] {
                if text.contains("error=") {
                    texts.push(Text::new(Kind::Elsewhere, place.to_owned(), request.line, &decoded(text)));
                }
            }
        }
        if let Some(failure) = &exchange.failure {
            texts.push(Text::new(Kind::Failure, "failure".to_owned(), 0, failure));
        }
        Self {
            exchange: Some(index),
            request,
            response,
            host: request.map(Request::host).unwrap_or_default(),
            path: request.map(|request| request.path().to_lowercase()).unwrap_or_default(),
            sent: Field::all(request.map(|request| &request.headers)),
            said: Field::all(response.map(|response| &response.headers)),
            grams: Text::grams(&texts),
            texts,
        }
    }

    /// Is it this product that speaks?
    pub(super) fn tells(&self, tells: &Tells) -> bool {
        (!self.host.is_empty() && tells.host.iter().any(|host| host.fits(&self.host)))
            || tells.path.iter().any(|pattern| pattern.find(&self.path).is_some())
            || tells.header.iter().any(|(name, pattern)| field(&self.said, name, pattern).is_some())
            || tells.sent.iter().any(|(name, pattern)| field(&self.sent, name, pattern).is_some())
            || self.cookie_names().any(|name| tells.cookie.iter().any(|pattern| pattern.fits(&name.to_lowercase())))
            || self.found(Kind::Challenge, &tells.challenge)
            || self.found(Kind::Body, &tells.body)
    }

    /// Does the phrase fit, and how?
    pub(super) fn fit(&self, phrase: &Phrase) -> Option<Fit> {
        if !phrase.patterns().all(|pattern| pattern.may_occur(&self.grams)) {
            return None;
        }
        let document = self.exchange.is_none();
        let status = self.response.map(|response| response.status);
        let status_fits = phrase.status.is_empty() || document || status.is_some_and(|status| phrase.status.contains(&status));
        if !status_fits || !self.asked_so(phrase) {
            return None;
        }
        let mut fit = Fit { quotes: Vec::new(), spans: Vec::new() };
        for (patterns, kind) in [
            (&phrase.text, None),
            (&phrase.body, Some(Kind::Body)),
            (&phrase.challenge, Some(Kind::Challenge)),
            (&phrase.failure, Some(Kind::Failure)),
        ] {
            if !patterns.is_empty() {
                let mut of_kind = self.texts.iter().enumerate().filter(|(_, text)| kind.is_none_or(|kind| text.kind == kind));
                let (index, ranges) = of_kind.find_map(|(index, text)| Some((index, text.all(patterns)?)))?;
                fit.quotes.extend(self.texts.get(index).zip(ranges.first()).map(|(text, first)| self.quote(text, first.start)));
                fit.spans.extend(ranges.into_iter().map(|range| Span { text: index, range }));
            }
        }
        self.fields(&phrase.header, "response", self.response.map(|_| self.said.as_slice()), &mut fit.quotes)?;
        self.fields(&phrase.sent, "request", self.request.map(|_| self.sent.as_slice()), &mut fit.quotes)?;
        Some(fit)
    }

    fn asked_so(&self, phrase: &Phrase) -> bool {
        let method = || self.request.map(|request| request.method.as_str()).unwrap_or_default();
        (phrase.method.is_empty() || phrase.method.iter().any(|one| one.eq_ignore_ascii_case(method())))
            && (phrase.path.is_empty() || phrase.path.iter().any(|pattern| pattern.find(&self.path).is_some()))
    }

    fn quote(&self, text: &Text, start: usize) -> Quote {
        // It begins with the phrase itself: what is cut off from a secret's front could no longer be told to be one.
        let end = text.said.text.floor_char_boundary(start.saturating_add(QUOTED));
        let quoted = text.said.text.get(start..end).unwrap_or_default();
        let line = if text.line == 0 { 0 } else { text.line + text.said.lines_before(start) };
        let exchange = self.exchange.map_or(0, |index| index + 1);
        Quote { place: text.place.clone(), exchange, line, text: mask::text(quoted.trim_end()) }
    }

    fn fields(&self, wanted: &BTreeMap<String, Pattern>, side: &str, fields: Option<&[Field<'a>]>, quotes: &mut Vec<Quote>) -> Option<()> {
        for (name, pattern) in wanted {
            let fields = fields?;
            if pattern.is_absence() {
                if fields.iter().any(|field| field.field.name.eq_ignore_ascii_case(name) && !field.value.is_empty()) {
                    return None;
                }
                continue;
            }
            quotes.push(Quote::header(self.exchange?, side, field(fields, name, pattern)?));
        }
        Some(())
    }

    fn found(&self, kind: Kind, patterns: &[Pattern]) -> bool {
        let of_kind = || self.texts.iter().filter(|text| text.kind == kind);
        patterns.iter().any(|pattern| pattern.may_occur(&self.grams) && of_kind().any(|text| pattern.find(&text.said.lower).is_some()))
    }

    fn cookie_names(&self) -> impl Iterator<Item = &'a str> {
        let sent = self.request.into_iter().flat_map(|request| request.headers.all("cookie")).flat_map(|field| field.value.split(';'));
        let set = self.response.into_iter().flat_map(|response| response.headers.all("set-cookie")).map(|field| field.value.as_str());
        sent.chain(set).filter_map(|pair| pair.split('=').next()).map(str::trim)
    }
}

/// The first field of this name that fits.
fn field<'a>(fields: &[Field<'a>], name: &str, pattern: &Pattern) -> Option<&'a Header> {
    fields.iter().find(|field| field.field.name.eq_ignore_ascii_case(name) && pattern.fits(&field.value)).map(|field| field.field)
}

impl Text {
    fn new(kind: Kind, place: String, line: usize, text: &str) -> Self {
        Self { kind, place, line, said: normal(text) }
    }

    fn grams(texts: &[Text]) -> Grams {
        Grams::of(texts.iter().map(|text| text.said.lower.as_str()))
    }

    /// Where the patterns stand, provided that all of them do.
    fn all(&self, patterns: &[Pattern]) -> Option<Vec<Range<usize>>> {
        patterns.iter().map(|pattern| pattern.find(&self.said.lower)).collect()
    }
}

/// A text as it is matched and quoted.
pub(super) struct Normal {
    /// Without escapes and doubled blanks.
    text: String,
    /// The same in lower case, byte for byte as long.
    pub lower: String,
    /// Where in it lines of the original ended.
    ends: Vec<usize>,
}

impl Normal {
    fn lines_before(&self, at: usize) -> usize {
        self.ends.partition_point(|end| *end <= at)
    }
}

/// Undoes what stands in the way of comparing: escapes of JSON and HTML, doubled blanks, typographic quotes.
pub(super) fn normal(text: &str) -> Normal {
    let text = text.get(..text.floor_char_boundary(LIMIT)).unwrap_or_default().trim();
    let mut out = String::with_capacity(text.len());
    let mut ends = Vec::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let (char, length) = unescaped(rest).unwrap_or((char, char.len_utf8()));
        rest = rest.get(length..).unwrap_or_default();
        if char == '\n' {
            ends.push(out.len());
        }
        match char {
            '\u{2018}' | '\u{2019}' => out.push('\''),
            '\u{201c}' | '\u{201d}' => out.push('"'),
            // `"key" : "value"` reads as `"key":"value"`.
            ':' if out.ends_with("\" ") => {
                out.pop();
                out.push(':');
            }
            char if char.is_whitespace() => {
                if !out.ends_with(' ') && !out.ends_with("\":") {
                    out.push(' ');
                }
            }
            char => out.push(char),
        }
    }
    let lower = out.to_ascii_lowercase();
    Normal { text: out, lower, ends }
}

/// The character for which an escape stands, and the escape's length.
fn unescaped(text: &str) -> Option<(char, usize)> {
    const NAMED: [(&str, char); 14] = [
        ("\\\"", '"'),
        ("\\/", '/'),
        ("\\n", ' '),
        ("\\r", ' '),
        ("\\t", ' '),
        ("&#39;", '\''),
        ("&#039;", '\''),
        ("&#x27;", '\''),
        ("&apos;", '\''),
        ("&#34;", '"'),
        ("&quot;", '"'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&amp;", '&'),
    ];
    if !text.starts_with(['\\', '&']) {
        return None;
    }
    if let Some(hex) = text.strip_prefix("\\u").and_then(|rest| rest.get(..4)) {
        return u32::from_str_radix(hex, 16).ok().and_then(char::from_u32).map(|char| (char, 6));
    }
    NAMED.iter().find(|(escape, _)| text.starts_with(escape)).map(|(escape, char)| (*char, escape.len()))
}

/// Percent-escapes and plus signs of a query undone.
fn decoded(text: &str) -> String {
    let text = text.get(..text.floor_char_boundary(LIMIT)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        rest = match (byte, hex) {
            (b'%', Some(escaped)) => {
                bytes.push(escaped);
                after.get(2..).unwrap_or_default()
            }
            (b'+', _) => {
                bytes.push(b' ');
                after
            }
            _ => {
                bytes.push(byte);
                after
            }
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
