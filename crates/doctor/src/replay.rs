//! The gateway's judge, asked again about the request that is explained, under the mildest rule that the case leaves open.
//! What it needs and nobody here can answer is what the doctor says it has not seen.
//!
//! ```text
//! request, challenges, key sets, our configuration ──► judge ──► Refuse ──► a clue, where the judge saw all that it rests on
//!                                                          ├──► Needs  ──► "not seen: …"
//!                                                          └──► Admit  ──► what refuses is not in what was given
//! ```

use crate::clue::{Clue, Quote};
use crate::dossier::{DocumentKind, Dossier};
use crate::finding::{Clock, Refusal};
use crate::reference::case::Found;
use crate::reference::evidence::sentence;
use crate::{jwt, mask};
use countersign::introspection::Introspection;
use countersign::token::{Algorithm, KeySet, Unverified, VerifiedToken};
use countersign::{
    Access, Account, AccountName, Answer, ApiKey, Cause, DigestCount, DigestKey, DigestRecord, DigestUse, Facts, Issuer, MethodScopes,
    Need, Nonce, OneTime, PasswordAnswer, PasswordQuestion, RequestParts, Requirement, Scheme, SecretHash, SessionInUse, Spending, Step,
    Stop, Subject, Target, Timestamp, TokenBinding, Verdict, judge,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The finding's name, and its page's.
pub(crate) const NAME: &str = "judge";
/// What clocks are allowed to differ by, in seconds: the most that the gateway can be set to.
const LEEWAY: i64 = 60;

/// What came of it.
#[derive(Default)]
pub(crate) struct Replay {
    /// Why the judge refuses too, where it can know.
    pub clue: Option<Clue>,
    /// What it asks for, and what it had to suppose.
    pub not_seen: Vec<String>,
}

/// Judges the request that was refused.
pub(crate) fn replay(dossier: &Dossier) -> Replay {
    let Some(refusal) = Refusal::of(dossier).filter(|refusal| matches!(refusal.status(), 401 | 403)) else { return Replay::default() };
    let Some((now, clock)) = refusal.now().filter(|(_, clock)| *clock != Clock::Reader) else { return Replay::default() };
    let Some(asked) = Asked::of(&refusal) else { return Replay::default() };
    let Some(rule) = Rule::of(&refusal, &asked) else { return Replay::default() };
    let recorded = Recorded { sets: rule.key_sets(), supposed: Cell::new(false) };
    let step = judge(&asked.parts(), &rule.requirement, &recorded, now);
    let mut replay = Replay::default();
    if recorded.supposed.get() {
        replay.not_seen.push("The token's signature: no key set of its issuer is among what was given.".to_owned());
    }
    match step {
        Step::Needs(need) => replay.not_seen.extend(lacking(&need)),
        Step::Decided(Verdict::Refuse(refused)) => replay.clue = rule.clue(&refusal, &refused, (now, clock)),
        Step::Decided(Verdict::Admit(_)) => replay.not_seen.push(
            "What refuses: by all that was given the token is in its time and has what is asked for. Keys, audience, revocation and the server's own rules are not visible from here."
                .to_owned(),
        ),
        Step::Decided(Verdict::Unable(_)) => {}
    }
    replay
}

/// The request as the judge reads it; owned, since the judge borrows.
struct Asked {
    method: Method,
    target: Target,
    headers: HeaderMap,
    host: String,
    secure: bool,
}

impl Asked {
    /// None where the request is one that the gateway refuses before it judges, or carries none of the schemes that are judged.
    fn of(refusal: &Refusal<'_>) -> Option<Self> {
        let request = refusal.request()?;
        let query = request.query();
        let target = if query.is_empty() { request.path().to_owned() } else { format!("{}?{query}", request.path()) };
        let mut headers = HeaderMap::new();
        for header in request.headers.0.iter().take(256) {
            let (Ok(name), Ok(value)) = (HeaderName::try_from(&header.name), HeaderValue::try_from(&header.value)) else { continue };
            headers.append(name, value);
        }
        Some(Self {
            method: Method::from_bytes(request.method.as_bytes()).ok()?,
            target: Target::parse(&target).ok()?,
            headers,
            host: request.host(),
            secure: !request.url.starts_with("http://"),
        })
    }

    fn parts(&self) -> RequestParts<'_> {
        RequestParts {
            method: &self.method,
            target: &self.target,
            headers: &self.headers,
            host: &self.host,
            secure: self.secure,
            certificate: None,
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
            body: None,
        }
    }

    fn bearer(&self) -> Option<&str> {
        let value = self.headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
        countersign_grammar::split_scheme(value)
            .filter(|(scheme, _)| ["bearer", "dpop"].iter().any(|name| scheme.eq_ignore_ascii_case(name)))
            .map(|(_, token)| token.trim())
    }
}

