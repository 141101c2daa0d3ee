//! Digest against the examples of the RFCs, and against values that Python's hashlib gave for the same inputs.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

const METHOD: &str = "GET";
const TARGET: &str = "/dir/index.html";

struct Account {
    user: &'static str,
    realm: &'static str,
    password: &'static str,
}

#[track_caller]
fn check(name: &str, account: &Account, salt: &Salt<'_>, request: impl Fn(Algorithm) -> String, expect: &str) {
    let algorithm = Algorithm::named(name).unwrap();
    let ha1 = ha1(account.user, account.realm, account.password, algorithm);
    let response = response(&ha1, salt, &request(algorithm), algorithm);
    assert_eq!(response, expect, "{name} {:?}", salt.qop);
    assert_eq!((response.len(), ha1.expose().len()), (algorithm.digits(), algorithm.digits()), "{name}");
}

const MUFASA: Account = Account { user: "Mufasa", realm: "http-auth@example.org", password: "Circle of Life" };

fn salt(qop: Option<Qop>) -> Salt<'static> {
    Salt {
        nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        count: "00000001",
        cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        qop,
    }
}

/// RFC 7616 section 3.9.1 prints the first and the third; Python gave the others.
#[test]
fn auth() {
    let check = |name, expect| check(name, &MUFASA, &salt(Some(Qop::Auth)), |with| request_digest(METHOD, TARGET, with), expect);
    check("MD5", "8ca523f5e9506fed4657c9700eebdbec");
    check("MD5-sess", "e783283f46242139c486a698fec7211d");
    check("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
    check("SHA-256-sess", "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7");
    check("SHA-512-256", "430d05014cecc49cab6fbe03176d41a1da86cbfe24a16580e22aaad928d960d0");
    check("SHA-512-256-sess", "3f2a34f923c38b0fb26dce2fdfc2ce326c23cecf86fbb1444f3e51fbbc2cb92e");
}

#[test]
fn auth_int() {
    let request = |with| request_digest_of_body(METHOD, TARGET, b"Hello", with);
    let check = |name, expect| check(name, &MUFASA, &salt(Some(Qop::AuthInt)), request, expect);
    check("MD5", "18f7f635fa741e0bc2d67632cbea4925");
    check("MD5-sess", "4c4b93fd42ef690271ed6fb24792e6b0");
    check("SHA-256", "f053a7ef435c21a2acc0d9587ec99856ff9d252b027ede246a0d968cab8604c4");
    check("SHA-256-sess", "bb281b24529bb400263163b63ad4156886d4a61e761572f805fb0b2a455fcbd0");
    check("SHA-512-256", "acc6e7b5683ae746b6f02fae66a0d9624cd6d96988e1baa224c11f59628f52b4");
    check("SHA-512-256-sess", "9528309d391044d5bc4a19979ad7830988eab6647db4cdaad8445272ff1509d4");
}

#[test]
fn no_qop() {
    let check = |name, expect| check(name, &MUFASA, &salt(None), |with| request_digest(METHOD, TARGET, with), expect);
    check("MD5", "7b2cc3b30e75b4777ea31027084363fd");
    check("MD5-sess", "37a7f42db2090a3fcac4e26e747d4fc8");
    check("SHA-256", "a1306b0595a6c7fe96c448631fb5cfbd5107bd1fe1da729d978dd7446b812363");
    check("SHA-512-256", "93e9122020ea0624d2ca801426d5bfbeb93d10ff4cc24cb410af3920fa4730e7");
}

/// RFC 2617 section 3.5, and the same account without `qop`.
#[test]
fn the_older_examples() {
    let nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
    let account = |password| Account { user: "Mufasa", realm: "testrealm@host.com", password };
    let request = |with| request_digest(METHOD, TARGET, with);
    let with_qop = Salt { nonce, count: "00000001", cnonce: "0a4f113b", qop: Some(Qop::Auth) };
    check("md5", &account("Circle Of Life"), &with_qop, request, "6629fae49393a05397450978507c4ef1");
    let without = Salt { nonce, count: "", cnonce: "", qop: None };
    check("md5", &account("CircleOfLife"), &without, request, "1949323746fe6a43ef61f9606e7febea");
}

/// The values of RFC 7616 section 3.9.2, with SHA-512/256 as FIPS 180-4 has it: not what is printed there.
#[test]
fn user_names_that_are_hashed() {
    let account = Account { user: "J\u{e4}s\u{f8}n Doe", realm: "api@example.org", password: "Secret, or not?" };
    let salt = Salt {
        nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        count: "00000001",
        cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm",
        qop: Some(Qop::Auth),
    };
    let request = |with| request_digest(METHOD, "/doe.json", with);
    check("SHA-512-256", &account, &salt, request, "7a4e1192babbba02e91182d2895bfdbf7adafc6e48d4e517ca301974843d840c");
    check("SHA-256", &account, &salt, request, "06d0c14162099f487a92ebceaf71097534ee5f90d858386449c337ab69f7f6b8");
    let hashed = |with| userhash(account.user, account.realm, with);
    assert_eq!(hashed(Algorithm::Sha512T256), "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b");
    assert_eq!(hashed(Algorithm::Sha256Sess), "5a1a8a47df5c298551b9b42ba9b05835174a5bd7d511ff7fe9191d8e946fc4e7");
}

#[test]
fn names() {
    for algorithm in Algorithm::ALL {
        assert_eq!(Algorithm::named(&algorithm.name().to_ascii_lowercase()), Some(algorithm));
        assert_eq!(algorithm.is_session(), algorithm.name().ends_with("-sess"));
    }
    for wrong in ["", "SHA", "SHA-512", "SHA256", "MD5-sess ", "none"] {
        assert_eq!(Algorithm::named(wrong), None, "{wrong}");
    }
    assert_eq!((Qop::named("AUTH-INT"), Qop::named("auth,auth-int")), (Some(Qop::AuthInt), None));
}
