//! wget's options as the request that they make.

use super::request::{absolute, basic, userinfo};
use super::words::Words;
use crate::dossier::{Header, Request};

/// Short options with an argument.
const SHORT: &str = "aoeiBtOTwQPUlARDIX";

/// The requests of one command.
pub(super) fn requests(words: &Words, not_seen: &mut Vec<String>) -> Vec<Request> {
    super::unseen_variables(words, not_seen);
    let mut request = Request { method: "GET".to_owned(), ..Request::default() };
    let (mut urls, mut user, mut password) = (Vec::new(), None, None);
    let mut pairs = words.words.iter().zip(&words.lines).skip(1);
    while let Some((word, &line)) = pairs.next() {
        let Some(long) = word.strip_prefix("--") else {
            match word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
                None => urls.push(word.as_str()),
                Some(short) if short.len() == 1 && SHORT.contains(short) => {
                    let argument = pairs.next().map(|(word, _)| word.as_str()).unwrap_or_default();
                    if short == "U" {
                        request.headers.0.push(Header { name: "User-Agent".to_owned(), value: argument.to_owned(), line });
                    }
                }
                Some(_) => {}
            }
            continue;
        };
        const LONG: &[&str] = &[
            "header",
            "user",
            "http-user",
            "password",
            "http-password",
            "user-agent",
            "method",
            "body-data",
            "post-data",
            "body-file",
            "post-file",
            "referer",
            "load-cookies",
            "certificate",
            "output-document",
            "tries",
            "timeout",
        ];
        let (name, given) = long.split_once('=').map_or((long, None), |(name, given)| (name, Some(given)));
        if !LONG.contains(&name) {
            continue;
        }
        let value = given.or_else(|| pairs.next().map(|(word, _)| word.as_str())).unwrap_or_default();
        let mut field = |name: &str, value: &str| {
            request.headers.0.push(Header { name: name.to_owned(), value: value.trim().to_owned(), line });
        };
        match name {
            "header" => value.split_once(':').into_iter().for_each(|(name, value)| field(name.trim(), value)),
            "user-agent" => field("User-Agent", value),
            "referer" => field("Referer", value),
            "user" | "http-user" => user = Some(value.to_owned()),
            "password" | "http-password" => password = Some(value.to_owned()),
            "method" => value.clone_into(&mut request.method),
            "body-data" => value.clone_into(&mut request.body),
            "post-data" => {
                value.clone_into(&mut request.body);
                "POST".clone_into(&mut request.method);
            }
            "body-file" | "post-file" => not_seen.push(format!("the body, which is in the file {value}")),
            "load-cookies" => not_seen.push(format!("the cookies in the file {value}")),
            "certificate" => not_seen.push("the client certificate of --certificate".to_owned()),
            _ => {}
        }
    }
    let pair = user.map(|user| format!("{user}:{}", password.unwrap_or_default()));
    let request = |url: &&str| {
        let mut request = request.clone();
        request.url = absolute(url);
        let pair = pair.clone().or_else(|| userinfo(&request.url));
        if let Some(pair) = pair.filter(|_| request.headers.get("authorization").is_none()) {
            request.headers.0.push(Header { name: "Authorization".to_owned(), value: basic(&pair), line: 1 });
        }
        if request.headers.get("user-agent").is_none() {
            request.headers.0.push(Header { name: "User-Agent".to_owned(), value: "Wget".to_owned(), line: 0 });
        }
        request.line = 1;
        request
    };
    urls.iter().take(100).map(request).collect()
}
