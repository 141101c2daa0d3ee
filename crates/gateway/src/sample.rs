//! The built-in sample app: a stand-in for an upstream, so that the gateway can be tried with nothing else started.
//! It says who it was told is asking.

use crate::body::ResponseBody;
use crate::front::Front;
use countersign::Identity;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Response};

pub(crate) fn respond(head: &Parts, front: &Front, identity: &Identity) -> Response<ResponseBody> {
    let body = serde_json::json!({
        "app": "sample",
        "method": head.method.as_str(),
        "path": front.target.path(),
        "subject": identity.subject(),
        "scheme": identity.scheme(),
        "roles": identity.roles(),
        "scopes": identity.scopes(),
    });
    let mut response = Response::new(ResponseBody::from(format!("{body:#}\n")));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
