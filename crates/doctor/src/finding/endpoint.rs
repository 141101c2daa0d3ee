//! Signs that the request went to another place than it was meant for: another host, stage, version, or a page for people.

use super::refusal::Refusal;
use super::said::{Phrase, Said};
use super::sent;
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::Dossier;
use countersign::{Cause, ForeignCause};

const NAME: &str = "endpoint";
const WRONG: Code = Foreign(ForeignCause::EndpointWrong);
const PUBLIC: Code = Foreign(ForeignCause::PublicUrlUnknown);
const ROUTE: Code = Foreign(ForeignCause::RouteUnauthenticated);
const SERVER: Code = Foreign(ForeignCause::ServerMisconfigured);

const PHRASES: &[Phrase] = &[
    Phrase("sandbox", 66, WRONG),
    Phrase("test mode key", 84, WRONG),
    Phrase("test mode", 60, WRONG),
    Phrase("live mode", 66, WRONG),
    Phrase("test key", 66, WRONG),
    Phrase("live key", 66, WRONG),
    Phrase("wrong environment", 92, WRONG),
    Phrase("different environment", 86, WRONG),
    Phrase("production environment", 62, WRONG),
    Phrase("wrong endpoint", 94, WRONG),
    Phrase("wrong api endpoint", 94, WRONG),
    Phrase("use the * endpoint", 78, WRONG),
    Phrase("wrong host", 88, WRONG),
    Phrase("wrong region", 92, WRONG),
    Phrase("incorrect region", 92, WRONG),
    Phrase("unknown to this * appears to exist in", 92, WRONG),
    Phrase("appears to exist in", 82, WRONG),
    Phrase("wrong data center", 92, WRONG),
    Phrase("wrong datacenter", 92, WRONG),
    Phrase("another data center", 86, WRONG),
    Phrase("another datacenter", 86, WRONG),
    Phrase("different data center", 86, WRONG),
    Phrase("in a different region", 84, WRONG),
    Phrase("in another region", 84, WRONG),
    Phrase("use api-free", 92, WRONG),
    Phrase("no matching route", 80, WRONG),
    Phrase("no route matched", 82, WRONG),
    Phrase("route not found", 74, WRONG),
    Phrase("unknown endpoint", 84, WRONG),
    Phrase("endpoint does not exist", 88, WRONG),
    Phrase("no such endpoint", 88, WRONG),
    Phrase("invalid endpoint", 80, WRONG),
    Phrase("invalid api version", 82, WRONG),
    Phrase("api version * not supported", 84, WRONG),
    Phrase("deprecated api", 72, WRONG),
    Phrase("api * has been deprecated", 72, WRONG),
    Phrase("no longer supported", 58, WRONG),
    Phrase("has moved to", 62, WRONG),
    Phrase("directory listing denied", 88, WRONG),
    Phrase("directory listing", 74, WRONG),
    Phrase("directory index forbidden", 92, WRONG),
    Phrase("to list the contents of this directory", 88, WRONG),
    Phrase("invalid host header", 90, PUBLIC),
    Phrase("invalid http_host header", 94, PUBLIC),
    Phrase("disallowedhost", 94, PUBLIC),
    Phrase("untrusted host", 88, PUBLIC),
    Phrase("untrusted domain", 92, PUBLIC),
    Phrase("untrusted proxy", 84, PUBLIC),
    Phrase("blocked host: ", 92, PUBLIC),
    Phrase("host is not allowed", 84, PUBLIC),
    Phrase("is not allowed by this server", 72, PUBLIC),
    Phrase("x-forwarded-for * not trusted", 92, PUBLIC),
    Phrase("reverse proxy", 58, PUBLIC),
    Phrase("received at http", 84, PUBLIC),
    Phrase("forwarded headers", 72, PUBLIC),
    Phrase("server configuration", 48, SERVER),
    Phrase("authorization failed due to server configuration", 90, SERVER),
    Phrase("no authenticationscheme was specified", 95, ROUTE),
    Phrase("no authentication handler is registered", 95, ROUTE),
    Phrase("no sign-in authentication handler", 92, ROUTE),
    Phrase("did not find middleware", 84, ROUTE),
    Phrase("passport.initialize() middleware not in use", 95, ROUTE),
    Phrase("unknown authentication strategy", 95, ROUTE),
    Phrase("missing security handler", 88, ROUTE),
    Phrase("security is not enabled", 78, SERVER),
    Phrase("secretorprivatekey must have a value", 95, SERVER),
    Phrase("secret or public key must be provided", 95, SERVER),
    Phrase("secretorpublickey", 84, SERVER),
    Phrase("algorithms should be set", 92, SERVER),
    Phrase("not configured", 55, SERVER),
    Phrase("misconfigured", 72, SERVER),
];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let said = Said::of(dossier);
    let mut clues = said.clues(NAME, PHRASES);
    let Some(refusal) = Refusal::of(dossier) else { return clues };
    clues.extend(plain(&refusal));
    clues.extend(page(&refusal, &said));
    clues.extend(environment(&refusal));
    clues.extend(index(&refusal));
    clues.extend(regional(&refusal, &said));
    clues
}

