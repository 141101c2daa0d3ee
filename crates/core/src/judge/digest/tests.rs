//! The judge of Digest with facts that are made up: what is refused before anything is asked, and what an answer is worth.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::digest::{ha1, userhash};
use crate::facts::{Answer, OneTime, PasswordAnswer, PasswordQuestion, SessionInUse, Spending};
use crate::introspection::Introspection;
use crate::issuer::Issuer;
use crate::nonce::NonceKey;
use crate::record::{Account, AccountState, ApiKey};
use crate::reply::{Challenges, Reply, authentication_info};
use crate::requirement::{Access, DigestPolicy, MethodScopes};
use crate::secret::SecretHash;
use crate::token::{KeySet, VerifiedToken};
use crate::verdict::{Step, Verdict};
use http::HeaderMap;
use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};

const NOW: Timestamp = 1_800_000_000;
const MADE: Nonce = Nonce { made_ms: NOW * 1000, id: 1 };

/// One account, one nonce key; whatever is counted is noted.
struct Known {
    key: NonceKey,
    account: Account,
    kept: bool,
    answer: DigestCount,
    counted: RefCell<Vec<DigestUse>>,
}

impl Known {
    fn new() -> Self {
        let account = Account {
            id: 7,
            name: AccountName::new("ann"),
            password: None,
            roles: vec![],
            scopes: vec![],
            state: AccountState::Active,
            state_since: 0,
            password_expires: None,
            federated: None,
        };
        let (key, counted) = (NonceKey::new(&[1; 32]), RefCell::default());
        Self { key, account, kept: true, answer: DigestCount::Counted, counted }
    }
}

impl Facts for Known {
    fn digest(&self, key: &DigestKey) -> Answer<Option<Arc<DigestRecord>>> {
        let known = match &key.user {
            DigestUser::Name(name) => *name == self.account.name,
            DigestUser::Hash(hash) => *hash == userhash("ann", &key.realm, key.algorithm),
        };
        let ha1 = self.kept.then(|| ha1("ann", &key.realm, "secret", key.algorithm));
        Answer::Known(known.then(|| Arc::new(DigestRecord { account: Arc::new(self.account.clone()), ha1 })))
    }

    fn digest_counted(&self, used: &DigestUse) -> Answer<DigestCount> {
        self.counted.borrow_mut().push(used.clone());
        Answer::Known(self.answer)
    }

    fn nonce(&self, realm: &str, text: &str) -> Option<Nonce> {
        self.key.open(realm, text)
    }

    fn account(&self, _: &AccountName) -> Answer<Option<Arc<Account>>> {
        Answer::NotYet
    }

    fn password(&self, _: &PasswordQuestion) -> Answer<PasswordAnswer> {
        Answer::NotYet
    }

    fn api_key(&self, _: &SecretHash) -> Answer<Option<Arc<ApiKey>>> {
        Answer::NotYet
    }

    fn session(&self, _: &SecretHash) -> Answer<Option<SessionInUse>> {
        Answer::NotYet
    }

    fn keys(&self, _: &Arc<Issuer>, _: Option<&str>) -> Answer<Arc<KeySet>> {
        Answer::NotYet
    }

    fn token(&self, _: &str, verify: impl FnOnce() -> Result<VerifiedToken, Stop>) -> Result<Arc<VerifiedToken>, Stop> {
        verify().map(Arc::new)
    }

    fn introspected(&self, _: &Arc<Issuer>, _: &str) -> Option<Arc<Introspection>> {
        None
    }

    fn introspection(&self, _: &Arc<Issuer>, _: &str) -> Answer<Arc<Introspection>> {
        Answer::NotYet
    }

    fn spent(&self, _: &OneTime) -> Answer<Spending> {
        Answer::NotYet
    }

    fn spent_since(&self) -> Timestamp {
        0
    }

    fn fingerprint(&self, _: &[u8]) -> [u8; 8] {
        [0; 8]
    }
}

fn requirement() -> Requirement {
    let algorithms = vec![Algorithm::Sha256, Algorithm::Sha512T256Sess];
    Requirement {
        access: Access::Protected,
        schemes: vec![Scheme::Digest, Scheme::Basic],
        realm: "r".into(),
        scopes: MethodScopes::default(),
        roles: vec![],
        acr: vec![],
        max_age: None,
        https_only: false,
        issuers: Arc::from([]),
        serve_verified_for: 0,
        origins: Arc::from([]),
        providers: Arc::from([]),
        api_keys: Arc::default(),
        digest: Arc::new(DigestPolicy { algorithms, qop: vec![Qop::Auth, Qop::AuthInt], userhash: true, ..DigestPolicy::default() }),
    }
}

/// What a client sends for `GET /x?a=b`, right in everything that is not changed.
#[derive(Clone)]
struct Sent {
    name: String,
    hash: bool,
    password: &'static str,
    nonce: Nonce,
    uri: &'static str,
    algorithm: Algorithm,
    qop: Qop,
    body: Option<&'static [u8]>,
}

