//! The spine's TLS to what is behind and beside the gateway: apps and issuers whose certificates are from an authority of
//! one's own, and certificates that must not be taken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::get;
use countersign_suites::gateway::{Folder, Gateway};
use countersign_suites::h2::H2Upstream;
use countersign_suites::issuer::Issuer;
use countersign_suites::scene::Scene;
use countersign_suites::tls::{Authority, Certificate, door};
use countersign_suites::upstream::Upstream;
use countersign_suites::within;
use std::path::Path;
use std::time::Duration;

/// The configuration of the attacks, with these lines in `[server]` and these addresses.
fn config(server: &str, upstream: &str, issuer: &str) -> String {
    let config = include_str!("../config/attacks.toml").replace("data = \"state\"", &format!("data = \"state\"\n{server}"));
    config.replace("UPSTREAM", upstream).replace("ISSUER", issuer)
}

/// A gateway whose issuer and app both show a certificate, and that trusts `trusted` for both.
fn stage(certificate: &Certificate, trusted: Option<&Authority>) -> Scene {
    let (upstream, issuer) = (Upstream::start(), Issuer::start());
    let app = door(certificate, "http/1.1", upstream.address);
    issuer.is_at(&format!("https://localhost:{}", door(certificate, "http/1.1", issuer.address)));
    let folder = Folder::new();
    let lines = trusted.map_or("", |trusted| {
        std::fs::copy(trusted.pem(), folder.path().join("ca.pem")).unwrap();
        "issuer_authorities = \"ca.pem\"\nupstream_authorities = \"ca.pem\""
    });
    folder.write("countersign.toml", config(lines, &format!("https://localhost:{app}"), &issuer.url()));
    Scene { gateway: Gateway::start_in(folder, &[]), upstream, issuer }
}

#[test]
fn an_issuer_and_an_app_of_an_own_authority() {
    let authority = Authority::new();
    let scene = stage(&authority.certify("localhost"), Some(&authority));
    let bearer = format!("Bearer {}", scene.issuer.token());
    let saw = scene.admitted("/private/own", &[("Authorization", &bearer)]);
    assert_eq!(saw.read_as("x-forwarded-user"), ["ann"]);
    assert!(scene.issuer.discovery_requests() > 0 && scene.issuer.jwks_requests() > 0);
    let other = scene.issuer.token_of(&scene.issuer.claims_with("aud", "others"));
    assert_eq!(scene.cause("/private/own", &[("Authorization", &format!("Bearer {other}"))]), "token-audience-mismatch");
}

#[test]
fn an_app_that_speaks_http_2_over_tls() {
    let authority = Authority::new();
    let (app, issuer) = (H2Upstream::start(), Issuer::start());
    let port = door(&authority.certify("localhost"), "h2", app.address);
    let lines = format!("upstream_authorities = \"{}\"", authority.pem().display());
    let gateway = Gateway::start(&config(&lines, &format!("https://localhost:{port}"), &issuer.url()));
    let bearer = format!("Bearer {}", issuer.token());
    let answer = get(gateway.listen, "/private/h2", &[("Authorization", &bearer)]);
    assert_eq!((answer.status, answer.text()), (200, "over HTTP/2: 0 bytes".to_owned()));
    let seen = app.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].version, seen[0].uri.path()), (http::Version::HTTP_2, "/private/h2"));
    assert_eq!(seen[0].headers["x-forwarded-user"], "ann");
    assert_eq!(get(gateway.listen, "/private/h2", &[]).status, 401);
}

/// What is shown must not be taken; references say why.
#[track_caller]
fn check(certificate: &Certificate, trusted: Option<&Authority>, why: &str) {
    let mut scene = stage(certificate, trusted);
    let bearer = format!("Bearer {}", scene.issuer.token());
    for (target, headers, status, cause) in [
        ("/public/app", vec![], 502, "upstream-unreachable"),
        ("/jwt/issuer", vec![("Authorization", bearer.as_str())], 503, "keys-unreachable"),
    ] {
        let answer = get(scene.at(), target, &headers);
        assert_eq!(answer.status, status, "{why}: {answer:?}");
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
        let explained = scene.explain(&answer);
        assert_eq!(explained["cause"], cause, "{why}");
        assert!(explained["evidence"].to_string().contains(why), "{why}: {explained}");
        assert!(!answer.text().contains("certificate"), "nobody outside needs to know: {}", answer.text());
    }
    assert_eq!((scene.upstream.requests().len(), scene.issuer.discovery_requests()), (0, 0));
    assert!(scene.gateway.alive());
}

#[test]
fn certificates_that_are_not_taken() {
    let (authority, other) = (Authority::new(), Authority::new());
    check(&authority.certify("localhost"), None, "from no authority that is trusted here");
    // The other one has the same name, and another key.
    check(&authority.certify("localhost"), Some(&other), "from no authority that is trusted here");
    check(&authority.certify("elsewhere.example"), Some(&authority), "for another name");
    check(&authority.certify_long_ago("localhost"), Some(&authority), "has expired");
}

#[test]
fn files_of_authorities_that_are_of_no_use() {
    let authority = Authority::new();
    let key = authority.certify("localhost").key;
    for key_of in ["issuer_authorities", "upstream_authorities"] {
        for (file, wrong) in [
            (Path::new("missing.pem"), "missing.pem cannot be read: No such file"),
            (Path::new("empty.pem"), "empty.pem holds no certificate"),
            (&key, "holds no certificate"),
            (Path::new("torn.pem"), "torn.pem is not PEM"),
            (Path::new("other.pem"), "other.pem holds something else as certificate 2"),
        ] {
            let folder = Folder::new();
            let good = std::fs::read_to_string(authority.pem()).unwrap();
            folder.write("empty.pem", "");
            folder.write("torn.pem", &good[..good.len() / 2]);
            folder.write("other.pem", format!("{good}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
            let lines = format!("{key_of} = \"{}\"", file.display());
            let path = folder.write("countersign.toml", config(&lines, "sample", "http://127.0.0.1:1"));
            let said = Gateway::start_with(folder, vec!["--config".into(), path.to_str().unwrap().into()]).unwrap_err();
            assert!(said.contains(wrong) && said.contains("\"line\":5") && !said.contains("panicked"), "{said}");
        }
    }
}

#[test]
fn a_new_file_of_no_use_changes_nothing() {
    let authority = Authority::new();
    let scene = stage(&authority.certify("localhost"), Some(&authority));
    let bearer = format!("Bearer {}", scene.issuer.token());
    scene.admitted("/private/before", &[("Authorization", &bearer)]);
    let said = scene.gateway.printed().len();
    scene.gateway.folder.write("ca.pem", "");
    scene.gateway.signal("HUP");
    within(Duration::from_secs(10), "it says why", || scene.gateway.printed()[said..].contains("ca.pem holds no certificate"));
    scene.admitted("/private/after", &[("Authorization", &bearer)]);
}
