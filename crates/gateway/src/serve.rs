//! One request from its head to its response: the gateway's flow.
//!
//! ```text
//! head ──► front ──► site ──► rule ──► judge, with its facts ──► upstream | refusal | outage ──► trail
//! ```

use crate::body::{ResponseBody, Sent};
use crate::case::Case;
use crate::front::{Front, Peer};
use crate::head_watch::HeadFault;
use crate::worker::Worker;
use crate::{cors, forward, headers, sample, sign_in};
use countersign::{Cause, Evidence, Outage, Refusal, Subject, Value, Verdict, judge, reads_body};
use http::{Request, Response};
use hyper::body::Incoming;
use std::rc::Rc;

/// Answers a request.
pub(crate) async fn serve(worker: &Rc<Worker>, peer: &Peer, seen: Option<HeadFault>, request: Request<Incoming>) -> Response<ResponseBody> {
    let (head, body) = request.into_parts();
    let mut case = Case::open(worker, &head);
    if let Some(fault) = seen {
        return case.refuse(peer, &head, &fault.refusal());
    }
    let front = match Front::read(&head, peer, case.plan()) {
        Ok(front) => case.found_front(front),
        Err(refusal) => return case.refuse(peer, &head, &refusal),
    };
    let Some(site) = case.plan().site(front.host()).cloned() else {
        let evidence = Evidence::none().presented(Subject::Host, Value::text(front.host()));
        return case.refuse(peer, &head, &Refusal::new(Cause::SiteUnknown, evidence));
    };
    case.site = Some(site.clone());
    if let Some(name) = headers::spoofed(&head.headers).filter(|_| site.refuses_spoofed()) {
        let evidence = Evidence::none().presented(Subject::Header, Value::text(name.as_str()));
        return case.refuse(peer, &head, &Refusal::new(Cause::HeaderSpoofed, evidence));
    }
    if sign_in::is_own_path(front.target.path(), &site) {
        // The judge asks this of every rule; the login page has none, and takes passwords.
        if site.rules.iter().any(|rule| rule.requirement.https_only) && !front.secure {
            return case.refuse(peer, &head, &Refusal::new(Cause::TransportInsecure, Evidence::none()));
        }
        return Box::pin(sign_in::serve(&mut case, peer, &front, head, body)).await;
    }
    let Some(rule) = site.rule(&head.method, &front.target) else {
        return case.refuse(peer, &head, &Refusal::new(Cause::RuleDenied, Evidence::none()));
    };
    case.rule = Some(rule.index);
    if cors::is_preflight(&head.method, &head.headers) && !(site.cors.is_none() && rule.is_public()) {
        return match cors::preflight(&head.headers, &site) {
            Ok(response) => case.admitted(peer, None, response),
            Err(refusal) => case.refuse(peer, &head, &refusal),
        };
    }
    let now = case.at_ms / 1000;
    let mut parts = front.parts(&head);
    let (body, _room) = if reads_body(&parts, &rule.requirement) {
        let limits = &case.plan().limits;
        let Some(room) = worker.shared.holding.take(limits.judged_body) else { return case.unable(peer, &head, &full()) };
        match Box::pin(Sent::whole(body, limits.judged_body, limits.body_idle)).await {
            Ok(sent) => (sent, Some(room)),
            Err(fault) => return case.refuse_body(peer, case.seen(&head), fault),
        }
    } else {
        (Sent::Coming(body), None)
    };
    parts.body = body.bytes();
    let judged = || worker.at_hand.settle(|facts| judge(&parts, &rule.requirement, facts, now));
    let mut verdict = judged().await;
    if let Verdict::Admit(identity) = &verdict
        && let Some(session) = identity.session().filter(|session| session.is_due(now))
        && Box::pin(sign_in::renew(&case, session)).await
    {
        verdict = judged().await;
    }
    match verdict {
        Verdict::Admit(identity) => {
            case.note_use(&identity, now);
            if site.upstream.is_sample() {
                let response = sample::respond(&head, &front, &identity);
                return case.admitted(peer, Some(&identity), response);
            }
            forward::forward(&case, peer, &front, head, body, &identity).await
        }
        Verdict::Refuse(refusal) if sign_in::mends(&refusal, rule, &site, case.navigation) => {
            sign_in::redirect(&case, peer, &head, &front, &refusal)
        }
        Verdict::Refuse(refusal) => case.refuse(peer, &head, &refusal),
        Verdict::Unable(outage) => case.unable(peer, &head, &outage),
    }
}

/// More bodies wait to be judged than are held at one time.
fn full() -> Outage {
    let evidence = Evidence::none().presented(Subject::Form, Value::text("too many bodies are held while they are judged"));
    Outage { cause: Cause::Overloaded, retry_after: 2, evidence }
}
