//! Credentials that look well and were refused: words such as `invalid API key`, and the plain case without any. Weak where nothing
//! more is known.

use super::credentials::NOTHING_CAME;
use super::refusal::Refusal;
use super::said::{Phrase, Said};
use super::sent::{self, Place, Sent};
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::{Clue, Quote};
use crate::dossier::Dossier;
use countersign::{Cause, ForeignCause};

const NAME: &str = "refused";
const INVALID: Code = Foreign(ForeignCause::CredentialsInvalid);
const KEY: Code = Common(Cause::ApiKeyUnknown);
const PASSWORD: Code = Common(Cause::PasswordWrong);
const UNKNOWN: Code = Common(Cause::AccountUnknown);

const PHRASES: &[Phrase] = &[
    Phrase("bad credentials", 78, INVALID),
    Phrase("bad_credentials", 78, INVALID),
    Phrase("badcredentials", 78, INVALID),
    Phrase("invalid credentials", 80, INVALID),
    Phrase("invalid_credentials", 80, INVALID),
    Phrase("invalidcredentials", 80, INVALID),
    Phrase("invalid * credentials", 76, INVALID),
    Phrase("credentials are invalid", 78, INVALID),
    Phrase("credentials are not valid", 78, INVALID),
    Phrase("credentials invalid", 76, INVALID),
    Phrase("incorrect credentials", 80, INVALID),
    Phrase("wrong credentials", 80, INVALID),
    Phrase("credentials do not match", 80, INVALID),
    Phrase("could not validate credentials", 50, INVALID),
    Phrase("due to invalid credentials", 60, INVALID),
    Phrase("invalid username or password", 84, INVALID),
    Phrase("invalid user name or password", 84, INVALID),
    Phrase("incorrect username or password", 84, INVALID),
    Phrase("wrong username or password", 84, INVALID),
    Phrase("invalid username/password", 84, INVALID),
    Phrase("username or password", 72, INVALID),
    Phrase("username and password", 52, INVALID),
    Phrase("username/password", 62, INVALID),
    Phrase("user name or password", 74, INVALID),
    Phrase("email or password", 74, INVALID),
    Phrase("login or password", 74, INVALID),
    Phrase("login incorrect", 82, INVALID),
    Phrase("invalid login", 74, INVALID),
    Phrase("login failed", 60, INVALID),
    Phrase("login failure", 60, INVALID),
    Phrase("authentication failed", 46, INVALID),
    Phrase("authentication failure", 46, INVALID),
    Phrase("authentication_failed", 46, INVALID),
    Phrase("authentication error", 38, INVALID),
    Phrase("auth failed", 46, INVALID),
    Phrase("authentication unsuccessful", 50, INVALID),
    Phrase("failed to authenticate", 46, INVALID),
    Phrase("unable to authenticate", 46, INVALID),
    Phrase("could not authenticate", 46, INVALID),
    Phrase("invalid user credentials", 86, INVALID),
    Phrase("invalid password/token", 84, INVALID),
    Phrase("invalid api credentials", 80, INVALID),
    Phrase("invalid access token", 52, INVALID),
    Phrase("invalid token", 46, INVALID),
    Phrase("invalid_token", 40, INVALID),
    Phrase("invalid auth token", 50, INVALID),
    Phrase("invalid authentication token", 50, INVALID),
    Phrase("invalid bearer token", 50, INVALID),
    Phrase("invalid authorization", 42, INVALID),
    Phrase("invalid authentication", 46, INVALID),
    Phrase("invalid_auth", 66, INVALID),
    Phrase("token is invalid", 46, INVALID),
    Phrase("token invalid", 44, INVALID),
    Phrase("token is not valid", 46, INVALID),
    Phrase("token not valid", 40, INVALID),
    Phrase("token verification failed", 34, INVALID),
    Phrase("unknown token", 60, INVALID),
    Phrase("unrecognized token", 60, INVALID),
    Phrase("token not recognized", 60, INVALID),
    Phrase("bad token", 52, INVALID),
    Phrase("bad authentication", 50, INVALID),
    Phrase("invalid password", 86, PASSWORD),
    Phrase("incorrect password", 86, PASSWORD),
    Phrase("wrong password", 88, PASSWORD),
    Phrase("password is incorrect", 86, PASSWORD),
    Phrase("password incorrect", 86, PASSWORD),
    Phrase("password mismatch", 86, PASSWORD),
    Phrase("password does not match", 86, PASSWORD),
    Phrase("invalid_password", 86, PASSWORD),
    Phrase("user not found", 80, UNKNOWN),
    Phrase("user_not_found", 82, UNKNOWN),
    Phrase("no such user", 84, UNKNOWN),
    Phrase("unknown user", 82, UNKNOWN),
    Phrase("user does not exist", 84, UNKNOWN),
    Phrase("user doesn't exist", 84, UNKNOWN),
    Phrase("account not found", 80, UNKNOWN),
    Phrase("account does not exist", 82, UNKNOWN),
    Phrase("no account found", 78, UNKNOWN),
    Phrase("user unknown", 80, UNKNOWN),
    Phrase("no active account found with the given credentials", 74, INVALID),
    Phrase("invalid api key", 84, KEY),
    Phrase("invalid api-key", 84, KEY),
    Phrase("invalid_api_key", 86, KEY),
    Phrase("invalid apikey", 84, KEY),
    Phrase("invalidapikey", 84, KEY),
    Phrase("invalid api token", 82, KEY),
    Phrase("invalid * api key", 80, KEY),
    Phrase("incorrect api key", 86, KEY),
    Phrase("wrong api key", 84, KEY),
    Phrase("bad api key", 84, KEY),
    Phrase("unknown api key", 86, KEY),
    Phrase("unauthorized api key", 74, KEY),
    Phrase("api key is invalid", 84, KEY),
    Phrase("api key is not valid", 84, KEY),
    Phrase("api key not valid", 84, KEY),
    Phrase("api key invalid", 82, KEY),
    Phrase("api key verification has failed", 40, KEY),
    Phrase("api key does not exist", 86, KEY),
    Phrase("api_key_invalid", 86, KEY),
    Phrase("invalid key", 68, KEY),
    Phrase("invalid access key", 80, KEY),
    Phrase("invalidaccesskeyid", 88, KEY),
    Phrase("access key id you provided does not exist", 92, KEY),
    Phrase("invalid subscription key", 86, KEY),
    Phrase("invalid license key", 70, KEY),
    Phrase("invalid app id", 66, KEY),
    Phrase("invalid client", 60, Foreign(ForeignCause::ClientRefused)),
    Phrase("用户名或密码错误", 90, INVALID),
    Phrase("密码错误", 90, PASSWORD),
    Phrase("用户不存在", 86, UNKNOWN),
    Phrase("token无效", 60, INVALID),
    Phrase("无效的token", 60, INVALID),
];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let said = Said::of(dossier);
    let mut clues = said.clues(NAME, PHRASES);
    let Some(refusal) = Refusal::of(dossier) else { return clues };
    let sent = refusal.request().map(sent::credentials).unwrap_or_default();
    // A form that is refused was not looked up.
    if said.any(super::garbled::FORM).is_some() {
        clues.iter_mut().for_each(|clue| clue.weight /= 3);
    }
    // What is refused where a SAML message was posted is the message.
    if sent.iter().any(|sent| sent.name.eq_ignore_ascii_case("samlresponse")) {
        clues.iter_mut().for_each(|clue| clue.weight /= 3);
        clues.extend(assertion(&refusal, &sent));
        return clues;
    }
    if refusal.request().is_some() && sent.is_empty() {
        // Some say "invalid" to a request that carries nothing.
        clues.iter_mut().for_each(|clue| clue.weight /= 3);
        return clues;
    }
    if clues.is_empty() && matches!(refusal.status(), 401) && !refusal.is_preflight() && !refusal.challenge_tells_error() {
        clues.extend(plain(&refusal, &sent, &said));
    }
    clues.extend(asked_by_another(&refusal, &sent));
    clues
}

