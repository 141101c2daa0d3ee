//! What is left of fields and texts, and that nothing more is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;

#[track_caller]
fn field(name: &str, value: &str, expect: &str) {
    assert_eq!(header(name, value), expect, "{name}: {value}");
}

#[track_caller]
fn check(value: &str, expect: &str) {
    assert_eq!(text(value), expect, "{value}");
}

const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJlLW9mLWl0";

#[test]
fn credentials_keep_their_scheme() {
    field("Authorization", &format!("Bearer {JWT}"), "Bearer eyJhbG… (57 characters)");
    field("authorization", "Basic YW5uOnNlY3JldA==", "Basic … (16 characters, user ann)");
    field("Authorization", "Basic OnNlY3JldHBhdA==", "Basic … (16 characters, no user)");
    field("Authorization", "Basic not base64", "Basic … (10 characters)");
    field("Authorization", "Bearer null", "Bearer null");
    field("Authorization", "Bearer {{token}}", "Bearer {{token}}");
    field("Authorization", "Bearer $TOKEN", "Bearer $TOKEN");
    field("Authorization", "Bearer ***", "Bearer ***");
    field("Authorization", "Bearer Bearer abcdefgh12345678", "Bearer Bearer abcd… (16 characters)");
    field("Authorization", "0123456789abcdef0123456789abcdef", "012345… (32 characters)");
    field("Authorization", "hunter2", "… (7 characters)");
    field("Authorization", "NTLM", "NTLM");
    field("Authorization", "token ghs_0123456789abcdefABCDEF", "token ghs_01… (26 characters)");
    field(
        "Authorization",
        "Digest username=\"ann\", realm=\"r\", nonce=\"abc\", uri=\"/x\", response=\"49e0700bf5aed546860166453207b33e\", cnonce=\"7e6e0b9f\", qop=auth, nc=00000001",
        "Digest username=\"ann\", realm=\"r\", nonce=\"abc\", uri=\"/x\", response=\"49e070… (32 characters)\", cnonce=\"7e… (8 characters)\", qop=auth, nc=00000001",
    );
    field(
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLEFAKE12345/20241008/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "AWS4-HMAC-SHA256 Credential=AKIA… (20 characters)/20241008/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=bbbbbb… (32 characters)",
    );
}

#[test]
fn cookies_and_keys() {
    field("Cookie", "sid=0123456789abcdef; theme=dark", "sid=0123… (16 characters); theme=… (4 characters)");
    field(
        "Set-Cookie",
        "sid=0123456789abcdef; Path=/; HttpOnly; SameSite=Lax",
        "sid=0123… (16 characters); Path=/; HttpOnly; SameSite=Lax",
    );
    field("X-Api-Key", "abc", "… (3 characters)");
    field("X-Api-Key", "Bearer abcdefgh1", "Bearer ab… (9 characters)");
    for name in ["Ocp-Apim-Subscription-Key", "Private-Token", "X-Vault-Token", "X-Hub-Signature-256", "X-CSRF-Token", "access_key", "DPoP"]
    {
        field(name, "0123456789abcdefghijklmn", "012345… (24 characters)");
    }
    for (name, value) in [
        ("Access-Control-Allow-Headers", "authorization, x-api-key"),
        ("X-Request-Id", "0123456789abcdef0123456789abcdef"),
        ("Server", "nginx"),
        ("Date", "Tue, 08 Oct 2024 20:04:40 GMT"),
    ] {
        field(name, value, value);
    }
    field(
        "WWW-Authenticate",
        "Bearer realm=\"a\", error=\"invalid_token\", error_description=\"The access token expired\"",
        "Bearer realm=\"a\", error=\"invalid_token\", error_description=\"The access token expired\"",
    );
}

