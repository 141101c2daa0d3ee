//! `countersign explain` on logs: those that real servers wrote of real refusals, our own trail, packed ones, pipes, and
//! one that grows and is rotated while it is followed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{basic, get};
use countersign_suites::gateway::{Folder, program, run};
use countersign_suites::scene::Scene;
use countersign_suites::within;
use serde_json::Value;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);
/// `secret`, as htpasswd writes it with SHA-1; any form will do that both servers read.
const USERS: &str = "ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";

/// A server of somebody else's that is stopped with the test.
struct Server(Child);

impl Server {
    fn start(program: &str, arguments: &[&str], at: SocketAddr) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
        let server = Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        within(PATIENCE, program, || TcpStream::connect(at).is_ok());
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// The same refusals of every server: nothing sent, an unknown name, wrong passwords, a forbidden place; and two admissions.
fn ask(at: SocketAddr, log: &Path) {
    let user = |name: &str, password: &str| get(at, "/private/x?key=s3cr3t", &[("Authorization", &basic(name, password))]).status;
    assert_eq!(get(at, "/private/x", &[]).status, 401);
    assert_eq!(user("nobody", "secret"), 401);
    assert_eq!((user("ann", "wrong"), user("ann", "wronger")), (401, 401));
    assert_eq!(get(at, "/denied/x", &[]).status, 403);
    assert_eq!((user("ann", "secret"), user("ann", "secret")), (404, 404));
    within(PATIENCE, "all seven are logged", || fs::read_to_string(log).is_ok_and(|text| text.lines().count() >= 7));
}

#[track_caller]
fn explain(path: &Path) -> Value {
    let output = run(&["--json", "explain", path.to_str().unwrap()], "");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("s3cr3t"), "a query is not shown: {text}");
    serde_json::from_str(&text).unwrap()
}

/// The access log's report with its error log beside it, given first; it is all there is to tell.
#[track_caller]
fn both(folder: &Path) -> Value {
    let paths = ["error.log", "access.log"].map(|name| folder.join(name).to_str().unwrap().to_owned());
    let output = run(&["--json", "explain", &paths[0], &paths[1]], "");
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("one report")
}

/// `count code` of each cause, in the order of the codes.
fn causes(report: &Value) -> Vec<String> {
    let rows = report["by_cause"].as_array().unwrap().iter();
    let mut rows: Vec<_> = rows.map(|row| format!("{} {}", row["count"], row["cause"].as_str().unwrap())).collect();
    rows.sort_by(|a, b| a.split_once(' ').unwrap().1.cmp(b.split_once(' ').unwrap().1));
    rows
}

/// What an access log tells of `ask`.
#[track_caller]
fn check_access(report: &Value, format: &str) {
    assert_eq!(report["format"], format);
    assert_eq!((report["refused"].as_u64(), report["unreadable"].as_u64()), (Some(5), Some(0)), "{report}");
    assert_eq!(report["by_status"], serde_json::json!([{ "status": 401, "count": 4 }, { "status": 403, "count": 1 }]));
    assert_eq!(report["routes"][0]["name"], "GET /private/x");
    assert_eq!(report["clients"][0]["name"], "127.0.0.1");
    assert_eq!((&report["users"][0]["name"], &report["users"][0]["refused"]), (&"ann".into(), &2.into()));
}

#[test]
fn logs_of_nginx() {
    let (folder, at) = (Folder::new(), free());
    let place = folder.path().display();
    folder.write("users", USERS);
    let config = format!(
        "daemon off; master_process off; pid {place}/pid; error_log {place}/error.log info; events {{}}\n\
         http {{ access_log {place}/access.log combined; client_body_temp_path {place}/a; proxy_temp_path {place}/b; \
         fastcgi_temp_path {place}/c; uwsgi_temp_path {place}/d; scgi_temp_path {place}/e;\n\
         server {{ listen {at}; root {place}; location /private/ {{ auth_basic files; auth_basic_user_file {place}/users; }} \
         location /denied/ {{ deny all; }} }} }}\n"
    );
    let config = folder.write("nginx.conf", config);
    let server = Server::start("nginx", &["-c", config.to_str().unwrap()], at);
    ask(at, &folder.path().join("access.log"));
    drop(server);
    check_access(&explain(&folder.path().join("access.log")), "combined log");
    let report = explain(&folder.path().join("error.log"));
    assert_eq!(report["format"], "nginx error log");
    assert_eq!(causes(&report), ["1 account-unknown", "1 blocked", "1 credentials-missing", "2 password-wrong"], "{report}");
    let both = both(folder.path());
    check_access(&both, "combined log");
    assert_eq!(causes(&both), causes(&report), "every refusal has its reason: {both}");
    assert_eq!((&both["joined"]["explained"], &both["joined"]["unexplained"]), (&5.into(), &0.into()), "{both}");
}

#[test]
fn logs_of_apache() {
    let (folder, at) = (Folder::new(), free());
    let place = folder.path().display();
    folder.write("users", USERS);
    let modules = ["mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic"];
    let modules: String = modules.iter().map(|name| format!("LoadModule {name}_module modules/mod_{name}.so\n")).collect();
    let config = format!(
        "ServerRoot /usr/lib/apache2\nServerName localhost\nListen {at}\nPidFile {place}/pid\nMutex file:{place}\n{modules}\
         ErrorLog {place}/error.log\nLogFormat \"%h %l %u %t \\\"%r\\\" %>s %O \\\"%{{Referer}}i\\\" \\\"%{{User-Agent}}i\\\"\" combined\n\
         CustomLog {place}/access.log combined\nDocumentRoot {place}\n<Directory {place}>\nRequire all granted\n</Directory>\n\
         <Location /private>\nAuthType Basic\nAuthName files\nAuthUserFile {place}/users\nRequire valid-user\n</Location>\n\
         <Location /denied>\nRequire all denied\n</Location>\n"
    );
    let config = folder.write("apache.conf", config);
    let server = Server::start("apache2", &["-X", "-f", config.to_str().unwrap()], at);
    ask(at, &folder.path().join("access.log"));
    drop(server);
    check_access(&explain(&folder.path().join("access.log")), "combined log");
    let report = explain(&folder.path().join("error.log"));
    assert_eq!(report["format"], "Apache error log");
    assert_eq!(causes(&report), ["1 account-unknown", "1 blocked", "2 password-wrong"], "{report}");
    let both = both(folder.path());
    check_access(&both, "combined log");
    assert_eq!(causes(&both), causes(&report), "{both}");
    assert_eq!(both["joined"]["unexplained"], 1, "Apache writes nothing where no credentials came: {both}");
}

