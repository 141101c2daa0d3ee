//! Sites: their hosts, where the app is, who may use them from elsewhere.

use super::{reaches, rule, url, value};
use crate::config::file::{File, RuleWritten, SiteWritten};
use crate::config::host::HostPattern;
use crate::config::near::nearest;
use crate::config::plan::{Cors, Profile, Provider, Server, Site, SpoofedHeaders, Upstream, UpstreamScheme};
use crate::config::read::{At, Place, Reader, shown};
use countersign::{ApiKeys, DigestPolicy, Issuer, KeyPlace, Scheme, is_environment};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The most sites of a file, and the most rules of a site.
const COUNT_LIMIT: usize = 1000;
const REALM_LIMIT: usize = 200;

/// Checks all sites.
pub(super) fn check_all(
    reader: &Reader<'_>,
    file: &File,
    server: &Server,
    issuers: &Arc<[Arc<Issuer>]>,
    providers: &[Arc<Provider>],
    digest: Option<&Arc<DigestPolicy>>,
) -> Vec<Arc<Site>> {
    if file.sites.is_empty() {
        let mend = "add `[[site]]` with `upstream = \"http://127.0.0.1:3000\"`, and at least one `[[site.rule]]`";
        reader.fault(&Place::Default, "there is no site, so there is nothing to serve", Some(mend.into()));
    }
    if let Some(beyond) = file.sites.get(COUNT_LIMIT) {
        reader.fault(&beyond.place, format!("there are more than {COUNT_LIMIT} sites"), None);
    }
    for (number, site) in file.sites.iter().enumerate().take(COUNT_LIMIT) {
        let Some(host) = &site.host else { continue };
        let same = |other: &&SiteWritten| other.host.as_ref().is_some_and(|other| other.value == host.value);
        if let Some(earlier) = file.sites.iter().take(number).find(same) {
            let place = if host.place == Place::Default { &site.place } else { &host.place };
            let line = reader.line(&earlier.place);
            reader.fault(
                place,
                format!("two sites answer for `{}`: the other is on line {line}", host.value),
                Some("join their rules in one site".into()),
            );
        }
    }
    let environment = environment(reader, file);
    let sites = file.sites.iter().take(COUNT_LIMIT).enumerate();
    let of_file = OfFile { server, issuers, providers, digest, environment };
    sites.map(|(number, site)| Arc::new(check(reader, number, site, &of_file))).collect()
}

/// What all sites of a file share.
struct OfFile<'a> {
    server: &'a Server,
    issuers: &'a Arc<[Arc<Issuer>]>,
    providers: &'a [Arc<Provider>],
    digest: Option<&'a Arc<DigestPolicy>>,
    environment: &'a str,
}

fn environment<'a>(reader: &Reader<'_>, file: &'a File) -> &'a str {
    let Some(name) = &file.environment else { return "" };
    if !is_environment(&name.value) {
        let mend = "lower-case letters and digits, 16 at the most, such as `live`";
        reader.fault(&name.place, format!("{} cannot name an environment", shown(&name.value)), Some(mend.into()));
    }
    &name.value
}

