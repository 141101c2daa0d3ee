//! From the configuration as written to the one as run: what each part says is held against the others. Nothing is
//! returned if anything is at fault; the faults are the reader's.

mod digest;
mod introspection;
mod issuer;
mod provider;
mod rule;
mod saml;
mod site;
mod url;

use super::authorities::MEND;
use super::file::{File, LimitsWritten, ServerWritten};
use super::plan::{Limits, Log, LogDecisions, Plan, Server, SessionLimits, Tls};
use super::read::{At, Place, Reader, shown};
use countersign::Secret;
use http::HeaderName;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// What the checks need to know of the world outside the file.
pub(super) struct World<'a> {
    /// The directory that the file's paths are relative to.
    pub base: &'a Path,
    /// The data directory where none is configured.
    pub data: PathBuf,
    /// Why a file cannot be read, if it cannot.
    pub unreadable: &'a dyn Fn(&Path) -> Option<String>,
    /// The secret that a file holds, or why none can be read.
    pub secret: &'a dyn Fn(&Path) -> Result<Secret, String>,
    /// Why a file of certificate authorities is of no use, if it is not.
    pub no_authorities: &'a dyn Fn(&Path) -> Option<String>,
    /// The text of a file, or why it cannot be had; none where the world is not looked at.
    pub document: Option<Document<'a>>,
}

/// Reads a text.
pub(super) type Document<'a> = &'a dyn Fn(&Path) -> Result<Zeroizing<String>, String>;

/// Makes the plan; its revision and text are filled in by the caller.
pub(super) fn check(reader: &Reader<'_>, file: &File, world: &World<'_>) -> Plan {
    let server = server(reader, &file.server, world);
    let issuers = issuer::check_all(reader, &file.issuers, world);
    let trusted: Arc<[_]> = issuers.iter().cloned().collect();
    let providers = provider::check_all(reader, &file.providers, world);
    let digest = digest::check(reader, file);
    let sites = site::check_all(reader, file, &server, &trusted, &providers, digest.as_ref());
    Plan {
        revision: [0; 8],
        file: reader.file.to_owned(),
        text: String::new(),
        log: Log { decisions: value(&file.decisions, LogDecisions::All) },
        session: session(reader, file),
        api_key_environment: file.environment.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
        warn_of_api_keys: value(&file.warn_before, Duration::ZERO),
        limits: limits(&file.limits),
        server,
        sites,
        issuers,
        providers,
        digest,
    }
}

fn server(reader: &Reader<'_>, written: &ServerWritten, world: &World<'_>) -> Server {
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server {
        listen: value(&written.listen, nowhere),
        admin_listen: value(&written.admin_listen, nowhere),
        data: written.data.as_ref().map_or_else(|| world.data.clone(), |data| world.path(data)),
        workers: written.workers.as_ref().map_or_else(cores, |workers| workers.value),
        trusted_proxies: written.trusted_proxies.iter().map(|proxy| proxy.value).collect(),
        client_certificate_header: certificate_header(reader, written),
        tls: tls(reader, written, world),
        upstream_authorities: written.upstream_authorities.as_ref().map(|path| authorities(reader, path, world)),
        issuer_authorities: written.issuer_authorities.as_ref().map(|path| authorities(reader, path, world)),
        shutdown_grace: value(&written.shutdown_grace, Duration::ZERO),
        problem_base: written.problem_base.as_ref().map_or_else(String::new, |base| base.value.clone()),
    };
    for data in written.data.iter().filter(|data| data.value.is_empty()) {
        reader.fault(&data.place, "`data` is empty", Some("name a directory, such as `data = \"state\"`".into()));
    }
    for base in written.problem_base.iter().filter(|base| !base.value.bytes().all(|byte| byte.is_ascii_graphic())) {
        reader.fault(&base.place, "`problem_base` begins a URI, which has neither blanks nor other letters than ASCII", None);
    }
    if let (Some(listen), Some(admin)) = (&written.listen, &written.admin_listen) {
        if listen.value == admin.value && listen.value.port() != 0 {
            let place = if admin.place == Place::Default { &listen.place } else { &admin.place };
            reader.fault(place, "`admin_listen` is the same address as `listen`", None);
        }
        if !admin.value.ip().is_loopback() {
            let message = "`admin_listen` can be reached from outside, and asks nobody for credentials";
            reader.warn(&admin.place, message, Some(format!("listen on `127.0.0.1:{}`", admin.value.port())));
        }
        if !listen.value.ip().is_loopback() && server.tls.is_none() && server.trusted_proxies.is_empty() {
            let message = "passwords and tokens come in without TLS on an address that others can reach";
            let mend = "add `[server.tls]`, or name the proxy that speaks TLS in `trusted_proxies`";
            reader.warn(&listen.place, message, Some(mend.into()));
        }
    }
    for proxy in written.trusted_proxies.iter().filter(|proxy| proxy.value.prefix_len() == 0) {
        let message = "everybody is trusted to say where a request comes from, so limits by address can be evaded";
        reader.warn(&proxy.place, message, Some("name the networks of your proxies".into()));
    }
    server
}

