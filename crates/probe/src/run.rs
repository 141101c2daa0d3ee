//! Carrying out a plan: request after request, what may follow from an answer, until the time is over.

use crate::credentials::Sent;
use crate::login::{Asked, Login};
use crate::metadata;
use crate::plan::{Plan, Planned, Then};
use crate::target::Target;
use crate::wire::{EACH, Wire};
use countersign::digest::Algorithm;
use countersign::{Timestamp, hex};
use countersign_doctor::{Dossier, Exchange, Probe};
use percent_encoding::percent_decode_str;
use rustls::crypto::aws_lc_rs::default_provider;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime;
use tokio::time::Instant;

/// The longest that a plan may take.
const ALL: Duration = Duration::from_secs(20);
/// How near the end of a certificate is worth a word.
const SOON: i64 = 14 * 86_400;

/// What came of a plan.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The exchanges, with [`Exchange::probe`] set, the documents among their answers, and what could not be seen.
    pub found: Dossier,
    /// For people: what was asked and what came back, a line for each request; certificates that end soon; what was not sent.
    pub lines: Vec<String>,
    /// How many requests were sent.
    pub requests: usize,
    /// What each exchange of a trial tried, in their order: `Authorization: Bearer (the token)`.
    pub tried: Vec<String>,
}

/// Carries out a plan; `enough` is asked after each answer whether to stop.
///
/// # Errors
/// Where the system gives no runtime to wait on.
pub fn run(plan: &Plan, enough: &mut dyn FnMut(&Exchange) -> bool) -> io::Result<Outcome> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(carry_out(plan, enough));
    // A look-up that hangs is left behind.
    runtime.shutdown_background();
    Ok(outcome)
}

impl Outcome {
    /// Puts what was found into the dossier that was asked about. Where that one has only a request, the answer to the same
    /// request with the same credentials is its answer; a refusal of HEAD stands for that of an unsafe method, which is said.
    pub fn enrich(self, dossier: &mut Dossier) {
        let given = dossier.refusal().map(|(index, _)| index).and_then(|index| dossier.exchanges.get_mut(index));
        if let Some(given) = given.filter(|given| given.response.is_none() && given.failure.is_none()) {
            let bare = given.request.as_ref().and_then(Sent::of).is_some_and(|sent| sent.carried().is_empty());
            let same = if bare { Probe::Without } else { Probe::Own };
            let answer = self.found.exchanges.iter().find(|exchange| exchange.probe == Some(same));
            if let (Some(answer), Some(asked)) = (answer, given.request.as_ref().map(|request| request.method.clone())) {
                let status = answer.response.as_ref().map_or(0, |response| response.status);
                let alike = answer.request.as_ref().is_some_and(|request| request.method.eq_ignore_ascii_case(&asked));
                if alike || asked.is_empty() || matches!(status, 401 | 403 | 407 | 429) {
                    (given.response, given.failure, given.at) = (answer.response.clone(), answer.failure.clone(), answer.at);
                }
                if !alike && given.response.is_some() {
                    dossier.not_seen.push("the answer to the request itself: HEAD was sent in its place".to_owned());
                }
            }
        }
        dossier.join(self.found);
    }
}

async fn carry_out(plan: &Plan, enough: &mut dyn FnMut(&Exchange) -> bool) -> Outcome {
    let mut errand = Errand {
        wire: Wire::new(plan.asked.as_ref(), plan.proxy.clone(), &plan.authorities),
        end: Instant::now() + ALL,
        secrets: &plan.secrets,
        unanswered: false,
        outcome: Outcome::default(),
    };
    for (at, step) in plan.steps.iter().enumerate() {
        let sent = match &step.login {
            Some(login) => errand.log_in(step, login).await,
            None => errand.send(step.probe, &step.sent).await.map(|exchange| errand.tried(&step.tries, exchange)),
        };
        let Some(exchange) = sent else {
            if std::mem::take(&mut errand.unanswered) {
                continue;
            }
            let left = plan.steps.len() - at;
            errand.outcome.found.not_seen.push(format!("{left} of the planned probes: {} s were over", ALL.as_secs()));
            break;
        };
        let stop = enough(&exchange);
        errand.follow(step, exchange).await;
        if stop {
            break;
        }
    }
    errand.outcome
}

