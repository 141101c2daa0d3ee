//! Providers and the sites that name them: what is told of which text, and what holds where nothing is said.

use super::faults::check;
use super::{loaded, parse};
use crate::config::{Overrides, Plan, Protocol, Source, load};

const PROVIDER: &str = "[[provider]]\nname = \"corp\"\nissuer = \"https://id.example\"\nclient_id = \"orders\"\n";
const SITE: &str = "[[site]]\nupstream = \"sample\"\nproviders = [\"corp\"]\n[[site.rule]]\npath = \"/**\"\nschemes = [\"session\"]\n";

/// In a provider that is otherwise whole; its lines begin with 5.
#[track_caller]
fn check_provider(lines: &str, expect: &[&str]) {
    check(&format!("{PROVIDER}{lines}\n{SITE}"), expect);
}

fn party(plan: &Plan) -> &countersign::login::oidc::RelyingParty {
    let Protocol::Oidc(party) = &plan.sites[0].providers[0].protocol else { panic!("another protocol") };
    party
}

#[test]
fn defaults_hold_where_nothing_is_said() {
    let plan = loaded(&format!("{PROVIDER}{SITE}")).plan;
    let site = &plan.sites[0];
    assert!(!site.passwords && site.provider("corp").is_some() && site.provider("other").is_none());
    let party = party(&plan);
    assert_eq!(party.scopes, ["openid", "profile", "email"]);
    assert_eq!((party.issuer.audiences.as_slice(), party.issuer.leeway), (["orders".to_owned()].as_slice(), 30));
    assert!(party.client_secret.is_none() && party.userinfo && party.end_session && !party.renew);
    let provider = &site.providers[0];
    assert_eq!((provider.label.as_str(), provider.mapping.name_prefix.as_str()), ("corp", "corp/"));
}

#[test]
fn providers() {
    check_provider("", &[]);
    check_provider("name_prefix = \"\"\nscopes = [\"groups\"]", &[]);
    check_provider(
        "client_secret = \"hunter2\"",
        &[
            "5:17: `client_secret` takes no value here: secrets do not stand in this file => set `COUNTERSIGN_PROVIDER__0__CLIENT_SECRET`, or name a file by `client_secret_file`",
        ],
    );
    check_provider(
        "client_auth = \"post\"",
        &[
            "5:15: the client has no secret to prove itself by => name a file by `client_secret_file`, or write `client_auth = \"none\"` for a public client",
        ],
    );
    check_provider(
        "client_auth = \"none\"\nclient_secret_file = \"s\"",
        &["5:15: warning: the client's secret is not used: the client does not prove itself"],
    );
    check_provider(
        "redirect_uri = \"https://shop.example/back\"",
        &[
            "5:16: `redirect_uri` cannot be \"https://shop.example/back\": people are expected back at `/oauth2/callback` => write `https://shop.example/oauth2/callback`",
        ],
    );
    check_provider("name_prefix = \"a:\"", &["5:15: accounts' names have neither colons nor control characters"]);
    check_provider(
        "[[provider.grant]]\nclaim = \"groups\"\nvalue = \"x\"",
        &["5:1: warning: this gives nothing => add `roles` or `scopes`"],
    );
    check_provider(
        "algorithms = [\"HS256\"]",
        &[
            "5:15: HS256 is signed with a shared secret: whoever can check a token can make one, and a published key could be taken for the secret => let the issuer sign with ES256, EdDSA, PS256 or RS256",
        ],
    );
    check(
        &format!("{}{PROVIDER}{SITE}", PROVIDER.replace("corp", "Corp")),
        &["2:8: a provider's name is made of small letters, digits and `-`, 32 at the most"],
    );
    check(&format!("{PROVIDER}{PROVIDER}{SITE}"), &["6:8: another provider is named \"corp\" already"]);
}

#[test]
fn sites_name_them() {
    check(
        &format!("{PROVIDER}{}", SITE.replace("[\"corp\"]", "[\"crop\"]")),
        &["7:14: there is no provider \"crop\" => did you mean `corp`?"],
    );
    check(SITE, &["3:14: there is no provider \"corp\" => add `[[provider]]` with `name = \"corp\"`"]);
    check(
        &format!("{PROVIDER}{}", SITE.replace("session", "basic")),
        &["7:13: warning: nobody signs in here: no rule takes `session` => add `session` to the `schemes` of a rule"],
    );
    let without = SITE.replace("providers = [\"corp\"]", "passwords = false");
    check(&without, &["3:13: warning: nobody can sign in: there are no passwords and no `providers`"]);
}

