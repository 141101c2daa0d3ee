//! What will be asked, as data: shown before anything is sent, and nothing else is sent. Pure.

use crate::credentials::{Sent, claims};
use crate::dice::Dice;
use crate::login::Login;
use crate::target::{Origin, Target};
use countersign::Timestamp;
use countersign_doctor::{DocumentKind, Dossier, Exchange, Probe};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Serialize;
use std::fmt::Write;

/// The most requests that one plan makes.
pub const MOST: usize = 12;
/// How many redirects are looked at.
const HOPS: usize = 2;
/// A browser's name for itself.
const BROWSER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36";
const PAGES: &str = "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8";

/// What a plan depends on besides the dossier.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Seconds since the epoch: garbage tokens end after it.
    pub now: Timestamp,
    /// Any number: garbage is made from it.
    pub seed: u64,
    /// A proxy, as `http://[NAME:PASSWORD@]HOST:PORT`.
    pub proxy: Option<String>,
    /// Authorities that are trusted besides the public ones: certificates as PEM.
    pub authorities: Option<Vec<u8>>,
}

/// All that would be sent.
pub struct Plan {
    /// The requests, in order.
    pub steps: Vec<Planned>,
    /// What was left out, and why.
    pub remarks: Vec<String>,
    /// What was asked about: the one host that may be a private one.
    pub(crate) asked: Option<Origin>,
    /// What must appear in no other request.
    pub(crate) secrets: Vec<String>,
    pub(crate) proxy: Option<Target>,
    pub(crate) authorities: Vec<CertificateDer<'static>>,
}

/// A request that would be sent, and those that may follow from its answer.
#[derive(Serialize)]
pub struct Planned {
    /// What it stands for; none for the question itself.
    #[serde(serialize_with = "probe_name")]
    pub probe: Option<Probe>,
    /// GET, HEAD or OPTIONS.
    pub method: String,
    /// Where to, without secrets.
    pub url: String,
    /// Where it carries credentials, and whose.
    pub sends: String,
    /// What it shows.
    pub why: &'static str,
    /// How many requests it makes at most.
    pub most: usize,
    #[serde(skip)]
    pub(crate) sent: Sent,
    #[serde(skip)]
    pub(crate) then: Then,
    /// What it tries, for the table of a trial.
    #[serde(skip)]
    pub(crate) tries: String,
    /// Whose password it sends, if a challenge may have it sent as Digest.
    #[serde(skip)]
    pub(crate) login: Option<Login>,
}

/// What may follow from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Nothing,
    /// If it is admitted, the same again; if it is a redirect, so many hops, without credentials.
    Repeat {
        again: bool,
        hops: usize,
    },
    /// The key set that the document names.
    Keys,
    /// A challenge answered, where the password was not looked at.
    Answer,
}

/// Why nothing can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanFault {
    /// It is no http or https URL.
    Url(String),
    /// The proxy is none that can be used.
    Proxy(String),
    /// What was given as authorities has no certificate of one.
    Authorities,
}

/// One plain GET of a URL, without credentials.
///
/// # Errors
/// [`PlanFault`] for what is no http or https URL, or no proxy.
pub fn ask(url: &str, options: &Options) -> Result<Plan, PlanFault> {
    let target = Target::parse(url).ok_or_else(|| PlanFault::Url(url.to_owned()))?;
    let mut plan = Plan::new(Some(&target), options)?;
    if target.user.is_some() {
        plan.remarks.push("the name and password in the URL are not sent: a URL alone allows one plain GET".to_owned());
    }
    let sent = Sent::plain("GET", target, PAGES);
    plan.push(None, sent, "what the server answers to somebody it does not know", Then::Nothing);
    Ok(plan)
}

/// Everything that would tell more about the dossier's refusal.
///
/// # Errors
/// [`PlanFault`] for an unusable proxy.
pub fn plan(dossier: &Dossier, options: &Options) -> Result<Plan, PlanFault> {
    let refusal = dossier.refusal().map(|(_, exchange)| exchange);
    let own = refusal.and_then(|exchange| exchange.request.as_ref()).and_then(Sent::of);
    let mut plan = Plan::new(own.as_ref().map(|own| &own.target), options)?;
    match (refusal, &own) {
        (Some(exchange), Some(own)) => plan.about(exchange, own, options),
        (Some(_), None) => plan.remarks.push("where the request went is not known, so that it is not sent again".to_owned()),
        (None, _) => {}
    }
    let document = dossier.documents.iter().find(|document| document.kind == DocumentKind::Jwt).map(|document| document.text.trim());
    let claims = own.as_ref().and_then(Sent::jwt).or(document).and_then(claims);
    if let Some(claims) = &claims {
        plan.issuer(claims.get("iss").and_then(|issuer| issuer.as_str()));
    }
    if let (Some(exchange), Some(own)) = (refusal, &own) {
        plan.metadata(exchange, own, claims.is_none());
    }
    Ok(plan)
}

