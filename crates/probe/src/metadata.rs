//! What is in documents that a probe fetched: which of the doctor's kinds they are, and which document they lead to. Pure.

use crate::target::Target;
use countersign_doctor::{Document, DocumentKind, Exchange};
use serde_json::Value;

/// The document in an answer, if it is one.
pub(crate) fn document(exchange: &Exchange) -> Option<Document> {
    let response = exchange.response.as_ref().filter(|response| response.status == 200)?;
    let value: Value = serde_json::from_str(&response.body).ok()?;
    let has = |name: &str| value.get(name).is_some();
    let kind = match () {
        () if value.get("keys").is_some_and(Value::is_array) => DocumentKind::KeySet,
        () if has("authorization_servers") || has("resource") => DocumentKind::ResourceMetadata,
        () if has("issuer") => DocumentKind::Discovery,
        () => return None,
    };
    let name = exchange.request.as_ref()?.url.clone();
    Some(Document { kind, text: response.body.clone(), name })
}

/// Where a discovery document says that keys are.
pub(crate) fn keys(document: &Document) -> Option<Target> {
    let value: Value = serde_json::from_str(&document.text).ok()?;
    Target::parse(value.get("jwks_uri")?.as_str()?).map(|target| Target { user: None, ..target })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use countersign_doctor::{Request, Response};

    #[track_caller]
    fn check(status: u16, body: &str, expect: Option<DocumentKind>) {
        let request = Request { url: "https://id.example/x".into(), ..Request::default() };
        let response = Response { status, body: body.into(), ..Response::default() };
        let exchange = Exchange { request: Some(request), response: Some(response), ..Exchange::default() };
        assert_eq!(document(&exchange).map(|document| document.kind), expect, "{body}");
    }

    #[test]
    fn documents() {
        check(200, r#"{"keys":[]}"#, Some(DocumentKind::KeySet));
        check(200, r#"{"resource":"https://a.example"}"#, Some(DocumentKind::ResourceMetadata));
        check(200, r#"{"issuer":"https://id.example","jwks_uri":"https://id.example/keys"}"#, Some(DocumentKind::Discovery));
        check(404, r#"{"keys":[]}"#, None);
        check(200, "<html>", None);
        check(200, "[]", None);
    }

    #[test]
    fn keys_are_where_the_document_says() {
        let document = |text: &str| Document { kind: DocumentKind::Discovery, text: text.into(), name: String::new() };
        let found = keys(&document(r#"{"jwks_uri":"https://u:p@id.example/keys"}"#)).unwrap();
        assert_eq!((found.url().as_str(), found.user), ("https://id.example/keys", None));
        assert_eq!(keys(&document(r#"{"jwks_uri":"file:///etc/passwd"}"#)), None);
    }
}
