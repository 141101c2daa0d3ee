//! Causes that are seen only from outside: in the refusals of other people's servers, proxies and providers. Together
//! with [`Cause`](super::Cause) they are the vocabulary of every report.
//!
//! What the gateway comes to judge itself moves from here to `Cause` and keeps its code.

use super::{Family, Owner};
use serde::{Serialize, Serializer};
use std::fmt;

macro_rules! foreign {
    ($($name:ident $code:literal $family:ident $owner:ident $sentence:literal;)+) => {
        /// Why somebody else's server refused a request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ForeignCause {
            $(#[doc = $sentence] $name,)+
        }

        impl ForeignCause {
            /// Every one, in the catalogue's order.
            pub const ALL: &'static [ForeignCause] = &[$(ForeignCause::$name,)+];

            /// The stable kebab-case code.
            pub const fn code(self) -> &'static str {
                match self { $(ForeignCause::$name => $code,)+ }
            }

            /// The group that people and reports sort by.
            pub const fn family(self) -> Family {
                match self { $(ForeignCause::$name => Family::$family,)+ }
            }

            /// Who can mend it.
            pub const fn owner(self) -> Owner {
                match self { $(ForeignCause::$name => Owner::$owner,)+ }
            }

            /// One sentence for who asks.
            pub const fn sentence(self) -> &'static str {
                match self { $(ForeignCause::$name => $sentence,)+ }
            }
        }
    };
}

foreign! {
    CredentialsInvalid "credentials-invalid" InvalidCredentials Caller "The server knows no such name, password, key or token; it does not say which is wrong.";
    CredentialsPlaceholder "credentials-placeholder" MalformedCredentials Caller "What was sent is a placeholder, or a variable that was never filled in.";
    CredentialsGarbled "credentials-garbled" MalformedCredentials Caller "The credentials were damaged on their way into the request: a line end, quotes, a doubled or missing scheme word, a wrong encoding.";
    CredentialsOverridden "credentials-overridden" InvalidCredentials Caller "Another source of credentials won over the one that was meant.";
    CredentialsForbiddenHere "credentials-forbidden-here" Other Caller "Two mechanisms of authentication came where the server allows one.";
    CredentialsStripped "credentials-stripped" ProxyStrippedHeader Operator "Something between client and app took the credentials out of the request.";
    CredentialsDropped "credentials-dropped" RedirectDroppedCredentials Caller "The client followed a redirect and left the credentials behind, as it should where the origin changes.";
    SecondFactorMissing "second-factor-missing" MissingCredentials Caller "The first factor is fine; the server waits for a second one.";
    ProxyAuthenticationRequired "proxy-authentication-required" MissingCredentials Caller "A proxy on the way wants credentials of its own.";
    CookieNotSent "cookie-not-sent" MissingCredentials Caller "The session's cookie exists, and the browser did not send it with this request.";
    PermissionInsufficient "permission-insufficient" InsufficientPermissions Administrator "The server knows who asks, and that one may not do this.";
    EndpointWrong "endpoint-wrong" WrongEndpoint Caller "The request went to a place that does not serve it: another host, region, stage, version or path.";
    Blocked "blocked" ProxyBlocked Operator "A firewall, bot rule or address rule in front of the app refused the request before authentication.";
    PreflightChallenged "preflight-challenged" MisconfigurationCors Operator "The browser's preflight carries no credentials by design, and the server asked it for some.";
    CorsHidesRefusal "cors-hides-refusal" MisconfigurationCors Operator "The refusal itself may be right, but it carries no CORS headers, so that the page cannot read it.";
    TlsMisconfigured "tls-misconfigured" MisconfigurationTls Operator "A certificate or a TLS connection behind the refusal is not trusted or not configured.";
    ClockSkew "clock-skew" ClockSkew Caller "Two clocks disagree by more than the server allows.";
    TokenRevoked "token-revoked" RevokedToken Caller "The token was good once, and was revoked.";
    GrantRevoked "grant-revoked" RevokedToken Caller "What the tokens were derived from was withdrawn: a password change, a log-out, a revoked consent.";
    RefreshTokenExpired "refresh-token-expired" ExpiredToken Caller "The refresh token's lifetime is over.";
    RefreshTokenReused "refresh-token-reused" RevokedToken Caller "A refresh token was used twice, and the whole chain was revoked.";
    InstanceLocalSession "instance-local-session" ExpiredSession Operator "Sessions live in one instance's memory, and another instance, or the same one after a restart, was asked.";
    RateExceeded "rate-exceeded" RateLimited Caller "Too many requests, or a quota is used up; the credentials may be fine.";
    ClientRefused "client-refused" InvalidCredentials Operator "The provider does not accept the client's own identifier or secret.";
    ProviderMisconfigured "provider-misconfigured" MisconfigurationOther Operator "The identity provider and who relies on it are configured differently.";
    PublicUrlUnknown "public-url-unknown" MisconfigurationOther Operator "The app does not know under which URL it is seen from outside: Host or X-Forwarded headers are missing or wrong.";
    MetadataMissing "metadata-missing" MisconfigurationOther Operator "The metadata that leads a client to its authorization server is missing or wrong (RFC 9728, RFC 8414).";
    RouteUnauthenticated "route-unauthenticated" MisconfigurationOther Operator "The server's authentication is not in force on this route, or in the wrong order.";
    ServerMisconfigured "server-misconfigured" MisconfigurationOther Operator "The server's own authentication is configured in a way that refuses good credentials.";
    ChallengeMissing "challenge-missing" Other Operator "A 401 without WWW-Authenticate: the server refuses and does not say what it wants.";
    StatusMisused "status-misused" Other Operator "The status says something else than the server means.";
    EvidenceRedacted "evidence-redacted" Unknown Caller "What would decide was taken out of the recording.";
}

impl fmt::Display for ForeignCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for ForeignCause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cause;
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_in_the_whole_vocabulary() {
        let foreign = ForeignCause::ALL.iter().map(|cause| cause.code());
        let codes: HashSet<_> = Cause::ALL.iter().map(|cause| cause.code()).chain(foreign).collect();
        assert_eq!(codes.len(), Cause::ALL.len() + ForeignCause::ALL.len());
    }
}