fn sent() -> Sent {
    Sent {
        name: "ann".into(),
        hash: false,
        password: "secret",
        nonce: MADE,
        uri: "/x?a=b",
        algorithm: Algorithm::Sha256,
        qop: Qop::Auth,
        body: None,
    }
}

impl Sent {
    fn header(&self, known: &Known) -> String {
        let Self { name, hash, nonce, uri, algorithm, .. } = self;
        let nonce = known.key.seal("r", *nonce);
        let hashed = if *hash { "ann" } else { name };
        let request = match self.qop {
            Qop::Auth => request_digest("GET", uri, *algorithm),
            Qop::AuthInt => request_digest_of_body("GET", uri, b"body", *algorithm),
        };
        let salt = Salt { nonce: &nonce, count: "00000001", cnonce: "c", qop: Some(self.qop) };
        let response = response(&ha1(hashed, "r", self.password, *algorithm), &salt, &request, *algorithm);
        format!(
            "Digest username=\"{name}\", userhash={hash}, realm=\"r\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\", algorithm={}, qop={}, nc=00000001, cnonce=\"c\"",
            algorithm.name(),
            self.qop.name()
        )
    }

    fn judge(&self, known: &Known) -> Verdict {
        judge_text(known, &self.header(known), self.body)
    }
}

fn judge_text(known: &Known, header: &str, body: Option<&[u8]>) -> Verdict {
    let headers = HeaderMap::from_iter([(AUTHORIZATION, header.parse().unwrap())]);
    let target = Target::parse("/x?a=b").unwrap();
    let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let parts = RequestParts {
        method: &Method::GET,
        target: &target,
        headers: &headers,
        host: "h",
        secure: false,
        certificate: None,
        client,
        body,
    };
    match crate::judge(&parts, &requirement(), known, NOW) {
        Step::Decided(verdict) => verdict,
        Step::Needs(need) => panic!("{need:?}"),
    }
}

#[track_caller]
fn check(known: &Known, sent: &Sent, expect: Option<Cause>) {
    let cause = match sent.judge(known) {
        Verdict::Admit(identity) => {
            assert_eq!((identity.subject(), identity.scheme()), (Some("ann"), Some(Scheme::Digest)));
            None
        }
        Verdict::Refuse(refusal) => Some(refusal.cause),
        Verdict::Unable(outage) => panic!("{outage:?}"),
    };
    assert_eq!(cause, expect, "{}", sent.header(known));
}

#[test]
fn right_and_wrong() {
    let known = Known::new();
    check(&known, &sent(), None);
    check(&known, &Sent { algorithm: Algorithm::Sha512T256Sess, ..sent() }, None);
    check(&known, &Sent { uri: "http://H/x?a=b", ..sent() }, None);
    check(&known, &Sent { uri: "/%78?a=b", ..sent() }, None);
    check(&known, &Sent { name: userhash("ann", "r", Algorithm::Sha256), hash: true, ..sent() }, None);
    check(&known, &Sent { qop: Qop::AuthInt, body: Some(b"body"), ..sent() }, None);
    check(&known, &Sent { qop: Qop::AuthInt, body: Some(b"other"), ..sent() }, Some(Cause::DigestResponseWrong));
    check(&known, &Sent { qop: Qop::AuthInt, body: None, ..sent() }, Some(Cause::CredentialsMalformed));
    check(&known, &Sent { password: "other", ..sent() }, Some(Cause::DigestResponseWrong));
    check(&known, &Sent { name: "Ann".into(), ..sent() }, Some(Cause::DigestResponseWrong));
    check(&known, &Sent { name: "bob".into(), ..sent() }, Some(Cause::AccountUnknown));
    check(&known, &Sent { name: "0".repeat(64), hash: true, ..sent() }, Some(Cause::AccountUnknown));
    check(&known, &Sent { algorithm: Algorithm::Md5, ..sent() }, Some(Cause::CredentialsMalformed));
    for uri in ["/x", "/x?a=c", "/x?a=b&c", "/y?a=b", "x?a=b", "http://other/x?a=b", "http://h", "*", "/x?a=b#c"] {
        check(&known, &Sent { uri, ..sent() }, Some(Cause::DigestTargetMismatch));
    }
}

#[test]
fn nonces_end_and_are_our_own() {
    let known = Known::new();
    let aged = |seconds: i64| Sent { nonce: Nonce { made_ms: (NOW - seconds) * 1000, ..MADE }, ..sent() };
    for (age, expect) in [(0, None), (300, None), (-60, None), (301, Some(Cause::DigestNonceStale)), (-61, Some(Cause::DigestNonceStale))] {
        check(&known, &aged(age), expect);
    }
    let foreign = sent().header(&Known { key: NonceKey::new(&[2; 32]), ..Known::new() });
    let Verdict::Refuse(refusal) = judge_text(&known, &foreign, None) else { panic!() };
    assert_eq!(refusal.cause, Cause::DigestNonceStale);
    for (count, expect) in [(DigestCount::Again, Cause::DigestNonceReplayed), (DigestCount::Forgotten, Cause::DigestNonceStale)] {
        check(&Known { answer: count, ..Known::new() }, &sent(), Some(expect));
    }
}

