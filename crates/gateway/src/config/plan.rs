//! The configuration as run: checked, complete, ready to route by. Not how it is written, which is `file`.

use super::host::HostPattern;
use super::path::PathPattern;
use countersign::digest::Algorithm;
use countersign::login::Mapping;
use countersign::login::oidc::RelyingParty;
use countersign::reply::Challenges;
use countersign::{Access, ApiKeys, DigestPolicy, Issuer, Requirement, Scheme, Target};
use countersign_saml::Wishes;
use http::{HeaderName, HeaderValue, Method};
use ipnet::IpNet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A configuration in force.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Names this configuration in references: the first bytes of the SHA-256 of [`Plan::text`].
    pub revision: [u8; 8],
    /// The file it was read from, as it was named.
    pub file: String,
    /// The text in effect: the file, then what environment and flags set, as comments.
    pub text: String,
    /// The listener and what belongs to it.
    pub server: Server,
    /// What is logged.
    pub log: Log,
    /// How long sessions live.
    pub session: SessionLimits,
    /// The environment that API keys carry in their text; empty for none.
    pub api_key_environment: String,
    /// How long before its end a client is told that its API key ends; zero for never.
    pub warn_of_api_keys: Duration,
    /// Sizes and times that no connection exceeds.
    pub limits: Limits,
    /// The sites, in the file's order.
    pub sites: Vec<Arc<Site>>,
    /// The issuers of the file, in its order.
    pub issuers: Vec<Arc<Issuer>>,
    /// What is asked for in Digest, where secrets for it may be kept.
    pub digest: Option<Arc<DigestPolicy>>,
    /// The providers of the file, in its order.
    pub providers: Vec<Arc<Provider>>,
}

/// Somebody whom people sign in with.
#[derive(Clone, Debug)]
pub struct Provider {
    /// The operator's name for it.
    pub name: String,
    /// What the login page calls it.
    pub label: String,
    /// How what it says of people becomes accounts.
    pub mapping: Mapping,
    /// What it speaks.
    pub protocol: Protocol,
}

/// What a provider speaks.
#[derive(Clone, Debug)]
pub enum Protocol {
    /// OpenID Connect.
    Oidc(Arc<RelyingParty>),
    /// SAML 2.0.
    Saml(Arc<SamlParty>),
}

/// A SAML provider as this installation relies on it, and what this installation is to it.
#[derive(Debug)]
pub struct SamlParty {
    /// The provider, as its metadata describes it.
    pub provider: countersign_saml::Provider,
    /// Ourselves.
    pub service: countersign_saml::Service,
    /// How requests reach it.
    pub binding: Binding,
    /// What every request asks for.
    pub wishes: Wishes,
    /// The attribute that names the person; none for the NameID.
    pub subject_from: Option<String>,
    /// Does logging out end the provider's session too?
    pub end_session: bool,
}

impl SamlParty {
    /// Where a provider learns of us.
    pub const METADATA: &'static str = "/saml2/metadata";
    /// Where responses are posted to.
    pub const CONSUMER: &'static str = "/saml2/acs";
    /// Where log-outs come to.
    pub const SIGN_OUT: &'static str = "/saml2/slo";
}

/// How a browser carries a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// In an address.
    Redirect,
    /// In a form.
    Post,
}

/// The listener and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where requests come in.
    pub listen: SocketAddr,
    /// Where health and metrics are.
    pub admin_listen: SocketAddr,
    /// The data directory.
    pub data: PathBuf,
    /// Worker threads, at least one.
    pub workers: usize,
    /// Whose word on client addresses counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which trusted proxies pass client certificates on.
    pub client_certificate_header: Option<HeaderName>,
    /// The certificate, if the listener speaks TLS.
    pub tls: Option<Tls>,
    /// More authorities (PEM) that upstreams may be certified by.
    pub upstream_authorities: Option<PathBuf>,
    /// More authorities (PEM) that issuers may be certified by.
    pub issuer_authorities: Option<PathBuf>,
    /// How long what is being answered may take at the end.
    pub shutdown_grace: Duration,
    /// What the `type` of a problem document begins with.
    pub problem_base: String,
}

