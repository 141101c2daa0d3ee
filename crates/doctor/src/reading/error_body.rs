//! The body of an error alone, as a client prints it: JSON, XML, a page, or a sentence.
//!
//! It becomes an exchange of which only the response is known, so that what products answer is heard in it.

use super::ReadFault;
use crate::dossier::{Document, DocumentKind, Dossier, Exchange, Headers, Response};
use serde_json::Value;

/// The longest body that is read, in bytes.
const LIMIT: usize = 256 * 1024;

/// Members that errors have; one of them makes a JSON object an error's.
const MEMBERS: &[&str] = &[
    "error",
    "errors",
    "error_description",
    "errorCode",
    "error_code",
    "errorMessage",
    "error_message",
    "message",
    "Message",
    "msg",
    "code",
    "Code",
    "status",
    "statusCode",
    "status_code",
    "httpStatus",
    "detail",
    "details",
    "title",
    "fault",
    "Fault",
    "reason",
    "__type",
    "exception",
    "faultstring",
    "errorSummary",
    "description",
    "type",
    "Error",
    "result",
    "success",
    "ok",
];

/// Words of sentences about refusals, in lower case.
const WORDS: &[&str] = &[
    "unauthorized",
    "unauthorised",
    "forbidden",
    "access denied",
    "permission denied",
    "not authorized",
    "not authorised",
    "authentication",
    "authoriz",
    "credential",
    "invalid_",
    "aadsts",
    "idx10",
    "idx20",
    "token",
    "signature",
    "certificate",
    "saml",
    "csrf",
    "cors",
    "login",
    "password",
    "expired",
    "denied",
    "401",
    "403",
    "407",
    "429",
    "rate limit",
    "too many requests",
    "api key",
    "oauth",
    "jwt",
    "not allowed",
    "blocked",
    "must be signed",
    "session",
];

/// Is it JSON or XML of an error, or text about a refusal?
pub(crate) fn recognise(name: &str, text: &str) -> bool {
    let _ = name;
    let text = text.trim();
    if text.is_empty() || text.len() > LIMIT || text.contains('\0') {
        return false;
    }
    match json(text) {
        Some(value) => members(&value),
        None => {
            let lower = text.to_lowercase();
            WORDS.iter().any(|word| lower.contains(word))
        }
    }
}

/// Reads it: a response whose status is the one that the body names, or 0.
pub(crate) fn read(name: &str, text: &str) -> Result<Dossier, ReadFault> {
    let text = text.trim();
    let status = json(text).map_or_else(|| status_in_text(text), |value| status_of(&value)).unwrap_or(0);
    let document = Document { kind: DocumentKind::ErrorBody, text: text.to_owned(), name: name.to_owned() };
    let response = Response { status, headers: Headers::default(), body: text.to_owned(), line: 1 };
    let mut not_seen =
        vec!["Only the body of the answer was given: the request, its credentials and all header fields are not known.".to_owned()];
    if status == 0 {
        not_seen.push("The status of the answer is not known.".to_owned());
    }
    let exchanges = vec![Exchange { response: Some(response), ..Exchange::default() }];
    Ok(Dossier { exchanges, documents: vec![document], not_seen, ..Dossier::default() })
}

fn json(text: &str) -> Option<Value> {
    text.starts_with(['{', '[']).then(|| serde_json::from_str(text).ok()).flatten()
}

fn members(value: &Value) -> bool {
    match value {
        Value::Object(object) => MEMBERS.iter().any(|name| object.contains_key(*name)),
        Value::Array(items) => items.first().is_some_and(members),
        _ => false,
    }
}

