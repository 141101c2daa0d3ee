//! Digest credentials as clients send them, and as they must not be sent. What they are worth is the judge's matter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use countersign_grammar::{DIGEST_LIMIT, DigestFault, FaultKind, decode_digest};

const REST: &str = r#"realm="r", nonce="n", uri="/x?a=b", response="0f", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="c""#;

/// The name, whether it is a hash, and the count.
#[track_caller]
fn check(text: &str, expect: (&str, bool, u32)) {
    let read = decode_digest(text).unwrap_or_else(|fault| panic!("{fault}: {text}"));
    assert_eq!((&*read.username, read.userhash, read.count), expect, "{text}");
    assert_eq!((&*read.realm, &*read.nonce, &*read.uri, &*read.response, &*read.cnonce), ("r", "n", "/x?a=b", "0f", "c"), "{text}");
}

#[test]
fn what_clients_send() {
    check(&format!(r#"username="ann", {REST}"#), ("ann", false, 1));
    check(&format!(r#"USERNAME="ann", {REST}, opaque="o", new="x""#), ("ann", false, 1));
    check(&format!(r#"username="a\"b\\c", {REST}"#), ("a\"b\\c", false, 1));
    check(&format!(r#"username="Jürgen", {REST}"#), ("Jürgen", false, 1));
    check(&format!("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, {REST}"), ("Jäsøn Doe", false, 1));
    check(&format!("username*=utf-8'de'ann, {REST}"), ("ann", false, 1));
    check(&format!(r#"username="488869477b", userhash=true, {REST}"#), ("488869477b", true, 1));
    check(&format!(r#"username="ann", userhash=false, {REST}"#), ("ann", false, 1));
    // Some put everything in quotes, others put nothing in them.
    check(
        r#"username="ann", realm="r", nonce="n", uri="/x?a=b", response="0f", algorithm="MD5", qop="auth", nc="0000beef", cnonce="c""#,
        ("ann", false, 0xbeef),
    );
}

#[track_caller]
fn refuse(text: &str, expect: DigestFault) {
    assert_eq!(decode_digest(text), Err(expect), "{text}");
}

#[test]
fn what_is_not_read() {
    let with = |name: &str, value: &str| {
        let named = format!(r#"username="ann", {REST}"#);
        let kept = named.split(", ").filter(|param| !param.starts_with(&format!("{name}=")));
        kept.map(str::to_owned).chain([format!("{name}={value}")]).collect::<Vec<_>>().join(", ")
    };
    for name in ["realm", "nonce", "uri", "response", "qop", "nc", "cnonce", "username"] {
        let without = with(name, "").replace(&format!(", {name}="), "");
        refuse(&without, DigestFault::Missing(name));
        refuse(&format!("{}, {name}=\"b\"", with(name, "\"a\"")), DigestFault::Repeated);
    }
    for (name, value) in [("nonce", "\"\""), ("uri", "\"\""), ("cnonce", "\"\""), ("username", "\"\"")] {
        refuse(&with(name, value), DigestFault::Missing(name));
    }
    for nc in ["00000000", "1", "0000001", "000000001", "0000000A", "+0000001", "0x000001", "\"        1\""] {
        refuse(&with("nc", nc), DigestFault::Count);
    }
    refuse(&with("userhash", "yes"), DigestFault::Userhash);
    refuse(&format!("username*=UTF-8''ann, userhash=true, {REST}"), DigestFault::Userhash);
    refuse(&format!("username=\"ann\", username*=UTF-8''ann, {REST}"), DigestFault::TwoNames);
    for name in ["UTF-8''%C3", "UTF-8''%C", "UTF-8''%zz", "UTF-8'ann", "ISO-8859-1''ann", "ann", "UTF-8''a%C3%28"] {
        refuse(&format!("username*={name}, {REST}"), DigestFault::ExtendedName);
    }
    refuse(&with("username", "\"ann%0a\"").replace("%0a", "\u{85}"), DigestFault::ControlCharacter);
    refuse(&format!("username*=UTF-8''ann%0A, {REST}"), DigestFault::ControlCharacter);
    refuse(&with("uri", "\"/é\""), DigestFault::NotAscii);
    refuse(&with("realm", "\"r"), DigestFault::Form(FaultKind::UnterminatedQuote));
    refuse(&with("realm", "\"r\"s\""), DigestFault::Form(FaultKind::UnescapedQuote));
    refuse(&with("realm", "'r'"), DigestFault::Form(FaultKind::SingleQuotes));
    refuse(&with("uri", "/x?a=b c"), DigestFault::Form(FaultKind::UnquotedValue));
    refuse(&with("qop", "auth; x=y"), DigestFault::Form(FaultKind::WrongSeparator));
    refuse("", DigestFault::Missing("username"));
    refuse("abc", DigestFault::Form(FaultKind::StrayText));
    refuse(&"a".repeat(DIGEST_LIMIT + 1), DigestFault::TooLong);
}

#[test]
fn debug_and_faults_show_no_secret() {
    let read = decode_digest(
        r#"username="secret", realm="r", nonce="secret", uri="/", response="secret", qop=auth, nc=00000001, cnonce="secret""#,
    );
    assert_eq!(format!("{read:?}"), "Ok(DigestCredentials(6 bytes, count 1))");
    assert!(!format!("{:?}", decode_digest("secret")).contains("secret"));
}
