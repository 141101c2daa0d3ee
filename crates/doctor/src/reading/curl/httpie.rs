//! HTTPie's command line, and xh's, which is the same: `http POST example.com/orders Name:value field=text -a user:password`.

use super::request::{basic, encoded, extend_query};
use super::words::Words;
use crate::dossier::{Header, Request};

/// Options with an argument.
const VALUED: &[&str] = &[
    "-a",
    "--auth",
    "-A",
    "--auth-type",
    "-o",
    "--output",
    "-p",
    "--print",
    "-s",
    "--style",
    "--session",
    "--session-read-only",
    "--proxy",
    "--verify",
    "--cert",
    "--cert-key",
    "--timeout",
    "--max-redirects",
    "--raw",
    "--bearer",
    "--pretty",
];

/// The request of one command.
pub(super) fn requests(words: &Words, not_seen: &mut Vec<String>) -> Vec<Request> {
    super::unseen_variables(words, not_seen);
    let secure = words.words.first().is_some_and(|program| program.ends_with("https") || program.ends_with("xhs"));
    let mut request = Request { line: 1, ..Request::default() };
    let (mut auth, mut kind, mut form, mut pairs_of_body) = (None, "basic".to_owned(), false, Vec::new());
    let mut words = words.words.iter().zip(&words.lines).skip(1);
    while let Some((word, &line)) = words.next() {
        let (name, given) =
            word.split_once('=').filter(|_| word.starts_with("--")).map_or((word.as_str(), None), |(name, given)| (name, Some(given)));
        if VALUED.contains(&name) {
            let value = given.or_else(|| words.next().map(|(word, _)| word.as_str())).unwrap_or_default().to_owned();
            match name {
                "-a" | "--auth" => auth = Some((value, line)),
                "-A" | "--auth-type" => kind = value,
                "--bearer" => (auth, kind) = (Some((value, line)), "bearer".to_owned()),
                "--raw" => request.body = value,
                "--session" | "--session-read-only" => not_seen.push(format!("the credentials and cookies of the session {value}")),
                "--cert" => not_seen.push("the client certificate of --cert".to_owned()),
                _ => {}
            }
        } else if word.starts_with('-') {
            form |= word == "-f" || word == "--form";
        } else if request.url.is_empty()
            && request.method.is_empty()
            && word.len() >= 3
            && word.bytes().all(|byte| byte.is_ascii_uppercase())
        {
            word.clone_into(&mut request.method);
        } else if request.url.is_empty() {
            request.url = absolute(word, secure);
        } else {
            item(&mut request, word, line, &mut pairs_of_body, not_seen);
        }
    }
    if request.url.is_empty() {
        return Vec::new();
    }
    if !pairs_of_body.is_empty() {
        request.body = body(&pairs_of_body, form);
    }
    if request.method.is_empty() {
        (if request.body.is_empty() { "GET" } else { "POST" }).clone_into(&mut request.method);
    }
    if let Some((value, line)) = auth {
        match kind.as_str() {
            "bearer" => request.headers.0.push(Header { name: "Authorization".to_owned(), value: format!("Bearer {value}"), line }),
            "basic" if value.contains(':') => {
                request.headers.0.push(Header { name: "Authorization".to_owned(), value: basic(&value), line })
            }
            "basic" => not_seen.push(format!("the password of {value}, for which the command asks")),
            kind => not_seen.push(format!("the Authorization field that the command makes with --auth-type {kind}")),
        }
    }
    let own = [("User-Agent", "HTTPie"), ("Accept", "application/json, */*;q=0.5")];
    for (name, value) in own {
        if request.headers.get(name).is_none() {
            request.headers.0.push(Header { name: name.to_owned(), value: value.to_owned(), line: 0 });
        }
    }
    vec![request]
}

/// `Name:value` is a field, `name==value` of the query, `name=value` and `name:=json` of the body.
fn item(request: &mut Request, word: &str, line: usize, body: &mut Vec<(String, String, bool)>, not_seen: &mut Vec<String>) {
    let Some(at) = word.find([':', '=', '@']) else { return };
    let (name, rest) = word.split_at_checked(at).unwrap_or((word, ""));
    if let Some(value) = rest.strip_prefix("==") {
        extend_query(&mut request.url, &format!("{name}={}", encoded(value)));
    } else if let Some(value) = rest.strip_prefix(":=") {
        body.push((name.to_owned(), value.to_owned(), true));
    } else if let Some(value) = rest.strip_prefix('=') {
        body.push((name.to_owned(), value.to_owned(), false));
    } else if let Some(value) = rest.strip_prefix(':') {
        request.headers.0.push(Header { name: name.to_owned(), value: value.trim().to_owned(), line });
    } else {
        not_seen.push(format!("the part {name} of the body, which is in a file"));
    }
}

fn body(pairs: &[(String, String, bool)], form: bool) -> String {
    if form {
        return pairs.iter().map(|(name, value, _)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&");
    }
    let value = |text: &String, raw: bool| match raw {
        true => serde_json::from_str(text).unwrap_or(serde_json::Value::Null),
        false => serde_json::Value::String(text.clone()),
    };
    let members: serde_json::Map<_, _> = pairs.iter().map(|(name, text, raw)| (name.clone(), value(text, *raw))).collect();
    serde_json::Value::Object(members).to_string()
}

/// `:8080/path` is on this machine; without a scheme it is the program's.
fn absolute(url: &str, secure: bool) -> String {
    let scheme = if secure { "https" } else { "http" };
    match url {
        _ if url.contains("://") => url.to_owned(),
        _ if url.starts_with(":/") => format!("{scheme}://localhost{}", url.trim_start_matches(':')),
        _ if url.starts_with(':') => format!("{scheme}://localhost{url}"),
        _ => format!("{scheme}://{url}"),
    }
}
