//! What the server says, in one readable form: the visible text of a page, the members of a JSON object, challenges, and
//! fields that carry messages. Not what it means: tables of phrases are the findings'.

use super::refusal::{Refusal, json};
use crate::catalogue::Code;
use crate::clue::{Clue, Quote};
use crate::dossier::{DocumentKind, Dossier};

/// A phrase that means a cause. `*` stands for up to [`GAP`] bytes of anything; the phrase is in lower case and begins at a word.
pub(crate) struct Phrase(pub &'static str, pub u8, pub Code);

/// The most that is looked at of one body.
const LIMIT: usize = 64 * 1024;
/// The most that a `*` stands for.
const GAP: usize = 80;

/// Everything that the server said about a refusal.
pub(crate) struct Said {
    /// The status; 0 where only a body was given.
    pub status: u16,
    pieces: Vec<Piece>,
    hedge: Option<Heard>,
}

struct Piece {
    place: String,
    exchange: usize,
    line: usize,
    shown: String,
    folded: String,
}

/// A phrase that was found.
#[derive(Clone)]
pub(crate) struct Heard {
    /// The words with what stands around them.
    pub words: String,
    /// Where.
    pub quote: Quote,
}

/// Words that name two causes at once. They are no evidence for either alone, and are told apart before anything is looked for.
const HEDGES: &[&str] = &[
    "invalid or expired",
    "expired or invalid",
    "invalid/expired",
    "expired/invalid",
    "invalid, expired",
    "expired, invalid",
    "invalid or has expired",
    "invalid or it has expired",
    "expired or is invalid",
    "expired or been revoked",
    "expired or was revoked",
    "expired or revoked",
    "expired, revoked",
    "revoked or expired",
    "expired, is invalid",
    "invalid or missing",
    "missing or invalid",
    "missing/invalid",
    "invalid or not provided",
    "missing or expired",
    "not found or expired",
    "malformed or expired",
    "not valid or has expired",
    "incorrect or expired",
    // Advice, which is given whatever the reason was.
    "has not expired",
    "hasn't expired",
    "have not expired",
    "is not expired",
    "not be expired",
];

/// Fields of an answer that carry a message for people.
const MESSAGES: &[&str] = &[
    "x-amzn-errortype",
    "x-amz-error-code",
    "x-amz-error-message",
    "x-amzn-remapped-www-authenticate",
    "x-error",
    "x-error-message",
    "x-error-code",
    "x-error-detail",
    "x-ms-error-code",
    "x-auth-error",
    "x-auth-failure",
    "x-reason",
    "x-deny-reason",
    "x-message",
    "x-squid-error",
    "x-status-reason",
    "x-status-message",
    "warning",
    "npm-notice",
    "grpc-message",
    "x-github-sso",
    "x-authentication-denied-reason",
    "x-seraph-loginreason",
    "x-application-context-error",
    "www-authenticate",
    "proxy-authenticate",
    "cf-mitigated",
];

impl Said {
    /// Everything said about the dossier's refusal, or the bodies that were given alone.
    pub(crate) fn of(dossier: &Dossier) -> Self {
        let mut said = Self { status: 0, pieces: Vec::new(), hedge: None };
        if let Some(refusal) = Refusal::of(dossier) {
            said.status = refusal.status();
            said.hear(&refusal);
        }
        for document in dossier.documents.iter().filter(|document| document.kind == DocumentKind::ErrorBody) {
            let (shown, _) = readable(&document.text);
            said.piece(document.name.clone(), 0, 0, shown);
        }
        said.tell_hedges();
        said
    }

    fn hear(&mut self, refusal: &Refusal<'_>) {
        let exchange = refusal.index + 1;
        if let Some(failure) = &refusal.exchange.failure {
            self.piece("failure that the tool reported".to_owned(), exchange, 0, plain(failure));
        }
        let Some(response) = refusal.response() else { return };
        for header in &response.headers.0 {
            let name = header.name.to_ascii_lowercase();
            if MESSAGES.contains(&name.as_str()) {
                self.piece(format!("response header {}", header.name), exchange, header.line, plain(&header.value));
            }
            if name == "location" && header.value.contains("error") {
                self.piece("response header Location".to_owned(), exchange, header.line, plain(&percent(&header.value)));
            }
        }
        let head = response.headers.0.iter().map(|header| header.line).max().unwrap_or_default().max(response.line);
        let (shown, html) = readable(&response.body);
        let place = if html { "response page" } else { "response body" };
        let line = if head == 0 { 0 } else { head + 2 };
        self.piece(place.to_owned(), exchange, line, shown);
        if let Some(value) = json(&response.body) {
            let mut codes = Vec::new();
            spelled(&value, &mut codes, 0);
            self.piece("response body, its code in words".to_owned(), exchange, line, codes.join("\n"));
        }
    }

    fn piece(&mut self, place: String, exchange: usize, line: usize, shown: String) {
        if !shown.is_empty() {
            let folded = shown.to_ascii_lowercase();
            self.pieces.push(Piece { place, exchange, line, shown, folded });
        }
    }

    fn tell_hedges(&mut self) {
        for hedge in HEDGES {
            let heard = self.find(hedge);
            for piece in &mut self.pieces {
                if piece.folded.contains(hedge) {
                    piece.folded = piece.folded.replace(hedge, &" ".repeat(hedge.len()));
                }
            }
            self.hedge = self.hedge.take().or(heard);
        }
    }

    /// Words that name two causes at once, such as `invalid or expired`.
    pub(crate) fn hedge(&self) -> Option<&Heard> {
        self.hedge.as_ref()
    }

    /// Is there a body or a message at all?
    pub(crate) fn is_silent(&self) -> bool {
        self.pieces.iter().all(|piece| piece.place.ends_with("WWW-Authenticate") || piece.shown.len() < 4)
    }

    /// The folded text of everything, for findings that look for something other than phrases.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().map(|piece| piece.folded.as_str())
    }

    /// The first place where the phrase stands.
    pub(crate) fn find(&self, phrase: &str) -> Option<Heard> {
        self.pieces.iter().find_map(|piece| {
            let (start, end) = find(&piece.folded, phrase)?;
            let words = around(&piece.shown, start, end);
            let quote = Quote { place: piece.place.clone(), exchange: piece.exchange, line: piece.line, text: crate::mask::text(&words) };
            Some(Heard { words: quote.text.clone(), quote })
        })
    }

    /// The first of these phrases that stands anywhere.
    pub(crate) fn any(&self, phrases: &[&str]) -> Option<Heard> {
        phrases.iter().find_map(|phrase| self.find(phrase))
    }

    /// The strongest clue for each cause that a table of phrases gives.
    pub(crate) fn clues(&self, finding: &'static str, table: &[Phrase]) -> Vec<Clue> {
        let mut clues: Vec<Clue> = Vec::new();
        for Phrase(phrase, weight, code) in table {
            let Some(heard) = self.find(phrase) else { continue };
            match clues.iter_mut().find(|clue| clue.code == *code) {
                Some(clue) if clue.weight >= *weight => {}
                Some(clue) => *clue = heard.clue(finding, *code, *weight),
                None => clues.push(heard.clue(finding, *code, *weight)),
            }
        }
        clues
    }
}

