//! Real identity providers in a real browser: pysaml2 from PyPI and SimpleSAMLphp from Debian. People sign in, are who they
//! are, and are out at both sides after a log-out at either.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::get;
use countersign_suites::gateway::{Folder, Gateway};
use countersign_suites::product::{Product, free_port, python, suites};
use countersign_suites::saml::{Keys, metadata};
use countersign_suites::upstream::Upstream;
use serde_json::Value;
use std::process::Command;

/// A site whose provider is at a port, which may not run yet.
struct Site {
    gateway: Gateway,
    upstream: Upstream,
    origin: String,
}

impl Site {
    /// `entity` is the provider's name; `keys` its keys, until its own metadata is there.
    #[track_caller]
    fn new(entity: &str, idp: &str, keys: &Keys, lines: &str) -> Self {
        let (upstream, folder, own) = (Upstream::start(), Folder::new(), Keys::new("app"));
        let config = |public: &str| {
            include_str!("../config/saml.toml")
                .replace("\"UPSTREAM\"", &format!("\"http://{}\"", upstream.address))
                .replace("http://orders.test", public)
                .replace("host = \"orders.test\"", "host = \"*\"")
                .replace("roles_from = [\"groups\"]", lines)
        };
        folder.write("idp.xml", metadata(entity, &format!("{idp}/sso"), &format!("{idp}/slo"), &[keys]));
        folder.write("sp.key", own.private_pem());
        folder.write("sp.pem", own.certificate_pem());
        folder.write("countersign.toml", config("http://127.0.0.1:1"));
        let mut gateway = Gateway::start_in(folder, &[]);
        // The address is known now, and stays.
        let origin = format!("http://{}", gateway.listen);
        gateway.folder.write("countersign.toml", config(&origin));
        gateway.stop();
        gateway.restart();
        Self { gateway, upstream, origin }
    }

    /// Our metadata, as a provider would fetch it.
    fn metadata(&self) -> String {
        let answer = get(self.gateway.listen, "/saml2/metadata", &[]);
        assert_eq!(answer.header("content-type"), Some("application/samlmetadata+xml"));
        answer.text()
    }

    /// Takes the provider's own metadata.
    #[track_caller]
    fn learn(&mut self, metadata: &str) {
        self.gateway.folder.write("idp.xml", metadata);
        self.gateway.stop();
        self.gateway.restart();
    }

    /// A person's visit; gives what the browser found.
    #[track_caller]
    fn visit(&self, leave: &str, fields: [&str; 4]) -> Value {
        let script = suites().join("browser/saml.mjs");
        let output = Command::new("node").arg(script).args([&self.origin, leave]).args(fields).output().expect("node is installed");
        let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let reference = found["text"].as_str().and_then(|text| text.split_whitespace().find(|word| word.starts_with("cs1_")));
        let explained = reference.map(|reference| self.gateway.explain(reference)["evidence"].to_string());
        assert_eq!(found["done"], Value::Bool(true), "{found}\n{explained:?}");
        let text = |member: &str| found[member].as_str().unwrap_or_else(|| panic!("no {member}: {found}")).to_owned();
        assert_eq!(text("shown"), "the app got GET /orders?page=2");
        assert_eq!(text("second"), "the app got GET /orders?page=3");
        assert!(text("signedOut").contains("You are logged out"), "{found}");
        let policy = found["faults"].as_array().unwrap().iter().filter_map(Value::as_str).find(|fault| fault.contains("Content Security"));
        assert_eq!(policy, None, "{found}");
        let cookie = found["cookies"].as_array().unwrap().iter().find(|cookie| cookie["name"] == "countersign").unwrap();
        assert_eq!((&cookie["httpOnly"], &cookie["sameSite"]), (&Value::Bool(true), &Value::from("Lax")));
        found
    }
}

/// Fetches a page that is nobody's secret.
#[track_caller]
fn fetch(product: &Product, path: &str) -> String {
    let answer = get(product.at, path, &[]);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text()
}