/// Where certificate and key are, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificate, then those between it and the authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authorities that clients may be certified by, if they are asked for certificates.
    pub client_authorities: Option<PathBuf>,
}

/// What is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// Which decisions get a line.
    pub decisions: LogDecisions,
}

/// Which decisions get a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogDecisions {
    /// Each.
    All,
    /// Refusals and outages.
    Refused,
    /// None.
    Off,
}

/// How long sessions live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without any use.
    pub idle: Duration,
    /// At the most.
    pub absolute: Duration,
}

/// Sizes and times that no connection exceeds. Sizes are bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// All header fields together.
    pub header: u64,
    /// The number of header fields.
    pub headers: usize,
    /// A request's body; none means as much as the app takes.
    pub body: Option<u64>,
    /// A request's body where judging has to see it.
    pub judged_body: u64,
    /// For a request's head to arrive, and for a TLS handshake.
    pub header_timeout: Duration,
    /// Between two requests of a connection.
    pub idle_timeout: Duration,
    /// For a connection to the upstream.
    pub upstream_connect: Duration,
    /// For the upstream's response to begin.
    pub upstream_response: Duration,
    /// Between two pieces of a body.
    pub body_idle: Duration,
}

/// An app behind the gateway, and the hosts it answers for.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its place in the file, from 0.
    pub index: u16,
    /// The hosts it answers for.
    pub host: HostPattern,
    /// Where the app is.
    pub upstream: Upstream,
    /// Names the protection space.
    pub realm: String,
    /// How the app learns who asks.
    pub identity_headers: Profile,
    /// What becomes of identity headers that come from outside.
    pub spoofed_headers: SpoofedHeaders,
    /// Which other origins' scripts may use it; none may if absent.
    pub cors: Option<Cors>,
    /// The providers that people sign in with.
    pub providers: Vec<Arc<Provider>>,
    /// Does the login page take passwords?
    pub passwords: bool,
    /// The rules; the first that matches wins.
    pub rules: Vec<Rule>,
    /// Does the upstream see the host that the client asked for?
    pub preserve_host: bool,
    /// Does the upstream see the credentials?
    pub pass_credentials: bool,
    /// Where API keys are looked for, and which are of this installation.
    pub api_keys: Arc<ApiKeys>,
}

/// Whom a path and methods are open to.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its place in the site, from 0.
    pub index: u16,
    /// The line of the file that it begins on, from 1.
    pub line: usize,
    /// The paths.
    pub path: PathPattern,
    /// The methods; all if absent. GET stands for HEAD too.
    pub methods: Option<Vec<Method>>,
    /// What it asks for.
    pub requirement: Requirement,
    /// What it tells those without.
    pub challenges: Challenges,
}

/// Where an app is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// What is spoken there.
    pub scheme: UpstreamScheme,
    /// The host's name or address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Host and port as a Host field has them.
    pub authority: HeaderValue,
    pub(super) sample: bool,
}

/// What is spoken with an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamScheme {
    /// HTTP/1.1.
    Http,
    /// TLS, and in it what ALPN agrees on.
    Https,
    /// HTTP/2 without TLS, by prior knowledge.
    H2c,
}

/// The names under which an app learns who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// `Remote-User`, `Remote-Groups`, ….
    RemoteUser,
    /// `X-Forwarded-User`, `X-Forwarded-Groups`, ….
    XForwardedUser,
    /// `X-Auth-Request-User`, `X-Auth-Request-Groups`, ….
    XAuthRequest,
    /// `Countersign-Subject`, `-Roles`, `-Scopes`, `-Scheme`.
    Countersign,
    /// It does not.
    None,
}

