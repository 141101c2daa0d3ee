//! What probes brought back, compared with one another: the same request without credentials, with garbage, with the
//! caller's own, under another user agent, and what stands around it. Not what a single answer says: the other findings'.
//!
//! ```text
//!  without ─┐
//!  garbage ─┼─► alike? ─► credentials.rs  (stripped, invalid, permission, …)
//!  own ─────┘
//!  agent, preflight, hops, clocks, TLS, metadata ─► around.rs
//! ```

mod around;
mod credentials;

use crate::clue::{Clue, Quote};
use crate::dossier::{Dossier, Exchange, Probe, Request, Response};

const NAME: &str = "probes";

/// The exchange that is explained, and the probes about it by what they sent.
struct Probes<'a> {
    dossier: &'a Dossier,
    given: Option<Seen<'a>>,
    without: Option<Seen<'a>>,
    garbage: Option<Seen<'a>>,
    own: Vec<Seen<'a>>,
    agent: Option<Seen<'a>>,
    preflight: Option<Seen<'a>>,
    hops: Vec<Seen<'a>>,
}

/// An exchange that has an answer, with its place.
#[derive(Clone, Copy)]
struct Seen<'a> {
    index: usize,
    exchange: &'a Exchange,
    response: &'a Response,
}

/// What probes tell.
pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    if dossier.exchanges.iter().all(|exchange| exchange.probe.is_none()) {
        return Vec::new();
    }
    let probes = Probes::of(dossier);
    let mut clues = credentials::see(&probes);
    clues.extend(around::see(&probes));
    clues
}

impl<'a> Probes<'a> {
    fn of(dossier: &'a Dossier) -> Self {
        let seen = |(index, exchange): (usize, &'a Exchange)| Some(Seen { index, exchange, response: exchange.response.as_ref()? });
        let all =
            |probe: Probe| dossier.exchanges.iter().enumerate().filter(move |(_, exchange)| exchange.probe == Some(probe)).filter_map(seen);
        Self {
            dossier,
            given: dossier.refusal().and_then(seen),
            without: all(Probe::Without).next(),
            garbage: all(Probe::Garbage).next(),
            own: all(Probe::Own).collect(),
            agent: all(Probe::OtherAgent).next(),
            preflight: all(Probe::Preflight).next(),
            hops: all(Probe::Hop).collect(),
        }
    }

    /// The request that is explained.
    fn request(&self) -> Option<&'a Request> {
        self.dossier.refusal().and_then(|(_, exchange)| exchange.request.as_ref())
    }

    /// Did the probes use another method, because that of the refused request is not safe?
    fn is_substituted(&self) -> bool {
        let asked = self.without.or(self.own.first().copied()).and_then(|seen| seen.exchange.request.as_ref());
        match (self.request(), asked) {
            (Some(given), Some(asked)) => !given.method.is_empty() && !given.method.eq_ignore_ascii_case(&asked.method),
            _ => false,
        }
    }

    /// The answer shows that authentication was passed, if only because something else is wrong with the request.
    fn passed(&self, seen: Seen<'_>) -> bool {
        let status = seen.status();
        (200..300).contains(&status) || (self.is_substituted() && matches!(status, 400 | 404 | 405 | 406 | 411 | 415 | 422))
    }
}

impl Seen<'_> {
    fn status(&self) -> u16 {
        self.response.status
    }

    fn is_refused(&self) -> bool {
        matches!(self.status(), 401 | 403 | 407)
    }

    /// Where it stands in the report.
    fn quote(&self, what: &str) -> Quote {
        let challenge = self.response.headers.get("www-authenticate").map(|challenge| format!(", WWW-Authenticate: {challenge}"));
        let text = format!("{}{}", self.status(), challenge.unwrap_or_default());
        Quote::text(self.index, format!("probe {what}"), 0, &text)
    }

    /// The same answer, but for what differs from request to request anyway?
    fn is_like(&self, other: &Seen<'_>) -> bool {
        self.status() == other.status() && self.gist() == other.gist()
    }

    /// Status, challenges and body without numbers, identifiers and moments.
    fn gist(&self) -> String {
        let challenges = self.response.headers.all("www-authenticate").map(|header| header.value.as_str());
        let places = self.response.headers.all("location").map(|header| header.value.as_str());
        let body = self
            .response
            .body
            .char_indices()
            .nth(4096)
            .map_or(self.response.body.as_str(), |(end, _)| self.response.body.get(..end).unwrap_or_default());
        challenges.chain(places).chain([body]).map(gist).collect::<Vec<_>>().join("\n")
    }

    /// Message of body and challenges in lower case.
    fn words(&self) -> String {
        let challenges = self.response.headers.all("www-authenticate").map(|header| header.value.as_str());
        let body: String = self.response.body.chars().take(8192).collect();
        challenges.chain([body.as_str()]).collect::<Vec<_>>().join(" ").to_lowercase()
    }
}

/// Words with a digit in them, and long ones, differ by chance.
fn gist(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let told = words.filter(|word| word.len() <= 24 && !word.bytes().any(|byte| byte.is_ascii_digit()));
    told.map(str::to_ascii_lowercase).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