#[test]
fn our_own_trail() {
    let scene = Scene::orders();
    for _ in 0..6 {
        assert_eq!(get(scene.at(), "/api/orders/17", &[]).status, 401);
    }
    assert_eq!(get(scene.at(), "/api/x", &[("Authorization", "Bearer no.good.token")]).status, 401);
    let mut trail = None;
    within(PATIENCE, "the trail is written", || {
        trail = find(scene.gateway.folder.path(), "refusals.jsonl");
        trail.as_ref().is_some_and(|path| fs::read_to_string(path).unwrap().lines().count() == 7)
    });
    let report = explain(&trail.unwrap());
    assert_eq!(report["format"], "Countersign trail");
    assert_eq!(causes(&report), ["6 credentials-missing", "1 token-malformed"], "{report}");
}

fn find(folder: &Path, name: &str) -> Option<std::path::PathBuf> {
    fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let path = entry.path();
        if path.is_dir() { find(&path, name) } else { Some(path).filter(|path| path.ends_with(name)) }
    })
}

fn line(minute: u32, status: u16) -> String {
    format!("10.0.0.1 - - [10/Oct/2025:13:{minute:02}:36 +0000] \"GET /api/7 HTTP/1.1\" {status} 153 \"-\" \"curl/8\"\n")
}

#[test]
fn packed_and_piped_logs() {
    let folder = Folder::new();
    let text: String = (0..60).map(|minute| line(minute, if minute < 50 { 200 } else { 401 })).collect();
    let path = folder.write("access.log", &text);
    let plain = explain(&path);
    assert_eq!((&plain["requests"], &plain["refused"]), (&60.into(), &10.into()));
    assert!(Command::new("gzip").arg("-k").arg(&path).status().unwrap().success());
    assert_eq!(explain(&folder.path().join("access.log.gz")), plain);
    let piped = run(&["--json", "explain", "-"], &text);
    assert_eq!(serde_json::from_slice::<Value>(&piped.stdout).unwrap(), plain);
    let shown = run(&["explain", path.to_str().unwrap()], "");
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("10 of 60 requests refused") && shown.contains("expired tokens") && shown.contains("/api/{…}"), "{shown}");
}

#[test]
fn rotated_logs_are_one_and_others_stand_beside() {
    let folder = Folder::new();
    let new = folder.write("access.log", line(5, 401).repeat(3));
    let old = folder.write("access.log.1", line(4, 401).repeat(2));
    let errors = folder.write(
        "error.log",
        "2025/10/10 13:04:36 [error] 1#1: *7 user \"ann\": password mismatch, client: 10.0.0.9, server: a, request: \"GET /a HTTP/1.1\"\n",
    );
    let paths = [&new, &old, &errors].map(|path| path.to_str().unwrap());
    let output = run(&[["--json", "explain"].as_slice(), &paths].concat(), "");
    let text = String::from_utf8(output.stdout).unwrap();
    let reports: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen: Vec<_> = reports.iter().map(|report| (report["format"].as_str().unwrap(), report["refused"].as_u64().unwrap())).collect();
    assert_eq!(seen, [("combined log", 5), ("nginx error log", 1)]);
}

#[test]
fn a_log_without_refusals_has_nothing_to_explain() {
    let folder = Folder::new();
    let path = folder.write("access.log", line(1, 200).repeat(20));
    let output = run(&["explain", path.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("20 lines"), "{output:?}");
}

#[test]
fn a_log_is_followed_across_a_rotation() {
    let folder = Folder::new();
    let path = folder.write("access.log", line(1, 401));
    let mut child = program(&["--json", "explain", "--follow", path.to_str().unwrap()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (send, lines) = channel();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || stdout.lines().map_while(Result::ok).for_each(|line| drop(send.send(line))));
    let next = || -> Value { serde_json::from_str(&lines.recv_timeout(PATIENCE).expect("a line")).unwrap() };
    assert_eq!(next()["refused"], 1);
    let mut log = OpenOptions::new().append(true).open(&path).unwrap();
    // The line comes in two parts, and counts once.
    let added = line(2, 403);
    log.write_all(&added.as_bytes()[..30]).unwrap();
    log.write_all(&added.as_bytes()[30..]).unwrap();
    let change = next();
    assert_eq!((&change["refused"], &change["by_status"][0]["status"]), (&1.into(), &403.into()));
    fs::rename(&path, folder.path().join("access.log.1")).unwrap();
    log.write_all(line(3, 429).as_bytes()).unwrap();
    fs::write(&path, line(4, 401) + &line(5, 401)).unwrap();
    let mut statuses = Vec::new();
    while statuses.len() < 3 {
        for row in next()["by_status"].as_array().unwrap() {
            statuses.extend(vec![row["status"].as_u64().unwrap(); row["count"].as_u64().unwrap() as usize]);
        }
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [401, 401, 429], "the old file to its end, then the new one");
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
}