/// Secrets over plain HTTP to a host that is not this machine: an answer that leads to HTTPS is told by `redirect`.
fn plain(refusal: &Refusal<'_>) -> Option<Clue> {
    let request = refusal.request()?;
    let host = request.host();
    let near = host.is_empty()
        || !host.contains('.')
        || host.ends_with(".local")
        || host.ends_with(".localhost")
        || host.ends_with(".internal")
        || host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let secure = refusal.answered("strict-transport-security").is_some();
    (request.url.starts_with("http://") && !near && secure).then(|| {
        let because = "The request goes over plain HTTP to a host that wants HTTPS (it sends Strict-Transport-Security).";
        Clue::new(NAME, Common(Cause::TransportInsecure), 34, because).quote(Quote::text(
            refusal.index,
            "request URL",
            request.line,
            &request.url,
        ))
    })
}

/// A page for people, with a login form, in answer to a program with a token.
fn page(refusal: &Refusal<'_>, said: &Said) -> Option<Clue> {
    let request = refusal.request()?;
    let wants_json = refusal.asked("accept").is_some_and(|header| header.value.contains("json") && !header.value.contains("html"));
    let token = sent::credentials(request).iter().any(|sent| matches!(sent.place, sent::Place::Authorization | sent::Place::Field));
    let form = refusal.is_html()
        && refusal.response().is_some_and(|response| {
            let body = response.body.to_ascii_lowercase();
            body.contains("type=\"password\"") || body.contains("type='password'")
        });
    let login = form || refusal.is_html() && said.any(&["sign in to", "log in to", "login to"]).is_some();
    ((wants_json || token) && login && matches!(refusal.status(), 400..=404)).then(|| {
        let because = "A program asked, and the answer is a login page for people: the address belongs to the site, not to its API.";
        Clue::new(NAME, WRONG, 52, because).quote(Quote::text(refusal.index, "request URL", request.line, &request.url))
    })
}

/// A key that names its environment, sent to another.
fn environment(refusal: &Refusal<'_>) -> Option<Clue> {
    let request = refusal.request()?;
    let host = request.host();
    let testing =
        ["sandbox", "test.", "-test", "staging", "-dev", "dev.", "uat.", "preprod", "demo."].iter().any(|word| host.contains(word));
    sent::credentials(request).into_iter().find_map(|sent| {
        let value = sent.value.rsplit(' ').next().unwrap_or_default();
        let test = ["sk_test_", "pk_test_", "rk_test_", "test_", "sandbox_", "sq0idb-sandbox"].iter().any(|start| value.starts_with(start));
        let live = ["sk_live_", "pk_live_", "rk_live_", "live_", "prod_"].iter().any(|start| value.starts_with(start));
        let public = value.starts_with("pk_live_") || value.starts_with("pk_test_");
        if public {
            let because = "The key is a publishable one by its prefix, which servers do not take for calls of the secret kind.";
            return Some(Clue::new(NAME, Common(Cause::TokenKindWrong), 60, because).quote(sent.quote(refusal.index)));
        }
        (live && testing)
            .then(|| {
                let because = format!("The key is one for production by its prefix, and {host} is a host for tests.");
                Clue::new(NAME, WRONG, 82, because).quote(sent.quote(refusal.index))
            })
            .or_else(|| {
                (test && !testing && value.starts_with("sandbox_")).then(|| {
                    let because = format!("The key is one for the sandbox by its prefix, and {host} is not.");
                    Clue::new(NAME, WRONG, 66, because).quote(sent.quote(refusal.index)).fix(
                        Side::Caller,
                        "Use the host of the sandbox, or a key of production.",
                        &[],
                    )
                })
            })
    })
}

