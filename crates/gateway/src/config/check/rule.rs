//! Rules: what they ask for must make sense by itself, and no earlier rule may stand before them.

use crate::config::file::{RuleWritten, scheme_called};
use crate::config::near::nearest;
use crate::config::path::PathPattern;
use crate::config::plan::Rule;
use crate::config::read::{At, Place, Reader, not_among, shown};
use countersign::reply::Challenges;
use countersign::{Access, ApiKeys, DigestPolicy, Issuer, MethodScopes, Requirement, Scheme};
use http::Method;
use std::sync::Arc;

const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];

/// What all rules of a site share.
pub(super) struct OfSite<'a> {
    pub realm: &'a str,
    pub https_only: bool,
    pub issuers: &'a Arc<[Arc<Issuer>]>,
    pub origins: Arc<[String]>,
    /// The names of the providers that people sign in with.
    pub providers: Arc<[String]>,
    pub api_keys: &'a Arc<ApiKeys>,
    /// What is asked for in Digest, where secrets for it may be kept.
    pub digest: Option<&'a Arc<DigestPolicy>>,
}

/// Checks the rules of a site.
pub(super) fn check_all(reader: &Reader<'_>, all: &[RuleWritten], site: &OfSite<'_>) -> Vec<Rule> {
    let rules: Vec<Rule> = all.iter().enumerate().map(|(number, rule)| check(reader, number, rule, site)).collect();
    for (number, (rule, written)) in rules.iter().zip(all).enumerate() {
        let Some(path) = &written.path else { continue };
        let mut before = rules.iter().zip(all).take(number).filter(|(_, written)| written.path.is_some()).map(|(earlier, _)| earlier);
        if let Some(earlier) = before.find(|earlier| covers(earlier, rule)) {
            let message = format!(
                "no request reaches this rule: the one on line {} (`{}`) matches all of its paths first",
                earlier.line, earlier.path
            );
            reader.warn(&path.place, message, Some("put it before that one, or remove it".into()));
        }
    }
    rules
}

fn covers(earlier: &Rule, rule: &Rule) -> bool {
    let listed =
        |methods: &[Method], method: &Method| methods.contains(method) || (method == Method::HEAD && methods.contains(&Method::GET));
    let methods = match (&earlier.methods, &rule.methods) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(earlier), Some(methods)) => methods.iter().all(|method| listed(earlier, method)),
    };
    methods && earlier.path.covers(&rule.path)
}

fn check(reader: &Reader<'_>, number: usize, written: &RuleWritten, site: &OfSite<'_>) -> Rule {
    let methods = written.methods.as_ref().map(|list| methods(reader, list));
    let access = access(reader, written);
    let requirement = Requirement {
        access,
        schemes: schemes(reader, written),
        realm: site.realm.to_owned(),
        scopes: scopes(reader, written, methods.as_deref()),
        roles: texts(reader, "a role", &written.roles),
        acr: texts(reader, "an authentication context", &written.acr),
        max_age: written.max_age.as_ref().map(|age| i64::try_from(age.value.as_secs()).unwrap_or(i64::MAX)),
        https_only: site.https_only,
        serve_verified_for: written.serve_verified_for.as_ref().map_or(0, |time| i64::try_from(time.value.as_secs()).unwrap_or(0)),
        issuers: site.issuers.clone(),
        digest: site.digest.cloned().unwrap_or_default(),
        origins: site.origins.clone(),
        providers: site.providers.clone(),
        api_keys: site.api_keys.clone(),
    };
    suspect(reader, written, &requirement, !site.providers.is_empty());
    Rule {
        index: u16::try_from(number).unwrap_or(u16::MAX),
        line: reader.line(&written.place),
        path: written.path.as_ref().map_or_else(PathPattern::everything, |path| path.value.clone()),
        methods,
        challenges: Challenges::new(&requirement),
        requirement,
    }
}

fn access(reader: &Reader<'_>, written: &RuleWritten) -> Access {
    match (&written.access, &written.schemes) {
        (None, None) if written.addressed => Access::Denied,
        (None, None) => {
            let mend = "add `access = \"public\"`, `access = \"denied\"`, or `schemes = [\"session\", \"basic\"]`";
            reader.fault(&written.place, "this rule does not say whom it is for", Some(mend.into()));
            Access::Denied
        }
        (Some(access), Some(schemes)) => {
            let mend = "remove `access` to ask for credentials, or `schemes` to ask for none";
            reader.fault(&schemes.place, "a rule has either `access` or `schemes`", Some(mend.into()));
            access.value
        }
        (Some(access), None) => {
            let asked = [place(&written.scopes), place(&written.roles), place(&written.acr), place(&written.max_age)];
            for place in asked.into_iter().flatten() {
                let word = if access.value == Access::Public { "public" } else { "denied" };
                reader.fault(
                    place,
                    format!("this is asked of nobody: the rule is `{word}`"),
                    Some("give `schemes` instead of `access`".into()),
                );
            }
            access.value
        }
        (None, Some(_)) => Access::Protected,
    }
}