/// A SAML response was posted and refused, whatever the page says of it.
fn assertion(refusal: &Refusal<'_>, sent: &[Sent<'_>]) -> Option<Clue> {
    let posted = sent.iter().find(|sent| sent.name.eq_ignore_ascii_case("samlresponse"))?;
    matches!(refusal.status(), 400 | 401 | 403).then(|| {
        let because = "A SAML response was posted and refused. Its signature, audience, times and the request that it answers are checked, and the log of the service provider tells which.";
        Clue::new(NAME, Common(Cause::AssertionSignatureWrong), 62, because).quote(posted.quote(refusal.index))
    })
}

/// A browser sends Basic for a page only after something asked for it. Where this answer does not ask, something in front does.
fn asked_by_another(refusal: &Refusal<'_>, sent: &[Sent<'_>]) -> Option<Clue> {
    let request = refusal.request()?;
    let browser = request.headers.get("user-agent").is_some_and(|agent| agent.starts_with("Mozilla/"));
    let script = ["x-requested-with", "origin"].iter().any(|name| request.headers.get(name).is_some())
        || request.headers.get("sec-fetch-mode").is_some_and(|mode| !mode.eq_ignore_ascii_case("navigate"))
        || request.path().contains("/api");
    let basic = sent.iter().find(|sent| sent.place == Place::Authorization && sent.value.starts_with("Basic "))?;
    if !browser || script || refusal.status() != 401 || !request.method.eq_ignore_ascii_case("GET") || !refusal.challenges().is_empty() {
        return None;
    }
    let because = "A browser opens a page with Basic only after something asked for it, and this answer asks for nothing: a proxy in front does, and the app got what was meant for the proxy.";
    let clue = Clue::new(NAME, Foreign(ForeignCause::ServerMisconfigured), 76, because).quote(basic.quote(refusal.index));
    Some(clue.fix(crate::clue::Side::Proxy, "Keep the proxy's own credentials from the app.", &["proxy_set_header Authorization \"\";"]))
}

