//! A whole session of a browser, down to its refusals and the chain before each of them.
//!
//! Small recordings are kept whole. What the browser gave up itself (a blocked tracker, a cancelled navigation) is no
//! refusal, and a refused icon is none where something else was refused.

use super::file::{Entry, Message};

/// Up to so many entries all are kept.
const SMALL: usize = 40;
/// The most refusals that are kept: the last ones.
const REFUSALS: usize = 20;
/// The most entries that are kept before one refusal, of each kind.
const BEFORE: usize = 6;
/// How far back the chain before a refusal is looked for.
const HORIZON: usize = 3000;

/// The failures that a browser makes itself, which say nothing of the server.
const OWN_DOING: &[&str] = &["ERR_BLOCKED_BY_CLIENT", "ERR_ABORTED", "NS_BINDING_ABORTED", "ERR_CACHE_MISS", "ERR_NETWORK_CHANGED"];
const ASSETS: &[&str] =
    &[".ico", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".woff", ".woff2", ".ttf", ".css", ".map", ".mp4", ".webmanifest"];

/// The indices of the entries that are kept, in order.
pub(super) fn choose(entries: &[Entry]) -> Vec<usize> {
    let wanted = |entry: &Entry| !given_up(entry);
    let refused: Vec<usize> = (0..entries.len()).filter(|&at| entries.get(at).is_some_and(refused)).collect();
    let serious = refused.iter().any(|&at| entries.get(at).is_some_and(|entry| !asset(entry)));
    let drop_asset = |entry: &Entry| serious && asset(entry) && self::refused(entry);
    if entries.len() <= SMALL {
        let kept: Vec<usize> =
            entries.iter().enumerate().filter(|(_, entry)| wanted(entry) && !drop_asset(entry)).map(|(at, _)| at).collect();
        return if kept.is_empty() { (0..entries.len()).collect() } else { kept };
    }
    let mut kept: Vec<usize> = Vec::new();
    let chosen = refused.iter().rev().filter(|&&at| !entries.get(at).is_some_and(drop_asset)).take(REFUSALS);
    for &at in chosen {
        kept.push(at);
        if let (Some(refusal), Some(before)) = (entries.get(at), entries.get(at.saturating_sub(HORIZON)..at)) {
            chain(refusal, before, at - before.len(), &mut kept);
        }
    }
    if kept.is_empty() {
        kept.extend((0..entries.len()).filter(|&at| entries.get(at).is_some_and(|entry| wanted(entry) && !asset(entry))).rev().take(SMALL));
    }
    kept.sort_unstable();
    kept.dedup();
    kept
}

/// What led to a refusal: its redirects and preflight, the token requests, and what the same host answered before.
fn chain(refusal: &Entry, before: &[Entry], offset: usize, kept: &mut Vec<usize>) {
    let host = host(&refusal.request.url.0);
    let mut target = path(&refusal.request.url.0).to_owned();
    let (mut tokens, mut same) = (0, 0);
    for (at, entry) in before.iter().enumerate().rev() {
        let url = &entry.request.url.0;
        let leads_here = !entry.response.redirect.0.is_empty() && path(&entry.response.redirect.0) == target;
        if leads_here {
            path(url).clone_into(&mut target);
        }
        let preflight = entry.request.method.0 == "OPTIONS" && url == &refusal.request.url.0;
        let token = tokens < BEFORE && entry.request.method.0 == "POST" && issues_tokens(url);
        let neighbour = same < BEFORE && !asset(entry) && !given_up(entry) && self::host(url) == host;
        tokens += usize::from(token);
        same += usize::from(neighbour);
        if leads_here || preflight || token || neighbour {
            kept.push(offset + at);
        }
    }
}

fn issues_tokens(url: &str) -> bool {
    let path = path(url).to_ascii_lowercase();
    ["token", "oauth", "login", "signin", "sign-in", "session", "/auth", "saml", "/acs"].iter().any(|word| path.contains(word))
}

/// Why there is no response, where the recording says so and the browser did not give up by itself.
pub(super) fn failure(entry: &Entry) -> Option<String> {
    if given_up(entry) {
        return None;
    }
    let error = error(entry);
    let cross_origin = header(&entry.request, "origin").is_some_and(|origin| !entry.request.url.0.starts_with(&format!("{origin}/")));
    let no_answer = status(entry) == 0;
    match error {
        Some(error) if error.contains("ERR_FAILED") && cross_origin && !error.contains("CORS") => {
            Some(format!("{error} on a request to another origin: a browser reports a refusal by CORS like this"))
        }
        Some(error) if no_answer || error.contains("CORS") || error.contains("ERR_") => Some(error.to_owned()),
        None if no_answer && cross_origin => {
            Some("no response (status 0) to a request to another origin: a browser reports a refusal by CORS like this".to_owned())
        }
        _ => None,
    }
}

fn error(entry: &Entry) -> Option<&str> {
    [&entry.response.error, &entry.error, &entry.request.error, &entry.response.comment]
        .into_iter()
        .take(if status(entry) == 0 { 4 } else { 3 })
        .map(|text| text.0.trim())
        .find(|text| !text.is_empty())
}

/// Did the browser end it itself?
fn given_up(entry: &Entry) -> bool {
    status(entry) == 0 && error(entry).is_some_and(|error| OWN_DOING.iter().any(|own| error.contains(own)))
}

fn refused(entry: &Entry) -> bool {
    matches!(status(entry), 400..=403 | 407 | 419 | 421 | 429 | 440 | 495..=499 | 511) || failure(entry).is_some()
}

fn status(entry: &Entry) -> u16 {
    entry.response.status.0.parse::<f64>().map_or(0, |status| status.clamp(0.0, 999.0) as u16)
}

fn asset(entry: &Entry) -> bool {
    let path = path(&entry.request.url.0).to_ascii_lowercase();
    matches!(entry.resource.0.as_str(), "image" | "font" | "stylesheet" | "media" | "ping" | "manifest")
        || ASSETS.iter().any(|ending| path.ends_with(ending))
        || (path.ends_with(".js") && !matches!(entry.resource.0.as_str(), "xhr" | "fetch"))
}

fn header<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    message.headers.iter().find(|pair| pair.name.0.eq_ignore_ascii_case(name)).map(|pair| pair.value.0.as_str())
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The path without its query.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"));
    rest.split(['?', '#']).next().unwrap_or_default()
}