impl Heard {
    /// A clue that rests on these words.
    pub(crate) fn clue(self, finding: &'static str, code: Code, weight: u8) -> Clue {
        Clue::new(finding, code, weight, format!("The server says so: “{}”.", self.words.trim_end_matches('.'))).quote(self.quote)
    }
}

/// The codes of a JSON error as words: `USER.DISABLED` and `UserDisabled` say `user disabled`. One word alone says nothing new.
fn spelled(value: &serde_json::Value, codes: &mut Vec<String>, depth: usize) {
    const NAMES: &[&str] = &["code", "error", "errorcode", "error_code", "errortype", "error_type", "type", "reason", "status"];
    match value {
        serde_json::Value::Object(members) if depth < 4 => {
            for (name, inner) in members.iter().take(40) {
                match inner {
                    serde_json::Value::String(code) if NAMES.contains(&name.to_ascii_lowercase().as_str()) => {
                        codes.extend(words_of(code).filter(|_| codes.len() < 20));
                    }
                    _ => spelled(inner, codes, depth + 1),
                }
            }
        }
        serde_json::Value::Array(inner) if depth < 4 => inner.iter().take(10).for_each(|value| spelled(value, codes, depth + 1)),
        _ => {}
    }
}

/// The words of an identifier in camel case or with dots, dashes or underscores.
fn words_of(code: &str) -> Option<String> {
    if !(6..=80).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte)) {
        return None;
    }
    let mut words = String::with_capacity(code.len() + 8);
    let mut lower = false;
    for c in code.chars() {
        if c.is_ascii_uppercase() && lower {
            words.push(' ');
        }
        lower = c.is_ascii_lowercase();
        words.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
    }
    words.trim().contains(' ').then(|| words.trim().to_owned())
}