/// Nothing is said beyond the 401 itself.
fn plain(refusal: &Refusal<'_>, sent: &[Sent<'_>], said: &Said) -> Option<Clue> {
    let Some(first) = sent.iter().find(|sent| sent.place != Place::Cookie && !sent::is_client_id(sent)) else {
        let weight = if refusal.request().is_none() { 24 } else { return None };
        return Some(Clue::new(NAME, INVALID, weight, "Only the answer was given. Credentials may have been sent and refused."));
    };
    let scheme = first.value.split(' ').next().unwrap_or_default().to_ascii_lowercase();
    let challenged = refusal.challenges().iter().any(|challenge| challenge.is(&scheme));
    let nothing_came = said.any(NOTHING_CAME).is_some();
    let jwt = crate::jwt::spot(&first.value).is_some();
    let weight = match scheme.as_str() {
        "basic" if challenged => 64,
        "digest" => 30,
        "negotiate" | "ntlm" => 46,
        _ if nothing_came => 20,
        _ if jwt => 16,
        "basic" => 58,
        _ => 46,
    };
    let because = format!(
        "Credentials came in {}, in the right form as far as it can be seen, and the server refuses without a reason.",
        first.whereabouts()
    );
    let clue = Clue::new(NAME, INVALID, weight, because).quote(first.quote(refusal.index));
    Some(match refusal.answered("www-authenticate") {
        Some(header) => clue.quote(Quote::header(refusal.index, "response", header)),
        None => clue,
    })
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check, exchanged};
    use super::*;

    #[test]
    fn credentials_that_were_refused() {
        check(see(&answered(401, "", r#"{"error":{"message":"Incorrect API key provided: omlx…"}}"#)), Some("api-key-unknown"), 85);
        check(see(&answered(401, "", "Bad credentials")), Some("credentials-invalid"), 75);
        check(see(&answered(401, "", "")), Some("credentials-invalid"), 40);
        check(
            see(&exchanged("GET https://a.example/\nAuthorization: Basic eHh4Og==", 401, "WWW-Authenticate: Basic realm=\"a\"", "")),
            Some("credentials-invalid"),
            60,
        );
        check(see(&exchanged("GET https://a.example/", 401, "", "Invalid token")), None, 20);
        check(see(&answered(403, "", "")), None, 10);
        let browser = "GET https://a.example/\nUser-Agent: Mozilla/5.0\nAuthorization: Basic eHh4Og==";
        check(see(&exchanged(browser, 401, "", "")), Some("server-misconfigured"), 70);
        check(
            see(&exchanged(
                "POST https://a.example/acs\nContent-Type: application/x-www-form-urlencoded\n\nSAMLResponse=x",
                403,
                "",
                "Authentication failed",
            )),
            Some("assertion-signature-wrong"),
            60,
        );
    }
}
