//! Which site and which rule a request finds.

use super::loaded;
use countersign::{Issuer, Target};
use http::Method;
use std::sync::Arc;

const SITES: &str = r#"
[[site]]
host = "*"
upstream = "sample"
[[site.rule]]
path = "/public/**"
access = "public"
[[site.rule]]
path = "/Public/admin"
schemes = ["basic"]
[[site.rule]]
path = "/api/orders"
methods = ["GET", "POST"]
schemes = ["basic", "bearer"]
[[site.rule]]
path = "/api/*/keys"
access = "denied"

[[site]]
host = "*.example"
upstream = "sample"

[[site]]
host = "*.shop.example"
upstream = "sample"

[[site]]
host = "a.shop.example"
upstream = "sample"
"#;

#[test]
fn the_most_exact_site_wins() {
    let plan = loaded(SITES).plan;
    for (host, expect) in [
        ("other:8401", 0),
        ("example", 0),
        ("x.example", 1),
        ("shop.example", 1),
        ("b.SHOP.example:80", 2),
        ("A.Shop.Example.", 3),
        ("", 0),
    ] {
        assert_eq!(plan.site(host).map(|site| site.index), Some(expect), "{host}");
    }
}

#[test]
fn no_site_for_a_host() {
    let plan = loaded("[[site]]\nhost = \"a.example\"\nupstream = \"sample\"\n").plan;
    assert!(plan.site("b.example").is_none());
}

#[track_caller]
fn check(method: Method, path: &str, expect: Option<u16>, near: &[u16]) {
    let plan = loaded(SITES).plan;
    let site = plan.site("x").unwrap();
    let target = Target::parse(path).unwrap();
    assert_eq!(site.rule(&method, &target).map(|rule| rule.index), expect, "{method} {path}");
    assert_eq!(site.nearest_misses(&method, &target), near, "near {method} {path}");
}

#[test]
fn the_first_rule_that_matches_wins() {
    check(Method::GET, "/public/x", Some(0), &[1]);
    check(Method::GET, "/public/admin", Some(0), &[]);
    // Another case opens nothing, and still does not lead past a rule that protects.
    check(Method::GET, "/PUBLIC/x", None, &[1]);
    check(Method::GET, "/PUBLIC/admin", Some(1), &[]);
    check(Method::HEAD, "/api/orders?x=1", Some(2), &[3]);
    check(Method::GET, "/API/Orders", Some(2), &[3]);
    check(Method::DELETE, "/api/orders", None, &[2, 3]);
    check(Method::GET, "/api/order", None, &[2, 3]);
    check(Method::GET, "/api/x/keys", Some(3), &[]);
    check(Method::GET, "/", None, &[]);
}

#[test]
fn the_gateways_own_issuer_is_trusted_everywhere() {
    let own = Issuer {
        name: "own".into(),
        issuer: "urn:x".into(),
        audiences: vec![],
        algorithms: vec![],
        leeway: 0,
        access_token_type: true,
        binding: countersign::TokenBinding::Optional,
        dpop_nonces: false,
        introspection: None,
    };
    let plan = loaded(SITES).plan.with_own_issuer(Arc::new(own));
    assert!(plan.sites.iter().flat_map(|site| &site.rules).all(|rule| rule.requirement.issuers.iter().any(|issuer| issuer.name == "own")));
    assert!(plan.issuers.is_empty());
}