/// Where a phrase stands: its parts in order, each within [`GAP`] bytes of the one before, the first at the start of a word.
fn find(text: &str, phrase: &str) -> Option<(usize, usize)> {
    let mut parts = phrase.split('*').map(str::trim);
    let first = parts.next()?;
    let rest: Vec<&str> = parts.collect();
    // A bound on how often a phrase may begin keeps hostile bodies cheap.
    text.match_indices(first).filter(|(at, _)| begins_word(text, *at, first)).take(50).find_map(|(start, _)| {
        let mut end = start + first.len();
        for part in &rest {
            let near = window(text, end, GAP + part.len());
            end += near.find(part)? + part.len();
        }
        Some((start, end))
    })
}

fn begins_word(text: &str, at: usize, phrase: &str) -> bool {
    !phrase.starts_with(|first: char| first.is_alphanumeric())
        || !text.get(..at).is_some_and(|before| before.ends_with(char::is_alphanumeric))
}

/// At most so many bytes from a place on, cut at a character's boundary.
fn window(text: &str, from: usize, length: usize) -> &str {
    let mut end = (from + length).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(from..end).unwrap_or_default()
}

/// The phrase with the rest of its line, at most some sixty bytes on either side.
fn around(text: &str, start: usize, end: usize) -> String {
    let mut from = start.saturating_sub(60);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let before = text.get(from..start).unwrap_or_default();
    let before = before.rsplit('\n').next().unwrap_or_default();
    let after = window(text, end, 60).split('\n').next().unwrap_or_default();
    format!("{before}{}{after}", text.get(start..end).unwrap_or_default().replace('\n', " ")).trim().to_owned()
}

/// The text that a person would read in a body, and whether it is a page.
fn readable(body: &str) -> (String, bool) {
    let body = window(body, 0, LIMIT);
    if let Some(value) = json(body) {
        let mut text = String::new();
        flatten("", &value, &mut text, 0);
        return (text, false);
    }
    let start = window(body.trim_start(), 0, 400).to_ascii_lowercase();
    let html = ["<!doctype html", "<html", "<head", "<body", "<h1", "<h2", "<p>", "<title"].iter().any(|tag| start.contains(tag));
    (if html || start.starts_with('<') { visible(body) } else { plain(body) }, html)
}

fn flatten(name: &str, value: &serde_json::Value, text: &mut String, depth: usize) {
    if depth > 16 {
        return;
    }
    match value {
        serde_json::Value::Object(members) => members.iter().for_each(|(name, value)| flatten(name, value, text, depth + 1)),
        serde_json::Value::Array(items) => items.iter().for_each(|item| flatten(name, item, text, depth + 1)),
        scalar => {
            let said = scalar.as_str().map_or_else(|| scalar.to_string(), plain);
            if !name.is_empty() {
                text.push_str(name);
                text.push_str(": ");
            }
            text.push_str(&said);
            text.push('\n');
        }
    }
}

