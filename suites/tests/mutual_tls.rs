//! Tokens that are bound to client certificates (mutual TLS, RFC 8705): over TLS of our own, with curl as the client, and
//! through a proxy that ends TLS and passes certificates on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{Answer, get_from};
use countersign_suites::holder::Holder;
use countersign_suites::mutual::{By, Mutual, thumbprint};
use countersign_suites::scene::Scene;
use countersign_suites::tls::{Authority, Certificate};
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr};

const CONFIG: &str = include_str!("../config/bound.toml");

fn bearer(token: &str) -> Vec<String> {
    vec![format!("Authorization: Bearer {token}")]
}

#[track_caller]
fn check(stage: &Mutual, what: &str, answer: &Answer, cause: &str) {
    assert_eq!(answer.status, 401, "{what}: {answer:?}");
    assert_eq!(stage.gateway.cause(&answer.reference()), cause, "{what}");
    assert!(
        answer.all("www-authenticate").iter().any(|challenge| challenge.contains("Bearer ") && challenge.contains("invalid_token")),
        "{what}: {answer:?}"
    );
}

#[test]
fn a_token_is_good_over_a_connection_with_its_certificate() {
    let stage = Mutual::new(CONFIG);
    let [ann, bob, old, stranger] = [("ann", By::Ours), ("bob", By::Ours), ("old", By::OursLongAgo), ("stranger", By::Stranger)]
        .map(|(name, by)| stage.client(name, by));
    let token = stage.token(&ann);
    for more in [&["--http2"][..], &["--tls-max", "1.2"], &[]] {
        let answer = stage.ask("/orders", Some(&ann), &bearer(&token), more);
        assert_eq!(answer.status, 200, "{more:?}: {answer:?}");
    }
    assert_eq!(stage.upstream.saw("/orders").pop().unwrap().read_as("Remote-User"), ["ann"]);
    let admitted = stage.upstream.requests().len();
    // Without it, with another one, with one that is not to be trusted: the same token, seen a moment ago.
    check(&stage, "none", &stage.ask("/orders", None, &bearer(&token), &[]), "certificate-missing");
    check(&stage, "another", &stage.ask("/orders", Some(&bob), &bearer(&token), &[]), "proof-wrong");
    for (more, kind) in [(&["--tls-max", "1.2"][..], "1.2"), (&[], "1.3")] {
        check(&stage, kind, &stage.ask("/orders", Some(&stranger), &bearer(&stage.token(&stranger)), more), "certificate-untrusted");
        check(&stage, kind, &stage.ask("/orders", Some(&old), &bearer(&stage.token(&old)), more), "certificate-expired");
    }
    // A header says nothing where no proxy is trusted.
    let fields = [bearer(&token), vec![format!("Client-Cert: :{}:", base64(&ann))]].concat();
    check(&stage, "a header", &stage.ask("/orders", None, &fields, &[]), "certificate-missing");
    let as_dpop = vec![format!("Authorization: DPoP {token}")];
    assert_eq!(stage.gateway.cause(&stage.ask("/orders", Some(&ann), &as_dpop, &[]).reference()), "token-unbound");
    assert_eq!(stage.upstream.requests().len(), admitted);
    // Who is not bound to a certificate needs none, and one that is not to be trusted does no harm.
    for certificate in [None, Some(&stranger), Some(&old), Some(&ann)] {
        assert_eq!(stage.ask("/orders", certificate, &bearer(&stage.issuer.token()), &[]).status, 200);
    }
}

