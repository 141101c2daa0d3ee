//! Trying combinations of credentials at a URL, as a person clicks through them: none, then every place and scheme that the
//! given secrets could belong to. A password is tried once.

use crate::credentials::{Sent, basic};
use crate::login::Login;
use crate::plan::{Options, Plan, PlanFault, Then};
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

/// The plan that sends all combinations of these secrets to a URL, one after the other. A password goes as Digest where the
/// server's challenge offers it.
///
/// # Errors
/// [`PlanFault`] for what is no http or https URL, or no proxy.
pub fn trials(url: &str, secrets: &Secrets, options: &Options) -> Result<Plan, PlanFault> {
    let mut target = Target::parse(url).ok_or_else(|| PlanFault::Url(url.to_owned()))?;
    let in_url = target.user.take();
    let mut plain = Sent::plain("GET", target.clone(), "application/json, */*;q=0.8");
    for (name, value) in &secrets.fields {
        plain = plain.with(name, value);
    }
    let authorization = |value: &str| plain.clone().with("Authorization", value);
    let mut all = vec![("nothing".to_owned(), plain.clone())];
    let user = secrets.user.as_ref().or(in_url.as_ref());
    if let Some((name, password)) = user {
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
    let login = user.map(|(name, password)| Login { name: name.clone(), password: password.clone() });
    for (at, (name, sent)) in all.into_iter().enumerate() {
        let probe = if at == 0 && secrets.fields.is_empty() { Probe::Without } else { Probe::Own };
        let with_password = at == 1 && login.is_some();
        let then = if with_password { Then::Answer } else { Then::Nothing };
        plan.push(Some(probe), sent, "whether this is admitted", then);
        if let Some(step) = plan.steps.get_mut(at) {
            step.tries = name;
            step.login = login.clone().filter(|_| with_password);
        }
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[track_caller]
    fn check(secrets: &Secrets, expect: usize) {
        let plan = trials("https://a.example/x?y=1", secrets, &Options::default()).ok().unwrap();
        assert_eq!((plan.steps.len(), plan.remarks.len()), (expect, 0), "{}", plan.describe());
        let password = secrets.user.as_ref().map(|user| user.1.clone()).unwrap_or_default();
        let with_password = plan.steps.iter().filter(|step| step.sent.secrets().contains(&password)).count();
        assert_eq!(with_password, usize::from(!password.is_empty()), "the password is tried once");
        let shown = plan.describe();
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