/// What becomes of identity headers that come from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpoofedHeaders {
    /// They are taken away.
    Remove,
    /// The request is refused.
    Refuse,
}

/// Which other origins' scripts may use a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// The origins, as browsers write them.
    pub origins: Vec<String>,
    /// May they send cookies and passwords along?
    pub credentials: bool,
}

impl Plan {
    /// The realms in which some rule accepts Digest, each with each algorithm.
    pub fn digest_spaces(&self) -> Vec<(String, Algorithm)> {
        let Some(digest) = &self.digest else { return Vec::new() };
        let asks = |site: &&Arc<Site>| site.rules.iter().any(|rule| rule.requirement.accepts(Scheme::Digest));
        let each = |site: &Arc<Site>| digest.algorithms.iter().map(|algorithm| (site.realm.clone(), *algorithm)).collect::<Vec<_>>();
        self.sites.iter().filter(asks).flat_map(each).collect()
    }

    /// The site for a host, with or without a port: an exact one first, then the longest `*.suffix`, then `*`.
    pub fn site(&self, host: &str) -> Option<&Arc<Site>> {
        let host = super::host::without_port(host);
        let fits = self.sites.iter().filter(|site| site.host.matches(host));
        fits.max_by_key(|site| site.host.rank())
    }

    /// Trusts the gateway's own issuer too, on every rule.
    #[must_use]
    pub fn with_own_issuer(mut self, own: Arc<Issuer>) -> Self {
        for site in &mut self.sites {
            let named = site.rules.first().into_iter().flat_map(|rule| rule.requirement.issuers.iter());
            let trusted: Arc<[Arc<Issuer>]> = named.chain([&own]).cloned().collect();
            for rule in &mut Arc::make_mut(site).rules {
                rule.requirement.issuers = trusted.clone();
            }
        }
        self
    }
}

impl Site {
    /// The provider of this name, if people sign in with it here.
    pub fn provider(&self, name: &str) -> Option<&Arc<Provider>> {
        self.providers.iter().find(|provider| provider.name == name)
    }

    /// The first rule that matches.
    pub fn rule(&self, method: &Method, target: &Target) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.accepts_method(method) && rule.accepts_path(target))
    }

    /// Rules that match but for the method, or but for one segment of the path; three at the most.
    pub fn nearest_misses(&self, method: &Method, target: &Target) -> Vec<u16> {
        let by_method = self.rules.iter().filter(|rule| rule.accepts_path(target) && !rule.accepts_method(method));
        let by_path = self.rules.iter().filter(|rule| rule.path.nearly_matches(target.folded_path()));
        by_method.chain(by_path).map(|rule| rule.index).take(3).collect()
    }

    /// Are requests refused that bring identity headers along?
    pub fn refuses_spoofed(&self) -> bool {
        self.spoofed_headers == SpoofedHeaders::Refuse
    }
}

impl Rule {
    /// Is it open to everybody?
    pub fn is_public(&self) -> bool {
        self.requirement.access == Access::Public
    }

    fn accepts_method(&self, method: &Method) -> bool {
        let same = |listed: &Method| listed == method || (listed == Method::GET && method == Method::HEAD);
        self.methods.as_ref().is_none_or(|methods| methods.iter().any(same))
    }

    /// What protects is not passed by a spelling that only some upstreams read alike; what opens is taken at its word.
    fn accepts_path(&self, target: &Target) -> bool {
        self.path.matches(target.path()) || (!self.is_public() && self.path.matches_folded(target.folded_path()))
    }
}

impl Upstream {
    /// The app that is built in.
    pub fn sample() -> Self {
        Self { scheme: UpstreamScheme::Http, host: "sample".into(), port: 80, authority: HeaderValue::from_static("sample"), sample: true }
    }

    /// Is it the app that is built in?
    pub fn is_sample(&self) -> bool {
        self.sample
    }
}
