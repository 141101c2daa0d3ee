//! Metadata of authorization servers (OpenID Connect Discovery, RFC 8414) and of protected resources (RFC 9728).

use super::ReadFault;
use crate::dossier::{Document, DocumentKind, Dossier};
use serde_json::Value;

/// Is it JSON with the members of either?
pub(crate) fn recognise(name: &str, text: &str) -> bool {
    let _ = name;
    kind(text).is_some()
}

/// Reads it.
pub(crate) fn read(name: &str, text: &str) -> Result<Dossier, ReadFault> {
    let kind = kind(text).ok_or(ReadFault::Unrecognised)?;
    let document = Document { kind, text: text.trim().to_owned(), name: name.to_owned() };
    let not_seen = vec!["From which address the metadata was fetched is not known: only what it says of itself is looked at.".to_owned()];
    Ok(Dossier { documents: vec![document], not_seen, ..Dossier::default() })
}

fn kind(text: &str) -> Option<DocumentKind> {
    let text = text.trim_start();
    if !text.starts_with('{') || text.len() > 4 * 1024 * 1024 {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let has = |names: &[&str]| names.iter().filter(|name| value.get(name).is_some()).count();
    let resource = ["authorization_servers", "bearer_methods_supported", "resource_name", "resource_documentation", "scopes_supported"];
    let server = ["authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported", "grant_types_supported"];
    if value.get("resource").is_some_and(Value::is_string) && has(&resource) > 0 && has(&server) < 2 {
        return Some(DocumentKind::ResourceMetadata);
    }
    let described = has(&["issuer"]) + has(&server);
    (described >= 2 || has(&resource) >= 2).then_some(if described >= 2 { DocumentKind::Discovery } else { DocumentKind::ResourceMetadata })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<DocumentKind>) {
        assert_eq!(kind(text), expect, "{text}");
    }

    #[test]
    fn servers_and_resources() {
        check(r#"{"issuer": "https://id.example", "jwks_uri": "https://id.example/jwks"}"#, Some(DocumentKind::Discovery));
        check(r#"{"token_endpoint": "x", "authorization_endpoint": "y"}"#, Some(DocumentKind::Discovery));
        check(r#"{"resource": "https://a.example/mcp", "authorization_servers": []}"#, Some(DocumentKind::ResourceMetadata));
        check(r#"{"issuer": "https://id.example"}"#, None);
        check(r#"{"error": "invalid_token"}"#, None);
        check("[]", None);
    }
}
