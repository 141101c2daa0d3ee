//! What can be said of a cause without knowing the product: how to tell it from others, who mends it and how, and whether
//! it helps to try again. A table: the diagnosis adds what the findings know of the product at hand.

use crate::catalogue::Code;
use crate::clue::{Fix, Side};

/// What can be said of a cause in general.
pub(crate) struct Advice {
    code: &'static str,
    /// What, if it were seen, would show that it is not this cause.
    pub ruled_out_by: &'static str,
    /// A look or a test whose outcome shows whether it is this cause.
    pub check: &'static str,
    /// The test as a command; `{url}` stands for what was asked. Empty where there is none.
    pub command: &'static str,
    side: Side,
    fix: &'static str,
    /// Does it help to send the same again, and when?
    pub retry: &'static str,
}

impl Advice {
    /// The advice for a cause.
    pub(crate) fn of(code: Code) -> &'static Advice {
        TABLE.iter().find(|advice| advice.code == code.code()).unwrap_or(&GENERAL)
    }

    /// The way to mend it that holds for every product.
    pub(crate) fn fix(&self) -> Fix {
        Fix { side: self.side, text: self.fix.to_owned(), lines: Vec::new() }
    }
}

const NEVER: &str = "The same request will be refused again.";
const AFTER_MENDING: &str = "Not before it is mended.";
const FRESH: &str = "Once, with fresh credentials.";
const LATER: &str = "Yes, after a pause; longer each time.";

const GENERAL: Advice = Advice {
    code: "",
    ruled_out_by: "the server's own log line for this request",
    check: "Look for the server's log line at the time of the response's Date.",
    command: "",
    side: Side::Server,
    fix: "Find the refusal in the server's log; it knows more than it says outside.",
    retry: AFTER_MENDING,
};

macro_rules! table {
    ($($code:literal $side:ident $retry:ident; $ruled_out_by:literal; $check:literal $command:literal; $fix:literal;)+) => {
        const TABLE: &[Advice] = &[$(Advice {
            code: $code,
            ruled_out_by: $ruled_out_by,
            check: $check,
            command: $command,
            side: Side::$side,
            fix: $fix,
            retry: $retry,
        },)+];
    };
}

