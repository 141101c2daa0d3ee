//! Logs made for one pattern each: which are told, how sure, and with which cause. Each has ordinary traffic beside it.

use super::{line, read};
use crate::diagnosis::Confidence::{Certain, Likely, Possible};
use crate::log::{Pattern, PatternKind};

/// Twenty clients that read three routes and are admitted, ten hours long.
fn ordinary() -> Vec<(i64, String)> {
    let of = |number: i64| {
        let second = number * 9 + number % 5;
        (second, line(&format!("10.1.0.{}", number % 20), "-", second, &format!("/api/v1/thing/{}", number % 3), 200))
    };
    (0..4_000).map(of).collect()
}

fn with(lines: impl IntoIterator<Item = (i64, String)>) -> Vec<Pattern> {
    let mut all = ordinary();
    all.extend(lines);
    all.sort_by_key(|(second, _)| *second);
    let text: String = all.into_iter().map(|(_, line)| line).collect();
    read(text.as_bytes()).patterns
}

#[track_caller]
fn check(patterns: &[Pattern], expect: &[(PatternKind, crate::Confidence, &str)]) {
    let seen: Vec<_> = patterns.iter().map(|pattern| (pattern.kind, pattern.confidence, pattern.causes[0].code())).collect();
    assert_eq!(seen, expect, "{patterns:#?}");
    assert!(patterns.iter().all(|pattern| !pattern.evidence.is_empty() && pattern.evidence.len() <= 4));
}

#[test]
fn nothing_where_there_is_nothing() {
    check(&with([]), &[]);
    let mistyped = (1..7).map(|number| (number * number * 900, line("10.1.0.3", "ann", number * number * 900, "/api/v1/thing/1", 401)));
    check(&with(mistyped), &[]);
}

#[test]
fn credential_stuffing() {
    let of = |number: i64| {
        let second = 7_000 + number / 2;
        (second, line(["198.51.100.7", "198.51.100.8"][(number % 2) as usize], &format!("user{}", number % 97), second, "/login", 401))
    };
    check(&with((0..200).map(of)), &[(PatternKind::CredentialStuffing, Likely, "credentials-invalid")]);
}

#[test]
fn password_guessing() {
    let spread = |number: i64| {
        let second = 7_000 + number * 13 % 400;
        (second, line(&format!("198.51.100.{}", number % 12), "root", second, "/private", 401))
    };
    check(&with((0..120).map(spread)), &[(PatternKind::PasswordGuessing, Likely, "credentials-invalid")]);
    let form = |number: i64| {
        let second = 7_000 + number * number % 300;
        (second, line("198.51.100.7", "-", second, "POST /account/login", 401))
    };
    check(&with((0..60).map(form)), &[(PatternKind::PasswordGuessing, Possible, "credentials-invalid")]);
}

#[test]
fn expired_tokens() {
    let of = |client: i64| {
        let until = 6_000 + client * 1_700;
        (0..200).map(move |number| {
            let second = number * 97 + client;
            (second, line(&format!("10.2.0.{client}"), "-", second, "/api/v1/report", if second < until { 200 } else { 401 }))
        })
    };
    check(&with(of(1)), &[(PatternKind::ExpiredTokens, Possible, "token-expired")]);
    check(&with((0..6).flat_map(of)), &[(PatternKind::ExpiredTokens, Likely, "token-expired")]);
}

#[test]
fn a_token_renewed_only_after_a_refusal() {
    let lines = (0..1_200).map(|number| {
        let second = number * 30;
        (second, line("10.2.0.9", "-", second, "/api/v1/report", if number % 120 == 119 { 401 } else { 200 }))
    });
    check(&with(lines), &[(PatternKind::ExpiredTokens, Possible, "token-expired")]);
}

