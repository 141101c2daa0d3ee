//! The pages of the causes, `docs/causes/CODE.md`, and the parts of them that repeat the catalogue. A cause without a
//! page does not compile; a page that says something else than the catalogue fails the test.

mod foreign;

pub use foreign::foreign_page;

use crate::catalogue::Code;
use countersign::{Cause, ForeignCause, Outside, Owner};
use std::borrow::Cow;

macro_rules! pages {
    ($($name:ident $code:literal;)+) => {
        /// The page of a cause, as Markdown.
        pub const fn page(cause: Cause) -> &'static str {
            match cause { $(Cause::$name => include_str!(concat!("../../../docs/causes/", $code, ".md")),)+ }
        }
    };
}

pages! {
    CredentialsMissing "credentials-missing";
    CredentialsMalformed "credentials-malformed";
    CredentialsRepeated "credentials-repeated";
    SchemeUnaccepted "scheme-unaccepted";
    AccountUnknown "account-unknown";
    PasswordWrong "password-wrong";
    AccountLocked "account-locked";
    AccountDisabled "account-disabled";
    PasswordExpired "password-expired";
    DigestResponseWrong "digest-response-wrong";
    DigestNonceStale "digest-nonce-stale";
    DigestNonceReplayed "digest-nonce-replayed";
    DigestTargetMismatch "digest-target-mismatch";
    ApiKeyUnknown "api-key-unknown";
    ApiKeyExpired "api-key-expired";
    ApiKeyRevoked "api-key-revoked";
    ApiKeyMisplaced "api-key-misplaced";
    ApiKeyMistyped "api-key-mistyped";
    ApiKeyElsewhere "api-key-elsewhere";
    TokenMalformed "token-malformed";
    TokenAlgorithmRefused "token-algorithm-refused";
    TokenSignatureWrong "token-signature-wrong";
    TokenKeyUnknown "token-key-unknown";
    TokenExpired "token-expired";
    TokenNotYetValid "token-not-yet-valid";
    TokenIssuerUnknown "token-issuer-unknown";
    TokenAudienceMismatch "token-audience-mismatch";
    TokenKindWrong "token-kind-wrong";
    ProofMissing "proof-missing";
    TokenInactive "token-inactive";
    TokenUnbound "token-unbound";
    ProofWrong "proof-wrong";
    ProofReplayed "proof-replayed";
    ProofNonceNeeded "proof-nonce-needed";
    SessionUnknown "session-unknown";
    SessionIdle "session-idle";
    SessionOver "session-over";
    SessionRevoked "session-revoked";
    SessionMalformed "session-malformed";
    AuthenticationTooWeak "authentication-too-weak";
    AuthenticationTooOld "authentication-too-old";
    ScopeInsufficient "scope-insufficient";
    RoleInsufficient "role-insufficient";
    RuleDenied "rule-denied";
    CsrfTokenMissing "csrf-token-missing";
    CsrfTokenWrong "csrf-token-wrong";
    OriginRefused "origin-refused";
    CorsOriginRefused "cors-origin-refused";
    TransportInsecure "transport-insecure";
    CertificateMissing "certificate-missing";
    CertificateUntrusted "certificate-untrusted";
    CertificateExpired "certificate-expired";
    AttemptsExceeded "attempts-exceeded";
    TargetAmbiguous "target-ambiguous";
    RequestAmbiguous "request-ambiguous";
    HeaderSpoofed "header-spoofed";
    RequestTooLarge "request-too-large";
    SiteUnknown "site-unknown";
    KeysUnreachable "keys-unreachable";
    StoreUnreachable "store-unreachable";
    UpstreamUnreachable "upstream-unreachable";
    UpstreamTimeout "upstream-timeout";
    Overloaded "overloaded";
    IntrospectionUnreachable "introspection-unreachable";
    ProviderUnreachable "provider-unreachable";
    UpstreamRefused "upstream-refused";
    LoginStateUnknown "login-state-unknown";
    LoginNonceMismatch "login-nonce-mismatch";
    LoginIssuerMismatch "login-issuer-mismatch";
    ProviderRefused "provider-refused";
    CodeRefused "code-refused";
    IdTokenRefused "id-token-refused";
    LoginLooping "login-looping";
    LogoutRefused "logout-refused";
    AssertionMalformed "assertion-malformed";
    AssertionSignatureWrong "assertion-signature-wrong";
    AssertionExpired "assertion-expired";
    AssertionNotYetValid "assertion-not-yet-valid";
    AssertionAudienceMismatch "assertion-audience-mismatch";
    AssertionRecipientMismatch "assertion-recipient-mismatch";
    AssertionReplayed "assertion-replayed";
    AssertionUnsolicited "assertion-unsolicited";
    AssertionStatusRefused "assertion-status-refused";
}