#[test]
fn addresses_and_bodies() {
    check(
        "https://ann:pw@a.example/x?access_token=abc&a=1#f",
        "https://ann:… (2 characters)@a.example/x?access_token=… (3 characters)&a=1#f",
    );
    check(
        "/x?code=4%2F0Ab&state=s&X-Amz-Signature=dddd&SAMLResponse=PHNhbWw",
        "/x?code=… (7 characters)&state=s&X-Amz-Signature=… (4 characters)&SAMLResponse=… (7 characters)",
    );
    check("error=invalid_grant&code=401", "error=invalid_grant&code=401");
    check("grant_type=password&username=alice&password=valid-pw", "grant_type=password&username=alice&password=va… (8 characters)");
    check(
        "{\"access_token\":\"tk1FakeFake\",\"token_type\":\"Bearer\"}",
        "{\"access_token\":\"tk… (11 characters)\",\"token_type\":\"Bearer\"}",
    );
    check("{\\\"client_secret\\\": \\\"hush\\\"}", "{\\\"client_secret\\\": \\\"… (4 characters)\\\"}");
    check("{\"password\":\"a\\\"bcdefgh\",\"b\":1}", "{\"password\":\"a\\… (10 characters)\",\"b\":1}");
    check("{\"api_key\":\"abcdefghijk\"}", "{\"api_key\":\"ab… (11 characters)\"}");
    check("<password>hush</password>", "<password>… (4 characters)</password>");
    check("redirect=%2Fx%3Faccess_token%3Dabcdefgh", "redirect=%2Fx%3Faccess_token%3Dab… (8 characters)");
    check(
        "{\"token\":\"expired\",\"code\":\"invalid_api_key\",\"password\":[\"This field is required.\"]}",
        "{\"token\":\"expired\",\"code\":\"invalid_api_key\",\"password\":[\"This field is required.\"]}",
    );
}

#[test]
fn secrets_by_their_form() {
    check(&format!("got {JWT}."), "got eyJhbG… (57 characters).");
    check("key ghp_0123456789abcdefghijABCDEFGHIJ here", "key ghp_01… (34 characters) here");
    check("AKIAIOSFODNN7EXAMPLE and xoxb-123456789012-abc", "AKIA… (20 characters) and xoxb… (21 characters)");
    check("sha 49e0700bf5aed546860166453207b33e", "sha 49e070… (32 characters)");
    check("curl -H 'Authorization: Bearer abc123def456' x", "curl -H 'Authorization: Bearer ab… (12 characters)' x");
    check("sent Bearer abc123def456 and Basic YW5uOnNlY3JldA==", "sent Bearer ab… (12 characters) and Basic … (16 characters, user ann)");
    for plain in [
        "User \"system:serviceaccount:kube-system:pdb-controller\" cannot list resource \"namespaces\"",
        "AADSTS50173: The provided grant has expired. 2017-11-26T09:16:07.5290000Z",
        "00000000-1111-2222-3333-444444444444",
        "Basic realm=\"x\", Bearer authorization_uri=https://login.example.com/",
        "com.ibm.security.cert.IBMCertPathBuilderException: unable to find valid certification path",
        "InvalidSignatureException: 20241008T195522Z is now earlier than 20241008T195940Z",
        "cs1_0123456789abcdefABCDEF0123456789abcdef",
        "JWT malformed; the Bearer token is missing",
    ] {
        check(plain, plain);
    }
    assert_eq!(name("nOo3ZDrODXEK1jKWhXslHR_KXEg"), "nOo3ZDrODXEK1jKWhXslHR_KXEg");
    check("\"kid\":\"nOo3ZDrODXEK1jKWhXslHR0KXEg\"", "\"kid\":\"nOo3ZDrODXEK1jKWhXslHR0KXEg\"");
}

#[test]
fn hostile_text_is_plain_short_and_quick() {
    check("\u{1b}[31mred\u{1b}[0m\u{7}\u{202e}abc\u{200b}\r\ndone", "redabc done");
    assert_eq!(text(&"é".repeat(1000)).chars().count(), LONGEST + 1);
    for unit in ["password=", "eyJ", "://", "a:b@", "Bearer ", "Cookie: ", "\u{1b}[", "\\\"", "<password>", "token\":\"", "%3D", "ü"] {
        let hostile = unit.repeat(2_000_000 / unit.len());
        assert!(text(&hostile).chars().count() <= LONGEST + 1);
        assert!(header("authorization", &hostile).chars().count() <= LONGEST + 1);
        assert!(header("cookie", &hostile).chars().count() <= LONGEST + 1);
    }
}
