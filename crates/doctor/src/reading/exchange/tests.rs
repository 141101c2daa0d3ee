//! Recordings of all tools as the exchanges that they hold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use crate::dossier::{Exchange, Headers};

fn fields(headers: &Headers) -> String {
    headers.0.iter().map(|header| format!(" {}:{}={}", header.line, header.name, header.value)).collect()
}

/// `LINE METHOD URL LINE:NAME=VALUE… {BODY} -> LINE STATUS LINE:NAME=VALUE… {BODY} !FAILURE`
fn told(exchange: &Exchange) -> String {
    let braced = |body: &str| if body.is_empty() { String::new() } else { format!(" {{{body}}}") };
    let mut told = String::new();
    if let Some(request) = &exchange.request {
        told = format!("{} {} {}{}{}", request.line, request.method, request.url, fields(&request.headers), braced(&request.body));
    }
    if let Some(response) = &exchange.response {
        told += &format!(" -> {} {}{}{}", response.line, response.status, fields(&response.headers), braced(&response.body));
    }
    if let Some(failure) = &exchange.failure {
        told += &format!(" !{failure}");
    }
    told
}

#[track_caller]
fn check(text: &str, expect: &[&str]) {
    for text in [text.to_owned(), text.replace('\n', "\r\n")] {
        assert!(recognise("-", &text), "not recognised: {text}");
        let dossier = read("-", &text).unwrap();
        let told: Vec<String> = dossier.exchanges.iter().map(told).collect();
        assert_eq!(told, expect, "\n{text}");
    }
}

#[test]
fn plain_messages() {
    check(
        "GET /a HTTP/1.1\nHost: a.example\nX-Long: one\n  two\n\nHTTP/1.1 401 Unauthorized\nDate: now\n\nno\n\nentry\n\n\n",
        &["1 GET /a 2:Host=a.example 3:X-Long=one two -> 6 401 7:Date=now {no\n\nentry}"],
    );
    check(
        "POST /a HTTP/1.1\nHost: a.example\n\n{\"a\":1}\n\nHTTP/2 403\n\n###\nGET /b HTTP/1.1\n\n---\n\nHTTP/1.0 200 OK\n\nyes",
        &["1 POST /a 2:Host=a.example {{\"a\":1}} -> 6 403", "9 GET /b -> 13 200 {yes}"],
    );
    check("HTTP/1.1 100 Continue\n\nHTTP/1.1 401 Unauthorized\nA: b\n\n<p>no</p>", &[" -> 3 401 4:A=b {<p>no</p>}"]);
    check("HTTP/1.1 200 Connection established\n\nHTTP/2 407 \na: b\n", &[" -> 3 407 4:a=b"]);
    check("HTTP/1.1 302 Found\nLocation: /b\n\nHTTP/1.1 401 Unauthorized\n\nno", &[" -> 1 302 2:Location=/b", " -> 4 401 {no}"]);
}

#[test]
fn messages_in_prose() {
    check(
        "I ask:\n\n```http\nGET /a HTTP/1.1\nHost: a.example\n```\n\nand get\n\n```\nHTTP/1.1 401 Unauthorized\nA: b\n\nno\n```\n\nWhy?\n",
        &["4 GET /a 5:Host=a.example -> 11 401 12:A=b {no}"],
    );
    check(
        "    GET /a HTTP/1.1\n    Host: a\n\n    HTTP/1.1 401 No\n    A: b\n\n    x\n      y\n",
        &["1 GET /a 2:Host=a -> 4 401 5:A=b {x\n  y}"],
    );
    check("# GET /a HTTP/1.1\n# Host: a\n#\n# HTTP/1.1 403 No\n# A: b\n#\n# no\n", &["1 GET /a 2:Host=a -> 4 403 5:A=b {no}"]);
    check("> GET /a HTTP/1.1\n> Host: a\n>\n> HTTP/1.1 403 No\n> A: b\n>\n> no\n", &["1 GET /a 2:Host=a -> 4 403 5:A=b {no}"]);
    check("HTTP/1.1 401 Unauthorized\n  Server: x\n  Date: y\n\nno", &[" -> 1 401 2:Server=x 3:Date=y {no}"]);
    check(
        "GET https://a.example/x\nAuthorization: Bearer t\n\n401 Unauthorized\n\n{\"e\":1}",
        &["1 GET https://a.example/x 2:Authorization=Bearer t -> 4 401 {{\"e\":1}}"],
    );
    check("GET /x HTTP/1.1\nHost: a\n\nStatus: 403 Forbidden\nServer: b\n", &["1 GET /x 2:Host=a -> 4 403 5:Server=b"]);
    check("Request:\nGET /x HTTP/1.1\nHost: a\n\nResponse:\nHTTP/1.1 401 Unauthorized\n", &["2 GET /x 3:Host=a -> 6 401"]);
    check("HTTP/1.1 401 Unauthorized\n{\"error\": \"x\"}\n", &[" -> 1 401 {{\"error\": \"x\"}}"]);
}