/// The page of any cause, as Markdown.
pub fn page_of(code: Code) -> Cow<'static, str> {
    match code {
        Code::Common(cause) => Cow::Borrowed(page(cause)),
        Code::Foreign(cause) => Cow::Owned(foreign_page(cause)),
    }
}

/// How a cause looks from outside, as its page has it.
pub fn facts(cause: Cause) -> String {
    let outside = cause.outside();
    let mut lines = vec![
        format!("- status: {}", status(cause)),
        format!("- problem type: `urn:countersign:problem:{}`", outside.slug()),
        format!("- text: \"{}\"", outside.detail()),
        format!("- challenges: {}", challenges(cause)),
    ];
    if matches!(cause.status(), 429 | 502 | 503 | 504) {
        lines.push("- retry: after the seconds of `Retry-After`".to_owned());
    }
    let alike: Vec<_> =
        Cause::ALL.iter().filter(|other| other.outside() == outside && **other != cause).map(|other| link(*other)).collect();
    if !alike.is_empty() {
        lines.push(format!("- alike outside: {}", alike.join(", ")));
    }
    lines.join("\n")
}

/// The index of all pages: `docs/causes/README.md`.
pub fn index() -> String {
    let rows = Cause::ALL.iter().map(|cause| {
        let owner = format!("{:?}", cause.owner()).to_lowercase();
        format!("| {} | {} | `{}` | {owner} | {} |\n", link(*cause), status(*cause), cause.family().name(), cause.sentence())
    });
    let foreign = ForeignCause::ALL.iter().map(|cause| {
        let owner = format!("{:?}", cause.owner()).to_lowercase();
        format!("| [`{cause}`]({cause}.md) | `{}` | {owner} | {} |\n", cause.family().name(), cause.sentence())
    });
    format!("{INDEX_HEAD}{}{FOREIGN_HEAD}{}", rows.collect::<String>(), foreign.collect::<String>())
}

const FOREIGN_HEAD: &str = "
## Seen only from outside

What the doctor names in other servers' refusals (`crates/core/src/cause/foreign.rs`).

| cause | family | mended by | in one sentence |
|---|---|---|---|
";

const INDEX_HEAD: &str = "# The causes

Why a request was refused, or could not be decided. `countersign explain CODE` prints a page in the terminal; \
`countersign explain cs1_…` opens the reference of a refusal and names its cause. Codes are never renamed and never \
used again. Where a rule accepts sessions, a browser that asks for a page is sent to the log-in page instead of the 401.

This table is made from the catalogue (`crates/core/src/cause.rs`) and checked against it.

| cause | status | family | mended by | in one sentence |
|---|---|---|---|---|
";

/// Who can mend it, in words.
pub const fn owner(owner: Owner) -> &'static str {
    match owner {
        Owner::Caller => "who sent the request",
        Owner::Administrator => "who administers accounts and permissions",
        Owner::Operator => "who runs and configures the gateway",
        Owner::Upstream => "who runs the app behind the gateway",
    }
}

fn link(cause: Cause) -> String {
    format!("[`{cause}`]({cause}.md)")
}

fn status(cause: Cause) -> String {
    match cause {
        Cause::UpstreamRefused => "as the app said".to_owned(),
        Cause::CredentialsMalformed => "401; 400 for a malformed bearer token (RFC 6750 section 3.1)".to_owned(),
        _ => cause.status().to_string(),
    }
}

fn challenges(cause: Cause) -> String {
    let outside = cause.outside();
    match (outside, outside.bearer_error()) {
        (Outside::Upstream, _) => "those of the app".to_owned(),
        (Outside::ScopeInsufficient, Some(error)) => {
            format!("Bearer with `error=\"{error}\"` and the `scope` that is needed, where the rule accepts tokens")
        }
        (Outside::StepUp, Some(error)) => {
            format!("Bearer with `error=\"{error}\"` and `acr_values` or `max_age`, where the rule accepts tokens")
        }
        (Outside::ProofInvalid, _) => {
            "DPoP with `error=\"invalid_dpop_proof\"`, then every accepted scheme, the strongest first; Bearer with `error=\"invalid_token\"`".to_owned()
        }
        (Outside::ProofNonceNeeded, _) => {
            "DPoP with `error=\"use_dpop_nonce\"`, then every accepted scheme, the strongest first; the nonce is in `DPoP-Nonce`".to_owned()
        }
        (Outside::TokenUnbound, _) => {
            "DPoP and every accepted scheme, the strongest first; DPoP and Bearer with `error=\"invalid_token\"`".to_owned()
        }
        (Outside::LoginFailed, _) => "Session, which leads to the login page".to_owned(),
        _ if cause.status() != 401 => "none".to_owned(),
        (_, Some(error)) => format!("every accepted scheme, the strongest first; Bearer with `error=\"{error}\"`"),
        (_, None) => "every accepted scheme, the strongest first".to_owned(),
    }
}
