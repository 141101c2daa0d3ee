//! Commands of all dialects as the requests that they make.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;

/// `LINE METHOD URL LINE:NAME=VALUE… {BODY}`, without what the tools send by themselves.
fn told(exchange: &Exchange) -> String {
    let request = exchange.request.as_ref().unwrap();
    let fields = request.headers.0.iter().filter(|header| header.line > 0);
    let fields: String = fields.map(|header| format!(" {}:{}={}", header.line, header.name, header.value)).collect();
    let body = if request.body.is_empty() { String::new() } else { format!(" {{{}}}", request.body) };
    format!("{} {} {}{fields}{body}", request.line, request.method, request.url)
}

#[track_caller]
fn check(text: &str, expect: &[&str], not_seen: &[&str]) {
    assert!(recognise("-", text), "not recognised: {text}");
    let dossier = read("-", text).unwrap();
    let told: Vec<String> = dossier.exchanges.iter().map(told).collect();
    assert_eq!(told, expect, "\n{text}");
    assert_eq!(dossier.not_seen, not_seen, "\n{text}");
}

#[test]
fn options() {
    check("curl a.example", &["1 GET http://a.example"], &[]);
    check("$ curl -sSLu ann:pw https://a.example/x -o /dev/null", &["1 GET https://a.example/x 1:Authorization=Basic YW5uOnB3"], &[]);
    check(
        "curl -XPOST --url https://a.example/ -H'A: b' -H 'C;' -H 'Accept:' -d a=b --data-urlencode 'c=d e'",
        &["1 POST https://a.example/ 1:A=b 1:C= {a=b&c=d%20e}"],
        &[],
    );
    check("curl -G -d a=b -d c=d 'https://a.example/?x=1'", &["1 GET https://a.example/?x=1&a=b&c=d"], &[]);
    check(
        "curl -I https://a.example/ -A agent -e https://r.example/ -b 'a=b; c=d'",
        &["1 HEAD https://a.example/ 1:Referer=https://r.example/ 1:Cookie=a=b; c=d 1:User-Agent=agent"],
        &[],
    );
    check("curl --oauth2-bearer tok https://a.example/", &["1 GET https://a.example/ 1:Authorization=Bearer tok"], &[]);
    check("curl --json '{\"a\":1}' https://a.example/", &["1 POST https://a.example/ {{\"a\":1}}"], &[]);
    check("curl -F a=b -F c=@f https://a.example/", &["1 POST https://a.example/ {a=b\nc=@f}"], &[]);
    check("curl https://ann:p%40w@a.example/x", &["1 GET https://ann:p%40w@a.example/x 1:Authorization=Basic YW5uOnBAdw=="], &[]);
    check("curl https://a.example/ --next -X PUT https://b.example/", &["1 GET https://a.example/", "1 PUT https://b.example/"], &[]);
    check(
        "curl -k -x http://p:1 --max-time 3 -w '%{http_code}' --cacert c.pem https://a.example/ | jq .",
        &["1 GET https://a.example/"],
        &["what the proxy of --proxy does with the request"],
    );
}

#[test]
fn what_a_command_does_not_show() {
    check(
        "curl --digest -u ann:pw https://a.example/",
        &["1 GET https://a.example/"],
        &["the Authorization field that curl makes with --digest for ann"],
    );
    check("curl -u ann https://a.example/", &["1 GET https://a.example/"], &["the password of ann, for which curl asks"]);
    check(
        "curl -n -d @f https://a.example/",
        &["1 POST https://a.example/"],
        &["the credentials in the netrc file", "the body, which is in the file f"],
    );
    check(
        "curl -H \"Authorization: Bearer $TOKEN\" https://a.example/",
        &["1 GET https://a.example/ 1:Authorization=Bearer $TOKEN"],
        &["the value of $TOKEN: the shell puts it in"],
    );
    check("curl -H 'Authorization: Bearer $TOKEN' https://a.example/", &["1 GET https://a.example/ 1:Authorization=Bearer $TOKEN"], &[]);
    check(
        "curl -H \"X: ${A:-b}\" -H \"Y: $(cat k)\" https://a.example/",
        &["1 GET https://a.example/ 1:X=${A:-b} 1:Y=$(cat k)"],
        &["the value of ${A:-b}: the shell puts it in", "the value of $(cat k): the shell puts it in"],
    );
    check(
        "curl https://a.example/?a=1&b=2",
        &["1 GET https://a.example/?a=1"],
        &["what follows an & outside quotes: a shell takes it for a command of its own"],
    );
}

