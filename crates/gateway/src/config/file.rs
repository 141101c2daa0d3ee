//! The configuration as written: every value with its place, read but not checked against the others.

use super::fields::Fields;
use super::host::HostPattern;
use super::path::PathPattern;
use super::plan::{Binding, LogDecisions, Profile, SpoofedHeaders};
use super::read::{At, Place, Reader, ScopesWritten, Wrong};
use countersign::login::oidc::ClientAuthentication;
use countersign::{Access, Scheme, Secret, TokenBinding};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use toml::de::DeTable;

/// A whole file. What is absent or faulty is `None`.
pub(super) struct File {
    pub server: ServerWritten,
    pub decisions: Option<At<LogDecisions>>,
    pub idle: Option<At<Duration>>,
    pub absolute: Option<At<Duration>>,
    pub environment: Option<At<String>>,
    pub warn_before: Option<At<Duration>>,
    pub digest: DigestWritten,
    pub limits: LimitsWritten,
    pub issuers: Vec<IssuerWritten>,
    pub providers: Vec<ProviderWritten>,
    pub sites: Vec<SiteWritten>,
}

pub(super) struct ServerWritten {
    pub listen: Option<At<SocketAddr>>,
    pub admin_listen: Option<At<SocketAddr>>,
    pub data: Option<At<String>>,
    pub workers: Option<At<usize>>,
    pub trusted_proxies: Vec<At<IpNet>>,
    pub certificate: Option<At<String>>,
    pub key: Option<At<String>>,
    pub client_authorities: Option<At<String>>,
    pub client_certificate_header: Option<At<String>>,
    pub upstream_authorities: Option<At<String>>,
    pub issuer_authorities: Option<At<String>>,
    pub shutdown_grace: Option<At<Duration>>,
    pub problem_base: Option<At<String>>,
}

pub(super) struct DigestWritten {
    pub enabled: Option<At<bool>>,
    pub algorithms: Option<At<Vec<At<String>>>>,
    pub qop: Option<At<Vec<At<String>>>>,
    pub nonce_lifetime: Option<At<Duration>>,
    pub userhash: Option<At<bool>>,
}

pub(super) struct LimitsWritten {
    pub header: Option<At<u64>>,
    pub headers: Option<At<usize>>,
    pub body: Option<At<u64>>,
    pub judged_body: Option<At<u64>>,
    pub header_timeout: Option<At<Duration>>,
    pub idle_timeout: Option<At<Duration>>,
    pub upstream_connect: Option<At<Duration>>,
    pub upstream_response: Option<At<Duration>>,
    pub body_idle: Option<At<Duration>>,
}

pub(super) struct IssuerWritten {
    pub name: Option<At<String>>,
    pub issuer: Option<At<String>>,
    pub audiences: Option<At<Vec<At<String>>>>,
    pub algorithms: Option<At<Vec<At<String>>>>,
    pub leeway: Option<At<Duration>>,
    pub access_token_type: Option<At<bool>>,
    pub binding: Option<At<TokenBinding>>,
    pub dpop_nonces: Option<At<bool>>,
    pub introspection: Option<IntrospectionWritten>,
}

pub(super) struct IntrospectionWritten {
    pub place: Place,
    pub endpoint: Option<At<String>>,
    pub client_id: Option<At<String>>,
    pub client_auth: Option<At<ClientProofKind>>,
    pub client_secret: Option<At<Secret>>,
    pub client_secret_file: Option<At<String>>,
    pub client_key_file: Option<At<String>>,
    pub client_key_id: Option<At<String>>,
    pub tokens: Option<At<TokensAsked>>,
    pub reuse: Option<At<Duration>>,
    pub signed: Option<At<bool>>,
    pub require_audience: Option<At<bool>>,
}

/// What a client proves itself by where it asks about tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientProofKind {
    Basic,
    Post,
    Key,
}

/// About which tokens an issuer is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokensAsked {
    Opaque,
    All,
}

