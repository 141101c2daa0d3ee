//! An admitted request on its way to the app, and the app's answer back.

use crate::body::{RequestBody, ResponseBody, Sent};
use crate::case::Case;
use crate::config::Site;
use crate::front::{Front, Peer};
use crate::headers;
use crate::upstream::Failure;
use countersign::{
    Cause, Evidence, Identity, KeyPlace, Outage, PLAIN_SESSION_COOKIE, Refusal, SECURE_SESSION_COOKIE, Scheme, Subject, Value,
};
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderName, TRAILER, UPGRADE};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, Version};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

const DPOP: HeaderName = HeaderName::from_static("dpop");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Sends the request on and closes the case with the answer.
pub(crate) async fn forward(
    case: &Case,
    peer: &Peer,
    front: &Front,
    mut head: Parts,
    body: Sent,
    identity: &Identity,
) -> Response<ResponseBody> {
    let (Some(site), Some(pool)) = (case.site.as_deref(), case.site.as_ref().and_then(|site| case.live.pools.get(usize::from(site.index))))
    else {
        return case.refuse(peer, &head, &Refusal::new(Cause::SiteUnknown, Evidence::none()));
    };
    let limits = &case.plan().limits;
    if let Some(refusal) = too_large(&head.headers, limits.body) {
        return case.refuse(peer, &head, &refusal);
    }
    let seen = case.seen(&head);
    let client_upgrade = head.extensions.remove::<OnUpgrade>();
    let upgrade = headers::upgrade_of(&head.headers).filter(|_| head.version == Version::HTTP_11 && client_upgrade.is_some());
    let trailers = headers::announced_trailers(&head.headers).filter(|_| body.bytes().is_none());
    let keys = Some(&site.api_keys.places).filter(|_| identity.scheme() == Some(Scheme::ApiKey));
    let target = target(&head.uri, front, keys.map_or(&[], Vec::as_slice));
    let mut fields = std::mem::take(&mut head.headers);
    let forwarded_for = forwarded_for(&fields, front, peer);
    headers::clean_request(&mut fields);
    if let Some(name) = &case.plan().server.client_certificate_header {
        fields.remove(name);
    }
    remove_credentials(&mut fields, identity, site);
    set_forwarding(&mut fields, front, forwarded_for);
    headers::set_identity(&mut fields, site.identity_headers, identity);
    fields.remove(EXPECT);
    fields.insert(HOST, if site.preserve_host { front.host.clone() } else { site.upstream.authority.clone() });
    fields.insert(X_REQUEST_ID, case.request_id.clone());
    if let Some(upgrade) = upgrade.clone() {
        fields.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        fields.insert(UPGRADE, upgrade);
    }
    if let Some(trailers) = trailers {
        fields.insert(TRAILER, trailers);
    }
    let (body, progress) = RequestBody::new(body, limits.body, limits.body_idle);
    let mut request = Request::new(body);
    *request.method_mut() = head.method;
    *request.uri_mut() = target;
    *request.headers_mut() = fields;
    match pool.send(request, &progress).await {
        // Nobody asked for another protocol: what follows would be read as the next response.
        Ok(response) if response.status() == StatusCode::SWITCHING_PROTOCOLS && upgrade.is_none() => {
            let evidence = Evidence::none().presented(Subject::Upstream, Value::text("it switched protocols unasked"));
            case.unable_having_seen(peer, seen, &Outage { cause: Cause::UpstreamUnreachable, retry_after: 5, evidence })
        }
        Ok(response) => case.answered(peer, identity, back(response, client_upgrade.filter(|_| upgrade.is_some()))),
        Err(Failure::Body(fault)) => case.refuse_body(peer, seen, fault),
        Err(failure) => {
            let none = Outage { cause: Cause::UpstreamUnreachable, retry_after: 5, evidence: Evidence::none() };
            case.unable_having_seen(peer, seen, &failure.outage().unwrap_or(none))
        }
    }
}

/// The app's answer, freed of what concerned its own connection; an accepted upgrade joins the two connections.
fn back(mut response: Response<ResponseBody>, client: Option<OnUpgrade>) -> Response<ResponseBody> {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let Some(client) = client else { return response };
        let upstream = hyper::upgrade::on(&mut response);
        tokio::task::spawn_local(async move {
            if let (Ok(client), Ok(upstream)) = tokio::join!(client, upstream) {
                // How a tunnel ends is its two ends' matter.
                let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(upstream)).await;
            }
        });
        return response;
    }
    let trailers = headers::announced_trailers(response.headers());
    headers::clean_response(response.headers_mut());
    response.headers_mut().extend(trailers.map(|trailers| (TRAILER, trailers)));
    response
}