#[test]
fn quoting() {
    check(
        "curl 'https://a.example/x' \\\n  -H 'A: it'\\''s' \\\n  --data-raw $'a\\'b\\n\\u0021' \\\n  --compressed\necho done\n",
        &["1 POST https://a.example/x 2:A=it's {a'b\n!}"],
        &[],
    );
    check("curl \"https://a.example/x\" -d \"{\\\"a\\\":\\\"b\\\"}\"", &["1 POST https://a.example/x {{\"a\":\"b\"}}"], &[]);
    check("curl -d '{\n \"a\": 1\n}' https://a.example/ -H 'A: b'", &["1 POST https://a.example/ 3:A=b {{\n \"a\": 1\n}}"], &[]);
    check(
        "curl \"https://a.example/x\" ^\r\n  -H \"A: b\" ^\r\n  --data-raw \"{\\\"a\\\":1}\" ^\r\n  --compressed\r\n",
        &["1 POST https://a.example/x 2:A=b {{\"a\":1}}"],
        &[],
    );
    check(
        "curl ^\"https://a.example/x?a=1^&b=2^\" ^\n  -H ^\"A: b^\" ^\n  --data-raw ^\"^{^\\^\"a^\\^\":1^}^\"",
        &["1 POST https://a.example/x?a=1&b=2 2:A=b {{\"a\":1}}"],
        &[],
    );
    check(
        "TOKEN=abc\ncurl https://a.example/ # comment\n\ncurl https://b.example/ && echo ok\n",
        &["2 GET https://a.example/", "4 GET https://b.example/"],
        &[],
    );
    check("PS C:\\> curl.exe https://a.example/ 2>&1", &["1 GET https://a.example/"], &[]);
    check("run `curl https://a.example/x` now", &["1 GET https://a.example/x"], &[]);
}

#[test]
fn other_programs() {
    check(
        "wget --header='A: b' --user=ann --password=pw https://a.example/",
        &["1 GET https://a.example/ 1:A=b 1:Authorization=Basic YW5uOnB3"],
        &[],
    );
    check(
        "http POST a.example/x A:b c=d n:=1 q==1 -a ann:pw",
        &["1 POST http://a.example/x?q=1 1:A=b 1:Authorization=Basic YW5uOnB3 {{\"c\":\"d\",\"n\":1}}"],
        &[],
    );
    check("https -A bearer -a tok a.example/x", &["1 GET https://a.example/x 1:Authorization=Bearer tok"], &[]);
    check(
        "Invoke-WebRequest -UseBasicParsing -Uri \"https://a.example/x\" `\n-Method POST -Headers @{\n  \"A\"=\"b `\"c`\"\"\n  D = 'e'\n} -Body \"x=y\"",
        &["1 POST https://a.example/x 3:A=b \"c\" 4:D=e {x=y}"],
        &[],
    );
    check("irm https://a.example/x -Headers $h", &["1 GET https://a.example/x"], &["the header fields in $h"]);
    check(
        "fetch(\"https://a.example/x\", {\n \"headers\": {\"authorization\": \"Bearer t\"},\n \"body\": null,\n \"method\": \"PUT\"\n});",
        &["1 PUT https://a.example/x 1:authorization=Bearer t"],
        &[],
    );
}

#[test]
fn a_long_command_ends() {
    let dossier = read("-", &format!("curl https://a.example/ -d '{}", "x\n".repeat(700_000))).unwrap();
    assert_eq!(dossier.exchanges.len(), 1);
}
