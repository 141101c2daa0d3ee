//! One line of each format, and what is read of it.

use super::super::LogFormat;
use super::read;
use crate::catalogue::Code;

/// `format; time; client; status; method target; user; agent; cause` of a line.
#[track_caller]
fn check(line: &str, expect: &str) {
    let format = LogFormat::recognise(line.as_bytes()).unwrap_or_else(|| panic!("no log: {line}"));
    let entry = format.read(line.as_bytes()).unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let seen = [
        format.name().to_owned(),
        entry.at.map(crate::moment::utc).unwrap_or_default(),
        text(entry.client),
        entry.status.to_string(),
        format!("{} {}", text(entry.method), text(entry.target)),
        text(entry.user),
        text(entry.agent),
        entry.cause.map(Code::code).unwrap_or_default().to_owned(),
    ];
    assert_eq!(seen.join("; "), expect, "{line}");
}

#[test]
fn common_formats() {
    check(
        r#"203.0.113.9 - ann [10/Oct/2025:13:55:36 +0200] "GET /a?b=c HTTP/1.1" 401 179 "-" "Mozilla/5.0 (X11)""#,
        "combined log; 2025-10-10T11:55:36Z; 203.0.113.9; 401; GET /a?b=c; ann; Mozilla/5.0 (X11); ",
    );
    check(
        r#"2001:db8::1 - - [10/Oct/2025:13:55:36 +0000] "GET /a HTTP/2.0" 403 0 "-" "x" "10.0.0.1" 0.003"#,
        "combined log; 2025-10-10T13:55:36Z; 2001:db8::1; 403; GET /a; ; x; ",
    );
    check(
        r#"host.example - ann b [c] [10/Oct/2025:13:55:36 +0000] "POST /a HTTP/1.1" 401 381"#,
        "common log; 2025-10-10T13:55:36Z; host.example; 401; POST /a; ann b [c]; ; ",
    );
    check(
        r#"www.example.org:443 203.0.113.9 - - [10/Oct/2025:13:55:36 +0000] "GET /a HTTP/1.1" 401 381 "-" "he said \"hi\"""#,
        r#"vhost_combined; 2025-10-10T13:55:36Z; 203.0.113.9; 401; GET /a; ; he said \"hi\"; "#,
    );
    check(
        r#"192.0.2.1 - - [10/Oct/2025:13:55:36 +0000] "GET /a HTTP/1.1" 429 17 "-" "-" 7 "web@docker" "http://10.0.0.2:80" 3ms"#,
        "Traefik's common log; 2025-10-10T13:55:36Z; 192.0.2.1; 429; GET /a; ; ; ",
    );
    check(
        r#"192.0.2.1 - - [10/Oct/2025:13:55:36 +0000] "\x16\x03\x01" 400 150 "-" "-""#,
        "combined log; 2025-10-10T13:55:36Z; 192.0.2.1; 400;  ; ; ; ",
    );
}

