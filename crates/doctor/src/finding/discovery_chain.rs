//! The way from a challenge to an authorization server (RFC 9728, RFC 8414, as MCP clients go it), followed in the exchanges.

use super::refusal::{Refusal, json, origin};
use crate::catalogue::Code::{self, Foreign};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::{Dossier, Exchange};
use countersign::ForeignCause;

const NAME: &str = "discovery-chain";
const MISSING: Code = Foreign(ForeignCause::MetadataMissing);
const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const SERVER: &[&str] = &["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let mut clues = Vec::new();
    let found: Vec<(usize, &Exchange, u16, &str)> = dossier
        .exchanges
        .iter()
        .enumerate()
        .filter_map(|(index, exchange)| {
            let path = exchange.request.as_ref()?.path();
            let known = path.starts_with(RESOURCE) || SERVER.iter().any(|known| path.contains(known));
            known.then_some((index, exchange, exchange.response.as_ref()?.status, path))
        })
        .collect();
    let resource: Vec<_> = found.iter().filter(|(.., path)| path.starts_with(RESOURCE)).collect();
    let server: Vec<_> = found.iter().filter(|(.., path)| !path.starts_with(RESOURCE)).collect();
    if let Some((index, exchange, status, path)) = resource.last().filter(|_| resource.iter().all(|(_, _, status, _)| *status >= 400)) {
        let because = format!(
            "The metadata of the resource was asked for at {path} and answered with {status}: a client cannot find the authorization server."
        );
        clues.push(Clue::new(NAME, MISSING, 86, because).quote(place(*index, exchange)).fix(
            Side::Server,
            "Serve the document (RFC 9728 section 3), under the path that is suffixed with the resource's own, without asking for a token.",
            &[],
        ));
    }
    for (index, exchange, ..) in resource.iter().filter(|(_, _, status, _)| *status == 200) {
        clues.extend(mismatch(dossier, *index, exchange));
    }
    if let Some((index, exchange, status, path)) = server.last().filter(|_| server.iter().all(|(_, _, status, _)| *status >= 400)) {
        let because = format!("The authorization server's metadata was asked for at {path} and answered with {status} (RFC 8414).");
        clues.push(Clue::new(NAME, MISSING, 84, because).quote(place(*index, exchange)));
    }
    clues.extend(challenged(dossier, found.is_empty()));
    clues
}

fn place(index: usize, exchange: &Exchange) -> Quote {
    let request = exchange.request.as_ref();
    Quote::text(index, "request URL", request.map_or(0, |request| request.line), request.map_or("", |request| request.url.as_str()))
}

/// The document names another resource than the one that was asked for.
fn mismatch(dossier: &Dossier, index: usize, exchange: &Exchange) -> Option<Clue> {
    let document = json(&exchange.response.as_ref()?.body)?;
    let Some(resource) = document.get("resource").and_then(serde_json::Value::as_str) else {
        return Some(
            Clue::new(NAME, MISSING, 76, "The resource's metadata has no `resource` (RFC 9728 section 2).").quote(place(index, exchange)),
        );
    };
    let asked = dossier.refusal().and_then(|(_, exchange)| exchange.request.as_ref())?;
    let (theirs, own) = (origin(resource)?, origin(&asked.url)?);
    if theirs != own && !asked.path().contains("/.well-known/") {
        let because = format!(
            "The metadata is about {}, and {} was asked: a client has to refuse it (RFC 9728 section 3.3).",
            crate::mask::text(resource),
            own.1
        );
        return Some(Clue::new(NAME, MISSING, 84, because).quote(Quote::text(index, "response body resource", 0, resource)));
    }
    let servers = document.get("authorization_servers").and_then(serde_json::Value::as_array);
    servers
        .is_none_or(Vec::is_empty)
        .then(|| Clue::new(NAME, MISSING, 72, "The resource's metadata names no authorization server.").quote(place(index, exchange)))
}

/// What the challenge itself says of metadata.
fn challenged(dossier: &Dossier, unasked: bool) -> Option<Clue> {
    let refusal = Refusal::of(dossier)?;
    let header = refusal.answered("www-authenticate")?;
    let challenges = refusal.challenges();
    let named = challenges.iter().find_map(|challenge| challenge.value("resource_metadata"))?;
    let quote = Quote::header(refusal.index, "response", header);
    let Some(theirs) = origin(named) else {
        return Some(
            Clue::new(NAME, MISSING, 66, "The challenge's resource_metadata is no absolute URL (RFC 9728 section 5.1).").quote(quote),
        );
    };
    let own = origin(&refusal.request()?.url)?;
    let inner = matches!(theirs.1.as_str(), "localhost" | "127.0.0.1" | "0.0.0.0") || !theirs.1.contains('.');
    let wrong = theirs.1 != own.1 && inner || theirs.1 == own.1 && theirs.0 == "http" && own.0 == "https";
    if wrong {
        let because = format!(
            "The challenge leads to {}://{}, which is not the address that was asked: the server does not know its own public URL.",
            theirs.0, theirs.1
        );
        return Some(Clue::new(NAME, Foreign(ForeignCause::PublicUrlUnknown), 80, because).quote(quote));
    }
    let silent = refusal.asked("authorization").is_none() && unasked;
    silent.then(|| {
        let because =
            "The challenge names where a client learns which authorization server to ask (RFC 9728), and nothing was asked there.";
        Clue::new(NAME, Code::Common(countersign::Cause::CredentialsMissing), 60, because).quote(quote)
    })
}

#[cfg(test)]
mod tests {
    use super::super::staged::{check, exchange};
    use super::*;

    #[test]
    fn the_way_to_the_authorization_server() {
        let first = |metadata: &str| {
            exchange(
                "POST https://mcp.example.com/mcp\nAccept: */*",
                401,
                &format!("WWW-Authenticate: Bearer resource_metadata=\"{metadata}\""),
                "",
            )
        };
        let known = "GET https://mcp.example.com/.well-known/oauth-protected-resource/mcp";
        let own = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";
        let of = |exchanges: Vec<Exchange>| Dossier { exchanges, ..Dossier::default() };
        check(see(&of(vec![first(own), exchange(known, 404, "", "")])), Some("metadata-missing"), 80);
        check(
            see(&of(vec![
                first(own),
                exchange(
                    known,
                    200,
                    "",
                    r#"{"resource":"https://other.example.com/mcp","authorization_servers":["https://as.example.com"]}"#,
                ),
            ])),
            Some("metadata-missing"),
            80,
        );
        check(
            see(&of(vec![
                first(own),
                exchange(
                    known,
                    200,
                    "",
                    r#"{"resource":"https://mcp.example.com/mcp","authorization_servers":["https://as.example.com"]}"#,
                ),
            ])),
            None,
            10,
        );
        check(see(&of(vec![first("http://localhost:3000/.well-known/oauth-protected-resource")])), Some("public-url-unknown"), 75);
        check(see(&of(vec![first(own)])), Some("credentials-missing"), 55);
    }
}
