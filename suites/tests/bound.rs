//! Tokens that are bound to their holder, by proofs of possession (DPoP, RFC 9449): what is admitted, what is not and why,
//! what counts once, and what a client of another maker does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{Answer, get, request};
use countersign_suites::holder::Holder;
use countersign_suites::jwt::Signer;
use countersign_suites::product::suites;
use countersign_suites::scene::Scene;
use countersign_suites::{now, within};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

const CONFIG: &str = include_str!("../config/bound.toml");
const HOST: &str = "api.test";

/// A gateway, and somebody who holds a bound token.
struct Bound {
    scene: Scene,
    holder: Holder,
    token: String,
}

impl Bound {
    fn new(issuer: &str) -> Self {
        let scene = Scene::with(&CONFIG.replace("leeway =", &format!("{issuer}\nleeway =")));
        let holder = Holder::new("ES256");
        let token = bind(&scene, &holder.thumbprint());
        let started = now();
        // Proofs of the second in which the gateway started need a nonce.
        within(Duration::from_secs(5), "the next second", || now() > started);
        Self { scene, holder, token }
    }

    fn proof(&self, target: &str) -> String {
        self.holder.proof("GET", &url(target), &self.token)
    }

    /// Asks with the token and these proofs.
    fn ask(&self, target: &str, proofs: &[&str]) -> Answer {
        let authorization = format!("DPoP {}", self.token);
        let mut headers = vec![("Host", HOST), ("Authorization", authorization.as_str())];
        headers.extend(proofs.iter().map(|proof| ("DPoP", *proof)));
        get(self.scene.at(), target, &headers)
    }

    #[track_caller]
    fn refused(&self, what: &str, answer: &Answer, cause: &str) {
        check_refused(&self.scene, what, answer, cause);
    }
}

fn url(target: &str) -> String {
    format!("http://{HOST}{target}")
}

fn bind(scene: &Scene, thumbprint: &str) -> String {
    scene.issuer.token_of(&scene.issuer.claims_with("cnf", json!({ "jkt": thumbprint })))
}

/// The refusal has this cause, and the challenge that belongs to it.
#[track_caller]
fn check_refused(scene: &Scene, what: &str, answer: &Answer, cause: &str) {
    assert_eq!(answer.status, 401, "{what}: {answer:?}");
    assert_eq!(scene.gateway.cause(&answer.reference()), cause, "{what}: {}", scene.explain(answer));
    let error = match cause {
        "proof-nonce-needed" => "use_dpop_nonce",
        "token-unbound" => "invalid_token",
        _ => "invalid_dpop_proof",
    };
    let challenge = answer.all("www-authenticate").join("\n");
    assert!(challenge.starts_with("DPoP ") && challenge.contains(&format!("error=\"{error}\"")), "{what}: {challenge}");
    assert!(challenge.contains("algs=\"ES256 ") && challenge.contains("\nBearer "), "{what}: {challenge}");
    assert_eq!(answer.header("dpop-nonce").is_some(), cause == "proof-nonce-needed", "{what}: {answer:?}");
}

#[test]
fn a_bound_token_is_good_with_its_proof_and_with_nothing_else() {
    let bound = Bound::new("");
    let answer = bound.ask("/orders?page=2", &[&bound.proof("/orders")]);
    assert_eq!(answer.status, 200, "{answer:?}");
    let seen = bound.scene.upstream.the("/orders?page=2");
    assert_eq!(seen.read_as("Remote-User"), ["ann"]);
    assert!(seen.read_as("DPoP").is_empty() && seen.read_as("Authorization").is_empty(), "{seen:?}");
    // The token is known by now; each proof is looked at all the same.
    bound.refused("no proof", &bound.ask("/orders", &[]), "proof-missing");
    let proof = bound.proof("/orders");
    let bearer = format!("Bearer {}", bound.token);
    let answer = get(bound.scene.at(), "/orders", &[("Host", HOST), ("Authorization", &bearer), ("DPoP", &proof)]);
    bound.refused("as Bearer", &answer, "proof-missing");
    assert_eq!(bound.ask("/orders", &[&proof]).status, 200, "what was refused before did not use the proof up");
    // Somebody else's token, key or both.
    let thief = Holder::new("ES256");
    bound.refused("another key", &bound.ask("/orders", &[&thief.proof("GET", &url("/orders"), &bound.token)]), "proof-wrong");
    let other = bind(&bound.scene, &bound.holder.thumbprint());
    bound.refused("another token", &bound.ask("/orders", &[&bound.holder.proof("GET", &url("/orders"), &other)]), "proof-wrong");
    // A token that is not bound says nothing with a proof, and is a bearer token.
    let plain = bound.scene.issuer.token();
    let proof = bound.holder.proof("GET", &url("/orders"), &plain);
    let headers = |scheme: &str| format!("{scheme} {plain}");
    let answer = get(bound.scene.at(), "/orders", &[("Host", HOST), ("Authorization", &headers("DPoP")), ("DPoP", &proof)]);
    bound.refused("not bound", &answer, "token-unbound");
    assert_eq!(get(bound.scene.at(), "/orders", &[("Host", HOST), ("Authorization", &headers("Bearer"))]).status, 200);
    // Who is told of DPoP without asking? Nobody, where it is not asked for.
    let asked = get(bound.scene.at(), "/orders", &[("Host", HOST)]);
    assert!(asked.all("www-authenticate").iter().all(|challenge| challenge.starts_with("Bearer ")), "{asked:?}");
}

