//! Cross-origin requests (the Fetch standard): preflights are answered before any authentication, and refusals can be
//! read by the scripts of allowed origins.

use crate::body::ResponseBody;
use crate::config::Site;
use countersign::{Cause, Evidence, Refusal, Subject, Value};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

/// Is it a preflight?
pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Answers a preflight.
///
/// # Errors
/// `cors-origin-refused` where the origin is not allowed.
pub(crate) fn preflight(headers: &HeaderMap, site: &Site) -> Result<Response<ResponseBody>, Refusal> {
    let Some((origin, credentials)) = allowed(headers.get(ORIGIN), site) else {
        let listed = site.cors.iter().flat_map(|cors| cors.origins.iter().map(String::as_str));
        let presented = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
        let evidence = Evidence::none().differs(Subject::Origin, Value::texts(listed), Value::text(presented));
        return Err(Refusal::new(Cause::CorsOriginRefused, evidence));
    };
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let answer = response.headers_mut();
    put(answer, origin.clone(), credentials);
    for (asked, allow) in
        [(ACCESS_CONTROL_REQUEST_METHOD, ACCESS_CONTROL_ALLOW_METHODS), (ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_ALLOW_HEADERS)]
    {
        if let Some(value) = headers.get(asked) {
            answer.insert(allow, value.clone());
        }
    }
    answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    answer.insert(VARY, HeaderValue::from_static("Origin, Access-Control-Request-Method, Access-Control-Request-Headers"));
    Ok(response)
}

/// Lets the scripts of allowed origins read a response; others get no CORS headers at all.
pub(crate) fn allow(answer: &mut HeaderMap, origin: Option<&HeaderValue>, site: Option<&Site>) {
    let Some((origin, credentials)) = site.and_then(|site| allowed(origin, site)) else { return };
    put(answer, origin.clone(), credentials);
    answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate, DPoP-Nonce, Countersign-Ref, Retry-After"));
}

fn allowed<'a>(origin: Option<&'a HeaderValue>, site: &Site) -> Option<(&'a HeaderValue, bool)> {
    let (cors, origin) = (site.cors.as_ref()?, origin?);
    cors.origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()).then_some((origin, cors.credentials))
}

fn put(answer: &mut HeaderMap, origin: HeaderValue, credentials: bool) {
    answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if credentials {
        answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
}
