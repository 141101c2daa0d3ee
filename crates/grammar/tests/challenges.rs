//! Challenges as real servers send them, well-formed and malformed. Laws for any text are in `laws.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;

use countersign_grammar::{Challenge, FaultKind, parse_challenges};

/// `expect` lists the challenges, one a line: the scheme, then `name=value` or `+token68`, each after ` | `.
#[track_caller]
fn check(text: &str, expect: &[&str]) {
    check_faults(text, expect, &[]);
}

/// `faults` lists each code with the text it points at.
#[track_caller]
fn check_faults(text: &str, expect: &[&str], faults: &[(&str, &str)]) {
    let read = parse_challenges(text);
    let shown: Vec<String> = read.value.iter().map(show).collect();
    assert_eq!(shown, expect, "challenges of {text}");
    let found: Vec<(&str, &str)> =
        read.faults.iter().map(|fault| (fault.kind.code(), text.get(fault.span.clone()).expect("a span within the text"))).collect();
    assert_eq!(found, faults, "faults of {text}");
}

fn show(challenge: &Challenge<'_>) -> String {
    let mut parts = vec![challenge.scheme().to_owned()];
    parts.extend(challenge.token68().map(|token| format!("+{token}")));
    parts.extend(challenge.params().iter().map(|param| format!("{}={}", param.name(), param.value())));
    parts.join(" | ")
}