#[test]
fn every_kind_of_key_proves() {
    let bound = Bound::new("");
    for alg in ["ES256", "ES384", "EdDSA", "PS256", "RS256", "RS512"] {
        let holder = Holder::new(alg);
        let token = bind(&bound.scene, &holder.thumbprint());
        let (authorization, proof) = (format!("dpop {token}"), holder.proof("POST", &url("/orders"), &token));
        let headers = [("Host", "API.test:80"), ("Authorization", authorization.as_str()), ("DPoP", &proof)];
        let answer = request(bound.scene.at(), "POST", "/orders", &headers, b"x");
        assert_eq!(answer.status, 200, "{alg}: {answer:?}");
    }
}

/// Attack T98: proofs that are bad in one way each; a good one before and after.
#[test]
fn t098_bad_proofs() {
    let bound = Bound::new("");
    let Bound { holder, token, .. } = &bound;
    let claims = || holder.claims("GET", &url("/orders"), token);
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        holder.sign(&claims)
    };
    let without = |name: &str| {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        holder.sign(&claims)
    };
    let header = |name: &str, value: Value| {
        let mut header = holder.header();
        header[name] = value;
        holder.0.token(&header, &claims())
    };
    let key = |name: &str, value: Value| {
        let mut header = holder.header();
        header["jwk"][name] = value;
        holder.0.token(&header, &claims())
    };
    let good = holder.sign(&claims());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let twisted = format!("{signed}.{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]);
    let secret = countersign_suites::jwt::hmac_token(
        &json!({ "typ": "dpop+jwt", "alg": "HS256", "jwk": holder.jwk() }),
        &claims(),
        &holder.0.public(),
    );
    let unsigned = {
        let mut header = holder.header();
        header["alg"] = json!("none");
        let token = holder.0.token(&header, &claims());
        format!("{}.", token.rsplit_once('.').unwrap().0)
    };
    let bad = [
        ("another method", with("htm", json!("POST"))),
        ("the method in other letters", with("htm", json!("get"))),
        ("another path", with("htu", json!(url("/orders/1")))),
        ("another host", with("htu", json!("http://other.test/orders"))),
        ("another scheme", with("htu", json!(format!("https://{HOST}/orders")))),
        ("another port", with("htu", json!(format!("http://{HOST}:8080/orders")))),
        ("a path alone", with("htu", json!("/orders"))),
        ("too old", with("iat", json!(now() - 65))),
        ("not yet", with("iat", json!(now() + 30))),
        ("a time that is text", with("iat", json!("now"))),
        ("another hash", with("ath", json!("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"))),
        ("no hash", without("ath")),
        ("no id", without("jti")),
        ("an empty id", with("jti", json!(""))),
        ("no method", without("htm")),
        ("no address", without("htu")),
        ("no time", without("iat")),
        ("another typ", header("typ", json!("JWT"))),
        ("no typ", header("typ", Value::Null)),
        ("critical", header("crit", json!(["jwk"]))),
        ("a key elsewhere", header("jku", json!("http://evil.test/keys"))),
        ("no key", header("jwk", Value::Null)),
        ("a private key", key("d", json!("AAAA"))),
        ("a secret key", key("k", json!("AAAA"))),
        ("a key of another kind", key("kty", json!("RSA"))),
        ("a key on another curve", key("crv", json!("P-384"))),
        ("a key that is none", key("x", json!("AAAA"))),
        ("another alg", header("alg", json!("ES384"))),
        ("HS256 with the public key", secret),
        ("not signed", unsigned),
        ("a twisted signature", twisted),
        ("a cut one", good[..good.len() - 4].to_owned()),
        ("the token itself", token.clone()),
        ("nothing", String::new()),
        ("a long one", format!("{good}{}", "A".repeat(9000))),
    ];
    for (what, proof) in &bad {
        bound.refused(what, &bound.ask("/orders", &[proof]), "proof-wrong");
    }
    bound.refused("two proofs", &bound.ask("/orders", &[&bound.proof("/orders"), &bound.proof("/orders")]), "proof-wrong");
    assert!(bound.scene.upstream.requests().is_empty());
    assert_eq!(bound.ask("/orders", &[&good]).status, 200, "none of these used the good one up");
    let spelt = with("htu", json!(format!("HTTP://API.test:80/%6Frders?a=b#c")));
    assert_eq!(bound.ask("/orders", &[&spelt]).status, 200, "the same address in another spelling");
}