#[test]
fn mangled_messages() {
    check(
        "GET /x HTTP/1.1\n\nHost: a\n\nAccept: b\n\nHTTP/1.1 401 Unauthorized\n\nDate: d\n\nX: y\n\n{\"e\":1}\n",
        &["1 GET /x 3:Host=a 5:Accept=b -> 7 401 9:Date=d 11:X=y {{\"e\":1}}"],
    );
    check("&gt; GET /x HTTP/1.1\n&gt; Host: a\n&gt;\n&lt; HTTP/1.1 401 Unauthorized\n&lt; A: b\n", &["1 GET /x 2:Host=a -> 4 401 5:A=b"]);
    check(
        "HTTP/1.1 401 No\nTransfer-Encoding: chunked\n\nc\n{\"error\": 1}\n0\n\n",
        &[" -> 1 401 2:Transfer-Encoding=chunked {{\"error\": 1}}"],
    );
    check("POST /x HTTP/1.1\nHost: a\n\nhttps://b.example/\n\nHTTP/1.1 403 No\n", &["1 POST /x 2:Host=a {https://b.example/} -> 6 403"]);
    check("curl returns a status\n\nGET /x HTTP/1.1\nHost: a\n\nHTTP/1.1 403 No\n", &["3 GET /x 4:Host=a -> 6 403"]);
}

#[test]
fn a_status_in_a_body_begins_nothing() {
    check(
        "GET /x HTTP/1.1\nHost: a\n\nHTTP/1.1 401 Unauthorized\nA: b\n\n401: Unauthorized\n",
        &["1 GET /x 2:Host=a -> 4 401 5:A=b {401: Unauthorized}"],
    );
    check("HTTP/1.1 403 Forbidden\n\n403 Forbidden\n", &[" -> 1 403 {403 Forbidden}"]);
    check("```\nHTTP/1.1 403 Forbidden\n```\n403 Forbidden\n", &[" -> 2 403"]);
}

