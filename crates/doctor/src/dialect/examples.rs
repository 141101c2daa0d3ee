//! Every dialect is tested by its own examples: each must match its phrase, and no other phrase may speak louder for
//! another family.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::form::{Dialect, Phrase, read};
use super::pattern::Pattern;
use super::scene::Scene;
use super::{FILES, clues};
use crate::dossier::{Dossier, Exchange, Header, Headers, Request, Response};
use std::collections::HashSet;

fn every() -> Vec<(&'static str, Dialect)> {
    let files = FILES.iter().map(|(name, text)| (*name, read(text).unwrap_or_else(|fault| panic!("{name}: {fault}"))));
    files.flat_map(|(name, dialects)| dialects.into_iter().map(move |dialect| (name, dialect))).collect()
}

#[test]
fn dialects_are_well_formed() {
    let mut names = HashSet::new();
    let mut faults = Vec::new();
    for (file, dialect) in every() {
        let mut must = |holds: bool, what: String| {
            if !holds {
                faults.push(format!("{file}: {}: {what}", dialect.product));
            }
        };
        must(dialect.source.starts_with("https://"), "source is no https URL".to_owned());
        must(!dialect.phrases.is_empty(), "has no phrase".to_owned());
        for phrase in &dialect.phrases {
            let name = &phrase.name;
            let kebab = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            must(kebab && names.insert(name.clone()), format!("{name}: the name is not in kebab-case, or there twice"));
            must(!phrase.causes.is_empty(), format!("{name}: no causes"));
            must(phrase.causes.iter().all(|cause| (1..=99).contains(&cause.weight)), format!("{name}: a weight is not from 1 to 99"));
            must(!phrase.says.trim().is_empty(), format!("{name}: says nothing"));
            let said = [&phrase.text, &phrase.body, &phrase.challenge, &phrase.failure].into_iter().flatten();
            let said: Vec<&str> = said.chain(phrase.header.values()).map(|pattern| pattern.written.as_str()).collect();
            let fields = phrase.header.iter().map(|(name, pattern)| name.len() + pattern.written.len());
            let longest = said.iter().map(|said| said.len()).chain(fields).max().unwrap_or(0);
            let conditions = said.len() + phrase.sent.len() + phrase.path.len() + phrase.status.len();
            must(conditions > 0, format!("{name}: no condition"));
            must(!phrase.anywhere || longest >= 8, format!("{name}: too short to count anywhere"));
            let causes: HashSet<_> = phrase.causes.iter().map(|cause| cause.code).collect();
            must(causes.len() == phrase.causes.len(), format!("{name}: one cause twice"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn examples_match_their_phrases() {
    let mut faults = Vec::new();
    for (file, dialect) in every() {
        for phrase in &dialect.phrases {
            let dossier = acted(&dialect, phrase);
            let scenes = Scene::all(&dossier);
            let fits = scenes.iter().any(|scene| (phrase.anywhere || scene.tells(&dialect.tells)) && scene.fit(phrase).is_some());
            if !fits {
                faults.push(format!("{file}: {}: its example does not match", phrase.name));
            }
            let mut clues = clues(&dossier);
            clues.sort_by_key(|clue| std::cmp::Reverse(clue.weight));
            let loudest = clues.first().map(|clue| clue.code.family());
            if fits && loudest != Some(phrase.causes[0].code.family()) && !phrase.fallback {
                let heard: Vec<String> = clues.iter().map(|clue| format!("{} {} ({})", clue.code, clue.weight, clue.because)).collect();
                faults.push(format!("{file}: {}: another phrase is louder: {}", phrase.name, heard.join(" | ")));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The example as a dossier. What the example does not say about the request follows from the phrase's conditions.
fn acted(dialect: &Dialect, phrase: &Phrase) -> Dossier {
    let some = |pattern: &Pattern| pattern.written.trim_matches(['^', '$']).replace('*', "x");
    let (asked, mut headers, body) = parsed(&phrase.asked);
    let mut words = asked.split(' ');
    let method = words.next().filter(|word| !word.is_empty()).unwrap_or(phrase.method.first().map_or("GET", String::as_str));
    let path = phrase.path.first().or(dialect.tells.path.first()).map(|path| format!("/{}", some(path).trim_start_matches('/')));
    let url = words.next().map(str::to_owned).or(path).unwrap_or_else(|| "/".to_owned());
    let mut add = |name: &str, value: String| {
        if headers.get(name).is_none() && !value.is_empty() {
            headers.0.push(Header { name: name.to_owned(), value, line: 0 });
        }
    };
    phrase.sent.iter().for_each(|(name, pattern)| add(name, some(pattern)));
    add("host", dialect.tells.host.first().map_or("app.example".to_owned(), some));
    let request = Request { method: method.to_owned(), url, headers, body, line: 1 };
    if let Some(failure) = phrase.example.strip_prefix("failure: ") {
        let exchange = Exchange { request: Some(request), failure: Some(failure.to_owned()), ..Exchange::default() };
        return Dossier { exchanges: vec![exchange], ..Dossier::default() };
    }
    let (line, headers, body) = parsed(&phrase.example);
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("{}: the example has no status line", phrase.name));
    let response = Response { status, headers, body, line: 1 };
    let exchange = Exchange { request: Some(request), response: Some(response), ..Exchange::default() };
    Dossier { exchanges: vec![exchange], ..Dossier::default() }
}

fn parsed(message: &str) -> (&str, Headers, String) {
    let (head, body) = message.split_once("\n\n").unwrap_or((message, ""));
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let fields = lines.filter_map(|line| line.split_once(':'));
    let headers = fields.map(|(name, value)| Header { name: name.to_owned(), value: value.trim().to_owned(), line: 0 }).collect();
    (first, Headers(headers), body.to_owned())
}