/// Attack T98: each proof counts once, whoever sends it at the same time.
#[test]
fn t098_replay() {
    let bound = Bound::new("");
    let proof = bound.proof("/orders");
    assert_eq!(bound.ask("/orders", &[&proof]).status, 200);
    bound.refused("again", &bound.ask("/orders", &[&proof]), "proof-replayed");
    // The same id in another proof is the same use; the same id of another key is not.
    let mut claims = bound.holder.claims("GET", &url("/orders"), &bound.token);
    claims["jti"] = json!("twice");
    assert_eq!(bound.ask("/orders", &[&bound.holder.sign(&claims)]).status, 200);
    bound.refused("the same id", &bound.ask("/orders", &[&bound.holder.sign(&claims)]), "proof-replayed");
    let other = Holder::new("EdDSA");
    let token = bind(&bound.scene, &other.thumbprint());
    let mut claims = other.claims("GET", &url("/orders"), &token);
    claims["jti"] = json!("twice");
    let headers = [("Host", HOST), ("Authorization", &format!("DPoP {token}")), ("DPoP", &other.sign(&claims))];
    assert_eq!(get(bound.scene.at(), "/orders", &headers).status, 200);
    for round in 0..5 {
        let target = format!("/race/{round}");
        let proof = bound.proof(&target);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..12).map(|_| scope.spawn(|| bound.ask(&target, &[&proof]).status)).collect();
            asking.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(bound.scene.upstream.saw(&target).len(), 1);
    }
}

#[test]
fn nonces_are_asked_for_and_good_here_alone() {
    let bound = Bound::new("dpop_nonces = true");
    let asked = bound.ask("/orders", &[&bound.proof("/orders")]);
    bound.refused("no nonce", &asked, "proof-nonce-needed");
    assert_eq!(asked.header("cache-control"), Some("no-store"));
    let nonce = asked.header("dpop-nonce").unwrap().to_owned();
    let with = |nonce: &str| {
        let mut claims = bound.holder.claims("GET", &url("/orders"), &bound.token);
        claims["nonce"] = json!(nonce);
        bound.holder.sign(&claims)
    };
    for _ in 0..2 {
        let answer = bound.ask("/orders", &[&with(&nonce)]);
        assert_eq!((answer.status, answer.header("dpop-nonce")), (200, None), "a young nonce is good again: {answer:?}");
    }
    let other = Bound::new("dpop_nonces = true");
    let foreign = other.ask("/orders", &[&other.proof("/orders")]).header("dpop-nonce").unwrap().to_owned();
    let twisted = format!("{}{}", if nonce.starts_with('A') { 'B' } else { 'A' }, &nonce[1..]);
    for nonce in ["", "x", foreign.as_str(), twisted.as_str()] {
        bound.refused(nonce, &bound.ask("/orders", &[&with(nonce)]), "proof-nonce-needed");
    }
    // Where proofs carry nonces, everybody is told of proofs; a script may read the nonce.
    let headers = [("Host", HOST), ("Origin", "https://app.example")];
    let asked = get(bound.scene.at(), "/orders", &headers);
    assert!(asked.all("www-authenticate")[0].starts_with("DPoP realm=\"orders\", algs=\""), "{asked:?}");
    assert!(asked.header("access-control-expose-headers").unwrap().contains("DPoP-Nonce"));
}

