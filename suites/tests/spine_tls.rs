//! The spine's TLS: the listener with certificate files that are replaced while it runs, both versions of HTTP over it,
//! the cookie that it allows, and proxies that are trusted to speak TLS in its place. Certificates are made by openssl.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{get, request};
use countersign_suites::gateway::{Folder, Gateway};
use countersign_suites::issuer::Issuer;
use countersign_suites::scene::{PASSWORD, Scene, fill};
use countersign_suites::upstream::Upstream;
use countersign_suites::within;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A self-signed certificate for localhost and its key, under these names.
fn certificate(folder: &Path, name: &str) {
    let path = |extension: &str| folder.join(format!("{name}.{extension}")).to_str().unwrap().to_owned();
    let arguments =
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
    let made = Command::new("openssl")
        .args(arguments)
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", &path("key"), "-out", &path("pem")])
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A gateway with TLS, its folder holding `live.pem` and `live.key`.
fn start(issuer: &Issuer, upstream: &Upstream) -> Gateway {
    let folder = Folder::new();
    certificate(folder.path(), "live");
    let config =
        include_str!("../config/attacks.toml").replace("[limits]", "tls = { certificate = \"live.pem\", key = \"live.key\" }\n\n[limits]");
    folder.write("countersign.toml", fill(&config, upstream, issuer));
    Gateway::start_in(folder, &[])
}

/// What curl gets of a path with these arguments, trusting one certificate only.
fn curl(gateway: &Gateway, trusted: &Path, path: &str, arguments: &[&str]) -> Result<String, String> {
    let url = format!("https://localhost:{}{path}", gateway.listen.port());
    let output = Command::new("curl")
        .args(["-s", "-S", "--max-time", "20", "--cacert", trusted.to_str().unwrap()])
        .args(arguments)
        .arg(url)
        .output()
        .unwrap();
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[test]
fn both_versions_over_tls() {
    let (issuer, upstream) = (Issuer::start(), Upstream::start());
    let gateway = start(&issuer, &upstream);
    let trusted = gateway.folder.path().join("live.pem");
    let bearer = format!("Authorization: Bearer {}", issuer.token());
    for (version, number) in [("--http2", "2"), ("--http1.1", "1.1")] {
        let status =
            curl(&gateway, &trusted, "/private/tls", &[version, "-H", &bearer, "-o", "/dev/null", "-w", "%{http_version} %{http_code}"]);
        assert_eq!(status, Ok(format!("{number} 200")));
        let status = curl(&gateway, &trusted, "/private/tls", &[version, "-o", "/dev/null", "-w", "%{http_version} %{http_code}"]);
        assert_eq!(status, Ok(format!("{number} 401")));
    }
    for saw in upstream.saw("/private/tls") {
        assert_eq!(saw.read_as("x-forwarded-proto"), ["https"]);
        assert_eq!(saw.read_as("x-forwarded-user"), ["ann"]);
    }
    assert!(curl(&gateway, &trusted, "/public/x", &["--tls-max", "1.1"]).is_err(), "old versions are refused");
    // Plain HTTP on this port is nothing.
    let plain = countersign_suites::client::attack(gateway.listen, "GET /public/plain HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(plain.iter().all(|answer| answer.status == 400), "{plain:?}");
    assert!(upstream.saw("/public/plain").is_empty());
}

#[test]
fn a_new_certificate_is_taken_without_a_restart() {
    let (issuer, upstream) = (Issuer::start(), Upstream::start());
    let gateway = start(&issuer, &upstream);
    let folder = gateway.folder.path();
    std::fs::copy(folder.join("live.pem"), folder.join("old.pem")).unwrap();
    certificate(folder, "new");
    assert!(curl(&gateway, &folder.join("old.pem"), "/public/x", &[]).is_ok());
    assert!(curl(&gateway, &folder.join("new.pem"), "/public/x", &[]).is_err());
    std::fs::copy(folder.join("new.key"), folder.join("live.key")).unwrap();
    std::fs::copy(folder.join("new.pem"), folder.join("live.pem")).unwrap();
    within(Duration::from_secs(10), "the new certificate is shown", || curl(&gateway, &folder.join("new.pem"), "/public/x", &[]).is_ok());
    // A broken file keeps the one before.
    let said = gateway.printed().len();
    std::fs::write(folder.join("live.pem"), "not a certificate").unwrap();
    within(Duration::from_secs(10), "it says why", || gateway.printed()[said..].contains("live.pem"));
    assert!(curl(&gateway, &folder.join("new.pem"), "/public/x", &[]).is_ok());
}

#[test]
fn the_cookie_is_bound_to_the_host() {
    let (issuer, upstream) = (Issuer::start(), Upstream::start());
    let gateway = start(&issuer, &upstream);
    gateway.administer(&["user", "add", "alice", "--role", "staff", "--password-stdin"], PASSWORD);
    let folder = gateway.folder.path();
    let (trusted, jar) = (folder.join("live.pem"), folder.join("jar"));
    let jar = jar.to_str().unwrap();
    let page = curl(&gateway, &trusted, "/oauth2/sign_in", &["-c", jar, "-b", jar, "-H", "Accept: text/html"]).unwrap();
    let csrf = countersign_suites::scene::hidden(&page, "csrf");
    let form = countersign_suites::scene::form(&[("csrf", &csrf), ("username", "alice"), ("password", PASSWORD), ("rd", "/private/home")]);
    let head = curl(&gateway, &trusted, "/oauth2/sign_in", &["-c", jar, "-b", jar, "-i", "-d", &form]).unwrap();
    let line = head.lines().find(|line| line.contains("__Host-countersign=")).unwrap_or_else(|| panic!("{head}"));
    for needed in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(line.contains(needed), "{needed}: {line}");
    }
    assert!(!line.to_ascii_lowercase().contains("domain"), "{line}");
    let status = curl(&gateway, &trusted, "/private/home", &["-b", jar, "-o", "/dev/null", "-w", "%{http_code}"]);
    assert_eq!(status, Ok("200".to_owned()), "curl keeps and sends the cookie");
    // The plain name is no session here.
    let value = line.split("__Host-countersign=").nth(1).unwrap().split(';').next().unwrap();
    let status = curl(
        &gateway,
        &trusted,
        "/private/home",
        &["-H", &format!("Cookie: countersign={value}"), "-o", "/dev/null", "-w", "%{http_code}"],
    );
    assert_eq!(status, Ok("401".to_owned()));
}

#[test]
fn trusted_proxies_speak_for_their_clients() {
    let config = include_str!("../config/attacks.toml")
        .replace("data = \"state\"", "data = \"state\"\ntrusted_proxies = [\"127.0.0.1/32\"]")
        .replace("realm =", "https_only = true\nrealm =");
    let scene = Scene::with(&config);
    scene.add_alice();
    let alice = countersign_suites::client::basic("alice", PASSWORD);
    let forwarded = [("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "198.51.100.7"), ("Authorization", alice.as_str())];
    let saw = scene.admitted("/private/proxy", &forwarded);
    assert_eq!(saw.read_as("x-forwarded-for"), ["198.51.100.7, 127.0.0.1"], "the way it came: {saw:?}");
    assert_eq!(saw.read_as("x-forwarded-proto"), ["https"]);
    assert_eq!(scene.cause("/private/proxy", &[("Authorization", &alice)]), "transport-insecure");
    // Somebody who is not the proxy says the same in vain.
    let stranger = "127.0.0.9".parse().unwrap();
    let answer = countersign_suites::client::get_from(stranger, scene.at(), "/private/stranger", &forwarded);
    assert_eq!(answer.status, 403, "{answer:?}");
    // What counts as the client is the last address that no trusted proxy has; what stood before may be forged.
    let mut last = 0;
    for number in 0..45 {
        let list = format!("10.9.8.{number}, 203.0.113.5");
        let wrong = countersign_suites::client::basic(&format!("n{number}"), "wrong");
        last =
            get(scene.at(), "/private/x", &[("X-Forwarded-Proto", "https"), ("X-Forwarded-For", &list), ("Authorization", &wrong)]).status;
    }
    assert_eq!(last, 429, "45 guesses from one client behind the proxy");
    assert_eq!(request(scene.at(), "GET", "/private/x", &forwarded, b"").status, 200);
}
