//! curl's options as the request that they make: what curl itself would put on the wire, as far as the command tells.

use super::options;
use super::words::Words;
use crate::dossier::{Header, Headers, Request};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The requests of one command, one for each URL.
pub(super) fn requests(words: &Words, not_seen: &mut Vec<String>) -> Vec<Request> {
    super::unseen_variables(words, not_seen);
    let mut requests = Vec::new();
    let mut call = Call::default();
    let mut pairs = words.words.iter().zip(&words.lines).skip(1).peekable();
    let mut plain = false;
    while let Some((word, &line)) = pairs.next() {
        let mut argument = || pairs.next().map(|(word, _)| word.as_str()).unwrap_or_default();
        if plain || !word.starts_with('-') || word == "-" {
            call.urls.push(word.clone());
        } else if word == "--" {
            plain = true;
        } else if word == "--next" || word == "-:" {
            requests.extend(std::mem::take(&mut call).requests(not_seen));
        } else if let Some(long) = word.strip_prefix("--") {
            let (name, given) = long.split_once('=').map_or((long, None), |(name, given)| (name, Some(given)));
            let value = if options::LONG.contains(&name) { given.unwrap_or_else(argument) } else { "" };
            call.option(name, value, line, not_seen);
        } else {
            let cluster = word.trim_start_matches('-');
            for (at, short) in cluster.char_indices() {
                let rest = cluster.get(at + short.len_utf8()..).unwrap_or_default();
                let takes = options::SHORT.contains(short);
                let value = match (takes, rest) {
                    (false, _) => "",
                    (true, "") => argument(),
                    (true, rest) => rest,
                };
                if let Some(name) = options::long(short) {
                    call.option(name, value, line, not_seen);
                }
                if takes {
                    break;
                }
            }
        }
    }
    requests.extend(call.requests(not_seen));
    requests
}

/// The options between two `--next`.
#[derive(Default)]
struct Call {
    urls: Vec<String>,
    method: Option<String>,
    headers: Vec<Header>,
    removed: Vec<String>,
    data: Option<String>,
    form: bool,
    json: bool,
    get: bool,
    head: bool,
    upload: bool,
    query: Vec<String>,
    user: Option<(String, usize)>,
    bearer: Option<(String, usize)>,
    scheme: Option<&'static str>,
    agent: Option<(String, usize)>,
}

impl Call {
    fn option(&mut self, name: &str, value: &str, line: usize, not_seen: &mut Vec<String>) {
        match name {
            "url" => self.urls.push(value.to_owned()),
            "request" => self.method = Some(value.to_owned()),
            "header" => self.header(value, line, not_seen),
            "user-agent" => self.agent = Some((value.to_owned(), line)),
            "referer" => self.field("Referer", value.trim_end_matches(";auto"), line),
            "range" => self.field("Range", &format!("bytes={value}"), line),
            "cookie" if value.contains('=') => self.field("Cookie", value, line),
            "cookie" => not_seen.push(format!("the cookies in the file {value}")),
            "user" => self.user = Some((value.to_owned(), line)),
            "oauth2-bearer" => self.bearer = Some((value.to_owned(), line)),
            "digest" | "ntlm" | "negotiate" | "anyauth" | "basic" | "aws-sigv4" => {
                self.scheme = ["digest", "ntlm", "negotiate", "anyauth", "basic", "aws-sigv4"].into_iter().find(|scheme| *scheme == name);
            }
            "data" | "data-ascii" | "data-binary" if value.starts_with('@') => {
                not_seen.push(format!("the body, which is in the file {}", value.trim_start_matches('@')));
                self.data.get_or_insert_default();
            }
            "data" | "data-ascii" | "data-binary" | "data-raw" => self.add("&", value),
            "data-urlencode" => {
                let value = value.strip_prefix('=').unwrap_or(value);
                let (name, text) = value.split_once('=').map_or(("", value), |(name, text)| (name, text));
                match value.split('=').next().is_some_and(|name| name.contains('@')) {
                    true => not_seen.push("a part of the body, which is in a file".to_owned()),
                    false if name.is_empty() => self.add("&", &encoded(text)),
                    false => self.add("&", &format!("{name}={}", encoded(text))),
                }
            }
            "json" => {
                self.json = true;
                match value.strip_prefix('@') {
                    Some(file) => not_seen.push(format!("the body, which is in the file {file}")),
                    None => self.add("", value),
                }
                self.data.get_or_insert_default();
            }
            "form" | "form-string" => {
                self.form = true;
                self.add("\n", value);
            }
            "get" => self.get = true,
            "head" => self.head = true,
            "upload-file" => {
                self.upload = true;
                not_seen.push(format!("the body, which is in the file {value}"));
            }
            "url-query" => self.query.push(value.trim_start_matches('+').to_owned()),
            "netrc" | "netrc-file" | "netrc-optional" => not_seen.push("the credentials in the netrc file".to_owned()),
            "cert" => not_seen.push("the client certificate of --cert".to_owned()),
            "proxy" => not_seen.push("what the proxy of --proxy does with the request".to_owned()),
            "config" => not_seen.push(format!("the options in the file {value}")),
            _ => {}
        }
    }

