//! The fix for this very case: commands and configuration lines with its names, times and values filled in. What is
//! not known stands as a word in capitals (NAME), never as a guess.

mod accounts;
mod bound;
mod digest;
mod logins;
mod operation;
mod saml;
mod tokens;

use crate::reference::case::Case;
use crate::reference::rule::{NearMiss, RuleAsWritten};
use crate::wording::clean;
use countersign::{Cause, Item, Owner, Subject, Value};
use serde::Serialize;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// Who can do it.
    pub who: Owner,
    /// What it does.
    pub text: String,
    /// What the lines are.
    pub form: Form,
    /// The exact lines; none where no command or configuration helps.
    pub lines: Vec<String>,
}

/// What a remedy's lines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// There are none.
    Advice,
    /// Commands of a shell.
    Commands,
    /// Lines of the configuration.
    Configuration,
}

impl Remedy {
    fn advice(who: Owner, text: impl Into<String>) -> Self {
        Self::new(who, text, Form::Advice, [])
    }

    fn commands(who: Owner, text: impl Into<String>, lines: impl IntoIterator<Item = String>) -> Self {
        Self::new(who, text, Form::Commands, lines)
    }

    fn configuration(text: impl Into<String>, lines: impl IntoIterator<Item = String>) -> Self {
        Self::new(Owner::Operator, text, Form::Configuration, lines)
    }

    fn new(who: Owner, text: impl Into<String>, form: Form, lines: impl IntoIterator<Item = String>) -> Self {
        Self { who, text: clean(&text.into()), form, lines: lines.into_iter().map(|line| clean(&line)).collect() }
    }
}

/// What to do, the likeliest first; never empty.
pub(crate) fn remedies(case: &Case<'_>, rule: Option<&RuleAsWritten>, near: &[NearMiss]) -> Vec<Remedy> {
    let bench = Bench { case, rule, near };
    match case.record.cause {
        Cause::CredentialsMissing | Cause::SchemeUnaccepted => bench.send_accepted(),
        Cause::CredentialsMalformed => bench.send_readable(),
        Cause::CredentialsRepeated => bench.send_one(),
        Cause::AccountUnknown => bench.account_unknown(),
        Cause::PasswordWrong => bench.password_wrong(),
        Cause::AccountLocked => bench.state("unlock", "locked"),
        Cause::AccountDisabled => bench.state("enable", "disabled"),
        Cause::PasswordExpired => bench.new_password("the password was right; set a new one"),
        Cause::DigestResponseWrong => bench.digest_wrong(),
        Cause::DigestNonceStale => bench.digest_stale(),
        Cause::DigestNonceReplayed => vec![Remedy::advice(
            Owner::Caller,
            "count `nc` up with every request; who sends the same request again answers the newest challenge first",
        )],
        Cause::DigestTargetMismatch => bench.digest_target(),
        Cause::ApiKeyUnknown => bench.key_unknown(),
        Cause::ApiKeyExpired => bench.key_expired(),
        Cause::ApiKeyRevoked => bench.key_revoked(),
        Cause::ApiKeyMisplaced => bench.key_misplaced(),
        Cause::ApiKeyMistyped => vec![Remedy::advice(Owner::Caller, "copy the key again, whole: without quotes, blanks or a line's end")],
        Cause::ApiKeyElsewhere => bench.key_elsewhere(),
        Cause::TokenMalformed => bench.token_malformed(),
        Cause::TokenAlgorithmRefused => bench.token_algorithm(),
        Cause::TokenSignatureWrong => bench.token_signature(),
        Cause::TokenKeyUnknown => bench.token_key(),
        Cause::TokenExpired => bench.token_expired(),
        Cause::TokenNotYetValid => bench.token_early(),
        Cause::TokenIssuerUnknown => bench.token_issuer(),
        Cause::TokenAudienceMismatch => bench.token_audience(),
        Cause::TokenKindWrong => bench.token_kind(),
        Cause::ProofMissing => bench.proof_missing(),
        Cause::TokenUnbound => bench.token_unbound(),
        Cause::ProofWrong => bench.proof_wrong(),
        Cause::ProofReplayed => vec![Remedy::advice(
            Owner::Caller,
            "make a proof for each request, with a new random `jti`; a client that sends a request again makes a new one too",
        )],
        Cause::ProofNonceNeeded => vec![Remedy::advice(
            Owner::Caller,
            "put the value of `DPoP-Nonce` into the proof as `nonce` and send the request once more; keep the newest for the next ones",
        )],
        Cause::TokenInactive => bench.token_inactive(),
        Cause::SessionUnknown => bench.log_in("the session ended long ago, or belongs to another data directory"),
        Cause::SessionIdle => bench.log_in_or("[session]", "idle", "2h"),
        Cause::SessionOver => bench.log_in_or("[session]", "absolute", "24h"),
        Cause::SessionRevoked => bench.log_in("it was ended on purpose; the audit trail tells by whom"),
        Cause::SessionMalformed => bench.log_in("remove the cookie of this host first: it was not written by this gateway"),
        Cause::AuthenticationTooWeak => bench.step_up("acr_values"),
        Cause::AuthenticationTooOld => bench.step_up("max_age"),
        Cause::ScopeInsufficient => bench.scope(),
        Cause::RoleInsufficient => bench.role(),
        Cause::RuleDenied => bench.rule_denied(),
        Cause::CsrfTokenMissing | Cause::CsrfTokenWrong => {
            vec![Remedy::advice(
                Owner::Caller,
                "load the page again and send the form from there, with cookies allowed; programs use another scheme",
            )]
        }
        Cause::OriginRefused | Cause::CorsOriginRefused => bench.origin(),
        Cause::CertificateMissing => bench.certificate_missing(),
        Cause::CertificateUntrusted => bench.certificate_untrusted(),
        Cause::CertificateExpired => vec![Remedy::commands(
            Owner::Caller,
            "renew the client certificate, and get a token that is bound to the new one",
            ["openssl x509 -noout -dates -in CERT.pem".to_owned()],
        )],
        Cause::TransportInsecure => bench.transport(),
        Cause::AttemptsExceeded => bench.attempts(),
        Cause::TargetAmbiguous => {
            vec![Remedy::advice(Owner::Caller, "send the canonical path: dots resolved, single slashes, no `;`, no encoded slash or dot")]
        }
        Cause::RequestAmbiguous => vec![Remedy::advice(
            Owner::Caller,
            "one Host, and one way to tell the body's length; build the request with an ordinary HTTP library",
        )],
        Cause::HeaderSpoofed => bench.header_spoofed(),
        Cause::RequestTooLarge => bench.too_large(),
        Cause::SiteUnknown => bench.site_unknown(),
        Cause::KeysUnreachable => bench.keys_unreachable(),
        Cause::StoreUnreachable => bench.store_unreachable(),
        Cause::UpstreamUnreachable => bench.upstream_unreachable(),
        Cause::UpstreamTimeout => bench.upstream_timeout(),
        Cause::Overloaded => vec![
            Remedy::advice(
                Owner::Caller,
                "wait for Retry-After and send the same again; who calls often uses an API key or a token instead of a password",
            ),
            Remedy::advice(Owner::Operator, "look for a flood of guesses: refusals by cause on the admin listener's /metrics"),
        ],
        Cause::IntrospectionUnreachable => bench.introspection_unreachable(),
        Cause::ProviderUnreachable => bench.provider_unreachable(),
        Cause::LoginStateUnknown => bench.login_state(),
        Cause::LoginNonceMismatch => bench.login_nonce(),
        Cause::LoginIssuerMismatch => bench.login_issuer(),
        Cause::ProviderRefused => bench.provider_refused(),
        Cause::CodeRefused => bench.code_refused(),
        Cause::IdTokenRefused => bench.id_token(),
        Cause::LoginLooping => bench.login_looping(),
        Cause::LogoutRefused => bench.logout_refused(),
        Cause::AssertionMalformed => bench.assertion_malformed(),
        Cause::AssertionSignatureWrong => bench.assertion_signature(),
        Cause::AssertionExpired | Cause::AssertionNotYetValid => bench.assertion_time(),
        Cause::AssertionAudienceMismatch => bench.assertion_audience(),
        Cause::AssertionRecipientMismatch => bench.assertion_recipient(),
        Cause::AssertionReplayed => {
            vec![Remedy::advice(Owner::Caller, "sign in again, from the site's own page; the same form counts only once")]
        }
        Cause::AssertionUnsolicited => bench.assertion_unsolicited(),
        Cause::AssertionStatusRefused => bench.assertion_status(),
        Cause::UpstreamRefused => {
            vec![Remedy::advice(
                Owner::Upstream,
                format!("the gateway admitted the request; look into the app's own log for {}", case.record.request_id),
            )]
        }
    }
}

