//! Remedies for SAML sign-ins: most are mended between two configurations, one of which is ours.

use super::{Bench, Remedy, string};
use countersign::{Owner, Subject};

impl Bench<'_> {
    pub(super) fn assertion_malformed(&self) -> Vec<Remedy> {
        let why = self.presented_text(Subject::Form).unwrap_or_default();
        if why.contains("transient") {
            let lines = ["[[provider]]".to_owned(), "name_id_format = \"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\"".to_owned()];
            let attribute = ["[[provider]]".to_owned(), "subject_from = \"ATTRIBUTE\"".to_owned()];
            return vec![
                Remedy::configuration("ask for a name that stays", lines),
                Remedy::configuration("or name the attribute that stays", attribute),
            ];
        }
        if why.contains("opened") || why.contains("AES-CBC") {
            let text = "give the provider the metadata from /saml2/metadata again; it encrypts with AES-GCM and RSA-OAEP, or signs the response too";
            return vec![Remedy::advice(Owner::Operator, text)];
        }
        vec![Remedy::advice(Owner::Operator, "compare what the provider sends with what is read here; the evidence says where it differs")]
    }

    pub(super) fn assertion_signature(&self) -> Vec<Remedy> {
        let new_metadata = ["[[provider]]".to_owned(), "metadata = \"FILE\"".to_owned()];
        let mut remedies = vec![Remedy::configuration("get the provider's metadata anew, place it, and reload (SIGHUP)", new_metadata)];
        if self.item(Subject::Algorithm).is_some() {
            remedies.insert(0, Remedy::advice(Owner::Operator, "let the provider sign with SHA-256: RSA or ECDSA"));
        }
        remedies
    }

    pub(super) fn assertion_time(&self) -> Vec<Remedy> {
        let leeway = ["[[provider]]".to_owned(), "leeway = \"60s\"".to_owned()];
        vec![
            Remedy::advice(Owner::Caller, "sign in again, from the site's own page"),
            Remedy::advice(Owner::Operator, "if it happens at once, set the clocks of gateway and provider by NTP"),
            Remedy::configuration("until then, bridge a minute", leeway),
        ]
    }

    pub(super) fn assertion_audience(&self) -> Vec<Remedy> {
        let presented = self.presented_texts(Subject::Audience).first().map_or("ENTITY", String::as_str);
        vec![
            Remedy::advice(Owner::Operator, "give the provider the metadata from /saml2/metadata, which has the entity id"),
            Remedy::configuration(
                "or take the name that the provider uses, if it is meant for this service",
                ["[[provider]]".to_owned(), format!("entity_id = {}", string(presented))],
            ),
        ]
    }

    pub(super) fn assertion_recipient(&self) -> Vec<Remedy> {
        let presented = self.presented_text(Subject::Recipient).and_then(|url| url.split("/saml2/").next()).unwrap_or("URL");
        vec![
            Remedy::configuration(
                "if people reach the site there, say so",
                ["[[provider]]".to_owned(), format!("public_url = {}", string(presented))],
            ),
            Remedy::advice(Owner::Operator, "otherwise give the provider the metadata from /saml2/metadata again"),
        ]
    }

    pub(super) fn assertion_unsolicited(&self) -> Vec<Remedy> {
        vec![
            Remedy::advice(Owner::Caller, "begin at a page of the site, in the same browser, and within ten minutes"),
            Remedy::advice(
                Owner::Operator,
                "let the provider's list of apps link to a page of the site; see that it is reached over HTTPS",
            ),
        ]
    }

    pub(super) fn assertion_status(&self) -> Vec<Remedy> {
        let told = self.presented_texts(Subject::Status).join(" / ");
        let text = if told.is_empty() {
            "look in the provider's log for this sign-in".to_owned()
        } else {
            format!("mend at the provider what it says: {told}")
        };
        vec![Remedy::advice(Owner::Operator, text)]
    }
}