fn check(reader: &Reader<'_>, number: usize, written: &SiteWritten, of_file: &OfFile<'_>) -> Site {
    let OfFile { server, digest, environment, .. } = *of_file;
    let issuers = &issuers(reader, written, of_file.issuers);
    let providers = providers(reader, written, of_file.providers);
    let host = written.host.as_ref().map(|host| host.value.clone());
    let realm = realm(reader, written, host.as_ref());
    let cors = cors(reader, written);
    let https_only = value(&written.https_only, false);
    if let Some(flag) = written.https_only.as_ref().filter(|flag| flag.value && server.tls.is_none() && server.trusted_proxies.is_empty()) {
        let mend = "add `[server.tls]`, or name the proxy that speaks TLS in `trusted_proxies`";
        reader.warn(&flag.place, "every request is refused: none can come over TLS", Some(mend.into()));
    }
    if written.rules.is_empty() {
        let mend = "add `[[site.rule]]` with `path = \"/**\"` and `access` or `schemes`";
        reader.warn(&written.place, "a site without rules refuses every request", Some(mend.into()));
    }
    if let Some(beyond) = written.rules.get(COUNT_LIMIT) {
        reader.fault(&beyond.place, format!("there are more than {COUNT_LIMIT} rules in this site"), None);
    }
    let origins = cors.iter().filter(|cors| cors.credentials).flat_map(|cors| cors.origins.iter().cloned()).collect();
    let api_keys = Arc::new(api_keys(reader, written, environment));
    let shared = rule::OfSite {
        realm: &realm,
        https_only,
        issuers,
        origins,
        providers: providers.iter().map(|provider| provider.name.clone()).collect(),
        api_keys: &api_keys,
        digest,
    };
    Site {
        index: u16::try_from(number).unwrap_or(u16::MAX),
        host: host.unwrap_or_else(HostPattern::any),
        upstream: upstream(reader, written, server),
        identity_headers: value(&written.identity_headers, Profile::None),
        spoofed_headers: value(&written.spoofed_headers, SpoofedHeaders::Remove),
        passwords: value(&written.passwords, providers.is_empty()),
        providers,
        rules: rule::check_all(reader, written.rules.get(..COUNT_LIMIT).unwrap_or(&written.rules), &shared),
        preserve_host: value(&written.preserve_host, true),
        pass_credentials: value(&written.pass_credentials, false),
        api_keys: api_keys.clone(),
        cors,
        realm,
    }
}

/// The issuers that the site names, or all.
fn issuers(reader: &Reader<'_>, written: &SiteWritten, known: &Arc<[Arc<Issuer>]>) -> Arc<[Arc<Issuer>]> {
    let Some(list) = &written.issuers else { return known.clone() };
    let find = |name: &At<String>| {
        let found = known.iter().find(|issuer| issuer.name == name.value).cloned();
        if found.is_none() {
            let meant =
                nearest(&name.value, known.iter().map(|issuer| issuer.name.as_str())).map(|meant| format!("did you mean `{meant}`?"));
            reader.fault(&name.place, format!("there is no issuer {}", shown(&name.value)), meant);
        }
        found
    };
    list.value.iter().filter_map(find).collect()
}

/// The providers that the site names.
fn providers(reader: &Reader<'_>, written: &SiteWritten, known: &[Arc<Provider>]) -> Vec<Arc<Provider>> {
    let mut providers: Vec<Arc<Provider>> = Vec::new();
    for name in written.providers.iter().flat_map(|list| &list.value) {
        match known.iter().find(|provider| provider.name == name.value) {
            Some(provider) if providers.iter().any(|listed| listed.name == provider.name) => {
                reader.warn(&name.place, format!("{} is listed already", shown(&name.value)), None);
            }
            Some(provider) => providers.push(provider.clone()),
            None => {
                let meant = nearest(&name.value, known.iter().map(|provider| provider.name.as_str()));
                let mend = meant.map_or_else(
                    || format!("add `[[provider]]` with `name = {}`", shown(&name.value)),
                    |meant| format!("did you mean `{meant}`?"),
                );
                reader.fault(&name.place, format!("there is no provider {}", shown(&name.value)), Some(mend));
            }
        }
    }
    let session =
        |rule: &RuleWritten| rule.schemes.iter().flat_map(|list| &list.value).any(|scheme| scheme.value == Scheme::Session.name());
    if let Some(list) = written.providers.as_ref().filter(|list| !list.value.is_empty() && !written.rules.iter().any(session)) {
        let mend = "add `session` to the `schemes` of a rule";
        reader.warn(&list.place, "nobody signs in here: no rule takes `session`", Some(mend.into()));
    }
    if let Some(flag) = written.passwords.as_ref().filter(|flag| !flag.value && providers.is_empty()) {
        reader.warn(&flag.place, "nobody can sign in: there are no passwords and no `providers`", None);
    }
    providers
}

