//! Metadata of providers and resources beside what they are about: issuers that differ, key sets that lead nowhere,
//! resources that call themselves something else (RFC 8414 section 3.3, RFC 9728 section 3.3).

use super::refusal::Refusal;
use crate::clue::{Clue, Quote, Side};
use crate::dossier::{DocumentKind, Dossier};
use crate::jwt::{self, Jwt};
use crate::mask;
use countersign::{Cause, ForeignCause};
use serde_json::Value;

const NAME: &str = "discovery";

/// A metadata document, with the URL that it was fetched from and the exchange, from 1, or neither.
struct Metadata<'a> {
    value: Value,
    url: Option<&'a str>,
    exchange: usize,
    resource: bool,
}

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let documents = metadata(dossier);
    let tokens = tokens(dossier);
    let mut clues = Vec::new();
    for document in &documents {
        if document.resource {
            clues.extend(document.resource_faults(dossier));
        } else {
            clues.extend(document.server_faults());
            // A token of another issuer is none's fault where several issuers are described.
            let described = documents.iter().filter(|document| !document.resource).count();
            clues.extend(tokens.iter().filter(|_| described == 1).filter_map(|token| document.issuer_differs(token)));
        }
    }
    clues
}

fn metadata(dossier: &Dossier) -> Vec<Metadata<'_>> {
    let given = dossier.documents.iter().filter_map(|document| {
        let resource = document.kind == DocumentKind::ResourceMetadata;
        let wanted = resource || document.kind == DocumentKind::Discovery;
        wanted.then(|| Some(Metadata { value: serde_json::from_str(&document.text).ok()?, url: None, exchange: 0, resource })).flatten()
    });
    let fetched = dossier.exchanges.iter().enumerate().filter_map(|(at, exchange)| {
        let request = exchange.request.as_ref().filter(|request| request.url.contains("/.well-known/"))?;
        let response = exchange.response.as_ref().filter(|response| response.status == 200 && response.body.len() < 1024 * 1024)?;
        let resource = request.url.contains("oauth-protected-resource");
        let known = resource || request.url.contains("openid-configuration") || request.url.contains("oauth-authorization-server");
        let value = known.then(|| serde_json::from_str(&response.body).ok()).flatten()?;
        Some(Metadata { value, url: Some(&request.url), exchange: at + 1, resource })
    });
    given.chain(fetched).take(8).collect()
}

fn tokens(dossier: &Dossier) -> Vec<Jwt> {
    let alone = dossier.documents.iter().filter(|document| document.kind == DocumentKind::Jwt);
    let sent = Refusal::of(dossier).and_then(|refusal| refusal.request());
    let sent = sent.iter().flat_map(|request| request.headers.all("authorization")).flat_map(|header| jwt::find(&header.value));
    alone.filter_map(|document| Jwt::read(&document.text)).chain(sent).take(4).collect()
}