pub(super) struct ProviderWritten {
    pub place: Place,
    pub name: Option<At<String>>,
    pub kind: Option<At<ProviderKind>>,
    pub label: Option<At<String>>,
    pub issuer: Option<At<String>>,
    pub client_id: Option<At<String>>,
    pub client_secret: Option<At<Secret>>,
    pub client_secret_file: Option<At<String>>,
    pub client_auth: Option<At<ClientAuthentication>>,
    pub redirect_uri: Option<At<String>>,
    pub scopes: Option<At<Vec<At<String>>>>,
    pub algorithms: Option<At<Vec<At<String>>>>,
    pub leeway: Option<At<Duration>>,
    pub acr_values: Option<At<Vec<At<String>>>>,
    pub max_age: Option<At<Duration>>,
    pub userinfo: Option<At<bool>>,
    pub name_from: Option<At<String>>,
    pub name_prefix: Option<At<String>>,
    pub roles_from: Option<At<Vec<At<String>>>>,
    pub renew: Option<At<bool>>,
    pub end_session: Option<At<bool>>,
    pub saml: SamlWritten,
    pub grants: Vec<GrantWritten>,
}

/// What a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProviderKind {
    Oidc,
    Saml,
}

pub(super) struct SamlWritten {
    pub metadata: Option<At<String>>,
    pub metadata_signer: Option<At<String>>,
    pub entity: Option<At<String>>,
    pub public_url: Option<At<String>>,
    pub entity_id: Option<At<String>>,
    pub key: Option<At<String>>,
    pub certificate: Option<At<String>>,
    pub binding: Option<At<Binding>>,
    pub name_id_format: Option<At<String>>,
    pub subject_from: Option<At<String>>,
}

pub(super) struct GrantWritten {
    pub place: Place,
    pub claim: Option<At<String>>,
    pub value: Option<At<String>>,
    pub roles: Option<At<Vec<At<String>>>>,
    pub scopes: Option<At<Vec<At<String>>>>,
}

pub(super) struct SiteWritten {
    pub place: Place,
    pub host: Option<At<HostPattern>>,
    pub upstream: Option<At<String>>,
    pub realm: Option<At<String>>,
    pub identity_headers: Option<At<Profile>>,
    pub spoofed_headers: Option<At<SpoofedHeaders>>,
    pub preserve_host: Option<At<bool>>,
    pub pass_credentials: Option<At<bool>>,
    pub api_keys_in: Option<At<Vec<At<String>>>>,
    pub https_only: Option<At<bool>>,
    pub issuers: Option<At<Vec<At<String>>>>,
    pub providers: Option<At<Vec<At<String>>>>,
    pub passwords: Option<At<bool>>,
    pub cors: Option<CorsWritten>,
    pub rules: Vec<RuleWritten>,
}

pub(super) struct CorsWritten {
    pub origins: Option<At<Vec<At<String>>>>,
    pub credentials: Option<At<bool>>,
}

pub(super) struct RuleWritten {
    pub place: Place,
    /// Does it say whom it is for, be it wrongly?
    pub addressed: bool,
    pub path: Option<At<PathPattern>>,
    pub methods: Option<At<Vec<At<String>>>>,
    pub access: Option<At<Access>>,
    pub schemes: Option<At<Vec<At<String>>>>,
    pub scopes: Option<At<ScopesWritten>>,
    pub roles: Option<At<Vec<At<String>>>>,
    pub acr: Option<At<Vec<At<String>>>>,
    pub max_age: Option<At<Duration>>,
    pub serve_verified_for: Option<At<Duration>>,
}

impl File {
    /// Reads all of it; faults are the reader's.
    pub(super) fn read(reader: &Reader<'_>, table: &DeTable<'_>) -> Self {
        let root = Fields::root(reader, table);
        let session = root.table("session");
        let api_keys = root.table("api_keys");
        Self {
            server: ServerWritten::read(reader, &root.table("server")),
            decisions: root.table("log").one_of("decisions", &[LogDecisions::All, LogDecisions::Refused, LogDecisions::Off]),
            idle: session.duration("idle"),
            absolute: session.duration("absolute"),
            environment: api_keys.text("environment"),
            warn_before: api_keys.duration("warn_before"),
            digest: DigestWritten::read(&root.table("digest")),
            limits: LimitsWritten::read(&root.table("limits")),
            issuers: root.tables("issuer").iter().map(IssuerWritten::read).collect(),
            providers: root.tables("provider").iter().map(ProviderWritten::read).collect(),
            sites: root.tables("site").iter().map(SiteWritten::read).collect(),
        }
    }
}

