//! The forms of the login pages: read within bounds, and only from the browser that they were shown in.

use super::cookies;
use crate::case::Case;
use crate::front::Front;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use countersign::{Cause, Evidence, Refusal};
use http::HeaderMap;
use http::request::Parts;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use zeroize::Zeroizing;

/// The longest form that is read, in bytes.
const FORM_LIMIT: usize = 16 * 1024;
/// What the name of the cookie that a form is bound to ends in.
const CSRF: &str = "_csrf";

/// A form as it was sent.
pub(super) struct Form(Vec<(String, Zeroizing<String>)>);

impl Form {
    /// The field that must be there once.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn only(&self, name: &str) -> Result<&str, &'static str> {
        let mut values = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value),
            (None, _) => Err("the form lacks the message"),
            (Some(_), Some(_)) => Err("the form holds two messages"),
        }
    }

    /// The first field of this name; empty if there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

/// Reads a form.
///
/// # Errors
/// `request-too-large`, also for one that does not arrive in time.
pub(super) async fn read(case: &Case, body: Incoming) -> Result<Form, Refusal> {
    read_to(case, body, FORM_LIMIT).await
}

/// Reads a form of at most so many bytes.
///
/// # Errors
/// As for [`read`].
pub(super) async fn read_to(case: &Case, body: Incoming, limit: usize) -> Result<Form, Refusal> {
    let reading = Limited::new(body, limit).collect();
    let read = tokio::time::timeout(case.plan().limits.header_timeout, reading).await;
    let bytes: Bytes = match read {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) | Err(_) => return Err(Refusal::new(Cause::RequestTooLarge, Evidence::none())),
    };
    let pairs = form_urlencoded::parse(&bytes).take(16);
    Ok(Form(pairs.map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned()))).collect()))
}

/// The form's token is a keyed hash of a cookie that only this browser has (a signed double submit).
pub(super) fn check_csrf(case: &Case, front: &Front, head: &Parts, form: &Form) -> Result<(), Cause> {
    let token = form.get("csrf");
    if token.is_empty() {
        return Err(Cause::CsrfTokenMissing);
    }
    let cookie = cookies::find(&head.headers, &cookies::name(front.secure, CSRF)).ok_or(Cause::CsrfTokenWrong)?;
    let token = URL_SAFE_NO_PAD.decode(token).map_err(|_| Cause::CsrfTokenWrong)?;
    hmac::verify(&case.worker.shared.csrf, cookie.as_bytes(), &token).map_err(|_| Cause::CsrfTokenWrong)
}

/// The token for this browser, and the cookie to set if it has none yet.
pub(super) fn csrf(case: &Case, front: &Front, headers: &HeaderMap) -> (String, Option<String>) {
    let had = cookies::find(headers, &cookies::name(front.secure, CSRF)).filter(|value| value.len() == 43);
    let value = had.map_or_else(cookies::secret, str::to_owned);
    let token = URL_SAFE_NO_PAD.encode(hmac::sign(&case.worker.shared.csrf, value.as_bytes()));
    let set = had.is_none().then(|| cookies::set(front.secure, CSRF, &value, None));
    (token, set)
}