#[test]
fn examples_of_the_rfcs() {
    // RFC 9110 section 11.6.1
    check(
        r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"""#,
        &["Basic | realm=simple", r#"Newauth | realm=apps | type=1 | title=Login to "apps""#],
    );
    // RFC 7617 section 2.1
    check(r#"Basic realm="foo", charset="UTF-8""#, &["Basic | realm=foo | charset=UTF-8"]);
    // RFC 6750 section 3
    check(
        r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#,
        &["Bearer | realm=example | error=invalid_token | error_description=The access token expired"],
    );
    // RFC 7616 section 3.9.1
    check(
        r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
        &[
            "Digest | realm=http-auth@example.org | qop=auth, auth-int | algorithm=SHA-256 | nonce=7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v | opaque=FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
        ],
    );
    // RFC 9449 section 9
    check(
        r#"DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof""#,
        &["DPoP | error=use_dpop_nonce | error_description=Resource server requires nonce in DPoP proof"],
    );
    // RFC 4559 section 5
    check("Negotiate a87421000492aa874209af8bc028", &["Negotiate | +a87421000492aa874209af8bc028"]);
}

#[test]
fn lists_that_recipients_must_accept() {
    check("Negotiate, NTLM", &["Negotiate", "NTLM"]);
    check("Negotiate,NTLM,Basic realm=\"a\"", &["Negotiate", "NTLM", "Basic | realm=a"]);
    check(", ,Basic realm=\"a\" ,, charset=\"UTF-8\",", &["Basic | realm=a | charset=UTF-8"]);
    check("Basic  realm = \"a\" , charset\t=\t\"UTF-8\"", &["Basic | realm=a | charset=UTF-8"]);
    check("Foo a==, Foo b, Bar c=d", &["Foo | +a==", "Foo | +b", "Bar | c=d"]);
    check("Foo realm=, Bar", &["Foo | +realm=", "Bar"]);
}

#[test]
fn quoted_strings() {
    check(r#"Basic realm="""#, &["Basic | realm="]);
    check(r#"Basic realm="a, b=c; d""#, &["Basic | realm=a, b=c; d"]);
    check(r#"Basic realm="a\\b\"c\d""#, &[r#"Basic | realm=a\b"cd"#]);
    check(r#"Basic realm="Größe""#, &["Basic | realm=Größe"]);
    check(r#"Basic realm="\ö""#, &["Basic | realm=ö"]);
    check("Basic realm=\"a\tb\"", &["Basic | realm=a\tb"]);
    check_faults(
        "Basic realm=\"a\r\nb\u{7f}\"",
        &["Basic | realm=a\r\nb\u{7f}"],
        &[("bad-character", "\r\n"), ("bad-character", "\u{7f}")],
    );
}

#[test]
fn real_products_well_formed() {
    // IIS with Windows authentication, several lines joined.
    check("Negotiate, NTLM, Basic realm=\"intranet.example\"", &["Negotiate", "NTLM", "Basic | realm=intranet.example"]);
    // NTLM, second leg.
    check("NTLM TlRMTVNTUAACAAAADAAMADgAAAA=", &["NTLM | +TlRMTVNTUAACAAAADAAMADgAAAA="]);
    // A container registry.
    check(
        r#"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:library/app:pull,push""#,
        &["Bearer | realm=https://auth.example/token | service=registry.example | scope=repository:library/app:pull,push"],
    );
    // Keycloak, and Spring Security's resource server.
    check(
        r#"Bearer realm="shop", error="invalid_token", error_description="Token is not active""#,
        &["Bearer | realm=shop | error=invalid_token | error_description=Token is not active"],
    );
    check(
        r#"Bearer error="invalid_token", error_description="Jwt expired at 2024-05-01T10:00:00Z", error_uri="https://tools.ietf.org/html/rfc6750#section-3.1""#,
        &[
            "Bearer | error=invalid_token | error_description=Jwt expired at 2024-05-01T10:00:00Z | error_uri=https://tools.ietf.org/html/rfc6750#section-3.1",
        ],
    );
    // nginx auth_basic.
    check(r#"Basic realm="Restricted Content""#, &["Basic | realm=Restricted Content"]);
    // Apache mod_auth_digest.
    check(
        r#"Digest realm="private", nonce="Tk9OQ0U=c0ffee", algorithm=MD5, domain="/a /b", qop="auth", stale=true"#,
        &["Digest | realm=private | nonce=Tk9OQ0U=c0ffee | algorithm=MD5 | domain=/a /b | qop=auth | stale=true"],
    );
    // AWS-style and vendor schemes.
    check(r#"ApiKey realm="search", Token realm="Application""#, &["ApiKey | realm=search", "Token | realm=Application"]);
    check("Bearer", &["Bearer"]);
}

#[test]
fn real_products_malformed() {
    // Elasticsearch leaves out a comma.
    check_faults(
        r#"Basic realm="security" charset="UTF-8", Bearer realm="security", ApiKey"#,
        &["Basic | realm=security | charset=UTF-8", "Bearer | realm=security", "ApiKey"],
        &[("missing-comma", "charset")],
    );
    // Hand-written realms.
    check_faults("Basic realm=orders", &["Basic | realm=orders"], &[("unquoted-realm", "orders")]);
    check_faults(
        "Basic realm=My Private Site",
        &["Basic | realm=My Private Site"],
        &[("unquoted-realm", "My Private Site"), ("unquoted-value", "My Private Site")],
    );
    check_faults(
        "Basic realm=My Site, charset=UTF-8",
        &["Basic | realm=My Site | charset=UTF-8"],
        &[("unquoted-realm", "My Site"), ("unquoted-value", "My Site")],
    );
    check_faults(
        "Basic realm='My, Site', charset=\"UTF-8\"",
        &["Basic | realm=My, Site | charset=UTF-8"],
        &[("unquoted-realm", "'My, Site'"), ("single-quotes", "'My, Site'")],
    );
    check_faults("Basic realm=", &["Basic | realm="], &[("unquoted-realm", ""), ("empty-value", "")]);
    check_faults(
        r#"Basic realm="My "Great" Site", charset="UTF-8""#,
        &["Basic | realm=My  | charset=UTF-8"],
        &[("unescaped-quote", r#"Great" Site""#)],
    );
    check_faults(r#"Basic realm="My Site"#, &["Basic | realm=My Site"], &[("unterminated-quote", "\"My Site")]);
    check_faults(r#"Basic realm="My Site\"#, &["Basic | realm=My Site"], &[("unterminated-quote", "\"My Site\\")]);
    check_faults(
        "Basic realm=“My Site”",
        &["Basic | realm=“My Site”"],
        &[("unquoted-realm", "“My Site”"), ("unquoted-value", "“My Site”")],
    );
    // No scheme, or not where it belongs.
    check_faults(r#"realm="orders""#, &[" | realm=orders"], &[("parameter-without-scheme", "realm")]);
    check_faults(r#""Basic realm=orders""#, &[], &[("stray-text", r#""Basic realm=orders""#)]);
    check_faults(r#"Basic: realm="orders""#, &["Basic | realm=orders"], &[("bad-character", ":")]);
    check_faults("", &[], &[("empty-field", "")]);
    check_faults(" , ", &[], &[("empty-field", " , ")]);
    check_faults("Basic\trealm=\"a\"", &["Basic | realm=a"], &[("bad-character", "\t")]);
    // Separators.
    check_faults(r#"Bearer, error="invalid_token""#, &["Bearer | error=invalid_token"], &[("comma-after-scheme", ", ")]);
    check_faults(
        r#"Digest realm="a"; nonce="b";qop="auth""#,
        &["Digest | realm=a | nonce=b | qop=auth"],
        &[("wrong-separator", ";"), ("wrong-separator", ";")],
    );
    check_faults(
        "Bearer error=invalid_token;error_description=expired;now",
        &["Bearer | error=invalid_token | error_description=expired;now"],
        &[("wrong-separator", ";"), ("unquoted-value", "expired;now")],
    );
    check_faults(r#"Basic realm="a" Bearer realm="b""#, &["Basic | realm=a", "Bearer | realm=b"], &[("missing-comma", "Bearer")]);
    check_faults(r#"Basic realm="a"charset="UTF-8""#, &["Basic | realm=a | charset=UTF-8"], &[("missing-comma", "charset")]);
    check_faults(
        "Basic realm=a Bearer realm=b Negotiate",
        &["Basic | realm=a", "Bearer | realm=b", "Negotiate"],
        &[("unquoted-realm", "a"), ("missing-comma", "Bearer"), ("unquoted-realm", "b"), ("missing-comma", "Negotiate")],
    );
    check_faults(r#"Negotiate Basic realm="a""#, &["Negotiate", "Basic | realm=a"], &[("missing-comma", "Basic")]);
    // Bearer errors that people write by hand.
    check_faults(
        "Bearer error=invalid_token, error_description=The token has expired, scope=orders:read",
        &["Bearer | error=invalid_token | error_description=The token has expired | scope=orders:read"],
        &[("unquoted-value", "The token has expired"), ("unquoted-value", "orders:read")],
    );
    check_faults(
        "Bearer realm=https://auth.example/token, service=registry",
        &["Bearer | realm=https://auth.example/token | service=registry"],
        &[("unquoted-realm", "https://auth.example/token"), ("unquoted-value", "https://auth.example/token")],
    );
    check_faults("Bearer token_expired", &["Bearer | +token_expired"], &[("unexpected-token68", "token_expired")]);
    check_faults("Bearer the token has expired", &["Bearer"], &[("stray-text", "the token has expired")]);
    check_faults(
        r#"Bearer realm="a", error="x", Error="y""#,
        &["Bearer | realm=a | error=x | Error=y"],
        &[("duplicate-parameter", "Error")],
    );
    check_faults(r#"Bearer realm="a", ="x""#, &["Bearer | realm=a"], &[("empty-name", r#"="x""#)]);
    // Digest with quotes in the wrong places.
    check_faults(
        r#"Digest realm="a", nonce=b, qop=auth, algorithm="MD5", stale="false""#,
        &["Digest | realm=a | nonce=b | qop=auth | algorithm=MD5 | stale=false"],
        &[("unquoted-parameter", "b"), ("unquoted-parameter", "auth"), ("quoted-token", r#""MD5""#), ("quoted-token", r#""false""#)],
    );
    // A token68 takes no parameters.
    check_faults(r#"Negotiate abc==, realm="a""#, &["Negotiate | +abc==", " | realm=a"], &[("parameter-without-scheme", "realm")]);
    check_faults("Negotiate abc== def, Basic realm=\"a\"", &["Negotiate", "Basic | realm=a"], &[("stray-text", "abc== def")]);
}

#[test]
fn more_parameters_than_the_limit() {
    let params: Vec<String> = (0..70).map(|number| format!("p{number}=1")).collect();
    let text = format!("Foo {}", params.join(", "));
    let read = parse_challenges(&text);
    assert_eq!(read.value[0].params().len(), 64);
    assert!(read.faults.iter().all(|fault| fault.kind == FaultKind::TooManyParameters));
    assert_eq!(read.faults.len(), 6);
}

#[test]
fn only_the_choice_of_quotes_is_tolerable() {
    assert!(parse_challenges("Basic realm=a").is_unambiguous());
    assert!(!parse_challenges("Basic realm=a b").is_unambiguous());
}

#[test]
fn codes_are_kebab_case_unique_and_all_listed() {
    let codes: BTreeSet<&str> = FaultKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(codes.len(), FaultKind::ALL.len());
    assert!(codes.iter().all(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')));
    assert!(FaultKind::ALL.iter().all(|kind| kind.to_string().ends_with('.')));
}

#[test]
fn spans_cover_each_challenge() {
    let text = r#"Negotiate, NTLM abc= , Basic realm="a", charset="b" ,Foo"#;
    let read = parse_challenges(text);
    let parts: Vec<&str> = read.value.iter().map(|challenge| &text[challenge.span()]).collect();
    assert_eq!(parts, ["Negotiate", "NTLM abc=", r#"Basic realm="a", charset="b""#, "Foo"]);
    assert_eq!(&text[read.value[2].params()[1].span()], r#"charset="b""#);
}
