//! Issuers that are asked about tokens: what is told of which text, and what holds where nothing is said.

use super::faults::check;
use super::loaded;
use crate::config::{Overrides, Source, load};
use countersign::introspection::ClientProof;
use countersign::login::oidc::ClientAuthentication;

const ISSUER: &str = "[[issuer]]\nname = \"id\"\nissuer = \"https://id.example\"\naudiences = [\"a\"]\n[issuer.introspection]\n";
const SITE: &str = "[[site]]\nupstream = \"sample\"\n[[site.rule]]\npath = \"/**\"\nschemes = [\"bearer\"]\n";

/// In a section that is otherwise empty; its lines begin with 6.
#[track_caller]
fn check_lines(lines: &str, expect: &[&str]) {
    check(&format!("{ISSUER}{lines}\n{SITE}"), expect);
}

#[test]
fn defaults_hold_where_nothing_is_said() {
    let plan = loaded(&format!("{ISSUER}client_id = \"g\"\nclient_secret_file = \"s\"\n{SITE}")).plan;
    let asked = plan.issuers[0].introspection.as_ref().unwrap();
    assert!(matches!(asked.proof, ClientProof::Secret(ClientAuthentication::Basic, _)));
    assert!(
        asked.endpoint.is_none() && asked.client_id == "g" && !asked.all && asked.reuse == 60 && !asked.signed && asked.require_audience
    );
    assert_eq!(plan.sites[0].rules[0].requirement.serve_verified_for, 0);
    assert!(loaded(&format!("{}{SITE}", ISSUER.replace("[issuer.introspection]\n", ""))).plan.issuers[0].introspection.is_none());
}

#[test]
fn introspection() {
    check_lines("client_id = \"g\"\nclient_secret_file = \"s\"\nclient_auth = \"post\"\nreuse = \"0s\"\ntokens = \"all\"", &[]);
    check_lines("client_id = \"g\"\nclient_auth = \"private_key_jwt\"\nclient_key_file = \"k\"", &[]);
    check_lines(
        "client_id = \"g\"\nclient_auth = \"private_key_jwt\"",
        &["5:1: the client has no key to prove itself by => name a file by `client_key_file`"],
    );
    check_lines(
        "client_id = \"g\"",
        &[
            "5:1: the client has no secret to prove itself by => name a file by `client_secret_file`; nobody but the issuer's clients may ask about tokens",
        ],
    );
    check_lines(
        "client_id = \"g\"\nclient_secret_file = \"s\"\nclient_key_file = \"k\"",
        &["8:19: warning: the client's key is not used: it proves itself by a secret => write `client_auth = \"private_key_jwt\"`"],
    );
    check_lines(
        "client_id = \"g\"\nclient_secret_file = \"s\"\nendpoint = \"http://id.example/i\"",
        &["8:12: warning: tokens are sent without TLS to a public host: whoever sits between can use them"],
    );
    check_lines("client_id = \"\"\nclient_secret_file = \"s\"", &["6:13: `client_id` is empty or has control characters"]);
}

#[test]
fn sites_name_their_issuers() {
    let text = format!("{}{}", ISSUER.replace("[issuer.introspection]\n", ""), SITE.replace("sample\"", "sample\"\nissuers = [\"ID\"]"));
    check(&text, &["7:12: there is no issuer \"ID\" => did you mean `id`?"]);
    let plan = loaded(&text.replace("[\"ID\"]", "[]")).plan;
    assert!(plan.sites[0].rules[0].requirement.issuers.is_empty());
}

#[test]
fn a_key_is_read_before_it_is_needed() {
    let folder = std::env::temp_dir().join(format!("countersign-introspection-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("k.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let lines = "client_id = \"g\"\nclient_auth = \"private_key_jwt\"\nclient_key_file = \"k.pem\"";
    std::fs::write(folder.join("c.toml"), format!("{ISSUER}{lines}\n{SITE}")).unwrap();
    let faults = load(&Source::File(folder.join("c.toml")), &Overrides::default(), &|_| None).unwrap_err().to_string();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(faults.contains("k.pem holds no private key in PKCS#8"), "{faults}");
}
