//! What of a request are credentials: the same request without them, with garbage in their place, and what may be said of
//! them. Pure.

use crate::dice::Dice;
use crate::target::Target;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign::Timestamp;
use countersign_doctor::Request;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// A request as it would be sent. It holds secrets, so that it has no `Debug`.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) target: Target,
    pub(crate) fields: Vec<(String, String)>,
}

/// Fields that belong to one connection, to a body or to a cache, or that this program sets.
#[rustfmt::skip]
const OWN_FIELDS: &[&str] = &[
    "accept-encoding", "connection", "content-encoding", "content-language", "content-length", "content-md5", "content-type", "digest",
    "expect", "host", "http2-settings", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "keep-alive",
    "proxy-authorization", "proxy-connection", "range", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
];
/// Parts of names of fields and parameters that carry credentials.
const TELLING: &[&str] =
    &["auth", "bearer", "credential", "csrf", "jwt", "key", "passw", "pwd", "secret", "session", "signature", "token", "xsrf"];
/// Names that have such a part and carry none.
const HARMLESS: &[&str] = &["idempotency-key", "x-idempotency-key", "sec-websocket-key", "authority", "keyword", "keywords", "author"];
/// Names without such a part that carry some.
const CARRIERS: &[&str] = &["authorization", "cookie", "dpop", "appid", "app_id", "code", "sig", "pass"];
/// Schemes whose credentials are made for one request or one connection.
const ONCE: &[&str] =
    &["digest", "negotiate", "ntlm", "hawk", "oauth", "aws4-hmac-sha256", "signature", "dpop", "mutual", "hoba", "scram-sha-256"];

/// Schemes that are shown; any other first word might be a part of the secret.
const SHOWN: &[&str] = &["apikey", "aws4-hmac-sha256", "basic", "bearer", "digest", "dpop", "hawk", "negotiate", "ntlm", "oauth", "token"];