impl Plan {
    pub(crate) fn new(asked: Option<&Target>, options: &Options) -> Result<Self, PlanFault> {
        let fault = |proxy: &String| PlanFault::Proxy(proxy.clone());
        let proxy = options.proxy.as_ref().map(|proxy| match Target::parse(proxy) {
            Some(target) if !target.origin.https => Ok(target),
            _ => Err(fault(proxy)),
        });
        let asked = asked.map(|target| target.origin.clone());
        let authorities = options.authorities.as_deref().map(authorities).transpose()?.unwrap_or_default();
        Ok(Self { steps: Vec::new(), remarks: Vec::new(), asked, secrets: Vec::new(), proxy: proxy.transpose()?, authorities })
    }

    /// How many requests it makes at most.
    pub fn most(&self) -> usize {
        self.steps.iter().map(|step| step.most).sum()
    }

    /// The plan for people: a line for each request.
    pub fn describe(&self) -> String {
        let mut text = match self.most() {
            0 => "nothing would be asked\n".to_owned(),
            1 => "one request:\n".to_owned(),
            most => format!("at most {most} requests:\n"),
        };
        for (number, step) in self.steps.iter().enumerate() {
            let more = match step.then {
                Then::Repeat { .. } if step.most > 1 => {
                    ", and what may follow from its answer: the same once more, or redirects without credentials"
                }
                Then::Keys => ", and the key set that it names",
                Then::Answer => "; the password goes as Digest instead where the server offers it",
                Then::Nothing | Then::Repeat { .. } => "",
            };
            // Writing to a string does not fail.
            let _ = writeln!(text, "{:>3}. {} {}\n     {}; shows {}{more}", number + 1, step.method, step.url, step.sends, step.why);
        }
        for remark in &self.remarks {
            let _ = writeln!(text, "  -  {remark}");
        }
        text
    }

    fn about(&mut self, exchange: &Exchange, own: &Sent, options: &Options) {
        let given = exchange.request.as_ref();
        self.secrets = own.secrets();
        if given.is_some_and(|request| !["", "GET", "HEAD", "OPTIONS"].contains(&request.method.to_ascii_uppercase().as_str())) {
            self.remarks.push("only safe methods are sent, and no bodies: HEAD stands for the method that was refused".to_owned());
        }
        if own.field("access-control-request-method").is_some() {
            return self.push(Some(Probe::Preflight), own.without(), "whether preflights are asked for credentials", Then::Nothing);
        }
        let bare = own.without();
        let carried = !own.carried().is_empty();
        let unrepeatable = own.unrepeatable().filter(|_| carried);
        let repeated = carried && unrepeatable.is_none();
        let hops = |here: bool| Then::Repeat { again: false, hops: if here { HOPS } else { 0 } };
        self.push(Some(Probe::Without), bare.clone(), "what nobody gets", hops(!repeated));
        if let Some(garbage) = own.garbage(&mut Dice(options.seed), options.now).filter(|_| carried) {
            if own.has_password() {
                self.remarks.push("the garbage names a user that cannot exist, so that no account is locked".to_owned());
            }
            self.push(Some(Probe::Garbage), garbage, "whether the server looks at credentials at all", Then::Nothing);
        }
        if repeated {
            let again = !own.has_password();
            if !again {
                self.remarks.push("the password is sent once: should it fail, that is the only failure".to_owned());
            }
            self.push(Some(Probe::Own), own.clone(), "what the caller gets", Then::Repeat { again, hops: HOPS });
        } else if let Some(why) = unrepeatable {
            self.remarks.push(format!("the caller's own credentials are not sent: {why}"));
        }
        let known = if repeated && !own.has_password() { own } else { &bare };
        self.push(
            Some(Probe::OtherAgent),
            known.clone().with("User-Agent", BROWSER),
            "whether a firewall minds the user agent",
            Then::Nothing,
        );
        if let Some(preflight) = preflight(exchange, own) {
            self.push(Some(Probe::Preflight), preflight, "whether preflights are asked for credentials", Then::Nothing);
        }
    }

