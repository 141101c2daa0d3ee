//! What stands around the credentials: user agents, preflights, redirects, clocks, TLS, and metadata that is not to be had.
//! What metadata and key sets say is judged where they are given, too: `discovery.rs`, `key_set.rs`.

use super::{NAME, Probes, Seen};
use crate::catalogue::Code;
use crate::clue::{Clue, Quote, Side};
use crate::dossier::{Exchange, Probe, Request};
use crate::finding::{date, refusal};
use crate::jwt;
use countersign::{Cause, ForeignCause};

/// Clocks may differ by this many seconds without anybody minding.
const TOLERABLE: i64 = 60;

pub(super) fn see(probes: &Probes<'_>) -> Vec<Clue> {
    let mut clues = Vec::new();
    clues.extend(agent(probes));
    clues.extend(preflight(probes));
    clues.extend(redirect(probes));
    clues.extend(clock(probes));
    clues.extend(tls(probes));
    clues.extend(metadata(probes));
    clues
}

/// The same request under a browser's name.
fn agent(probes: &Probes<'_>) -> Option<Clue> {
    let agent = probes.agent?;
    let own = probes.own.first().copied().filter(|own| same_credentials(own, &agent));
    let base = own.or(probes.without.filter(|without| same_credentials(without, &agent)))?;
    let (cause, weight, text) = match (base.status(), agent.status()) {
        (before @ (403 | 406 | 429 | 503), after) if after != before => {
            (ForeignCause::Blocked, 90, "Under a browser's user agent the answer is another one: something in front minds the user agent.")
        }
        (401, 200..=299) => {
            (ForeignCause::Blocked, 84, "Under a browser's user agent the request is admitted: something minds the user agent.")
        }
        (200..=299, 403 | 406 | 429 | 503) => {
            (ForeignCause::Blocked, 55, "Under a browser's user agent it is refused: something in front expects more of browsers.")
        }
        _ => return None,
    };
    let clue = Clue::new(NAME, cause, weight, text).quote(base.quote("under our own user agent")).quote(agent.quote("under a browser's"));
    Some(clue.fix(Side::Caller, "Send a user agent that the firewall lets through.", &["curl -A 'NAME/VERSION' …"]))
}

fn same_credentials(a: &Seen<'_>, b: &Seen<'_>) -> bool {
    let fields = |seen: &Seen<'_>| {
        let request = seen.exchange.request.as_ref();
        let fields =
            request.into_iter().flat_map(|request| &request.headers.0).filter(|header| !header.name.eq_ignore_ascii_case("user-agent"));
        let mut fields: Vec<_> = fields.map(|header| (header.name.to_ascii_lowercase(), header.value.clone())).collect();
        fields.sort();
        (request.map(|request| request.url.clone()), fields)
    };
    fields(a) == fields(b)
}

fn preflight(probes: &Probes<'_>) -> Vec<Clue> {
    let Some(preflight) = probes.preflight else { return Vec::new() };
    let clue = |cause: Cause, weight, text: &str| Clue::new(NAME, cause, weight, text).quote(preflight.quote("as a preflight"));
    let challenged =
        |weight, text: &str| Clue::new(NAME, ForeignCause::PreflightChallenged, weight, text).quote(preflight.quote("as a preflight"));
    // Where the request itself was answered, its preflight was not what stopped it.
    let was_answered = probes.given.is_some_and(|given| {
        given.exchange.request.as_ref().is_some_and(|request| !request.method.eq_ignore_ascii_case("options")) && given.status() > 0
    });
    let weight = |weight: u8| if was_answered { weight / 2 } else { weight };
    match preflight.status() {
        401 | 407 => vec![challenged(weight(93), "A preflight, which has no credentials by design, is asked for some.")],
        300..=399 => {
            vec![challenged(weight(76), "A preflight is redirected, which browsers do not follow: to a log-in page, as it seems.")]
        }
        403 => vec![
            challenged(weight(46), "A preflight is refused with 403: authentication may stand before CORS."),
            clue(Cause::CorsOriginRefused, weight(46), "A preflight is refused with 403: this origin may not be allowed."),
        ],
        200..=299 if preflight.response.headers.get("access-control-allow-origin").is_none() => {
            vec![clue(
                Cause::CorsOriginRefused,
                weight(58),
                "The answer to a preflight has no Access-Control-Allow-Origin: the origin is not allowed.",
            )]
        }
        _ => Vec::new(),
    }
}