#[test]
fn proxies() {
    let haproxy = |server: &str, status: u16, state: &str| {
        format!(
            "Oct 10 13:55:36 edge haproxy[812]: 203.0.113.9:51234 [10/Oct/2025:13:55:36.123] www~ {server} 0/0/0/3/3 {status} 215 - - {state} 2/2/0/0/0 0/0 {{app|x}} \"GET /a HTTP/1.1\""
        )
    };
    check(&haproxy("app/one", 401, "----"), "HAProxy HTTP log; 2025-10-10T13:55:36Z; 203.0.113.9; 401; GET /a; ; ; ");
    check(&haproxy("www/<NOSRV>", 403, "PR--"), "HAProxy HTTP log; 2025-10-10T13:55:36Z; 203.0.113.9; 403; GET /a; ; ; blocked");
    check(&haproxy("www/<NOSRV>", 429, "PR--"), "HAProxy HTTP log; 2025-10-10T13:55:36Z; 203.0.113.9; 429; GET /a; ; ; rate-exceeded");
    check(
        r#"[2025-10-10T13:55:36.310Z] "POST /v1 HTTP/2" 401 - 154 0 226 100 "203.0.113.9, 10.0.0.1" "grpc-go" "cc21" "api" "10.0.2.1:80""#,
        "Envoy access log; 2025-10-10T13:55:36Z; 203.0.113.9; 401; POST /v1; ; grpc-go; ",
    );
    check(
        r#"[2025-10-10T13:55:36.310Z] "GET /v1 HTTP/1.1" 401 - jwt_authn_access_denied{Jwt_is_expired} - "-" 0 14 0 - "-" "curl/8" "cc21" "api" "-" outbound|80||api - 10.0.0.5:80 203.0.113.9:4312 - default"#,
        "Envoy access log; 2025-10-10T13:55:36Z; 203.0.113.9; 401; GET /v1; ; curl/8; token-expired",
    );
    check(
        r#"[2025-10-10T13:55:36.310Z] "GET /v1 HTTP/1.1" 429 RL 0 14 0 - "203.0.113.9" "curl/8" "cc21" "api" "-""#,
        "Envoy access log; 2025-10-10T13:55:36Z; 203.0.113.9; 429; GET /v1; ; curl/8; rate-exceeded",
    );
    check(
        r#"https 2025-10-10T13:55:36.186641Z app/lb/50dc 203.0.113.9:2817 - -1 -1 -1 403 - 34 366 "GET https://www.example.com:443/a HTTP/1.1" "curl/8" ECDHE TLSv1.2 - "Root=1-58" "www" "-" 0 2025-10-10T13:55:36.0Z "waf" "-" "-""#,
        "AWS load balancer log; 2025-10-10T13:55:36Z; 203.0.113.9; 403; GET https://www.example.com:443/a; ; curl/8; blocked",
    );
}

#[test]
fn json() {
    check(
        r#"{"level":"info","ts":1760104536.52,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"10.0.0.1","remote_port":"4","client_ip":"203.0.113.9","proto":"HTTP/2.0","method":"GET","host":"a.example","uri":"/a?\"status\":200","headers":{"User-Agent":["curl/8"],"X":["\"status\":200"]}},"bytes_read":0,"user_id":"ann","duration":0.1,"size":0,"status":401,"resp_headers":{}}"#,
        r#"Caddy JSON log; 2025-10-10T13:55:36Z; 203.0.113.9; 401; GET /a?\"status\":200; ann; curl/8; "#,
    );
    check(
        r#"{"ClientAddr":"203.0.113.9:5","ClientHost":"203.0.113.9","ClientUsername":"-","DownstreamStatus":403,"OriginStatus":0,"RequestMethod":"GET","RequestPath":"/a","StartUTC":"2025-10-10T13:55:36.5Z","request_User-Agent":"curl/8","time":"2025-10-10T13:55:36Z"}"#,
        "Traefik JSON log; 2025-10-10T13:55:36Z; 203.0.113.9; 403; GET /a; ; curl/8; ",
    );
    check(
        r#"{"start_time":"2025-10-10T13:55:36.1Z","method":"GET","path":"/a","response_code":403,"response_flags":"-","response_code_details":"rbac_access_denied_matched_policy[none]","downstream_remote_address":"203.0.113.9:4","x_forwarded_for":null,"user_agent":"curl/8"}"#,
        "Envoy JSON log; 2025-10-10T13:55:36Z; 203.0.113.9; 403; GET /a; ; curl/8; permission-insufficient",
    );
    check(
        r#"{ "time_local": "10/Oct/2025:13:55:36 +0000", "remote_addr": "203.0.113.9", "request": "GET /a HTTP/1.1", "status": "401", "http_user_agent": "curl/8" }"#,
        "JSON access log; 2025-10-10T13:55:36Z; 203.0.113.9; 401; GET /a; ; curl/8; ",
    );
    check(
        r#"{"at":"2025-10-10T13:55:36.123Z","event":"decision","verdict":"refuse","status":401,"cause":"token-expired","method":"GET","host":"a.example","path":"/a","client":"203.0.113.9","request_id":"r1","micros":40,"rule_line":7,"reference":"cs1_x"}"#,
        "Countersign trail; 2025-10-10T13:55:36Z; 203.0.113.9; 401; GET /a; ; ; token-expired",
    );
    let sums = br#"{"at":1760104536,"event":"refusals","cause":"password-wrong","count":250}"#;
    let report = read(sums);
    assert_eq!((report.refused, report.requests, report.by_cause[0].count), (250, 250, 250));
}