#[test]
fn curl_verbose() {
    let text = "*   Trying 1.2.3.4:443...\n* Connected to a.example (1.2.3.4) port 443 (#0)\n* SSL connection using TLSv1.3\n> GET /x HTTP/2\n> Host: a.example\n> accept: */*\n> \n* Mark bundle as not supporting multiuse\n< HTTP/2 401 \n< date: d\n< \n{ [12 bytes data]\n{\"e\":\n1}* Connection #0 to host a.example left intact\n";
    check(text, &["4 GET https://a.example/x 5:Host=a.example 6:accept=*/* -> 9 401 10:date=d {{\"e\":\n1}}"]);
    check(
        "*   Trying [::1]:80...\n* connect to ::1 port 80 failed: Connection refused\n*   Trying 127.0.0.1:80...\n* Connected to a.example (127.0.0.1) port 80\n> GET / HTTP/1.1\n> Host: a.example\n>\n< HTTP/1.1 302 Found\n< Location: https://b.example/y\n<\n* Connection #0 to host a.example left intact\n* Issue another request to this URL: 'https://b.example/y'\n*   Trying 1.2.3.4:443...\n* Connected to b.example (1.2.3.4) port 443\n> GET /y HTTP/1.1\n> Host: b.example\n>\n< HTTP/1.1 401 Unauthorized\n<\n",
        &[
            "5 GET http://a.example/ 6:Host=a.example -> 8 302 9:Location=https://b.example/y",
            "15 GET https://b.example/y 16:Host=b.example -> 18 401",
        ],
    );
    check(
        "> GET /d HTTP/1.1\n> Host: a\n>\n< HTTP/1.1 401 Unauthorized\n< WWW-Authenticate: Digest realm=\"r\"\n<\n* Ignoring the response-body\n* Issue another request to this URL: 'http://a/d'\n> GET /d HTTP/1.1\n> Host: a\n> Authorization: Digest username=\"u\"\n>\n< HTTP/1.1 401 Unauthorized\n<\nno",
        &[
            "1 GET /d 2:Host=a -> 4 401 5:WWW-Authenticate=Digest realm=\"r\"",
            "9 GET http://a/d 10:Host=a 11:Authorization=Digest username=\"u\" -> 13 401 {no}",
        ],
    );
    check(
        "> CONNECT a:443 HTTP/1.1\n> Host: a:443\n>\n< HTTP/1.1 200 Connection established\n<\n* SSL connection using TLSv1.2\n> GET / HTTP/1.1\n> Host: a\n>\n< HTTP/1.1 403 No\n<\n",
        &["7 GET https://a/ 8:Host=a -> 10 403"],
    );
}

#[test]
fn failures_below_http() {
    check(
        "*   Trying 1.2.3.4:443...\n* Connected to a.example (1.2.3.4) port 443\n* TLSv1.3 (OUT), TLS alert, unknown CA (560):\n* SSL certificate problem: self signed certificate\n* closing connection #0\ncurl: (60) SSL certificate problem: self signed certificate\nMore details here: https://curl.se/docs/sslcerts.html\n",
        &[
            " !TLSv1.3 (OUT), TLS alert, unknown CA (560):\nSSL certificate problem: self signed certificate\ncurl: (60) SSL certificate problem: self signed certificate",
        ],
    );
    check(
        "$ curl https://a.example/x\ncurl: (6) Could not resolve host: a.example\n$ ",
        &["1 GET https://a.example/x 0:User-Agent=curl 0:Accept=*/* !curl: (6) Could not resolve host: a.example"],
    );
    check(
        "$ curl -f https://a.example/x\ncurl: (22) The requested URL returned error: 401\n",
        &["1 GET https://a.example/x 0:User-Agent=curl 0:Accept=*/* -> 2 401"],
    );
    check(
        "Access to fetch at 'https://b.example/x' from origin 'https://a.example' has been blocked by CORS policy: Response to preflight\nGET https://b.example/x net::ERR_FAILED 401 (Unauthorized)\n",
        &[
            "1 GET https://b.example/x 1:Origin=https://a.example -> 2 401 !Access to fetch at 'https://b.example/x' from origin 'https://a.example' has been blocked by CORS policy: Response to preflight",
        ],
    );
}

#[test]
fn commands_and_what_they_printed() {
    check(
        "$ curl -i https://a.example/x \\\n   -u ann:pw\nHTTP/2 401\nserver: s\n\nno\n$ ",
        &["1 GET https://a.example/x 2:Authorization=Basic YW5uOnB3 0:User-Agent=curl 0:Accept=*/* -> 3 401 4:server=s {no}"],
    );
    check(
        "user@box:~$ curl -s https://a.example/x\n{\"message\":\"Forbidden\",\"status\":403}\nuser@box:~$ \n",
        &["1 GET https://a.example/x 0:User-Agent=curl 0:Accept=*/* -> 2 403 {{\"message\":\"Forbidden\",\"status\":403}}"],
    );
    check(
        "$ curl -v -d a=b https://a.example/x\n* Connected to a.example (1.2.3.4) port 443\n> POST /x HTTP/1.1\n> Host: a.example\n>\n< HTTP/1.1 403 No\n<\nno",
        &["3 POST https://a.example/x 4:Host=a.example {a=b} -> 6 403 {no}"],
    );
    check(
        "% http :8080/x\nHTTP/1.1 401 UNAUTHORIZED\nA: b\n\nno",
        &["1 GET http://localhost:8080/x 0:User-Agent=HTTPie 0:Accept=application/json, */*;q=0.5 -> 2 401 3:A=b {no}"],
    );
}

