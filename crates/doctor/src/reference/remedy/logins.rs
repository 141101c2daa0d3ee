//! Remedies for logins at providers.

use super::{Bench, Remedy, array, string};
use crate::reference::case::quoted;
use countersign::{Owner, Subject, Value};

impl Bench<'_> {
    pub(super) fn provider_unreachable(&self) -> Vec<Remedy> {
        let line = "curl -i ISSUER/.well-known/openid-configuration".to_owned();
        let text = match self.presented_text(Subject::Provider) {
            Some(name) => format!("ask the provider {name} from the gateway's machine; the gateway tries again by itself"),
            None => "ask the provider from the gateway's machine; the gateway tries again by itself".to_owned(),
        };
        vec![
            Remedy::commands(Owner::Operator, text, [line]),
            Remedy::advice(Owner::Caller, "wait for Retry-After and log in again; sessions that had begun go on"),
        ]
    }

    pub(super) fn login_state(&self) -> Vec<Remedy> {
        let mut remedies = vec![Remedy::advice(
            Owner::Caller,
            "open the page that you wanted once more, in the same browser and with cookies allowed; a link back from the provider works once",
        )];
        if let Some(begun) = self.item(Subject::Host).and_then(|item| item.expected.as_ref()).and_then(|host| match host {
            Value::Text(host) => Some(host),
            _ => None,
        }) {
            remedies.insert(
                0,
                Remedy::configuration(
                    format!("the login began at {begun}: let the provider send people back to that host, or everybody begin at the other"),
                    ["[[provider]]".to_owned(), format!("redirect_uri = {}", string(&format!("https://{begun}/oauth2/callback")))],
                ),
            );
        }
        remedies.push(Remedy::advice(
            Owner::Operator,
            "if it happens to everybody: the gateway must see the scheme that browsers use (`trusted_proxies`), and all nodes must share `keys/login.key`",
        ));
        remedies
    }

    pub(super) fn login_nonce(&self) -> Vec<Remedy> {
        vec![
            Remedy::advice(
                Owner::Caller,
                "log in again, and begin at this site; if you followed somebody's link back from a provider, do not use it",
            ),
            Remedy::advice(
                Owner::Operator,
                "if it happens to everybody: the provider does not put the `nonce` of the request into the ID token",
            ),
        ]
    }

    pub(super) fn login_issuer(&self) -> Vec<Remedy> {
        let said = self.presented_text(Subject::Issuer).unwrap_or("ISSUER");
        vec![
            Remedy::configuration(
                "if that is the provider you mean, write its name exactly as it does; otherwise somebody mixed two providers up",
                ["[[provider]]".to_owned(), format!("issuer = {}", string(said))],
            ),
            Remedy::advice(Owner::Caller, "log in again, beginning at this site"),
        ]
    }

    pub(super) fn provider_refused(&self) -> Vec<Remedy> {
        let error = self.presented_text(Subject::Error).unwrap_or("(none)");
        let text = match error {
            "access_denied" => "the person declined, or the provider does not let them use this client: look there",
            "invalid_client" | "unauthorized_client" => {
                "the provider does not know the client by this secret: compare `client_id`, its secret and `client_auth` with what is registered there"
            }
            "invalid_scope" => "the provider does not give all of `scopes` to this client",
            "invalid_request" => "compare `redirect_uri` and what the client is registered for with this configuration",
            "login_required" | "interaction_required" | "consent_required" => {
                "the provider needs to ask the person something: log in again"
            }
            _ => "look for this login in the provider's own log",
        };
        vec![Remedy::advice(Owner::Operator, format!("{error}: {text}")), Remedy::advice(Owner::Caller, "log in again once it is mended")]
    }

    pub(super) fn code_refused(&self) -> Vec<Remedy> {
        vec![
            Remedy::advice(Owner::Caller, "log in again, without going back in the browser's history"),
            Remedy::advice(
                Owner::Operator,
                "if it happens to everybody: the redirect address must be registered as this gateway sends it, the clocks must agree, and nobody else may use the code first",
            ),
        ]
    }

    pub(super) fn id_token(&self) -> Vec<Remedy> {
        let mut remedies = Vec::new();
        if let Some(presented) = self.presented_text(Subject::Algorithm) {
            remedies.push(Remedy::configuration(
                "let the provider sign with an algorithm that is accepted, or accept the one that it uses if it is asymmetric",
                ["[[provider]]".to_owned(), format!("algorithms = {}", array([presented]))],
            ));
        }
        if self.item(Subject::Audience).is_some() {
            remedies.push(Remedy::configuration(
                "the ID token is for another client: compare",
                ["[[provider]]".to_owned(), "client_id = \"CLIENT\"".to_owned()],
            ));
        }
        if [Subject::Expiry, Subject::IssuedAt, Subject::NotBefore].iter().any(|about| self.item(*about).is_some()) {
            remedies.push(Remedy::commands(
                Owner::Operator,
                "the clocks of provider and gateway disagree, or the token was kept for long: set both by NTP",
                ["timedatectl".to_owned()],
            ));
        }
        remedies.push(Remedy::advice(Owner::Operator, "what does not pass is in the evidence; the provider's log tells what it made"));
        remedies.push(Remedy::advice(Owner::Caller, "log in again once it is mended"));
        remedies
    }

    pub(super) fn login_looping(&self) -> Vec<Remedy> {
        let likely = self.presented_text(Subject::Form).unwrap_or("the session does not last");
        let url = self.url("/");
        vec![
            Remedy::advice(Owner::Operator, format!("most likely {likely}")),
            Remedy::commands(
                Owner::Operator,
                "which cookies are set, for which host, and does the scheme fit?",
                [format!("curl -si {}", quoted(&url))],
            ),
            Remedy::advice(Owner::Caller, "allow cookies for this site, remove old ones of it, and log in again"),
        ]
    }

    pub(super) fn logout_refused(&self) -> Vec<Remedy> {
        vec![
            Remedy::advice(
                Owner::Operator,
                "the provider must send a logout token for this client, signed with its published key, once: see the evidence for what differs",
            ),
            Remedy::commands(
                Owner::Operator,
                "meanwhile the person's sessions end so",
                [self.command(&["session", "revoke", "--user", "NAME"])],
            ),
        ]
    }
}