/// `examples/mutual-tls/countersign.toml`, with the addresses of this stage.
#[test]
fn the_example() {
    let config = include_str!("../../examples/mutual-tls/countersign.toml")
        .replace("http://127.0.0.1:3000", "UPSTREAM")
        .replace("https://id.example.com", "ISSUER")
        .replace("listen = \"127.0.0.1:8401\"", "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"");
    let stage = Mutual::with(&config);
    let ann = stage.client("ann", By::Ours);
    let mut claims = stage.issuer.claims_with("cnf", json!({ "x5t#S256": thumbprint(&ann.chain) }));
    claims["aud"] = json!("https://api.example.com");
    claims["scope"] = json!("api:read");
    let token = stage.issuer.token_of(&claims);
    assert_eq!(stage.ask("/orders", Some(&ann), &bearer(&token), &[]).status, 200);
    check(&stage, "none", &stage.ask("/orders", None, &bearer(&token), &[]), "certificate-missing");
}

#[test]
fn an_issuer_whose_tokens_have_to_be_bound() {
    let stage = Mutual::new(&CONFIG.replace("leeway =", "binding = \"mtls\"\nleeway ="));
    let ann = stage.client("ann", By::Ours);
    check(&stage, "not bound", &stage.ask("/orders", Some(&ann), &bearer(&stage.issuer.token()), &[]), "token-unbound");
    assert_eq!(stage.ask("/orders", Some(&ann), &bearer(&stage.token(&ann)), &[]).status, 200);
    // Bound to both: the certificate first, since a proof would be used up.
    let holder = Holder::new("ES256");
    let both = json!({ "x5t#S256": thumbprint(&ann.chain), "jkt": holder.thumbprint() });
    let token = stage.issuer.token_of(&stage.issuer.claims_with("cnf", both));
    let url = format!("https://localhost:{}/orders", stage.gateway.listen.port());
    let mut claims = holder.claims("GET", &url, &token);
    let fields = |proof: &str| vec![format!("Authorization: DPoP {token}"), format!("DPoP: {proof}")];
    let asked = stage.ask("/orders", Some(&ann), &fields(&holder.sign(&claims)), &[]);
    if let Some(nonce) = asked.header("dpop-nonce") {
        claims["nonce"] = json!(nonce);
    }
    claims["jti"] = json!("both");
    let proof = holder.sign(&claims);
    check(&stage, "half", &stage.ask("/orders", None, &fields(&proof), &[]), "certificate-missing");
    assert_eq!(stage.ask("/orders", Some(&ann), &fields(&proof), &[]).status, 200);
}

fn base64(certificate: &Certificate) -> String {
    let text = std::fs::read_to_string(&certificate.chain).unwrap();
    text.lines().filter(|line| !line.starts_with('-')).collect()
}

/// A trusted proxy's header counts in both of its forms, nobody else's does, and the app never sees it.
#[test]
fn a_proxy_passes_certificates_on() {
    let config = CONFIG
        .replace("data = \"state\"", "data = \"state\"\ntrusted_proxies = [\"127.0.8.1\"]\nclient_certificate_header = \"X-Client-Cert\"");
    let scene = Scene::with(&config);
    let authority = Authority::new();
    let ann = authority.certify("ann");
    let token = scene.issuer.token_of(&scene.issuer.claims_with("cnf", json!({ "x5t#S256": thumbprint(&ann.chain) })));
    let (rfc, pem) = (format!(":{}:", base64(&ann)), escaped(&std::fs::read_to_string(&ann.chain).unwrap()));
    let other = format!(":{}:", base64(&authority.certify("bob")));
    let ask = |from: u8, fields: &[&str]| {
        let authorization = format!("Bearer {token}");
        let mut headers = vec![("Authorization", authorization.as_str())];
        headers.extend(fields.iter().map(|value| ("X-Client-Cert", *value)));
        get_from(IpAddr::V4(Ipv4Addr::new(127, 0, 8, from)), scene.at(), "/orders", &headers)
    };
    for form in [rfc.as_str(), pem.as_str()] {
        let answer = ask(1, &[form]);
        assert_eq!(answer.status, 200, "{answer:?}");
        let seen = scene.upstream.saw("/orders").pop().unwrap();
        assert!(seen.read_as("X-Client-Cert").is_empty(), "{seen:?}");
    }
    for (from, fields, cause) in [
        (1, &[][..], "certificate-missing"),
        (1, &[""], "certificate-missing"),
        (1, &[other.as_str()], "proof-wrong"),
        (1, &["junk"], "certificate-untrusted"),
        (1, &[rfc.as_str(), rfc.as_str()], "certificate-untrusted"),
        (2, &[rfc.as_str()], "certificate-missing"),
    ] {
        let answer = ask(from, fields);
        assert_eq!((answer.status, scene.gateway.cause(&answer.reference()).as_str()), (401, cause), "{from} {fields:?}");
    }
    let plain = format!("Bearer {}", scene.issuer.token());
    let from = IpAddr::V4(Ipv4Addr::new(127, 0, 8, 2));
    assert_eq!(get_from(from, scene.at(), "/spoofed", &[("Authorization", &plain), ("X-Client-Cert", &rfc)]).status, 200);
    assert!(scene.upstream.the("/spoofed").read_as("X-Client-Cert").is_empty());
}

/// As nginx writes `$ssl_client_escaped_cert`.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
