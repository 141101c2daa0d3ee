//! Documents given alone, through the front door: each form is recognised as itself.

#![allow(clippy::unwrap_used)]

use countersign_doctor::{DocumentKind, read};

#[track_caller]
fn check(text: &str, expect: DocumentKind) {
    let dossier = read("-", text.as_bytes()).unwrap();
    assert_eq!(dossier.documents.iter().map(|document| document.kind).collect::<Vec<_>>(), [expect], "{text}");
}

#[test]
fn each_form_is_recognised_as_itself() {
    let jwt = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJleHAiOjE3MDAwMDAwMDAsImF1ZCI6ImFwaSJ9.c2ln";
    check(jwt, DocumentKind::Jwt);
    check(&format!("Authorization: Bearer {jwt}\n"), DocumentKind::Jwt);
    check("ghp_0123456789abcdef0123456789abcdef0123", DocumentKind::OpaqueToken);
    check(r#"{"keys": [{"kty": "RSA", "kid": "a"}]}"#, DocumentKind::KeySet);
    check(r#"{"issuer": "https://id.example", "jwks_uri": "https://id.example/keys"}"#, DocumentKind::Discovery);
    check(r#"{"resource": "https://a.example/mcp", "authorization_servers": []}"#, DocumentKind::ResourceMetadata);
    check("<p:Response xmlns:p=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>", DocumentKind::Saml);
    check("<m:EntityDescriptor xmlns:m=\"urn:oasis:names:tc:SAML:2.0:metadata\"/>", DocumentKind::SamlMetadata);
    check("server {\n  listen 80;\n  location / {\n    proxy_pass http://app;\n  }\n}\n", DocumentKind::Configuration);
    check("<VirtualHost *:80>\n  ServerName a.example\n  WSGIScriptAlias / /srv/app.py\n</VirtualHost>\n", DocumentKind::Configuration);
    check("a.example {\n  basic_auth {\n  }\n  reverse_proxy app:80\n}\n", DocumentKind::Configuration);
    check("frontend web\n  bind :80\nbackend app\n  http-request del-header Authorization\n", DocumentKind::Configuration);
    check(r#"{"kind":"Status","status":"Failure","message":"pods is forbidden","reason":"Forbidden","code":403}"#, DocumentKind::ErrorBody);
    check("<Error><Code>SignatureDoesNotMatch</Code></Error>", DocumentKind::ErrorBody);
    check("AADSTS50105: The signed in user is not assigned to a role", DocumentKind::ErrorBody);
}