struct Errand<'a> {
    wire: Wire,
    end: Instant,
    secrets: &'a [String],
    /// A challenge could not be answered, so that a step sent nothing.
    unanswered: bool,
    outcome: Outcome,
}

impl Errand<'_> {
    /// Sends one request and takes down what came of it; none if the time is over.
    async fn send(&mut self, probe: Option<Probe>, sent: &Sent) -> Option<Exchange> {
        let now = Instant::now();
        if now >= self.end {
            return None;
        }
        let mut answer = self.wire.ask(sent, self.end.min(now + EACH), clock()).await;
        answer.exchange.probe = probe;
        self.outcome.requests += 1;
        let came = match (&answer.exchange.response, &answer.exchange.failure) {
            (Some(response), _) => response.status.to_string(),
            (None, failure) => failure.clone().unwrap_or_default(),
        };
        let with = match (sent.shown_carried(self.secrets), probe) {
            (None, _) => "without credentials".to_owned(),
            (Some(carried), Some(Probe::Garbage)) => format!("garbage in {carried}"),
            (Some(carried), _) => format!("your {carried}"),
        };
        self.outcome.lines.push(format!("{} {}, {with}: {came}", sent.method, sent.shown_url(self.secrets)));
        if let Some(cut) = answer.cut {
            self.outcome.found.not_seen.push(format!("a part of the probe {} {}: {cut}", sent.method, sent.shown_url(self.secrets)));
        }
        if let Some(left) = answer.certificate_ends.map(|end| end - clock()).filter(|left| *left < SOON) {
            let said = format!("the certificate of {} ends in {} h", sent.target.origin.host, left / 3600);
            if !self.outcome.lines.contains(&said) {
                self.outcome.lines.push(said);
            }
        }
        self.outcome.found.exchanges.push(answer.exchange.clone());
        Some(answer.exchange)
    }

    fn tried(&mut self, name: &str, exchange: Exchange) -> Exchange {
        self.outcome.tried.push(name.to_owned());
        exchange
    }

    /// Sends a password once: as Digest where the last answer offers it, otherwise as the step has it. It goes once more only
    /// where the first was not looked at: Basic where only Digest is taken, Digest with a nonce that is stale.
    async fn log_in(&mut self, step: &Planned, login: &Login) -> Option<Exchange> {
        let before = self.outcome.found.exchanges.last().cloned().unwrap_or_default();
        let (first, digest) = match self.answer(step, login, &before) {
            Asked::Other => (self.send(step.probe, &step.sent).await.map(|exchange| self.tried(&step.tries, exchange))?, false),
            Asked::Digest { value, algorithm, .. } => (self.send_digest(step, login, &value, algorithm).await?, true),
            Asked::Unanswerable => {
                self.unanswered = true;
                self.outcome.found.not_seen.push("the password: the server wants Digest in a form that is not known here".to_owned());
                return None;
            }
        };
        match self.answer(step, login, &first) {
            Asked::Digest { value, algorithm, stale, basic_too } if if digest { stale } else { !basic_too } => {
                Some(self.send_digest(step, login, &value, algorithm).await.unwrap_or(first))
            }
            _ => Some(first),
        }
    }

    fn answer(&self, step: &Planned, login: &Login, to: &Exchange) -> Asked {
        login.answer(to, &step.sent.method, &step.sent.target.path, &nonce())
    }

    async fn send_digest(&mut self, step: &Planned, login: &Login, value: &str, algorithm: Algorithm) -> Option<Exchange> {
        let exchange = self.send(step.probe, &step.sent.clone().with("Authorization", value)).await?;
        let name = format!("Authorization: Digest {} ({} and the password)", algorithm.name(), login.name);
        Some(self.tried(&name, exchange))
    }

    async fn follow(&mut self, step: &Planned, exchange: Exchange) {
        if step.probe == Some(Probe::Metadata) {
            if let (Then::Keys, Some(keys)) = (step.then, metadata::keys(&exchange)) {
                self.send(Some(Probe::Metadata), &Sent::plain("GET", keys, "application/json")).await;
            }
            self.outcome.found.documents.extend(metadata::elsewhere(&exchange));
        }
        if let Then::Repeat { again, hops } = step.then {
            let status = exchange.response.as_ref().map_or(0, |response| response.status);
            if again && (200..300).contains(&status) {
                self.send(step.probe, &step.sent).await;
            } else {
                self.hop(&step.sent, exchange, hops).await;
            }
        }
    }

    /// Looks where a redirect leads, without anything of the caller's.
    async fn hop(&mut self, sent: &Sent, mut exchange: Exchange, hops: usize) {
        let mut at = sent.target.clone();
        for _ in 0..hops {
            let Some(location) = location(&exchange) else { return };
            let Some(next) = at.join(&location) else {
                return self.outcome.found.not_seen.push("where the redirect leads: its Location is no http or https URL".to_owned());
            };
            if self.holds_secret(&next) {
                return self.outcome.found.not_seen.push("where the redirect leads: its Location holds a secret".to_owned());
            }
            let method = if sent.method == "OPTIONS" { "GET" } else { sent.method.as_str() };
            let hop = Sent::plain(method, next.clone(), "text/html,application/json;q=0.9,*/*;q=0.8");
            match self.send(Some(Probe::Hop), &hop).await {
                Some(answer) => (at, exchange) = (next, answer),
                None => return,
            }
        }
    }

    fn holds_secret(&self, target: &Target) -> bool {
        let decoded = percent_decode_str(&target.path).decode_utf8_lossy().into_owned();
        self.secrets.iter().any(|secret| target.path.contains(secret) || decoded.contains(secret))
    }
}