/// The rule that is supposed, and from where its parts are known.
struct Rule<'a> {
    requirement: Requirement,
    dossier: &'a Dossier,
    /// Do issuers and audiences come from our own configuration, given beside the refusal?
    configured: bool,
}

impl<'a> Rule<'a> {
    fn of(refusal: &Refusal<'a>, asked: &Asked) -> Option<Self> {
        let challenges = refusal.challenges();
        let challenge = challenges.iter().find(|challenge| challenge.scheme().eq_ignore_ascii_case("bearer"));
        let words = |name: &str| -> Vec<String> {
            let value = challenge.and_then(|challenge| challenge.value(name)).unwrap_or_default();
            value.split_ascii_whitespace().map(str::to_owned).collect()
        };
        let told = challenge.and_then(|challenge| challenge.value("error"));
        // Scopes stand in many challenges as a hint to everybody; only with this error are they what was lacking.
        let scopes = if told.is_some_and(|error| error == "insufficient_scope") { words("scope") } else { Vec::new() };
        let (issuers, configured) = match configured(refusal.dossier) {
            issuers if issuers.is_empty() => (asked.bearer().map_or(Some(Vec::new()), |token| Some(vec![supposed(token)?]))?, false),
            issuers => (issuers, true),
        };
        let requirement = Requirement {
            access: Access::Protected,
            schemes: Scheme::ALL.to_vec(),
            realm: String::new(),
            scopes: MethodScopes::new(vec![("*".to_owned(), scopes)]),
            roles: Vec::new(),
            acr: words("acr_values"),
            max_age: words("max_age").first().and_then(|age| age.parse().ok()),
            https_only: false,
            issuers: issuers.into_iter().map(Arc::new).collect(),
            serve_verified_for: 0,
            origins: Arc::default(),
            providers: Arc::default(),
            api_keys: Arc::default(),
            digest: Arc::default(),
        };
        Some(Self { requirement, dossier: refusal.dossier, configured })
    }

    /// The key sets that were given or fetched.
    fn key_sets(&self) -> Vec<Arc<KeySet>> {
        let given = self.dossier.documents.iter().filter(|document| document.kind == DocumentKind::KeySet);
        let texts = given.map(|document| document.text.as_str()).take(8);
        texts.filter_map(|text| KeySet::read(text.as_bytes(), Algorithm::ALL).ok()).map(Arc::new).collect()
    }

    /// How sure a refusal by the judge is, which depends on whether it saw what the server compares with.
    fn clue(&self, refusal: &Refusal<'_>, refused: &countersign::Refusal, (now, clock): (Timestamp, Clock)) -> Option<Clue> {
        let weight = match refused.cause {
            Cause::TokenExpired if clock == Clock::Server => 96,
            Cause::TokenExpired | Cause::TokenNotYetValid => 90,
            Cause::TokenKindWrong => 85,
            Cause::AuthenticationTooWeak | Cause::AuthenticationTooOld => 96,
            // A token without the claim may carry its rights elsewhere.
            Cause::ScopeInsufficient if holds_scopes(refused) => 96,
            Cause::ScopeInsufficient => 80,
            Cause::TokenSignatureWrong => 96,
            Cause::TokenIssuerUnknown | Cause::TokenAudienceMismatch if self.configured => 95,
            _ => return None,
        };
        let quote = refusal.asked("authorization").map(|header| Quote::header(refusal.index, "request", header));
        let whose = if self.configured { "under the issuers of the configuration that was given" } else { "as mildly as it can" };
        let items = refused.evidence.items().iter().filter(|item| item.about != Subject::Issuer || self.configured).take(2);
        let why: Vec<String> = items.map(|item| mask::text(&sentence(item, refused.cause, &Found::NotAsked, now))).collect();
        let because =
            format!("The gateway's own judge, asked about this request {whose}, refuses it with `{}`: {}.", refused.cause, why.join("; "));
        let mut clue = Clue::new(NAME, refused.cause, weight, because);
        clue.quotes.extend(quote);
        Some(clue)
    }
}

fn holds_scopes(refused: &countersign::Refusal) -> bool {
    let item = refused.evidence.items().iter().find(|item| item.about == Subject::Scopes);
    matches!(item.and_then(|item| item.presented.as_ref()), Some(countersign::Value::Texts(scopes)) if !scopes.is_empty())
}

