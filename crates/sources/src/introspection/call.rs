//! One question to an introspection endpoint: where it is, who asks, and whether what comes back is an answer.

use crate::assertion::{ClientKey, ClientKeyFault};
use crate::keys::Keys;
use crate::outbound::{Outbound, OutboundFault, parse};
use crate::providers::form;
use crate::reach::{Reach, reach};
use crate::sources::now;
use countersign::introspection::{self, AnswerFault, ClientProof, Introspection, Introspector, SIGNED};
use countersign::{Answer, Issuer, Secret};
use http::header::{ACCEPT, CONTENT_TYPE, InvalidHeaderValue};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use serde::Deserialize;
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;

/// What an assertion says that it is (RFC 7523 section 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Where an issuer is asked, as its discovery document says.
pub(super) type Endpoint = (Uri, Reach);

/// Why there is no answer.
#[derive(Debug, Error)]
pub(super) enum CallFault {
    #[error("{0}")]
    Outbound(#[from] OutboundFault),
    #[error("no answer within 3 s")]
    Late,
    #[error("the discovery document is not one")]
    Discovery,
    #[error("the discovery document is for the issuer {0}")]
    OtherIssuer(String),
    #[error("the discovery document names no introspection endpoint")]
    NoEndpoint,
    #[error("{0} lies neither at the issuer nor in public over https")]
    Elsewhere(String),
    #[error("it refuses this gateway's client: {0}{1}")]
    Refused(u16, String),
    #[error("{0}")]
    Answer(#[from] AnswerFault),
    #[error("the issuer's keys, to check its answer by, cannot be had")]
    Keys,
    #[error("the file of the client's key {0}")]
    Key(#[from] ClientKeyFault),
    #[error("the client's key does not sign")]
    Sign,
    #[error("the question cannot be written: {0}")]
    Header(#[from] InvalidHeaderValue),
}

pub(super) async fn call(
    outbound: &Outbound,
    keys: &Keys,
    known: &Mutex<Option<Endpoint>>,
    issuer: &Arc<Issuer>,
    token: &Secret,
) -> Result<Introspection, CallFault> {
    let Some(introspector) = &issuer.introspection else { return Err(CallFault::NoEndpoint) };
    let (uri, reach) = endpoint(outbound, known, issuer, introspector).await?;
    let mut question = introspection::question(introspector, token);
    if let ClientProof::Key { pem, id } = &introspector.proof {
        let key = ClientKey::read(pem)?;
        let assertion = key.assertion(id.as_deref(), &introspector.client_id, &issuer.issuer, now()).ok_or(CallFault::Sign)?;
        question.form.push(("client_id", Secret::new(introspector.client_id.as_str())));
        question.form.push(("client_assertion_type", Secret::new(ASSERTION_TYPE)));
        question.form.push(("client_assertion", assertion));
    }
    let mut request = form(&question)?;
    if introspector.signed {
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static(SIGNED));
    }
    let (head, body) = outbound.send(&uri, reach, request).await?.into_parts();
    match head.status {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(CallFault::Refused(head.status.as_u16(), error_code(&body))),
        StatusCode::BAD_REQUEST if error_code(&body).ends_with("_client") => {
            return Err(CallFault::Refused(head.status.as_u16(), error_code(&body)));
        }
        status => return Err(OutboundFault::Status(status).into()),
    }
    if !is_signed(&head.headers) {
        return Ok(introspection::plain(issuer, &body, now())?);
    }
    let kid = introspection::answer_key(&body)?;
    let Answer::Known(set) = keys.ask(&issuer.issuer, kid.as_deref()).await else { return Err(CallFault::Keys) };
    Ok(introspection::signed(issuer, &body, &set, now())?)
}

/// Where the issuer is asked: as configured, else as it says itself, which is remembered until a question fails.
async fn endpoint(
    outbound: &Outbound,
    known: &Mutex<Option<Endpoint>>,
    issuer: &Issuer,
    introspector: &Introspector,
) -> Result<Endpoint, CallFault> {
    #[derive(Deserialize)]
    struct Discovery {
        issuer: String,
        introspection_endpoint: Option<String>,
    }
    if let Some(configured) = &introspector.endpoint {
        return Ok((parse(configured)?, Reach::Anywhere));
    }
    if let Some(found) = known.lock().unwrap_or_else(PoisonError::into_inner).clone() {
        return Ok(found);
    }
    let at = parse(&format!("{}/.well-known/openid-configuration", issuer.issuer.trim_end_matches('/')))?;
    let (_, document) = outbound.get(&at, Reach::Anywhere, "application/json").await?;
    let discovery: Discovery = serde_json::from_slice(&document).map_err(|_| CallFault::Discovery)?;
    if discovery.issuer != issuer.issuer {
        return Err(CallFault::OtherIssuer(discovery.issuer));
    }
    let text = discovery.introspection_endpoint.ok_or(CallFault::NoEndpoint)?;
    let uri = parse(&text)?;
    let reach = reach(&uri, &at).ok_or(CallFault::Elsewhere(text))?;
    *known.lock().unwrap_or_else(PoisonError::into_inner) = Some((uri.clone(), reach));
    Ok((uri, reach))
}

fn is_signed(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).and_then(|kind| kind.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case(SIGNED))
}

/// The error code of an OAuth error response, after a blank.
fn error_code(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Failure {
        error: String,
    }
    serde_json::from_slice::<Failure>(body).map_or_else(|_| String::new(), |failure| format!(" {}", failure.error))
}