/// What every remedy is made from.
struct Bench<'a> {
    case: &'a Case<'a>,
    rule: Option<&'a RuleAsWritten>,
    near: &'a [NearMiss],
}

impl<'a> Bench<'a> {
    fn command(&self, words: &[&str]) -> String {
        self.case.program.command(words)
    }

    fn item(&self, about: Subject) -> Option<&'a Item> {
        self.case.record.evidence.items().iter().find(|item| item.about == about)
    }

    fn presented(&self, about: Subject) -> Option<&'a Value> {
        self.item(about)?.presented.as_ref()
    }

    fn expected_texts(&self, about: Subject) -> &'a [String] {
        texts(self.item(about).and_then(|item| item.expected.as_ref()))
    }

    fn presented_texts(&self, about: Subject) -> &'a [String] {
        texts(self.presented(about))
    }

    fn presented_text(&self, about: Subject) -> Option<&'a str> {
        match self.presented(about)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The account's name, if the store was asked and knows it.
    fn name(&self) -> &'a str {
        let account = self.case.looked_up.account.here();
        let account = account.or_else(|| self.case.looked_up.api_key.here().map(|key| key.account.as_ref()));
        account.map_or("NAME", |account| account.name.as_str())
    }

    /// Where the refusing rule stands.
    fn place(&self) -> String {
        self.rule.map_or_else(|| "the configuration".to_owned(), |rule| format!("{}:{}", rule.file, rule.line))
    }
}

fn texts(value: Option<&Value>) -> &[String] {
    match value {
        Some(Value::Texts(texts)) => texts,
        Some(Value::Text(text)) => std::slice::from_ref(text),
        _ => &[],
    }
}

/// A TOML array of strings.
fn array<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let quoted: Vec<_> = texts.into_iter().map(string).collect();
    format!("[{}]", quoted.join(", "))
}

/// A TOML basic string.
fn string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