/// The issuer that the token names, believed in all that it says of itself.
fn supposed(token: &str) -> Option<Issuer> {
    let token = jwt::Jwt::read(token)?;
    let audiences = match token.claims.get("aud") {
        Some(serde_json::Value::String(audience)) => vec![audience.clone()],
        Some(serde_json::Value::Array(audiences)) => audiences.iter().filter_map(|audience| audience.as_str().map(str::to_owned)).collect(),
        _ => return None,
    };
    Some(Issuer {
        name: String::new(),
        issuer: token.text("iss")?.to_owned(),
        audiences,
        algorithms: Algorithm::ALL.to_vec(),
        leeway: LEEWAY,
        access_token_type: false,
        binding: TokenBinding::Optional,
        dpop_nonces: false,
        introspection: None,
    })
}

/// The issuers of our own configuration, where one is among what was given.
fn configured(dossier: &Dossier) -> Vec<Issuer> {
    let files = dossier.documents.iter().filter(|document| document.kind == DocumentKind::Configuration);
    let tables = files.filter_map(|document| toml::from_str::<toml::Table>(&document.text).ok());
    tables.flat_map(|table| issuers(&table)).collect()
}

fn issuers(table: &toml::Table) -> Vec<Issuer> {
    let tables = table.get("issuer").and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_table);
    let read = |issuer: &toml::Table| {
        let text = |name: &str| issuer.get(name).and_then(toml::Value::as_str);
        let texts = |name: &str| match issuer.get(name) {
            Some(toml::Value::String(text)) => vec![text.clone()],
            Some(toml::Value::Array(texts)) => texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect(),
            _ => Vec::new(),
        };
        let algorithms: Vec<Algorithm> = texts("algorithms").iter().filter_map(|name| Algorithm::from_name(name)).collect();
        Some(Issuer {
            name: text("name").unwrap_or_default().to_owned(),
            issuer: text("issuer")?.to_owned(),
            audiences: texts("audiences"),
            algorithms: if algorithms.is_empty() { Algorithm::ALL.to_vec() } else { algorithms },
            leeway: LEEWAY,
            access_token_type: false,
            binding: TokenBinding::Optional,
            dpop_nonces: false,
            introspection: None,
        })
    };
    tables.filter_map(read).collect()
}

/// What the judge asks for, in words for whoever could answer.
fn lacking(need: &Need) -> Option<String> {
    Some(match need {
        Need::Account(_) | Need::Password(_) | Need::Digest(_) | Need::CountDigest(_) => {
            "Whether the account exists and the password is its: only the server's store of accounts knows.".to_owned()
        }
        Need::ApiKey(_) => "Whether the API key is known, revoked or over: only the server's store of keys knows.".to_owned(),
        Need::Session(_) => "Whether the session still exists: only the server's store of sessions knows.".to_owned(),
        Need::Introspection(..) => "Whether the token is still active: only its issuer knows, when it is asked.".to_owned(),
        Need::Keys(..) | Need::Spend(_) => return None,
    })
}

/// The facts that were given, and no others.
struct Recorded {
    sets: Vec<Arc<KeySet>>,
    /// Was a signature taken for right for want of keys?
    supposed: Cell<bool>,
}

impl Facts for Recorded {
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

    fn digest(&self, _: &DigestKey) -> Answer<Option<Arc<DigestRecord>>> {
        Answer::NotYet
    }

    fn digest_counted(&self, _: &DigestUse) -> Answer<DigestCount> {
        Answer::NotYet
    }

    fn nonce(&self, _: &str, _: &str) -> Option<Nonce> {
        None
    }

    fn keys(&self, _: &Arc<Issuer>, kid: Option<&str>) -> Answer<Arc<KeySet>> {
        self.sets.iter().find(|set| set.has(kid)).cloned().map_or(Answer::NotYet, Answer::Known)
    }

    fn token(&self, raw: &str, verify: impl FnOnce() -> Result<VerifiedToken, Stop>) -> Result<Arc<VerifiedToken>, Stop> {
        match verify() {
            Err(Stop::Needs(Need::Keys(issuer, kid))) => {
                self.supposed.set(true);
                #[expect(clippy::disallowed_methods, reason = "the doctor admits nobody")]
                let supposed = Unverified::read(raw).ok().and_then(|token| VerifiedToken::supposing(token, issuer.clone()).ok());
                supposed.map(Arc::new).ok_or(Stop::Needs(Need::Keys(issuer, kid)))
            }
            verified => verified.map(Arc::new),
        }
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
        Timestamp::MIN
    }

    fn fingerprint(&self, _: &[u8]) -> [u8; 8] {
        [0; 8]
    }
}

#[cfg(test)]
mod tests;