fn tls(reader: &Reader<'_>, written: &ServerWritten, world: &World<'_>) -> Option<Tls> {
    let lone = match (&written.certificate, &written.key) {
        (Some(certificate), Some(key)) => {
            return Some(Tls {
                certificate: readable(reader, certificate, world),
                key: readable(reader, key, world),
                client_authorities: written.client_authorities.as_ref().map(|path| authorities(reader, path, world)),
            });
        }
        (Some(certificate), None) => (certificate, "key"),
        (None, Some(key)) => (key, "certificate"),
        (None, None) => return None,
    };
    readable(reader, lone.0, world);
    // Where the file has the section, reading has noted what is missing in it.
    if let (Place::Set(_), missing) = (&lone.0.place, lone.1) {
        reader.fault(&lone.0.place, format!("certificate and key are set together: `{missing}` is missing"), None);
    }
    None
}

fn certificate_header(reader: &Reader<'_>, written: &ServerWritten) -> Option<HeaderName> {
    let header = written.client_certificate_header.as_ref()?;
    if written.trusted_proxies.is_empty() {
        let mend = "name the proxy's network in `trusted_proxies`";
        reader.warn(&header.place, "nobody's word on client certificates counts: no proxy is trusted", Some(mend.into()));
    }
    let name = HeaderName::try_from(header.value.as_str()).ok();
    if name.is_none() {
        reader.fault(&header.place, format!("{} is no name of a header", shown(&header.value)), None);
    }
    name
}

fn readable(reader: &Reader<'_>, written: &At<String>, world: &World<'_>) -> PathBuf {
    let path = world.path(written);
    if let Some(reason) = (world.unreadable)(&path) {
        reader.fault(&written.place, format!("{} cannot be read: {reason}", path.display()), None);
    }
    path
}

fn authorities(reader: &Reader<'_>, written: &At<String>, world: &World<'_>) -> PathBuf {
    let path = world.path(written);
    if let Some(wrong) = (world.no_authorities)(&path) {
        reader.fault(&written.place, format!("{} {wrong}", path.display()), Some(MEND.into()));
    }
    path
}

fn session(reader: &Reader<'_>, file: &File) -> SessionLimits {
    if let (Some(idle), Some(absolute)) = (&file.idle, &file.absolute)
        && idle.value > absolute.value
    {
        reader.warn(&idle.place, "`idle` is longer than `absolute`, so it never ends a session", None);
    }
    SessionLimits { idle: value(&file.idle, Duration::ZERO), absolute: value(&file.absolute, Duration::ZERO) }
}

fn limits(written: &LimitsWritten) -> Limits {
    Limits {
        header: value(&written.header, 0),
        headers: value(&written.headers, 0),
        body: written.body.as_ref().map(|body| body.value),
        judged_body: value(&written.judged_body, 0),
        header_timeout: value(&written.header_timeout, Duration::ZERO),
        idle_timeout: value(&written.idle_timeout, Duration::ZERO),
        upstream_connect: value(&written.upstream_connect, Duration::ZERO),
        upstream_response: value(&written.upstream_response, Duration::ZERO),
        body_idle: value(&written.body_idle, Duration::ZERO),
    }
}

impl World<'_> {
    /// A path of the file is relative to it, one of a flag or variable to the working directory.
    fn path(&self, written: &At<String>) -> PathBuf {
        match written.place {
            Place::Set(_) => PathBuf::from(&written.value),
            Place::File(_) | Place::Default => self.base.join(&written.value),
        }
    }
}

/// A value; the other one only where a fault was noted, and then nobody sees it.
fn value<T: Copy>(written: &Option<At<T>>, otherwise: T) -> T {
    written.as_ref().map_or(otherwise, |written| written.value)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Does a connection to one reach a listener on the other?
fn reaches(ip: IpAddr, listen: IpAddr) -> bool {
    ip == listen || (listen.is_unspecified() && ip.is_loopback()) || ip.is_unspecified()
}
