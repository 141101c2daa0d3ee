//! Remedies for Digest: what was hashed, and what is kept to compare it with.

use super::{Bench, Remedy};
use countersign::{Owner, Subject};

impl Bench<'_> {
    pub(super) fn digest_wrong(&self) -> Vec<Remedy> {
        if self.item(Subject::DigestSecret).is_some() {
            // The command sees the realms that the gateway was told at its last start.
            return self
                .new_password("set the password again, so that a secret for Digest is kept with it; the old one cannot be made into one");
        }
        if self.item(Subject::Realm).is_some() {
            return vec![Remedy::advice(Owner::Caller, "hash the realm of the challenge, letter by letter; do not take it from a setting")];
        }
        if self.presented_text(Subject::Form).is_some() {
            let text = "write the name as the account has it, in lower case: unlike a password, Digest hashes the name along";
            return vec![Remedy::commands(Owner::Caller, text, [self.command(&["user", "list"])])];
        }
        let mut remedies = vec![Remedy::commands(
            Owner::Caller,
            "check the password; curl tells whether it is the client that hashes otherwise",
            [format!("curl --digest -u {} {}", self.name(), self.url(&self.case.record.path))],
        )];
        remedies.extend(self.new_password("if the password is lost, set a new one"));
        remedies
    }

    pub(super) fn digest_stale(&self) -> Vec<Remedy> {
        let text = "answer the nonce of this refusal, without asking the person: `stale=true` says that the rest may be fine";
        let mut remedies = vec![Remedy::advice(Owner::Caller, text)];
        // A nonce that is not known was not too old.
        if self.item(Subject::Expiry).is_some() {
            let longer = ["[digest]".to_owned(), "nonce_lifetime = \"15m\"".to_owned()];
            remedies.push(Remedy::configuration("or let nonces live longer, for a client that cannot", longer));
        }
        remedies
    }

    pub(super) fn digest_target(&self) -> Vec<Remedy> {
        vec![
            Remedy::advice(Owner::Caller, "hash the request target as it is sent, with its query, in the parameter `uri`"),
            Remedy::advice(
                Owner::Operator,
                "if a proxy in front rewrites paths, let it pass them as they are: the client signed what it asked for",
            ),
        ]
    }
}