impl ServerWritten {
    fn read(reader: &Reader<'_>, server: &Fields<'_, '_>) -> Self {
        let tls = server.table("tls");
        let proxies = server.list("trusted_proxies").map(|list| list.value).unwrap_or_default();
        Self {
            listen: server.address("listen"),
            admin_listen: server.address("admin_listen"),
            data: server.text("data"),
            workers: server.number("workers"),
            trusted_proxies: proxies.into_iter().filter_map(|proxy| network(reader, proxy)).collect(),
            certificate: tls.text("certificate"),
            key: tls.text("key"),
            client_authorities: tls.text("client_authorities"),
            client_certificate_header: server.text("client_certificate_header"),
            upstream_authorities: server.text("upstream_authorities"),
            issuer_authorities: server.text("issuer_authorities"),
            shutdown_grace: server.duration("shutdown_grace"),
            problem_base: server.text("problem_base"),
        }
    }
}

impl DigestWritten {
    fn read(digest: &Fields<'_, '_>) -> Self {
        Self {
            enabled: digest.flag("enabled"),
            algorithms: digest.list("algorithms"),
            qop: digest.list("qop"),
            nonce_lifetime: digest.duration("nonce_lifetime"),
            userhash: digest.flag("userhash"),
        }
    }
}

impl LimitsWritten {
    fn read(limits: &Fields<'_, '_>) -> Self {
        Self {
            header: limits.size("header"),
            headers: limits.number("headers"),
            body: limits.size("body"),
            judged_body: limits.size("judged_body"),
            header_timeout: limits.duration("header_timeout"),
            idle_timeout: limits.duration("idle_timeout"),
            upstream_connect: limits.duration("upstream_connect"),
            upstream_response: limits.duration("upstream_response"),
            body_idle: limits.duration("body_idle"),
        }
    }
}

impl IssuerWritten {
    fn read(issuer: &Fields<'_, '_>) -> Self {
        let introspection = issuer.table("introspection");
        Self {
            name: issuer.text("name"),
            issuer: issuer.text("issuer"),
            audiences: issuer.list("audiences"),
            algorithms: issuer.list("algorithms"),
            leeway: issuer.duration("leeway"),
            access_token_type: issuer.flag("access_token_type"),
            binding: issuer.one_of("binding", &[TokenBinding::Optional, TokenBinding::Dpop, TokenBinding::Mtls, TokenBinding::Any]),
            dpop_nonces: issuer.flag("dpop_nonces"),
            introspection: introspection.present.then(|| IntrospectionWritten::read(&introspection)),
        }
    }
}

impl IntrospectionWritten {
    fn read(asked: &Fields<'_, '_>) -> Self {
        Self {
            place: asked.place.clone(),
            endpoint: asked.text("endpoint"),
            client_id: asked.text("client_id"),
            client_auth: asked.one_of("client_auth", &[ClientProofKind::Basic, ClientProofKind::Post, ClientProofKind::Key]),
            client_secret: asked.secret("client_secret"),
            client_secret_file: asked.text("client_secret_file"),
            client_key_file: asked.text("client_key_file"),
            client_key_id: asked.text("client_key_id"),
            tokens: asked.one_of("tokens", &[TokensAsked::Opaque, TokensAsked::All]),
            reuse: asked.duration("reuse"),
            signed: asked.flag("signed"),
            require_audience: asked.flag("require_audience"),
        }
    }
}

impl ProviderWritten {
    fn read(provider: &Fields<'_, '_>) -> Self {
        let ways = [ClientAuthentication::Basic, ClientAuthentication::Post, ClientAuthentication::None];
        Self {
            place: provider.place.clone(),
            name: provider.text("name"),
            kind: provider.one_of("kind", &[ProviderKind::Oidc, ProviderKind::Saml]),
            label: provider.text("label"),
            issuer: provider.text("issuer"),
            client_id: provider.text("client_id"),
            client_secret: provider.secret("client_secret"),
            client_secret_file: provider.text("client_secret_file"),
            client_auth: provider.one_of("client_auth", &ways),
            redirect_uri: provider.text("redirect_uri"),
            scopes: provider.list("scopes"),
            algorithms: provider.list("algorithms"),
            leeway: provider.duration("leeway"),
            acr_values: provider.list("acr_values"),
            max_age: provider.duration("max_age"),
            userinfo: provider.flag("userinfo"),
            name_from: provider.text("name_from"),
            name_prefix: provider.text("name_prefix"),
            roles_from: provider.list("roles_from"),
            renew: provider.flag("renew"),
            end_session: provider.flag("end_session"),
            saml: SamlWritten::read(provider),
            grants: provider.tables("grant").iter().map(GrantWritten::read).collect(),
        }
    }
}

