//! Remedies for rules, origins, transport, limits, and for what does not answer.

use super::{Bench, Remedy, array, string};
use crate::reference::case::quoted;
use countersign::{Kind, Owner, Subject};

impl Bench<'_> {
    pub(super) fn rule_denied(&self) -> Vec<Remedy> {
        let record = self.case.record;
        let mut remedies: Vec<_> = self
            .near
            .iter()
            .map(|near| {
                let text = format!("use what the rule at {}:{} is for: {}", near.rule.file, near.rule.line, near.why);
                Remedy::advice(Owner::Caller, text)
            })
            .collect();
        let lines = [
            "[[site.rule]]".to_owned(),
            format!("path = {}", string(&record.path)),
            format!("methods = {}", array([record.method.as_str()])),
            "schemes = [\"session\", \"basic\"]".to_owned(),
            "roles = [\"ROLE\"]".to_owned(),
        ];
        let before = if self.rule.is_some() {
            format!("admit it by a rule that stands before {}", self.place())
        } else {
            "admit it by a rule; without one nobody is admitted".to_owned()
        };
        remedies.push(Remedy::configuration(before, lines));
        remedies
    }

    pub(super) fn origin(&self) -> Vec<Remedy> {
        let origin = self.presented_text(Subject::Origin).filter(|origin| origin.contains("://")).unwrap_or("ORIGIN");
        let lines = [
            "[site.cors]".to_owned(),
            format!("origins = {}", array(self.allowed_origins().chain([origin]))),
            "credentials = true".to_owned(),
        ];
        vec![
            Remedy::configuration("if that origin is yours, allow it", lines),
            Remedy::advice(Owner::Caller, "if it is not, another site tried to act in the person's name: nothing to mend"),
        ]
    }

    fn allowed_origins(&self) -> impl Iterator<Item = &str> {
        self.expected_texts(Subject::Origin).iter().map(String::as_str).filter(|origin| origin.contains("://"))
    }

    pub(super) fn transport(&self) -> Vec<Remedy> {
        let mut remedies = vec![Remedy::advice(Owner::Caller, "use https:// from the first request on")];
        let burnt: Vec<_> = self
            .case
            .record
            .seen
            .iter()
            .filter_map(|seen| match seen.kind {
                Kind::Basic => Some(self.command(&["user", "passwd", "NAME", "--password-stdin"])),
                Kind::ApiKey => Some(self.command(&["key", "rotate", "ID"])),
                Kind::Session => Some(self.command(&["session", "revoke", "ID"])),
                Kind::Bearer | Kind::Digest | Kind::OtherAuthorization => None,
            })
            .collect();
        if !burnt.is_empty() {
            remedies.push(Remedy::commands(Owner::Administrator, "replace the secret: it was readable on the way", burnt));
        }
        let lines = ["[server]".to_owned(), "trusted_proxies = [\"ADDRESS/32\"]".to_owned()];
        remedies.push(Remedy::configuration("if the caller did use HTTPS and a proxy ended it, name the proxy", lines));
        remedies
    }

    pub(super) fn attempts(&self) -> Vec<Remedy> {
        vec![
            Remedy::advice(Owner::Caller, "wait for Retry-After; then one attempt, with a password that was not tried before"),
            Remedy::advice(
                Owner::Operator,
                "look in the log for a program that retries with an old password, under the same hash of the account name",
            ),
        ]
    }

    pub(super) fn header_spoofed(&self) -> Vec<Remedy> {
        let name = self.presented_text(Subject::Header).unwrap_or("HEADER");
        vec![
            Remedy::advice(Owner::Caller, format!("leave the header {name} out")),
            Remedy::configuration("or let the gateway remove it", ["[[site]]".to_owned(), "spoofed_headers = \"remove\"".to_owned()]),
        ]
    }

    pub(super) fn too_large(&self) -> Vec<Remedy> {
        let lines = ["[limits]".to_owned(), "header = \"128KB\"".to_owned(), "body = \"100MB\"".to_owned()];
        vec![
            Remedy::advice(Owner::Caller, "send less: old cookies of this host are the usual ballast of headers"),
            Remedy::configuration("or allow more", lines),
        ]
    }

    pub(super) fn site_unknown(&self) -> Vec<Remedy> {
        let host = self.presented_text(Subject::Host).unwrap_or("HOST");
        let host =
            host.rsplit_once(':').map_or(host, |(name, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host });
        let lines = ["[[site]]".to_owned(), format!("host = {}", string(host)), "upstream = \"UPSTREAM\"".to_owned()];
        vec![Remedy::configuration("serve the host", lines), Remedy::advice(Owner::Caller, "or use a name that is served")]
    }

    pub(super) fn keys_unreachable(&self) -> Vec<Remedy> {
        let issuer = self.presented_text(Subject::Issuer).unwrap_or("ISSUER");
        let line = format!("curl -i {}", quoted(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))));
        vec![
            Remedy::commands(Owner::Operator, "ask the issuer from the gateway's machine; the gateway tries again by itself", [line]),
            Remedy::advice(Owner::Caller, "wait for Retry-After and send the same token again: it was neither accepted nor refused"),
        ]
    }

    pub(super) fn introspection_unreachable(&self) -> Vec<Remedy> {
        let client = self.presented_text(Subject::Client);
        let line = format!("curl -i -u {} -d token=made-up ENDPOINT", quoted(&format!("{}:SECRET", client.unwrap_or("CLIENT"))));
        let first = match client {
            Some(client) => {
                let text =
                    format!("the issuer does not take the client {client} as it proves itself: set id, secret and `client_auth` right");
                let lines =
                    ["[issuer.introspection]".to_owned(), format!("client_id = {}", string(client)), "client_auth = \"post\"".to_owned()];
                Remedy::configuration(text, lines)
            }
            None => {
                Remedy::commands(Owner::Operator, "ask the endpoint from the gateway's machine; the gateway tries again by itself", [line])
            }
        };
        let lines = ["[[site.rule]]".to_owned(), "serve_verified_for = \"10m\"".to_owned()];
        vec![
            first,
            Remedy::advice(Owner::Caller, "wait for Retry-After and send the same token again: it was neither accepted nor refused"),
            Remedy::configuration(
                "a rule may serve in the meantime what was found active a while ago; revocations are not seen so long",
                lines,
            ),
        ]
    }

    pub(super) fn store_unreachable(&self) -> Vec<Remedy> {
        let data = self.case.program.data.unwrap_or("DATA");
        let lines = [format!("df -h {0}; ls -l {0}", quoted(data)), self.command(&["user", "list"])];
        vec![
            Remedy::commands(Owner::Operator, "is the disk full, read-only or slow? does the same look-up work from here?", lines),
            Remedy::advice(
                Owner::Caller,
                "wait for Retry-After and send the same credentials again: they were neither accepted nor refused",
            ),
        ]
    }

    pub(super) fn upstream_unreachable(&self) -> Vec<Remedy> {
        let written = crate::reference::rule::upstream(self.case).filter(|upstream| upstream.contains("://"));
        let upstream = written.as_deref().unwrap_or("UPSTREAM");
        let lines = ["[[site]]".to_owned(), format!("upstream = {}", string(upstream))];
        vec![
            Remedy::commands(
                Owner::Operator,
                "start the app; does it answer from the gateway's machine?",
                [format!("curl -i {}", quoted(upstream))],
            ),
            Remedy::configuration("or set its address right", lines),
        ]
    }

    pub(super) fn upstream_timeout(&self) -> Vec<Remedy> {
        let lines = ["[limits]".to_owned(), "upstream_response = \"300s\"".to_owned()];
        vec![
            Remedy::advice(
                Owner::Operator,
                format!("find out what the app waited for at that time; its request id is {}", self.case.record.request_id),
            ),
            Remedy::configuration("if it needs so long, wait longer", lines),
        ]
    }
}