#[test]
fn a_secret_comes_from_the_environment_and_stays_out_of_sight() {
    let path = std::env::temp_dir().join(format!("countersign-provider-{}.toml", std::process::id()));
    std::fs::write(&path, format!("{PROVIDER}{SITE}")).unwrap();
    let env = |name: &str| (name == "COUNTERSIGN_PROVIDER__0__CLIENT_SECRET").then(|| "hunter2".to_owned());
    let plan = load(&Source::File(path.clone()), &Overrides::default(), &env).unwrap().plan;
    std::fs::write(&path, format!("{PROVIDER}client_secret_file = \"missing.secret\"\n{SITE}")).unwrap();
    let missing = load(&Source::File(path.clone()), &Overrides::default(), &|_| None).unwrap_err().to_string();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(party(&plan).client_secret.as_ref().unwrap().expose(), "hunter2");
    assert!(plan.text.contains("provider.client_secret = (a secret)"), "{}", plan.text);
    assert!(!format!("{plan:?}").contains("hunter2"));
    assert!(missing.contains("missing.secret cannot be read"), "{missing}");
    let faults = parse("test.toml", &format!("{PROVIDER}client_secret = \"hunter2\"\n{SITE}")).unwrap_err();
    assert!(faults.iter().all(|fault| !fault.message.contains("hunter2")));
}

const SAML: &str = "[[provider]]\nname = \"corp\"\nkind = \"saml\"\nmetadata = \"idp.xml\"\npublic_url = \"https://shop.example\"\n";

/// In a SAML provider that is otherwise whole; its lines begin with 6.
#[track_caller]
fn check_saml(lines: &str, expect: &[&str]) {
    check(&format!("{SAML}{lines}\n{SITE}"), expect);
}

#[test]
fn saml_providers() {
    check_saml("", &[]);
    check_saml("key = \"sp.key\"", &["6:7: `key` and `certificate` are set together"]);
    check_saml("issuer = \"https://id.example\"", &["6:10: warning: `issuer` means nothing with `kind = \"saml\"`"]);
    check_saml("binding = \"soap\"", &["6:11: `binding` cannot be \"soap\": it is one of `redirect`, `post`"]);
    check(
        &format!("{}{SITE}", SAML.replace("https://shop.example", "https://shop.example/")),
        &["5:14: `public_url` cannot be \"https://shop.example/\": browsers write it otherwise => write `https://shop.example`"],
    );
    check(
        &format!("[[provider]]\nname = \"corp\"\nkind = \"saml\"\n{SITE}"),
        &[
            "1:1: `public_url` is missing here => add `public_url = \"https://shop.example\"`",
            "1:1: `metadata` is missing here => add `metadata = \"corp-metadata.xml\"`",
        ],
    );
    check(
        &format!("[[provider]]\nname = \"corp\"\n{SITE}"),
        &[
            "1:1: `issuer` is missing here => add `issuer = \"https://id.example\"`",
            "1:1: `client_id` is missing here => add `client_id = \"orders\"`",
        ],
    );
}

#[test]
fn metadata_is_read_with_the_file() {
    let folder = std::env::temp_dir().join(format!("countersign-saml-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let load_it = || {
        let path = folder.join("saml.toml");
        std::fs::write(&path, format!("{SAML}{SITE}")).unwrap();
        load(&Source::File(path), &Overrides::default(), &|_| None)
    };
    let missing = load_it().unwrap_err().to_string();
    std::fs::write(folder.join("idp.xml"), "<!DOCTYPE x><x/>").unwrap();
    let hostile = load_it().unwrap_err().to_string();
    std::fs::write(folder.join("idp.xml"), include_str!("../../../../../examples/saml-metadata.xml")).unwrap();
    let plan = load_it().unwrap().plan;
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(missing.contains("idp.xml cannot be read"), "{missing}");
    assert!(hostile.contains("is no metadata that can be used: not XML"), "{hostile}");
    let Protocol::Saml(party) = &plan.sites[0].providers[0].protocol else { panic!("another protocol") };
    assert_eq!(party.service.entity_id, "https://shop.example/saml2/metadata");
    assert_eq!(party.service.consumer, "https://shop.example/saml2/acs");
    assert_eq!((party.provider.entity_id.as_str(), party.provider.keys.len()), ("https://idp.example/metadata", 1));
}