impl Metadata<'_> {
    fn text(&self, member: &str) -> Option<&str> {
        self.value.get(member).and_then(Value::as_str)
    }

    fn server_faults(&self) -> Vec<Clue> {
        let mut clues = Vec::new();
        let issuer = self.text("issuer").unwrap_or_default();
        if let (Some(from), false) = (self.url.and_then(issuer_of), issuer.is_empty())
            && let Some(how) = difference(&from, issuer)
            && how != Difference::Slash
        {
            let because =
                format!("The metadata fetched for {} says that its issuer is {}: {}.", mask::text(&from), mask::text(issuer), how.words());
            let code = if how == Difference::Else { ForeignCause::ProviderMisconfigured } else { ForeignCause::PublicUrlUnknown };
            clues.push(self.clue(code, 60, &because, "issuer").fix(
                Side::Provider,
                "Give the provider its public URL (Keycloak `hostname`, others `issuer` or `external URL`), and let the proxy send Host and X-Forwarded-Proto.",
                &[],
            ));
        }
        match self.text("jwks_uri") {
            None => clues.push(self.clue(
                ForeignCause::ProviderMisconfigured,
                45,
                "The metadata names no `jwks_uri`: by it alone no signature can be verified.",
                "jwks_uri",
            )),
            Some(keys) if self.url == Some(keys) || keys.ends_with("/openid-configuration") => {
                clues.push(self.clue(
                    ForeignCause::ProviderMisconfigured,
                    75,
                    "`jwks_uri` points to the metadata itself, where there are no keys.",
                    "jwks_uri",
                ));
            }
            Some(keys) if issuer.starts_with("https://") && keys.starts_with("http://") => {
                let because = "`jwks_uri` is plain HTTP under an issuer of HTTPS: the provider does not know under which scheme it is reached, and libraries refuse to fetch keys so.";
                clues.push(self.clue(ForeignCause::PublicUrlUnknown, 60, because, "jwks_uri"));
            }
            Some(keys) if internal(keys) && !internal(issuer) => {
                let because = "`jwks_uri` names an internal host that who reads this from outside cannot reach.";
                clues.push(self.clue(ForeignCause::PublicUrlUnknown, 55, because, "jwks_uri"));
            }
            Some(_) => {}
        }
        clues
    }

    fn issuer_differs(&self, token: &Jwt) -> Option<Clue> {
        let (issuer, claimed) = (self.text("issuer")?, token.text("iss")?);
        // Entra's common endpoint describes every tenant by a placeholder.
        if issuer.contains("{tenantid}") {
            return None;
        }
        let how = difference(issuer, claimed)?;
        let because =
            format!("The token's `iss` is {}, the metadata's issuer {}: {}.", mask::text(claimed), mask::text(issuer), how.words());
        let claim = Quote { place: "token claim iss".to_owned(), exchange: 0, line: 0, text: mask::text(claimed) };
        let clue = self.clue(Cause::TokenIssuerUnknown, if how == Difference::Else { 80 } else { 88 }, &because, "issuer").quote(claim);
        Some(clue.fix(Side::Server, "Configure exactly the token's issuer, to the last slash; issuers are compared as text.", &[claimed]))
    }

    fn resource_faults(&self, dossier: &Dossier) -> Vec<Clue> {
        let mut clues = Vec::new();
        let servers = self.value.get("authorization_servers").and_then(Value::as_array).map_or(0, Vec::len);
        if servers == 0 {
            let because = "The resource's metadata names no `authorization_servers`: a client cannot find out where to get a token.";
            clues.push(self.clue(ForeignCause::MetadataMissing, 70, because, "authorization_servers").fix(
                Side::Server,
                "Name the issuer in the resource's metadata.",
                &["\"authorization_servers\": [\"https://id.example.com\"]"],
            ));
        }
        let asked = dossier.refusal().and_then(|(_, exchange)| exchange.request.as_ref()).map(|request| request.url.as_str());
        let asked = asked.filter(|url| url.contains("://") && !url.contains("/.well-known/"));
        if let (Some(asked), Some(resource)) = (asked, self.text("resource"))
            && !covers(resource, asked)
        {
            let because = format!(
                "The metadata describes the resource {}, and the request went to {}: clients have to refuse metadata of another resource (RFC 9728 section 3.3).",
                mask::text(resource),
                mask::text(asked.split('?').next().unwrap_or_default())
            );
            clues.push(self.clue(ForeignCause::MetadataMissing, 78, &because, "resource"));
        }
        clues
    }

    fn clue(&self, code: impl Into<crate::catalogue::Code>, weight: u8, because: &str, member: &str) -> Clue {
        let value = self.value.get(member).map_or_else(|| "(absent)".to_owned(), Value::to_string);
        let place = format!("metadata {member}");
        Clue::new(NAME, code, weight, because).quote(Quote { place, exchange: self.exchange, line: 0, text: mask::text(&value) })
    }
}

/// How two URLs that should be equal are not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Difference {
    Slash,
    Scheme,
    Host,
    Path,
    Else,
}

impl Difference {
    fn words(self) -> &'static str {
        match self {
            Difference::Slash => "they differ in the slash at the end, and are compared as text",
            Difference::Scheme => "one is http and the other https",
            Difference::Host => "the hosts differ",
            Difference::Path => "the paths differ: another tenant, realm or version",
            Difference::Else => "they have nothing in common",
        }
    }
}

