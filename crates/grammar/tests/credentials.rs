//! `Authorization` values and Basic pairs as clients send them. Laws for any text are in `laws.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use countersign_grammar::{BASIC_LIMIT, BasicFault, CredentialsBody, decode_basic, encode_basic, parse_credentials, split_scheme};

/// `expect` is the scheme, then `+token68`, `name=value` or `?opaque`, each after ` | `; faults as code and text.
#[track_caller]
fn check(text: &str, expect: &str, faults: &[(&str, &str)]) {
    let read = parse_credentials(text);
    let mut parts = vec![read.value.scheme.to_owned()];
    match &read.value.body {
        CredentialsBody::Empty => {}
        CredentialsBody::Token68(token) => parts.push(format!("+{token}")),
        CredentialsBody::Opaque(rest) => parts.push(format!("?{rest}")),
        CredentialsBody::Params(params) => {
            parts.extend(params.iter().map(|param| format!("{}={}", param.name(), param.value())));
        }
    }
    assert_eq!(parts.join(" | "), expect, "credentials of {text}");
    let found: Vec<(&str, &str)> =
        read.faults.iter().map(|fault| (fault.kind.code(), text.get(fault.span.clone()).expect("a span within the text"))).collect();
    assert_eq!(found, faults, "faults of {text}");
}

#[test]
fn well_formed() {
    check("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic | +QWxhZGRpbjpvcGVuIHNlc2FtZQ==", &[]);
    check("bearer  mF_9.B5f-4.1JqM", "bearer | +mF_9.B5f-4.1JqM", &[]);
    check("Negotiate", "Negotiate", &[]);
    check("Foo a = b , c=\"d\"", "Foo | a=b | c=d", &[]);
    check(
        r#"Digest username="Mufasa", realm="a", uri="/dir/index.html", algorithm=MD5, nonce="n", nc=00000001, cnonce="c", qop=auth, response="8ca5", opaque="o""#,
        "Digest | username=Mufasa | realm=a | uri=/dir/index.html | algorithm=MD5 | nonce=n | nc=00000001 | cnonce=c | qop=auth | response=8ca5 | opaque=o",
        &[],
    );
    check("token token=\"abc\"", "token | token=abc", &[]);
}

#[test]
fn malformed() {
    check("", "", &[("empty-field", "")]);
    check(" ", "", &[("empty-field", " ")]);
    check("\"Bearer abc\"", " | ?\"Bearer abc\"", &[("empty-scheme", ""), ("quoted-credentials", "\"Bearer abc\"")]);
    check("Bearer: abc", "Bearer | +abc", &[("bad-character", ":")]);
    check("Bearer=abc", "Bearer | +abc", &[("bad-character", "=")]);
    check("Bearer\tabc", "Bearer | +abc", &[("bad-character", "\t")]);
    check("dXNl/cjpw", "dXNl | +/cjpw", &[("bad-character", "/")]);
    check("Bearer Bearer abc", "Bearer | ?Bearer abc", &[("doubled-scheme", "Bearer abc")]);
    check("Bearer bearer", "Bearer | ?bearer", &[("doubled-scheme", "bearer")]);
    check("Bearer Bearer: abc", "Bearer | ?Bearer: abc", &[("doubled-scheme", "Bearer: abc")]);
    check("Bearer Basic abc", "Bearer | ?Basic abc", &[("doubled-scheme", "Basic abc")]);
    check("Bearer \"abc\"", "Bearer | ?\"abc\"", &[("quoted-credentials", "\"abc\"")]);
    check("Bearer 'abc'", "Bearer | ?'abc'", &[("quoted-credentials", "'abc'")]);
    check("Bearer “abc”", "Bearer | ?“abc”", &[("quoted-credentials", "“abc”")]);
    check("Basic YTpi, Bearer abc", "Basic | ?YTpi, Bearer abc", &[("joined-credentials", "YTpi, Bearer abc")]);
    check("Bearer abc def", "Bearer | ?abc def", &[("unreadable-credentials", "abc def")]);
    check("Bearer {{token}}", "Bearer | ?{{token}}", &[("unreadable-credentials", "{{token}}")]);
    check("Bearer abc\ndef", "Bearer | ?abc\ndef", &[("unreadable-credentials", "abc\ndef")]);
    check("Basic user:password", "Basic | ?user:password", &[("unreadable-credentials", "user:password")]);
}

#[test]
fn malformed_parameters() {
    check(
        "Digest username=\"a\" realm=\"b\", nc=\"00000001\", response=c, response=\"d\"",
        "Digest | username=a | realm=b | nc=00000001 | response=c | response=d",
        &[("missing-comma", "realm"), ("quoted-token", "\"00000001\""), ("unquoted-parameter", "c"), ("duplicate-parameter", "response")],
    );
    check("Digest abc", "Digest", &[("stray-text", "abc")]);
    check("Digest username=\"a\"b\", realm", "Digest | username=a", &[("unescaped-quote", "b\", realm")]);
    check(
        "AWS4-HMAC-SHA256 Credential=AKID/20240501/eu/s3/aws4_request, SignedHeaders=host;range, Signature=fe5f",
        "AWS4-HMAC-SHA256 | Credential=AKID/20240501/eu/s3/aws4_request | SignedHeaders=host;range | Signature=fe5f",
        &[("unquoted-value", "AKID/20240501/eu/s3/aws4_request"), ("unquoted-value", "host;range")],
    );
}

