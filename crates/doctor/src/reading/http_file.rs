//! Files of requests, `.http` and `.rest`, as editors run them: `###` between requests, `@name = value` and `{{name}}`, comments,
//! scripts, bodies in files. A placeholder that nothing fills stays as it is written. Recorded responses among them are read.

use super::{ReadFault, exchange};
use crate::dossier::{Dossier, Request};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::borrow::Cow;
use std::collections::HashMap;

/// Does the file's name say so, or are there variables around a request?
pub(crate) fn recognise(name: &str, text: &str) -> bool {
    let named = [".http", ".rest"].iter().any(|end| name.to_ascii_lowercase().ends_with(end));
    let (mut requests, mut variables) = (false, false);
    for line in text.lines().take(100_000) {
        let request = is_request(line);
        requests |= request;
        variables |= definition(line).is_some() || (request && line.contains("{{")) || line.starts_with("###");
        if requests && (named || variables) {
            return true;
        }
    }
    false
}

/// Reads all requests, and the responses that were recorded among them.
pub(crate) fn read(name: &str, text: &str) -> Result<Dossier, ReadFault> {
    let _ = name;
    let mut filler = Filler::default();
    let mut not_seen = Vec::new();
    let mut script = false;
    let lines = text.split('\n').enumerate().filter_map(|(index, line)| {
        let line = line.trim_end_matches('\r');
        if script || line.starts_with("> {%") || line.starts_with("< {%") {
            script = !line.trim_end().ends_with("%}");
            return None;
        }
        if let Some((name, value)) = definition(line) {
            filler.define(name, value);
            return None;
        }
        if let Some(file) = line.strip_prefix("< ").or_else(|| line.strip_prefix("<@ ")).map(str::trim)
            && (file.starts_with(['.', '/']) || file.ends_with(".json") || file.ends_with(".xml"))
        {
            not_seen.push(format!("the body, which is in the file {file}"));
            return None;
        }
        let answer = line.starts_with("<> ") || line.starts_with("> ./") || line.starts_with(">> ") || line.starts_with(">>! ");
        (!answer).then(|| (index + 1, filler.fill(line)))
    });
    let mut dossier = exchange::read_requests(lines)?;
    for exchange in &mut dossier.exchanges {
        if let Some(request) = &mut exchange.request {
            encode(request, &mut not_seen);
        }
    }
    not_seen.extend(filler.unfilled.iter().map(|name| format!("the value of {{{{{name}}}}}: it is not defined in the file")));
    dossier.not_seen.extend(not_seen);
    Ok(dossier)
}

/// A request's first line, with or without a version.
fn is_request(line: &str) -> bool {
    const METHODS: &[&str] = &["GET ", "POST ", "PUT ", "PATCH ", "DELETE ", "HEAD ", "OPTIONS ", "https://", "http://"];
    METHODS.iter().any(|method| line.starts_with(method)) && line.len() > 8
}

/// `@name = value`
fn definition(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix('@')?.split_once('=')?;
    let name = name.trim();
    let letters = name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'));
    (letters && !name.is_empty()).then(|| (name, value.trim()))
}

/// Editors encode `Basic user password` and answer Digest challenges themselves.
fn encode(request: &mut Request, not_seen: &mut Vec<String>) {
    request.headers.0.retain_mut(|header| {
        if !header.name.eq_ignore_ascii_case("authorization") {
            return true;
        }
        let Some((scheme, rest)) = header.value.split_once(' ') else { return true };
        let rest = rest.trim();
        let pair = match rest.split_once(' ') {
            Some((user, password)) => format!("{user}:{}", password.trim()),
            None => rest.to_owned(),
        };
        if scheme.eq_ignore_ascii_case("basic") && pair.contains(':') {
            header.value = format!("Basic {}", BASE64_STANDARD.encode(pair));
        } else if scheme.eq_ignore_ascii_case("digest") && !rest.contains('=') && rest.contains(' ') {
            not_seen.push(format!(
                "the Authorization field that the editor makes with Digest for {}",
                rest.split(' ').next().unwrap_or_default()
            ));
            return false;
        }
        true
    });
}

/// The most bytes by which filled variables may lengthen a file.
const GROWTH: usize = 8 * 1024 * 1024;

#[derive(Default)]
struct Filler {
    values: HashMap<String, String>,
    unfilled: Vec<String>,
    grown: usize,
}