fn schemes(reader: &Reader<'_>, written: &RuleWritten) -> Vec<Scheme> {
    let Some(list) = &written.schemes else { return Vec::new() };
    if list.value.is_empty() {
        reader.fault(&list.place, "`schemes` is empty", Some("write `access = \"denied\"` if nobody is let through".into()));
    }
    let mut schemes = Vec::new();
    for name in &list.value {
        match Scheme::ALL.iter().find(|scheme| scheme.name() == name.value) {
            Some(scheme) if schemes.contains(scheme) => reader.warn(&name.place, format!("`{scheme}` is listed already"), None),
            Some(scheme) => schemes.push(*scheme),
            None => {
                let names: Vec<&str> = Scheme::ALL.iter().map(|scheme| scheme.name()).collect();
                let wrong = not_among(&name.value, &names);
                let called = scheme_called(&name.value).map(|scheme| format!("here it is called `{scheme}`"));
                reader.fault(&name.place, format!("there is no scheme {}: {}", shown(&name.value), wrong.message), called.or(wrong.mend));
            }
        }
    }
    schemes.sort_unstable();
    schemes
}

fn methods(reader: &Reader<'_>, list: &At<Vec<At<String>>>) -> Vec<Method> {
    if list.value.is_empty() {
        reader.fault(&list.place, "`methods` is empty, so the rule matches nothing", Some("leave the line out for all methods".into()));
    }
    list.value.iter().filter_map(|name| method(reader, name)).collect()
}

fn method(reader: &Reader<'_>, name: &At<String>) -> Option<Method> {
    let text = name.value.as_str();
    let upper = text.to_ascii_uppercase();
    if METHODS.contains(&upper.as_str()) && upper != text {
        reader.fault(
            &name.place,
            format!("methods are upper case, so no request has the method {}", shown(text)),
            Some(format!("write `{upper}`")),
        );
        return None;
    }
    let Some(method) = Method::from_bytes(text.as_bytes()).ok().filter(|_| text != "*") else {
        let mend = (text == "*").then(|| "leave the line out for all methods".to_owned());
        reader.fault(&name.place, format!("{} is no method", shown(text)), mend);
        return None;
    };
    if let Some(meant) = nearest(text, METHODS.iter().copied()).filter(|meant| *meant != text) {
        reader.warn(&name.place, format!("{text} is no common method"), Some(format!("did you mean `{meant}`?")));
    }
    Some(method)
}

fn scopes(reader: &Reader<'_>, written: &RuleWritten, rule_methods: Option<&[Method]>) -> MethodScopes {
    let Some(scopes) = &written.scopes else { return MethodScopes::default() };
    let mut entries = Vec::new();
    for (name, list) in &scopes.value {
        for scope in list.iter().filter(|scope| !is_scope(&scope.value)) {
            let mend = scope.value.contains(' ').then(|| "list scopes one by one, each in quotes of its own".to_owned());
            reader.fault(
                &scope.place,
                format!("{} is no scope: it has characters that RFC 6749 section 3.3 excludes", shown(&scope.value)),
                mend,
            );
        }
        let known = name.value == "*" || method(reader, name).is_some();
        let excluded = rule_methods.is_some_and(|methods| name.value != "*" && !methods.iter().any(|method| method.as_str() == name.value));
        if known && excluded && name.value != "HEAD" {
            reader.warn(
                &name.place,
                format!("the rule is not about {}", name.value),
                Some("add it to `methods`, or remove it here".into()),
            );
        }
        entries.push((name.value.clone(), list.iter().map(|scope| scope.value.clone()).collect::<Vec<_>>()));
    }
    let named = |method: &str| entries.iter().any(|(name, _)| name == method || name == "*");
    let open: Vec<&str> = match rule_methods {
        Some(methods) => {
            methods.iter().map(Method::as_str).filter(|method| !(named(method) || *method == "HEAD" && named("GET"))).collect()
        }
        None if named("*") => Vec::new(),
        None => vec!["other methods"],
    };
    if !open.is_empty() {
        let message = format!("no scope is needed for {}", open.join(", "));
        reader.warn(&scopes.place, message, Some("add `\"*\" = [\"…\"]`, or restrict the rule by `methods`".into()));
    }
    MethodScopes::new(entries)
}

/// What may be meant, but never lets anybody through.
fn suspect(reader: &Reader<'_>, written: &RuleWritten, requirement: &Requirement, providers: bool) {
    let never = |place: &Place, what: &str, schemes: &[Scheme]| {
        let names: Vec<String> =
            requirement.schemes.iter().filter(|scheme| schemes.contains(scheme)).map(|scheme| format!("`{scheme}`")).collect();
        if !names.is_empty() {
            reader.warn(place, format!("{} never lets anybody through here: it carries no {what}", names.join(" or ")), None);
        }
    };
    if let Some(acr) = &written.acr {
        let without: &[Scheme] = if providers {
            &[Scheme::ApiKey, Scheme::Digest, Scheme::Basic]
        } else {
            &[Scheme::ApiKey, Scheme::Session, Scheme::Digest, Scheme::Basic]
        };
        never(&acr.place, "authentication context", without);
    }
    if let Some(age) = &written.max_age {
        never(&age.place, "time of authentication", &[Scheme::ApiKey]);
    }
}

fn texts(reader: &Reader<'_>, what: &str, written: &Option<At<Vec<At<String>>>>) -> Vec<String> {
    let listed = written.iter().flat_map(|list| &list.value);
    for text in listed.clone().filter(|text| text.value.is_empty() || text.value.chars().any(char::is_control)) {
        reader.fault(&text.place, format!("{} is not {what}: it is empty or has control characters", shown(&text.value)), None);
    }
    listed.map(|text| text.value.clone()).collect()
}

/// RFC 6749 section 3.3: visible ASCII without the quote and the backslash.
fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

fn place<T>(written: &Option<At<T>>) -> Option<&Place> {
    written.as_ref().map(|written| &written.place)
}