/// What was used before a restart is not good after it: the ledger is new, and so a proof from before needs a nonce.
#[test]
fn a_restart_gives_no_proof_a_second_use() {
    let mut bound = Bound::new("");
    let proof = bound.proof("/orders");
    assert_eq!(bound.ask("/orders", &[&proof]).status, 200);
    bound.scene.gateway.kill_and_restart();
    let asked = bound.ask("/orders", &[&proof]);
    bound.refused("from before", &asked, "proof-nonce-needed");
    let mut claims = bound.holder.claims("GET", &url("/orders"), &bound.token);
    claims["nonce"] = json!(asked.header("dpop-nonce").unwrap());
    assert_eq!(bound.ask("/orders", &[&bound.holder.sign(&claims)]).status, 200);
}

#[test]
fn an_issuer_whose_tokens_have_to_be_bound() {
    let bound = Bound::new("binding = \"dpop\"");
    let plain = format!("Bearer {}", bound.scene.issuer.token());
    bound.refused("not bound", &get(bound.scene.at(), "/orders", &[("Host", HOST), ("Authorization", &plain)]), "token-unbound");
    assert_eq!(bound.ask("/orders", &[&bound.proof("/orders")]).status, 200);
    let expired = bound.scene.issuer.claims_with("exp", now() - 5);
    let answer =
        get(bound.scene.at(), "/orders", &[("Host", HOST), ("Authorization", &format!("DPoP {}", bound.scene.issuer.token_of(&expired)))]);
    assert!(answer.all("www-authenticate")[0].contains("error=\"invalid_token\""), "{answer:?}");
    assert_eq!(bound.scene.gateway.cause(&answer.reference()), "token-expired");
    // A stranger's token is nobody's before any proof is looked at.
    let stranger = Signer::new("es", "ES256");
    let forged = stranger.token(&stranger.header(), &bound.scene.issuer.claims_with("cnf", json!({ "jkt": bound.holder.thumbprint() })));
    let headers =
        [("Host", HOST), ("Authorization", &format!("DPoP {forged}")), ("DPoP", &bound.holder.proof("GET", &url("/orders"), &forged))];
    let answer = get(bound.scene.at(), "/orders", &headers);
    assert_eq!(bound.scene.gateway.cause(&answer.reference()), "token-signature-wrong");
}

/// `examples/sender-constrained.toml`, with the addresses of this stage.
#[test]
fn the_example() {
    let config = include_str!("../../examples/sender-constrained.toml")
        .replace("http://127.0.0.1:3000", "UPSTREAM")
        .replace("https://id.example.com", "ISSUER")
        .replace("listen = \"127.0.0.1:8401\"", "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"");
    let scene = Scene::with(&config);
    let holder = Holder::new("ES256");
    let mut claims = scene.issuer.claims_with("cnf", json!({ "jkt": holder.thumbprint() }));
    claims["aud"] = json!("https://api.example.com");
    claims["scope"] = json!("api:read");
    let token = scene.issuer.token_of(&claims);
    let ask = |nonce: Option<&str>| {
        let mut claims = holder.claims("GET", "http://api.example.com/v1/orders", &token);
        claims["nonce"] = json!(nonce);
        let headers = [("Host", "api.example.com"), ("Authorization", &format!("DPoP {token}")), ("DPoP", &holder.sign(&claims))];
        get(scene.at(), "/v1/orders", &headers)
    };
    let asked = ask(None);
    check_refused(&scene, "no nonce", &asked, "proof-nonce-needed");
    assert_eq!(ask(asked.header("dpop-nonce")).status, 200);
    assert_eq!(scene.upstream.the("/v1/orders").read_as("Countersign-Scheme"), ["bearer"]);
}

/// oauth4webapi, which makes proofs, takes nonces and asks again by itself.
#[test]
fn a_client_of_another_maker() {
    let bound = Bound::new("dpop_nonces = true\nbinding = \"dpop\"");
    let address = format!("http://localhost:{}/orders", bound.scene.at().port());
    let mut child = Command::new("node")
        .arg(suites().join("products/dpop.mjs"))
        .arg(&address)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed");
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut thumbprint = String::new();
    out.read_line(&mut thumbprint).unwrap();
    let token = bind(&bound.scene, thumbprint.trim());
    writeln!(child.stdin.take().unwrap(), "{token}").unwrap();
    let mut told = String::new();
    out.read_to_string(&mut told).unwrap();
    assert!(child.wait().unwrap().success());
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told, json!({ "statuses": [200, 200, 200], "nonces": 1 }));
    assert_eq!(bound.scene.upstream.saw("/orders").len(), 3);
}
