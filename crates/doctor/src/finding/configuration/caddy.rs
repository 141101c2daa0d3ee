//! Caddy: `basic_auth` in front of `reverse_proxy`, and what `header_up` takes out.

use super::{Case, Sight};
use crate::clue::Side;
use countersign::{Cause, ForeignCause};

pub(super) fn see(text: &str, case: &Case) -> Vec<Sight> {
    let lines = || text.lines().enumerate().take(50_000).map(|(at, line)| (at + 1, line.trim())).filter(|(_, line)| !line.starts_with('#'));
    let proxied = lines().any(|(_, line)| line.starts_with("reverse_proxy"));
    let mut seen = Vec::new();
    for (number, line) in lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let word = |at: usize| words.get(at).copied().unwrap_or_default();
        let at = |code, weights, fits, because: &str, fix, lines| Sight {
            code,
            weights,
            fits,
            because: because.to_owned(),
            line: number,
            text: line.to_owned(),
            product: "Caddy",
            side: Side::Proxy,
            fix,
            lines,
        };
        if matches!(word(0), "basic_auth" | "basicauth") && proxied {
            let other = case.scheme.as_deref().is_some_and(|scheme| scheme != "basic");
            let app_refuses = case.scheme.as_deref() == Some("basic") && case.challenges.iter().any(|scheme| scheme == "bearer");
            seen.push(if app_refuses {
                at(
                    ForeignCause::CredentialsForbiddenHere.into(),
                    (36, 72),
                    true,
                    "Caddy's `basic_auth` leaves `Authorization` in the request: the app behind reads Caddy's user and password as its own credentials, and refuses them.",
                    "Take the field out once Caddy has read it.",
                    &["reverse_proxy app:80 {", "    header_up -Authorization", "}"],
                )
            } else {
                at(
                    Cause::SchemeUnaccepted.into(),
                    (36, 85),
                    other,
                    "Caddy asks for Basic in front of the app, and both read the one `Authorization` field: a Bearer token is refused by Caddy.",
                    "Limit `basic_auth` to the paths that people visit.",
                    &["@pages not path /api/*", "basic_auth @pages {"],
                )
            });
        }
        if word(0) == "header_up" && word(1).trim_start_matches('-').eq_ignore_ascii_case("authorization") {
            let removed = word(1).starts_with('-');
            let code = if removed { ForeignCause::CredentialsStripped } else { ForeignCause::CredentialsOverridden };
            let because = if removed {
                "Caddy takes `Authorization` out before it passes the request on."
            } else {
                "Caddy replaces the client's `Authorization`."
            };
            seen.push(at(
                code.into(),
                (55, 90),
                case.lost_credentials(),
                because,
                "Remove the line where the app authenticates by itself.",
                &[],
            ));
        }
        if word(0) == "header_up" && word(1).eq_ignore_ascii_case("host") && word(2).contains("upstream_hostport") {
            let because = "Caddy sends the upstream's name as Host: the app does not see under which one it was asked for.";
            seen.push(at(ForeignCause::PublicUrlUnknown.into(), (33, 42), case.refused, because, "Leave Host as the client sent it.", &[]));
        }
    }
    seen
}
