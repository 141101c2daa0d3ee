//! What the printer writes, and what it mends. That it reads back is a law: see `laws.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use countersign_grammar::{AuthenticationInfo, Challenge, parse_authentication_info, parse_challenges, print_challenges};

#[track_caller]
fn check(scheme: &str, params: &[(&str, &str)], expect: &str) {
    let challenge = params.iter().fold(Challenge::new(scheme), |challenge, (name, value)| challenge.param(*name, *value));
    assert_eq!(challenge.to_string(), expect);
}

#[test]
fn quotes_where_the_rfcs_want_them() {
    check("Basic", &[("realm", "orders"), ("charset", "UTF-8")], r#"Basic realm="orders", charset="UTF-8""#);
    check(
        "Digest",
        &[
            ("realm", "a"),
            ("qop", "auth"),
            ("algorithm", "SHA-256"),
            ("nonce", "n"),
            ("stale", "true"),
            ("charset", "UTF-8"),
            ("userhash", "true"),
        ],
        r#"Digest realm="a", qop="auth", algorithm=SHA-256, nonce="n", stale=true, charset=UTF-8, userhash=true"#,
    );
    check("Foo", &[("algorithm", "x")], r#"Foo algorithm="x""#);
    check("Negotiate", &[], "Negotiate");
}

#[test]
fn values_are_mended() {
    check("Basic", &[("realm", "a \"b\" \\c")], r#"Basic realm="a \"b\" \\c""#);
    check("Basic", &[("realm", "a\r\nSet-Cookie: b\0\u{85}c")], r#"Basic realm="a  Set-Cookie: b  c""#);
    check("Basic", &[("realm", "Größe 100%")], r#"Basic realm="Gr%C3%B6%C3%9Fe 100%""#);
    check("Basic", &[("realm", "")], r#"Basic realm="""#);
    check("Bearer", &[("error_description", "the \"aud\" is a\\b")], r#"Bearer error_description="the 'aud' is a/b""#);
    check("Digest", &[("algorithm", "'MD5'\r\n"), ("stale", "\"")], "Digest algorithm=MD5");
}

#[test]
fn names_and_schemes_are_mended() {
    check("Ba sic\r\n", &[("re alm", "a"), ("", "b"), ("\"", "c")], r#"Basic realm="a""#);
    check("", &[("realm", "a")], "");
    check("Basic", &[("realm", "a"), ("Realm", "b")], r#"Basic realm="b""#);
}

#[test]
fn token68() {
    let written = |scheme, value| Challenge::with_token68(scheme, value).map(|challenge| challenge.to_string());
    assert_eq!(written("Negotiate", "abc=="), Some("Negotiate abc==".to_owned()));
    assert_eq!(written("Negotiate", "ab c"), None);
    assert_eq!(written("Negotiate", ""), None);
    assert_eq!(written("Negotiate", "=="), None);
    assert_eq!(written("Bearer", "abc"), None);
    assert_eq!(written("", "abc"), None);
    let replaced = Challenge::with_token68("Foo", "abc").unwrap().param("a", "b");
    assert_eq!(replaced.to_string(), r#"Foo a="b""#);
}

#[test]
fn several_challenges() {
    let challenges = [Challenge::new("Bearer").param("realm", "a"), Challenge::new(""), Challenge::new("Negotiate")];
    assert_eq!(print_challenges(&challenges), r#"Bearer realm="a", Negotiate"#);
}

#[test]
fn what_was_read_with_faults_is_written_without() {
    let read = parse_challenges("Bearer realm=My Site error=x error=y, Digest algorithm=\"MD5\", Basic abc");
    assert_eq!(print_challenges(&read.value), r#"Bearer realm="My Site", error="x", Digest algorithm=MD5, Basic"#);
}

#[test]
fn a_challenge_outlives_its_text() {
    let text = String::from(r#"Foo a="b\"c", Bar abc"#);
    let owned: Vec<Challenge<'static>> = parse_challenges(&text).value.into_iter().map(Challenge::into_owned).collect();
    assert_eq!(owned, parse_challenges(&text).value);
    assert!(owned[0] != owned[1]);
}

#[track_caller]
fn check_info(text: &str, expect: &[(&str, &str)], faults: &[&str]) {
    let read = parse_authentication_info(text);
    let params: Vec<_> = read.value.params().iter().map(|param| (param.name(), param.value())).collect();
    assert_eq!(params, expect);
    assert_eq!(read.faults.iter().map(|fault| fault.kind.code()).collect::<Vec<_>>(), faults);
}

#[test]
fn authentication_info() {
    check_info(
        r#"rspauth="ea40", cnonce="c", nc=00000001, qop=auth"#,
        &[("rspauth", "ea40"), ("cnonce", "c"), ("nc", "00000001"), ("qop", "auth")],
        &[],
    );
    check_info(r#", nextnonce = "n" ,"#, &[("nextnonce", "n")], &[]);
    check_info("nextnonce=n, qop=\"auth\"", &[("nextnonce", "n"), ("qop", "auth")], &["unquoted-parameter", "quoted-token"]);
    check_info("Digest nextnonce=\"n\"", &[], &["stray-text"]);
    check_info("a=b c=d", &[("a", "b"), ("c", "d")], &["missing-comma"]);
    check_info("", &[], &["empty-field"]);
    assert_eq!(AuthenticationInfo::new().param("nc", "1").param("rspauth", "\"\n").to_string(), r#"nc=1, rspauth="\" ""#);
}