/// A host of one region, and a key that it does not know: services that are split by region keep their accounts apart.
fn regional(refusal: &Refusal<'_>, said: &Said) -> Option<Clue> {
    const REGIONS: &[&str] =
        &["us", "us1", "us2", "us3", "us5", "eu", "eu1", "eu2", "uk", "de", "fr", "ap", "ap1", "ap2", "au", "ca", "in", "jp", "sg"];
    const GLOBAL: &[&str] = &["amazonaws.com", "azure.com", "windows.net", "googleapis.com", "oraclecloud.com", "auth0.com"];
    let request = refusal.request()?;
    let host = request.host();
    let own = host.strip_suffix(super::refusal::site(&host)).unwrap_or_default();
    let region = own.split(['.', '-']).find(|label| REGIONS.contains(label))?;
    let unknown = said.any(&[
        "key is invalid",
        "invalid key",
        "invalid * key",
        "token is not valid",
        "invalid token",
        "token is invalid",
        "key * not valid",
        "invalid api",
        "invalid credentials",
    ]);
    if GLOBAL.iter().any(|global| host.ends_with(global)) || !keyed(request) || refusal.status() == 429 {
        return None;
    }
    let heard = unknown?;
    let because = format!(
        "{host} serves the region {region}. Where a service is split by region, each knows only its own accounts and answers as to a wrong key."
    );
    let clue =
        Clue::new(NAME, WRONG, 58, because).quote(Quote::text(refusal.index, "request URL", request.line, &request.url)).quote(heard.quote);
    Some(clue.fix(Side::Caller, "Ask the host of the region in which the account was opened.", &[]))
}

/// Does the request carry a key? A token that an authorization server signed says by itself where it belongs.
fn keyed(request: &crate::dossier::Request) -> bool {
    let sent = sent::credentials(request);
    !sent.is_empty() && sent.iter().all(|sent| crate::jwt::spot(&sent.value).is_none())
}

/// A static server's 403 for a directory without an index.
fn index(refusal: &Refusal<'_>) -> Option<Clue> {
    let request = refusal.request()?;
    let body = refusal.response().map(|response| response.body.to_ascii_lowercase()).unwrap_or_default();
    let plain = ["nginx", "apache", "openresty", "litespeed", "iis"].iter().any(|server| refusal.server().contains(server))
        && refusal.is_html()
        && body.len() < 700
        && body.contains("forbidden");
    (refusal.status() == 403 && plain && request.path().ends_with('/') && sent::credentials(request).is_empty() && matches!(request.method.as_str(), "GET" | "HEAD")).then(|| {
        let because = "A web server's own page refuses a path that ends with a slash: most often a directory without an index file, or files that the server's user may not read.";
        Clue::new(NAME, SERVER, 46, because).quote(Quote::text(refusal.index, "request URL", request.line, &request.url))
    })
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check, exchanged};
    use super::*;

    #[test]
    fn other_places() {
        check(see(&answered(403, "", r#"{"message":"Wrong endpoint. Use https://api-free.example"}"#)), Some("endpoint-wrong"), 90);
        check(see(&answered(400, "", "Invalid HTTP_HOST header")), Some("public-url-unknown"), 90);
        check(see(&answered(401, "", "secretOrPrivateKey must have a value")), Some("server-misconfigured"), 90);
        check(see(&exchanged("GET https://sandbox.a.example/\nAuthorization: Bearer sk_live_1", 401, "", "")), Some("endpoint-wrong"), 80);
        check(
            see(&answered(401, "Content-Type: text/html", "<html><form><input type=\"password\"></form></html>")),
            Some("endpoint-wrong"),
            50,
        );
        check(see(&answered(401, "", "unauthorized")), None, 10);
    }
}