    /// `Name: value`; `Name;` is an empty field, `Name:` takes curl's own away.
    fn header(&mut self, value: &str, line: usize, not_seen: &mut Vec<String>) {
        if let Some(file) = value.strip_prefix('@') {
            return not_seen.push(format!("the header fields in the file {file}"));
        }
        match value.split_once(':') {
            Some((name, rest)) if rest.trim().is_empty() => self.removed.push(name.trim().to_ascii_lowercase()),
            Some((name, rest)) => self.field(name.trim(), rest.trim(), line),
            None => {
                if let Some(name) = value.trim_end().strip_suffix(';') {
                    self.field(name, "", line);
                }
            }
        }
    }

    fn field(&mut self, name: &str, value: &str, line: usize) {
        self.headers.push(Header { name: name.to_owned(), value: value.to_owned(), line });
    }

    fn add(&mut self, between: &str, value: &str) {
        let data = self.data.get_or_insert_default();
        if !data.is_empty() {
            data.push_str(between);
        }
        data.push_str(value);
    }

    fn requests(mut self, not_seen: &mut Vec<String>) -> Vec<Request> {
        let urls = std::mem::take(&mut self.urls);
        urls.iter().take(100).map(|url| self.request(url, not_seen)).collect()
    }

    fn request(&self, url: &str, not_seen: &mut Vec<String>) -> Request {
        let mut url = absolute(url);
        let mut headers = self.headers.clone();
        let has = |headers: &[Header], name: &str| headers.iter().any(|header| header.name.eq_ignore_ascii_case(name));
        if !has(&headers, "authorization")
            && let Some((value, line)) = self.authorization(&url, not_seen)
        {
            headers.insert(0, Header { name: "Authorization".to_owned(), value, line });
        }
        if let Some((agent, line)) = &self.agent
            && !agent.is_empty()
        {
            headers.push(Header { name: "User-Agent".to_owned(), value: agent.clone(), line: *line });
        }
        let body = match (&self.data, self.get || self.head) {
            (Some(data), true) => {
                extend_query(&mut url, data);
                String::new()
            }
            (data, _) => data.clone().unwrap_or_default(),
        };
        self.query.iter().for_each(|query| extend_query(&mut url, query));
        let sends = self.data.is_some() && !self.get && !self.head;
        let kind = match (sends, self.json, self.form) {
            (false, ..) => None,
            (_, true, _) => Some("application/json"),
            (_, _, true) => Some("multipart/form-data"),
            _ => Some("application/x-www-form-urlencoded"),
        };
        // What curl sends by itself stands on no line.
        let agent = self.agent.is_none().then_some(("User-Agent", "curl"));
        let accept = if self.json { "application/json" } else { "*/*" };
        let own = [agent, Some(("Accept", accept)), kind.map(|kind| ("Content-Type", kind))];
        for (name, value) in own.into_iter().flatten() {
            if !has(&headers, name) && !self.removed.iter().any(|removed| removed.eq_ignore_ascii_case(name)) {
                headers.push(Header { name: name.to_owned(), value: value.to_owned(), line: 0 });
            }
        }
        let method = match &self.method {
            Some(method) => method.clone(),
            None if self.head => "HEAD".to_owned(),
            None if sends => "POST".to_owned(),
            None if self.upload => "PUT".to_owned(),
            None => "GET".to_owned(),
        };
        Request { method, url, headers: Headers(headers), body, line: 1 }
    }

    /// The field that curl makes of `--user`, of the URL's user or of `--oauth2-bearer`.
    fn authorization(&self, url: &str, not_seen: &mut Vec<String>) -> Option<(String, usize)> {
        if let Some((token, line)) = &self.bearer {
            return Some((format!("Bearer {token}"), *line));
        }
        let (user, line) = match &self.user {
            Some(user) => user.clone(),
            None => (userinfo(url)?, 1),
        };
        match self.scheme {
            None | Some("basic") => {}
            Some(scheme) => {
                let name = user.split(':').next().unwrap_or_default();
                let name = if scheme == "aws-sigv4" { "the access key" } else { name };
                not_seen.push(format!("the Authorization field that curl makes with --{scheme} for {name}"));
                return None;
            }
        }
        if !user.contains(':') {
            not_seen.push(format!("the password of {user}, for which curl asks"));
            return None;
        }
        Some((basic(&user), line))
    }
}

/// `Basic` credentials for `user:password`.
pub(super) fn basic(pair: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

/// User and password in a URL, decoded.
pub(super) fn userinfo(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    Some(decoded(user))
}

/// The URL with the scheme that curl takes where there is none.
pub(super) fn absolute(url: &str) -> String {
    let named = url.contains("://") || url.starts_with('$') || url.starts_with("{{");
    if named { url.to_owned() } else { format!("http://{}", url.trim_start_matches('/')) }
}

pub(super) fn extend_query(url: &mut String, query: &str) {
    url.push(if url.contains('?') { '&' } else { '?' });
    url.push_str(query);
}

pub(super) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex =
            after.get(..2).filter(|_| first == b'%').and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match hex {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
