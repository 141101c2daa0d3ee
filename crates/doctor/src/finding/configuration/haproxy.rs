//! HAProxy: rules that take credentials out or refuse by themselves.

use super::Sight;
use crate::clue::Side;
use countersign::{Cause, ForeignCause};

pub(super) fn see(text: &str) -> Vec<Sight> {
    let mut seen = Vec::new();
    for (number, line) in text.lines().enumerate().take(50_000).map(|(at, line)| (at + 1, line.trim())) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let word = |at: usize| words.get(at).copied().unwrap_or_default();
        let named = |name: &str| name.trim_matches('"').eq_ignore_ascii_case("authorization");
        let (code, weights, because, fix): (crate::catalogue::Code, _, _, _) = match (word(0), word(1)) {
            ("http-request", "del-header") if named(word(2)) => (
                ForeignCause::CredentialsStripped.into(),
                (55, 92),
                "HAProxy takes `Authorization` out before it passes the request on.",
                "Remove the rule, or limit it to the backends that do not authenticate.",
            ),
            ("reqidel" | "reqdel", _) if line.to_ascii_lowercase().contains("authorization") => {
                (ForeignCause::CredentialsStripped.into(), (52, 90), "HAProxy deletes `Authorization` from requests.", "Remove the rule.")
            }
            ("http-request", "set-header" | "replace-header") if named(word(2)) => (
                ForeignCause::CredentialsOverridden.into(),
                (46, 80),
                "HAProxy replaces the client's `Authorization`.",
                "Set it only for backends that are meant to know HAProxy alone.",
            ),
            ("http-request", "auth") => (
                Cause::SchemeUnaccepted.into(),
                (34, 55),
                "HAProxy asks for Basic by itself: a Bearer token is refused before the app sees it.",
                "Exempt the app's API by a condition.",
            ),
            ("http-request", "deny" | "reject" | "tarpit") => (
                ForeignCause::Blocked.into(),
                (32, 50),
                "HAProxy refuses by this rule before the app sees the request.",
                "Look whether the rule's condition fits the refused request.",
            ),
            _ => continue,
        };
        seen.push(Sight {
            code,
            weights,
            fits: true,
            because: because.to_owned(),
            line: number,
            text: line.to_owned(),
            product: "HAProxy",
            side: Side::Proxy,
            fix,
            lines: &[],
        });
    }
    seen
}
