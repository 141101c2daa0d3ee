//! The exchange that is explained, with the questions that findings ask of it again and again. Not what the answers mean.

use super::date;
use crate::dossier::{Dossier, Exchange, Header, Request, Response};
use countersign::Timestamp;
use countersign_grammar::{Challenge, parse_challenges};

/// The exchange that is explained, in its dossier.
#[derive(Clone, Copy)]
pub(crate) struct Refusal<'a> {
    /// All that was read.
    pub dossier: &'a Dossier,
    /// Its place among the exchanges.
    pub index: usize,
    /// The exchange.
    pub exchange: &'a Exchange,
}

/// Whose clock says what time it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    /// The answer's own `Date`, or a time that it states in its body.
    Server,
    /// The recording, a signed date of the request, or an exchange beside it.
    Recording,
    /// The reader's clock, which may be years later.
    Reader,
}

impl Clock {
    /// In words.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Clock::Server => "the answer's own clock",
            Clock::Recording => "the recording's clock",
            Clock::Reader => "this machine's clock",
        }
    }
}

impl<'a> Refusal<'a> {
    /// The exchange that is explained, unless it succeeded.
    pub(crate) fn of(dossier: &'a Dossier) -> Option<Self> {
        let (index, exchange) = dossier.refusal()?;
        let refusal = Self { dossier, index, exchange };
        let failed = refusal.exchange.failure.is_some() || !matches!(refusal.status(), 100..=299);
        failed.then_some(refusal)
    }

    /// Its status; 0 where no answer is known.
    pub(crate) fn status(&self) -> u16 {
        self.exchange.response.as_ref().map_or(0, |response| response.status)
    }

    /// Its request.
    pub(crate) fn request(&self) -> Option<&'a Request> {
        self.exchange.request.as_ref()
    }

    /// Its response.
    pub(crate) fn response(&self) -> Option<&'a Response> {
        self.exchange.response.as_ref()
    }

    /// A field of the request.
    pub(crate) fn asked(&self, name: &str) -> Option<&'a Header> {
        self.request().and_then(|request| request.headers.all(name).next())
    }

    /// A field of the response.
    pub(crate) fn answered(&self, name: &str) -> Option<&'a Header> {
        self.response().and_then(|response| response.headers.all(name).next())
    }

    /// What the answer's `Date` says.
    pub(crate) fn date(&self) -> Option<(Timestamp, &'a Header)> {
        let header = self.answered("date")?;
        date::http(&header.value).map(|at| (at, header))
    }

    /// The time of the exchange, by the best clock that there is.
    pub(crate) fn now(&self) -> Option<(Timestamp, Clock)> {
        let server = || self.date().map(|(at, _)| at).or_else(|| self.stated()).map(|at| (at, Clock::Server));
        let recorded = || self.exchange.at.or_else(|| self.signed()).or_else(|| self.beside()).map(|at| (at, Clock::Recording));
        server().or_else(recorded).or_else(|| self.dossier.now.map(|at| (at, Clock::Reader)))
    }

    /// A time that the body states for itself, as Spring's and many others' error objects do.
    fn stated(&self) -> Option<Timestamp> {
        let body = self.response().map(|response| response.body.as_str())?;
        let value = json(body)?;
        let inner = value.get("error").filter(|inner| inner.is_object());
        [Some(&value), inner].into_iter().flatten().find_map(|object| {
            let stated = ["timestamp", "time", "datetime"].iter().find_map(|name| object.get(*name))?;
            stated.as_str().map_or_else(|| date::read(&stated.to_string()), date::read)
        })
    }

    fn signed(&self) -> Option<Timestamp> {
        ["x-amz-date", "x-ms-date", "x-goog-date", "date"]
            .iter()
            .find_map(|name| self.asked(name))
            .and_then(|header| date::read(&header.value))
    }

    fn beside(&self) -> Option<Timestamp> {
        let near = self.dossier.exchanges.iter().rev().filter(|exchange| exchange.probe.is_none());
        near.filter_map(|exchange| exchange.response.as_ref()).find_map(|response| date::http(response.headers.get("date")?))
    }

    /// The exchanges before it, the latest first; probes left out.
    pub(crate) fn earlier(&self) -> impl Iterator<Item = (usize, &'a Exchange)> {
        let before = self.dossier.exchanges.iter().enumerate().take(self.index);
        before.rev().filter(|(_, exchange)| exchange.probe.is_none())
    }

    /// The challenges for the origin (401, and 403 where some servers send them), without their faults.
    pub(crate) fn challenges(&self) -> Vec<Challenge<'a>> {
        let headers = self.response().into_iter().flat_map(|response| response.headers.all("www-authenticate"));
        headers.flat_map(|header| parse_challenges(&header.value).value).filter(|challenge| !challenge.scheme().is_empty()).collect()
    }

    /// Does the answer carry a challenge that tells why, in a parameter `error`?
    pub(crate) fn challenge_tells_error(&self) -> bool {
        self.challenges().iter().any(|challenge| challenge.value("error").is_some())
    }

    /// The answer's `Server`, folded.
    pub(crate) fn server(&self) -> String {
        self.answered("server").map(|header| header.value.to_ascii_lowercase()).unwrap_or_default()
    }

    /// Is it a browser's preflight?
    pub(crate) fn is_preflight(&self) -> bool {
        self.request().is_some_and(|request| request.method.eq_ignore_ascii_case("OPTIONS"))
            && (self.asked("access-control-request-method").is_some() || self.asked("origin").is_some())
    }

    /// Is the answer a page for people?
    pub(crate) fn is_html(&self) -> bool {
        let declared = self.answered("content-type").is_some_and(|header| header.value.to_ascii_lowercase().contains("html"));
        let body = self.response().map(|response| response.body.trim_start()).unwrap_or_default();
        declared || ["<!doctype", "<html", "<head", "<body"].iter().any(|tag| starts_with(body, tag))
    }

    /// Where the answer redirects to.
    pub(crate) fn location(&self) -> Option<&'a str> {
        self.answered("location").map(|header| header.value.as_str()).filter(|_| matches!(self.status(), 300..=399))
    }
}

