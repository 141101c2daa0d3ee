//! What is told of which text, as a table.

use super::{brief, parse};
use crate::config::Loaded;

/// Checks what is told of a text, faults and warnings alike, with the mends behind `=>`.
#[track_caller]
pub(super) fn check(text: &str, expect: &[&str]) {
    let told = match parse("test.toml", text) {
        Ok(Loaded { warnings, .. }) => warnings,
        Err(faults) => faults.iter().cloned().collect(),
    };
    let mend = |mend: Option<&String>| mend.map_or_else(String::new, |mend| format!(" => {mend}"));
    let told: Vec<String> = told.iter().map(|fault| format!("{}{}", brief(fault), mend(fault.mend.as_ref()))).collect();
    assert_eq!(told, expect, "{text}");
}

/// In a site that is otherwise whole; its lines begin with 3.
#[track_caller]
fn check_site(lines: &str, expect: &[&str]) {
    check(&format!("[[site]]\nupstream = \"sample\"\n{lines}\n[[site.rule]]\npath = \"/**\"\nschemes = [\"basic\"]\n"), expect);
}

/// In a rule, whose lines begin with 4.
#[track_caller]
fn check_rule(lines: &str, expect: &[&str]) {
    check(&format!("[[site]]\nupstream = \"sample\"\n[[site.rule]]\n{lines}\n"), expect);
}

/// In a file whose site is whole; the lines are the first.
#[track_caller]
fn check_top(lines: &str, expect: &[&str]) {
    check(&format!("{lines}\n[[site]]\nupstream = \"sample\"\n[[site.rule]]\npath = \"/**\"\nschemes = [\"basic\"]\n"), expect);
}