#[track_caller]
fn pysaml2(style: &str, lines: &str) {
    let (port, keys, folder) = (free_port(), Keys::new("idp"), Folder::new());
    let idp = format!("http://127.0.0.1:{port}");
    let mut site = Site::new(&format!("{idp}/metadata"), &idp, &keys, &format!("roles_from = [\"eduPersonAffiliation\"]\n{lines}"));
    folder.write("idp.key", keys.private_pem());
    folder.write("idp.pem", keys.certificate_pem());
    folder.write("sp.xml", site.metadata());
    folder.write("style", style);
    let (script, place) = (suites().join("products/saml_idp.py"), folder.path().to_str().unwrap().to_owned());
    let product = Product::start(folder, port, python(), &[script.to_str().unwrap(), &port.to_string(), &place]);
    site.learn(&fetch(&product, "/metadata"));
    let found = site.visit(&format!("{idp}/leave"), ["name", "password", "ann", "secret"]);
    assert!(found["asked"].as_str().unwrap().starts_with(&format!("{idp}/sso")), "{found}");
    assert!(found["left"].as_str().unwrap().contains("Everybody knows"), "{found}");
    let seen = site.upstream.the("/orders?page=2");
    assert_eq!(seen.read_as("Remote-User"), ["corp/ann"]);
    assert_eq!(seen.read_as("Remote-Groups"), ["staff,member"]);
}

#[test]
fn pysaml2_signs_both_and_is_asked_by_redirect() {
    pysaml2("both", "name_from = \"uid\"");
}

#[test]
fn pysaml2_signs_the_assertion_and_is_asked_by_post() {
    pysaml2("assertion", "name_from = \"uid\"\nbinding = \"post\"");
}

#[test]
fn pysaml2_signs_the_response_alone() {
    pysaml2("response", "name_from = \"uid\"\nsubject_from = \"uid\"");
}

/// Debian's SimpleSAMLphp; `options` are what it is told to do for us, as PHP.
#[track_caller]
fn simplesamlphp(options: &str, lines: &str) {
    const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
    let (port, keys, folder) = (free_port(), Keys::new("idp"), Folder::new());
    let idp = format!("http://127.0.0.1:{port}");
    let mut site = Site::new(&format!("{idp}/idp"), &idp, &keys, &format!("name_id_format = \"{PERSISTENT}\"\n{lines}"));
    let place = folder.path().to_str().unwrap().to_owned();
    folder.write("idp.key", keys.private_pem());
    folder.write("idp.pem", keys.certificate_pem());
    folder.write("sp.xml", site.metadata());
    std::fs::create_dir(folder.path().join("tmp")).unwrap();
    for name in ["config.php", "authsources.php", "saml20-idp-hosted.php", "saml20-sp-remote.php"] {
        let text = std::fs::read_to_string(suites().join("products/simplesamlphp").join(name)).unwrap();
        folder.write(name, text.replace("FOLDER", &place).replace("ORIGIN", &idp).replace("OPTIONS", options));
    }
    let variable = format!("SIMPLESAMLPHP_CONFIG_DIR={place}");
    let arguments = [&variable, "php", "-S", &format!("127.0.0.1:{port}"), "-t", "/usr/share/simplesamlphp/www"];
    let product = Product::start(folder, port, "env", &arguments);
    site.learn(&fetch(&product, "/saml2/idp/metadata.php?output=xml"));
    let leave = format!("{idp}/saml2/idp/initSLO.php?RelayState={idp}/resources/icons/checkmark.48x48.png");
    let found = site.visit(&leave, ["username", "password", "ann", "secret"]);
    assert!(found["asked"].as_str().unwrap().starts_with(&format!("{idp}/module.php/core/loginuserpass.php")), "{found}");
    assert!(found["leftAt"].as_str().unwrap().starts_with(&idp), "{found}");
    let seen = site.upstream.the("/orders?page=2");
    assert_eq!(seen.read_as("Remote-User"), ["corp/ann"]);
    assert_eq!(seen.read_as("Remote-Groups"), ["staff,member"]);
}

#[test]
fn simplesamlphp_signs_both() {
    simplesamlphp("'saml20.sign.response' => true, 'saml20.sign.assertion' => true", "roles_from = [\"groups\"]");
}

#[test]
fn simplesamlphp_encrypts_in_a_signed_response() {
    simplesamlphp("'saml20.sign.response' => true, 'assertion.encryption' => true", "roles_from = [\"groups\"]\nbinding = \"post\"");
}
