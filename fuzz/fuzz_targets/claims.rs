//! What a provider says of a person: whatever it is, the account that comes of it has a name that fits into a field, and
//! rights that the mapping gives and no others.

#![no_main]

use countersign::login::{Grant, Mapping};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|bytes: &[u8]| {
    let Ok(claims) = serde_json::from_slice::<Map<String, Value>>(bytes) else { return };
    let grant = Grant { claim: "email".into(), value: "a@b.test".into(), roles: vec!["staff".into()], scopes: vec!["read".into()] };
    let mapping = Mapping { name_from: "name".into(), name_prefix: "corp/".into(), roles_from: vec!["a.b".into()], grants: vec![grant] };
    let described = mapping.describe("17", &claims);
    assert!(described.name.as_str().starts_with("corp/"));
    assert!(!described.name.as_str().contains(|c: char| c == ':' || c.is_control()));
    let verified = claims.get("email_verified") == Some(&Value::Bool(true));
    assert!(verified || (described.email.is_none() && described.scopes.is_empty()));
    assert!(described.scopes.is_empty() || described.email.is_some());
    assert!(described.roles.len() <= 201 && described.roles.iter().all(|role| !role.is_empty() && role.len() <= 256));
});
