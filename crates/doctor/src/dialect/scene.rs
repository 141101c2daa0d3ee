//! What was said and asked, made ready for matching once: texts in lower case, without escapes and doubled blanks, bounded.

use super::form::{Phrase, Tells};
use super::pattern::Pattern;
use crate::clue::Quote;
use crate::dossier::{DocumentKind, Dossier, Exchange, Headers, Request, Response};
use crate::mask;
use std::collections::BTreeMap;

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
    texts: Vec<Text>,
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
        let bodies = bodies.map(|document| Self {
            exchange: None,
            request: None,
            response: None,
            host: String::new(),
            texts: vec![Text { kind: Kind::Body, place: document.name.clone(), line: 1, said: normal(&document.text) }],
        });
        refusal.into_iter().chain(bodies).collect()
    }

    fn of_exchange(index: usize, exchange: &'a Exchange) -> Self {
        let request = exchange.request.as_ref();
        let response = exchange.response.as_ref();
        let mut texts = Vec::new();
        if let Some(response) = response {
            let line = response.headers.0.last().map_or(0, |last| if last.line > 0 { last.line + 2 } else { 0 });
            texts.push(Text { kind: Kind::Body, place: "response body".to_owned(), line, said: normal(&response.body) });
            for header in &response.headers.0 {
                let kind = match header.name.to_ascii_lowercase().as_str() {
                    "www-authenticate" | "proxy-authenticate" => Kind::Challenge,
                    "location" | "grpc-message" => Kind::Elsewhere,
                    _ => continue,
                };
                let place = format!("response header {}", header.name);
                let said = if kind == Kind::Challenge { normal(&header.value) } else { normal(&decoded(&header.value)) };
                texts.push(Text { kind, place, line: header.line, said });
            }
        }
        if let Some(request) = request {
            // The browser brings a provider's error back in the query, or in a form that it posts.
            for (place, text) in [("request URL", request.query()), ("request body", request.body.as_str())] {
                if text.contains("error=") {
                    texts.push(Text { kind: Kind::Elsewhere, place: place.to_owned(), line: request.line, said: normal(&decoded(text)) });
                }
            }
        }
        if let Some(failure) = &exchange.failure {
            texts.push(Text { kind: Kind::Failure, place: "failure".to_owned(), line: 0, said: normal(failure) });
        }
        Self { exchange: Some(index), request, response, host: request.map(Request::host).unwrap_or_default(), texts }
    }

    /// Is it this product that speaks?
    pub(super) fn tells(&self, tells: &Tells) -> bool {
        let path = self.request.map(|request| request.path().to_lowercase());
        let any_field = |fields: &BTreeMap<String, Pattern>, headers: Option<&Headers>| {
            headers.is_some_and(|headers| fields.iter().any(|(name, pattern)| headers.all(name).any(|field| pattern.fits(&field.value))))
        };
        (!self.host.is_empty() && tells.host.iter().any(|host| host.fits(&self.host)))
            || path.is_some_and(|path| tells.path.iter().any(|pattern| pattern.find(&path).is_some()))
            || any_field(&tells.header, self.response.map(|response| &response.headers))
            || any_field(&tells.sent, self.request.map(|request| &request.headers))
            || self.cookie_names().any(|name| tells.cookie.iter().any(|pattern| pattern.fits(name)))
            || self.found(Kind::Challenge, &tells.challenge)
            || self.found(Kind::Body, &tells.body)
    }

    /// Does the phrase fit? Then what it rests on.
    pub(super) fn matches(&self, phrase: &Phrase) -> Option<Vec<Quote>> {
        let document = self.exchange.is_none();
        let status = self.response.map(|response| response.status);
        let status_fits = phrase.status.is_empty() || document || status.is_some_and(|status| phrase.status.contains(&status));
        if !status_fits || !self.asked_so(phrase) {
            return None;
        }
        let mut quotes = Vec::new();
        for (patterns, kind) in [
            (&phrase.text, None),
            (&phrase.body, Some(Kind::Body)),
            (&phrase.challenge, Some(Kind::Challenge)),
            (&phrase.failure, Some(Kind::Failure)),
        ] {
            if !patterns.is_empty() {
                let of_kind = self.texts.iter().filter(|text| kind.is_none_or(|kind| text.kind == kind));
                quotes.push(of_kind.filter_map(|text| self.quote(text, patterns)).next()?);
            }
        }
        self.fields(&phrase.header, "response", self.response.map(|response| &response.headers), &mut quotes)?;
        self.fields(&phrase.sent, "request", self.request.map(|request| &request.headers), &mut quotes)?;
        Some(quotes)
    }

    fn asked_so(&self, phrase: &Phrase) -> bool {
        let path = || self.request.map(|request| request.path().to_lowercase());
        let method = || self.request.map(|request| request.method.as_str()).unwrap_or_default();
        (phrase.method.is_empty() || phrase.method.iter().any(|one| one.eq_ignore_ascii_case(method())))
            && (phrase.path.is_empty() || path().is_some_and(|path| phrase.path.iter().any(|pattern| pattern.find(&path).is_some())))
    }

    /// All patterns in one text: where the first stands.
    fn quote(&self, text: &Text, patterns: &[Pattern]) -> Option<Quote> {
        let mut found = None;
        for pattern in patterns {
            let range = pattern.find(&text.said.lower)?;
            found.get_or_insert(range.start);
        }
        let start = found?;
        // It begins with the phrase itself: what is cut off from a secret's front could no longer be told to be one.
        let end = text.said.text.floor_char_boundary(start.saturating_add(QUOTED));
        let quoted = text.said.text.get(start..end).unwrap_or_default();
        let line = if text.line == 0 { 0 } else { text.line + text.said.lines_before(start) };
        Some(Quote {
            place: text.place.clone(),
            exchange: self.exchange.map_or(0, |index| index + 1),
            line,
            text: mask::text(quoted.trim_end()),
        })
    }

    fn fields(&self, wanted: &BTreeMap<String, Pattern>, side: &str, headers: Option<&Headers>, quotes: &mut Vec<Quote>) -> Option<()> {
        for (name, pattern) in wanted {
            let headers = headers?;
            if pattern.is_absence() {
                if headers.get(name).is_some_and(|value| !value.is_empty()) {
                    return None;
                }
                continue;
            }
            let field = headers.all(name).find(|field| pattern.fits(&field.value))?;
            quotes.push(Quote::header(self.exchange?, side, field));
        }
        Some(())
    }

    fn found(&self, kind: Kind, patterns: &[Pattern]) -> bool {
        let of_kind = || self.texts.iter().filter(|text| text.kind == kind);
        patterns.iter().any(|pattern| of_kind().any(|text| pattern.find(&text.said.lower).is_some()))
    }

    fn cookie_names(&self) -> impl Iterator<Item = &'a str> {
        let sent = self.request.into_iter().flat_map(|request| request.headers.all("cookie")).flat_map(|field| field.value.split(';'));
        let set = self.response.into_iter().flat_map(|response| response.headers.all("set-cookie")).map(|field| field.value.as_str());
        sent.chain(set).filter_map(|pair| pair.split('=').next()).map(str::trim)
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