#[test]
fn names_and_types() {
    check(
        "",
        &[
            r#"test.toml: there is no site, so there is nothing to serve => add `[[site]]` with `upstream = "http://127.0.0.1:3000"`, and at least one `[[site.rule]]`"#,
        ],
    );
    check_top("[serve]", &[r#"1:2: there is no key "serve" at the top of the file => did you mean `server`?"#]);
    check_top(r#"listen = "127.0.0.1:1""#, &[r#"1:1: there is no key "listen" at the top of the file => `listen` belongs to `[server]`"#]);
    check_top(
        "foo = 1",
        &[
            r#"1:1: there is no key "foo" at the top of the file => known are `server`, `log`, `session`, `api_keys`, `digest`, `limits`, `issuer`, `provider`, `site`"#,
        ],
    );
    check_top("server = 1", &["1:1: `server` is one table => write `[server]` on a line of its own"]);
    check_top("[[server]]", &["1:3: `server` is one table => write `[server]`, once"]);
    check_top(
        r#"[issuer]
name = "corp""#,
        &["1:2: there may be several `issuer`, so each is a table of a list => write `[[issuer]]`, with two brackets on each side"],
    );
    check_top(
        r#"issuer = ["corp"]"#,
        &["1:11: there may be several `issuer`, so each is a table of a list => write `[[issuer]]`, with two brackets on each side"],
    );
    check_top(
        r#"[server]
workers = "2"
[session]
idle = 30
absolut = "1h""#,
        &[
            "2:11: `workers` takes a whole number",
            r#"4:8: `idle` takes a text in quotes => write `"30s"`"#,
            r#"5:1: there is no key "absolut" in `[session]` => did you mean `absolute`?"#,
        ],
    );
    check_top(
        "[server]
workers = 0",
        &["2:11: `workers` is a whole number between 1 and 1024"],
    );
    check_top(
        r#"[limits]
body = "10 mb"
header = "1KB"
headers = 100000"#,
        &[
            r#"2:8: `body` cannot be "10 mb": a size is a number with `B`, `KB`, `MB` or `GB`, such as `4KB` => write `"10MB"`"#,
            r#"3:10: `header` cannot be "1KB": it lies between 4KB and 1MB"#,
            "4:11: `headers` is a whole number between 8 and 10000",
        ],
    );
    check_top(
        r#"[log]
decisions = "none""#,
        &[r#"2:13: `decisions` cannot be "none": it is one of `all`, `refused`, `off`"#],
    );
    check_site(r#"https_only = "false""#, &["3:14: `https_only` takes `true` or `false` => leave the quotes out"]);
    check_site(r#"realm = ["a"]"#, &["3:9: `realm` takes a text in quotes"]);
    check_rule(
        r#"path = "/**"
schemes = "basic""#,
        &[r#"5:11: `schemes` takes a list => write `["basic"]`"#],
    );
    check_rule(
        r#"path = "/**"
schemes = [1, "basic"]"#,
        &["5:12: `schemes` takes a list of texts, each in quotes"],
    );
    check_rule(
        r#"path = "/**"
schemes = ["basic"]
scopes = { GET = "r", "*" = [] }"#,
        &[r#"6:18: `scopes` takes a list => write `["r"]`"#],
    );
}

#[test]
fn texts_that_are_not_toml() {
    check(
        "[server]
listen = 127.0.0.1:8401
worker = 2
[[site]
",
        &[
            "2:15: this is not TOML: invalid float, expected nothing => texts stand in quotes",
            r#"3:1: there is no key "worker" in `[server]` => did you mean `workers`?"#,
            "4:8: this is not TOML: unclosed array table, expected `]`",
        ],
    );
    check(
        r#"[server]
listen = "a
"#,
        &[r#"2:12: this is not TOML: invalid basic string, expected `"`"#],
    );
    check_top(
        r#"[log]
decisions = "all"
decisions = "off""#,
        &["3:1: this is not TOML: duplicate key"],
    );
}

#[test]
fn servers() {
    check_top(
        r#"[server]
listen = ":8401"
admin_listen = "127.0.0.1""#,
        &[
            r#"2:10: `listen` cannot be ":8401": an address is an IP address with a port, such as `127.0.0.1:8401` => write `"127.0.0.1:8401"`"#,
            r#"3:16: `admin_listen` cannot be "127.0.0.1": an address is an IP address with a port, such as `127.0.0.1:8401` => write `"127.0.0.1:8401"`"#,
        ],
    );
    check_top(
        r#"[server]
listen = "127.0.0.1:8402""#,
        &["2:10: `admin_listen` is the same address as `listen`"],
    );
    check_top(
        r#"[server]
listen = "0.0.0.0:80"
admin_listen = "[::]:81""#,
        &[
            "2:10: warning: passwords and tokens come in without TLS on an address that others can reach => add `[server.tls]`, or name the proxy that speaks TLS in `trusted_proxies`",
            "3:16: warning: `admin_listen` can be reached from outside, and asks nobody for credentials => listen on `127.0.0.1:81`",
        ],
    );
    check_top(
        r#"[server]
listen = "0.0.0.0:80"
trusted_proxies = ["10.0.0.0/8", "::1", "10.1", "0.0.0.0/0"]"#,
        &[
            r#"3:41: "10.1" is not a network: write `10.0.0.0/8`, or one address"#,
            "3:49: warning: everybody is trusted to say where a request comes from, so limits by address can be evaded => name the networks of your proxies",
        ],
    );
    check_top(
        r#"[server]
data = ""
problem_base = "https://a b/""#,
        &[
            r#"2:8: `data` is empty => name a directory, such as `data = "state"`"#,
            "3:16: `problem_base` begins a URI, which has neither blanks nor other letters than ASCII",
        ],
    );
    check_top(
        r#"[server.tls]
certificate = "a.pem""#,
        &[r#"1:1: `key` is missing here => add `key = "tls/key.pem"`"#],
    );
    check_top(
        r#"[session]
idle = "2h"
absolute = "1h""#,
        &["2:8: warning: `idle` is longer than `absolute`, so it never ends a session"],
    );
    check_top(
        r#"[session]
idle = "0s""#,
        &[r#"2:8: `idle` cannot be "0s": it lies between 1s and 366d"#],
    );
}

#[test]
fn issuers() {
    check_top(
        "[[issuer]]",
        &[
            r#"1:1: `name` is missing here => add `name = "corp"`"#,
            r#"1:1: `issuer` is missing here => add `issuer = "https://id.example"`"#,
            r#"1:1: `audiences` is missing here => add `audiences = ["orders"]`"#,
        ],
    );
    check_top(
        r#"[[issuer]]
name = "corp"
issuer = "https://id.example"
audiences = ["orders"]
algorithms = ["HS256", "hs512", "none", "RS265", "ES256", "ES256"]"#,
        &[
            "5:15: HS256 is signed with a shared secret: whoever can check a token can make one, and a published key could be taken for the secret => let the issuer sign with ES256, EdDSA, PS256 or RS256",
            "5:24: HS512 is signed with a shared secret: whoever can check a token can make one, and a published key could be taken for the secret => let the issuer sign with ES256, EdDSA, PS256 or RS256",
            "5:33: `none` means that nobody signed the token: anybody could write one",
            r#"5:41: there is no algorithm "RS265" => did you mean `RS256`?"#,
            "5:59: warning: ES256 is listed already",
        ],
    );
    check_top(
        r#"[[issuer]]
name = "corp"
issuer = "https://id.example"
audiences = ["orders"]
algorithms = []"#,
        &["5:14: without an algorithm no token can be accepted => leave the line out for the usual ones"],
    );
    check_top(
        r#"[[issuer]]
name = "corp"
issuer = "https://id.example"
audiences = ["orders"]
leeway = "61s""#,
        &[r#"5:10: `leeway` cannot be "61s": it lies between 0s and 1m"#],
    );
    check_top(
        r#"[[issuer]]
name = "corp"
issuer = "https://id.example"
audiences = []
"#,
        &[
            "4:13: without an audience, tokens that were made for other services would be accepted here => name what the issuer puts into `aud` for this service",
        ],
    );
    check_top(
        r#"[[issuer]]
name = "corp"
issuer = "https://id.example"
audiences = ["orders"]
[[issuer]]
name = "corp"
issuer = "https://id.example"
audiences = ["orders"]
"#,
        &[
            r#"6:8: another issuer is named "corp" already"#,
            r#"7:10: the issuer "https://id.example" is trusted already => list all audiences in the one `audiences`"#,
        ],
    );
    check_top(
        r#"[[issuer]]
name = "corp"
issuer = "http://id.example.com"
audiences = ["orders"]
"#,
        &[
            "3:10: warning: the issuer's keys come without TLS from a public host: whoever sits between can replace them => write `https://id.example.com`",
        ],
    );
    check_top(
        r#"[[issuer]]
name = "corp"
issuer = "http://10.1.2.3:9901/realms/a"
audiences = ["orders"]
"#,
        &[],
    );
    check_top(
        r#"[[issuer]]
name = "corp"
issuer = "id.example"
audiences = ["orders"]
"#,
        &[r#"3:10: `issuer` cannot be "id.example": it is a URL: `https://` and a host => write `https://id.example`"#],
    );
    check_top(
        r#"[[issuer]]
name = "corp"
issuer = "urn:countersign:00"
audiences = ["orders"]
"#,
        &[r#"3:10: `issuer` cannot be "urn:countersign:00": it is a URL: `https://` and a host"#],
    );
    check_top(
        r#"[[issuer]]
name = "corp"
issuer = "https://id.example/?x#y"
audiences = ["orders"]
"#,
        &[r#"3:10: `issuer` cannot be "https://id.example/?x#y": an issuer's URL has neither query nor fragment"#],
    );
    check_top(
        r#"[[issuer]]
name = "co\nrp"
issuer = "https://id.example"
audiences = ["orders"]
"#,
        &["2:8: an issuer's name is not empty and has no control characters"],
    );
}

#[test]
fn sites() {
    check_top(
        r#"[log]
decisions = "off""#,
        &[],
    );
    check(
        r#"[log]
decisions = "off""#,
        &[
            r#"test.toml: there is no site, so there is nothing to serve => add `[[site]]` with `upstream = "http://127.0.0.1:3000"`, and at least one `[[site.rule]]`"#,
        ],
    );
    check(
        r#"[[site]]
host = "a"
"#,
        &[
            r#"1:1: `upstream` is missing here => add `upstream = "http://127.0.0.1:3000"`"#,
            r#"1:1: warning: a site without rules refuses every request => add `[[site.rule]]` with `path = "/**"` and `access` or `schemes`"#,
        ],
    );
    check(
        r#"[[site]]
upstream = "sample"
host = "Shop.example"
[[site.rule]]
path = "/**"
schemes = ["basic"]
[[site]]
upstream = "sample"
host = "shop.EXAMPLE:443"
[[site.rule]]
path = "/**"
schemes = ["basic"]
"#,
        &["9:8: two sites answer for `shop.example`: the other is on line 1 => join their rules in one site"],
    );
    check(
        r#"[[site]]
upstream = "sample"

[[site.rule]]
path = "/**"
schemes = ["basic"]
[[site]]
upstream = "sample"

[[site.rule]]
path = "/**"
schemes = ["basic"]
"#,
        &["7:1: two sites answer for `*`: the other is on line 1 => join their rules in one site"],
    );
    check_site(r#"host = "https://a""#, &[r#"3:8: `host` cannot be "https://a": a host is a name, without `http://`"#]);
    check_site(
        r#"host = "*a.example""#,
        &[r#"3:8: `host` cannot be "*a.example": a star stands for whole labels: `*.example.com`, or `*` alone"#],
    );
    check_site(r#"realm = "a\u0007""#, &[r#"3:9: the realm "a\u{7}" has control characters, which would break header fields"#]);
    check_site(r#"realm = "café""#, &[r#"3:9: the realm "café" has other letters than ASCII, which header fields cannot carry"#]);
    check_site(
        r#"identity_headers = "X-Forwarded-User""#,
        &[
            r#"3:20: `identity_headers` cannot be "X-Forwarded-User": it is one of `remote-user`, `x-forwarded-user`, `x-auth-request`, `countersign`, `none` => did you mean `x-forwarded-user`?"#,
        ],
    );
    check_site(
        "https_only = true",
        &[
            "3:14: warning: every request is refused: none can come over TLS => add `[server.tls]`, or name the proxy that speaks TLS in `trusted_proxies`",
        ],
    );
    check_site(
        r#"[site.cors]
origins = ["https://app.example/", "*"]"#,
        &[
            r#"4:12: "https://app.example/" is no origin: browsers write it otherwise => write `https://app.example`"#,
            r#"4:36: "*" is no origin: origins are named one by one: this one would let scripts of any page in"#,
        ],
    );
    check_site(
        "[site.cors]
origins = []
credentials = true",
        &["4:11: `origins` is empty => leave `[site.cors]` out if no other origin may use the site"],
    );
    check(
        r#"[[site]]
upstream = "http://localhost:8401"

[[site.rule]]
path = "/**"
schemes = ["basic"]
"#,
        &["2:12: the upstream is the gateway itself: every request would come back => name the address on which the app listens"],
    );
    check(
        r#"[[site]]
upstream = "http://app:3000/base"

[[site.rule]]
path = "/**"
schemes = ["basic"]
"#,
        &[
            r#"2:12: `upstream` cannot be "http://app:3000/base": an upstream has no path: it gets the target as it was asked for => write `http://app:3000`"#,
        ],
    );
    check(
        r#"[[site]]
upstream = "app:3000"

[[site.rule]]
path = "/**"
schemes = ["basic"]
"#,
        &[r#"2:12: `upstream` cannot be "app:3000": it is a URL: `http://` and a host => write `http://app:3000`"#],
    );
}

#[test]
fn rules() {
    check_rule(
        r#"path = "/**""#,
        &[
            r#"3:1: this rule does not say whom it is for => add `access = "public"`, `access = "denied"`, or `schemes = ["session", "basic"]`"#,
        ],
    );
    check_rule(
        r#"path = "api/**"
access = "public""#,
        &[r#"4:8: `path` cannot be "api/**": it does not begin with a slash, so no request has such a path => write `/api/**`"#],
    );
    check_rule(
        r#"path = "/a/**/b"
access = "private""#,
        &[
            r#"4:8: `path` cannot be "/a/**/b": `**` stands for everything below, so it comes last"#,
            r#"5:10: `access` cannot be "private": it is one of `public`, `denied`"#,
        ],
    );
    check_rule(
        r#"path = "/**"
access = "public"
schemes = ["basic"]"#,
        &["6:11: a rule has either `access` or `schemes` => remove `access` to ask for credentials, or `schemes` to ask for none"],
    );
    check_rule(
        r#"path = "/**"
access = "public"
roles = ["staff"]"#,
        &["6:9: this is asked of nobody: the rule is `public` => give `schemes` instead of `access`"],
    );
    check_rule(
        r#"path = "/**"
access = "denied"
scopes = ["a"]"#,
        &["6:10: this is asked of nobody: the rule is `denied` => give `schemes` instead of `access`"],
    );
    check_rule(
        r#"path = "/**"
schemes = []"#,
        &[r#"5:11: `schemes` is empty => write `access = "denied"` if nobody is let through"#],
    );
    check_rule(
        r#"path = "/**"
schemes = ["beaer", "cookie", "digest", "basic", "basic"]"#,
        &[
            r#"5:12: there is no scheme "beaer": it is one of `bearer`, `api-key`, `session`, `digest`, `basic` => did you mean `bearer`?"#,
            r#"5:21: there is no scheme "cookie": it is one of `bearer`, `api-key`, `session`, `digest`, `basic` => here it is called `session`"#,
            "5:31: `digest` needs secrets that are as good as passwords, and the configuration does not say that they may be kept => add `[digest]` with `enabled = true`, and give the accounts new passwords",
            "5:50: warning: `basic` is listed already",
        ],
    );
    check_rule(
        r#"path = "/**"
schemes = ["basic"]
methods = ["get", "PSOT", "*", "PROPFIND"]"#,
        &[
            r#"6:12: methods are upper case, so no request has the method "get" => write `GET`"#,
            "6:19: warning: PSOT is no common method => did you mean `POST`?",
            r#"6:27: "*" is no method => leave the line out for all methods"#,
        ],
    );
    check_rule(
        r#"path = "/**"
schemes = ["basic"]
methods = []"#,
        &["6:11: `methods` is empty, so the rule matches nothing => leave the line out for all methods"],
    );
    check_rule(
        r#"path = "/**"
schemes = ["basic"]
roles = ["", "a\u0000"]"#,
        &[
            r#"6:10: "" is not a role: it is empty or has control characters"#,
            r#"6:14: "a\0" is not a role: it is empty or has control characters"#,
        ],
    );
    check_rule(
        r#"path = "/**"
schemes = ["basic", "bearer"]
acr = ["x"]"#,
        &["6:7: warning: `basic` never lets anybody through here: it carries no authentication context"],
    );
    check_rule(
        r#"path = "/**"
schemes = ["api-key", "session"]
max_age = "1h""#,
        &["6:11: warning: `api-key` never lets anybody through here: it carries no time of authentication"],
    );
}

#[test]
fn scopes() {
    check_rule(
        r#"path = "/**"
schemes = ["basic"]
scopes = ["orders:read orders:write", "a\"b", ""]"#,
        &[
            r#"6:11: "orders:read orders:write" is no scope: it has characters that RFC 6749 section 3.3 excludes => list scopes one by one, each in quotes of its own"#,
            r#"6:39: "a\"b" is no scope: it has characters that RFC 6749 section 3.3 excludes"#,
            r#"6:47: "" is no scope: it has characters that RFC 6749 section 3.3 excludes"#,
        ],
    );
    check_rule(
        r#"path = "/**"
schemes = ["basic"]
scopes = { GET = ["r"] }"#,
        &[r#"6:10: warning: no scope is needed for other methods => add `"*" = ["…"]`, or restrict the rule by `methods`"#],
    );
    check_rule(
        r#"path = "/**"
schemes = ["basic"]
methods = ["GET", "HEAD", "POST"]
scopes = { GET = ["r"] }"#,
        &[r#"7:10: warning: no scope is needed for POST => add `"*" = ["…"]`, or restrict the rule by `methods`"#],
    );
    check_rule(
        r#"path = "/**"
schemes = ["basic"]
methods = ["GET"]
scopes = { GET = ["r"], POST = ["w"] }"#,
        &["7:25: warning: the rule is not about POST => add it to `methods`, or remove it here"],
    );
    check_rule(
        r#"path = "/**"
schemes = ["basic"]
scopes = { get = ["r"], "*" = ["w"] }"#,
        &[r#"6:12: methods are upper case, so no request has the method "get" => write `GET`"#],
    );
}

#[test]
fn rules_that_no_request_reaches() {
    check_rule(
        r#"path = "/**"
access = "denied"
[[site.rule]]
path = "/api"
access = "public""#,
        &[
            "7:8: warning: no request reaches this rule: the one on line 3 (`/**`) matches all of its paths first => put it before that one, or remove it",
        ],
    );
    check_rule(
        r#"path = "/a/*"
access = "denied"
[[site.rule]]
path = "/a/b"
access = "public"
[[site.rule]]
path = "/a/**"
access = "public""#,
        &[
            "7:8: warning: no request reaches this rule: the one on line 3 (`/a/*`) matches all of its paths first => put it before that one, or remove it",
        ],
    );
    check_rule(
        r#"path = "/a"
methods = ["GET"]
access = "public"
[[site.rule]]
path = "/a"
methods = ["HEAD"]
schemes = ["basic"]
[[site.rule]]
path = "/a"
schemes = ["basic"]"#,
        &[
            "8:8: warning: no request reaches this rule: the one on line 3 (`/a`) matches all of its paths first => put it before that one, or remove it",
        ],
    );
    check_rule(
        r#"path = "**"
access = "denied"
[[site.rule]]
path = "/a"
access = "public""#,
        &[r#"4:8: `path` cannot be "**": it does not begin with a slash, so no request has such a path => write `/**`"#],
    );
}
