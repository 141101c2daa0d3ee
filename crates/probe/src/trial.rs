//! Trying combinations of credentials at a URL, as a person clicks through them: none, then every place and scheme that the
//! given secrets could belong to. A password is tried once.

use crate::credentials::{Sent, basic};
use crate::plan::{MOST, Options, Plan, PlanFault, Then};
use crate::target::Target;
use countersign_doctor::Probe;

/// What may be tried. It holds secrets, so that it has no `Debug`.
#[derive(Clone, Default)]
pub struct Secrets {
    /// A name and its password.
    pub user: Option<(String, String)>,
    /// A token.
    pub bearer: Option<String>,
    /// An API key.
    pub key: Option<String>,
    /// Fields that are sent with every request, as name and value.
    pub fields: Vec<(String, String)>,
}

/// The combinations, and the plan that sends one after the other.
pub struct Trial {
    /// What each request of the plan tries, in its order: `Authorization: Bearer (the token)`.
    pub names: Vec<String>,
    /// The requests.
    pub plan: Plan,
}

/// All combinations of these secrets at a URL.
///
/// # Errors
/// [`PlanFault`] for what is no http or https URL, or no proxy.
pub fn trials(url: &str, secrets: &Secrets, options: &Options) -> Result<Trial, PlanFault> {
    let mut target = Target::parse(url).ok_or_else(|| PlanFault::Url(url.to_owned()))?;
    let in_url = target.user.take();
    let mut plain = Sent::plain("GET", target.clone(), "application/json, */*;q=0.8");
    for (name, value) in &secrets.fields {
        plain = plain.with(name, value);
    }
    let authorization = |value: &str| plain.clone().with("Authorization", value);
    let mut all = vec![("nothing".to_owned(), plain.clone())];
    if let Some((name, password)) = secrets.user.as_ref().or(in_url.as_ref()) {
        all.push((format!("Authorization: Basic ({name} and the password)"), authorization(&basic(name, password).1)));
    }
    if let Some(token) = &secrets.bearer {
        all.push(("Authorization: Bearer (the token)".to_owned(), authorization(&format!("Bearer {token}"))));
        all.push(("Authorization: Token (the token)".to_owned(), authorization(&format!("Token {token}"))));
        all.push(("Authorization: the token alone".to_owned(), authorization(token)));
    }
    if let Some(key) = &secrets.key {
        let query = if target.path.contains('?') { '&' } else { '?' };
        let encoded = percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC);
        let mut in_query = plain.clone();
        in_query.target = target.at(&format!("{}{query}api_key={encoded}", target.path));
        all.push(("X-API-Key: the key".to_owned(), plain.clone().with("X-API-Key", key)));
        all.push(("?api_key= the key".to_owned(), in_query));
        all.push(("Authorization: Bearer (the key)".to_owned(), authorization(&format!("Bearer {key}"))));
        all.push(("Authorization: Token (the key)".to_owned(), authorization(&format!("Token {key}"))));
        all.push(("Authorization: the key alone".to_owned(), authorization(key)));
        all.push(("Authorization: Basic (the key as user name)".to_owned(), authorization(&basic(key, "").1)));
    }
    let mut plan = Plan::new(Some(&target), options)?;
    let mut names = Vec::new();
    for (at, (name, sent)) in all.into_iter().enumerate().take(MOST) {
        let probe = if at == 0 && secrets.fields.is_empty() { Probe::Without } else { Probe::Own };
        names.push(name);
        plan.push(Some(probe), sent, "whether this is admitted", Then::Nothing);
    }
    Ok(Trial { names, plan })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[track_caller]
    fn check(secrets: &Secrets, expect: usize) {
        let trial = trials("https://a.example/x?y=1", secrets, &Options::default()).ok().unwrap();
        assert_eq!((trial.names.len(), trial.plan.steps.len()), (expect, expect), "{:?}", trial.names);
        let password = secrets.user.as_ref().map(|user| user.1.clone()).unwrap_or_default();
        let with_password = trial.plan.steps.iter().filter(|step| step.sent.secrets().contains(&password)).count();
        assert_eq!(with_password, usize::from(!password.is_empty()), "the password is tried once");
        let shown = trial.plan.describe();
        for secret in
            [Some(password), secrets.bearer.clone(), secrets.key.clone()].into_iter().flatten().filter(|secret| !secret.is_empty())
        {
            assert!(!shown.contains(&secret), "{shown}");
        }
    }

    #[test]
    fn combinations() {
        check(&Secrets::default(), 1);
        check(&Secrets { user: Some(("ann".into(), "correct horse".into())), ..Secrets::default() }, 2);
        check(&Secrets { bearer: Some("token-of-ann".into()), ..Secrets::default() }, 4);
        check(&Secrets { key: Some("key of/ann".into()), ..Secrets::default() }, 7);
        let all = Secrets {
            user: Some(("ann".into(), "correct horse".into())),
            bearer: Some("token-of-ann".into()),
            key: Some("key of/ann".into()),
            fields: vec![("X-Tenant".into(), "7".into())],
        };
        check(&all, 11);
    }
}
