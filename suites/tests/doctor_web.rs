//! `countersign explain --web`: by plain HTTP, as a browser would speak it and as no browser would; and in a real browser.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{Answer, attack, get, request};
use countersign_suites::gateway::{Folder, program, run};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Once;

const EXCHANGE: &str = include_str!("../vectors/doctor/expired.http");
/// What must not be read anywhere in an answer.
const SECRETS: [&str; 2] = ["c2lnbmF0dXJlLW9mLXRoZS10b2tlbg", "cookie-value-0123456789abcdef"];

/// The page, as a process.
struct Web {
    child: Child,
    at: SocketAddr,
    path: String,
    _folder: Folder,
}

impl Web {
    #[track_caller]
    fn start() -> Self {
        let folder = Folder::new();
        let mut child = program(&["explain", "--web", "--json"])
            .env("HOME", folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(ready["event"], "ready");
        let (at, path) = ready["url"].as_str().unwrap().strip_prefix("http://").unwrap().split_once('/').unwrap();
        Self { child, at: at.parse().unwrap(), path: format!("/{path}"), _folder: folder }
    }

    fn url(&self) -> String {
        format!("http://{}{}", self.at, self.path)
    }

    #[track_caller]
    fn post(&self, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        request(self.at, "POST", &self.path, headers, body)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn guarded(answer: &Answer) {
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
}

#[test]
fn what_is_posted_is_explained() {
    let web = Web::start();
    let page = get(web.at, &web.path, &[]);
    assert_eq!(page.status, 200);
    guarded(&page);
    assert!(page.text().contains("<form method=\"post\""));
    let origin = format!("http://{}", web.at);
    let form = format!(
        "--b0undary\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n\r\n--b0undary\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"refused.http\"\r\n\r\n{EXCHANGE}\r\n--b0undary--\r\n"
    );
    for (kind, body) in [("multipart/form-data; boundary=b0undary", form.as_str()), ("application/octet-stream", EXCHANGE)] {
        let answer = web.post(&[("Content-Type", kind), ("Origin", &origin)], body.as_bytes());
        guarded(&answer);
        let text = answer.text();
        assert_eq!(answer.status, 200, "{text}");
        assert!(text.contains("<h1>401 token-expired") && text.contains("<h2>Fix</h2>"), "{text}");
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} in\n{text}");
        }
    }
    let cause = web.post(&[], b"token-expired");
    assert!(cause.status == 200 && cause.text().contains("<pre class=\"plain\">token-expired"), "{}", cause.text());
}

#[test]
fn what_cannot_be_explained_is_said() {
    let web = Web::start();
    for body in ["", "   ", "token-expir", "https://api.example.com/"] {
        let answer = web.post(&[], body.as_bytes());
        guarded(&answer);
        assert!(answer.status == 422 && answer.text().contains("error:"), "{}", answer.text());
    }
    let marked = web.post(&[], b"HTTP/1.1 401 <script>alert(1)</script>\n\n<script>alert(1)</script>");
    guarded(&marked);
    assert!(!marked.text().contains("<script>alert"), "{}", marked.text());
}

/// No name but its own, no other site's page, no path that was guessed, no other method.
#[test]
fn nobody_else_gets_in() {
    let web = Web::start();
    let check = |answer: Answer, expect: u16| {
        assert_eq!(answer.status, expect, "{answer:?}");
        guarded(&answer);
        assert!(!answer.text().contains("h1>401"), "{answer:?}");
    };
    let port = web.at.port();
    let localhost = format!("localhost:{port}");
    assert_eq!(get(web.at, &web.path, &[("Host", &localhost)]).status, 200);
    for host in [&format!("rebound.example:{port}"), "127.0.0.1", &format!("127.0.0.1:{port}.example"), "127.0.0.1:1", ""] {
        check(get(web.at, &web.path, &[("Host", host)]), 421);
        check(request(web.at, "POST", &web.path, &[("Host", host)], EXCHANGE.as_bytes()), 421);
    }
    for origin in ["null", "http://rebound.example", "https://127.0.0.1", &format!("https://{}", web.at), "http://127.0.0.1:1"] {
        check(web.post(&[("Origin", origin)], EXCHANGE.as_bytes()), 403);
    }
    for path in ["/", "/favicon.ico", &web.path[..web.path.len() - 2], &format!("{}x", web.path), &format!("/{}", web.path)] {
        check(get(web.at, path, &[]), 404);
    }
    check(request(web.at, "PUT", &web.path, &[], b"x"), 405);
    let unnamed = attack(web.at, format!("GET {} HTTP/1.1\r\n\r\n", web.path));
    assert!(unnamed.iter().all(|answer| answer.status >= 400), "{unnamed:?}");
}

#[test]
fn bodies_have_a_bound() {
    let web = Web::start();
    let much = vec![b'a'; 65 << 20];
    let answer = web.post(&[("Content-Type", "application/octet-stream")], &much);
    assert!(answer.status == 413 && answer.text().contains("64 MiB"), "{}", answer.text());
    assert_eq!(get(web.at, &web.path, &[]).status, 200);
}

#[test]
fn only_on_loopback() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.com:80"] {
        let output = run(&["explain", "--web", "--listen", address], "");
        assert_eq!(output.status.code(), Some(2), "{address}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        if !folder.join("node_modules/playwright-core").exists() {
            let done = Command::new("npm").args(["ci", "--silent"]).current_dir(folder).status().expect("npm is installed");
            assert!(done.success(), "npm ci");
        }
    });
}