impl SamlWritten {
    fn read(provider: &Fields<'_, '_>) -> Self {
        Self {
            metadata: provider.text("metadata"),
            metadata_signer: provider.text("metadata_signer"),
            entity: provider.text("entity"),
            public_url: provider.text("public_url"),
            entity_id: provider.text("entity_id"),
            key: provider.text("key"),
            certificate: provider.text("certificate"),
            binding: provider.one_of("binding", &[Binding::Redirect, Binding::Post]),
            name_id_format: provider.text("name_id_format"),
            subject_from: provider.text("subject_from"),
        }
    }
}

impl GrantWritten {
    fn read(grant: &Fields<'_, '_>) -> Self {
        Self {
            place: grant.place.clone(),
            claim: grant.text("claim"),
            value: grant.text("value"),
            roles: grant.list("roles"),
            scopes: grant.list("scopes"),
        }
    }
}

impl SiteWritten {
    fn read(site: &Fields<'_, '_>) -> Self {
        let profiles = [Profile::RemoteUser, Profile::XForwardedUser, Profile::XAuthRequest, Profile::Countersign, Profile::None];
        let cors = site.table("cors");
        Self {
            place: site.place.clone(),
            host: site.parsed("host", |text| HostPattern::parse(text).map_err(Wrong::from)),
            upstream: site.text("upstream"),
            realm: site.text("realm"),
            identity_headers: site.one_of("identity_headers", &profiles),
            spoofed_headers: site.one_of("spoofed_headers", &[SpoofedHeaders::Remove, SpoofedHeaders::Refuse]),
            preserve_host: site.flag("preserve_host"),
            pass_credentials: site.flag("pass_credentials"),
            api_keys_in: site.list("api_keys_in"),
            https_only: site.flag("https_only"),
            issuers: site.list("issuers"),
            providers: site.list("providers"),
            passwords: site.flag("passwords"),
            cors: cors.present.then(|| CorsWritten { origins: cors.list("origins"), credentials: cors.flag("credentials") }),
            rules: site.tables("rule").iter().map(RuleWritten::read).collect(),
        }
    }
}

impl RuleWritten {
    fn read(rule: &Fields<'_, '_>) -> Self {
        let path = |text: &str| {
            PathPattern::parse(text).map_err(|(message, meant)| Wrong::new(message, meant.map(|meant| format!("write `{meant}`"))))
        };
        Self {
            place: rule.place.clone(),
            addressed: rule.has("access") || rule.has("schemes"),
            path: rule.parsed("path", path),
            methods: rule.list("methods"),
            access: rule.one_of("access", &[Access::Public, Access::Denied]),
            schemes: rule.list("schemes"),
            scopes: rule.scopes("scopes"),
            roles: rule.list("roles"),
            acr: rule.list("acr"),
            max_age: rule.duration("max_age"),
            serve_verified_for: rule.duration("serve_verified_for"),
        }
    }
}

/// A network in CIDR form, or one address.
fn network(reader: &Reader<'_>, written: At<String>) -> Option<At<IpNet>> {
    let text = &written.value;
    let value = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    match value {
        Ok(value) => Some(At { value, place: written.place }),
        Err(_) => {
            let message = format!("{} is not a network: write `10.0.0.0/8`, or one address", super::read::shown(text));
            reader.fault(&written.place, message, None);
            None
        }
    }
}

/// The scheme that other products call so.
pub(super) fn scheme_called(name: &str) -> Option<Scheme> {
    match name.to_ascii_lowercase().as_str() {
        "jwt" | "token" | "oauth2" | "oidc" => Some(Scheme::Bearer),
        "key" | "x-api-key" => Some(Scheme::ApiKey),
        "cookie" | "form" | "login" => Some(Scheme::Session),
        "password" => Some(Scheme::Basic),
        _ => None,
    }
}