#[test]
fn a_broken_deployment() {
    let of = |from: i64, to: i64, broken: bool| {
        (0..3_000).map(move |number| {
            let second = number * 12;
            let status = match second {
                _ if broken && second >= from - 60 && second < from => 502,
                _ if second >= from && second < to => 401,
                _ => 200,
            };
            (second, line(&format!("10.3.0.{}", number % 40), "-", second, "/api/v2/orders/17", status))
        })
    };
    check(&with(of(12_000, 99_999, false)), &[(PatternKind::BrokenDeployment, Likely, "server-misconfigured")]);
    let over = with(of(12_000, 15_000, true));
    check(&over, &[(PatternKind::BrokenDeployment, Likely, "server-misconfigured")]);
    assert!(over[0].evidence[0].contains("5xx") && over[0].evidence[0].contains("served again"), "{over:#?}");
}

#[test]
fn a_scanner() {
    let lines = (0..90).map(|number| (9_000 + number, line("198.51.100.7", "-", 9_000 + number, &format!("/admin-{}", word(number)), 403)));
    check(&with(lines), &[(PatternKind::Scanner, Likely, "credentials-missing")]);
}

fn word(number: i64) -> String {
    [number / 26, number % 26].iter().map(|digit| char::from(b'a' + *digit as u8)).collect()
}

#[test]
fn a_misconfigured_client() {
    let lines = (0..500).map(|number| (number * 60, line("10.2.0.9", "-", number * 60, "/metrics", 401)));
    check(&with(lines), &[(PatternKind::MisconfiguredClient, Likely, "credentials-missing")]);
    let lines = (0..500).map(|number| (number * 60, line("10.2.0.9", "backup", number * 60, "/metrics", 401)));
    check(&with(lines), &[(PatternKind::MisconfiguredClient, Likely, "credentials-invalid")]);
}

#[test]
fn a_rate_limit() {
    let lines = (0..300).map(|number| (9_000 + number / 9, line("10.2.0.9", "-", 9_000 + number / 9, "/api/v1/thing/1", 429)));
    check(&with(lines), &[(PatternKind::RateLimit, Certain, "rate-exceeded")]);
}

#[test]
fn causes_that_the_log_names_are_certain() {
    let trail = |cause: &str| {
        let of = |second: u32| {
            format!(
                r#"{{"at":"2025-10-10T13:{:02}:{:02}.000Z","event":"decision","verdict":"refuse","status":401,"cause":"{cause}","method":"GET","host":"a","path":"/a/{}","client":"10.0.0.{}"}}"#,
                second / 60,
                second % 60,
                second % 7,
                second % 50
            )
        };
        (0..40).map(|number| of(number * number % 3_600) + "\n").collect::<String>()
    };
    check(&read(trail("token-expired").as_bytes()).patterns, &[(PatternKind::ExpiredTokens, Certain, "token-expired")]);
    check(&read(trail("keys-unreachable").as_bytes()).patterns, &[(PatternKind::ProviderOutage, Certain, "keys-unreachable")]);
}

#[test]
fn spikes_name_route_and_client() {
    let mut all = ordinary();
    all.extend((0..300).map(|number| (9_000 + number / 5, line("198.51.100.7", "-", 9_000 + number / 5, "/login", 401))));
    all.sort_by_key(|(second, _)| *second);
    let report = read(all.into_iter().map(|(_, line)| line).collect::<String>().as_bytes());
    let [spike] = report.spikes.as_slice() else { panic!("{:#?}", report.spikes) };
    assert_eq!((spike.from.as_str(), spike.refused), ("2025-10-10T02:30:00Z", 300));
    assert_eq!(spike.route.as_deref(), Some("GET /login (100 %)"));
    assert_eq!(spike.client.as_deref(), Some("198.51.100.7 (100 %)"));
    let shown = crate::log::render_log(&report, &crate::Screen { width: 80, colour: false }, false);
    assert!(shown.contains('█') && shown.contains("300 of 4,300 requests refused (7.0 %)"), "{shown}");
}
