//! From what a provider says of a person to an account: name, roles, scopes. Only what the operator wrote down gives rights.

use crate::record::AccountName;
use serde_json::{Map, Value};

/// The most values of a claim that are looked at, and the longest of them in bytes.
const VALUES_LIMIT: usize = 200;
const LENGTH_LIMIT: usize = 256;

/// How claims become an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The claim that names the person; where it is missing, the subject does.
    pub name_from: String,
    /// What the account's name begins with, so that people of this provider are apart from others.
    pub name_prefix: String,
    /// Claims whose values are roles as they are.
    pub roles_from: Vec<String>,
    /// What single values give.
    pub grants: Vec<Grant>,
}

/// What one value of a claim gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// The claim.
    pub claim: String,
    /// The value that it, or one of its members, has.
    pub value: String,
    /// The roles that this gives.
    pub roles: Vec<String>,
    /// The scopes that this gives.
    pub scopes: Vec<String>,
}

/// A person as a provider describes them, in the terms of this installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The provider's name for the person.
    pub subject: String,
    /// The name of the account.
    pub name: AccountName,
    /// What people call them.
    pub display_name: Option<String>,
    /// Their e-mail address, if the provider says that it was verified.
    pub email: Option<String>,
    /// Roles.
    pub roles: Vec<String>,
    /// Scopes.
    pub scopes: Vec<String>,
}

impl Mapping {
    /// What claims say of a person. A claim is found by its name, or by a path of names with dots between them, as in
    /// `realm_access.roles`.
    pub fn describe(&self, subject: &str, claims: &Map<String, Value>) -> Described {
        let named = values(claims, &self.name_from).next().filter(|name| is_name(name)).unwrap_or(subject);
        let mut described = Described {
            subject: subject.to_owned(),
            name: AccountName::new(&format!("{}{}", self.name_prefix, name_of(named))),
            display_name: values(claims, "name").next().map(str::to_owned),
            email: values(claims, "email").next().filter(|_| is_true(claims, "email_verified")).map(str::to_owned),
            roles: Vec::new(),
            scopes: Vec::new(),
        };
        for claim in self.roles_from.iter().filter(|claim| *claim != "email") {
            add(&mut described.roles, values(claims, claim));
        }
        // An address that nobody verified is only a text that somebody typed.
        let counts = |claim: &str| claim != "email" || described.email.is_some();
        let fits = |grant: &&Grant| counts(&grant.claim) && values(claims, &grant.claim).any(|value| value == grant.value);
        for grant in self.grants.iter().filter(fits).collect::<Vec<_>>() {
            add(&mut described.roles, grant.roles.iter().map(String::as_str));
            add(&mut described.scopes, grant.scopes.iter().map(String::as_str));
        }
        described
    }
}

/// An account's name has no colon (RFC 7617 section 2) and no control characters; subjects may have both.
fn name_of(text: &str) -> String {
    text.chars().map(|c| if c == ':' || c.is_control() { '_' } else { c }).collect()
}

fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(|c| c == ':' || c.is_control())
}

fn is_true(claims: &Map<String, Value>, name: &str) -> bool {
    claims.get(name).is_some_and(|value| *value == Value::Bool(true))
}

/// The texts of a claim: it may be one, or a list of them.
fn values<'a>(claims: &'a Map<String, Value>, path: &str) -> impl Iterator<Item = &'a str> {
    let found = find(claims, path);
    let members: &[Value] = match found {
        Some(Value::Array(members)) => members,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let short = |text: &&str| !text.is_empty() && text.len() <= LENGTH_LIMIT && !text.chars().any(char::is_control);
    members.iter().take(VALUES_LIMIT).filter_map(Value::as_str).filter(short)
}

fn find<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(found) = claims.get(path) {
        return Some(found);
    }
    let (first, rest) = path.split_once('.')?;
    find(claims.get(first)?.as_object()?, rest)
}

fn add<'a>(held: &mut Vec<String>, more: impl Iterator<Item = &'a str>) {
    for one in more {
        if !held.iter().any(|known| known == one) {
            held.push(one.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn mapping() -> Mapping {
        let grant = |claim: &str, value: &str, role: &str, scope: &str| Grant {
            claim: claim.into(),
            value: value.into(),
            roles: vec![role.into()],
            scopes: vec![scope.into()],
        };
        Mapping {
            name_from: "preferred_username".into(),
            name_prefix: "corp/".into(),
            roles_from: vec!["roles".into(), "realm_access.roles".into()],
            grants: vec![grant("groups", "eng", "staff", "orders:read"), grant("email", "x@a.test", "mailer", "mail")],
        }
    }

    #[track_caller]
    fn check(claims: Value, name: &str, roles: &[&str], scopes: &[&str]) {
        let described = mapping().describe("17", claims.as_object().unwrap());
        assert_eq!(described.name.as_str(), name, "{claims}");
        assert_eq!((described.roles, described.scopes), (texts(roles), texts(scopes)), "{claims}");
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn claims_become_an_account() {
        check(json!({}), "corp/17", &[], &[]);
        check(json!({ "preferred_username": "Ann" }), "corp/ann", &[], &[]);
        check(json!({ "preferred_username": " " }), "corp/17", &[], &[]);
        check(json!({ "preferred_username": "a:b" }), "corp/17", &[], &[]);
        check(json!({ "preferred_username": ["ann"] }), "corp/ann", &[], &[]);
        check(json!({ "preferred_username": 5 }), "corp/17", &[], &[]);
        check(json!({ "roles": "a" }), "corp/17", &["a"], &[]);
        check(json!({ "roles": ["a", "b", "a", 7, null], "realm_access": { "roles": ["c"] } }), "corp/17", &["a", "b", "c"], &[]);
        check(json!({ "realm_access.roles": ["d"], "realm_access": { "roles": ["c"] } }), "corp/17", &["d"], &[]);
        check(json!({ "groups": ["ops", "eng"] }), "corp/17", &["staff"], &["orders:read"]);
        check(json!({ "groups": "engineers" }), "corp/17", &[], &[]);
        check(json!({ "groups": { "eng": true } }), "corp/17", &[], &[]);
        check(json!({ "email": "x@a.test", "email_verified": true }), "corp/17", &["mailer"], &["mail"]);
        check(json!({ "email": "x@a.test", "email_verified": false }), "corp/17", &[], &[]);
    }

    #[test]
    fn only_a_verified_address_is_one() {
        for (claims, expect) in [
            (json!({ "email": "x@a.test", "email_verified": true }), Some("x@a.test")),
            (json!({ "email": "x@a.test", "email_verified": "true" }), None),
            (json!({ "email": "x@a.test", "email_verified": false }), None),
            (json!({ "email": "x@a.test" }), None),
        ] {
            assert_eq!(mapping().describe("17", claims.as_object().unwrap()).email.as_deref(), expect, "{claims}");
        }
    }
}
