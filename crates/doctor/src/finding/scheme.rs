//! A scheme or a place for credentials that the server does not read, told by its challenges or its words.

use super::credentials::NOTHING_CAME;
use super::refusal::{Refusal, starts_with};
use super::said::Said;
use super::sent::{self, Place, Sent};
use crate::catalogue::Code::{self, Common};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::Dossier;
use countersign::Cause;

const NAME: &str = "scheme";
const UNACCEPTED: Code = Common(Cause::SchemeUnaccepted);
const MISPLACED: Code = Common(Cause::ApiKeyMisplaced);

/// Words that say that the scheme is wrong, whatever it was.
const WRONG_SCHEME: &[&str] = &[
    "unsupported authorization type",
    "unsupported authentication",
    "unsupported auth",
    "unsupported_authentication",
    "authentication method not supported",
    "authentication type * not supported",
    "authorization type",
    "invalid authorization scheme",
    "invalid authentication scheme",
    "invalid auth scheme",
    "wrong authentication scheme",
    "unknown authorization scheme",
    "unknown authentication scheme",
    "authentication scheme",
    "authorization scheme",
    "basic authentication is not supported",
    "basic authentication is disabled",
    "basic authentication has been disabled",
    "basic auth is not supported",
    "basic auth is disabled",
    "basic auth is not allowed",
    "api keys are not supported",
    "invalid token prefix",
    "token prefix",
];

/// Words that say what the field has to begin with.
const NAMED: &[(&str, &str)] = &[
    ("must start with 'bearer", "Bearer"),
    ("must start with \"bearer", "Bearer"),
    ("must start with bearer", "Bearer"),
    ("should start with bearer", "Bearer"),
    ("must begin with bearer", "Bearer"),
    ("expected bearer", "Bearer"),
    ("must be bearer", "Bearer"),
    ("must be a bearer", "Bearer"),
    ("not a bearer", "Bearer"),
    ("format is authorization: bearer", "Bearer"),
    ("format: bearer", "Bearer"),
    ("authorization: bearer", "Bearer"),
    ("use bearer", "Bearer"),
    ("bearer token * required", "Bearer"),
    ("bearer authentication", "Bearer"),
    ("only bearer", "Bearer"),
    ("must use basic", "Basic"),
    ("expected basic", "Basic"),
    ("use basic auth", "Basic"),
    ("basic auth required", "Basic"),
    ("basic authentication required", "Basic"),
];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let Some(refusal) = Refusal::of(dossier) else { return Vec::new() };
    let Some(request) = refusal.request() else { return Vec::new() };
    if !matches!(refusal.status(), 400 | 401 | 403) {
        return Vec::new();
    }
    let sent = sent::credentials(request);
    let said = Said::of(dossier);
    let mut clues = Vec::new();
    clues.extend(unchallenged(&refusal, &sent, &said));
    clues.extend(spoken(&refusal, &sent, &said));
    clues.extend(misplaced(&refusal, &sent, &said));
    clues.extend(in_query(&refusal, &sent));
    clues
}

/// An access token in the URL and none in `Authorization`: few servers look there (RFC 6750 section 2.3, RFC 9700 section 2.6).
fn in_query(refusal: &Refusal<'_>, sent: &[Sent<'_>]) -> Option<Clue> {
    let header = sent.iter().any(|sent| matches!(sent.place, Place::Authorization | Place::Field));
    let token = sent.iter().find(|sent| sent.place == Place::Query && sent.name.eq_ignore_ascii_case("access_token"))?;
    if header || refusal.status() != 401 || !refusal.challenges().is_empty() {
        return None;
    }
    let because = "The access token stands in the URL alone, where few servers look for it (RFC 6750 section 2.3).";
    let clue = Clue::new(NAME, MISPLACED, 38, because).quote(token.quote(refusal.index));
    Some(clue.fix(Side::Caller, "Send it in the Authorization field.", &["Authorization: Bearer …"]))
}

/// The scheme that a field was sent with; none for a bare value.
fn scheme<'a>(sent: &'a Sent<'_>) -> Option<&'a str> {
    countersign_grammar::split_scheme(&sent.value).filter(|(_, rest)| !rest.is_empty()).map(|(scheme, _)| scheme)
}

/// Is it a word that servers do not share? `Token`, and those that sign, are known to many.
pub(super) fn is_rare(scheme: &str) -> bool {
    const SHARED: &[&str] = &["basic", "bearer", "digest", "negotiate", "ntlm", "kerberos", "dpop", "token", "hawk", "signature", "jwt"];
    let folded = scheme.to_ascii_lowercase();
    !SHARED.contains(&folded.as_str()) && !["aws", "hmac", "sharedkey", "gnap"].iter().any(|start| folded.starts_with(start))
}