/// The first of the text, ignoring ASCII case.
pub(crate) fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// A body of reasonable size as JSON.
pub(crate) fn json(body: &str) -> Option<serde_json::Value> {
    let body = body.trim_start();
    (body.starts_with(['{', '[']) && body.len() <= 1 << 20).then(|| serde_json::from_str(body).ok())?
}

/// The origin of an absolute URL: scheme, host in lower case, port.
pub(crate) fn origin(url: &str) -> Option<(String, String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?;
    let scheme = scheme.to_ascii_lowercase();
    let default = if matches!(scheme.as_str(), "http" | "ws") { 80 } else { 443 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port.parse().ok()?),
        _ => (authority, default),
    };
    (!host.is_empty()).then(|| (scheme, host.to_ascii_lowercase(), port))
}

/// The last two labels of a host, which is the site for all but a few registries; addresses and single labels stay whole.
pub(crate) fn site(host: &str) -> &str {
    if host.contains(':') || host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return host;
    }
    let labels: Vec<usize> = host.match_indices('.').map(|(at, _)| at).collect();
    let short =
        |count: usize| labels.len().checked_sub(count).and_then(|at| labels.get(at)).and_then(|at| host.get(at + 1..)).unwrap_or(host);
    let two = short(2);
    let second = two.split('.').next().unwrap_or_default();
    // co.uk, com.au and their like.
    if matches!(second, "co" | "com" | "org" | "net" | "gov" | "ac" | "edu") && two.rsplit('.').next().is_some_and(|top| top.len() == 2) {
        short(3)
    } else {
        two
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_and_origins() {
        for (host, expect) in [
            ("api.example.com", "example.com"),
            ("example.com", "example.com"),
            ("a.b.example.co.uk", "example.co.uk"),
            ("localhost", "localhost"),
            ("127.0.0.1", "127.0.0.1"),
            ("", ""),
        ] {
            assert_eq!(site(host), expect);
        }
        assert_eq!(origin("HTTPS://A.example/x"), Some(("https".to_owned(), "a.example".to_owned(), 443)));
        assert_eq!(origin("http://a:8080?x"), Some(("http".to_owned(), "a".to_owned(), 8080)));
        assert_eq!(origin("/path"), None);
    }
}
