//! Another judge of XML signatures: Debian's xmlsec1. What we sign it verifies, and what we let in it verifies too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_suites::gateway::Folder;
use countersign_suites::saml::site::Site;
use countersign_suites::saml::{Keys, Style};
use countersign_suites::scene::hidden;
use std::process::{Command, Stdio};

/// Does xmlsec1 verify the first signature of a message under this key?
fn verified(folder: &Folder, keys: &Keys, text: &str) -> bool {
    let (certificate, message) = (folder.write("key.pem", keys.certificate_pem()), folder.write("message.xml", text));
    let mut command = Command::new("xmlsec1");
    command.args(["--verify", "--enabled-key-data", "rsa,x509", "--pubkey-cert-pem"]).arg(certificate);
    for name in ["assertion:Assertion", "protocol:Response", "protocol:AuthnRequest"] {
        command.args(["--id-attr:ID", &format!("urn:oasis:names:tc:SAML:2.0:{name}")]);
    }
    command.arg(message).stdout(Stdio::null()).stderr(Stdio::null()).status().expect("xmlsec1 is installed").success()
}

#[test]
fn what_is_let_in_is_verified_by_another_judge() {
    let (site, folder) = (Site::new(), Folder::new());
    let changes: [fn(&str) -> String; 10] = [
        str::to_owned,
        |text| text.replacen("ann", "an<!-- -->n", 1),
        |text| text.replacen("<saml:NameID>ann", "<saml:NameID><![CDATA[ann]]>", 1),
        |text| text.replacen("<saml:NameID>ann", "<saml:NameID>&#97;nn", 1),
        |text| text.replacen("<saml:Assertion ", "<saml:Assertion  ", 1).replacen("></saml:Audience>", " ></saml:Audience>", 1),
        |text| {
            text.replacen(
                "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
                "<saml:Assertion xmlns:x=\"urn:x\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
                1,
            )
        },
        |text| text.replacen("<saml:NameID>ann", "<saml:NameID>bob", 1),
        |text| text.replacen("<saml:NameID>ann", "<saml:NameID> ann", 1),
        |text| text.replacen("Version=\"2.0\"", "Version='2.0'", 2),
        |text| text.replacen("<saml:NameID>", "<saml:NameID Format=\"\">", 1),
    ];
    let (mut let_in, mut kept_out) = (0, 0);
    for style in [Style::Assertion, Style::Response] {
        for (number, change) in changes.iter().enumerate() {
            let begun = site.begin("/page");
            let text = change(&site.answer(&begun).signed(&site.keys, style));
            let ours = site.post(&begun, &text).status == 303;
            assert_eq!(ours, verified(&folder, &site.keys, &text), "{style:?}, change {number}: {text}");
            let_in += usize::from(ours);
            kept_out += usize::from(!ours);
        }
    }
    assert!(let_in >= 10 && kept_out >= 4, "{let_in} and {kept_out}");
}

#[test]
fn what_we_sign_is_verified_by_another_judge() {
    let config = include_str!("../config/saml.toml").replace("key = \"sp.key\"", "binding = \"post\"\nkey = \"sp.key\"");
    let (site, folder) = (Site::with(&config), Folder::new());
    let page = site.get("/oauth2/start?provider=corp&rd=%2F", "");
    assert_eq!(page.status, 200, "{page:?}");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'sha256-") && !policy.contains("script-src 'unsafe"), "{policy}");
    let text = String::from_utf8(STANDARD.decode(hidden(&page.text(), "SAMLRequest")).unwrap()).unwrap();
    assert!(verified(&folder, &site.own, &text), "{text}");
    assert!(!verified(&folder, &site.keys, &text));
    assert!(!verified(&folder, &site.own, &text.replacen("Version=\"2.0\"", "Version=\"2.1\"", 1)));
}
