//! Configurations, alone and beside a refusal.

use super::*;
use crate::finding::staged::exchanged;

fn given(text: &str) -> Dossier {
    let document = Document { kind: DocumentKind::Configuration, text: text.to_owned(), name: "-".to_owned() };
    Dossier { documents: vec![document], ..Dossier::default() }
}

/// What is seen in a configuration alone, and beside a refused request with a Bearer token.
#[track_caller]
fn check(text: &str, alone: &[(&str, u8)], beside: &[(&str, u8)]) {
    let seen = |dossier: &Dossier| see(dossier).iter().map(|clue| (clue.code.code(), clue.weight)).collect::<Vec<_>>();
    assert_eq!(seen(&given(text)), alone, "alone");
    let refused = exchanged("GET https://app.example.com/api/me\nAuthorization: Bearer abc\nX_Api_Key: k", 401, "", "");
    assert_eq!(seen(&Dossier { documents: given(text).documents, ..refused }), beside, "beside a refusal");
}

const TOLD: &str = "underscores_in_headers on; proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto $scheme;";

#[test]
fn nginx() {
    check(&format!("{TOLD} location /api/ {{ proxy_pass http://app; }}"), &[], &[]);
    check(
        &format!("{TOLD} location /api/ {{ include p; proxy_pass http://app; }}")
            .replace("X-Forwarded-Proto $scheme", "Authorization \"\""),
        &[("credentials-stripped", 58), ("public-url-unknown", 33)],
        &[("credentials-stripped", 92), ("public-url-unknown", 42)],
    );
    check(
        &format!("{TOLD} location /api/ {{ proxy_set_header Host $host; proxy_pass http://app; }}"),
        &[("public-url-unknown", 46)],
        &[("public-url-unknown", 68)],
    );
    check(
        &format!("{TOLD} location / {{ auth_basic \"staff\"; proxy_pass http://app; }}"),
        &[("scheme-unaccepted", 36)],
        &[("scheme-unaccepted", 86)],
    );
    check(
        &format!("{TOLD} location /other/ {{ auth_basic \"staff\"; proxy_pass http://app; }}"),
        &[("scheme-unaccepted", 36)],
        &[("scheme-unaccepted", 36)],
    );
    check(
        &format!("{TOLD} location / {{ proxy_pass http://app; }}").replace("headers on", "headers off"),
        &[],
        &[("credentials-stripped", 92)],
    );
    check(
        &format!(
            "{TOLD} location / {{ auth_request /check; proxy_pass http://app; }} location = /check {{ internal; proxy_pass http://auth; }}"
        ),
        &[("server-misconfigured", 36)],
        &[("server-misconfigured", 62)],
    );
}

#[test]
fn apache() {
    let fpm = "<FilesMatch \\.php$>\n  SetHandler \"proxy:fcgi://127.0.0.1:9000\"\n</FilesMatch>\n";
    check(fpm, &[("credentials-stripped", 52)], &[("credentials-stripped", 88)]);
    check(&format!("{fpm}CGIPassAuth On\n"), &[], &[]);
    check(
        "<VirtualHost *>\nWSGIScriptAlias / /srv/app.py\n</VirtualHost>",
        &[("credentials-stripped", 54)],
        &[("credentials-stripped", 91)],
    );
    check("<Location />\nRequestHeader unset Authorization\n</Location>", &[("credentials-stripped", 55)], &[("credentials-stripped", 92)]);
    check("<Location />\nAuthType Basic\n</Location>", &[("route-unauthenticated", 40)], &[("route-unauthenticated", 55)]);
}

#[test]
fn caddy_haproxy_and_ours() {
    check("a.example {\n basic_auth {\n }\n reverse_proxy app:80\n}", &[("scheme-unaccepted", 36)], &[("scheme-unaccepted", 85)]);
    check(
        "a.example {\n reverse_proxy app:80 {\n  header_up -Authorization\n }\n}",
        &[("credentials-stripped", 55)],
        &[("credentials-stripped", 90)],
    );
    check("backend app\n http-request del-header Authorization\n", &[("credentials-stripped", 55)], &[("credentials-stripped", 92)]);
    check("[[route]]\npath = \n", &[("server-misconfigured", 45)], &[("server-misconfigured", 60)]);
}

#[test]
fn hostile_files_end() {
    for text in [
        "{".repeat(100_000),
        "location / {".repeat(20_000),
        "\"".to_owned() + &"a".repeat(100_000),
        "}".repeat(100_000),
        "location / { proxy_set_header A b; auth_basic x; }".repeat(20_000),
    ] {
        let _ = see(&given(&text)).len();
    }
}