/// A page's or an XML document's text: without tags, scripts and styles. Names of XML elements stay, as `Name: text`.
fn visible(page: &str) -> String {
    let folded = page.to_ascii_lowercase();
    let mut text = String::with_capacity(page.len() / 2);
    let mut rest = page;
    while let Some(open) = rest.find('<') {
        let (before, tag) = rest.split_at_checked(open).unwrap_or((rest, ""));
        text.push_str(before);
        let lower = window(tag, 0, 8).to_ascii_lowercase();
        let closing = [("<script", "</script"), ("<style", "</style"), ("<!--", "-->"), ("<svg", "</svg")];
        let skip = closing.iter().find(|(start, _)| lower.starts_with(start));
        // What is never closed runs to the end of the page; to look on would take quadratic time.
        let from = match skip {
            Some((_, end)) => folded.get(page.len() - tag.len()..).and_then(|tag| tag.find(end)).unwrap_or(tag.len()),
            None => 0,
        };
        rest = tag.get(from..).and_then(|tag| tag.find('>').and_then(|close| tag.get(close + 1..))).unwrap_or("");
        let name: String = tag.chars().skip(1).take_while(|c| c.is_ascii_alphanumeric()).collect();
        match name.as_str() {
            "Code" | "Message" => text.push_str(&format!("\n{name}: ")),
            "p" | "div" | "br" | "h1" | "h2" | "h3" | "title" | "li" | "tr" | "" => text.push('\n'),
            _ => text.push(' '),
        }
    }
    text.push_str(rest);
    plain(&text)
}

/// Entities and typographic quotes undone, blanks collapsed, line ends kept.
fn plain(text: &str) -> String {
    const ENTITIES: &[(&str, &str)] = &[
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#039;", "'"),
        ("&apos;", "'"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    let mut text =
        window(text, 0, LIMIT).replace(['\u{2019}', '\u{2018}'], "'").replace(['\u{201c}', '\u{201d}'], "\"").replace('\u{a0}', " ");
    if text.contains('&') {
        for (entity, plain) in ENTITIES {
            text = text.replace(entity, plain);
        }
    }
    let lines = text.lines().map(|line| line.split([' ', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Percent escapes and `+` undone, as in a query.
pub(crate) fn percent(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex = || {
            rest.clone()
                .next()
                .zip(rest.clone().nth(1))
                .and_then(|(a, b)| Some(char::from(a).to_digit(16)? * 16 + char::from(b).to_digit(16)?))
        };
        match (byte, hex()) {
            (b'%', Some(value)) => {
                bytes.push(u8::try_from(value).unwrap_or(b'?'));
                rest.next();
                rest.next();
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, phrase: &str, expect: bool) {
        assert_eq!(find(text, phrase).is_some(), expect, "{phrase} in {text}");
    }

    #[test]
    fn phrases_are_found_at_words() {
        check("the token has expired", "token has expired", true);
        check("casino token", "no token", false);
        check("user 'x' is locked", "user * is locked", true);
        check(&format!("user {} is locked", "x".repeat(200)), "user * is locked", false);
        check("ünlocked", "locked", false);
    }

    #[test]
    fn codes_are_read_as_words() {
        for (code, expect) in [
            ("USER.DISABLED", Some("user disabled")),
            ("UserNotConfirmed", Some("user not confirmed")),
            ("token_expired", Some("token expired")),
            ("unauthorized", None),
            ("No such user", None),
        ] {
            assert_eq!(words_of(code).as_deref(), expect);
        }
    }

    #[test]
    fn bodies_are_made_readable() {
        for (body, expect) in [
            (r#"{"error":{"message":"a \"b\""},"n":1}"#, "message: a \"b\"\nn: 1\n"),
            ("<html><head><title>No</title><script>x<y</script></head><body><p>Can&#39;t  do</p></body></html>", "No\nCan't do"),
            ("<Error><Code>AccessDenied</Code><Message>No</Message></Error>", "Code: AccessDenied\nMessage: No"),
            ("plain  text", "plain text"),
            ("<", ""),
            ("<script", ""),
        ] {
            assert_eq!(readable(body).0, expect);
        }
        assert_eq!(percent("a%20b+c%2"), "a b c%2");
    }

    #[test]
    fn unclosed_markup_hides_the_rest_only() {
        assert_eq!(visible(&format!("<p>seen</p>{}", "<script>".repeat(8_000))), "seen");
        assert_eq!(visible(&"<".repeat(60_000)), "");
    }
}
