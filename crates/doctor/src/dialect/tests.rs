//! Where phrases are heard and how they are quoted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::clues;
use crate::dossier::{Document, DocumentKind, Dossier, Exchange, Header, Headers, Request, Response};

fn exchange(url: &str, status: u16, fields: &[(&str, &str)], body: &str) -> Dossier {
    let field =
        |(index, (name, value)): (usize, &(&str, &str))| Header { name: (*name).to_owned(), value: (*value).to_owned(), line: index + 5 };
    let headers = Headers(fields.iter().enumerate().map(field).collect());
    let request = Request { method: "GET".to_owned(), url: url.to_owned(), ..Request::default() };
    let response = Response { status, headers, body: body.to_owned(), line: 4 };
    let exchange = Exchange { request: Some(request), response: Some(response), ..Exchange::default() };
    Dossier { exchanges: vec![exchange], ..Dossier::default() }
}

/// The loudest clue: its cause, and the place, the line and the beginning of what it quotes.
#[track_caller]
fn check(dossier: &Dossier, cause: &str, place: &str, line: usize, text: &str) {
    let clues = clues(dossier);
    let loudest = clues.first().expect("nothing was heard");
    let quote = &loudest.quotes[0];
    assert_eq!((loudest.code.code(), quote.place.as_str(), quote.line), (cause, place, line));
    assert!(quote.text.starts_with(text), "{}", quote.text);
}

#[test]
fn phrases_are_heard_wherever_they_are_said() {
    let json = ("Content-Type", "application/json");
    let body = exchange("https://api.example/", 401, &[json], "{\n  \"error\": {\n    \"message\": \"JWT\\u0020Expired\"\n  }\n}");
    check(&body, "token-expired", "response body", 9, "JWT Expired");
    let challenge = [json, ("WWW-Authenticate", "Bearer error=\"invalid_token\", error_description=\"The audience 'a' is invalid\"")];
    check(
        &exchange("https://api.example/", 401, &challenge, ""),
        "token-audience-mismatch",
        "response header WWW-Authenticate",
        6,
        "The audience 'a'",
    );
    let location = [("Location", "https://app.example/cb?error=access_denied&error_description=AADSTS50105%3a+not+assigned")];
    check(
        &exchange("https://id.example/", 302, &location, ""),
        "permission-insufficient",
        "response header Location",
        5,
        "AADSTS50105: not",
    );
    let back = "https://app.example/cb?error=login_required&error_description=AADSTS50058%3A%20nobody";
    check(&exchange(back, 403, &[], ""), "session-unknown", "request URL", 0, "AADSTS50058: nobody");
    let message = [("grpc-status", "16"), ("grpc-message", "token%20is%20expired%20by%202h")];
    check(
        &exchange("https://api.example/", 200, &message, ""),
        "token-expired",
        "response header grpc-message",
        6,
        "token is expired by 2h",
    );
}

#[test]
fn a_body_without_its_exchange_is_heard() {
    let text = "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: The keys are expired.\"}".to_owned();
    let document = Document { kind: DocumentKind::ErrorBody, text, name: "error.json".to_owned() };
    check(&Dossier { documents: vec![document], ..Dossier::default() }, "client-refused", "error.json", 1, "AADSTS7000222");
}

#[test]
fn one_word_of_a_longer_text_does_not_drown_it() {
    let said = "{\"message\":\"The refresh token is invalid.\",\"hint\":\"Token has expired\"}";
    check(&exchange("https://app.example/", 401, &[], said), "refresh-token-expired", "response body", 0, "The refresh token is invalid");
}

#[test]
fn what_nobody_documents_is_not_heard() {
    assert!(clues(&exchange("https://app.example/", 401, &[], "Computer says no. AADSTS5005812345")).is_empty());
}