table! {
    "credentials-missing" Caller FRESH;
        "the same refusal to a request that visibly carries the right kind of credentials";
        "Send the request with credentials of a kind that the challenge names." "curl -si -H 'Authorization: Bearer TOKEN' '{url}'";
        "Send credentials of a kind that the server accepts, on this very request.";
    "credentials-malformed" Caller AFTER_MENDING;
        "a well-formed header that is refused with the same words";
        "Compare the header byte for byte with the scheme's grammar." "";
        "Write the credentials in the scheme's form: the scheme's name, one blank, the value.";
    "credentials-repeated" Caller AFTER_MENDING;
        "the same refusal to a request with a single credential";
        "Send each credential alone." "";
        "Send one kind of credentials, once.";
    "scheme-unaccepted" Caller AFTER_MENDING;
        "the same scheme accepted with other credentials";
        "Ask without credentials and read which schemes the challenge offers." "curl -si '{url}'";
        "Use a scheme that the server offers.";
    "account-unknown" Caller NEVER;
        "the same name accepted elsewhere on this server";
        "Log in with the same name at the server's own page." "";
        "Check the name, and that the account is on this server.";
    "password-wrong" Caller NEVER;
        "the same password accepted at the server's own login page";
        "Log in with the same name and password at the server's own page." "";
        "Type the password anew, or set another one.";
    "account-locked" Administrator NEVER;
        "another password for the same account answered differently";
        "Look the account up in the directory or admin page." "";
        "Unlock the account, after finding who guessed at it.";
    "account-disabled" Administrator NEVER;
        "the account being active in the directory";
        "Look the account up in the directory or admin page." "";
        "Enable the account, or use one that is in use.";
    "password-expired" Caller NEVER;
        "a login at the server's own page that does not ask for a new password";
        "Log in at the server's own page." "";
        "Set a new password.";
    "api-key-unknown" Caller NEVER;
        "the same key accepted by another route of the same server";
        "Try the key on the simplest route that the product documents for checking keys." "";
        "Make a new key, and copy it whole.";
    "api-key-expired" Caller FRESH;
        "an expiry date of the key that lies ahead";
        "Look at the key's expiry in the product's settings." "";
        "Make a new key or extend this one.";
    "api-key-revoked" Caller FRESH;
        "the key being listed as active";
        "Look at the key in the product's settings." "";
        "Make a new key.";
    "api-key-misplaced" Caller AFTER_MENDING;
        "the key refused in the place that the product documents";
        "Send the key in the header or parameter that the product documents." "curl -si -H 'X-API-Key: KEY' '{url}'";
        "Move the key to where the product reads it.";
    "token-malformed" Caller AFTER_MENDING;
        "the token decoding into three parts";
        "Decode the token." "countersign explain TOKEN";
        "Send the token whole and unchanged, without quotes or line ends.";
    "token-algorithm-refused" Provider AFTER_MENDING;
        "another token with the same algorithm accepted";
        "Compare the token's `alg` with what the server allows." "countersign explain TOKEN";
        "Let issuer and server agree on one algorithm.";
    "token-signature-wrong" Server AFTER_MENDING;
        "the token's signature verifying with the key that the server uses";
        "Verify the token against the issuer's published keys." "countersign explain token.txt jwks.json";
        "Let the server verify with the keys of the issuer that signed: right JWKS address, right secret, right encoding of it.";
    "token-key-unknown" Server LATER;
        "the token's `kid` in the key set that the server holds";
        "Look for the token's `kid` in the issuer's key set." "countersign explain token.txt jwks.json";
        "Let the server fetch the keys anew when it meets an unknown `kid`.";
    "token-expired" Caller FRESH;
        "an `exp` that lies after the response's Date";
        "Compare the token's `exp` with the response's Date." "countersign explain TOKEN";
        "Get a new token, and renew before the old one ends.";
    "token-not-yet-valid" Server LATER;
        "`nbf` and `iat` that lie before the server's time";
        "Compare `nbf` and `iat` with the server's Date." "";
        "Set both clocks by NTP, and allow some seconds of leeway.";
    "token-issuer-unknown" Server AFTER_MENDING;
        "the token's `iss` being exactly what the server expects, to the slash";
        "Compare the token's `iss` with the issuer in the server's configuration." "countersign explain TOKEN";
        "Use a token of the issuer that the server trusts, or configure this one.";
    "token-audience-mismatch" Caller AFTER_MENDING;
        "the token's `aud` naming this API";
        "Compare the token's `aud` with what the server expects." "countersign explain TOKEN";
        "Ask the issuer for a token for this API: the right audience, resource or scope.";
    "token-kind-wrong" Caller AFTER_MENDING;
        "another token of the same kind accepted";
        "Look at what kind of token it is." "countersign explain TOKEN";
        "Send the kind of token that this route takes.";
    "proof-missing" Caller FRESH;
        "the token having no `cnf`";
        "Look for `cnf` in the token." "countersign explain TOKEN";
        "Send the proof of possession that the token is bound to.";
    "proof-wrong" Caller FRESH;
        "a proof whose `htm`, `htu`, `ath` and time fit";
        "Decode the proof and compare it with the request." "";
        "Make the proof for this request, with the token's key, now.";
    "proof-replayed" Caller FRESH;
        "a proof with a `jti` that was never sent before";
        "Compare the `jti` of two proofs in a row." "";
        "Make a proof for each request, the repeated one included.";
    "proof-nonce-needed" Caller FRESH;
        "the nonce of the last `DPoP-Nonce` in the proof";
        "Look for `DPoP-Nonce` in the answer and for `nonce` in the proof." "";
        "Put the nonce of `DPoP-Nonce` into the next proof, and keep the newest one.";
    "token-unbound" Caller AFTER_MENDING;
        "a `cnf` in the token";
        "Look for `cnf` in the token." "countersign explain TOKEN";
        "Ask for the token with a proof, so that it is bound; or send it as Bearer where that is taken.";
    "session-unknown" Caller FRESH;
        "the same cookie accepted a moment later";
        "Log in again and see how long it lasts." "";
        "Log in again.";
    "session-idle" Caller FRESH;
        "the session having been used a moment before";
        "Log in again and see after which pause it ends." "";
        "Log in again.";
    "session-over" Caller FRESH;
        "a new login that ends as soon";
        "Log in again and see how long it lasts." "";
        "Log in again.";
    "session-revoked" Caller FRESH;
        "no log-out and no change of the account since";
        "Ask whether somebody logged this session out." "";
        "Log in again.";
    "instance-local-session" Server LATER;
        "a single instance that never restarted";
        "Send the same cookie ten times: do answers alternate? Did the server restart?" "for i in 1 2 3 4 5 6 7 8 9 10; do curl -so /dev/null -w '%{http_code}\\n' -b 'COOKIE' '{url}'; done";
        "Keep sessions in a store that all instances share, sign cookies with one lasting secret, or send a client to one instance.";
    "authentication-too-weak" Caller FRESH;
        "an `acr` or second factor that the route asks for";
        "Look at `acr` and `amr` in the token." "countersign explain TOKEN";
        "Log in with the stronger method that the challenge names.";
    "authentication-too-old" Caller FRESH;
        "an `auth_time` a moment ago";
        "Look at `auth_time` in the token." "countersign explain TOKEN";
        "Log in again now.";
    "scope-insufficient" Caller AFTER_MENDING;
        "the token having the scope that the challenge names";
        "Compare the token's scopes with the ones that the route needs." "countersign explain TOKEN";
        "Ask for the scope when the token is requested, and let the person consent to it.";
    "role-insufficient" Administrator AFTER_MENDING;
        "another account with the same roles being let in";
        "Compare the account's roles with those the route needs." "";
        "Give the account the role, or use another account.";
    "permission-insufficient" Administrator AFTER_MENDING;
        "an account with every right refused with the same words";
        "Do the same with an account that surely may." "";
        "Give this account or key the permission, or use one that has it.";
    "rule-denied" Server AFTER_MENDING;
        "somebody being let in there";
        "Look for the rule in the server's or proxy's configuration." "";
        "Add a rule that admits those who may.";
    "csrf-token-missing" Caller AFTER_MENDING;
        "the same refusal to a form with its token";
        "Load the page, and send its token and cookie along." "";
        "Send the CSRF token with the request, beside its cookie.";
    "csrf-token-wrong" Caller FRESH;
        "token and cookie coming from one page load";
        "Load the page anew and send the form at once." "";
        "Take token and cookie from the same page load.";
    "origin-refused" Server AFTER_MENDING;
        "Origin and Host being the same site as the app sees it";
        "Compare the Origin that was sent with the host and scheme that the app believes it has." "";
        "Let the proxy pass Host and X-Forwarded-Proto, and list the origin as trusted.";
    "cors-origin-refused" Server AFTER_MENDING;
        "the origin being in the server's list";
        "Send the preflight by hand." "curl -si -X OPTIONS -H 'Origin: ORIGIN' -H 'Access-Control-Request-Method: GET' '{url}'";
        "Allow the origin on the server.";
    "preflight-challenged" Server AFTER_MENDING;
        "the preflight answered with 2xx and CORS headers";
        "Send the preflight by hand, without credentials." "curl -si -X OPTIONS -H 'Origin: ORIGIN' -H 'Access-Control-Request-Method: GET' -H 'Access-Control-Request-Headers: authorization' '{url}'";
        "Answer OPTIONS before authentication: put the CORS handler in front of it.";
    "cors-hides-refusal" Server AFTER_MENDING;
        "Access-Control-Allow-Origin on the refusal too";
        "Look at the refusal's headers outside the browser." "curl -si -H 'Origin: ORIGIN' '{url}'";
        "Send CORS headers on errors too, and then read the refusal itself.";
    "transport-insecure" Caller AFTER_MENDING;
        "the same refusal over HTTPS";
        "Ask over HTTPS." "";
        "Use HTTPS, and replace what was sent without it.";
    "tls-misconfigured" Server AFTER_MENDING;
        "the server fetching the provider's documents without an error";
        "On the server, ask the provider with the server's own trust store." "curl -v PROVIDER/.well-known/openid-configuration";
        "Trust the authority that signed the certificate, or mend the certificate.";
    "certificate-missing" Caller AFTER_MENDING;
        "the same refusal with a certificate presented";
        "Send the request with the client certificate." "curl -si --cert CERT.pem --key KEY.pem '{url}'";
        "Present the client certificate.";
    "certificate-untrusted" Server AFTER_MENDING;
        "the server's CA list naming the certificate's issuer";
        "Compare the certificate's issuer with the CAs that the server asks for." "openssl s_client -connect HOST:443 </dev/null | grep -A9 'Acceptable client'";
        "Get a certificate of an authority that the server trusts.";
    "certificate-expired" Caller FRESH;
        "the certificate's dates being good today";
        "Look at the certificate's dates." "openssl x509 -noout -dates -in CERT.pem";
        "Renew the client certificate.";
    "clock-skew" Caller FRESH;
        "both clocks agreeing to the second";
        "Compare the local clock with the server's Date." "date -u; curl -sI '{url}' | grep -i '^date'";
        "Set the clock by NTP.";
    "attempts-exceeded" Caller LATER;
        "the same answer after the stated pause";
        "Wait for as long as Retry-After says, and try once." "";
        "Wait, and stop what keeps guessing.";
    "rate-exceeded" Caller LATER;
        "the same answer to one request after a long pause";
        "Wait for as long as Retry-After or the limit's reset says." "";
        "Send fewer requests, or ask for a larger quota.";
    "credentials-invalid" Caller NEVER;
        "the same credentials accepted on another route of the same server";
        "Try the same credentials at the simplest documented route." "";
        "Get the credentials anew and copy them whole; check that they belong to this server.";
    "credentials-placeholder" Caller AFTER_MENDING;
        "a real value in the request as it was sent";
        "Print the value just before it is sent." "";
        "Fill the value in: the variable was empty or never replaced when the header was made.";
    "credentials-garbled" Caller AFTER_MENDING;
        "the header decoding to exactly the name and password that are meant";
        "Decode the header and look at each byte." "";
        "Build the header from the bare value: no line end, no quotes, one scheme word.";
    "credentials-overridden" Caller AFTER_MENDING;
        "the same with all other sources removed";
        "Look at which credentials were really sent." "curl -v '{url}'";
        "Remove the source that wins: environment, netrc, keychain, configuration file.";
    "credentials-forbidden-here" Caller AFTER_MENDING;
        "the same refusal with one mechanism alone";
        "Send the request without the Authorization header." "";
        "Send one mechanism: do not pass Authorization on to a presigned URL.";
    "credentials-stripped" Proxy AFTER_MENDING;
        "the header arriving at the app";
        "Ask the app directly, past the proxy; or log the headers that it receives." "curl -si -H 'Authorization: Bearer TOKEN' http://APP:PORT/PATH";
        "Let every hop pass the header on to the app.";
    "credentials-dropped" Caller FRESH;
        "no redirect between request and refusal";
        "Follow the redirects by hand and look at what each hop gets." "curl -sIL '{url}'";
        "Ask the final address at once.";
    "second-factor-missing" Caller FRESH;
        "the same refusal with a one-time code";
        "Send the one-time code that the product asks for." "";
        "Send the second factor, or use a token that is made for programs.";
    "proxy-authentication-required" Caller FRESH;
        "the same answer without a proxy";
        "Ask past the proxy." "curl -si --noproxy '*' '{url}'";
        "Give the client the proxy's credentials.";
    "cookie-not-sent" Caller FRESH;
        "the cookie in the request's Cookie field";
        "Look at the cookie's attributes and at the page's own address." "";
        "Ask under the host and scheme that set the cookie, and give it attributes that let it come along.";
    "endpoint-wrong" Caller AFTER_MENDING;
        "another call to the same host and prefix being let in";
        "Compare host, stage, region, version and path with the product's documentation." "curl -si '{url}'";
        "Use the address that these credentials belong to.";
    "blocked" Proxy AFTER_MENDING;
        "the same answer from another network with a browser's user agent";
        "Ask with another user agent, and from another network." "curl -si -A 'Mozilla/5.0' '{url}'";
        "Let the firewall's owner allow this client, or send what its rules ask for.";
    "target-ambiguous" Caller AFTER_MENDING;
        "the canonical path refused alike";
        "Ask for the path without dot segments, doubled or encoded slashes." "";
        "Send the canonical form of the path.";
    "token-revoked" Caller FRESH;
        "the provider calling the token active";
        "Ask the provider about the token (introspection, or its settings page)." "";
        "Log in again, or make a new token.";
    "token-inactive" Caller FRESH;
        "the provider calling the token active";
        "Ask the provider about the token (introspection)." "";
        "Get a new token.";
    "grant-revoked" Caller FRESH;
        "a refresh that works";
        "Use the refresh token once by hand." "";
        "Log in again: the old tokens will not come back.";
    "refresh-token-expired" Caller FRESH;
        "a refresh that works";
        "Use the refresh token once by hand." "";
        "Log in again, and refresh more often than the lifetime.";
    "refresh-token-reused" Caller FRESH;
        "only one process holding the refresh token";
        "Look whether two processes share one refresh token." "";
        "Log in again, and let one process refresh for all.";
    "digest-response-wrong" Caller NEVER;
        "the same digest computed by another client accepted";
        "Ask with curl." "curl -si --digest -u NAME '{url}'";
        "Check name, password and realm; the hash covers all three.";
    "digest-nonce-stale" Caller FRESH;
        "the refusal of a response to a nonce that was just issued";
        "Answer the newest challenge at once." "curl -v --digest -u NAME '{url}'";
        "Answer the fresh nonce once, without asking the person again.";
    "digest-nonce-replayed" Caller FRESH;
        "a nonce count that was never used before";
        "Compare `nc` over the requests." "";
        "Count `nc` up with each request.";
    "digest-target-mismatch" Caller AFTER_MENDING;
        "another client's header, laid out differently, refused too";
        "Compare the header with the one that curl makes." "curl -v --digest -u NAME '{url}'";
        "Let `uri` be the request's target as it is sent, after every rewrite.";
    "assertion-malformed" Provider AFTER_MENDING;
        "the message decoding into XML";
        "Decode the message." "countersign explain response.txt";
        "Send the message unchanged, in the binding's encoding.";
    "assertion-signature-wrong" Server AFTER_MENDING;
        "the certificate in the service's metadata being the one that signs";
        "Compare the certificate in the message with the one in the service's configuration." "";
        "Give the service the provider's current certificate or metadata.";
    "assertion-expired" Caller FRESH;
        "NotOnOrAfter lying after the service's time";
        "Compare NotOnOrAfter with the service's clock." "";
        "Start the login again; set both clocks by NTP if it happens at once.";
    "assertion-not-yet-valid" Server LATER;
        "NotBefore lying before the service's time";
        "Compare NotBefore with the service's clock." "";
        "Set both clocks by NTP, and allow some seconds of skew.";
    "assertion-audience-mismatch" Provider AFTER_MENDING;
        "the assertion's Audience being the service's entity id";
        "Compare the Audience with the service's entity id." "";
        "Configure the same entity id on both sides.";
    "assertion-recipient-mismatch" Server AFTER_MENDING;
        "Destination and Recipient being the URL as the service sees it";
        "Compare Destination with the URL that the service believes it has (http or https, host, port)." "";
        "Let the service know its public URL: pass Host and X-Forwarded-Proto, or set its base URL.";
    "assertion-replayed" Caller FRESH;
        "the assertion's first use";
        "Start a new login, and send its response once." "";
        "Start the login again.";
    "assertion-unsolicited" Caller FRESH;
        "an InResponseTo that the service just issued";
        "Start the login at the service and stay in one tab." "";
        "Start at the service, or allow logins that the provider begins.";
    "assertion-status-refused" Provider AFTER_MENDING;
        "a status of Success";
        "Look at the provider's log for this request." "";
        "Mend at the provider what its status names.";
    "login-state-unknown" Caller FRESH;
        "the cookie that holds the login coming back with the callback";
        "Start again in one tab, and look whether the login's cookie comes back." "";
        "Start the login again; check the cookie's SameSite, host and lifetime.";
    "code-refused" Caller FRESH;
        "a code used once, at once, with the same redirect and verifier";
        "Start again and exchange the code once." "";
        "Exchange the code once, soon, with the same client, redirect_uri and code_verifier.";
    "client-refused" Server AFTER_MENDING;
        "the same client and secret accepted by a token request by hand";
        "Ask the token endpoint by hand." "curl -si -u CLIENT_ID -d grant_type=client_credentials TOKEN_ENDPOINT";
        "Set the client's identifier and current secret, sent in the way that the provider expects.";
    "provider-unreachable" Server LATER;
        "the server reaching the provider's discovery document";
        "On the server, fetch the provider's discovery document." "curl -v ISSUER/.well-known/openid-configuration";
        "Let the server reach the provider: name, proxy, firewall, route.";
    "introspection-unreachable" Server LATER;
        "the server reaching the issuer's introspection endpoint, as a client that it knows";
        "On the server, ask the endpoint about any token." "curl -si -u CLIENT_ID -d token=made-up INTROSPECTION_ENDPOINT";
        "Let the server reach the endpoint, and set its own client's identifier and secret there.";
    "keys-unreachable" Server LATER;
        "the server reaching the issuer's key set";
        "On the server, fetch the issuer's key set." "curl -v JWKS_URI";
        "Let the server reach the issuer's keys.";
    "provider-misconfigured" Provider AFTER_MENDING;
        "both sides having the same values";
        "Lay the two configurations side by side." "";
        "Configure both sides alike.";
    "public-url-unknown" Proxy AFTER_MENDING;
        "the app seeing the public host and scheme";
        "Log the Host and X-Forwarded headers that the app receives." "";
        "Pass Host, X-Forwarded-Host and X-Forwarded-Proto, and let the app trust them.";
    "metadata-missing" Server AFTER_MENDING;
        "the metadata being found where the challenge points";
        "Fetch the metadata by hand." "curl -si ORIGIN/.well-known/oauth-protected-resource";
        "Publish the metadata (RFC 9728), with this resource's own identifier.";
    "route-unauthenticated" Server AFTER_MENDING;
        "another route of the app accepting the same credentials";
        "Try the same credentials on a route that works." "";
        "Put the authentication in front of this route, before authorization.";
    "server-misconfigured" Server AFTER_MENDING;
        "other clients being let in with the same kind of credentials";
        "Look at the server's log for this request." "";
        "Mend the server's configuration of authentication.";
    "challenge-missing" Server NEVER;
        "a WWW-Authenticate field in the answer";
        "Look at the server's log for this request." "";
        "Send a challenge with every 401 (RFC 9110 section 15.5.2).";
    "status-misused" Server NEVER;
        "the status meaning what it says";
        "Read the body rather than the status." "";
        "Send the status that is meant.";
    "evidence-redacted" Caller NEVER;
        "the recording with its secrets in it";
        "Record it again without redaction, on your own machine; secrets are masked in every report." "";
        "Export the recording with sensitive data and keep it to yourself.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_knows_only_causes_of_the_catalogue() {
        for advice in TABLE {
            assert!(Code::from_code(advice.code).is_some(), "{}", advice.code);
            assert_eq!(TABLE.iter().filter(|other| other.code == advice.code).count(), 1, "{}", advice.code);
        }
    }

    #[test]
    fn every_foreign_cause_has_advice() {
        for cause in countersign::ForeignCause::ALL {
            assert!(TABLE.iter().any(|advice| advice.code == cause.code()), "{cause}");
        }
    }
}