impl Sent {
    /// A request as it was recorded, made safe: no body, no unsafe method. None where it is not known where it went.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let host = request.headers.get("host").or_else(|| request.headers.get(":authority"));
        let mut target = match Target::parse(&request.url) {
            Some(target) => target,
            None if request.url.contains("://") => return None,
            // The recording does not say whether it was encrypted; credentials must not go unencrypted by a guess.
            None => {
                let secure = Target::parse(&format!("https://{}", host?))?;
                let local = secure.origin.is_loopback() && secure.origin.port != 443;
                let target = if local { Target::parse(&format!("http://{}", host?))? } else { secure };
                Target::parse(&format!("{}/{}", target.origin.url(), request.url.trim_start_matches('/')))?
            }
        };
        let known = request.headers.0.iter().filter(|header| !header.name.starts_with(':'));
        let kept = known.filter(|header| !OWN_FIELDS.contains(&header.name.to_ascii_lowercase().as_str()));
        let mut fields: Vec<_> = kept.map(|header| (header.name.clone(), header.value.clone())).collect();
        let taken = fields.iter().any(|(field, _)| field.eq_ignore_ascii_case("authorization"));
        fields.extend(target.user.take().filter(|_| !taken).map(|(name, password)| basic(&name, &password)));
        let method = match request.method.to_ascii_uppercase().as_str() {
            safe @ ("GET" | "HEAD" | "OPTIONS") => safe.to_owned(),
            "" => "GET".to_owned(),
            _ => "HEAD".to_owned(),
        };
        Some(Self { method, target, fields })
    }

    /// A request for a document, with nothing of anybody's in it.
    pub(crate) fn plain(method: &str, target: Target, accept: &str) -> Self {
        let target = Target { user: None, ..target };
        Self { method: method.to_owned(), target, fields: vec![("Accept".to_owned(), accept.to_owned())] }
    }

    /// The same without credentials.
    pub(crate) fn without(&self) -> Self {
        let fields = self.fields.iter().filter(|(name, _)| !carries(name)).cloned().collect();
        let target = self.target.at(&query(&self.target.path, |name, value| (!carries(name)).then(|| value.to_owned())));
        Self { method: self.method.clone(), target, fields }
    }

    /// The same with credentials that nobody has, of the same scheme and form; none where there are none of such a form.
    pub(crate) fn garbage(&self, dice: &mut Dice, now: Timestamp) -> Option<Self> {
        let mut fields = self.fields.clone();
        for (name, value) in fields.iter_mut().filter(|(name, _)| carries(name)) {
            *value = match name.to_ascii_lowercase().as_str() {
                "authorization" => garbled_authorization(value, dice, now)?,
                "cookie" => value.split(';').map(|pair| garbled_pair(pair.trim(), dice)).collect::<Vec<_>>().join("; "),
                _ => garbled(value, dice, now),
            };
        }
        let target = self
            .target
            .at(&query(&self.target.path, |name, value| Some(if carries(name) { garbled(value, dice, now) } else { value.to_owned() })));
        Some(Self { method: self.method.clone(), target, fields })
    }

    /// The same with another value of a field.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(field, _)| !field.eq_ignore_ascii_case(name));
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Where it carries credentials, for people: `Authorization (Basic)`, `X-API-Key`, `query api_key`.
    pub(crate) fn carried(&self) -> Vec<String> {
        let shown = |name: &str| name.chars().filter(char::is_ascii_graphic).take(40).collect::<String>();
        let field = |(name, value): &(String, String)| match value.split_once(' ') {
            Some((scheme, _)) if SHOWN.contains(&scheme.to_ascii_lowercase().as_str()) => format!("{} ({scheme})", shown(name)),
            _ => shown(name),
        };
        let fields = self.fields.iter().filter(|(name, _)| carries(name)).map(field);
        fields.chain(self.parameters().map(|(name, _)| format!("query {}", shown(name)))).collect()
    }

    /// Would it try a password, so that too many of it lock an account?
    pub(crate) fn has_password(&self) -> bool {
        let scheme = self.scheme();
        let named = |name: &str| ["passw", "pwd"].iter().any(|part| name.to_ascii_lowercase().contains(part));
        ["basic", "digest", "ntlm", "negotiate"].contains(&scheme.as_str())
            || self.fields.iter().any(|(name, _)| named(name))
            || self.parameters().any(|(name, _)| named(name))
    }

    /// Why the caller's own credentials cannot be sent again, if so.
    pub(crate) fn unrepeatable(&self) -> Option<&'static str> {
        if ONCE.contains(&self.scheme().as_str()) || self.field("dpop").is_some() {
            return Some("they were made for one request and cannot be sent again");
        }
        let values = self.fields.iter().filter(|(name, _)| carries(name)).map(|(_, value)| value.as_str());
        let query = self.parameters().map(|(_, value)| value);
        values.chain(query).any(is_hidden).then_some("they are not in the recording: it was redacted, or a variable was not filled in")
    }

    /// The secrets themselves, to see that they appear nowhere else.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut secrets = Vec::new();
        for (name, value) in self.fields.iter().filter(|(name, _)| carries(name)) {
            match name.to_ascii_lowercase().as_str() {
                "authorization" => {
                    let rest = value.split_once(' ').map_or(value.as_str(), |(_, rest)| rest);
                    let decoded = STANDARD.decode(rest).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                    secrets.extend(decoded.as_deref().and_then(|pair| pair.split_once(':')).map(|(_, password)| password.to_owned()));
                    secrets.push(rest.to_owned());
                }
                "cookie" => {
                    secrets.extend(value.split(';').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value.trim().to_owned()))
                }
                _ => secrets.push(value.clone()),
            }
        }
        secrets.extend(self.parameters().map(|(_, value)| percent_decode_str(value).decode_utf8_lossy().into_owned()));
        secrets.retain(|secret| secret.len() >= 4);
        secrets
    }

    /// The URL with its secrets hidden, and with these wherever they stand in it: a path can have a token in it too.
    pub(crate) fn shown_url(&self, secrets: &[String]) -> String {
        let path = query(&self.target.path, |name, value| Some(if carries(name) { "…".to_owned() } else { value.to_owned() }));
        self.target.at(&without(path, secrets)).url()
    }

    /// Where it carries credentials, in one line, without these secrets: a name can be made of anything.
    pub(crate) fn shown_carried(&self, secrets: &[String]) -> Option<String> {
        let carried = self.carried();
        (!carried.is_empty()).then(|| without(carried.join(", "), secrets))
    }

    /// A token of three parts in it, if it carries one.
    pub(crate) fn jwt(&self) -> Option<&str> {
        let rest = self.field("authorization")?.split_once(' ')?.1.trim();
        Some(rest).filter(|rest| rest.split('.').count() == 3 && rest.starts_with("eyJ"))
    }

    /// The scheme of Authorization, in lower case; empty where there is none.
    pub(crate) fn scheme(&self) -> String {
        self.field("authorization").and_then(|value| value.split(' ').next()).unwrap_or_default().to_ascii_lowercase()
    }

    fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let query = self.target.path.split_once('?').map_or("", |(_, query)| query);
        query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).filter(|(name, value)| carries(name) && !value.is_empty())
    }
}

fn without(text: String, secrets: &[String]) -> String {
    secrets.iter().fold(text, |text, secret| text.replace(secret.as_str(), "…"))
}

