//! What is in documents that a probe fetched, as far as it matters for what is fetched next. Pure. What they say is judged by
//! the doctor, which finds them in the exchanges.

use crate::target::Target;
use countersign_doctor::{Document, DocumentKind, Exchange};
use serde_json::Value;

/// Where a discovery document says that keys are.
pub(crate) fn keys(exchange: &Exchange) -> Option<Target> {
    let value = json(exchange)?;
    Target::parse(value.get("jwks_uri")?.as_str()?).map(|target| Target { user: None, ..target })
}

/// A resource's metadata at a place that does not show what it is: as a document, which says so.
pub(crate) fn elsewhere(exchange: &Exchange) -> Option<Document> {
    let value = json(exchange)?;
    let url = &exchange.request.as_ref()?.url;
    let told = url.contains("/.well-known/") || !["resource", "authorization_servers"].iter().any(|member| value.get(member).is_some());
    let text = || exchange.response.as_ref().map(|response| response.body.clone());
    if told { None } else { Some(Document { kind: DocumentKind::ResourceMetadata, text: text()?, name: url.clone() }) }
}

fn json(exchange: &Exchange) -> Option<Value> {
    let response = exchange.response.as_ref().filter(|response| response.status == 200)?;
    serde_json::from_str(&response.body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_doctor::{Request, Response};

    fn fetched(url: &str, status: u16, body: &str) -> Exchange {
        let request = Request { url: url.into(), ..Request::default() };
        let response = Response { status, body: body.into(), ..Response::default() };
        Exchange { request: Some(request), response: Some(response), ..Exchange::default() }
    }

    #[track_caller]
    fn leads(status: u16, body: &str, expect: Option<&str>) {
        let keys = keys(&fetched("https://id.example/.well-known/openid-configuration", status, body));
        assert_eq!(keys.map(|target| (target.url(), target.user)), expect.map(|url| (url.to_owned(), None)), "{body}");
    }

    #[test]
    fn keys_are_where_the_document_says() {
        leads(200, r#"{"jwks_uri":"https://u:p@id.example/keys"}"#, Some("https://id.example/keys"));
        leads(404, r#"{"jwks_uri":"https://id.example/keys"}"#, None);
        leads(200, r#"{"jwks_uri":"file:///etc/passwd"}"#, None);
        leads(200, r#"{"jwks_uri":7}"#, None);
        leads(200, "<html>", None);
    }

    #[test]
    fn metadata_at_other_places_is_a_document() {
        let body = r#"{"resource":"https://a.example"}"#;
        assert!(elsewhere(&fetched("https://a.example/meta", 200, body)).is_some());
        assert!(elsewhere(&fetched("https://a.example/.well-known/oauth-protected-resource", 200, body)).is_none());
        assert!(elsewhere(&fetched("https://a.example/meta", 200, "{}")).is_none());
    }
}