#[track_caller]
fn visit(scripts: &str, ways: &[&str]) {
    install();
    let web = Web::start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/explain.mjs");
    let output = Command::new("node").arg(script).args([&web.url(), EXCHANGE, scripts]).output().expect("node is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    for way in ways {
        let seen = &found[*way];
        assert!(seen["heading"].as_str().unwrap().starts_with("401 token-expired"), "{way}: {found}");
        assert_eq!(seen["url"], web.url(), "{way}: {found}");
        assert!(seen["styled"].is_null() || seen["styled"] != "none", "{way}: {found}");
        let text = seen["text"].as_str().unwrap();
        assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{way}: {found}");
    }
    let texts = |member: &str| found[member].as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
    // A browser asks for a favicon by itself; nothing else may fail or be asked for.
    assert!(texts("faults").iter().all(|fault| fault.contains("favicon")), "{found}");
    let own = format!("http://{}/", web.at);
    assert!(texts("asked").iter().all(|url| url.starts_with(&own)), "{found}");
}

#[test]
fn a_person_pastes_chooses_drops_and_types() {
    visit("scripts", &["pasted", "chosen", "dropped", "typed"]);
}

#[test]
fn and_without_scripts_pastes_and_chooses() {
    visit("no-scripts", &["pasted", "chosen"]);
}

#[test]
fn a_log_is_explained() {
    let web = Web::start();
    let line = |status: u16| format!("10.0.0.1 - ann [10/Oct/2025:13:55:36 +0000] \"GET /a HTTP/1.1\" {status} 153 \"-\" \"curl/8\"\n");
    let access = line(401).repeat(3) + &line(200);
    let errors =
        "2025/10/10 13:55:36 [error] 1#1: *7 user \"ann\": password mismatch, client: 10.0.0.1, server: a, request: \"GET /a HTTP/1.1\"\n";
    let part = |name: &str, text: &str| {
        format!("--b0undary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let post = |parts: &[String]| {
        let body = parts.concat() + "--b0undary--\r\n";
        web.post(&[("content-type", "multipart/form-data; boundary=b0undary")], body.as_bytes())
    };
    let answer = post(&[part("access.log", &access)]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    guarded(&answer);
    assert!(answer.text().contains("3 of 4 requests refused"), "{}", answer.text());
    let both = post(&[part("access.log", &access), part("error.log", &errors.repeat(3))]);
    assert!(both.text().contains("explains 3 of the refusals") && both.text().contains("password-wrong"), "{}", both.text());
    let quiet = post(&[part("access.log", &line(200).repeat(3))]);
    assert!(quiet.status == 422 && quiet.text().contains("nothing was refused"), "{}", quiet.text());
}