/// A field with a name and a password (RFC 7617).
pub(crate) fn basic(name: &str, password: &str) -> (String, String) {
    ("Authorization".to_owned(), format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))))
}

/// The payload of a token of three parts.
pub(crate) fn claims(jwt: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1)?.trim_end_matches('=')).ok()?).ok()
}

/// Does a field or parameter of this name carry credentials?
fn carries(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let told = TELLING.iter().any(|part| name.contains(part)) && !HARMLESS.contains(&name.as_str());
    // What a preflight asks for are names, not values.
    !name.starts_with("access-control-") && (told || CARRIERS.contains(&name.as_str()))
}

fn is_hidden(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let rest = lower.split_once(' ').map_or(lower.as_str(), |(_, rest)| rest).trim();
    let marks = ["***", "redacted", "{{", "${", "•", "…", "your_", "your-", "[filtered]", "<token>"];
    marks.iter().any(|mark| lower.contains(mark))
        || rest.is_empty()
        || rest.starts_with('$')
        || (rest.starts_with('<') && rest.ends_with('>'))
}

/// The path with every parameter's value replaced, or left out.
fn query(path: &str, mut replace: impl FnMut(&str, &str) -> Option<String>) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let pairs = query.split('&').filter_map(|pair| match pair.split_once('=') {
        Some((name, value)) => replace(name, value).map(|value| format!("{name}={value}")),
        None => Some(pair.to_owned()),
    });
    let query = pairs.collect::<Vec<_>>().join("&");
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

fn garbled_authorization(value: &str, dice: &mut Dice, now: Timestamp) -> Option<String> {
    let Some((scheme, rest)) = value.split_once(' ') else { return Some(garbled(value, dice, now)) };
    Some(match scheme.to_ascii_lowercase().as_str() {
        "basic" => basic(&nobody(dice), &dice.letters(16)).1,
        "negotiate" | "ntlm" => return None,
        "digest" => {
            let nobody = nobody(dice);
            let named = parameter(rest, "username", |_| nobody.clone());
            format!("{scheme} {}", parameter(&named, "response", |response| dice.garble(response)))
        }
        _ if parameter(rest, "signature", |_| String::new()) != rest => {
            format!("{scheme} {}", parameter(rest, "signature", |signature| dice.garble(signature)))
        }
        _ => format!("{scheme} {}", garbled(rest, dice, now)),
    })
}

/// A user name that no account has, so that no account is locked by it.
fn nobody(dice: &mut Dice) -> String {
    format!("countersign-probe-{}", dice.letters(16))
}

fn garbled_pair(pair: &str, dice: &mut Dice) -> String {
    pair.split_once('=').map_or_else(|| pair.to_owned(), |(name, value)| format!("{name}={}", dice.garble(value)))
}

fn garbled(value: &str, dice: &mut Dice, now: Timestamp) -> String {
    if let Some(jwt) = garbled_jwt(value.trim(), dice, now) {
        return jwt;
    }
    let garbled = dice.garble(value);
    if garbled == value { dice.letters(16) } else { garbled }
}

/// The same header and addressees, another subject, a signature that is none.
fn garbled_jwt(value: &str, dice: &mut Dice, now: Timestamp) -> Option<String> {
    let [header, _, signature] = value.split('.').collect::<Vec<_>>().try_into().ok()?;
    let claims = claims(value)?;
    let mut payload = json!({ "sub": nobody(dice), "iat": now, "exp": now + 300 });
    for name in ["iss", "aud"] {
        if let (Some(claim), Some(payload)) = (claims.get(name), payload.as_object_mut()) {
            payload.insert(name.to_owned(), claim.clone());
        }
    }
    Some(format!("{header}.{}.{}", URL_SAFE_NO_PAD.encode(payload.to_string()), dice.letters(signature.len())))
}

/// Replaces the value of one parameter of a list such as `a=1, b="2"`.
fn parameter(list: &str, name: &str, replace: impl FnOnce(&str) -> String) -> String {
    let lower = list.to_ascii_lowercase();
    let starts = |at: usize| at == 0 || lower.get(..at).is_some_and(|before| before.ends_with([' ', ',']));
    let Some(at) = lower.match_indices(&format!("{name}=")).map(|(at, _)| at).find(|at| starts(*at)) else { return list.to_owned() };
    let (before, value) = list.split_at(at + name.len() + 1);
    let (quote, value) = value.strip_prefix('"').map_or(("", value), |value| ("\"", value));
    let end = if quote.is_empty() { value.find([',', ' ']) } else { value.find('"') }.unwrap_or(value.len());
    let (value, after) = value.split_at(end);
    format!("{before}{quote}{}{after}", replace(value))
}

#[cfg(test)]
mod tests;
