//! Any request head against a rule that accepts everything, with facts that know nobody: the judge decides or asks, it
//! never panics, never admits, and answers the same question with the same step.

#![no_main]

use countersign::introspection::Introspection;
use countersign::token::{KeySet, VerifiedToken};
use countersign::{
    Access, Account, AccountName, Answer, ApiKey, Cause, DigestCount, DigestKey, DigestRecord, DigestUse, Evidence, Facts, Issuer,
    MethodScopes, Nonce, OneTime, Outage, PasswordAnswer, PasswordQuestion, RequestParts, Requirement, Scheme, SecretHash, SessionInUse,
    Spending, Step, Stop, Target, Verdict, judge,
};
use countersign_fuzz::issuer;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use libfuzzer_sys::fuzz_target;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Knows that there is nobody and nothing.
struct Nobody;

impl Facts for Nobody {
    fn account(&self, _: &AccountName) -> Answer<Option<Arc<Account>>> {
        Answer::Known(None)
    }

    fn password(&self, _: &PasswordQuestion) -> Answer<PasswordAnswer> {
        Answer::Known(PasswordAnswer::Wrong)
    }

    fn api_key(&self, _: &SecretHash) -> Answer<Option<Arc<ApiKey>>> {
        Answer::Known(None)
    }

    fn session(&self, _: &SecretHash) -> Answer<Option<SessionInUse>> {
        Answer::Known(None)
    }

    fn digest(&self, _: &DigestKey) -> Answer<Option<Arc<DigestRecord>>> {
        Answer::Known(None)
    }

    fn digest_counted(&self, _: &DigestUse) -> Answer<DigestCount> {
        Answer::Known(DigestCount::Counted)
    }

    fn nonce(&self, _: &str, _: &str) -> Option<Nonce> {
        Some(Nonce { made_ms: 1_800_000_000_000, id: 1 })
    }

    fn keys(&self, _: &Arc<Issuer>, _: Option<&str>) -> Answer<Arc<KeySet>> {
        Answer::Known(Arc::new(KeySet::default()))
    }

    fn token(&self, _: &str, verify: impl FnOnce() -> Result<VerifiedToken, Stop>) -> Result<Arc<VerifiedToken>, Stop> {
        verify().map(Arc::new)
    }

    fn introspected(&self, _: &Arc<Issuer>, _: &str) -> Option<Arc<Introspection>> {
        None
    }

    fn introspection(&self, _: &Arc<Issuer>, _: &str) -> Answer<Arc<Introspection>> {
        Answer::Outage(Outage { cause: Cause::IntrospectionUnreachable, retry_after: 1, evidence: Evidence::none() })
    }

    fn spent(&self, _: &OneTime) -> Answer<Spending> {
        Answer::Known(Spending::Again)
    }

    fn spent_since(&self) -> i64 {
        1_800_000_000
    }

    fn fingerprint(&self, _: &[u8]) -> [u8; 8] {
        [0; 8]
    }
}

fuzz_target!(|text: &str| {
    let mut lines = text.lines();
    let Ok(target) = Target::parse(lines.next().unwrap_or_default()) else { return };
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value.trim())) {
            headers.append(name, value);
        }
    }
    let parts = RequestParts {
        method: &Method::POST,
        target: &target,
        headers: &headers,
        host: "app.example.test",
        secure: true,
        certificate: None,
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        body: None,
    };
    let requirement = requirement();
    let steps = [judge(&parts, &requirement, &Nobody, 1_800_000_000), judge(&parts, &requirement, &Nobody, 1_800_000_000)];
    for step in &steps {
        assert!(matches!(step, Step::Decided(Verdict::Refuse(_) | Verdict::Unable(_))), "{step:?}");
    }
    assert_eq!(format!("{:?}", steps[0]), format!("{:?}", steps[1]));
});

fn requirement() -> Requirement {
    Requirement {
        access: Access::Protected,
        schemes: Scheme::ALL.to_vec(),
        realm: "fuzz".into(),
        scopes: MethodScopes::new(vec![("*".into(), vec!["write".into()])]),
        roles: vec!["staff".into()],
        acr: vec!["mfa".into()],
        max_age: Some(3600),
        https_only: true,
        issuers: Arc::from([Arc::new(issuer())]),
        serve_verified_for: 0,
        origins: Arc::from([]),
        providers: Arc::from([]),
        api_keys: Arc::default(),
        digest: Arc::default(),
    }
}