#[test]
fn error_logs_of_nginx() {
    let nginx = |what: &str, expect: &str| {
        check(
            &format!(
                r#"2025/10/10 13:55:36 [error] 12#12: *7 {what}, client: 203.0.113.9, server: a.example, request: "GET /a HTTP/1.1", host: "a.example""#
            ),
            &format!("nginx error log; 2025-10-10T13:55:36Z; 203.0.113.9; 0; GET /a; {expect}"),
        );
    };
    nginx("no user/password was provided for basic authentication", "; ; credentials-missing");
    nginx(r#"user "ann" was not found in "/etc/nginx/users""#, "ann; ; account-unknown");
    nginx(r#"user "ann": password mismatch"#, "ann; ; password-wrong");
    nginx("auth request unexpected status: 500 while sending to client", "; ; provider-unreachable");
    nginx("client sent no required SSL certificate while reading client request headers", "; ; certificate-missing");
    nginx(
        "client SSL certificate verify error: (10:certificate has expired) while reading client request headers",
        "; ; certificate-expired",
    );
    nginx("client SSL certificate verify error: (18:self-signed certificate) while reading", "; ; certificate-untrusted");
    nginx("access forbidden by rule", "; ; blocked");
    nginx("limiting requests, excess: 5.2 by zone \"one\"", "; ; rate-exceeded");
    nginx("connect() failed (111: Connection refused) while connecting to upstream", "; ; ");
}

#[test]
fn error_logs_of_apache() {
    let apache = |module: &str, what: &str, expect: &str| {
        check(
            &format!("[Fri Oct 10 13:55:36.123456 2025] [{module}:error] [pid 9:tid 12] [client 203.0.113.9:51234] {what}"),
            &format!("Apache error log; 2025-10-10T13:55:36Z; 203.0.113.9; 0;  {expect}"),
        );
    };
    apache(
        "auth_basic",
        r#"AH01617: user ann: authentication failure for "/a": Password Mismatch, referer: http://a.example/b"#,
        "/a; ann; ; password-wrong",
    );
    apache("auth_basic", "AH01618: user ann not found: /a", "/a; ann; ; account-unknown");
    apache("auth_basic", "AH01614: client used wrong authentication scheme: /a", "/a; ; ; scheme-unaccepted");
    apache("authz_core", "AH01630: client denied by server configuration: /srv/a", "/srv/a; ; ; blocked");
    apache("authz_core", r#"AH01631: user ann: authorization failure for "/a": "#, "/a; ann; ; permission-insufficient");
    apache("auth_digest", "AH01790: user `ann' in realm `r' not found: /a", "/a; ann; ; account-unknown");
    apache("auth_digest", "AH01794: user ann: password mismatch: /a", "/a; ann; ; digest-response-wrong");
    apache("auth_digest", "AH01793: invalid qop `x' received: /a", "/a; ; ; credentials-malformed");
    apache("ssl", "AH02039: Certificate Verification: Error (10): certificate has expired", "; ; ; certificate-expired");
    apache("proxy", "AH00957: HTTP: attempt to connect to 10.0.0.1:80 failed", "; ; ; ");
    check(
        "[Fri Oct 10 13:55:36 2025] [error] [client 203.0.113.9] client denied by server configuration: /srv/a",
        "Apache error log; 2025-10-10T13:55:36Z; 203.0.113.9; 0;  /srv/a; ; ; blocked",
    );
}

#[test]
fn what_is_no_log() {
    for text in [
        "",
        "\n\n",
        "hello",
        "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic\n",
        "curl -H 'Authorization: x' https://a.example/",
        r#"{"timestamp":"2025-10-10T13:55:36Z","status":401,"error":"Unauthorized","path":"/a"}"#,
        r#"{"log":{"version":"1.2","entries":[]}}"#,
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
        "-----BEGIN CERTIFICATE-----\nMIIB\n",
        "< HTTP/1.1 401\n< Date: Fri, 10 Oct 2025 13:55:36 GMT\n",
    ] {
        assert_eq!(LogFormat::recognise(text.as_bytes()), None, "{text}");
    }
}