/// Where keys are looked for: each place once, and at least one.
fn api_keys(reader: &Reader<'_>, written: &SiteWritten, environment: &str) -> ApiKeys {
    let mut places = Vec::new();
    for text in written.api_keys_in.iter().flat_map(|list| &list.value) {
        match KeyPlace::parse(&text.value) {
            Ok(place) if places.contains(&place) => reader.warn(&text.place, format!("{} is listed already", shown(&text.value)), None),
            Ok(place) => places.push(place),
            Err(wrong) => {
                let mend = "write `header:X-API-Key`, `authorization:ApiKey`, `query:api_key`, `cookie:key`, `form:key` or `json:auth.key`";
                reader.fault(&text.place, format!("{} is no place for API keys: {wrong}", shown(&text.value)), Some(mend.into()));
            }
        }
    }
    if let Some(list) = written.api_keys_in.as_ref().filter(|list| list.value.is_empty()) {
        let mend = "leave it out for the usual places, and `api-key` out of `schemes` if no keys are taken";
        reader.fault(&list.place, "`api_keys_in` is empty", Some(mend.into()));
    }
    ApiKeys { places, environment: environment.to_owned() }
}

fn realm(reader: &Reader<'_>, written: &SiteWritten, host: Option<&HostPattern>) -> String {
    let Some(realm) = &written.realm else {
        return match host.map(ToString::to_string) {
            Some(host) if host != "*" => host,
            _ => "countersign".to_owned(),
        };
    };
    let text = &realm.value;
    let wrong = if text.chars().any(char::is_control) {
        Some("has control characters, which would break header fields")
    } else if !text.is_ascii() {
        Some("has other letters than ASCII, which header fields cannot carry")
    } else if text.is_empty() || text.len() > REALM_LIMIT {
        Some("is empty or longer than 200 letters")
    } else {
        None
    };
    if let Some(wrong) = wrong {
        reader.fault(&realm.place, format!("the realm {} {wrong}", shown(text)), None);
    }
    text.clone()
}

fn upstream(reader: &Reader<'_>, written: &SiteWritten, server: &Server) -> Upstream {
    let Some(text) = &written.upstream else { return Upstream::sample() };
    let upstream = url::upstream(&text.value).unwrap_or_else(|wrong| {
        reader.fault(&text.place, format!("`upstream` cannot be {}: {}", shown(&text.value), wrong.message), wrong.mend);
        Upstream::sample()
    });
    if loops(&upstream, server) {
        let message = "the upstream is the gateway itself: every request would come back";
        reader.fault(&text.place, message, Some("name the address on which the app listens".into()));
    }
    upstream
}

fn loops(upstream: &Upstream, server: &Server) -> bool {
    let ip = if upstream.host == "localhost" { Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)) } else { upstream.host.parse() };
    let speaks = (upstream.scheme == UpstreamScheme::Https) == server.tls.is_some();
    speaks && !upstream.is_sample() && upstream.port == server.listen.port() && ip.is_ok_and(|ip| reaches(ip, server.listen.ip()))
}

fn cors(reader: &Reader<'_>, written: &SiteWritten) -> Option<Cors> {
    let cors = written.cors.as_ref()?;
    let listed = cors.origins.iter().flat_map(|list| &list.value);
    let checked = |origin: &At<String>| {
        if let Err(wrong) = url::origin(&origin.value) {
            reader.fault(&origin.place, format!("{} is no origin: {}", shown(&origin.value), wrong.message), wrong.mend);
        }
        origin.value.clone()
    };
    if let Some(list) = cors.origins.as_ref().filter(|list| list.value.is_empty()) {
        reader.fault(&list.place, "`origins` is empty", Some("leave `[site.cors]` out if no other origin may use the site".into()));
    }
    Some(Cors { origins: listed.map(checked).collect(), credentials: value(&cors.credentials, false) })
}