#[test]
fn logs_of_libraries() {
    check(
        "send: b'GET /x HTTP/1.1\\r\\nHost: a.example\\r\\nAccept: */*\\r\\n\\r\\n'\nreply: 'HTTP/1.1 401 UNAUTHORIZED\\r\\n'\nheader: Server: s\nheader: Content-Length: 0\n",
        &["1 GET /x 1:Host=a.example 1:Accept=*/* -> 2 401 3:Server=s 4:Content-Length=0"],
    );
    check(
        "send: b'POST /x HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'\nsend: b'a=b'\nreply: 'HTTP/1.1 403 F\\r\\n'\nheader: A: b\n",
        &["1 POST /x 1:Host=a {a=b} -> 3 403 4:A=b"],
    );
    check(
        "\"GET /x HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n\"\n\"HTTP/1.1 401 Unauthorized\\r\\nA: b\\r\\n\\r\\nno\"\n",
        &["1 GET /x 1:Host=a -> 2 401 2:A=b {no}"],
    );
    check(
        "--2026-01-31 10:00:00--  https://a.example/x\nResolving a.example... 1.2.3.4\nHTTP request sent, awaiting response... \n  HTTP/1.1 401 Unauthorized\n  Server: s\n\nUsername/Password Authentication Failed.\n",
        &["1 GET https://a.example/x -> 4 401 5:Server=s"],
    );
    check(
        "=> Send header, 40 bytes (0x28)\n0000: GET /x HTTP/1.1\n0011: Host: a\n001a: \n<= Recv header, 20 bytes (0x14)\n0000: HTTP/1.1 401 No\n<= Recv header, 2 bytes (0x2)\n0000: \n<= Recv data, 2 bytes (0x2)\n0000: no\n== Info: Closing connection\n",
        &["2 GET /x 3:Host=a -> 6 401 {no}"],
    );
    check(
        "10:00:00.123456 http.c:756              => Send header: GET /x HTTP/1.1\n10:00:00.123456 http.c:756              => Send header: Authorization: Basic <redacted>\n10:00:00.123456 http.c:756              => Send header:\n10:00:01.123456 http.c:756              <= Recv header: HTTP/1.1 403 Forbidden\n",
        &["1 GET /x 2:Authorization=Basic <redacted> -> 4 403"],
    );
    check(
        "I0102 15:04:05.000000    1234 round_trippers.go:432] GET https://k:6443/api\nI0102 15:04:05.000000    1234 round_trippers.go:438] Request Headers:\nI0102 15:04:05.000000    1234 round_trippers.go:442]     Authorization: Bearer <masked>\nI0102 15:04:05.000000    1234 round_trippers.go:457] Response Status: 401 Unauthorized in 5 milliseconds\nI0102 15:04:05.000000    1234 round_trippers.go:460] Response Headers:\nI0102 15:04:05.000000    1234 round_trippers.go:463]     Date: d\nI0102 15:04:05.000000    1234 request.go:1181] Response Body: {\"code\":401}\n",
        &["1 GET https://k:6443/api 3:Authorization=Bearer <masked> -> 4 401 6:Date=d {{\"code\":401}}"],
    );
    check(
        "D/OkHttp: --> GET https://a.example/x\nD/OkHttp: Accept: */*\nD/OkHttp: --> END GET\nD/OkHttp: <-- 401 https://a.example/x (12ms)\nD/OkHttp: server: s\nD/OkHttp: \nD/OkHttp: no\nD/OkHttp: <-- END HTTP (2-byte body)\n",
        &["1 GET https://a.example/x 2:Accept=*/* -> 4 401 5:server=s {no}"],
    );
    check(
        "<- \"GET /x HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n\"\n-> \"HTTP/1.1 401 No\\r\\n\"\n-> \"A: b\\r\\n\"\n-> \"\\r\\n\"\n-> \"no\"\n",
        &["1 GET /x 1:Host=a -> 2 401 3:A=b {no}"],
    );
    check(
        "http-outgoing-0 >> GET /x HTTP/1.1\nhttp-outgoing-0 >> Host: a\nhttp-outgoing-0 << HTTP/1.1 401 No\nhttp-outgoing-0 << A: b\n",
        &["1 GET /x 2:Host=a -> 3 401 4:A=b"],
    );
}

