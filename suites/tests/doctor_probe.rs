//! Probing with the real binary, against small servers on this machine: what is told from their answers, and that what a
//! probe must not do does not happen, whatever they answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_suites::gateway::{Folder, program};
use countersign_suites::product::{Product, fill, free_port};
use countersign_suites::tls::{Authority, door};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const SECRET: &str = "s3cret-of-ann-0123456789";

/// A server that records heads and answers as it is told.
struct Server {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<Head>>>,
    written: Arc<AtomicUsize>,
}

#[derive(Clone, Debug)]
struct Head {
    line: String,
    fields: Vec<(String, String)>,
}

impl Head {
    fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap()
    }
}

impl Server {
    /// Answers each head with text.
    fn start(answer: impl Fn(&Head) -> String + Send + Sync + 'static) -> Self {
        Self::raw("127.0.0.1", move |head, stream| stream.write_all(answer(head).as_bytes()).map_or(0, |()| 1))
    }

    /// Has the stream for each head; gives how many bytes it wrote.
    fn raw(host: &str, serve: impl Fn(&Head, &mut TcpStream) -> usize + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((host, 0)).unwrap();
        let server = Self { address: listener.local_addr().unwrap(), heads: Arc::default(), written: Arc::default() };
        let (heads, written, serve) = (server.heads.clone(), server.written.clone(), Arc::new(serve));
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (heads, written, serve) = (heads.clone(), written.clone(), serve.clone());
                std::thread::spawn(move || {
                    let head = read(&stream);
                    heads.lock().unwrap().push(head.clone());
                    written.fetch_add(serve(&head, &mut stream), Ordering::SeqCst);
                });
            }
        });
        server
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn heads(&self) -> Vec<Head> {
        self.heads.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Head {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let line = lines.next().unwrap_or_default();
    let field = |line: String| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    Head { line, fields: lines.filter_map(field).collect() }
}

fn answer(status: &str, fields: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn unauthorized(body: &str) -> String {
    answer("401 Unauthorized", "WWW-Authenticate: Key realm=\"x\"\r\n", body)
}

#[track_caller]
fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = Folder::new();
    let mut command = program(arguments);
    command.env("HOME", folder.path()).current_dir(folder.path()).envs(environment.iter().copied()).stdin(Stdio::null());
    let output = command.output().unwrap();
    for stream in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(stream);
        assert!(!text.contains(SECRET), "a secret is printed: {text}");
        assert!(!text.contains('\u{1b}'), "an escape is printed: {text}");
    }
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The verdict's family and cause, and the causes beside it.
#[track_caller]
fn verdict(output: &Output) -> (String, Vec<String>) {
    let value: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|fault| panic!("{fault}: {output:?}"));
    let own = value["verdict"]["cause"].as_str().map(str::to_owned);
    let others = value["alternatives"].as_array().cloned().unwrap_or_default();
    let causes = own.into_iter().chain(others.iter().filter_map(|other| Some(other["cause"].as_str()?.to_owned())));
    (value["verdict"]["family"].as_str().unwrap_or_else(|| panic!("{value}")).to_owned(), causes.collect())
}

fn curl(server: &Server, path: &str, field: &str) -> String {
    format!("curl {} -H '{field}'", server.url(path))
}

#[test]
fn a_dry_run_sends_nothing() {
    let server = Server::start(|_| unauthorized(""));
    let bearer = curl(&server, "/x", &format!("Authorization: Bearer {SECRET}"));
    let runs: [&[&str]; 5] = [
        &["explain", "--dry-run", &server.url("/x")],
        &["explain", "--probe", "--dry-run", &server.url("/x")],
        &["explain", "--dry-run", &bearer],
        &["--json", "explain", "--probe", "--dry-run", &bearer],
        &["try", "--dry-run", &server.url("/x"), "--bearer", "TOKEN"],
    ];
    for arguments in runs {
        let output = run(arguments, &[("TOKEN", SECRET)]);
        assert!(output.status.success() && text(&output.stdout).contains(&server.url("/x")), "{arguments:?}: {output:?}");
    }
    assert_eq!(server.heads().len(), 0, "{:?}", server.heads());
}

