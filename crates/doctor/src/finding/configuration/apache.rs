//! Apache httpd: who hands Authorization to CGI, FastCGI and WSGI, and who does not (core `CGIPassAuth`, mod_wsgi).

use super::{Case, Sight};
use crate::clue::Side;
use countersign::{Cause, ForeignCause};

const PRODUCT: &str = "Apache httpd";

pub(super) fn see(text: &str, case: &Case) -> Vec<Sight> {
    let lines: Vec<(usize, Vec<&str>, &str)> = text
        .lines()
        .enumerate()
        .take(50_000)
        .map(|(at, line)| (at + 1, line.split_whitespace().collect(), line))
        .filter(|(_, words, _): &(usize, Vec<&str>, &str)| words.first().is_some_and(|word| !word.starts_with('#')))
        .collect();
    let find = |name: &str| lines.iter().find(move |(_, words, _)| words.first().is_some_and(|word| word.eq_ignore_ascii_case(name)));
    let says = |needle: &str| lines.iter().find(|(_, _, line)| line.to_ascii_lowercase().contains(needle));
    let passes = says("cgipassauth on").or_else(|| says("http_authorization")).or_else(|| says("wsgipassauthorization on"));
    let fits = case.lost_credentials();
    let mut seen = Vec::new();
    let fastcgi = says("proxy:fcgi://")
        .or_else(|| says("proxy:unix:"))
        .or_else(|| says("fcgid"))
        .or_else(|| says("php-fpm"))
        .or_else(|| says("application/x-httpd-php"));
    let cgi = fastcgi.or_else(|| find("ScriptAlias")).or_else(|| says("cgi-script"));
    if let Some((line, _, text)) = cgi.filter(|_| passes.is_none()) {
        let because = "Scripts run by CGI or FastCGI do not see `Authorization`: Apache keeps it back unless it is told to pass it on.";
        seen.push(Sight {
            code: ForeignCause::CredentialsStripped.into(),
            weights: (52, 88),
            fits,
            because: because.to_owned(),
            fix: "Pass the field on; the second line is for Apache before 2.4.13.",
            lines: &["CGIPassAuth On", "SetEnvIf Authorization \"(.*)\" HTTP_AUTHORIZATION=$1"],
            ..at(*line, text)
        });
    }
    if let Some((line, _, text)) = find("WSGIScriptAlias").or_else(|| find("WSGIDaemonProcess")).filter(|_| passes.is_none()) {
        let because = "mod_wsgi does not hand `Authorization` to the app unless `WSGIPassAuthorization` is on.";
        seen.push(Sight {
            code: ForeignCause::CredentialsStripped.into(),
            weights: (54, 91),
            fits,
            because: because.to_owned(),
            fix: "Pass the field on.",
            lines: &["WSGIPassAuthorization On"],
            ..at(*line, text)
        });
    }
    for (line, words, text) in &lines {
        let word = |at: usize| words.get(at).copied().unwrap_or_default().to_ascii_lowercase();
        if word(0) == "requestheader" && matches!(word(1).as_str(), "unset" | "set") && word(2).trim_matches('"') == "authorization" {
            let unset = word(1) == "unset";
            seen.push(Sight {
                code: if unset { ForeignCause::CredentialsStripped } else { ForeignCause::CredentialsOverridden }.into(),
                weights: (55, if unset { 92 } else { 82 }),
                fits,
                because: if unset {
                    "Apache takes `Authorization` out of the request before it passes it on."
                } else {
                    "Apache replaces the client's `Authorization` with its own."
                }
                .to_owned(),
                fix: "Remove the line where the app authenticates by itself.",
                lines: &[],
                ..at(*line, text)
            });
        }
        if word(0) == "authtype" && word(1) != "none" {
            let guarded = find("Require").is_some() || says("<requireall").is_some();
            if !guarded {
                seen.push(Sight {
                    code: ForeignCause::RouteUnauthenticated.into(),
                    weights: (40, 55),
                    fits: case.refused,
                    because:
                        "`AuthType` stands without `Require`: Apache asks nobody for credentials here, so that the app behind sees no user."
                            .to_owned(),
                    fix: "Say who may come in.",
                    lines: &["Require valid-user"],
                    ..at(*line, text)
                });
            }
            let other = case.scheme.as_deref().is_some_and(|scheme| scheme != word(1));
            if guarded && matches!(word(1).as_str(), "basic" | "digest") && (says("proxypass").is_some() || cgi.is_some()) {
                seen.push(Sight {
                    code: Cause::SchemeUnaccepted.into(),
                    weights: (32, 85),
                    fits: other && (case.challenges.is_empty() || case.challenges.contains(&word(1))),
                    because: format!(
                        "Apache asks for {} in front of the app: another scheme's credentials are refused before the app sees them.",
                        word(1)
                    ),
                    fix: "Let requests with the app's own scheme through, or authenticate in one place only.",
                    lines: &["<Location \"/api\">", "    AuthType None", "    Require all granted", "</Location>"],
                    ..at(*line, text)
                });
            }
        }
        if (word(0) == "require" && word(1) == "all" && word(2) == "denied") || (word(0) == "deny" && word(1) == "from") {
            seen.push(Sight {
                code: ForeignCause::Blocked.into(),
                weights: (32, 58),
                fits: case.refused && case.challenges.is_empty(),
                because: "Apache refuses here with 403, whatever the credentials.".to_owned(),
                fix: "Grant access to the path that is meant to be served.",
                lines: &["Require all granted"],
                ..at(*line, text)
            });
        }
    }
    let proxied = find("ProxyPass").filter(|_| says("proxypreservehost on").is_none() && says("x-forwarded-proto").is_none());
    if let Some((line, _, text)) = proxied {
        seen.push(Sight {
            code: ForeignCause::PublicUrlUnknown.into(),
            weights: (32, 40),
            fits: case.refused,
            because: "The app behind `ProxyPass` is told neither the client's host nor its scheme: addresses, cookies and CSRF checks that it makes are of another origin.".to_owned(),
            fix: "Tell the app the host and the scheme.",
            lines: &["ProxyPreserveHost On", "RequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}"],
            ..at(*line, text)
        });
    }
    seen
}

/// What is the same in every sight of a line.
fn at(line: usize, text: &str) -> Sight {
    Sight {
        code: ForeignCause::ServerMisconfigured.into(),
        weights: (30, 50),
        fits: false,
        because: String::new(),
        line,
        text: text.trim().to_owned(),
        product: PRODUCT,
        side: Side::Server,
        fix: "",
        lines: &[],
    }
}
