//! `countersign token issue`: a short-lived token of the gateway's own key, for trying things out.

use crate::argument::{Rights, duration, identifier};
use crate::failure::Failure;
use crate::output::Output;
use crate::place::{Place, now};
use clap::{Args, Subcommand};
use countersign::token::IssuedClaims;
use countersign_doctor::utc;
use serde_json::json;

/// The longest life of a token that nobody can revoke, in seconds.
const LONGEST: i64 = 86_400;
/// Who asked for the token, in its claims.
const CLIENT: &str = "countersign-cli";

/// Tokens of the gateway's own key.
#[derive(Args, Debug)]
pub(crate) struct Token {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a token
    Issue(Issue),
}

#[derive(Args, Debug)]
struct Issue {
    /// Whom it speaks for (`sub`)
    #[arg(long)]
    subject: String,
    /// Whom it is made for (`aud`): the realm of a site, or an audience of an issuer in the configuration
    #[arg(long)]
    audience: String,
    #[command(flatten)]
    rights: Rights,
    /// How long it is good, a day at the most
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = short)]
    expires: i64,
    #[command(flatten)]
    place: Place,
}

fn short(text: &str) -> Result<i64, String> {
    match duration(text)? {
        seconds @ 1..=LONGEST => Ok(seconds),
        _ => Err("a day at the most: nobody can revoke such a token".to_owned()),
    }
}

impl Token {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let Action::Issue(issue) = self.action;
        let data = issue.place.make()?;
        let (key, issuer, now) = (data.token_key()?, data.own_issuer(), now());
        let token = key.sign(&IssuedClaims {
            iss: &issuer,
            sub: &issue.subject,
            aud: &issue.audience,
            scope: issue.rights.scopes.join(" "),
            roles: issue.rights.roles,
            iat: now,
            exp: now + issue.expires,
            jti: identifier(16)?,
            client_id: CLIENT,
        });
        output.either(&json!({ "token": token, "expires": utc(now + issue.expires), "issuer": issuer }), || token.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_live_for_a_day_at_the_most() {
        assert_eq!(short("1d"), Ok(86_400));
        assert!(short("2d").is_err());
    }
}