/// The status that a JSON error names: at its top, in its `error`, or in the first of its `errors`.
fn status_of(value: &Value) -> Option<u16> {
    const NAMES: &[&str] =
        &["status", "statusCode", "status_code", "httpStatus", "http_status", "httpStatusCode", "code", "errorCode", "error"];
    let value = if let Value::Array(items) = value { items.first()? } else { value };
    let number = |value: &Value| {
        let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))?;
        u16::try_from(number).ok().filter(|status| (400..600).contains(status))
    };
    let own = NAMES.iter().find_map(|name| number(value.get(name)?));
    let inner =
        || ["error", "fault", "Error", "response", "meta"].iter().find_map(|name| value.get(name).filter(|inner| inner.is_object()));
    let listed = || value.get("errors").and_then(|errors| errors.get(0)).filter(|error| error.is_object());
    own.or_else(|| inner().and_then(status_of_inner)).or_else(|| listed().and_then(status_of_inner)).or_else(|| {
        let message = ["message", "error", "detail", "title", "msg"].iter().find_map(|name| value.get(name)?.as_str())?;
        status_in_text(message)
    })
}

/// One level down, and no further.
fn status_of_inner(value: &Value) -> Option<u16> {
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    let named = ["code", "status", "statusCode", "status_code", "httpStatus"].iter().find_map(|name| number(value.get(name)?));
    named.and_then(|status| u16::try_from(status).ok()).filter(|status| (400..600).contains(status))
}

/// A status that stands in a text as people and servers write it: `401 Unauthorized`, `HTTP 403`, `status code: 401`.
fn status_in_text(text: &str) -> Option<u16> {
    let lower: String = text.chars().take(4000).collect::<String>().to_lowercase();
    let reasons = [
        (400, "bad request"),
        (401, "unauthorized"),
        (401, "authorization required"),
        (403, "forbidden"),
        (403, "access denied"),
        (407, "proxy authentication required"),
        (429, "too many requests"),
    ];
    if let Some((status, _)) = reasons.iter().find(|(status, reason)| lower.contains(&format!("{status} {reason}"))) {
        return Some(*status);
    }
    let marks = [
        "status code ",
        "status code: ",
        "statuscode: ",
        "status: ",
        "status=",
        "http error ",
        "http/1.1 ",
        "http/2 ",
        "http ",
        "error: ",
        "error ",
        "code ",
    ];
    marks.iter().find_map(|mark| {
        let at = lower.find(mark)? + mark.len();
        let rest = lower.get(at..)?;
        let digits = rest.get(..3)?;
        let ends = rest.get(3..).and_then(|rest| rest.chars().next()).is_none_or(|c| !c.is_ascii_alphanumeric());
        digits.parse().ok().filter(|status| ends && (400..600).contains(status))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<u16>) {
        assert_eq!(recognise("-", text), expect.is_some(), "{text}");
        if let Some(status) = expect {
            let dossier = read("-", text).unwrap();
            assert_eq!(dossier.exchanges[0].response.as_ref().unwrap().status, status, "{text}");
        }
    }

    #[test]
    fn bodies_and_their_status() {
        check(
            r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"pods is forbidden","reason":"Forbidden","code":403}"#,
            Some(403),
        );
        check(r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#, Some(0));
        check(
            r#"{"error":{"code":401,"message":"Request had invalid authentication credentials.","status":"UNAUTHENTICATED"}}"#,
            Some(401),
        );
        check(r#"{"error":"invalid_grant","error_description":"AADSTS700082: The refresh token has expired"}"#, Some(0));
        check(r#"{"type":"about:blank","title":"Forbidden","status":403}"#, Some(403));
        check(r#"{"message":"Missing Authentication Token"}"#, Some(0));
        check(r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#, Some(0));
        check("<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated …</Message></Error>", Some(0));
        check("<html><head><title>403 Forbidden</title></head><body><center>nginx</center></body></html>", Some(403));
        check("AADSTS50105: Your administrator has configured the application to block users", Some(0));
        check("Request failed with status code 401", Some(401));
        check(r#"{"name": "countersign", "version": 1}"#, None);
        check("The quick brown fox", None);
        check("", None);
    }
}