#[test]
fn panels_of_browsers_and_consoles() {
    check(
        "Request URL: https://a.example/x\nRequest Method: GET\nStatus Code: 401 Unauthorized\nRemote Address: 1.2.3.4:443\n\nResponse Headers\ndate: d\n\nRequest Headers\n:authority: a.example\n:method: GET\nauthorization: Bearer t\n",
        &["1 GET https://a.example/x 10:host=a.example 12:authorization=Bearer t -> 3 401 7:date=d"],
    );
    check(
        "Request URL\nhttps://a.example/x\nRequest Method\nPOST\nStatus Code\n403 Forbidden\nResponse Headers\ndate:\nd\nserver:\ns\n",
        &["2 POST https://a.example/x -> 6 403 8:date=d 10:server=s"],
    );
    check(
        ":authority: a.example\n:method: GET\n:path: /x\n:scheme: https\naccept: */*\n\n:status: 401\ndate: d\n",
        &["1 GET https://a.example/x 1:host=a.example 5:accept=*/* -> 7 401 8:date=d"],
    );
    check(
        "POST https://a.example/token\n401\n120 ms\nPOST /token HTTP/1.1\nHost: a.example\n\na=b\n\nHTTP/1.1 401 Unauthorized\nA: b\n\nno\n",
        &["4 POST https://a.example/token 5:Host=a.example {a=b} -> 9 401 10:A=b {no}"],
    );
    check("xhr.js:12 GET https://a.example/x 403 (Forbidden)\n", &["1 GET https://a.example/x -> 1 403"]);
}

#[test]
fn what_is_no_exchange_is_left_to_others() {
    for text in [
        "",
        "hello",
        "{\"error\":\"x\"}",
        "server {\n  location / { proxy_pass http://a; }\n}\n",
        "eyJh.eyJh.x",
        "<html><body>401</body></html>",
        "curl https://a.example/\n",
    ] {
        assert!(!recognise("-", text), "{text}");
    }
}

#[test]
fn redacted_fields_are_not_seen() {
    let dossier = read("-", "GET /x HTTP/1.1\nAuthorization: Bearer ***\n\nHTTP/1.1 401 No\n\nbody...").unwrap();
    assert_eq!(dossier.not_seen.len(), 2, "{:?}", dossier.not_seen);
}

/// Quadratic time would keep this test from ending.
#[test]
fn hostile_recordings_end() {
    let units = [
        "GET / HTTP/1.1\n",
        "HTTP/1.1 401 No\na:b\n",
        "a:\n",
        "\n",
        "```\n",
        "### \n",
        "---\n",
        "$ curl '\n",
        "curl https://a.example/ \\\n",
        "* Trying \n",
        "curl: (6) Could not resolve host\n",
        "Request URL: https://a.example/\n",
        "send: b'GET / HTTP/1.1\\r\\n",
        "\u{1b}[",
        "\r",
        "> ",
    ];
    for unit in units {
        let text = format!("GET / HTTP/1.1\n\nHTTP/1.1 401 No\n\n{}", unit.repeat(300_000 / unit.len()));
        assert!(!read("-", &text).unwrap().exchanges.is_empty(), "{unit}");
    }
}
