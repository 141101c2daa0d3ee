//! Remedies for bearer tokens: what to ask the issuer for, and what to tell the gateway about issuers.

use super::{Bench, Remedy, array, string};
use crate::moment::span;
use countersign::token::Algorithm;
use countersign::{Owner, Subject, Value};

impl Bench<'_> {
    pub(super) fn token_malformed(&self) -> Vec<Remedy> {
        let text = "get a new token from the issuer and send all of it: three parts with two dots between them";
        vec![Remedy::commands(Owner::Caller, text, ["echo \"$TOKEN\" | tr -cd . | wc -c     # 2".to_owned()])]
    }

    pub(super) fn token_algorithm(&self) -> Vec<Remedy> {
        let accepted = self.expected_texts(Subject::Algorithm);
        let named = self.presented_text(Subject::Algorithm).unwrap_or_default();
        let mut remedies = vec![Remedy::advice(Owner::Caller, format!("get a token that is signed with one of {}", accepted.join(", ")))];
        match Algorithm::from_name(named) {
            Some(algorithm) if !accepted.iter().any(|name| name == named) => {
                let all = array(accepted.iter().map(String::as_str).chain([algorithm.name()]));
                let text = "or, if the issuer really signs so, accept it in its [[issuer]]";
                remedies.push(Remedy::configuration(text, [format!("algorithms = {all}")]));
            }
            Some(_) => remedies.push(Remedy::advice(
                Owner::Caller,
                "the key that the token names is for another algorithm: somebody mixed up the issuer's keys",
            )),
            None => remedies
                .push(Remedy::advice(Owner::Caller, format!("{named} is never accepted: with it, others than the issuer could sign"))),
        }
        remedies
    }

    pub(super) fn token_signature(&self) -> Vec<Remedy> {
        vec![
            Remedy::advice(Owner::Caller, "get a new token, from the environment that this gateway belongs to, and send all of it"),
            Remedy::advice(
                Owner::Operator,
                format!(
                    "compare what the issuer publishes as key {} in each environment",
                    self.presented_text(Subject::KeyId).unwrap_or("KID")
                ),
            ),
        ]
    }

    pub(super) fn token_key(&self) -> Vec<Remedy> {
        if self.presented(Subject::KeyId).is_none() {
            return vec![Remedy::advice(
                Owner::Caller,
                "get a token without `jwk`, `jku`, `x5u` and `x5c` in its header: a key that a token brings along proves nothing",
            )];
        }
        let text = "if new tokens fail too, look whether the issuer publishes the key that it signs with";
        let line = "curl -s ISSUER/.well-known/openid-configuration     # then its jwks_uri".to_owned();
        vec![
            Remedy::advice(Owner::Caller, "get a new token: the key was probably rotated"),
            Remedy::commands(Owner::Operator, text, [line]),
        ]
    }

    pub(super) fn token_expired(&self) -> Vec<Remedy> {
        let lifetime = match (self.presented(Subject::Expiry), self.presented(Subject::IssuedAt)) {
            (Some(Value::Time(expires)), Some(Value::Time(issued))) if expires > issued => Some(expires - issued),
            _ => None,
        };
        let text = match lifetime {
            Some(lifetime) => {
                let early = lifetime.saturating_mul(4) / 5;
                format!("get a new token and retry once; it lives for {}, so renew it after {}", span(lifetime), span(early))
            }
            None => "get a new token and retry once; from then on renew it before its end".to_owned(),
        };
        let mut remedies = vec![Remedy::advice(Owner::Caller, text)];
        if self.presented_text(Subject::Issuer).is_some_and(|issuer| issuer.starts_with("urn:countersign:")) {
            let command =
                self.command(&["token", "issue", "--subject", "SUBJECT", "--audience", "AUDIENCE", "--scope", "SCOPE", "--expires", "5m"]);
            remedies.push(Remedy::commands(Owner::Administrator, "the token was one of this gateway's own; a new one", [command]));
        }
        remedies
    }

    pub(super) fn token_early(&self) -> Vec<Remedy> {
        let date = self.presented(Subject::NotBefore).or_else(|| self.presented(Subject::IssuedAt));
        let skew = match date {
            Some(Value::Time(date)) => date.saturating_sub(self.case.record.at_ms.div_euclid(1000)),
            _ => 0,
        };
        let clocks = "timedatectl status     # on the issuer's machine and on the gateway's".to_owned();
        let text = format!("set the clocks: they differ by {} or more, or the token was made for later", span(skew));
        let mut remedies = vec![Remedy::commands(Owner::Operator, text, [clocks])];
        if skew <= 60 {
            let text = "or allow as much in the issuer's [[issuer]] (60 s at the most)";
            remedies.push(Remedy::configuration(text, [format!("leeway = \"{}s\"", skew.max(1))]));
        }
        remedies
    }

    pub(super) fn token_issuer(&self) -> Vec<Remedy> {
        let trusted = self.expected_texts(Subject::Issuer);
        let named = self.presented_text(Subject::Issuer).unwrap_or("ISSUER");
        let bare = |issuer: &str| issuer.trim_end_matches('/').to_lowercase();
        if let Some(near) = trusted.iter().find(|issuer| bare(issuer) == bare(named)) {
            let text = format!("the two differ only in spelling; write the issuer as its tokens do, instead of {near}");
            return vec![Remedy::configuration(text, ["[[issuer]]".to_owned(), format!("issuer = {}", string(named))])];
        }
        let lines = [
            "[[issuer]]",
            "name = \"NAME\"",
            &format!("issuer = {}", string(named)),
            "audiences = [\"AUDIENCE\"]",
            "algorithms = [\"ES256\", \"RS256\", \"EdDSA\"]",
        ];
        vec![
            Remedy::advice(Owner::Caller, format!("get a token from a trusted issuer: {}", trusted.join(", "))),
            Remedy::configuration("or, if you trust this one, say so", lines.map(str::to_owned)),
        ]
    }

    pub(super) fn token_audience(&self) -> Vec<Remedy> {
        let accepted = self.expected_texts(Subject::Audience);
        let all = array(accepted.iter().chain(self.presented_texts(Subject::Audience)).map(String::as_str));
        vec![
            Remedy::advice(
                Owner::Caller,
                format!("ask the issuer for a token for {} (`audience` or `resource` of the token request)", accepted.join(" or ")),
            ),
            Remedy::configuration(
                "or, if the issuer knows this API under the other name, add it to its [[issuer]]",
                [format!("audiences = {all}")],
            ),
        ]
    }

    pub(super) fn token_kind(&self) -> Vec<Remedy> {
        let kind = self.presented_text(Subject::TokenType).unwrap_or("(none)");
        let mut remedies =
            vec![Remedy::advice(Owner::Caller, "send `access_token` of the token response, not `id_token` or `refresh_token`")];
        if !kind.ends_with("token") {
            let text = "or, if the issuer does not mark its access tokens as at+jwt, do not insist on it in its [[issuer]]";
            remedies.push(Remedy::configuration(text, ["access_token_type = false".to_owned()]));
        }
        remedies
    }

    pub(super) fn token_inactive(&self) -> Vec<Remedy> {
        let line = "curl -u CLIENT:SECRET -d token=TOKEN ENDPOINT     # what [issuer.introspection] names".to_owned();
        let text = "if new tokens fail too, ask the endpoint about one: some issuers answer so where the client that asks is no audience of the token";
        vec![
            Remedy::advice(Owner::Caller, "get a new token and retry once: this one was revoked, is over, or was cut on its way"),
            Remedy::commands(Owner::Operator, text, [line]),
        ]
    }

    pub(super) fn step_up(&self, parameter: &str) -> Vec<Remedy> {
        let accepted = self.expected_texts(Subject::AuthenticationContext);
        let value = if accepted.is_empty() { String::new() } else { format!("={}", accepted.join(" ")) };
        vec![
            Remedy::advice(
                Owner::Caller,
                format!("log in again with `{parameter}{value}` in the authorization request, then retry with the new token or session"),
            ),
            Remedy::advice(Owner::Operator, format!("or ask for less in the rule at {}", self.place())),
        ]
    }
}
