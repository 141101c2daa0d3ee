//! `countersign explain` with the real binary: every form that people have a refusal in, what it exits with, each form of
//! the report without a secret in it, and inputs that are made to hurt.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_suites::gateway::{Folder, program};
use serde_json::Value;
use std::io::Write;
use std::process::{Output, Stdio};

/// The time by which everything here is judged: 2023-11-15T01:13:20Z.
const NOW: &str = "1700010800";
const EXCHANGE: &str = include_str!("../vectors/doctor/expired.http");
const HAR: &str = include_str!("../vectors/doctor/expired.har");
/// What must not be read anywhere in an output: of the token its signature, which is what makes it one.
const SECRETS: [&str; 4] =
    ["c2lnbmF0dXJlLW9mLXRoZS10b2tlbg", "cookie-value-0123456789abcdef", "hunter2-is-secret", "YWxpY2U6aHVudGVyMi1pcy1zZWNyZXQ"];
const FORMS: [&str; 4] = ["terminal", "markdown", "html", "json"];

/// Explains things in a folder where nothing else is.
#[track_caller]
fn explain(folder: &Folder, arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
    let mut child = program(&[&["explain", "--now", NOW], arguments].concat())
        .env("HOME", folder.path())
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let bytes = input.as_ref().to_vec();
    // What is refused unread closes its end.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&bytes)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

#[track_caller]
fn value(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|fault| panic!("no JSON ({fault}): {output:?}"))
}

/// Nothing that a terminal obeys, and no secret.
#[track_caller]
fn harmless(output: &Output) {
    for bytes in [&output.stdout, &output.stderr] {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let harmful = |c: char| c.is_control() && c != '\n' && c != '\t' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!text.contains(harmful), "{text:?}");
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} in\n{text}");
        }
    }
}

/// The input is taken for what it is by each way that leads in, and comes to this family. An empty one: it is recognised,
/// and more cannot be asked of it alone.
#[track_caller]
fn check(text: &str, family: &str) {
    let folder = Folder::new();
    folder.write("given", text);
    let ways: [(&[&str], &str); 3] = [(&["given"], ""), (&["-"], text), (&["--", text], "")];
    for (arguments, input) in ways {
        let output = explain(&folder, &[&["--json"], arguments].concat(), input);
        harmless(&output);
        let said = value(&output);
        assert_eq!(said["schema"], 1, "{said}");
        if !family.is_empty() {
            assert_eq!(said["verdict"]["family"], family, "{said}");
        }
        let expect = if said["verdict"]["confidence"] == "unknown" { 2 } else { 0 };
        assert_eq!(output.status.code(), Some(expect), "{said}");
    }
}

#[test]
fn exchanges() {
    check(EXCHANGE, "expired_token");
    check(&EXCHANGE.replace('\n', "\r\n"), "expired_token");
    check(HAR, "expired_token");
    // What curl -v prints, and what curl -i prints.
    check(
        "*   Trying 192.0.2.1:443...\n* Connected to api.example.com (192.0.2.1) port 443\n> GET /me HTTP/1.1\n> Host: api.example.com\n\
         > User-Agent: curl/8.5.0\n> Accept: */*\n> \n< HTTP/1.1 401 Unauthorized\n< WWW-Authenticate: Bearer realm=\"api\"\n\
         < Content-Length: 0\n< \n* Connection #0 to host api.example.com left intact\n",
        "missing_credentials",
    );
    check(
        "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"The token expired\"\n\n",
        "expired_token",
    );
    // Several in one file; the last refusal counts.
    check(
        "GET https://api.example.com/a HTTP/1.1\n\nHTTP/1.1 200 OK\n\nfine\n\n###\n\nGET https://api.example.com/b HTTP/1.1\n\n\
         HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm=\"b\"\n\n",
        "missing_credentials",
    );
}

#[test]
fn commands() {
    check("curl -H 'Authorization: Bearer ' https://api.example.com/a", "malformed_credentials");
    check("curl -H \"Authorization: Bearer $TOKEN\" https://api.example.com/a", "malformed_credentials");
    check("curl -u alice:hunter2-is-secret 'https://api.example.com/a?b=c'", "");
}

#[test]
fn tokens_and_documents() {
    let token = EXCHANGE.lines().find_map(|line| line.strip_prefix("Authorization: Bearer ")).unwrap();
    check(token, "expired_token");
    check(
        "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"use\":\"sig\",\"n\":\"sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri\",\"e\":\"AQAB\"}]}",
        "",
    );
    check(
        "{\"issuer\":\"https://login.example.com/\",\"authorization_endpoint\":\"https://login.example.com/authorize\",\
         \"token_endpoint\":\"https://login.example.com/token\",\"jwks_uri\":\"https://login.example.com/keys\"}",
        "",
    );
    check(
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"Unauthorized\",\"reason\":\"Unauthorized\",\"code\":401}",
        "",
    );
    check(
        "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_1\" Version=\"2.0\" IssueInstant=\"2023-11-15T01:13:20Z\">\
         <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"/></samlp:Status></samlp:Response>",
        "saml_invalid",
    );
}

