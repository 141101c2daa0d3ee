//! One request's case: what every answer to it and every line about it has in common. Answers are closed here, so that
//! none leaves without its line in the trail, and no refusal without its reference.

use crate::body::{BodyFault, ResponseBody};
use crate::config::{LogDecisions, Plan, Rule, Site};
use crate::front::{Front, Peer, is_navigation};
use crate::respond::{self, Asked, REFERENCE, REFUSED_BY};
use crate::trail::Decision;
use crate::worker::{Live, Worker};
use countersign::reference::Record;
use countersign::reply::{Reply, authentication_info, next_proof_nonce};
use countersign::{Cause, Evidence, Identity, KeyPlace, Outage, Presented, Refusal, Seen, Subject, Value};
use http::header::{HeaderName, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

const AUTHENTICATION_INFO: HeaderName = HeaderName::from_static("authentication-info");
/// Until when the API key is good that was used, where that is soon.
const KEY_EXPIRES: HeaderName = HeaderName::from_static("countersign-key-expires");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request in the course of being answered.
pub(crate) struct Case {
    /// The thread's own.
    pub worker: Rc<Worker>,
    /// The plan that was in force when it came, and what follows from it.
    pub live: Rc<Live>,
    /// What the front made of it; none if it was refused there.
    pub front: Option<Rc<Front>>,
    /// Its site, once found.
    pub site: Option<Arc<Site>>,
    /// The place of its rule in the site, once found.
    pub rule: Option<u16>,
    /// Milliseconds since the epoch when it came.
    pub at_ms: i64,
    /// Its id, as the upstream is told.
    pub request_id: HeaderValue,
    /// Is it a person's browser going to a page?
    pub navigation: bool,
    method: Method,
    origin: Option<HeaderValue>,
    begun: Instant,
}

impl Case {
    /// Opens the case of a request.
    pub(crate) fn open(worker: &Rc<Worker>, head: &Parts) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            worker: worker.clone(),
            live: worker.live(),
            front: None,
            site: None,
            rule: None,
            at_ms: i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            request_id: given_id(&head.headers).unwrap_or_else(|| worker.next_id()),
            navigation: is_navigation(&head.method, &head.headers),
            method: head.method.clone(),
            origin: head.headers.get(ORIGIN).cloned(),
            begun: Instant::now(),
        }
    }

    /// The plan in force for it.
    pub(crate) fn plan(&self) -> &Plan {
        &self.live.plan
    }

    /// Keeps what the front made of it.
    pub(crate) fn found_front(&mut self, front: Front) -> Rc<Front> {
        let front = Rc::new(front);
        self.front = Some(front.clone());
        front
    }

    /// Closes it with a refusal.
    pub(crate) fn refuse(&self, peer: &Peer, head: &Parts, refusal: &Refusal) -> Response<ResponseBody> {
        let reference = self.seal(refusal.cause, Reply::status_of(refusal), self.seen(head), &refusal.evidence);
        let response = respond::refuse(refusal, self.rule(), self.asked(&reference), |realm| self.nonce(realm));
        self.record(peer, response.status(), Some(refusal.cause), Some(&reference), None);
        response
    }

    /// Closes it with a refusal whose response is made elsewhere, from the reference.
    pub(crate) fn refuse_with(
        &self,
        peer: &Peer,
        head: &Parts,
        refusal: &Refusal,
        answer: impl FnOnce(&str) -> Response<ResponseBody>,
    ) -> Response<ResponseBody> {
        let reference = self.seal(refusal.cause, Reply::status_of(refusal), self.seen(head), &refusal.evidence);
        let response = answer(&reference);
        self.record(peer, response.status(), Some(refusal.cause), Some(&reference), None);
        response
    }

    /// Closes it undecided.
    pub(crate) fn unable(&self, peer: &Peer, head: &Parts, outage: &Outage) -> Response<ResponseBody> {
        self.unable_having_seen(peer, self.seen(head), outage)
    }

    /// Closes it undecided, with what was seen before the head was sent on.
    pub(crate) fn unable_having_seen(&self, peer: &Peer, seen: Vec<Seen>, outage: &Outage) -> Response<ResponseBody> {
        let reference = self.seal(outage.cause, outage.cause.status(), seen, &outage.evidence);
        let response = respond::unable(outage, self.asked(&reference));
        self.record(peer, response.status(), Some(outage.cause), Some(&reference), None);
        response
    }

    /// Closes it where the caller's own body broke off, stalled or was too long.
    pub(crate) fn refuse_body(&self, peer: &Peer, seen: Vec<Seen>, fault: BodyFault) -> Response<ResponseBody> {
        let cause = if fault == BodyFault::TooLarge { Cause::RequestTooLarge } else { Cause::RequestAmbiguous };
        let refusal = Refusal::new(cause, Evidence::none().presented(Subject::Form, Value::text(&fault.to_string())));
        let reference = self.seal(cause, cause.status(), seen, &refusal.evidence);
        let response = respond::refuse(&refusal, self.rule(), self.asked(&reference), |realm| self.nonce(realm));
        self.record(peer, response.status(), Some(cause), Some(&reference), None);
        response
    }

    /// Closes it admitted.
    pub(crate) fn admitted(
        &self,
        peer: &Peer,
        identity: Option<&Identity>,
        mut response: Response<ResponseBody>,
    ) -> Response<ResponseBody> {
        self.warn_of_end(identity, response.headers_mut());
        crate::cors::allow(response.headers_mut(), self.origin.as_ref(), self.site.as_deref());
        self.inform(response.headers_mut(), identity);
        if let (Some(site), Some(rule)) = (self.site.as_deref(), self.rule()) {
            self.live.admitted.count(site, rule);
        }
        self.record(peer, response.status(), None, None, identity);
        response
    }

    /// Closes it with the app's answer. Where that is a refusal, it passes unchanged and is marked as the app's.
    pub(crate) fn answered(&self, peer: &Peer, identity: &Identity, mut response: Response<ResponseBody>) -> Response<ResponseBody> {
        response.headers_mut().remove(REFERENCE);
        response.headers_mut().remove(REFUSED_BY);
        response.headers_mut().remove(KEY_EXPIRES);
        let refused =
            [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::PROXY_AUTHENTICATION_REQUIRED, StatusCode::TOO_MANY_REQUESTS];
        let status = response.status();
        if !refused.contains(&status) {
            return self.admitted(peer, Some(identity), response);
        }
        let evidence = Evidence::none().presented(Subject::Upstream, Value::Number(status.as_u16().into()));
        let reference = self.seal(Cause::UpstreamRefused, status.as_u16(), Vec::new(), &evidence);
        if let Ok(value) = HeaderValue::from_str(&reference) {
            response.headers_mut().insert(REFERENCE, value);
        }
        response.headers_mut().insert(REFUSED_BY, HeaderValue::from_static("upstream"));
        self.inform(response.headers_mut(), Some(identity));
        crate::cors::allow(response.headers_mut(), self.origin.as_ref(), self.site.as_deref());
        self.record(peer, status, Some(Cause::UpstreamRefused), Some(&reference), Some(identity));
        response
    }

    /// Tells a client that the API key it used ends soon, be it over or replaced.
    fn warn_of_end(&self, identity: Option<&Identity>, headers: &mut HeaderMap) {
        let Some(key) = identity.and_then(Identity::api_key) else { return };
        let soon = self.at_ms / 1000 + i64::try_from(self.plan().warn_of_api_keys.as_secs()).unwrap_or(i64::MAX);
        let end = key.expires.into_iter().chain(key.revoked).min().filter(|end| *end < soon);
        let date = end.and_then(http_date).and_then(|date| HeaderValue::try_from(date).ok());
        headers.extend(date.map(|date| (KEY_EXPIRES, date)));
    }

    /// Tells a client the next nonce in time, and one that came by Digest that the server knows its secret too.
    fn inform(&self, headers: &mut HeaderMap, identity: Option<&Identity>) {
        let realm = self.site.as_ref().map_or("", |site| site.realm.as_str());
        let next = identity.and_then(|identity| next_proof_nonce(identity, realm, self.at_ms, |realm| self.nonce(realm)));
        headers.extend(next.map(|nonce| (respond::DPOP_NONCE, nonce)));
        let Some((identity, proof)) = identity.and_then(|identity| Some((identity, identity.digest()?))) else { return };
        let requirement = self.rule().map(|rule| &rule.requirement);
        let ageing = requirement.filter(|asked| self.at_ms - proof.nonce.made_ms > asked.digest.nonce_lifetime.saturating_mul(750));
        let next = ageing.map(|asked| self.nonce(&asked.realm));
        if let Some(info) = authentication_info(identity, next.as_deref()) {
            headers.insert(AUTHENTICATION_INFO, info);
        }
    }

    fn nonce(&self, realm: &str) -> String {
        self.worker.shared.sources.nonce(realm, self.at_ms)
    }

    /// Notes the use of a session or key, which keeps the one from idling and tells the other's last use.
    pub(crate) fn note_use(&self, identity: &Identity, now: i64) {
        if let Some(session) = identity.session() {
            self.worker.at_hand.used_session(&session.hash, now);
        }
        if let Some(key) = identity.api_key() {
            self.worker.at_hand.used_key(&key.id, now);
        }
    }

    /// The rule, once found.
    pub(crate) fn rule(&self) -> Option<&Rule> {
        self.site.as_ref()?.rules.get(usize::from(self.rule?))
    }

    fn request_id(&self) -> &str {
        self.request_id.to_str().unwrap_or_default()
    }

    /// The credentials that its head carries, without their values.
    pub(crate) fn seen(&self, head: &Parts) -> Vec<Seen> {
        let usual;
        let places = match &self.site {
            Some(site) => &site.api_keys.places,
            None => {
                usual = KeyPlace::usual();
                &usual
            }
        };
        self.front.as_ref().map_or_else(Vec::new, |front| Presented::read(&front.parts(head), places).seen())
    }

    fn asked<'a>(&'a self, reference: &'a str) -> Asked<'a> {
        Asked {
            origin: self.origin.as_ref(),
            navigation: self.navigation,
            reference,
            problem_base: &self.plan().server.problem_base,
            site: self.site.as_deref(),
        }
    }

    fn seal(&self, cause: Cause, status: u16, seen: Vec<Seen>, evidence: &Evidence) -> String {
        let site = self.site.as_deref();
        let path = self.front.as_ref().map_or("", |front| front.target.path());
        let near = match (site, &self.front) {
            (Some(site), Some(front)) if cause == Cause::RuleDenied => site.nearest_misses(&self.method, &front.target),
            _ => Vec::new(),
        };
        self.worker.seal(&Record {
            at_ms: self.at_ms,
            cause,
            status,
            site: site.map(|site| site.index),
            rule: self.rule,
            revision: self.plan().revision,
            node: self.worker.shared.node,
            request_id: self.request_id().to_owned(),
            method: self.method.as_str().to_owned(),
            path: path.to_owned(),
            seen,
            evidence: evidence.clone(),
            near,
        })
    }

    fn record(&self, peer: &Peer, status: StatusCode, cause: Option<Cause>, reference: Option<&str>, identity: Option<&Identity>) {
        let log = self.plan().log.decisions;
        if cause.is_none() && log != LogDecisions::All {
            return;
        }
        if let Some(cause) = cause {
            self.live.refused.count(&self.worker.shared.metrics, cause, self.site.as_deref(), self.rule());
        }
        let (host, path, client) = match &self.front {
            Some(front) => (front.host(), front.target.path(), front.client),
            None => ("", "", peer.address.ip()),
        };
        let decision = Decision {
            at_ms: self.at_ms,
            micros: u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX),
            request_id: self.request_id(),
            client,
            method: self.method.as_str(),
            host,
            path,
            status: status.as_u16(),
            cause,
            reference,
            subject: identity.and_then(Identity::subject),
            scheme: identity.and_then(Identity::scheme),
            line: self.rule().map(|rule| rule.line),
        };
        self.worker.trail.record(&decision, log);
    }
}

/// A time as header fields write it (RFC 9110 section 5.6.7).
fn http_date(at: i64) -> Option<String> {
    let at = jiff::Timestamp::from_second(at).ok()?;
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok()
}

/// The id that came with the request, if it has the form of one.
fn given_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(X_REQUEST_ID)?;
    let formed = (8..=64).contains(&id.len()) && id.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
    formed.then(|| id.clone())
}
