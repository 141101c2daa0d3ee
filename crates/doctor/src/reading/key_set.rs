//! A JWK set (RFC 7517), or one JWK.

use super::ReadFault;
use crate::dossier::{Document, DocumentKind, Dossier};
use serde_json::Value;

/// Is it JSON with `keys` that are keys, or with a key's `kty`?
pub(crate) fn recognise(name: &str, text: &str) -> bool {
    let _ = name;
    let text = text.trim_start();
    text.starts_with('{') && (text.contains("\"keys\"") || text.contains("\"kty\"")) && set(text).is_some()
}

/// Reads it; a JWK becomes a set of one.
pub(crate) fn read(name: &str, text: &str) -> Result<Dossier, ReadFault> {
    let text = set(text).ok_or(ReadFault::Unrecognised)?;
    let document = Document { kind: DocumentKind::KeySet, text, name: name.to_owned() };
    Ok(Dossier { documents: vec![document], ..Dossier::default() })
}

fn set(text: &str) -> Option<String> {
    if text.len() > 4 * 1024 * 1024 {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    match value.get("keys") {
        Some(Value::Array(keys)) if keys.iter().all(|key| key.get("kty").is_some()) => Some(text.trim().to_owned()),
        Some(_) => None,
        None => value.get("kty").is_some().then(|| serde_json::json!({ "keys": [value] }).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: bool) {
        assert_eq!(recognise("-", text), expect, "{text}");
        assert_eq!(read("-", text).is_ok(), expect, "{text}");
    }

    #[test]
    fn sets_and_single_keys() {
        check(r#"{"keys": []}"#, true);
        check(r#"{"keys": [{"kty": "RSA"}]}"#, true);
        check(r#"{"kty": "EC", "crv": "P-256"}"#, true);
        check(r#"{"keys": ["a", "b"]}"#, false);
        check(r#"{"keys": {"a": 1}}"#, false);
        check(r#"{"keys": [{"kty""#, false);
    }
}