/// A redirect that leads away from where the credentials belong.
fn redirect(probes: &Probes<'_>) -> Option<Clue> {
    let from = probes.own.first().copied().or(probes.without).filter(|seen| matches!(seen.status(), 301 | 302 | 303 | 307 | 308))?;
    let location = from.response.headers.all("location").next()?;
    let asked = from.exchange.request.as_ref()?;
    let (here, there) = (refusal::origin(&asked.url)?, refusal::origin(&location.value)?);
    if here == there {
        return None;
    }
    let refused = probes.hops.iter().find(|hop| hop.is_refused());
    let encrypted = here.0 == "http" && there.0 == "https" && here.1 == there.1;
    let weight = match (refused.is_some(), encrypted) {
        (true, _) => 78,
        (false, true) => 56,
        (false, false) => 40,
    };
    let why = if refused.is_some() { ", and there the answer without them is a refusal" } else { "" };
    let text =
        format!("The server redirects to another origin. A client that follows leaves the credentials behind there, as it should{why}.");
    let mut clue = Clue::new(NAME, ForeignCause::CredentialsDropped, weight, text).quote(Quote::header(from.index, "response", location));
    if let Some(hop) = refused {
        clue = clue.quote(hop.quote("of where it leads"));
    }
    let ask =
        if encrypted { "Ask over https at once." } else { "Ask the redirect's target itself, with credentials that are meant for it." };
    Some(clue.fix(Side::Caller, ask, &[&crate::mask::text(&location.value)]))
}

/// The server's clock against this machine's, at the time of the probe.
fn clock(probes: &Probes<'_>) -> Option<Clue> {
    let seen = probes.without.or(probes.own.first().copied())?;
    let field = seen.response.headers.all("date").next()?;
    let skew = date::http(&field.value)? - seen.exchange.at?;
    if skew.abs() <= TOLERABLE {
        return None;
    }
    let timed = probes.request().is_some_and(is_timed);
    let weight = match (timed, skew.abs() > 300) {
        (true, true) => 62,
        (true, false) => 36,
        (false, _) => 10,
    };
    let side = if skew > 0 { "ahead of" } else { "behind" };
    let text = format!("The server's clock is {} s {side} this machine's.", skew.abs());
    let clue = Clue::new(NAME, ForeignCause::ClockSkew, weight, text).quote(Quote::header(seen.index, "response", field));
    Some(clue.fix(Side::Caller, "Set this machine's clock by a time server.", &["timedatectl set-ntp true"]))
}

/// Credentials that depend on what time it is.
fn is_timed(request: &Request) -> bool {
    let value = request.headers.get("authorization").unwrap_or_default();
    let schemes = ["aws4-hmac-sha256", "dpop", "oauth", "hawk", "signature", "sharedkey"];
    let scheme = value.split(' ').next().unwrap_or_default().to_ascii_lowercase();
    schemes.contains(&scheme.as_str()) || request.headers.get("dpop").is_some() || jwt::spot(value).is_some()
}

/// Failures below HTTP.
fn tls(probes: &Probes<'_>) -> Option<Clue> {
    let host = probes.request()?.host();
    let about = |exchange: &&Exchange| exchange.probe.is_some() && exchange.request.as_ref().is_some_and(|request| request.host() == host);
    let failed = probes.dossier.exchanges.iter().enumerate().filter(|(_, exchange)| about(exchange));
    let (index, failure) =
        failed.filter_map(|(index, exchange)| Some((index, exchange.failure.as_deref()?))).find(|(_, text)| text.starts_with("TLS:"))?;
    let (cause, weight) = match failure {
        text if text.contains("client certificate") => (Cause::CertificateMissing.into(), 84),
        text if text.contains("no authority") => (Code::from(ForeignCause::TlsMisconfigured), 40),
        text if text.contains("certificate") => (Code::from(ForeignCause::TlsMisconfigured), 80),
        _ => (Code::from(ForeignCause::TlsMisconfigured), 45),
    };
    // Whoever got an answer over HTTP had a connection.
    let weight = if probes.given.is_some() { weight / 3 } else { weight };
    let clue = Clue::new(NAME, cause, weight, format!("A probe got no secure connection: {failure}."));
    Some(clue.quote(Quote::text(index, "probe", 0, failure)))
}

/// Metadata that the challenge names (RFC 9728 section 5.1) and that nobody serves.
fn metadata(probes: &Probes<'_>) -> Option<Clue> {
    let given = probes.given?;
    let challenge = given.response.headers.all("www-authenticate").find(|header| header.value.contains("resource_metadata="))?;
    let named = |exchange: &Exchange| {
        let request = exchange.request.as_ref().filter(|_| exchange.probe == Some(Probe::Metadata));
        request.is_some_and(|request| challenge.value.contains(&request.url) || request.path().contains("oauth-protected-resource"))
    };
    let (index, exchange) = probes.dossier.exchanges.iter().enumerate().find(|(_, exchange)| named(exchange))?;
    let status = exchange.response.as_ref().map_or(0, |response| response.status);
    if status == 200 {
        return None;
    }
    let came = exchange.failure.clone().unwrap_or_else(|| status.to_string());
    let text = format!("The challenge names metadata that is not to be had: {came}.");
    let clue = Clue::new(NAME, ForeignCause::MetadataMissing, 74, text).quote(Quote::header(given.index, "response", challenge));
    Some(clue.quote(Quote::text(index, "probe for metadata", 0, &came)))
}
