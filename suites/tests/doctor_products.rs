//! The doctor against real products, each made to refuse in several ways: what curl shows of a refusal goes to
//! `countersign explain -`. The verdict's family must be one of those that the row accepts; where the row cannot be
//! decided from outside, the doctor may abstain if it names one of them, and must not be sure of another.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::gateway::{Folder, binary};
use countersign_suites::jwt::hmac_token;
use countersign_suites::now;
use countersign_suites::product::{Product, fill, free_port, output, python, suites};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// One refusal: what curl is given beside the URL, the path, and the families that are right.
type Row<'a> = (&'a [&'a str], &'a str, &'a [&'a str]);

/// Provokes each row at the product and asks the doctor.
#[track_caller]
fn check(product: &str, base: &str, rows: &[Row<'_>]) {
    let mut faults = Vec::new();
    for (arguments, path, right) in rows {
        let shown = curl(arguments, &format!("{base}{path}"));
        let report = explain(&shown);
        let family = report["verdict"]["family"].as_str().unwrap_or_default();
        let confidence = report["verdict"]["confidence"].as_str().unwrap_or_default();
        let others: Vec<&str> =
            report["alternatives"].as_array().into_iter().flatten().filter_map(|other| other["family"].as_str()).collect();
        let named = right.contains(&family) || others.iter().any(|other| right.contains(other));
        let sure_and_wrong = matches!(confidence, "certain" | "likely") && !right.contains(&family);
        if !named || sure_and_wrong {
            faults.push(format!("{arguments:?} {path}: {family} ({confidence}), then {others:?}; right is {right:?}\n{shown}"));
        }
    }
    assert!(faults.is_empty(), "{product}:\n{}", faults.join("\n"));
}

/// What `curl -v` shows on a terminal.
fn curl(arguments: &[&str], url: &str) -> String {
    let made =
        Command::new("sh").args(["-c", r#"exec curl -v -s --max-time 20 "$@" 2>&1"#, "curl"]).args(arguments).arg(url).output().unwrap();
    String::from_utf8_lossy(&made.stdout).into_owned()
}

fn explain(shown: &str) -> Value {
    let mut child = Command::new(binary())
        .args(["explain", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(shown.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 2)), "{}\n{shown}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stdout)))
}

fn basic_users(folder: &Folder) {
    folder.write("users", output(Command::new("htpasswd").args(["-nbm", "alice", "right"])));
}

#[test]
fn nginx() {
    let backend = Product::script("node", "express_app.mjs");
    let folder = Folder::new();
    let (port, tls) = (free_port(), free_port());
    basic_users(&folder);
    let certificate = |name: &str, key: &str| {
        let name = folder.path().join(name);
        let key = folder.path().join(key);
        let made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout"];
        output(Command::new("openssl").args(made).arg(key).arg("-out").arg(name).stderr(Stdio::null()));
    };
    certificate("cert.pem", "key.pem");
    certificate("ca.pem", "ca.key");
    let words = [
        ("TLS_PORT", tls.to_string()),
        ("PORT", port.to_string()),
        ("BACKEND", backend.at.port().to_string()),
        ("FOLDER", folder.path().to_str().unwrap().to_owned()),
    ];
    let words: Vec<(&str, &str)> = words.iter().map(|(word, value)| (*word, value.as_str())).collect();
    let config = fill(&folder, "nginx.conf", &words);
    let nginx = Product::start(folder, port, "nginx", &["-p", ".", "-c", config.to_str().unwrap()]);
    let base = format!("http://{}", nginx.at);
    curl(&[], &format!("{base}/limited/x"));
    check(
        "nginx",
        &base,
        &[
            (&[], "/basic/x", &["missing_credentials"]),
            (&["-u", "alice:wrong"], "/basic/x", &["invalid_credentials"]),
            (&["-H", "Authorization: Bearer abcdefgh"], "/basic/x", &["scheme_mismatch"]),
            (&["-H", "Authorization: Basic undefined"], "/basic/x", &["malformed_credentials"]),
            (&[], "/denied/x", &["insufficient_permissions", "proxy_blocked"]),
            (&[], "/limited/x", &["rate_limited"]),
            (&["-H", "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln"], "/api/orders", &["proxy_stripped_header"]),
            (&["-H", "X_API_Key: right"], "/key", &["proxy_stripped_header", "missing_credentials", "invalid_credentials"]),
        ],
    );
    check("nginx with client certificates", &format!("https://localhost:{tls}"), &[(&["-k"], "/x", &["misconfiguration_tls"])]);
}

#[test]
fn apache() {
    let folder = Folder::new();
    let port = free_port();
    basic_users(&folder);
    // The hash of name, realm and password (RFC 7616 section 3.4.2).
    let hash = output(Command::new("sh").args(["-c", "printf alice:files:right | md5sum | cut -d' ' -f1"]));
    folder.write("digest", format!("alice:files:{hash}"));
    let script = fill(&folder, "script.sh", &[]);
    output(Command::new("sh").args(["-c", r#"mv "$1" "$2" && chmod 755 "$2""#, "sh"]).arg(script).arg(folder.path().join("script")));
    let path = folder.path().to_str().unwrap().to_owned();
    let config = fill(&folder, "apache.conf", &[("PORT", &port.to_string()), ("FOLDER", &path)]);
    let apache = Product::start(folder, port, "apache2", &["-X", "-f", config.to_str().unwrap()]);
    let base = format!("http://{}", apache.at);
    let stale = r#"Authorization: Digest username="alice", realm="files", nonce="AAAAAAAAAAA=0000000000000000000000000000000000000000", uri="/digest/x", algorithm=MD5, response="00000000000000000000000000000000", qop=auth, nc=00000001, cnonce="abcd""#;
    check(
        "Apache",
        &base,
        &[
            (&[], "/basic/x", &["missing_credentials"]),
            (&["-u", "alice:wrong"], "/basic/x", &["invalid_credentials"]),
            (&["-u", "nobody:right"], "/basic/x", &["invalid_credentials"]),
            (&["-H", "Authorization: Basic Og=="], "/basic/x", &["malformed_credentials", "missing_credentials"]),
            (&["-u", "alice:right"], "/only-bob/x", &["insufficient_permissions", "invalid_credentials"]),
            (&[], "/digest/x", &["missing_credentials"]),
            (&["--digest", "-u", "alice:wrong"], "/digest/x", &["invalid_credentials"]),
            (&["-u", "alice:right"], "/digest/x", &["scheme_mismatch"]),
            (&["-H", stale], "/digest/x", &["digest_nonce", "invalid_credentials"]),
            (&[], "/office/x", &["insufficient_permissions", "proxy_blocked"]),
            (&["-H", "Authorization: Bearer abcdefgh"], "/script", &["proxy_stripped_header"]),
            (&[], "/script", &["missing_credentials"]),
        ],
    );
}

#[test]
fn registry() {
    let folder = Folder::new();
    let port = free_port();
    folder.write("bcrypt", output(Command::new("htpasswd").args(["-nbB", "alice", "right"])));
    let path = folder.path().to_str().unwrap().to_owned();
    let config = fill(&folder, "registry.yml", &[("PORT", &port.to_string()), ("FOLDER", &path)]);
    let registry = Product::start(folder, port, "docker-registry", &["serve", config.to_str().unwrap()]);
    check(
        "the OCI registry",
        &format!("http://{}", registry.at),
        &[
            (&[], "/v2/", &["missing_credentials"]),
            (&["-u", "alice:wrong"], "/v2/", &["invalid_credentials"]),
            (&["-u", "nobody:right"], "/v2/_catalog", &["invalid_credentials"]),
            (&["-H", "Authorization: Bearer abcdefgh"], "/v2/", &["scheme_mismatch"]),
            (&["-H", "Authorization: Basic ${TOKEN}"], "/v2/", &["malformed_credentials"]),
            (&["-H", "Authorization: Basic YWxpY2U6cmlnaHQK"], "/v2/", &["malformed_credentials", "invalid_credentials"]),
        ],
    );
}

#[test]
fn verdaccio() {
    let folder = Folder::new();
    let port = free_port();
    folder.write("npm-users", output(Command::new("htpasswd").args(["-nbB", "alice", "right"])));
    let path = folder.path().to_str().unwrap().to_owned();
    let config = fill(&folder, "verdaccio.yaml", &[("FOLDER", &path)]);
    let program = suites().join("node_modules/.bin/verdaccio");
    let verdaccio =
        Product::start(folder, port, program, &["--config", config.to_str().unwrap(), "--listen", &format!("127.0.0.1:{port}")]);
    let publish = ["-X", "PUT", "-H", "Content-Type: application/json", "-d", r#"{"name":"mine"}"#];
    check(
        "Verdaccio",
        &format!("http://{}", verdaccio.at),
        &[
            (&[], "/private", &["missing_credentials", "insufficient_permissions"]),
            (&["-u", "alice:wrong"], "/private", &["invalid_credentials"]),
            (&["-H", "Authorization: Bearer abcdefgh"], "/private", &["invalid_credentials", "malformed_credentials"]),
            (&["-H", "Authorization: Bearer null"], "/private", &["malformed_credentials"]),
            (&[&["-u", "alice:right"], &publish[..]].concat(), "/mine", &["insufficient_permissions"]),
            (&["-H", "Authorization: Basic YWxpY2U6cmlnaHQK"], "/private", &["malformed_credentials", "invalid_credentials"]),
        ],
    );
}

#[test]
fn jupyter() {
    let folder = Folder::new();
    let port = free_port();
    let arguments =
        ["-m", "jupyter_server", "--no-browser", "--allow-root", "--IdentityProvider.token=right", "--ServerApp.port_retries=0"];
    let port_option = format!("--ServerApp.port={port}");
    let jupyter = Product::start(folder, port, python(), &[&arguments[..], &[&port_option, "--ServerApp.ip=127.0.0.1"]].concat());
    check(
        "Jupyter Server",
        &format!("http://{}", jupyter.at),
        &[
            (&[], "/api/contents", &["missing_credentials", "insufficient_permissions"]),
            (&["-H", "Authorization: token wrong"], "/api/contents", &["invalid_credentials", "insufficient_permissions"]),
            (&["-H", "Authorization: token {{TOKEN}}"], "/api/contents", &["malformed_credentials"]),
            (&["-X", "POST", "-d", "password=wrong"], "/login", &["csrf", "invalid_credentials"]),
            (&[], "/api/contents?token=wrong", &["invalid_credentials", "insufficient_permissions"]),
        ],
    );
}

#[test]
fn django() {
    let django = Product::script(python(), "django_app.py");
    let base = format!("http://{}", django.at);
    curl(&[], &format!("{base}/api/seldom"));
    check(
        "Django",
        &base,
        &[
            (&["-d", "a=b"], "/form", &["csrf"]),
            (&["-d", "a=b", "-b", "csrftoken=0123456789abcdef0123456789abcdef", "-H", "Origin: https://other.example"], "/form", &["csrf"]),
            (&[], "/api/mine", &["missing_credentials"]),
            (&["-H", "Authorization: Token 0000"], "/api/mine", &["invalid_credentials", "revoked_token"]),
            (&["-H", "Authorization: Token bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"], "/api/mine", &["account_locked_or_disabled"]),
            (&["-H", "Authorization: Bearer aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"], "/api/mine", &["scheme_mismatch"]),
            (&["-H", "Authorization: Token aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"], "/api/admin", &["insufficient_permissions"]),
            (&[], "/api/seldom", &["rate_limited"]),
        ],
    );
}

#[test]
fn express() {
    let express = Product::script("node", "express_app.mjs");
    let signed = |claims: &Value, secret: &[u8]| {
        format!("Authorization: Bearer {}", hmac_token(&json!({ "alg": "HS256", "typ": "JWT" }), claims, secret))
    };
    let token = |claims: &Value| signed(claims, b"tests-only");
    let claims = |changed: Value| {
        let mut claims = json!({ "iss": "https://issuer.test", "aud": "orders", "sub": "alice", "iat": now() - 600, "exp": now() + 600 });
        claims.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        claims
    };
    let expired = token(&claims(json!({ "exp": now() - 120 })));
    let elsewhere = token(&claims(json!({ "aud": "billing" })));
    let stranger = token(&claims(json!({ "iss": "https://other.test" })));
    let early = token(&claims(json!({ "nbf": now() + 300 })));
    let forged = signed(&claims(json!({})), b"another");
    check(
        "Express",
        &format!("http://{}", express.at),
        &[
            (&[], "/api/orders", &["missing_credentials"]),
            (&["-H", &expired], "/api/orders", &["expired_token"]),
            (&["-H", &elsewhere], "/api/orders", &["audience_or_issuer_mismatch"]),
            (&["-H", &stranger], "/api/orders", &["audience_or_issuer_mismatch"]),
            (&["-H", &early], "/api/orders", &["clock_skew"]),
            (&["-H", &forged], "/api/orders", &["signature_or_key_mismatch"]),
            (&["-H", "Authorization: Bearer null"], "/api/orders", &["malformed_credentials"]),
            (&["-H", "Authorization: Bearer"], "/api/orders", &["malformed_credentials", "missing_credentials"]),
            (&[], "/key", &["missing_credentials"]),
            (&[], "/admin", &["insufficient_permissions"]),
        ],
    );
}

#[test]
fn provider() {
    let provider = Product::script("node", "provider.mjs");
    let client = ["-u", "orders:tests-only"];
    let code = ["-d", "grant_type=authorization_code", "-d", "code=made-up", "-d", "redirect_uri=https://orders.test/callback"];
    let refresh = ["-d", "grant_type=refresh_token", "-d", "refresh_token=made-up"];
    check(
        "an OpenID provider",
        &format!("http://{}", provider.at),
        &[
            (&[], "/me", &["missing_credentials"]),
            (&["-H", "Authorization: Bearer made-up"], "/me", &["invalid_credentials", "revoked_token", "expired_token"]),
            (&["-u", "orders:wrong", "-d", "grant_type=client_credentials"], "/token", &["invalid_credentials"]),
            (&["-d", "grant_type=client_credentials"], "/token", &["missing_credentials", "invalid_credentials"]),
            (&[&client[..], &code].concat(), "/token", &["invalid_credentials", "revoked_token"]),
            (&[&client[..], &refresh].concat(), "/token", &["revoked_token", "expired_token", "invalid_credentials"]),
        ],
    );
}
