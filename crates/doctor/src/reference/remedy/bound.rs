//! Remedies for tokens that are bound to their holder: what was to be proven, and what was.

use super::{Bench, Remedy};
use countersign::{Owner, Subject};

impl Bench<'_> {
    pub(super) fn proof_missing(&self) -> Vec<Remedy> {
        let unbound = "or get a token that is not bound: without a proof at the token endpoint";
        let send = if self.item(Subject::Scheme).is_some() || self.item(Subject::Header).is_some() {
            "send the token as `Authorization: DPoP TOKEN`, with a proof for this request in the header `DPoP`"
        } else {
            "get a token that is bound to a key which signs proofs or to a client certificate (`cnf` with `jkt` or `x5t#S256`)"
        };
        vec![Remedy::advice(Owner::Caller, send), Remedy::advice(Owner::Caller, unbound)]
    }

    pub(super) fn certificate_missing(&self) -> Vec<Remedy> {
        let present =
            format!("curl --cert CERT.pem --key KEY.pem -H \"Authorization: Bearer $TOKEN\" {}", self.url(&self.case.record.path));
        vec![
            Remedy::commands(Owner::Caller, "present the client certificate with which the token was got", [present]),
            Remedy::configuration(
                "let the listener ask for certificates, if it does not; behind a proxy that speaks TLS, `client_certificate_header`",
                ["[server.tls]".to_owned(), "client_authorities = \"clients-ca.pem\"".to_owned()],
            ),
        ]
    }

    pub(super) fn certificate_untrusted(&self) -> Vec<Remedy> {
        vec![
            Remedy::commands(
                Owner::Caller,
                "compare who signed the certificate with the authorities that are trusted here",
                ["openssl x509 -noout -issuer -ext extendedKeyUsage -in CERT.pem".to_owned()],
            ),
            Remedy::configuration(
                "or add the authority to the file of client authorities",
                ["[server.tls]".to_owned(), "client_authorities = \"clients-ca.pem\"".to_owned()],
            ),
        ]
    }

    pub(super) fn token_unbound(&self) -> Vec<Remedy> {
        let mut remedies = vec![Remedy::advice(
            Owner::Caller,
            "get the token with a proof or a client certificate at the token endpoint, so that it is bound (`cnf`), and send it with the same",
        )];
        let required = self.presented_text(Subject::Token).is_some_and(|text| text.contains("have to be"));
        remedies.push(if required {
            Remedy::configuration(
                "or take tokens of this issuer that are not bound, too",
                ["[[issuer]]".to_owned(), "binding = \"optional\"".to_owned()],
            )
        } else {
            Remedy::advice(Owner::Caller, "or send it as `Authorization: Bearer TOKEN`, without a proof")
        });
        remedies
    }

    pub(super) fn proof_wrong(&self) -> Vec<Remedy> {
        if self.item(Subject::Target).is_some() {
            return vec![
                Remedy::advice(Owner::Caller, "put the address that is asked for into `htu`, as it is written, without query and fragment"),
                Remedy::configuration(
                    "if a proxy in front speaks TLS or is asked under another name, let it send Host and X-Forwarded-Proto, and trust it",
                    ["[server]".to_owned(), "trusted_proxies = [\"PROXY\"]".to_owned()],
                ),
            ];
        }
        if self.item(Subject::IssuedAt).is_some() {
            return vec![Remedy::advice(
                Owner::Caller,
                "make the proof just before sending it, and set the clock: compare it with the `Date` header",
            )];
        }
        if self.item(Subject::Certificate).is_some() {
            return vec![Remedy::advice(
                Owner::Caller,
                "present the certificate with which the token was got, or get a new token with this one",
            )];
        }
        if self.item(Subject::Thumbprint).is_some() {
            return vec![Remedy::advice(
                Owner::Caller,
                "sign the proof with the key that the token was got with, or get a new token with this one",
            )];
        }
        vec![Remedy::advice(
            Owner::Caller,
            "make a new proof for each request: its method, its address, the hash of its token, signed by the key in it",
        )]
    }
}