#[test]
fn several_things_are_one_case() {
    let folder = Folder::new();
    folder.write("refused.http", EXCHANGE);
    folder.write(
        "nginx.conf",
        "server {\n  location / {\n    proxy_pass http://app:3000;\n    proxy_set_header Authorization \"\";\n  }\n}\n",
    );
    folder.write("keys.json", "{\"keys\":[]}");
    let output = explain(&folder, &["refused.http", "nginx.conf", "keys.json", "--json"], "");
    harmless(&output);
    let said = value(&output);
    assert_eq!(said["status"], 401, "{said}");
    assert_eq!(said["request"], "GET api.example.com/orders?page=2", "{said}");
}

/// A token of an issuer whose signature nobody can check, good until 2027.
fn token(audience: &str) -> String {
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let claims = format!(r#"{{"iss":"https://login.example.com/","aud":"{audience}","sub":"u1","exp":1800000000}}"#);
    format!("{}.{}.{}", part(r#"{"alg":"RS256","kid":"k1"}"#), part(&claims), "A".repeat(342))
}

/// A request with these credentials, refused without a word.
fn refused(authorization: &str, fields: &str) -> String {
    format!(
        "POST /orders HTTP/1.1\nHost: api.example.com\nAuthorization: {authorization}\n\n\
         HTTP/1.1 401 Unauthorized\nDate: Wed, 15 Nov 2023 01:13:20 GMT\n{fields}\n"
    )
}

/// These files together come to this cause, and a part of this one is quoted.
#[track_caller]
fn together(files: &[(&str, &str)], cause: &str, quoted: &str) {
    let folder = Folder::new();
    for (name, text) in files {
        folder.write(name, text);
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let output = explain(&folder, &[&["--json"], names.as_slice()].concat(), "");
    harmless(&output);
    let said = value(&output);
    assert_eq!(said["verdict"]["cause"], cause, "{said}");
    let places = said["evidence"].as_array().unwrap().iter().flat_map(|evidence| evidence["quotes"].as_array().unwrap());
    assert!(places.filter_map(|quote| quote["place"].as_str()).any(|place| place.contains(quoted)), "{quoted} in {said}");
}

#[test]
fn a_configuration_beside_a_refusal_settles_it() {
    let bearer = format!("Bearer {}", token("https://api.example.com"));
    let ours = "[[issuer]]\nname = \"corp\"\nissuer = \"https://login.example.com/\"\naudiences = [\"https://other.example.com\"]\n";
    together(
        &[("refused.http", &refused(&bearer, "WWW-Authenticate: Bearer")), ("countersign.toml", ours)],
        "token-audience-mismatch",
        "Authorization",
    );
    let elsewhere = ours.replace("login.example.com", "id.example.net");
    together(
        &[("refused.http", &refused(&bearer, "WWW-Authenticate: Bearer")), ("countersign.toml", &elsewhere)],
        "token-issuer-unknown",
        "Authorization",
    );
    let caddy = "api.example.com {\n\treverse_proxy app:3000 {\n\t\theader_up -Authorization\n\t}\n}\n";
    together(&[("refused.http", &refused(&bearer, "Server: Caddy")), ("Caddyfile", caddy)], "credentials-stripped", "Caddyfile");
    let apache = "<VirtualHost *:80>\n  RequestHeader unset Authorization\n  ProxyPass / http://app:3000/\n</VirtualHost>\n";
    together(&[("refused.http", &refused(&bearer, "Server: Apache")), ("httpd.conf", apache)], "credentials-stripped", "httpd.conf");
}

#[test]
fn of_several_recordings_the_quoted_one_is_named() {
    together(&[("first.http", EXCHANGE), ("second.http", EXCHANGE)], "token-expired", "second.http: ");
}

#[test]
fn tools_and_lone_tokens() {
    check(
        "POST /orders HTTP/1.1\nAccept: */*\nAuthorization: Bearer null\nHost: api.example.com\nUser-Agent: HTTPie/3.2.2\n\n\n\n\
         HTTP/1.1 401 Unauthorized\nContent-Length: 0\nDate: Wed, 15 Nov 2023 01:13:20 GMT\nServer: nginx\n\n\n",
        "malformed_credentials",
    );
    check("ghp_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789", "");
    let folder = Folder::new();
    folder.write("access.jwt", EXCHANGE.lines().find_map(|line| line.strip_prefix("Authorization: Bearer ")).unwrap());
    let said = value(&explain(&folder, &["--json", "access.jwt"], ""));
    assert_eq!(said["verdict"]["cause"], "token-expired", "{said}");
}

#[test]
fn exit_codes() {
    let folder = Folder::new();
    folder.write("refused.http", EXCHANGE);
    folder.write("fine.http", "GET https://api.example.com/ HTTP/1.1\n\nHTTP/1.1 200 OK\nContent-Type: text/plain\n\nfine\n");
    folder.write("bare.http", "GET https://api.example.com/ HTTP/1.1\n\nHTTP/1.1 500 Internal Server Error\n\n");
    folder.write("words.txt", "nothing of any kind");
    folder.write("cut.har", &HAR[..HAR.len() / 2]);
    std::fs::create_dir(folder.path().join("a-folder")).unwrap();
    let rows: [(&[&str], i32, &str); 14] = [
        (&["refused.http"], 0, ""),
        (&["token-expired"], 0, ""),
        (&["credentials-stripped"], 0, ""),
        (&["bare.http"], 2, ""),
        (&["refused.http", "--json", "--format", "html"], 2, "--format"),
        (&["--format", "pdf", "refused.http"], 2, "pdf"),
        (&["fine.http"], 3, "200"),
        (&["words.txt"], 3, "words.txt"),
        (&["-"], 3, "standard input"),
        (&["token-expir"], 3, "token-expired"),
        (&["cut.har"], 1, "cut.har"),
        (&["not-there.har"], 1, "not-there.har"),
        (&["a-folder"], 1, "directory"),
        (&["-", "-"], 1, "standard input"),
    ];
    for (arguments, expect, named) in rows {
        let output = explain(&folder, arguments, "");
        harmless(&output);
        assert_eq!(output.status.code(), Some(expect), "{arguments:?}: {output:?}");
        let said = if arguments.contains(&"--json") { &output.stdout } else { &output.stderr };
        assert!(String::from_utf8_lossy(said).contains(named), "{arguments:?}: {output:?}");
        assert!(expect != 2 || !output.stdout.is_empty() || !named.is_empty(), "what cannot be known is told: {output:?}");
    }
}

#[test]
fn t035_every_form_without_secrets() {
    let folder = Folder::new();
    folder.write("refused.http", EXCHANGE);
    folder.write("refused.har", HAR);
    folder.write(
        "basic.http",
        "POST https://alice:hunter2-is-secret@api.example.com/login?password=hunter2-is-secret HTTP/1.1\n\
         Authorization: Basic YWxpY2U6aHVudGVyMi1pcy1zZWNyZXQ=\nX-Api-Key: hunter2-is-secret\nCookie: a=cookie-value-0123456789abcdef\n\
         Content-Type: application/x-www-form-urlencoded\n\nusername=alice&password=hunter2-is-secret\n\n\
         HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm=\"api\"\nSet-Cookie: b=cookie-value-0123456789abcdef; HttpOnly\n\n\
         {\"error\":\"wrong password for alice\"}\n",
    );
    for name in ["refused.http", "refused.har", "basic.http"] {
        for form in FORMS {
            let output = explain(&folder, &[name, "--format", form], "");
            harmless(&output);
            assert!(matches!(output.status.code(), Some(0 | 2)), "{name} {form}: {output:?}");
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let begins = [("markdown", "## 401 "), ("html", "<!doctype html>"), ("terminal", "401"), ("json", "{\"schema\":1,")];
            let (_, begin) = begins.iter().find(|(known, _)| *known == form).unwrap();
            assert!(text.starts_with(begin), "{name} {form}: {text}");
        }
    }
    for form in FORMS {
        for code in ["token-expired", "credentials-stripped"] {
            let output = explain(&folder, &[code, "--format", form], "");
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success() && text.contains(code), "{code} {form}: {output:?}");
        }
    }
    let said = value(&explain(&folder, &["--json", "credentials-stripped"], ""));
    assert_eq!((&said["family"], &said["owner"]), (&Value::from("proxy_stripped_header"), &Value::from("operator")), "{said}");
}

/// What stands in a recording can neither move the cursor of a terminal nor become a part of a ticket or a page.
#[test]
fn t036_escapes_stay_text() {
    let folder = Folder::new();
    let hostile = EXCHANGE
        .replace(
            "The token is expired",
            "expired \u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}<img src=x onerror=alert(1)> ![x](http://evil.example/) `",
        )
        .replace("Server: nginx", "Server: \u{1b}[31mnginx\u{9b}2J</pre><script>alert(1)</script>");
    folder.write("a.http", hostile);
    for form in FORMS {
        let output = explain(&folder, &["a.http", "--format", form], "");
        harmless(&output);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(form != "html" || !text.contains("<script") && !text.contains("<img"), "{text}");
        assert!(matches!(output.status.code(), Some(0 | 2)), "{form}: {output:?}");
    }
    let named = explain(&folder, &["\u{1b}[2J.har"], "");
    harmless(&named);
}

#[test]
fn too_much_is_said_to_be_too_much() {
    let folder = Folder::new();
    let file = std::fs::File::create(folder.path().join("huge.bin")).unwrap();
    file.set_len(65 << 20).unwrap();
    let output = explain(&folder, &["huge.bin"], "");
    assert!(output.status.code() == Some(1) && String::from_utf8_lossy(&output.stderr).contains("64 MiB"), "{output:?}");
    let output = explain(&folder, &["-"], vec![0xff; 65 << 20]);
    assert!(output.status.code() == Some(1) && String::from_utf8_lossy(&output.stderr).contains("64 MiB"), "{output:?}");
}