/// Sent with one scheme, asked for others.
fn unchallenged(refusal: &Refusal<'_>, sent: &[Sent<'_>], said: &Said) -> Option<Clue> {
    let challenges = refusal.challenges();
    let first = challenges.first()?;
    let header = sent.iter().find(|sent| sent.place == Place::Authorization);
    let Some(header) = header else {
        return elsewhere(refusal, sent, first.scheme());
    };
    let Some(scheme) = scheme(header) else {
        let jwt = crate::jwt::spot(&header.value).is_some();
        let bearer = challenges.iter().any(|challenge| challenge.is("Bearer") || challenge.is("Token") || challenge.is("JWT"));
        return (jwt && !bearer).then(|| {
            let because = format!("The request carries a JWT, and who answered asks for {} and nothing else: it may be a proxy that stands before the server for which the token is.", first.scheme());
            Clue::new(NAME, UNACCEPTED, 56, because).quote(header.quote(refusal.index))
        });
    };
    // Kerberos and NTLM travel under Negotiate; DPoP tokens are often challenged as Bearer.
    let alike = |challenge: &countersign_grammar::Challenge<'_>| {
        challenge.is(scheme)
            || challenge.is("Negotiate") && scheme.eq_ignore_ascii_case("kerberos")
            || challenge.is("Bearer") && scheme.eq_ignore_ascii_case("dpop")
    };
    if challenges.iter().any(alike) || challenges.iter().any(|challenge| challenge.value("error").is_some()) {
        return None;
    }
    let names = challenges.iter().map(|challenge| challenge.scheme()).collect::<Vec<_>>().join(", ");
    let unknown = challenges.iter().all(|challenge| countersign_grammar::registered_scheme(challenge.scheme()).is_none());
    let nothing_came = said.any(NOTHING_CAME);
    let weight = match (&nothing_came, unknown) {
        (Some(_), false) => 88,
        (Some(_), true) => 60,
        (None, false) => 76,
        (None, true) => 42,
    };
    let because = format!("The request authenticates with {scheme}, and the server asks for {names} and nothing else.");
    let mut clue = Clue::new(NAME, UNACCEPTED, weight, because).quote(header.quote(refusal.index));
    clue.quotes.extend(refusal.answered("www-authenticate").map(|header| Quote::header(refusal.index, "response", header)));
    clue.quotes.extend(nothing_came.map(|heard| heard.quote));
    let line = format!("Authorization: {} …", first.scheme());
    Some(clue.fix(Side::Caller, "Send the credentials with a scheme that the challenge names.", &[&line]).fix(
        Side::Server,
        format!("Or let the server accept {scheme} here."),
        &[],
    ))
}

/// A key or a token in a field, the query or the body, and a challenge for `Authorization`.
fn elsewhere(refusal: &Refusal<'_>, sent: &[Sent<'_>], asked: &str) -> Option<Clue> {
    let token = sent.iter().find(|sent| {
        let name = sent.name.to_ascii_lowercase();
        let keyed = name.contains("key") || name.contains("token") || name.contains("auth") || name.contains("jwt");
        matches!(sent.place, Place::Field | Place::Query) && keyed || sent.place == Place::Cookie && crate::jwt::spot(&sent.value).is_some()
    })?;
    let weight = if matches!(asked.to_ascii_lowercase().as_str(), "bearer" | "basic" | "token") { 44 } else { 34 };
    let because =
        format!("What was sent stands in {}, and the server's challenge asks for Authorization with {asked}.", token.whereabouts());
    let clue = Clue::new(NAME, MISPLACED, weight, because).quote(token.quote(refusal.index));
    Some(clue.fix(Side::Caller, "Send it in the Authorization field.", &[&format!("Authorization: {asked} …")]))
}