#[test]
fn nothing_is_asked_without_leave() {
    let server = Server::start(|_| unauthorized(""));
    run(&["explain", &curl(&server, "/x", &format!("Authorization: Bearer {SECRET}"))], &[]);
    run(&["explain", &format!("GET {} HTTP/1.1\nHost: x\n\nHTTP/1.1 401 Unauthorized\n\n", server.url("/"))], &[]);
    assert_eq!(server.heads().len(), 0, "{:?}", server.heads());
}

#[test]
fn a_url_alone_is_asked_once_and_plainly() {
    let server = Server::start(|_| answer("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\nSet-Cookie: a=b\r\n", ""));
    let output = run(&["--json", "explain", &server.url("/x")], &[]);
    let heads = server.heads();
    assert_eq!((heads.len(), heads[0].line.as_str()), (1, "GET /x HTTP/1.1"), "{heads:?}");
    assert_eq!((heads[0].field("authorization"), heads[0].field("cookie")), ("", ""));
    assert!(heads[0].field("user-agent").starts_with("countersign/") && heads[0].field("user-agent").ends_with("(probe)"), "{heads:?}");
    assert_eq!(verdict(&output).0, "missing_credentials");
}

#[test]
fn stripped_is_told_from_refused() {
    let stripped = Server::start(|_| unauthorized(r#"{"detail":"Authentication credentials were not provided."}"#));
    let output = run(&["--json", "explain", "--probe", &curl(&stripped, "/x", &format!("Authorization: Token {SECRET}"))], &[]);
    assert_eq!(verdict(&output).0, "proxy_stripped_header");

    let refusing = Server::start(|head| match head.field("authorization") {
        "" => unauthorized(r#"{"detail":"Authentication credentials were not provided."}"#),
        _ => unauthorized(r#"{"detail":"Invalid token."}"#),
    });
    let output = run(&["--json", "explain", "--probe", &curl(&refusing, "/x", &format!("Authorization: Token {SECRET}"))], &[]);
    let (family, causes) = verdict(&output);
    assert!(family == "invalid_credentials" && !causes.contains(&"credentials-stripped".to_owned()), "{causes:?}");

    let known = Server::start(|head| match head.field("authorization") {
        own if own.contains(SECRET) => answer("403 Forbidden", "", "{}"),
        _ => unauthorized("{}"),
    });
    let output = run(&["--json", "explain", "--probe", &curl(&known, "/x", &format!("Authorization: Token {SECRET}"))], &[]);
    assert_eq!(verdict(&output).0, "insufficient_permissions");
}

#[test]
fn user_agents_that_are_blocked() {
    let server = Server::start(|head| match head.field("user-agent") {
        agent if agent.starts_with("Mozilla/") => answer("200 OK", "", "hello"),
        _ => answer("403 Forbidden", "", "no"),
    });
    assert_eq!(verdict(&run(&["--json", "explain", "--probe", &curl(&server, "/x", "Accept: */*")], &[])).0, "proxy_blocked");
}

#[test]
fn instances_that_know_different_sessions() {
    let turns = AtomicUsize::new(0);
    let server =
        Server::start(move |head| match head.field("cookie").contains(SECRET) && turns.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            true => answer("200 OK", "", "hello"),
            false => unauthorized(""),
        });
    let recorded =
        format!("GET /x HTTP/1.1\nHost: {}\nCookie: sid={SECRET}\n\nHTTP/1.1 401 Unauthorized\nContent-Length: 0\n\n", server.address);
    let (_, causes) = verdict(&run(&["--json", "explain", "--probe", &recorded], &[]));
    assert_eq!(causes.first().map(String::as_str), Some("instance-local-session"), "{causes:?}");
}

#[test]
fn credentials_stay_at_their_origin() {
    let other = Server::start(|_| unauthorized(""));
    let away = other.url("/landing");
    let server = Server::start(move |_| answer("302 Found", &format!("Location: {away}\r\nSet-Cookie: a=b\r\n"), ""));
    for field in ["Authorization: Bearer", "X-API-Key:", "Cookie: sid="] {
        let value = if field.ends_with('=') { format!("{field}{SECRET}") } else { format!("{field} {SECRET}") };
        run(&["--json", "explain", "--probe", &curl(&server, "/x", &value)], &[]);
    }
    assert!(server.heads().iter().any(|head| format!("{head:?}").contains(SECRET)), "the origin itself gets them");
    let heads = other.heads();
    assert!(!heads.is_empty(), "another port of the same host is looked at");
    for head in heads {
        let seen = format!("{head:?}").to_lowercase();
        assert!(!seen.contains("authorization") && !seen.contains("cookie") && !seen.contains(SECRET), "{head:?}");
    }
}

#[test]
fn credentials_are_not_sent_after_a_redirect() {
    let server = Server::start(|head| match head.path() {
        "/x" => answer("302 Found", "Location: /login\r\n", ""),
        _ => answer("200 OK", "", "log in"),
    });
    run(&["explain", "--probe", &curl(&server, "/x", &format!("Authorization: Bearer {SECRET}"))], &[]);
    let hops: Vec<_> = server.heads().into_iter().filter(|head| head.path() == "/login").collect();
    assert!(!hops.is_empty() && hops.iter().all(|head| head.field("authorization").is_empty()), "{hops:?}");
}

#[test]
fn a_secret_in_a_location_is_not_carried_away() {
    let other = Server::start(|_| unauthorized(""));
    let away = other.url("");
    let server = Server::start(move |head| answer("302 Found", &format!("Location: {away}{}\r\n", head.path()), ""));
    run(&["explain", "--probe", &format!("curl {}", server.url(&format!("/x?api_key={SECRET}")))], &[]);
    assert!(server.heads().iter().any(|head| head.path().contains(SECRET)));
    assert!(other.heads().iter().all(|head| !head.path().contains(SECRET)), "{:?}", other.heads());
}

#[test]
fn private_hosts_that_somebody_names_are_not_called() {
    let inside = Server::raw("127.0.0.2", |_, stream| stream.write(unauthorized("").as_bytes()).unwrap_or(0));
    let port = inside.address.port();
    let names =
        [format!("127.0.0.2:{port}"), format!("[::ffff:127.0.0.2]:{port}"), format!("0x7f000002:{port}"), format!("2130706434:{port}")];
    for name in &names {
        let location = format!("Location: http://{name}/\r\n");
        let challenge = format!("WWW-Authenticate: Bearer resource_metadata=\"http://{name}/meta\"\r\n");
        let redirecting = Server::start(move |_| answer("302 Found", &location, ""));
        let naming = Server::start(move |_| answer("401 Unauthorized", &challenge, ""));
        let token = jwt(&format!("http://{name}"));
        run(&["explain", "--probe", &curl(&redirecting, "/x", &format!("Authorization: Bearer {SECRET}"))], &[]);
        run(&["explain", "--probe", &curl(&naming, "/x", &format!("Authorization: Bearer {token}"))], &[]);
        run(&["explain", "--probe", &token], &[]);
        assert!(naming.heads().iter().any(|head| head.field("authorization").contains(&token)), "the probe ran");
    }
    assert_eq!(inside.heads().len(), 0, "{:?}", inside.heads());
}

fn jwt(issuer: &str) -> String {
    let part = |value: String| URL_SAFE_NO_PAD.encode(value);
    let header = part(r#"{"alg":"RS256","typ":"JWT","kid":"key-1"}"#.to_owned());
    let claims = part(format!(r#"{{"iss":"{issuer}","sub":"ann","aud":"x","iat":1700000000,"exp":4000000000}}"#));
    format!("{header}.{claims}.{}", part("signature-of-the-token".to_owned()))
}

#[test]
fn an_issuer_that_lacks_the_key() {
    let issuer = Arc::new(Mutex::new(String::new()));
    let own = issuer.clone();
    let server = Server::start(move |head| {
        let issuer = own.lock().unwrap().clone();
        match head.path() {
            "/.well-known/openid-configuration" => answer("200 OK", "", &format!(r#"{{"issuer":"{issuer}","jwks_uri":"{issuer}/keys"}}"#)),
            "/keys" => answer("200 OK", "", r#"{"keys":[{"kty":"RSA","kid":"key-2","n":"AQAB","e":"AQAB"}]}"#),
            _ if head.field("authorization").is_empty() => answer("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", ""),
            _ => answer("401 Unauthorized", "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n", ""),
        }
    });
    *issuer.lock().unwrap() = server.url("");
    let output =
        run(&["--json", "explain", "--probe", &curl(&server, "/x", &format!("Authorization: Bearer {}", jwt(&server.url(""))))], &[]);
    let (_, causes) = verdict(&output);
    assert!(causes.contains(&"token-key-unknown".to_owned()), "{causes:?}");
    let documents = server.heads().into_iter().filter(|head| head.path() == "/keys" || head.path().starts_with("/.well-known/"));
    let documents: Vec<_> = documents.collect();
    assert!(documents.len() >= 2 && documents.iter().all(|head| head.field("authorization").is_empty()), "{documents:?}");
}

#[test]
fn a_password_fails_once_at_most() {
    let server = Server::start(|_| answer("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", ""));
    let pair = STANDARD.encode(format!("ann:{SECRET}"));
    let own = |head: &Head| head.field("authorization").ends_with(&pair);
    run(&["explain", "--probe", &curl(&server, "/x", &format!("Authorization: Basic {pair}"))], &[]);
    assert_eq!(server.heads().iter().filter(|head| own(head)).count(), 1, "{:?}", server.heads());
    let names = server.heads().into_iter().filter(|head| !own(head)).filter_map(|head| {
        let value = head.field("authorization").strip_prefix("Basic ")?.to_owned();
        Some(text(&STANDARD.decode(value).unwrap()))
    });
    let names: Vec<_> = names.collect();
    assert!(!names.is_empty() && names.iter().all(|name| name.starts_with("countersign-probe-")), "{names:?}");

    let before = server.heads().iter().filter(|head| own(head)).count();
    run(
        &["try", "--all", &server.url("/y"), "--user", "ann:PASSWORD", "--bearer", "OTHER", "--key", "OTHER"],
        &[("PASSWORD", SECRET), ("OTHER", "another-0123456789")],
    );
    assert_eq!(server.heads().iter().filter(|head| own(head)).count() - before, 1);
}

#[test]
fn what_changes_something_is_not_sent() {
    let server = Server::start(|_| unauthorized(""));
    for method in ["POST", "DELETE", "PUT", "PATCH"] {
        let command = format!("curl -X {method} {} -H 'X-API-Key: {SECRET}' -d '{{\"pay\":1}}'", server.url("/x"));
        run(&["explain", "--probe", &command], &[]);
    }
    for head in server.heads() {
        let method = head.line.split(' ').next().unwrap();
        assert!(["GET", "HEAD", "OPTIONS"].contains(&method), "{head:?}");
        assert_eq!((head.field("content-length"), head.field("transfer-encoding")), ("", ""), "{head:?}");
    }
    assert!(server.heads().iter().all(|head| !head.line.starts_with("GET /x")) && !server.heads().is_empty(), "{:?}", server.heads());
}

#[test]
fn no_plan_is_longer_than_twelve_requests() {
    let server =
        Server::start(|head| answer("307 Temporary Redirect", &format!("Location: {}x\r\nWWW-Authenticate: Bearer\r\n", head.path()), ""));
    let command =
        format!("{} -H 'Origin: https://app.example'", curl(&server, "/x", &format!("Authorization: Bearer {}", jwt(&server.url("")))));
    run(&["explain", "--probe", &command], &[]);
    assert!((5..=12).contains(&server.heads().len()), "{:?}", server.heads());
}

#[test]
fn servers_that_do_not_end() {
    let endless = |start: &'static str, more: &'static str| {
        Server::raw("127.0.0.1", move |_, stream| {
            let piece = more.repeat(1 + 65_536 / more.len().max(1));
            let mut written = 0;
            let _ = stream.write_all(start.as_bytes());
            while !more.is_empty() && stream.write_all(piece.as_bytes()).is_ok() {
                written += piece.len();
            }
            if more.is_empty() {
                // Until the other side gives up.
                let _ = std::io::Read::read(stream, &mut [0]);
            }
            written
        })
    };
    let cases = [
        ("endless fields", "HTTP/1.1 401 Unauthorized\r\n", "X-More: more\r\n", "head is larger"),
        ("an endless field", "HTTP/1.1 401 Unauthorized\r\nX-More: ", "more", "head is larger"),
        ("an endless body", "HTTP/1.1 401 Unauthorized\r\n\r\n", "more", "401"),
        ("endless chunks", "HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n", "4\r\nmore\r\n", "401"),
        ("no HTTP", "SSH-2.0-OpenSSH_9.9\r\n", "more\r\n", "speaks no HTTP"),
        ("silence", "", "", "no answer in time"),
        ("a body that stops", "HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\nbegun", "", "401"),
    ];
    for (name, start, more, expect) in cases {
        let server = endless(start, more);
        let output = run(&["explain", &server.url("/x")], &[]);
        assert!(text(&output.stderr).contains(expect), "{name}: {output:?}");
        assert!(server.written.load(Ordering::SeqCst) < 64 * 1024 * 1024, "{name}: {:?}", server.written);
    }
}

#[test]
fn escapes_in_answers_work_on_no_terminal() {
    let server = Server::start(|_| {
        let fields = "WWW-Authenticate: Basic realm=\"\u{1b}[31mred\u{1b}]0;x\u{7}\"\r\nLocation: /\u{1b}[2J\r\n";
        answer("401 Unauthorized", fields, "{\"detail\":\"\u{1b}[2J\u{9b}31m\"}")
    });
    run(&["explain", "--probe", &curl(&server, "/\u{1b}[2J", &format!("X-\u{1b}[2JKey: {SECRET}"))], &[]);
    run(&["try", &server.url("/x"), "--key", "KEY"], &[("KEY", SECRET)]);
}

#[test]
fn proxies_are_taken_from_the_argument_alone() {
    let proxy = Server::start(|_| unauthorized("by the proxy"));
    let server = Server::start(|_| unauthorized(""));
    let address = proxy.url("");
    let environment = ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"].map(|name| (name, address.as_str()));
    run(&["explain", &server.url("/x")], &environment);
    assert_eq!((proxy.heads().len(), server.heads().len()), (0, 1));
    run(&["explain", "--proxy", &proxy.url(""), &server.url("/x")], &[]);
    assert_eq!((proxy.heads().len(), server.heads().len()), (1, 1));
    assert_eq!(proxy.heads()[0].line, format!("GET {} HTTP/1.1", server.url("/x")));
    let with_name = proxy.url("/").replace("http://", "http://me:mine@");
    let output = run(&["explain", "--proxy", &with_name, "https://localhost:9/x"], &[]);
    let connect = proxy.heads().pop().unwrap();
    assert_eq!((connect.line.as_str(), connect.field("proxy-authorization")), ("CONNECT localhost:9 HTTP/1.1", "Basic bWU6bWluZQ=="));
    assert!(text(&output.stderr).contains("the proxy answered 401"), "{output:?}");
}

#[test]
fn certificates_that_are_not_trusted() {
    let server = Server::start(|_| unauthorized(""));
    let port = door(&Authority::new().certify("localhost"), "http/1.1", server.address);
    let output = run(&["--json", "explain", "--probe", &format!("curl https://localhost:{port}/x -H 'X-API-Key: {SECRET}'")], &[]);
    assert_eq!(server.heads().len(), 0, "nothing is sent to who is not known");
    assert!(verdict(&output).1.iter().any(|cause| cause.starts_with("tls-") || cause.starts_with("certificate-")), "{output:?}");
}

#[track_caller]
fn tried(arguments: &[&str], environment: &[(&str, &str)]) -> (Vec<u64>, bool, Option<i32>) {
    let output = run(arguments, environment);
    let value: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|fault| panic!("{fault}: {output:?}"));
    let statuses = value["tried"].as_array().unwrap().iter().map(|row| row["status"].as_u64().unwrap()).collect();
    (statuses, value["admitted"].as_bool().unwrap(), output.status.code())
}

#[test]
fn combinations_are_tried_until_one_is_admitted() {
    let server = Server::start(|head| match head.field("x-api-key") {
        key if key == SECRET => answer("200 OK", "", "hello"),
        _ => unauthorized(""),
    });
    let url = server.url("/x");
    let key = [("KEY", SECRET), ("TOKEN", "another-0123456789")];
    assert_eq!(tried(&["--json", "try", &url, "--key", "KEY"], &key), (vec![401, 200], true, Some(0)));
    assert_eq!(server.heads().len(), 2);
    assert_eq!(tried(&["--json", "try", &url, "--all", "--key", "KEY"], &key), (vec![401, 200, 401, 401, 401, 401, 401], true, Some(0)));
    assert_eq!(tried(&["--json", "try", &url, "--bearer", "TOKEN"], &key), (vec![401, 401, 401, 401], false, Some(1)));
    let table = text(&run(&["try", &url, "--key", "KEY"], &key).stdout);
    assert!(table.contains("X-API-Key: the key") && table.contains("admitted") && table.contains("Key realm"), "{table}");
}

#[test]
fn secrets_come_from_files_and_standard_input() {
    let server = Server::start(|head| match head.field("authorization") {
        "Basic YW5uOnMzY3JldC1vZi1hbm4tMDEyMzQ1Njc4OQ==" => answer("200 OK", "", "hello"),
        _ => unauthorized(""),
    });
    let folder = Folder::new();
    let file = folder.write("password", format!("{SECRET}\n"));
    let of_file = format!("ann:{}", file.display());
    assert_eq!(tried(&["--json", "try", &server.url("/x"), "--user", &of_file], &[]), (vec![401, 200], true, Some(0)));
    for user in ["ann", "ann:-"] {
        let mut child = program(&["try", &server.url("/x"), "--user", user]);
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{SECRET}").unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success() && !text(&output.stdout).contains(SECRET), "{user}: {output:?}");
    }
    let wrong = run(&["try", &server.url("/x"), "--bearer", "no-such-variable"], &[]);
    assert!(!wrong.status.success() && !text(&wrong.stderr).contains("no-such-variable"), "{wrong:?}");
}

/// Apache's own Digest, which is not this project's: the password is admitted, and a wrong one is tried once.
#[test]
fn apache_is_answered_with_digest() {
    let folder = Folder::new();
    let port = free_port();
    // The MD5 of `alice:files:` and the secret is what htdigest writes.
    let hash = countersign::digest::ha1("alice", "files", SECRET, countersign::digest::Algorithm::Md5);
    folder.write("digest", format!("alice:files:{}\n", hash.expose()));
    let path = folder.path().to_str().unwrap().to_owned();
    let config = fill(&folder, "apache.conf", &[("PORT", &port.to_string()), ("FOLDER", &path)]);
    let apache = Product::start(folder, port, "apache2", &["-X", "-f", config.to_str().unwrap()]);
    let url = format!("http://{}/digest", apache.at);
    let right = [("PASSWORD", SECRET)];
    assert_eq!(tried(&["--json", "try", &url, "--user", "alice:PASSWORD"], &right), (vec![401, 200], true, Some(0)));
    let wrong = [("PASSWORD", "another-0123456789")];
    assert_eq!(tried(&["--json", "try", &url, "--user", "alice:PASSWORD"], &wrong), (vec![401, 401], false, Some(1)));
}

/// How often a password was sent, and in which schemes, to a server that refuses everything with these challenges.
#[track_caller]
fn sent(first: &'static str, later: &'static str, expect: &[&str]) {
    let server = Server::start(move |head| {
        let challenges = if head.field("authorization").is_empty() { first } else { later };
        answer("401 Unauthorized", challenges, "")
    });
    run(&["try", "--all", &server.url("/x"), "--user", "ann:PASSWORD"], &[("PASSWORD", SECRET)]);
    let schemes = server.heads().into_iter().filter_map(|head| Some(head.field("authorization").split_once(' ')?.0.to_owned()));
    assert_eq!(schemes.collect::<Vec<_>>(), expect, "{first} {later}");
}

#[test]
fn one_password_fails_once_whatever_is_offered() {
    let basic = "WWW-Authenticate: Basic realm=\"x\"\r\n";
    let digest = "WWW-Authenticate: Digest realm=\"x\", nonce=\"y\", qop=\"auth\", algorithm=SHA-256\r\n";
    let both = "WWW-Authenticate: Basic realm=\"x\"\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"y\", qop=\"auth\"\r\n";
    let stale = "WWW-Authenticate: Digest realm=\"x\", nonce=\"z\", qop=\"auth\", stale=true\r\n";
    let unknown = "WWW-Authenticate: Digest realm=\"x\", nonce=\"y\", algorithm=SHA-1\r\n";
    sent(basic, basic, &["Basic"]);
    sent(digest, digest, &["Digest"]);
    sent(both, both, &["Digest"]);
    sent(basic, both, &["Basic"]);
    sent("", digest, &["Basic", "Digest"]);
    sent(digest, stale, &["Digest", "Digest"]);
    sent(digest, basic, &["Digest"]);
    sent(unknown, unknown, &[]);
}

#[test]
fn private_authorities_are_trusted_if_named() {
    let authority = Authority::new();
    let certificate = authority.certify("localhost");
    let (folder, port) = (Folder::new(), free_port());
    let path = folder.path().display().to_string();
    let config = format!(
        "daemon off; pid {path}/pid; error_log stderr crit; events {{}} http {{ access_log off; client_body_temp_path {path}/1; \
         proxy_temp_path {path}/2; fastcgi_temp_path {path}/3; uwsgi_temp_path {path}/4; scgi_temp_path {path}/5; \
         server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {}; \
         location / {{ if ($http_x_api_key != \"{SECRET}\") {{ return 401; }} return 204; }} }} }}",
        certificate.chain.display(),
        certificate.key.display()
    );
    let config = folder.write("nginx.conf", config);
    let _nginx = Product::start(folder, port, "nginx", &["-p", &path, "-c", config.to_str().unwrap()]);
    let (url, pem) = (format!("https://localhost:{port}/x"), authority.pem().display().to_string());
    let key = [("KEY", SECRET)];

    let output = run(&["try", &url, "--key", "KEY"], &key);
    assert!(!output.status.success() && text(&output.stdout).contains("--ca FILE"), "{output:?}");
    let output = run(&["try", &url, "--key", "KEY", "--ca", &pem], &key);
    assert!(output.status.success() && text(&output.stdout).contains("Admitted: X-API-Key"), "{output:?}");
    let output = run(&["explain", "--probe", "--ca", &pem, &format!("curl {url} -H 'X-API-Key: wrong-0123456789'")], &[]);
    assert!(text(&output.stderr).contains(": 401"), "{output:?}");
    let output = run(&["try", &url, "--ca", config.to_str().unwrap()], &[]);
    assert!(!output.status.success() && text(&output.stderr).contains("no certificate of an authority"), "{output:?}");
    let other = Authority::new();
    let output = run(&["try", &url, "--key", "KEY", "--ca", &other.pem().display().to_string()], &key);
    assert!(!output.status.success() && text(&output.stdout).contains("no authority that is trusted"), "{output:?}");
}