fn location(exchange: &Exchange) -> Option<String> {
    let response = exchange.response.as_ref().filter(|response| matches!(response.status, 301 | 302 | 303 | 307 | 308))?;
    response.headers.get("location").map(str::to_owned)
}

/// A client's nonce, which no server can foresee.
fn nonce() -> String {
    let mut bytes = [0; 16];
    // Without randomness it is a constant, which is worse and still a nonce of RFC 7616.
    let _ = default_provider().secure_random.fill(&mut bytes);
    hex(&bytes)
}

fn clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use countersign_doctor::{Header, Headers, Request, Response};

    fn exchange(probe: Option<Probe>, method: &str, status: u16) -> Exchange {
        let key = Header { name: "X-API-Key".into(), value: "0123456789".into(), line: 0 };
        let headers = Headers(if probe == Some(Probe::Without) { Vec::new() } else { vec![key] });
        let request = Request { method: method.into(), url: "https://a.example/".into(), headers, ..Request::default() };
        let response = (status > 0).then(|| Response { status, ..Response::default() });
        Exchange { request: Some(request), response, probe, ..Exchange::default() }
    }

    #[track_caller]
    fn check(method: &str, own: Exchange, status: Option<u16>, remarks: usize) {
        let mut dossier = Dossier { exchanges: vec![exchange(None, method, 0)], ..Dossier::default() };
        let exchanges = vec![exchange(Some(Probe::Without), &own.request.as_ref().unwrap().method, 418), own];
        Outcome { found: Dossier { exchanges, ..Dossier::default() }, ..Outcome::default() }.enrich(&mut dossier);
        assert_eq!(dossier.exchanges[0].response.as_ref().map(|response| response.status), status, "{method}");
        assert_eq!((dossier.exchanges.len(), dossier.not_seen.len()), (3, remarks), "{method}");
    }

    #[test]
    fn the_answer_to_ones_own_is_the_requests() {
        check("GET", exchange(Some(Probe::Own), "GET", 200), Some(200), 0);
        check("POST", exchange(Some(Probe::Own), "HEAD", 401), Some(401), 1);
        check("POST", exchange(Some(Probe::Own), "HEAD", 405), None, 0);
    }
}
