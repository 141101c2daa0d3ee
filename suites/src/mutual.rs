//! A gateway that speaks TLS and asks its clients for certificates, and clients with certificates of all kinds: curl's.

use crate::client::Answer;
use crate::gateway::{Folder, Gateway};
use crate::issuer::Issuer;
use crate::jwt::b64;
use crate::scene::fill;
use crate::tls::{Authority, Certificate};
use crate::upstream::Upstream;
use aws_lc_rs::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;
use std::path::Path;
use std::process::Command;

/// The stage.
pub struct Mutual {
    /// The gateway.
    pub gateway: Gateway,
    /// The app behind it.
    pub upstream: Upstream,
    /// The issuer that it trusts.
    pub issuer: Issuer,
    authority: Authority,
}

/// Who certified a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The authority that the gateway trusts.
    Ours,
    /// The same, ten days ago for two.
    OursLongAgo,
    /// Another authority.
    Stranger,
}

impl Mutual {
    /// The configuration with a listener that speaks TLS. `UPSTREAM` and `ISSUER` stand for the addresses; `[server.tls]` is
    /// put before the first issuer.
    #[track_caller]
    pub fn new(config: &str) -> Self {
        let tls = "[server.tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\nclient_authorities = \"ca.pem\"\n\n[[issuer]]";
        Self::with(&config.replacen("[[issuer]]", tls, 1))
    }

    /// The configuration as it is. Beside it are `server.pem`, `server.key` and `ca.pem`.
    #[track_caller]
    pub fn with(config: &str) -> Self {
        let (upstream, issuer, authority) = (Upstream::start(), Issuer::start(), Authority::new());
        let folder = Folder::new();
        keep(&folder, "server", &authority.certify("localhost"));
        std::fs::copy(authority.pem(), folder.path().join("ca.pem")).unwrap();
        folder.write("countersign.toml", fill(config, &upstream, &issuer));
        Self { gateway: Gateway::start_in(folder, &[]), upstream, issuer, authority }
    }

    /// A client with a certificate, kept under this name.
    pub fn client(&self, name: &str, by: By) -> Certificate {
        // Its files go when it does.
        let stranger = Authority::new();
        let made = match by {
            By::Ours => self.authority.certify(name),
            By::OursLongAgo => self.authority.certify_long_ago(name),
            By::Stranger => stranger.certify(name),
        };
        keep(&self.gateway.folder, name, &made)
    }

    /// A token that is bound to a certificate.
    pub fn token(&self, certificate: &Certificate) -> String {
        self.issuer.token_of(&self.issuer.claims_with("cnf", json!({ "x5t#S256": thumbprint(&certificate.chain) })))
    }

    /// What curl gets for a path with these fields, with a certificate or without.
    #[track_caller]
    pub fn ask(&self, path: &str, certificate: Option<&Certificate>, fields: &[String], more: &[&str]) -> Answer {
        let mut curl = Command::new("curl");
        curl.args(["-s", "-S", "-i", "--http1.1", "--max-time", "20", "--cacert"]).arg(self.gateway.folder.path().join("ca.pem"));
        if let Some(certificate) = certificate {
            curl.arg("--cert").arg(&certificate.chain).arg("--key").arg(&certificate.key);
        }
        curl.args(fields.iter().flat_map(|field| ["-H", field]));
        let output = curl.args(more).arg(format!("https://localhost:{}{path}", self.gateway.listen.port())).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        parse(&String::from_utf8(output.stdout).unwrap())
    }
}

/// The SHA-256 of a certificate's DER form, in base64url (RFC 8705 section 3.1).
pub fn thumbprint(pem: &Path) -> String {
    b64(digest(&SHA256, &CertificateDer::from_pem_file(pem).unwrap()))
}

/// Copies a certificate and its key, since the next one takes their place.
fn keep(folder: &Folder, name: &str, made: &Certificate) -> Certificate {
    let (chain, key) = (folder.path().join(format!("{name}.pem")), folder.path().join(format!("{name}.key")));
    std::fs::copy(&made.chain, &chain).unwrap();
    std::fs::copy(&made.key, &key).unwrap();
    Certificate { chain, key }
}

fn parse(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Answer { status, headers, body: body.into(), ..Answer::default() }
}
