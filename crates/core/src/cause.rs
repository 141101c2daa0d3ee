//! The catalogue of causes: why a request was refused, or could not be decided.
//!
//! This is the one vocabulary of gateway, doctor, documentation and metrics. A code and a number, once released,
//! are never renamed and never used again. What the caller may learn of a cause is its [`Outside`]; several causes
//! share one where the difference would help an attacker.

mod foreign;

pub use foreign::ForeignCause;

use serde::{Serialize, Serializer};
use std::fmt;

macro_rules! causes {
    ($($number:literal $name:ident $code:literal $status:literal $family:ident $owner:ident $outside:ident $sentence:literal;)+) => {
        /// Why a request was refused, or could not be decided.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Cause {
            $(#[doc = $sentence] $name = $number,)+
        }

        impl Cause {
            /// Every cause of the catalogue, in its order.
            pub const ALL: &'static [Cause] = &[$(Cause::$name,)+];

            /// The stable kebab-case code: the page's name, the metrics' label.
            pub const fn code(self) -> &'static str {
                match self { $(Cause::$name => $code,)+ }
            }

            /// The HTTP status of the refusal.
            pub const fn status(self) -> u16 {
                match self { $(Cause::$name => $status,)+ }
            }

            /// The group that people and reports sort by.
            pub const fn family(self) -> Family {
                match self { $(Cause::$name => Family::$family,)+ }
            }

            /// Who can mend it.
            pub const fn owner(self) -> Owner {
                match self { $(Cause::$name => Owner::$owner,)+ }
            }

            /// All that the caller learns.
            pub const fn outside(self) -> Outside {
                match self { $(Cause::$name => Outside::$outside,)+ }
            }

            /// One sentence for those who may know: operators and the doctor.
            pub const fn sentence(self) -> &'static str {
                match self { $(Cause::$name => $sentence,)+ }
            }

            /// The cause with this number in a sealed reference.
            pub const fn from_number(number: u16) -> Option<Cause> {
                match number { $($number => Some(Cause::$name),)+ _ => None }
            }
        }
    };
}