/// The body says which scheme is wanted, or that this one is not.
fn spoken(refusal: &Refusal<'_>, sent: &[Sent<'_>], said: &Said) -> Option<Clue> {
    let header = sent.iter().find(|sent| sent.place == Place::Authorization)?;
    let mine = scheme(header);
    for (phrase, wanted) in NAMED {
        let Some(heard) = said.find(phrase) else { continue };
        if mine.is_some_and(|mine| mine.eq_ignore_ascii_case(wanted)) {
            continue;
        }
        let (code, weight) =
            if mine.is_some() { (UNACCEPTED, 88) } else { (Code::Foreign(countersign::ForeignCause::CredentialsGarbled), 88) };
        let because = format!(
            "The server reads {wanted}, and the field {}.",
            mine.map_or("has no scheme word".to_owned(), |mine| format!("begins with {mine}"))
        );
        let clue = Clue::new(NAME, code, weight, because).quote(header.quote(refusal.index)).quote(heard.quote);
        return Some(clue.fix(Side::Caller, "Put the scheme before the credentials.", &[&format!("Authorization: {wanted} …")]));
    }
    if let Some(heard) = said.any(WRONG_SCHEME) {
        return Some(heard.clue(NAME, UNACCEPTED, 82).quote(header.quote(refusal.index)));
    }
    let odd = mine.is_some_and(|mine| {
        !["basic", "bearer", "digest", "negotiate", "ntlm", "dpop"].iter().any(|known| mine.eq_ignore_ascii_case(known))
            && !starts_with(mine, "aws")
    });
    let speaks_of_key = said.any(&["api key", "apikey", "api_key", "token", "unauthorized"]).is_some();
    if let Some(heard) = said.any(NOTHING_CAME).filter(|_| mine.is_some_and(is_rare) && refusal.challenges().is_empty()) {
        let because =
            format!("The server sees no credentials, and they came with {}, a scheme that few servers read.", mine.unwrap_or_default());
        return Some(Clue::new(NAME, UNACCEPTED, 66, because).quote(header.quote(refusal.index)).quote(heard.quote));
    }
    if odd && refusal.challenges().is_empty() && refusal.status() == 401 {
        let because = format!(
            "{} is no scheme that servers share: one that does not know the word takes it for a part of the key, or sees no credentials.",
            mine.unwrap_or_default()
        );
        let weight = if speaks_of_key
            && mine.is_some_and(|mine| {
                mine.eq_ignore_ascii_case("apikey") || mine.eq_ignore_ascii_case("api-key") || mine.eq_ignore_ascii_case("key")
            }) {
            48
        } else {
            22
        };
        return Some(Clue::new(NAME, UNACCEPTED, weight, because).quote(header.quote(refusal.index)));
    }
    None
}

/// The body names a field that the request does not have.
fn misplaced(refusal: &Refusal<'_>, sent: &[Sent<'_>], said: &Said) -> Option<Clue> {
    let request = refusal.request()?;
    let named = said.texts().flat_map(fields).find(|name| sent::is_key(name))?;
    let there = request.headers.get(&named).is_some() || sent.iter().any(|sent| sent.name.eq_ignore_ascii_case(&named));
    if there {
        return None;
    }
    let line = format!("{named}: …");
    let other = sent.iter().find(|sent| matches!(sent.place, Place::Authorization | Place::Field | Place::Query));
    let clue = match other {
        Some(other) => {
            let because = format!("The server speaks of the field {named}, and what was sent stands in {}.", other.whereabouts());
            Clue::new(NAME, MISPLACED, 78, because).quote(other.quote(refusal.index))
        }
        None => Clue::new(
            NAME,
            Common(Cause::CredentialsMissing),
            84,
            format!("The server speaks of the field {named}, and the request does not have it."),
        ),
    };
    let clue = clue.fix(Side::Caller, "Send the key in the field that the server names.", &[&line]);
    Some(match said.find(&named) {
        Some(heard) => clue.quote(heard.quote),
        None => clue,
    })
}

/// Words of a text that look like the names of fields: with a dash, and long enough.
fn fields(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).filter(|word| (6..40).contains(&word.len()));
    words
        .filter(|word| word.starts_with("x-") || (word.contains('-') && (word.ends_with("-key") || word.ends_with("-token"))))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check, exchanged};
    use super::*;

    #[test]
    fn schemes_that_are_not_read() {
        check(see(&answered(401, "WWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM", "")), Some("scheme-unaccepted"), 70);
        check(
            see(&answered(401, "WWW-Authenticate: Token", "Authentication credentials were not provided.")),
            Some("scheme-unaccepted"),
            85,
        );
        check(see(&answered(401, "WWW-Authenticate: Bearer", "")), None, 10);
        check(see(&answered(401, "WWW-Authenticate: Basic realm=\"a\", Bearer", "")), None, 10);
        check(
            see(&exchanged("GET https://a.example/\nAuthorization: Token 1", 401, "", "Authorization header must start with Bearer")),
            Some("scheme-unaccepted"),
            85,
        );
        check(
            see(&exchanged("GET https://a.example/\nAuthorization: abc", 401, "", "Format is Authorization: Bearer [token]")),
            Some("credentials-garbled"),
            85,
        );
        check(see(&answered(401, "", "Missing X-API-Key header")), Some("api-key-misplaced"), 75);
        check(see(&exchanged("GET https://a.example/\nX-API-Key: 1", 401, "", "Invalid X-API-Key")), None, 10);
        check(see(&exchanged("GET https://a.example/?api_key=1", 401, "WWW-Authenticate: Bearer", "")), Some("api-key-misplaced"), 40);
        check(see(&answered(401, "", "Unauthorized")), None, 10);
        check(
            see(&exchanged("GET https://a.example/\nAuthorization: OAuth 1", 401, "", "OAuth token is missing")),
            Some("scheme-unaccepted"),
            65,
        );
        check(see(&exchanged("GET https://a.example/?access_token=1", 401, "", "")), Some("api-key-misplaced"), 35);
    }
}
