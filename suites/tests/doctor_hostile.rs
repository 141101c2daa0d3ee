//! Inputs that are made to hurt whoever reads them, given to the doctor by both doors: the command, and the page that keeps
//! running, whose greatest memory can therefore be read. Each is answered, within bounds, with nothing dangerous in it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_suites::client::{Wire, request_on};
use countersign_suites::gateway::{Folder, program};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// What one input may take. It is meant to tell what ends from what does not: a debug build needs twenty times as long.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most memory that any of them may take, in KiB.
const MEMORY: u64 = 256 * 1024;
const SECRET: &str = "hunter2-is-secret";
/// 200 MiB of blanks, deflated a thousandfold.
const BOMB: &[u8] = include_bytes!("../vectors/doctor/bomb.deflate");

const MIB: usize = 1 << 20;

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

fn hostile() -> Vec<(&'static str, Vec<u8>)> {
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
        ("zeros", vec![0; 8 * MIB]),
        ("noise", noise(8 * MIB)),
        ("bytes that are no text", vec![0xff; 8 * MIB]),
        ("UTF-16", "\u{feff}HTTP/1.1 401".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("a byte order mark", b"\xef\xbb\xbfHTTP/1.1 401 Unauthorized\n\n".to_vec()),
        ("gzip that ends", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b".to_vec()),
        ("an ELF file", [b"\x7fELF".to_vec(), noise(MIB)].concat()),
        // Large.
        ("one line", vec![b'a'; 8 * MIB]),
        ("blanks", vec![b' '; 4 * MIB]),
        ("empty lines", vec![b'\n'; MIB]),
        ("carriage returns", vec![b'\r'; MIB]),
        ("colons", vec![b':'; 4 * MIB]),
        ("quotes", vec![b'"'; 4 * MIB]),
        ("backslashes", vec![b'\\'; 4 * MIB]),
        ("separators", "###\n".repeat(MIB / 4).into_bytes()),
        ("dots", vec![b'.'; 4 * MIB]),
        ("base64 of nothing known", vec![b'A'; 8 * MIB]),
        // Exchanges.
        ("many fields", refused(&"X-A: b\n".repeat(60_000), "")),
        ("many credentials", refused(&format!("Authorization: Bearer {SECRET}\n").repeat(50_000), "")),
        ("many challenges", refused(&format!("WWW-Authenticate: {}", "Basic realm=\"a\", ".repeat(100_000)), "")),
        ("an endless challenge", refused(&format!("WWW-Authenticate: Basic realm=\"{}", "\\\"".repeat(MIB)), "")),
        ("many cookies", refused(&format!("Cookie: {}", "a=b; ".repeat(60_000)), "")),
        ("a long field", refused(&format!("X-A: {}", "b".repeat(8 * MIB)), "")),
        ("a long name", refused(&format!("{}: b", "X".repeat(8 * MIB)), "")),
        ("many exchanges", "GET / HTTP/1.1\n\nHTTP/1.1 401 Unauthorized\n\n###\n".repeat(50_000).into_bytes()),
        ("status lines alone", "HTTP/1.1 401 Unauthorized\n\n".repeat(200_000).into_bytes()),
        ("odd statuses", b"HTTP/1.1 99999999999999999999 X\n\nHTTP/1.1 -1\n\nHTTP/1.1 401\n\n".to_vec()),
        ("a date far away", refused("Date: Fri, 31 Dec 99999999 23:59:59 GMT", "")),
        ("a retry after ages", refused("Retry-After: 99999999999999999999999", "")),
        ("escapes", refused("X-\u{1b}[2J: \u{1b}]52;c;aGFja2Vk\u{7}\nServer: \u{9b}31m\u{202e}", "\u{1b}[2J\u{1b}c")),
        ("a body of markup", refused("Content-Type: text/html", &nested("<div>", "401", "</div>", 200_000))),
        ("a long body", refused("Content-Type: application/json", &"a".repeat(8 * MIB))),
        (
            "secrets everywhere",
            refused(&format!("Authorization: Basic {}\nX-Api-Key: {SECRET}", STANDARD.encode(format!("a:{SECRET}"))), ""),
        ),
        // JSON.
        ("nested lists", nested("[", "", "]", 2_000_000).into_bytes()),
        ("nested objects", nested("{\"a\":", "1", "}", 1_000_000).into_bytes()),
        ("open lists", vec![b'['; 4 * MIB]),
        ("a nested body", refused("Content-Type: application/json", &nested("{\"error\":", "1", "}", 300_000))),
        ("lone surrogates", b"{\"error\":\"\\ud800\\udc00\\ud800\",\"log\":{\"entries\":\"x\"}}".to_vec()),
        ("a number of many digits", format!("{{\"keys\":[{{\"kty\":\"RSA\",\"n\":{}}}]}}", "9".repeat(MIB)).into_bytes()),
        (
            "many keys",
            format!("{{\"keys\":[{}]}}", ["{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"; 50_000].join(",")).into_bytes(),
        ),
        ("the same member again", format!("{{{}\"issuer\":\"x\"}}", "\"issuer\":\"https://a.example\",".repeat(100_000)).into_bytes()),
        // HAR.
        ("a HAR of the wrong shape", b"{\"log\":{\"entries\":[[],1,null,{\"request\":[],\"response\":{\"status\":\"401\"}}]}}".to_vec()),
        ("a HAR that ends", har(&[entry; 3].join(",")).as_bytes()[..300].to_vec()),
        ("a HAR with many entries", har(&vec![entry; 20_000].join(",")).into_bytes()),
        ("a HAR with a bomb", har(&entry.replace("\"text\":\"x\"", &format!("\"encoding\":\"base64\",\"text\":\"{bomb}\""))).into_bytes()),
        ("a nested HAR", format!("{{\"log\":{}}}", nested("{\"entries\":[", "", "]}", 300_000)).into_bytes()),
        // Tokens.
        ("a token of everything", jwt("{\"alg\":\"none\"}", &format!("{{\"a\":\"{}\"}}", "b".repeat(4 * MIB))).into_bytes()),
        ("a nested token", jwt(&nested("{\"a\":", "1", "}", 100_000), &nested("[", "", "]", 100_000)).into_bytes()),
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
        ("five dots", format!("{}.....", "a".repeat(MIB)).into_bytes()),
        // SAML and other XML.
        ("a billion laughs", format!("<!DOCTYPE r [<!ENTITY l0 \"ha\">{laughs}]>{}", saml("&l9;")).into_bytes()),
        ("a quadratic entity", format!("<!DOCTYPE r [<!ENTITY a \"{}\">]>{}", "a".repeat(MIB), saml(&"&a;".repeat(100_000))).into_bytes()),
        ("a foreign entity", format!("<!DOCTYPE r [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>{}", saml("&a;")).into_bytes()),
        ("nested elements", saml(&nested("<a>", "", "</a>", 500_000)).into_bytes()),
        ("open elements", saml(&"<a>".repeat(MIB)).into_bytes()),
        ("many attributes", saml(&format!("<a {}/>", (0..100_000).map(|at| format!("a{at}=\"b\" ")).collect::<String>())).into_bytes()),
        (
            "many name spaces",
            saml(&format!("<a {}/>", (0..100_000).map(|at| format!("xmlns:a{at}=\"b\" ")).collect::<String>())).into_bytes(),
        ),
        ("many prefixes", saml(&nested("<a xmlns:b=\"c\">", "<b:d/>", "</a>", 50_000)).into_bytes()),
        ("a comment without end", saml(&format!("<!--{}", "-".repeat(4 * MIB))).into_bytes()),
        ("a bomb", bomb.clone().into_bytes()),
        (
            "a bomb in a redirect",
            format!("https://sp.example/acs?SAMLRequest={}", bomb.replace('+', "%2B").replace('/', "%2F")).into_bytes(),
        ),
        ("a bomb in a form", format!("SAMLResponse={}", bomb.replace('+', "%2B")).into_bytes()),
        // Commands and configurations.
        ("a quote without end", format!("curl 'https://a.example/{}", "a".repeat(4 * MIB)).into_bytes()),
        ("many arguments", format!("curl https://a.example/ {}", "-H 'A: b' ".repeat(200_000)).into_bytes()),
        ("many lines", format!("curl https://a.example/ {}", "\\\n".repeat(MIB)).into_bytes()),
        (
            "files and programs",
            b"curl -d @/etc/passwd -K /etc/passwd -u \"$(cat /etc/passwd)\" `cat /etc/passwd` https://a.example/".to_vec(),
        ),
        ("open blocks", "server {\n".repeat(500_000).into_bytes()),
        ("nested tables", format!("[{}]\nlisten = 1", vec!["a"; 100_000].join(".")).into_bytes()),
        ("a long URL", format!("https://a.example/?{}", "a=b&".repeat(MIB)).into_bytes()),
        ("a URL of nothing", b"https://user:hunter2-is-secret@[::1]:99999/%zz?%&=&access_token=hunter2-is-secret#".to_vec()),
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

#[test]
fn t125_the_command_answers() {
    let folder = Folder::new();
    let mut found = Vec::new();
    for (name, bytes) in hostile() {
        let begun = Instant::now();
        let mut child = program(&["explain", "-"])
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
        if begun.elapsed() > PATIENCE {
            found.push(format!("{name}: {:?}", begun.elapsed()));
        }
        if !matches!(output.status.code(), Some(0..=3)) {
            found.push(format!("{name}: {:?}", output.status));
        }
        let said = [output.stdout, output.stderr].concat();
        found.extend(faults(name, str::from_utf8(&said).unwrap()));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something was written");
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
    let folder = Folder::new();
    let child =
        program(&["explain", "--web", "--json"]).env("HOME", folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut web = Web(child);
    let mut line = String::new();
    BufReader::new(web.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let (at, path) = ready["url"].as_str().unwrap().strip_prefix("http://").unwrap().split_once('/').unwrap();
    let at: SocketAddr = at.parse().unwrap();
    let (mut found, mut most) = (Vec::new(), 0);
    for (name, bytes) in hostile() {
        let mut wire = Wire::connect(at);
        wire.patience(4 * PATIENCE);
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
}