causes! {
    1  CredentialsMissing "credentials-missing" 401 MissingCredentials Caller CredentialsMissing "The request carried no credentials that this rule accepts.";
    2  CredentialsMalformed "credentials-malformed" 401 MalformedCredentials Caller CredentialsMalformed "The credentials could not be read.";
    3  CredentialsRepeated "credentials-repeated" 400 MalformedCredentials Caller CredentialsRepeated "The request carried two credentials where one is allowed.";
    4  SchemeUnaccepted "scheme-unaccepted" 401 SchemeMismatch Caller SchemeUnaccepted "The request used a scheme that this rule does not accept.";
    5  AccountUnknown "account-unknown" 401 InvalidCredentials Caller CredentialsInvalid "No account has the name that was presented.";
    6  PasswordWrong "password-wrong" 401 InvalidCredentials Caller CredentialsInvalid "The account exists, and the password is not its password.";
    7  AccountLocked "account-locked" 401 AccountLockedOrDisabled Administrator CredentialsInvalid "The account is locked.";
    8  AccountDisabled "account-disabled" 401 AccountLockedOrDisabled Administrator CredentialsInvalid "The account is disabled.";
    9  PasswordExpired "password-expired" 401 AccountLockedOrDisabled Caller CredentialsInvalid "The password was right, and its lifetime is over.";
    10 DigestResponseWrong "digest-response-wrong" 401 InvalidCredentials Caller CredentialsInvalid "The digest does not fit: a wrong password, or another realm, nonce or target than was hashed.";
    11 DigestNonceStale "digest-nonce-stale" 401 DigestNonce Caller DigestNonce "The nonce of the digest is too old or unknown; a fresh one is in the challenge.";
    12 DigestNonceReplayed "digest-nonce-replayed" 401 DigestNonce Caller DigestNonce "The nonce count of the digest was used before.";
    13 DigestTargetMismatch "digest-target-mismatch" 400 DigestNonce Caller DigestTarget "The digest was made for another target than the one that was asked for.";
    20 ApiKeyUnknown "api-key-unknown" 401 InvalidCredentials Caller ApiKeyInvalid "No API key of this installation has the value that was presented.";
    21 ApiKeyExpired "api-key-expired" 401 ExpiredToken Caller ApiKeyInvalid "The API key has passed its expiry.";
    22 ApiKeyRevoked "api-key-revoked" 401 RevokedToken Caller ApiKeyInvalid "The API key was revoked.";
    23 ApiKeyMisplaced "api-key-misplaced" 401 SchemeMismatch Caller ApiKeyMisplaced "An API key was sent, but not where API keys are read.";
    24 ApiKeyMistyped "api-key-mistyped" 401 MalformedCredentials Caller ApiKeyMistyped "The API key was cut or mistyped: its checksum does not fit.";
    25 ApiKeyElsewhere "api-key-elsewhere" 401 WrongEndpoint Caller ApiKeyElsewhere "The API key was made for another environment than this one.";
    30 TokenMalformed "token-malformed" 401 MalformedCredentials Caller TokenInvalid "The bearer token is not a well-formed signed JWT.";
    31 TokenAlgorithmRefused "token-algorithm-refused" 401 SignatureOrKeyMismatch Caller TokenInvalid "The token names an algorithm that its key or its issuer does not allow.";
    32 TokenSignatureWrong "token-signature-wrong" 401 SignatureOrKeyMismatch Caller TokenInvalid "The token's signature does not match the issuer's key.";
    33 TokenKeyUnknown "token-key-unknown" 401 SignatureOrKeyMismatch Caller TokenInvalid "The token names a key that its issuer does not publish.";
    34 TokenExpired "token-expired" 401 ExpiredToken Caller TokenExpired "The token's lifetime is over.";
    35 TokenNotYetValid "token-not-yet-valid" 401 ClockSkew Caller TokenNotYetValid "The token is not valid yet: two clocks disagree, or it was made for later.";
    36 TokenIssuerUnknown "token-issuer-unknown" 401 AudienceOrIssuerMismatch Caller TokenInvalid "The token comes from an issuer that is not trusted here.";
    37 TokenAudienceMismatch "token-audience-mismatch" 401 AudienceOrIssuerMismatch Caller TokenInvalid "The token was made for another audience.";
    38 TokenKindWrong "token-kind-wrong" 401 WrongTokenType Caller TokenInvalid "The token is not an access token.";
    39 ProofMissing "proof-missing" 401 InvalidCredentials Caller ProofInvalid "The token is bound to a key, and the request did not prove possession of it.";
    41 TokenInactive "token-inactive" 401 RevokedToken Caller TokenInvalid "The provider says that the token is not active; it does not say why.";
    42 TokenUnbound "token-unbound" 401 InvalidCredentials Caller TokenUnbound "The token is not bound to its holder, where the issuer's tokens have to be or the request says that it is.";
    43 ProofWrong "proof-wrong" 401 InvalidCredentials Caller ProofInvalid "The proof of possession does not fit the request, its token or its key.";
    44 ProofReplayed "proof-replayed" 401 InvalidCredentials Caller ProofInvalid "The proof of possession was used before.";
    45 ProofNonceNeeded "proof-nonce-needed" 401 InvalidCredentials Caller ProofNonceNeeded "The proof lacks a nonce of this gateway, or has one that is too old; a fresh one is in the answer.";
    50 SessionUnknown "session-unknown" 401 ExpiredSession Caller SessionEnded "No session has the value of the cookie.";
    51 SessionIdle "session-idle" 401 ExpiredSession Caller SessionEnded "The session was unused for longer than its idle lifetime.";
    52 SessionOver "session-over" 401 ExpiredSession Caller SessionEnded "The session has passed its absolute lifetime.";
    53 SessionRevoked "session-revoked" 401 ExpiredSession Caller SessionEnded "The session was ended by log-out or by an administrator.";
    54 SessionMalformed "session-malformed" 401 MalformedCredentials Caller SessionEnded "The session cookie does not have the form of one.";
    60 AuthenticationTooWeak "authentication-too-weak" 401 InsufficientPermissions Caller StepUp "The person was authenticated in a weaker way than this rule asks for.";
    61 AuthenticationTooOld "authentication-too-old" 401 InsufficientPermissions Caller StepUp "The person was authenticated too long ago for this rule.";
    70 ScopeInsufficient "scope-insufficient" 403 InsufficientPermissions Administrator ScopeInsufficient "The credentials are good, and lack a scope that this rule needs.";
    71 RoleInsufficient "role-insufficient" 403 InsufficientPermissions Administrator Forbidden "The credentials are good, and the account lacks a role that this rule needs.";
    72 RuleDenied "rule-denied" 403 InsufficientPermissions Operator Forbidden "No rule admits anybody here.";
    80 CsrfTokenMissing "csrf-token-missing" 403 Csrf Caller CsrfFailed "The form came without its CSRF token.";
    81 CsrfTokenWrong "csrf-token-wrong" 403 Csrf Caller CsrfFailed "The form's CSRF token does not belong to this browser.";
    82 OriginRefused "origin-refused" 403 Csrf Caller CsrfFailed "Another site made the browser send this request with the session's cookie.";
    83 CorsOriginRefused "cors-origin-refused" 403 MisconfigurationCors Operator OriginNotAllowed "The script's origin is not one that this site allows.";
    90 TransportInsecure "transport-insecure" 403 MisconfigurationTls Caller HttpsRequired "The request came over plain HTTP where HTTPS is required; a secret sent with it is burnt.";
    91 CertificateMissing "certificate-missing" 401 MisconfigurationTls Caller CertificateNeeded "A client certificate is wanted, and none was presented.";
    92 CertificateUntrusted "certificate-untrusted" 401 MisconfigurationTls Caller CertificateNeeded "The client certificate comes from an authority that is not trusted here.";
    93 CertificateExpired "certificate-expired" 401 MisconfigurationTls Caller CertificateNeeded "The client certificate's lifetime is over.";
    100 AttemptsExceeded "attempts-exceeded" 429 RateLimited Caller SlowDown "Too many wrong passwords for this account or from this address.";
    110 TargetAmbiguous "target-ambiguous" 400 WrongEndpoint Caller TargetAmbiguous "The request target can be read in more than one way.";
    111 RequestAmbiguous "request-ambiguous" 400 MalformedCredentials Caller RequestAmbiguous "The request's framing or host can be read in more than one way.";
    112 HeaderSpoofed "header-spoofed" 400 MalformedCredentials Caller HeaderSpoofed "The request carried an identity header that only the gateway may set.";
    113 RequestTooLarge "request-too-large" 413 Other Caller RequestTooLarge "The request is larger than this site allows.";
    114 SiteUnknown "site-unknown" 404 WrongEndpoint Operator SiteUnknown "No site is configured for the host that was asked for.";
    120 KeysUnreachable "keys-unreachable" 503 IdpUnreachable Operator Unavailable "The issuer's keys could not be fetched, and none are held.";
    121 StoreUnreachable "store-unreachable" 503 Other Operator Unavailable "The store of accounts, keys and sessions did not answer.";
    122 UpstreamUnreachable "upstream-unreachable" 502 Other Operator UpstreamUnavailable "The app behind the gateway could not be reached, or broke off.";
    123 UpstreamTimeout "upstream-timeout" 504 Other Operator UpstreamUnavailable "The app behind the gateway did not answer in time.";
    124 Overloaded "overloaded" 503 Other Operator Unavailable "More passwords wait to be checked than the gateway holds in its queue.";
    125 IntrospectionUnreachable "introspection-unreachable" 503 IdpUnreachable Operator Unavailable "The issuer could not be asked about the token, or what it answered is no answer.";
    126 ProviderUnreachable "provider-unreachable" 503 IdpUnreachable Operator Unavailable "The identity provider could not be asked, or what it answered is not what a provider answers.";
    130 UpstreamRefused "upstream-refused" 401 Other Upstream Upstream "The app behind the gateway refused the request itself.";
    140 LoginStateUnknown "login-state-unknown" 401 ExpiredSession Caller LoginFailed "The browser came back from the provider without the login that it had begun: another tab, a lost cookie, a second use.";
    141 LoginNonceMismatch "login-nonce-mismatch" 401 InvalidCredentials Caller LoginFailed "The ID token was made for another login than the one that this browser began.";
    142 LoginIssuerMismatch "login-issuer-mismatch" 401 AudienceOrIssuerMismatch Operator LoginFailed "The answer to a login comes from another provider than the one that was asked.";
    143 ProviderRefused "provider-refused" 401 MisconfigurationOther Operator LoginFailed "The identity provider itself answered the login with an error.";
    144 CodeRefused "code-refused" 401 InvalidCredentials Caller LoginFailed "The authorization code was used before, is too old, or was made for another client, redirect or verifier.";
    145 IdTokenRefused "id-token-refused" 401 InvalidCredentials Operator LoginFailed "What the provider says of the person does not pass: the ID token's signature, audience, times or hash, or a userinfo answer about somebody else.";
    146 LoginLooping "login-looping" 401 ExpiredSession Operator LoginFailed "The browser was sent to log in again and again, and never stayed logged in.";
    147 LogoutRefused "logout-refused" 400 InvalidCredentials Operator LogoutRefused "A logout that a provider sent does not pass: its token's signature, audience, times or form, or it was used before.";
    150 AssertionMalformed "assertion-malformed" 401 SamlInvalid Operator LoginFailed "The SAML message cannot be read as one.";
    151 AssertionSignatureWrong "assertion-signature-wrong" 401 SamlInvalid Operator LoginFailed "The SAML message is not signed by a key that the service provider trusts.";
    152 AssertionExpired "assertion-expired" 401 SamlInvalid Operator LoginFailed "The SAML assertion's time is over.";
    153 AssertionNotYetValid "assertion-not-yet-valid" 401 SamlInvalid Operator LoginFailed "The SAML assertion is not valid yet: the clocks of provider and service disagree.";
    154 AssertionAudienceMismatch "assertion-audience-mismatch" 401 SamlInvalid Operator LoginFailed "The SAML assertion was made for another service provider.";
    155 AssertionRecipientMismatch "assertion-recipient-mismatch" 401 SamlInvalid Operator LoginFailed "The SAML message was addressed to another URL than the one that received it.";
    156 AssertionReplayed "assertion-replayed" 401 SamlInvalid Caller LoginFailed "The SAML assertion was used before.";
    157 AssertionUnsolicited "assertion-unsolicited" 401 SamlInvalid Caller LoginFailed "The SAML response answers no request that the service provider remembers.";
    158 AssertionStatusRefused "assertion-status-refused" 401 SamlInvalid Operator LoginFailed "The identity provider itself answered with a failure.";
}

