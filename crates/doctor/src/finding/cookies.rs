//! A cookie that was set and did not come back: why the browser kept it.

use super::date;
use super::refusal::{Refusal, origin, site};
use super::sent;
use crate::catalogue::Code::{self, Foreign};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::{Dossier, Header};
use countersign::ForeignCause;

const NAME: &str = "cookies";
const NOT_SENT: Code = Foreign(ForeignCause::CookieNotSent);

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let Some(refusal) = Refusal::of(dossier) else { return Vec::new() };
    let Some(request) = refusal.request() else { return Vec::new() };
    if !matches!(refusal.status(), 300..=403 | 419) || refusal.is_preflight() {
        return Vec::new();
    }
    let mut clues = Vec::new();
    let sent: Vec<String> =
        request.headers.all("cookie").flat_map(|header| sent::cookies(header).map(|cookie| cookie.name).collect::<Vec<_>>()).collect();
    let token = sent::credentials(request).iter().any(|sent| matches!(sent.place, sent::Place::Authorization | sent::Place::Field));
    for (index, exchange) in refusal.earlier().take(50) {
        let (Some(first), Some(response)) = (&exchange.request, &exchange.response) else { continue };
        for header in response.headers.all("set-cookie").take(20) {
            let Some(cookie) = Cookie::read(header) else { continue };
            let related = site(&first.host()) == site(&request.host()) || both_local(&first.host(), &request.host());
            if sent.contains(&cookie.name) || sent::is_furniture(&cookie.name) || !related || cookie.deleted() || clues.len() > 2 {
                continue;
            }
            if let Some((weight, because, fix)) = why(&cookie, &first.host(), &refusal) {
                let weight = if token { weight / 2 } else { weight };
                let clue = Clue::new(
                    NAME,
                    NOT_SENT,
                    weight,
                    format!("The cookie {} was set before and did not come with this request: {because}", cookie.name),
                );
                let clue = clue.quote(Quote::header(index, "response", header));
                clues.push(match fix {
                    Some(line) => clue.fix(Side::Server, "Set it so that it comes back.", &[line]),
                    None => clue,
                });
            }
        }
    }
    if sent.is_empty() && !token {
        clues.extend(local_names(&refusal));
        clues.extend(own_answer(&refusal));
    }
    clues
}

struct Cookie<'a> {
    name: String,
    size: usize,
    attributes: Vec<(String, &'a str)>,
}

impl<'a> Cookie<'a> {
    fn read(header: &'a Header) -> Option<Self> {
        let mut parts = header.value.split(';');
        let pair = parts.next()?;
        let (name, _) = pair.split_once('=')?;
        let attributes = parts
            .take(20)
            .map(|part| part.trim().split_once('=').unwrap_or((part.trim(), "")))
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect();
        Some(Self { name: name.trim().to_owned(), size: pair.len(), attributes })
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    fn deleted(&self) -> bool {
        self.get("max-age").is_some_and(|age| age.starts_with(['0', '-']))
            || self.get("expires").and_then(date::http).is_some_and(|at| at < 1_000_000)
    }
}

fn both_local(a: &str, b: &str) -> bool {
    let local = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "::1" | "0.0.0.0");
    local(a) && local(b)
}

/// Is the request one that a page of another site makes?
fn cross_site(refusal: &Refusal<'_>) -> bool {
    if let Some(header) = refusal.asked("sec-fetch-site") {
        return header.value.eq_ignore_ascii_case("cross-site");
    }
    let from = refusal.asked("origin").or_else(|| refusal.asked("referer")).and_then(|header| origin(&header.value));
    let host = refusal.request().map(crate::dossier::Request::host).unwrap_or_default();
    from.is_some_and(|(_, other, _)| !host.is_empty() && site(&other) != site(&host))
}

type Why = (u8, &'static str, Option<&'static str>);