fn difference(one: &str, other: &str) -> Option<Difference> {
    if one == other {
        return None;
    }
    let ((scheme, rest), (other_scheme, other_rest)) = (split(one), split(other));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (other_host, other_path) = other_rest.split_once('/').unwrap_or((other_rest, ""));
    Some(if rest == other_rest && scheme != other_scheme {
        Difference::Scheme
    } else if one.trim_end_matches('/') == other.trim_end_matches('/') {
        Difference::Slash
    } else if host == other_host {
        Difference::Path
    } else if path.trim_end_matches('/') == other_path.trim_end_matches('/') {
        Difference::Host
    } else {
        Difference::Else
    })
}

fn split(url: &str) -> (&str, &str) {
    url.split_once("://").unwrap_or(("", url))
}

/// The issuer that a well-known URL is for, in both forms: the suffix at the end (OpenID), or before the path (RFC 8414).
fn issuer_of(url: &str) -> Option<String> {
    let (before, after) = url.split(['?', '#']).next()?.split_once("/.well-known/")?;
    let path = after.split_once('/').map(|(_, path)| format!("/{path}")).unwrap_or_default();
    Some(format!("{before}{path}"))
}

fn internal(url: &str) -> bool {
    let (_, rest) = split(url);
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    !host.contains('.') || host.starts_with("127.") || host.ends_with(".local") || host.ends_with(".internal") || host.ends_with(".svc")
}

/// Is the URL below the resource?
fn covers(resource: &str, url: &str) -> bool {
    let resource = resource.trim_end_matches('/');
    let url = url.split(['?', '#']).next().unwrap_or_default();
    url.strip_prefix(resource).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::{Document, Exchange, Request, Response};

    fn fetched(url: &str, status: u16, body: &str) -> Exchange {
        Exchange {
            request: Some(Request { method: "GET".to_owned(), url: url.to_owned(), ..Request::default() }),
            response: Some(Response { status, body: body.to_owned(), ..Response::default() }),
            ..Exchange::default()
        }
    }

    #[track_caller]
    fn check(exchanges: Vec<Exchange>, expect: &[(&str, u8)]) {
        let clues = see(&Dossier { exchanges, ..Dossier::default() });
        assert_eq!(clues.iter().map(|clue| (clue.code.code(), clue.weight)).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn providers() {
        let url = "https://id.example.com/realms/a/.well-known/openid-configuration";
        let of = |issuer: &str, keys: &str| fetched(url, 200, &format!(r#"{{"issuer":"{issuer}","jwks_uri":"{keys}"}}"#));
        check(vec![of("https://id.example.com/realms/a", "https://id.example.com/keys")], &[]);
        check(vec![of("https://id.example.com/realms/a/", "https://id.example.com/keys")], &[]);
        check(vec![of("http://id.example.com/realms/a", "http://id.example.com/keys")], &[("public-url-unknown", 60)]);
        check(vec![of("https://id.example.com/realms/a", url)], &[("provider-misconfigured", 75)]);
        check(vec![of("https://id.example.com/realms/a", "http://keycloak:8080/keys")], &[("public-url-unknown", 60)]);
    }

    #[test]
    fn resources() {
        let url = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";
        let refused = || fetched("https://mcp.example.com/mcp", 401, "");
        let good = r#"{"resource":"https://mcp.example.com/mcp","authorization_servers":["https://id.example.com"]}"#;
        check(vec![refused(), fetched(url, 200, good)], &[]);
        check(vec![refused(), fetched(url, 200, &good.replace("https://mcp", "http://mcp"))], &[("metadata-missing", 78)]);
        check(vec![refused(), fetched(url, 200, r#"{"resource":"https://mcp.example.com/mcp"}"#)], &[("metadata-missing", 70)]);
    }

    #[test]
    fn tokens_of_another_issuer() {
        // {"alg":"RS256"} and {"iss":"https://id.example.com/"}
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tLyJ9.c2ln";
        let document = |kind, text: &str| Document { kind, text: text.to_owned(), name: "-".to_owned() };
        let metadata = r#"{"issuer":"https://id.example.com","jwks_uri":"https://id.example.com/keys"}"#;
        let documents = vec![document(DocumentKind::Jwt, token), document(DocumentKind::Discovery, metadata)];
        let clues = see(&Dossier { documents, ..Dossier::default() });
        assert_eq!(clues.iter().map(|clue| (clue.code.code(), clue.weight)).collect::<Vec<_>>(), [("token-issuer-unknown", 88)]);
    }
}