impl Cause {
    /// The cause with this code.
    pub fn from_code(code: &str) -> Option<Cause> {
        Cause::ALL.iter().copied().find(|cause| cause.code() == code)
    }

    /// The number that stands for the cause in a sealed reference.
    pub const fn number(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// The group of a cause, under the names that reports use for anybody's refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Family {
    MissingCredentials,
    InvalidCredentials,
    InsufficientPermissions,
    ExpiredToken,
    ClockSkew,
    ExpiredSession,
    MisconfigurationCors,
    MisconfigurationTls,
    MisconfigurationOther,
    Csrf,
    ProxyStrippedHeader,
    ProxyBlocked,
    WrongEndpoint,
    RedirectDroppedCredentials,
    RevokedToken,
    IdpUnreachable,
    AccountLockedOrDisabled,
    SchemeMismatch,
    MalformedCredentials,
    AudienceOrIssuerMismatch,
    SignatureOrKeyMismatch,
    DigestNonce,
    WrongTokenType,
    SamlInvalid,
    RateLimited,
    Other,
    Unknown,
}

impl Family {
    /// The name in reports and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Family::MissingCredentials => "missing_credentials",
            Family::InvalidCredentials => "invalid_credentials",
            Family::InsufficientPermissions => "insufficient_permissions",
            Family::ExpiredToken => "expired_token",
            Family::ClockSkew => "clock_skew",
            Family::ExpiredSession => "expired_session",
            Family::MisconfigurationCors => "misconfiguration_cors",
            Family::MisconfigurationTls => "misconfiguration_tls",
            Family::MisconfigurationOther => "misconfiguration_other",
            Family::Csrf => "csrf",
            Family::ProxyStrippedHeader => "proxy_stripped_header",
            Family::ProxyBlocked => "proxy_blocked",
            Family::WrongEndpoint => "wrong_endpoint",
            Family::RedirectDroppedCredentials => "redirect_dropped_credentials",
            Family::RevokedToken => "revoked_token",
            Family::IdpUnreachable => "idp_unreachable",
            Family::AccountLockedOrDisabled => "account_locked_or_disabled",
            Family::SchemeMismatch => "scheme_mismatch",
            Family::MalformedCredentials => "malformed_credentials",
            Family::AudienceOrIssuerMismatch => "audience_or_issuer_mismatch",
            Family::SignatureOrKeyMismatch => "signature_or_key_mismatch",
            Family::DigestNonce => "digest_nonce",
            Family::WrongTokenType => "wrong_token_type",
            Family::SamlInvalid => "saml_invalid",
            Family::RateLimited => "rate_limited",
            Family::Other => "other",
            Family::Unknown => "unknown",
        }
    }
}

