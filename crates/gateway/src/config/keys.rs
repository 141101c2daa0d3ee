//! The one table of all keys: reading, environment variables, the JSON Schema and the documentation follow it.

use countersign::Scheme;

/// A table of the file.
pub(super) struct Section {
    /// Its dotted name.
    pub name: &'static str,
    /// May there be several, as `[[name]]`?
    pub repeated: bool,
    /// What it is about.
    pub meaning: &'static str,
}

/// A key of the file.
pub(super) struct Key {
    /// The section it stands in.
    pub section: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What holds without it.
    pub absent: Absent,
    /// An example, as TOML.
    pub example: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// Any text that the checks accept.
    Text,
    /// An IP address with a port.
    Address,
    /// A path, relative to the file.
    Path,
    /// A time between two, in milliseconds: `5m`.
    Duration(u64, u64),
    /// A size between two, in bytes: `4KB`.
    Size(u64, u64),
    /// A whole number between two.
    Number(u64, u64),
    /// `true` or `false`.
    Flag,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// A list of texts, or of these.
    List(&'static [&'static str]),
    /// A list of scopes, or such a list for each method.
    Scopes,
    /// A text that the environment may hold, and no file.
    Secret,
}

/// What holds without a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Absent {
    /// Nothing: the key has to be there.
    Required,
    /// This value; members of a list are separated by commas.
    Is(&'static str),
    /// What these words say.
    Means(&'static str),
}

use Absent::{Is, Means, Required};
use Kind::{Address, Duration, Flag, List, Number, OneOf, Path, Scopes, Secret, Size, Text};

const SECOND: u64 = 1000;
const DAY: u64 = 86_400 * SECOND;
const YEAR: u64 = 366 * DAY;
const SCHEMES: &[&str] =
    &[Scheme::Bearer.name(), Scheme::ApiKey.name(), Scheme::Session.name(), Scheme::Digest.name(), Scheme::Basic.name()];
const DIGESTS: &[&str] = &["SHA-512-256", "SHA-512-256-sess", "SHA-256", "SHA-256-sess", "MD5", "MD5-sess"];
const ALGORITHMS: &[&str] = &["ES256", "ES384", "ES512", "EdDSA", "Ed25519", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];

/// Every section, each after the one it stands in.
pub(super) const SECTIONS: &[Section] = &[
    Section { name: "server", repeated: false, meaning: "The listener and what belongs to it." },
    Section { name: "server.tls", repeated: false, meaning: "The certificate. With it the listener speaks TLS, and only TLS." },
    Section { name: "log", repeated: false, meaning: "What is logged." },
    Section { name: "session", repeated: false, meaning: "How long a login lasts." },
    Section { name: "api_keys", repeated: false, meaning: "API keys of this installation." },
    Section {
        name: "digest",
        repeated: false,
        meaning: "How rules that accept `digest` ask for it (RFC 7616), and whether the secrets that it needs may be kept.",
    },
    Section { name: "limits", repeated: false, meaning: "Sizes and times that no connection exceeds." },
    Section {
        name: "issuer",
        repeated: true,
        meaning: "An issuer whose tokens are accepted where a rule takes `bearer`. Its keys come by discovery.",
    },
    Section {
        name: "issuer.introspection",
        repeated: false,
        meaning: "Ask the issuer about tokens that say nothing by themselves (RFC 7662).",
    },
    Section {
        name: "provider",
        repeated: true,
        meaning: "A provider that people sign in with, where a site names it in `providers`. It is asked when somebody signs in, so it may be down while the gateway starts.",
    },
    Section {
        name: "provider.grant",
        repeated: true,
        meaning: "What people get of whom the provider says something: roles and scopes, anew at each sign-in.",
    },
    Section { name: "site", repeated: true, meaning: "An app behind the gateway, and the hosts it answers for." },
    Section { name: "site.cors", repeated: false, meaning: "Which other origins' scripts may use the site. Without it none may." },
    Section {
        name: "site.rule",
        repeated: true,
        meaning: "Whom some paths and methods are open to. The first rule that matches wins; where none does, the request is refused.",
    },
];

macro_rules! keys {
    ($($section:literal { $($name:literal $kind:expr, $absent:expr, $example:literal, $meaning:literal;)+ })+) => {
        /// Every key.
        pub(super) const KEYS: &[Key] = &[$($(
            Key { section: $section, name: $name, kind: $kind, absent: $absent, example: $example, meaning: $meaning },
        )+)+];
    };
}

keys! {
    "server" {
        "listen" Address, Is("127.0.0.1:8401"), r#""0.0.0.0:443""#,
            "Where requests come in. Port 0 lets the system choose.";
        "admin_listen" Address, Is("127.0.0.1:8402"), r#""127.0.0.1:9000""#,
            "Where health, readiness and metrics are. Nobody is asked for credentials there, so it stays on the loopback interface.";
        "data" Path, Means("`$COUNTERSIGN_DATA`, else `$XDG_STATE_HOME/countersign`, else `~/.local/state/countersign`"), r#""state""#,
            "The data directory: database, keys, trail. It is made if it is missing.";
        "workers" Number(1, 1024), Means("one for each core"), "2",
            "Worker threads.";
        "trusted_proxies" List(&[]), Is(""), r#"["10.0.0.0/8", "::1"]"#,
            "Networks whose word on client address, host and scheme counts (`X-Forwarded-*`). Nobody else's does.";
        "client_certificate_header" Text, Means("no header is read"), r#""Client-Cert""#,
            "The header in which a trusted proxy passes the client's certificate on, as `Client-Cert` has it (RFC 9440) or as PEM with percent escapes (nginx: `$ssl_client_escaped_cert`). The proxy has to check certificates, and to set or remove the header itself. The app never sees it.";
        "upstream_authorities" Path, Means("the public authorities alone"), r#""internal-ca.pem""#,
            "A PEM file with more certificate authorities that upstreams may be certified by.";
        "issuer_authorities" Path, Means("the public authorities alone"), r#""corp-ca.pem""#,
            "A PEM file with more certificate authorities that issuers may be certified by.";
        "shutdown_grace" Duration(0, 3600 * SECOND), Is("30s"), r#""1m""#,
            "How long requests that are being answered may take when the gateway stops.";
        "problem_base" Text, Is("urn:countersign:problem:"), r#""https://docs.example/problems/""#,
            "What the `type` of a problem document (RFC 9457) begins with; the kind of problem follows, as `token-invalid`.";
    }
    "server.tls" {
        "certificate" Path, Required, r#""tls/chain.pem""#,
            "The certificate and those between it and the authority, PEM. Taken anew when the file changes.";
        "key" Path, Required, r#""tls/key.pem""#,
            "Its private key, PEM.";
        "client_authorities" Path, Means("clients are asked for no certificate"), r#""tls/clients-ca.pem""#,
            "A PEM file with the authorities that clients may be certified by. Clients are asked for a certificate then, and may have none: only tokens that are bound to one need it (RFC 8705).";
    }
    "log" {
        "decisions" OneOf(&["all", "refused", "off"]), Is("all"), r#""refused""#,
            "Which decisions get a line in the log: each, refusals and outages, or none.";
    }
    "session" {
        "idle" Duration(SECOND, YEAR), Is("30m"), r#""15m""#,
            "A login ends when it was not used for so long.";
        "absolute" Duration(SECOND, YEAR), Is("12h"), r#""8h""#,
            "A login ends after so long, however much it was used.";
    }
    "api_keys" {
        "environment" Text, Means("keys carry none"), r#""live""#,
            "The name that keys carry in their text (`csk_live_…`), so that one of another environment is told from a wrong one: lower-case letters and digits, 16 at the most. Keys that were made before it was set are refused.";
        "warn_before" Duration(0, YEAR), Is("14d"), r#""30d""#,
            "So long before a key ends, answers to it carry `Countersign-Key-Expires`. `0s` for never.";
    }
    "digest" {
        "enabled" Flag, Is("false"), "true",
            "Keep a secret for Digest with every new password, for each realm and algorithm that is asked for? Whoever reads it in the database can log in with it, in its realm.";
        "algorithms" List(DIGESTS), Is("SHA-256"), r#"["SHA-256", "MD5"]"#,
            "The accepted algorithms, one challenge for each, in this order. `MD5` is for clients that know no other.";
        "qop" List(&["auth", "auth-int"]), Is("auth"), r#"["auth", "auth-int"]"#,
            "What an answer protects: method and target, with `auth-int` the body too.";
        "nonce_lifetime" Duration(10 * SECOND, DAY), Is("5m"), r#""1m""#,
            "How long an answer to one challenge can be followed by others. After that the client is told that its nonce is stale, and goes on with a new one without asking the person.";
        "userhash" Flag, Is("false"), "true",
            "Offer that a hash stands for the user's name, so that the name cannot be read on the way?";
    }
    "limits" {
        "header" Size(4096, 1 << 20), Is("64KB"), r#""32KB""#,
            "All header fields of a request together.";
        "headers" Number(8, 10_000), Is("100"), "200",
            "The number of header fields of a request.";
        "body" Size(0, u64::MAX), Means("as much as the app takes"), r#""10MB""#,
            "The body of a request.";
        "judged_body" Size(1, 16 << 20), Is("64KB"), r#""1MB""#,
            "The body of a request where credentials stand in it or cover it. It is read whole before it is judged.";
        "header_timeout" Duration(1, DAY), Is("10s"), r#""5s""#,
            "For the head of a request to arrive, and for a TLS handshake.";
        "idle_timeout" Duration(1, DAY), Is("75s"), r#""30s""#,
            "Between two pings of a quiet HTTP/2 connection. A quiet HTTP/1.1 connection is closed after `header_timeout`.";
        "upstream_connect" Duration(1, DAY), Is("3s"), r#""1s""#,
            "For a connection to the upstream.";
        "upstream_response" Duration(1, DAY), Is("60s"), r#""5m""#,
            "For the upstream's response to begin.";
        "body_idle" Duration(1, DAY), Is("15s"), r#""1m""#,
            "Between two pieces of a request's body. The app's answer may pause as long as the app likes.";
    }
    "issuer" {
        "name" Text, Required, r#""corp""#,
            "Your name for it, in logs and explanations.";
        "issuer" Text, Required, r#""https://id.example""#,
            "Its exact `iss` claim, a URL. Its keys are found at `/.well-known/openid-configuration` below it.";
        "audiences" List(&[]), Required, r#"["orders"]"#,
            "A token is accepted if it was made for one of these (`aud`).";
        "algorithms" List(ALGORITHMS), Is("ES256,RS256,EdDSA"), r#"["ES256"]"#,
            "The signature algorithms that its keys may be used with.";
        "leeway" Duration(0, 60 * SECOND), Is("30s"), r#""10s""#,
            "By how much its clock and ours may differ.";
        "access_token_type" Flag, Is("false"), "true",
            "Insist that a token says it is an access token (`typ` = `at+jwt`, RFC 9068)? Better where the issuer does so.";
        "binding" OneOf(&["optional", "dpop", "mtls", "any"]), Is("optional"), r#""dpop""#,
            "Must its tokens be bound to their holder? A token that is bound (`cnf`) needs its proof in any case. `optional`: others are taken too. `dpop`: to a key that signs proofs (RFC 9449). `mtls`: to a client certificate (RFC 8705). `any`: to one of them.";
        "dpop_nonces" Flag, Is("false"), "true",
            "Must proofs carry a nonce of this gateway (RFC 9449 section 9)? Then none can be made in advance; it costs a client one more request every five minutes.";
    }
    "issuer.introspection" {
        "endpoint" Text, Means("the issuer's discovery document says"), r#""https://id.example/introspect""#,
            "Where it is asked.";
        "client_id" Text, Required, r#""gateway""#,
            "What the issuer calls this gateway, which has to be its client: nobody else may ask about tokens.";
        "client_auth" OneOf(&["basic", "post", "private_key_jwt"]), Is("basic"), r#""post""#,
            "How the gateway proves itself: `client_secret_basic`, `client_secret_post`, or a signed assertion (RFC 7523).";
        "client_secret" Secret, Means("`client_secret_file` says"), "",
            "The client's secret, in the environment alone: `COUNTERSIGN_ISSUER__0__INTROSPECTION__CLIENT_SECRET` for the first issuer.";
        "client_secret_file" Path, Means("`client_secret` says"), r#""gateway.secret""#,
            "A file that holds the client's secret and nothing else.";
        "client_key_file" Path, Means("there is none"), r#""gateway-key.pem""#,
            "The private key for `private_key_jwt`, PKCS#8 as PEM: P-256 (`ES256`), Ed25519 (`EdDSA`) or RSA (`RS256`).";
        "client_key_id" Text, Means("the assertion names none"), r#""2027""#,
            "The id under which the issuer knows the public half.";
        "tokens" OneOf(&["opaque", "all"]), Is("opaque"), r#""all""#,
            "About which tokens it is asked: those that are no JWT, or all. A JWT is asked about where it says it is from; without `all` it is verified here, and a revocation is not seen.";
        "reuse" Duration(0, 3600 * SECOND), Is("60s"), r#""10s""#,
            "For how long an answer is used again, so within which a revocation is seen. `0s` asks for every request.";
        "signed" Flag, Is("false"), "true",
            "Insist on a signed answer (RFC 9701)?";
        "require_audience" Flag, Is("true"), "false",
            "Refuse tokens of which the answer names no audience? One that it names has to be among `audiences` in any case.";
    }
    "provider" {
        "name" Text, Required, r#""corp""#,
            "Your name for it: small letters, digits and `-`. Accounts are kept under it, so it stays.";
        "kind" OneOf(&["oidc", "saml"]), Is("oidc"), r#""saml""#,
            "What it speaks: OpenID Connect or SAML 2.0.";
        "label" Text, Means("the name"), r#""Example Corp""#,
            "What the login page calls it.";
        "issuer" Text, Means("needed for `oidc`"), r#""https://id.example""#,
            "Its exact `iss`, a URL. The rest is found at `/.well-known/openid-configuration` below it.";
        "client_id" Text, Means("needed for `oidc`"), r#""orders""#,
            "What it calls this client.";
        "client_secret" Secret, Means("`client_secret_file` says, or there is none"), "",
            "The client's secret, in the environment alone: `COUNTERSIGN_PROVIDER__0__CLIENT_SECRET` for the first provider.";
        "client_secret_file" Path, Means("`client_secret` says, or there is none"), r#""corp.secret""#,
            "A file that holds the client's secret and nothing else.";
        "client_auth" OneOf(&["basic", "post", "none"]), Means("as it offers; `none` without a secret"), r#""basic""#,
            "How the client proves itself: `client_secret_basic`, `client_secret_post`, or not at all (a public client).";
        "redirect_uri" Text, Means("scheme and host as they were asked for, and `/oauth2/callback`"), r#""https://shop.example/oauth2/callback""#,
            "Where it sends people back to, as it is registered there.";
        "scopes" List(&[]), Is("openid,profile,email"), r#"["openid", "profile", "groups"]"#,
            "The scopes that are asked for. `openid` is always among them.";
        "algorithms" List(ALGORITHMS), Is("ES256,RS256,EdDSA"), r#"["ES256"]"#,
            "The signature algorithms that its ID tokens may have.";
        "leeway" Duration(0, 60 * SECOND), Is("30s"), r#""10s""#,
            "By how much its clock and ours may differ.";
        "acr_values" List(&[]), Is(""), r#"["urn:example:two-factors"]"#,
            "The authentication contexts that every sign-in asks for, the best first. A rule's `acr` asks for its own, and insists.";
        "max_age" Duration(SECOND, YEAR), Means("any will do"), r#""8h""#,
            "The person must have authenticated there within this time, at every sign-in.";
        "userinfo" Flag, Is("true"), "false",
            "Ask its userinfo endpoint as well, if it has one? Many put name and groups there only.";
        "name_from" Text, Is("preferred_username"), r#""email""#,
            "The claim that names the person; without it the subject does. An account that has the name already keeps it, and the newcomer's gets a mark.";
        "name_prefix" Text, Means("the name and `/`"), r#""""#,
            "What the accounts' names begin with.";
        "roles_from" List(&[]), Is("roles,groups"), r#"["realm_access.roles"]"#,
            "Claims whose values are roles here as they are; a path with dots for claims inside of others.";
        "renew" Flag, Is("false"), "true",
            "Ask it again, by a refresh token and when its access token ends, whether a session may go on? Some want the scope `offline_access` for that.";
        "end_session" Flag, Is("true"), "false",
            "Does logging out here log people out there too, if it offers that?";
        "metadata" Path, Means("needed for `saml`"), r#""corp-metadata.xml""#,
            "Its SAML metadata, a file: names, addresses and keys. Read at the start and at each reload.";
        "metadata_signer" Path, Means("the file is trusted as it is"), r#""federation.pem""#,
            "A certificate, PEM, whose key must have signed the metadata.";
        "entity" Text, Means("the only one in the metadata"), r#""https://idp.example/metadata""#,
            "Its entity id, where the metadata describes several providers.";
        "public_url" Text, Means("needed for `saml`"), r#""https://shop.example""#,
            "Scheme and host under which people reach the site. Responses are posted to `/saml2/acs` there, and signatures are made for that address.";
        "entity_id" Text, Means("`public_url` and `/saml2/metadata`"), r#""https://shop.example/sp""#,
            "What it calls this service: the audience of its assertions.";
        "key" Path, Means("nothing is signed, nothing can be opened, and logging out stays here"), r#""saml.key""#,
            "This service's own RSA key, PEM: it signs requests and opens encrypted assertions.";
        "certificate" Path, Means("needed with `key`"), r#""saml.pem""#,
            "The certificate that shows the provider the key's public half, PEM.";
        "binding" OneOf(&["redirect", "post"]), Means("redirect, if it offers that"), r#""post""#,
            "How requests reach it.";
        "name_id_format" Text, Means("as it likes"), r#""urn:oasis:names:tc:SAML:2.0:nameid-format:persistent""#,
            "The kind of name that it is asked for.";
        "subject_from" Text, Means("the NameID"), r#""uid""#,
            "The attribute that names the person for good, where the NameID is another one at each sign-in.";
    }
    "provider.grant" {
        "claim" Text, Required, r#""groups""#,
            "The claim, or the path to it with dots.";
        "value" Text, Required, r#""engineering""#,
            "The value that it has, or one of its values.";
        "roles" List(&[]), Is(""), r#"["staff"]"#,
            "The roles that this gives.";
        "scopes" List(&[]), Is(""), r#"["orders:read"]"#,
            "The scopes that this gives.";
    }
    "site" {
        "host" Text, Is("*"), r#""shop.example""#,
            "The host it answers for: a name, `*.example` for everything below a name, or `*`. Case and port do not count; the most exact site wins.";
        "upstream" Text, Required, r#""http://127.0.0.1:3000""#,
            "Where the app is: `http://`, `https://` or `h2c://` (HTTP/2 without TLS) with host and port, no path; or `sample`, the app that is built in.";
        "realm" Text, Means("the host; `countersign` for `*`"), r#""orders""#,
            "Names the protection space in challenges and on the login page (RFC 9110 section 11.5).";
        "identity_headers" OneOf(&["remote-user", "x-forwarded-user", "x-auth-request", "countersign", "none"]), Is("countersign"), r#""remote-user""#,
            "The header fields by which the app learns who asks. All such fields that come from outside are taken away, whichever is chosen.";
        "spoofed_headers" OneOf(&["remove", "refuse"]), Is("remove"), r#""refuse""#,
            "Are requests that bring identity headers along cleaned or refused?";
        "preserve_host" Flag, Is("true"), "false",
            "Does the app see the host that the client asked for? Otherwise that of `upstream`.";
        "pass_credentials" Flag, Is("false"), "true",
            "Does the app see the credentials that the gateway has judged? Session cookies stay here in any case.";
        "issuers" List(&[]), Means("all of them"), r#"["corp"]"#,
            "The issuers whose tokens are accepted here, by name.";
        "providers" List(&[]), Is(""), r#"["corp"]"#,
            "The providers that people sign in with, where a rule takes `session`. With one and no passwords they are sent there at once; otherwise the login page offers the choice.";
        "passwords" Flag, Means("yes, unless there are `providers`"), "true",
            "Does the login page take passwords too?";
        "api_keys_in" List(&[]), Is("header:X-API-Key,query:api_key"), r#"["header:X-API-Key", "authorization:ApiKey", "query:api_key", "cookie:key", "form:key", "json:auth.key"]"#,
            "Where API keys are looked for, each as `header:NAME`, `authorization:SCHEME`, `query:NAME`, `cookie:NAME`, `form:NAME` or `json:NAME.NAME`. Challenges name the first.";
        "https_only" Flag, Is("false"), "true",
            "Refuse what did not come over TLS, here or at a trusted proxy?";
    }
    "site.cors" {
        "origins" List(&[]), Required, r#"["https://app.example"]"#,
            "The origins, as browsers write them: scheme, host, and the port if it is not the usual one.";
        "credentials" Flag, Is("false"), "true",
            "May their scripts send cookies and passwords along, and use sessions?";
    }
    "site.rule" {
        "path" Text, Required, r#""/api/**""#,
            "The paths: exact, with `*` for one segment, with `/**` at the end for everything below, which includes the path before it.";
        "methods" List(&[]), Means("all methods"), r#"["GET", "POST"]"#,
            "The methods. `GET` stands for `HEAD` too.";
        "access" OneOf(&["public", "denied"]), Means("`schemes` says"), r#""public""#,
            "`public`: open to everybody. `denied`: to nobody. Otherwise give `schemes`.";
        "schemes" List(SCHEMES), Means("`access` says"), r#"["bearer", "api-key"]"#,
            "The accepted ways to authenticate. Challenges list the strongest first, whatever the order here.";
        "scopes" Scopes, Means("no scope is needed"), r#"{ GET = ["orders:read"], "*" = ["orders:write"] }"#,
            "The scopes that are needed, all of them: a list, or a list for each method, with `*` for the other methods. `HEAD` needs what `GET` does.";
        "roles" List(&[]), Means("no role is needed"), r#"["staff"]"#,
            "One of these roles is needed.";
        "acr" List(&[]), Means("any will do"), r#"["urn:example:two-factors"]"#,
            "One of these authentication contexts is needed (RFC 9470). Tokens carry one, and sessions that a provider vouched for; who signs in with a provider is sent there for it.";
        "max_age" Duration(SECOND, YEAR), Means("any will do"), r#""1h""#,
            "The person must have authenticated within this time (RFC 9470).";
        "serve_verified_for" Duration(0, DAY), Is("0s"), r#""10m""#,
            "While an issuer cannot be asked about a token, serve what it found active within this time; otherwise that is a 503. A revocation is not seen so long.";
    }
}

impl Section {
    /// The header that begins it.
    pub(super) fn header(&self) -> String {
        if self.repeated { format!("[[{}]]", self.name) } else { format!("[{}]", self.name) }
    }

    /// The section it stands in, and its name there.
    pub(super) fn parent(&self) -> (&'static str, &'static str) {
        self.name.rsplit_once('.').unwrap_or(("", self.name))
    }
}

/// A section by its dotted name.
pub(super) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

/// A key by its section and name.
pub(super) fn key(section: &str, name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.section == section && key.name == name)
}

/// The names that a section may hold: its keys, and the sections below it.
pub(super) fn names(section: &str) -> impl Iterator<Item = &'static str> {
    let keys = KEYS.iter().filter(move |key| key.section == section).map(|key| key.name);
    let below = SECTIONS.iter().map(Section::parent).filter(move |(parent, _)| *parent == section).map(|(_, name)| name);
    keys.chain(below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::token::Algorithm;

    #[test]
    fn the_table_knows_what_the_core_knows() {
        assert_eq!(SCHEMES, Scheme::ALL.iter().map(|scheme| scheme.name()).collect::<Vec<_>>());
        for algorithm in Algorithm::ALL {
            assert!(ALGORITHMS.contains(&algorithm.name()), "{algorithm}");
        }
        for name in ALGORITHMS {
            assert!(Algorithm::from_name(name).is_some(), "{name}");
        }
    }

    #[test]
    fn digests_are_those_of_the_core() {
        assert_eq!(DIGESTS, countersign::digest::Algorithm::ALL.map(countersign::digest::Algorithm::name));
    }

    #[test]
    fn every_key_has_its_section() {
        for key in KEYS {
            assert!(section(key.section).is_some(), "{}.{}", key.section, key.name);
        }
    }
}