fn why(cookie: &Cookie<'_>, set_by: &str, refusal: &Refusal<'_>) -> Option<Why> {
    let request = refusal.request()?;
    let host = request.host();
    let plain = request.url.starts_with("http://") && !matches!(host.as_str(), "localhost" | "127.0.0.1");
    let secure = cookie.get("secure").is_some();
    let same_site = cookie.get("samesite").unwrap_or_default().to_ascii_lowercase();
    if cookie.name.starts_with("__Host-") && (!secure || cookie.get("domain").is_some() || cookie.get("path") != Some("/")) {
        return Some((
            94,
            "a name that begins with __Host- is taken only with Secure, Path=/ and no Domain.",
            Some("Set-Cookie: __Host-…; Secure; Path=/"),
        ));
    }
    if cookie.name.starts_with("__Secure-") && !secure {
        return Some((94, "a name that begins with __Secure- is taken only with Secure.", None));
    }
    if cookie.size > 4096 {
        return Some((94, "it is larger than 4096 bytes, and browsers drop such a cookie without a word.", None));
    }
    if same_site == "none" && !secure {
        return Some((94, "SameSite=None is taken only together with Secure.", Some("Set-Cookie: …; SameSite=None; Secure")));
    }
    if secure && plain {
        return Some((92, "it is Secure, and the request goes over plain HTTP.", None));
    }
    if let Some(domain) =
        cookie.get("domain").map(|domain| domain.trim_start_matches('.').to_ascii_lowercase()).filter(|domain| !domain.is_empty())
    {
        if host != domain && !host.ends_with(&format!(".{domain}")) {
            return Some((90, "its Domain does not cover the host that was asked.", None));
        }
    } else if set_by != host {
        return Some((
            if both_local(set_by, &host) { 92 } else { 84 },
            "it belongs to the host that set it, and another host was asked.",
            None,
        ));
    }
    if let Some(path) = cookie.get("path").filter(|path| path.len() > 1) {
        let asked = request.path();
        if !(asked == path
            || asked.starts_with(path) && (path.ends_with('/') || asked.get(path.len()..).is_some_and(|rest| rest.starts_with('/'))))
        {
            return Some((90, "its Path does not cover the path that was asked.", Some("Set-Cookie: …; Path=/")));
        }
    }
    let ended = cookie.get("expires").and_then(date::http).zip(refusal.now()).is_some_and(|(end, (now, _))| end < now);
    if ended {
        return Some((88, "it had expired by then.", None));
    }
    if cross_site(refusal) && matches!(same_site.as_str(), "lax" | "strict" | "") {
        return Some((
            90,
            "a page of another site made the request, and without SameSite=None browsers keep the cookie back then.",
            Some("Set-Cookie: …; SameSite=None; Secure"),
        ));
    }
    let script = refusal.asked("origin").is_some();
    if script {
        return Some((62, "a script on another origin has to ask for cookies: `credentials: \"include\"` or `withCredentials`.", None));
    }
    Some((50, "the client keeps no cookies, or began anew.", None))
}

/// `localhost` and `127.0.0.1` are two sites, with cookies of their own.
fn local_names(refusal: &Refusal<'_>) -> Option<Clue> {
    let header = refusal.asked("origin").or_else(|| refusal.asked("referer"))?;
    let (_, page, _) = origin(&header.value)?;
    let host = refusal.request()?.host();
    let local = both_local(&page, &host) && page != host;
    local.then(|| {
        let because = format!(
            "The page is at {page} and asks {host}: for a browser these are two sites, and the cookie of one is not sent from the other."
        );
        Clue::new(NAME, NOT_SENT, 82, because).quote(Quote::header(refusal.index, "request", header)).fix(
            Side::Caller,
            "Use the same name on both sides.",
            &["http://localhost:…"],
        )
    })
}

/// A page of another origin that allows credentials, and none came.
fn own_answer(refusal: &Refusal<'_>) -> Option<Clue> {
    let allowed = refusal.answered("access-control-allow-credentials").filter(|header| header.value.eq_ignore_ascii_case("true"))?;
    refusal.asked("origin")?;
    let because = "The server allows scripts of this page to send cookies, and the request carries none: the script did not ask for them, or the cookie's SameSite keeps it back.";
    let weight = if cross_site(refusal) { 52 } else { 42 };
    Some(Clue::new(NAME, NOT_SENT, weight, because).quote(Quote::header(refusal.index, "response", allowed)).fix(
        Side::Caller,
        "Ask for cookies in the script.",
        &["fetch(url, { credentials: \"include\" })"],
    ))
}

#[cfg(test)]
mod tests {
    use super::super::staged::{check, exchange};
    use super::*;

    #[test]
    fn cookies_that_did_not_come_back() {
        let chain = |cookie: &str, then: &str| Dossier {
            exchanges: vec![
                exchange("POST https://a.example/login", 200, &format!("Set-Cookie: {cookie}"), ""),
                exchange(then, 401, "", ""),
            ],
            ..Dossier::default()
        };
        let not_sent = Some("cookie-not-sent");
        for (cookie, then) in [
            ("sid=1; Secure; Path=/", "GET http://a.example/x"),
            ("sid=1; Path=/app", "GET https://a.example/x"),
            ("sid=1; Domain=b.a.example", "GET https://a.example/x"),
            ("sid=1; SameSite=None", "GET https://a.example/x"),
            ("__Host-sid=1; Path=/", "GET https://a.example/x"),
            ("sid=1; Path=/; SameSite=Lax", "GET https://a.example/x\nOrigin: https://other.example.org"),
        ] {
            check(see(&chain(cookie, then)), not_sent, 85);
        }
        check(see(&chain("sid=1; Path=/", "GET https://a.example/x\nCookie: sid=1")), None, 10);
        check(see(&chain("sid=; Max-Age=0", "GET https://a.example/x")), None, 10);
        check(see(&chain("_ga=1", "GET https://a.example/x")), None, 10);
        let local = Dossier {
            exchanges: vec![exchange("GET http://127.0.0.1:9000/x\nOrigin: http://localhost:8080", 401, "", "")],
            ..Dossier::default()
        };
        check(see(&local), not_sent, 80);
    }
}
