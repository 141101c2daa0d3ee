//! Remedies for tokens that are bound to their holder: what was to be proven, and what was.

use super::{Bench, Remedy};
use countersign::{Owner, Subject};

impl Bench<'_> {
    pub(super) fn proof_missing(&self) -> Vec<Remedy> {
        let unbound = "or get a token that is not bound: without a proof at the token endpoint";
        let send = if self.item(Subject::Scheme).is_some() || self.item(Subject::Header).is_some() {
            "send the token as `Authorization: DPoP TOKEN`, with a proof for this request in the header `DPoP`"
        } else {
            "get a token that is bound to a key which signs proofs (`cnf` with `jkt`); other bindings are not checked here"
        };
        vec![Remedy::advice(Owner::Caller, send), Remedy::advice(Owner::Caller, unbound)]
    }

    pub(super) fn token_unbound(&self) -> Vec<Remedy> {
        let mut remedies = vec![Remedy::advice(
            Owner::Caller,
            "get the token with a proof at the token endpoint, so that it is bound to the key (`cnf`), and send it with a proof",
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