impl Filler {
    fn define(&mut self, name: &str, value: &str) {
        let value = self.fill(value).into_owned();
        self.grown += value.len();
        self.values.insert(name.to_owned(), value);
    }

    fn fill<'a>(&mut self, line: &'a str) -> Cow<'a, str> {
        if !line.contains("{{") || self.grown > GROWTH {
            return Cow::Borrowed(line);
        }
        let mut filled = String::with_capacity(line.len());
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, behind)) = after.split_once("}}") else { break };
            filled.push_str(before);
            match self.values.get(name.trim()) {
                Some(value) if self.grown <= GROWTH => {
                    filled.push_str(value);
                    self.grown += value.len();
                }
                _ => {
                    filled.push_str(&format!("{{{{{name}}}}}"));
                    let name = name.trim();
                    if !name.starts_with('$')
                        && self.unfilled.len() < 20
                        && name.len() < 100
                        && !self.unfilled.iter().any(|known| known == name)
                    {
                        self.unfilled.push(name.to_owned());
                    }
                }
            }
            rest = behind;
        }
        filled.push_str(rest);
        Cow::Owned(filled)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    /// Each exchange as `METHOD URL field=value… | body | status`.
    #[track_caller]
    fn check(text: &str, expect: &[&str], not_seen: usize) {
        assert!(recognise("a.http", text), "{text}");
        let dossier = read("a.http", text).unwrap();
        let told: Vec<String> = dossier
            .exchanges
            .iter()
            .map(|exchange| {
                let request = exchange.request.clone().unwrap_or_default();
                let fields: String =
                    request.headers.0.iter().map(|header| format!(" {}:{}={}", header.line, header.name, header.value)).collect();
                let status = exchange.response.as_ref().map_or(0, |response| response.status);
                format!("{} {} {}{fields} | {} | {status}", request.line, request.method, request.url, request.body)
            })
            .collect();
        assert_eq!(told, expect, "{text}");
        assert_eq!(dossier.not_seen.len(), not_seen, "{:?}", dossier.not_seen);
    }

    #[test]
    fn variables_are_filled_where_they_are_known() {
        check(
            "@host = https://api.example.com\n@url = {{host}}/v1\n\n### List\n# @name list\nGET {{url}}/orders\n    ?page=1\n    &size=2\nAuthorization: Bearer {{token}}\n# a comment\nAccept: */*\n\n### Add\nPOST {{url}}/orders HTTP/1.1\nContent-Type: application/json\n\n{\"a\": \"{{b}}\"}\n\n> {%\n client.test();\n%}\n",
            &[
                "6 GET https://api.example.com/v1/orders?page=1&size=2 9:Authorization=Bearer {{token}} 11:Accept=*/* |  | 0",
                "14 POST https://api.example.com/v1/orders 15:Content-Type=application/json | {\"a\": \"{{b}}\"} | 0",
            ],
            2,
        );
    }

    #[test]
    fn credentials_are_encoded_as_the_editors_do() {
        check(
            "GET https://a.example/\nAuthorization: Basic ann secret\n\n###\nhttps://a.example/\n\n###\nGET https://a.example/\nAuthorization: Digest ann secret\n\n< ./body.json\n",
            &[
                "1 GET https://a.example/ 2:Authorization=Basic YW5uOnNlY3JldA== |  | 0",
                "5 GET https://a.example/ |  | 0",
                "8 GET https://a.example/ |  | 0",
            ],
            2,
        );
    }

    #[test]
    fn responses_belong_to_the_request_before_them() {
        check(
            "GET https://a.example/one\n\nHTTP/1.1 302 Found\nLocation: /two\n\n###\n\nGET https://a.example/two\n\nHTTP/1.1 401 Unauthorized\n\nno\n",
            &["1 GET https://a.example/one |  | 302", "8 GET https://a.example/two |  | 401"],
            0,
        );
    }

    #[test]
    fn growth_has_a_bound() {
        let mut text = format!("@a = {}\n", "x".repeat(60_000));
        text.push_str(&format!("GET https://a.example/\n\n{}\n", "{{a}}".repeat(1000)));
        let dossier = read("a.http", &text).unwrap();
        assert!(dossier.exchanges[0].request.as_ref().unwrap().body.len() < 2 * GROWTH);
    }
}