#[test]
fn the_split_without_allocation() {
    assert_eq!(split_scheme("Basic YTpi"), Some(("Basic", "YTpi")));
    assert_eq!(split_scheme("Basic   YTpi "), Some(("Basic", "YTpi ")));
    assert_eq!(split_scheme("Basic"), Some(("Basic", "")));
    for text in ["", " Basic YTpi", "Basic\tYTpi", "Basic: YTpi", "\"Basic YTpi\"", "Bäsic YTpi"] {
        assert_eq!(split_scheme(text), None, "{text}");
    }
}

#[test]
fn debug_shows_no_secret() {
    for text in ["Bearer secret", "secret", "Digest response=\"secret\"", "Bearer \"secret\"", "Bearer secret secret"] {
        let shown = format!("{:?}", parse_credentials(text));
        assert!(!shown.contains("secret"), "{shown}");
    }
    let shown = format!("{:?}", decode_basic("c2VjcmV0OnNlY3JldA=="));
    assert_eq!(shown, "Ok(BasicPair(6 bytes, 6 bytes))");
}

#[track_caller]
fn check_basic(text: &str, expect: Result<(&str, &str), BasicFault>) {
    let read = decode_basic(text);
    let pair = read.as_ref().map(|pair| (pair.user(), pair.password())).map_err(|fault| *fault);
    assert_eq!(pair, expect, "{text}");
    if let Ok((user, password)) = expect {
        assert_eq!(encode_basic(user, password).as_deref(), Ok(text));
    }
}

#[test]
fn basic_pairs() {
    check_basic("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", Ok(("Aladdin", "open sesame")));
    // RFC 7617 section 2.1
    check_basic("dGVzdDoxMjPCow==", Ok(("test", "123£")));
    check_basic("YTpiOmM=", Ok(("a", "b:c")));
    check_basic("Og==", Ok(("", "")));
    check_basic("OmI=", Ok(("", "b")));
    check_basic("YTo=", Ok(("a", "")));
}

/// Twenty-two malformed forms: T52 of the list of attacks.
#[test]
fn t52_malformed_basic_is_refused() {
    check_basic("", Err(BasicFault::NoColon));
    check_basic("YQ==", Err(BasicFault::NoColon));
    check_basic("YTpi\n", Err(BasicFault::NotBase64));
    check_basic("YTpi ", Err(BasicFault::NotBase64));
    check_basic(" YTpi", Err(BasicFault::NotBase64));
    check_basic("YT\r\npi", Err(BasicFault::NotBase64));
    check_basic("a:b", Err(BasicFault::NotBase64));
    check_basic("\"YTpi\"", Err(BasicFault::NotBase64));
    check_basic("YTpi,YTpi", Err(BasicFault::NotBase64));
    check_basic("YTpi\0", Err(BasicFault::NotBase64));
    check_basic("YTpï", Err(BasicFault::NotBase64));
    check_basic("YTo=YTo=", Err(BasicFault::NotBase64));
    check_basic("YTo_", Err(BasicFault::UrlSafeAlphabet));
    check_basic("YTo", Err(BasicFault::Padding));
    check_basic("YTo==", Err(BasicFault::Padding));
    check_basic("YTpi=", Err(BasicFault::Padding));
    check_basic("YTpiY", Err(BasicFault::Padding));
    check_basic("YTp=", Err(BasicFault::TrailingBits));
    check_basic("dGVzdDoxMjOj", Err(BasicFault::NotUtf8));
    check_basic("YTpiCg==", Err(BasicFault::ControlCharacter));
    check_basic("YQA6Yg==", Err(BasicFault::ControlCharacter));
    check_basic("YTpiwoU=", Err(BasicFault::ControlCharacter));
    check_basic("YTp/", Err(BasicFault::ControlCharacter));
    check_basic("Cg==", Err(BasicFault::ControlCharacter));
    check_basic("Basic YTpi", Err(BasicFault::DoubledScheme));
    check_basic("basic YTpi", Err(BasicFault::DoubledScheme));
    check_basic(&"A".repeat(BASIC_LIMIT + 1), Err(BasicFault::TooLong));
}

#[test]
fn pairs_that_cannot_be_written() {
    assert_eq!(encode_basic("a:b", "c"), Err(BasicFault::ColonInUser));
    assert_eq!(encode_basic("a", "c\n"), Err(BasicFault::ControlCharacter));
    assert_eq!(encode_basic("a", &"c".repeat(BASIC_LIMIT)), Err(BasicFault::TooLong));
    let longest = encode_basic("a", &"c".repeat(BASIC_LIMIT / 4 * 3 - 2)).unwrap();
    assert_eq!(longest.len(), BASIC_LIMIT);
    assert!(decode_basic(&longest).is_ok());
}