/// The canonical target; a key in the query has done its service and stays here.
fn target(raw: &Uri, front: &Front, keys: &[KeyPlace]) -> Uri {
    let whole = front.target.as_str();
    let is_key = |name: &str| keys.iter().any(|place| matches!(place, KeyPlace::Query(key) if key == name));
    let query = front.target.query().unwrap_or_default();
    let used_key = !keys.is_empty() && query.split('&').filter_map(|pair| pair.split('=').next()).any(is_key);
    // Most targets come in their canonical form; then nothing is written or read anew.
    if let Some(raw) = raw.path_and_query().filter(|raw| raw.as_str() == whole && !used_key) {
        return Uri::from(raw.clone());
    }
    let text = match front.target.query().filter(|_| used_key) {
        None => whole.to_owned(),
        Some(query) => {
            let rest: Vec<&str> = query.split('&').filter(|pair| !pair.split('=').next().is_some_and(is_key)).collect();
            let mark = if rest.is_empty() { "" } else { "?" };
            format!("{}{mark}{}", front.target.path(), rest.join("&"))
        }
    };
    PathAndQuery::try_from(text).map(Uri::from).unwrap_or_default()
}

/// What authenticated here says nothing to the app; credentials that this gateway did not use pass.
fn remove_credentials(fields: &mut HeaderMap, identity: &Identity, site: &Site) {
    match identity.scheme() {
        Some(Scheme::Bearer | Scheme::Digest | Scheme::Basic) if !site.pass_credentials => {
            fields.remove(AUTHORIZATION);
            // A proof says nothing without its token.
            fields.remove(DPOP);
        }
        Some(Scheme::ApiKey) if !site.pass_credentials => site.api_keys.places.iter().for_each(|place| match place {
            KeyPlace::Header(name) => drop(fields.remove(name)),
            KeyPlace::Authorization(_) => drop(fields.remove(AUTHORIZATION)),
            KeyPlace::Query(_) | KeyPlace::Cookie(_) | KeyPlace::Form(_) | KeyPlace::Json(_) => {}
        }),
        _ => {}
    }
    let is_key = |name: &str| site.api_keys.places.iter().any(|place| matches!(place, KeyPlace::Cookie(key) if key == name));
    let used_key = identity.scheme() == Some(Scheme::ApiKey) && !site.pass_credentials;
    let is_own = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default().trim();
        (used_key && is_key(name))
            || [PLAIN_SESSION_COOKIE, SECURE_SESSION_COOKIE]
                .iter()
                .any(|own| name == *own || name.strip_prefix(own).is_some_and(|rest| rest.starts_with('_')))
    };
    let has_own = fields.get_all(COOKIE).iter().any(|value| value.to_str().is_ok_and(|text| text.split(';').any(is_own)));
    if has_own {
        let kept: Vec<String> = fields
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(';').filter(|pair| !is_own(pair)).map(|pair| pair.trim().to_owned()))
            .collect();
        fields.remove(COOKIE);
        if !kept.is_empty() {
            put(fields, COOKIE, &kept.join("; "));
        }
    }
}

/// The chain of addresses: what a trusted proxy said is carried on; anybody else's word is replaced.
fn forwarded_for(fields: &HeaderMap, front: &Front, peer: &Peer) -> HeaderValue {
    if !front.through_proxy {
        return peer.forwarded_for.clone();
    }
    let before = fields.get(X_FORWARDED_FOR).and_then(|value| value.to_str().ok());
    let chain = before.map(|before| format!("{before}, {}", peer.address.ip().to_canonical()));
    chain.and_then(|chain| HeaderValue::try_from(chain).ok()).unwrap_or_else(|| peer.forwarded_for.clone())
}

fn set_forwarding(fields: &mut HeaderMap, front: &Front, forwarded_for: HeaderValue) {
    fields.insert(X_FORWARDED_FOR, forwarded_for);
    fields.insert(X_FORWARDED_HOST, front.host.clone());
    fields.insert(X_FORWARDED_PROTO, HeaderValue::from_static(if front.secure { "https" } else { "http" }));
}

fn too_large(fields: &HeaderMap, limit: Option<u64>) -> Option<Refusal> {
    let length: u64 = fields.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()?;
    let limit = limit.filter(|limit| length > *limit)?;
    let number = |length: u64| Value::Number(i64::try_from(length).unwrap_or(i64::MAX));
    Some(Refusal::new(Cause::RequestTooLarge, Evidence::none().differs(Subject::Length, number(limit), number(length))))
}

fn put(fields: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        fields.insert(name, value);
    }
}