    fn issuer(&mut self, issuer: Option<&str>) {
        let Some(issuer) = issuer else { return };
        match Target::parse(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))) {
            Some(target) => {
                let sent = Sent::plain("GET", target, "application/json");
                self.push(Some(Probe::Metadata), sent, "whether the token's issuer is who it says, and has its key", Then::Keys);
            }
            None => self.remarks.push("the token's issuer is no http or https URL, so that it has no discovery".to_owned()),
        }
    }

    /// RFC 9728 and, unless a token tells its issuer, RFC 8414 documents where tokens are wanted.
    fn metadata(&mut self, exchange: &Exchange, own: &Sent, issuer_unknown: bool) {
        let response = exchange.response.as_ref();
        let challenges = response.into_iter().flat_map(|response| response.headers.all("www-authenticate"));
        let challenges = challenges.map(|header| header.value.as_str()).collect::<Vec<_>>().join(", ");
        let wanted = |text: &str| ["bearer", "dpop"].iter().any(|scheme| text.to_ascii_lowercase().contains(scheme));
        if !wanted(&challenges) && !wanted(&own.scheme()) {
            return;
        }
        let path = own.target.bare_path().trim_end_matches('/');
        let usual = || own.target.at(&format!("/.well-known/oauth-protected-resource{path}"));
        let target = named_metadata(&challenges).and_then(|url| own.target.join(url)).unwrap_or_else(usual);
        let sent = Sent::plain("GET", target, "application/json");
        self.push(Some(Probe::Metadata), sent, "where the resource says that tokens come from (RFC 9728)", Then::Nothing);
        if issuer_unknown {
            let target = own.target.at("/.well-known/oauth-authorization-server");
            let sent = Sent::plain("GET", target, "application/json");
            self.push(Some(Probe::Metadata), sent, "whether the resource is its own authorization server (RFC 8414)", Then::Nothing);
        }
    }

    pub(crate) fn push(&mut self, probe: Option<Probe>, sent: Sent, why: &'static str, then: Then) {
        let most = 1 + match then {
            Then::Nothing => 0,
            Then::Repeat { again, hops } => hops.max(usize::from(again)),
            Then::Keys | Then::Answer => 1,
        };
        if self.most() + most > MOST {
            return self.remarks.push(format!("{} {} is left out: {MOST} requests are enough", sent.method, sent.shown_url(&self.secrets)));
        }
        let whose = if probe == Some(Probe::Garbage) { "garbage in" } else { "your" };
        let carried = sent.shown_carried(&self.secrets);
        let sends = carried.map_or_else(|| "without credentials".to_owned(), |carried| format!("with {whose} {carried}"));
        let (method, url) = (sent.method.clone(), sent.shown_url(&self.secrets));
        self.steps.push(Planned { probe, method, url, sends, why, most, sent, then, tries: String::new(), login: None });
    }
}

/// The certificates in PEM, each of which an authority could have.
fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PlanFault> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let read = read.ok().filter(|read| !read.is_empty()).ok_or(PlanFault::Authorities)?;
    let mut roots = RootCertStore::empty();
    let fits = read.iter().all(|certificate| roots.add(certificate.clone()).is_ok());
    if fits { Ok(read) } else { Err(PlanFault::Authorities) }
}

/// The preflight that a browser would have sent (Fetch standard, section 4.8), if a browser sent this.
fn preflight(exchange: &Exchange, own: &Sent) -> Option<Sent> {
    let given = exchange.request.as_ref()?;
    let referer = || own.field("referer").and_then(Target::parse).map(|target| target.origin.url());
    let origin = own.field("origin").map(str::to_owned).or_else(referer).filter(|origin| *origin != own.target.origin.url())?;
    let simple = ["accept", "accept-language", "content-language", "origin", "referer", "cookie", "dnt", "priority", "te"];
    let own_kind = |name: &str| !simple.contains(&name) && !name.starts_with("sec-");
    let mut names: Vec<_> = own.fields.iter().map(|(name, _)| name.to_ascii_lowercase()).filter(|name| own_kind(name)).collect();
    if given.headers.get("content-type").is_some_and(|kind| kind.contains("json")) {
        names.push("content-type".to_owned());
    }
    names.sort();
    names.dedup();
    let mut sent = Sent::plain("OPTIONS", own.without().target, "*/*").with("Origin", &origin);
    sent = sent.with("Access-Control-Request-Method", &given.method.to_ascii_uppercase());
    Some(if names.is_empty() { sent } else { sent.with("Access-Control-Request-Headers", &names.join(",")) })
}

/// The `resource_metadata` of a challenge (RFC 9728 section 5.1).
fn named_metadata(challenges: &str) -> Option<&str> {
    let (_, rest) = challenges.split_once("resource_metadata=")?;
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([',', ' ']).next(),
    }
}

fn probe_name<S: serde::Serializer>(probe: &Option<Probe>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match probe {
        None => "question",
        Some(Probe::Without) => "without",
        Some(Probe::Garbage) => "garbage",
        Some(Probe::Own) => "own",
        Some(Probe::OtherAgent) => "other-agent",
        Some(Probe::Preflight) => "preflight",
        Some(Probe::Hop) => "hop",
        Some(Probe::Metadata) => "metadata",
    })
}

#[cfg(test)]
mod tests;