/// Who can mend a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// Who sent the request.
    Caller,
    /// Who administers accounts and permissions.
    Administrator,
    /// Who runs and configures the gateway.
    Operator,
    /// Who runs the app behind the gateway.
    Upstream,
}

macro_rules! outsides {
    ($($name:ident $slug:literal $title:literal $detail:literal $error:expr;)+) => {
        /// What a caller learns of a cause, and nothing more.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Outside { $(#[doc = $detail] $name,)+ }

        impl Outside {
            /// Names the kind of problem in a problem document's `type`.
            pub const fn slug(self) -> &'static str {
                match self { $(Outside::$name => $slug,)+ }
            }

            /// The short title, the same for every occurrence (RFC 9457 section 3.1.3).
            pub const fn title(self) -> &'static str {
                match self { $(Outside::$name => $title,)+ }
            }

            /// The text for the caller.
            pub const fn detail(self) -> &'static str {
                match self { $(Outside::$name => $detail,)+ }
            }

            /// The `error` code of a Bearer challenge (RFC 6750 section 3.1, RFC 9470), if one belongs there.
            pub const fn bearer_error(self) -> Option<&'static str> {
                match self { $(Outside::$name => $error,)+ }
            }
        }
    };
}

outsides! {
    CredentialsMissing "credentials-missing" "Credentials needed" "This resource needs credentials." None;
    CredentialsMalformed "credentials-malformed" "Credentials malformed" "The credentials could not be read." Some("invalid_request");
    CredentialsRepeated "credentials-repeated" "Two credentials" "Send one kind of credentials, once." Some("invalid_request");
    SchemeUnaccepted "scheme-unaccepted" "Scheme not accepted" "This resource does not accept that authentication scheme." None;
    CredentialsInvalid "credentials-invalid" "Invalid credentials" "Invalid credentials." None;
    DigestNonce "digest-nonce" "Nonce used up" "The nonce is too old or was used before; answer the new challenge." None;
    DigestTarget "digest-target-mismatch" "Digest of another target" "The uri of the digest differs from the request target." None;
    ApiKeyInvalid "api-key-invalid" "Invalid API key" "Invalid API key." None;
    ApiKeyMisplaced "api-key-misplaced" "API key misplaced" "An API key was sent where none is read; the challenge names the place." None;
    ApiKeyMistyped "api-key-mistyped" "API key damaged" "The API key was cut or mistyped: its checksum does not fit." None;
    ApiKeyElsewhere "api-key-elsewhere" "API key of another environment" "The API key was made for another environment than this one." None;
    TokenInvalid "token-invalid" "Invalid token" "The access token is not valid here." Some("invalid_token");
    TokenExpired "token-expired" "Token expired" "The access token expired." Some("invalid_token");
    TokenNotYetValid "token-not-yet-valid" "Token not yet valid" "The access token is not yet valid; compare your clock with the Date header." Some("invalid_token");
    TokenUnbound "token-unbound" "Token not bound" "The access token is not bound to its holder, and is not accepted like this." Some("invalid_token");
    ProofInvalid "proof-invalid" "Proof of possession refused" "The access token needs a proof of possession that fits this request, once." Some("invalid_token");
    CertificateNeeded "certificate-needed" "Client certificate needed" "The access token needs the client certificate that it is bound to." Some("invalid_token");
    ProofNonceNeeded "proof-nonce-needed" "Nonce needed" "The proof of possession needs the nonce of this answer." None;
    SessionEnded "session-ended" "Session ended" "Please log in again." None;
    StepUp "step-up-needed" "Stronger authentication needed" "A different authentication level is required." Some("insufficient_user_authentication");
    ScopeInsufficient "scope-insufficient" "Insufficient scope" "The credentials lack a scope that this request needs." Some("insufficient_scope");
    Forbidden "forbidden" "Forbidden" "You are not permitted to do this." None;
    CsrfFailed "csrf-failed" "CSRF check failed" "The CSRF check failed; load the page again and retry." None;
    OriginNotAllowed "origin-not-allowed" "Origin not allowed" "Scripts of this origin may not call this site." None;
    HttpsRequired "https-required" "HTTPS required" "Use HTTPS, and replace any secret that was sent without it." None;
    SlowDown "slow-down" "Too many attempts" "Too many attempts; wait before the next one." None;
    TargetAmbiguous "target-ambiguous" "Ambiguous target" "The path is not in canonical form: no dot segments, empty segments, semicolons, or encoded slashes, dots and control characters." None;
    RequestAmbiguous "request-ambiguous" "Ambiguous request" "The request's framing or host is ambiguous." None;
    HeaderSpoofed "header-spoofed" "Reserved header" "The request carries a header that only this gateway may set." None;
    RequestTooLarge "request-too-large" "Request too large" "The request is larger than this site allows." None;
    SiteUnknown "site-unknown" "No such site" "No site is served under this host name." None;
    Unavailable "temporarily-unavailable" "Temporarily unavailable" "The request could not be decided just now; try again later." None;
    UpstreamUnavailable "upstream-unavailable" "Upstream unavailable" "The service behind this gateway is not answering; try again later." None;
    LoginFailed "login-failed" "Sign-in could not be completed" "The sign-in could not be completed; start again." None;
    LogoutRefused "logout-refused" "Logout refused" "The logout could not be accepted." None;
    Upstream "upstream-refused" "Refused by the service" "The service behind this gateway refused the request." None;
}