#[test]
fn whatever_is_wrong_is_counted_and_only_what_is_right_uses_the_nonce() {
    let states = |state: AccountState| Account { state, ..Known::new().account };
    let lapsed = Account { password_expires: Some(NOW), ..Known::new().account };
    let cases = [
        (Known::new(), sent(), None),
        (Known::new(), Sent { password: "other", ..sent() }, Some(Cause::DigestResponseWrong)),
        (Known::new(), Sent { name: "Bob ".into(), ..sent() }, Some(Cause::AccountUnknown)),
        (Known { account: states(AccountState::Locked), ..Known::new() }, sent(), Some(Cause::AccountLocked)),
        (Known { account: states(AccountState::Disabled), ..Known::new() }, sent(), Some(Cause::AccountDisabled)),
        (Known { account: lapsed, ..Known::new() }, sent(), Some(Cause::PasswordExpired)),
        (Known { kept: false, ..Known::new() }, sent(), Some(Cause::DigestResponseWrong)),
    ];
    for (known, sent, expect) in cases {
        check(&known, &sent, expect);
        let counted = known.counted.borrow();
        let [used] = counted.as_slice() else { panic!("{counted:?}") };
        assert_eq!((used.account, used.name.clone()), (expect.is_none().then_some(7), AccountName::new(&sent.name)), "{expect:?}");
    }
    let known = Known { kept: false, ..Known::new() };
    let Verdict::Refuse(refusal) = sent().judge(&known) else { panic!() };
    let about = refusal.evidence.items().iter().map(|item| item.about).collect::<Vec<_>>();
    assert!(about.contains(&Subject::DigestSecret), "{about:?}");
    check(&Known { answer: DigestCount::Throttled { retry_after: 3 }, ..Known::new() }, &sent(), Some(Cause::AttemptsExceeded));
}

#[test]
fn the_body_is_wanted_only_where_it_is_hashed() {
    let known = Known::new();
    let wants = |sent: &Sent, schemes: Vec<Scheme>| {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, sent.header(&known).parse().unwrap())]);
        let target = Target::parse("/x?a=b").unwrap();
        let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let parts = RequestParts {
            method: &Method::GET,
            target: &target,
            headers: &headers,
            host: "h",
            secure: false,
            certificate: None,
            client,
            body: None,
        };
        crate::reads_body(&parts, &Requirement { schemes, ..requirement() })
    };
    let protects = Sent { qop: Qop::AuthInt, ..sent() };
    assert!(wants(&protects, vec![Scheme::Digest]));
    assert!(!wants(&sent(), vec![Scheme::Digest]) && !wants(&protects, vec![Scheme::Basic]));
}

#[test]
fn challenges_and_what_an_answer_tells() {
    let (known, requirement) = (Known::new(), requirement());
    let challenges = Challenges::new(&requirement);
    let fields = |cause| {
        let reply = Reply::refuse(&Refusal::new(cause, Evidence::none()), Some((&requirement, &challenges)), |realm| format!("n-{realm}"));
        reply.challenges.iter().map(|field| field.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let digest = |algorithm: &str, stale: &str| {
        format!("Digest realm=\"r\", qop=\"auth, auth-int\", algorithm={algorithm}, charset=UTF-8, userhash=true, nonce=\"n-r\"{stale}")
    };
    let basic = "Basic realm=\"r\", charset=\"UTF-8\"".to_owned();
    assert_eq!(fields(Cause::CredentialsMissing), [digest("SHA-256", ""), digest("SHA-512-256-sess", ""), basic.clone()]);
    assert_eq!(fields(Cause::DigestNonceReplayed), fields(Cause::CredentialsMissing));
    let stale = ", stale=true";
    assert_eq!(fields(Cause::DigestNonceStale), [digest("SHA-256", stale), digest("SHA-512-256-sess", stale), basic]);
    let told = |sent: &Sent, next| match sent.judge(&known) {
        Verdict::Admit(identity) => authentication_info(&identity, next).map(|info| info.to_str().unwrap().to_owned()),
        verdict => panic!("{verdict:?}"),
    };
    let info = told(&sent(), Some("m")).unwrap();
    assert!(info.starts_with("rspauth=\"") && info.ends_with("\", qop=auth, cnonce=\"c\", nc=00000001, nextnonce=\"m\""), "{info}");
    let protects = Sent { qop: Qop::AuthInt, body: Some(b"body"), ..sent() };
    assert_eq!((told(&protects, None), told(&protects, Some("m"))), (None, Some("nextnonce=\"m\"".to_owned())));
}
