//! Exchanges staged for the findings' tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::catalogue::Code;
use crate::clue::Clue;
use crate::dossier::{Dossier, Exchange, Header, Headers, Request, Response};

/// An exchange with a bearer token of no known form, and this answer.
pub(crate) fn answered(status: u16, fields: &str, body: &str) -> Dossier {
    exchanged("GET https://api.example.com/things\nAuthorization: Bearer 7f3c1e5a9b2d4680", status, fields, body)
}

/// An exchange: the request as a line with method and URL, then fields, then after an empty line a body.
pub(crate) fn exchanged(request: &str, status: u16, fields: &str, body: &str) -> Dossier {
    Dossier { exchanges: vec![exchange(request, status, fields, body)], ..Dossier::default() }
}

/// One of several exchanges.
pub(crate) fn exchange(request: &str, status: u16, fields: &str, body: &str) -> Exchange {
    let (head, sent) = request.split_once("\n\n").unwrap_or((request, ""));
    let (line, asked) = head.split_once('\n').unwrap_or((head, ""));
    let (method, url) = line.split_once(' ').unwrap();
    let request = Request { method: method.to_owned(), url: url.to_owned(), headers: headers(asked), body: sent.to_owned(), line: 1 };
    let response = Response { status, headers: headers(fields), body: body.to_owned(), line: 1 };
    Exchange { request: Some(request), response: Some(response), ..Exchange::default() }
}

fn headers(text: &str) -> Headers {
    let fields = text.lines().filter_map(|line| line.split_once(':'));
    Headers(fields.map(|(name, value)| Header { name: name.to_owned(), value: value.trim().to_owned(), line: 1 }).collect())
}

/// The strongest clue speaks for this cause, with at least this weight; none where there is no clue as strong.
#[track_caller]
pub(crate) fn check(clues: Vec<Clue>, expect: Option<&str>, least: u8) {
    let mut best: Option<&Clue> = None;
    for clue in &clues {
        if best.is_none_or(|best| clue.weight > best.weight) {
            best = Some(clue);
        }
    }
    let found = best.filter(|clue| clue.weight >= least).map(|clue| clue.code);
    assert_eq!(found.map(Code::code), expect, "{clues:?}");
}