impl Outside {
    /// The `error` code of a DPoP challenge (RFC 9449 sections 7.1 and 9), if one belongs there.
    pub const fn dpop_error(self) -> Option<&'static str> {
        match self {
            Outside::ProofInvalid => Some("invalid_dpop_proof"),
            Outside::ProofNonceNeeded => Some("use_dpop_nonce"),
            other => other.bearer_error(),
        }
    }

    /// Is it about proofs, so that a challenge for them helps even where none is usual?
    pub const fn is_about_proofs(self) -> bool {
        matches!(self, Outside::ProofInvalid | Outside::ProofNonceNeeded | Outside::TokenUnbound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_and_numbers_are_unique_and_found_again() {
        let codes: HashSet<_> = Cause::ALL.iter().map(|cause| cause.code()).collect();
        assert_eq!(codes.len(), Cause::ALL.len());
        for &cause in Cause::ALL {
            assert_eq!(Cause::from_code(cause.code()), Some(cause));
            assert_eq!(Cause::from_number(cause.number()), Some(cause));
        }
    }

    #[test]
    fn account_states_look_alike_outside() {
        let alike = [
            Cause::AccountUnknown,
            Cause::PasswordWrong,
            Cause::AccountLocked,
            Cause::AccountDisabled,
            Cause::PasswordExpired,
            Cause::DigestResponseWrong,
        ];
        for cause in alike {
            assert_eq!((cause.status(), cause.outside()), (401, Outside::CredentialsInvalid), "{cause}");
        }
    }

    #[test]
    fn an_undecided_request_is_never_a_refused_one() {
        for &cause in Cause::ALL.iter().filter(|cause| cause.outside() == Outside::Unavailable) {
            assert_eq!(cause.status(), 503, "{cause}");
        }
    }
}
