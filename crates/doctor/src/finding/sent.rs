//! What a request carries that can be credentials: fields, cookies, query, and body. Not whether they are good.

use super::refusal::json;
use super::said::percent;
use crate::clue::Quote;
use crate::dossier::{Header, Request};

/// Where something was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// `Authorization`.
    Authorization,
    /// A field that is named like a key or a token.
    Field,
    /// A cookie.
    Cookie,
    /// A parameter of the query.
    Query,
    /// A member of a form or JSON body.
    Body,
    /// Name and password before the host of the URL.
    Url,
}

/// One thing that was sent.
pub(crate) struct Sent<'a> {
    /// Where.
    pub place: Place,
    /// Under which name.
    pub name: String,
    /// The value, decoded from query or form.
    pub value: String,
    header: Option<&'a Header>,
    line: usize,
}

impl Sent<'_> {
    /// It, masked.
    pub(crate) fn quote(&self, exchange: usize) -> Quote {
        match (self.header, self.place) {
            (Some(header), Place::Authorization | Place::Field) => Quote::header(exchange, "request", header),
            _ => {
                let place = match self.place {
                    Place::Cookie => "request cookie",
                    Place::Query => "request query",
                    Place::Url => "request URL",
                    _ => "request body",
                };
                let text = crate::mask::header("authorization", &self.value);
                Quote { place: format!("{place} {}", self.name), exchange: exchange + 1, line: self.line, text }
            }
        }
    }

    /// Where and under which name, in words.
    pub(crate) fn whereabouts(&self) -> String {
        match self.place {
            Place::Authorization | Place::Field => format!("the header {}", self.name),
            Place::Cookie => format!("the cookie {}", self.name),
            Place::Query => format!("the query parameter {}", self.name),
            Place::Body => format!("the body's {}", self.name),
            Place::Url => "the URL".to_owned(),
        }
    }
}

/// Everything in a request that can be credentials.
pub(crate) fn credentials(request: &Request) -> Vec<Sent<'_>> {
    let mut sent = Vec::new();
    for header in &request.headers.0 {
        let place = match header.name.to_ascii_lowercase().as_str() {
            "authorization" => Place::Authorization,
            "cookie" => {
                sent.extend(cookies(header).filter(|cookie| !is_furniture(&cookie.name)));
                continue;
            }
            name if is_key(name) => Place::Field,
            _ => continue,
        };
        sent.push(Sent { place, name: header.name.clone(), value: header.value.clone(), header: Some(header), line: header.line });
    }
    let line = request.line;
    let pair = |place, (name, value): (String, String)| Sent { place, name, value, header: None, line };
    sent.extend(pairs(request.query()).filter(|(name, _)| is_secret(name)).map(|found| pair(Place::Query, found)));
    sent.extend(body(request).into_iter().filter(|(name, _)| is_secret(name)).map(|found| pair(Place::Body, found)));
    if let Some((_, rest)) = request.url.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if let Some((user, _)) = authority.rsplit_once('@').filter(|(user, _)| !user.is_empty()) {
            sent.push(pair(Place::Url, ("URL".to_owned(), percent(user))));
        }
    }
    sent
}

/// Does it say which application asks, and nothing that only that one knows?
pub(crate) fn is_client_id(sent: &Sent<'_>) -> bool {
    sent.place == Place::Field
        && matches!(words(&sent.name).as_slice(), [.., kind, id] if id == "id" && matches!(kind.as_str(), "client" | "app" | "application"))
}

/// The cookies of a field.
pub(crate) fn cookies(header: &Header) -> impl Iterator<Item = Sent<'_>> {
    header.value.split(';').filter_map(|pair| pair.trim().split_once('=')).take(200).map(|(name, value)| Sent {
        place: Place::Cookie,
        name: name.trim().to_owned(),
        value: value.trim().to_owned(),
        header: Some(header),
        line: header.line,
    })
}

/// Every parameter of the query and of a form body.
pub(crate) fn parameters(request: &Request) -> Vec<(String, String)> {
    pairs(request.query()).chain(body(request)).collect()
}

/// Names and values of a query or form, decoded.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty()).take(500);
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(name, value)| (percent(name), percent(value)))
}

fn body(request: &Request) -> Vec<(String, String)> {
    let text = request.body.trim();
    if text.is_empty() || text.len() > 1 << 20 {
        return Vec::new();
    }
    if let Some(value) = json(text) {
        let mut found = Vec::new();
        members("", &value, &mut found, 0);
        return found;
    }
    let declared = request.headers.get("content-type").unwrap_or_default().to_ascii_lowercase();
    let form =
        declared.contains("x-www-form-urlencoded") || (declared.is_empty() && text.contains('=') && !text.contains(['\n', '<', '{']));
    if form {
        return pairs(text).collect();
    }
    if declared.contains("multipart/form-data") { parts(text) } else { Vec::new() }
}

fn members(name: &str, value: &serde_json::Value, found: &mut Vec<(String, String)>, depth: usize) {
    match value {
        serde_json::Value::Object(inner) if depth < 4 => inner.iter().for_each(|(name, value)| members(name, value, found, depth + 1)),
        serde_json::Value::String(text) if found.len() < 200 => found.push((name.to_owned(), text.clone())),
        serde_json::Value::Null if found.len() < 200 => found.push((name.to_owned(), "null".to_owned())),
        _ => {}
    }
}

fn parts(text: &str) -> Vec<(String, String)> {
    text.split("name=\"")
        .skip(1)
        .take(100)
        .filter_map(|part| {
            let (name, rest) = part.split_once('"')?;
            let value = rest.split("\n\n").nth(1).or_else(|| rest.split("\r\n\r\n").nth(1))?;
            Some((name.to_owned(), value.lines().next().unwrap_or_default().trim().to_owned()))
        })
        .collect()
}

fn words(name: &str) -> Vec<String> {
    // Camel case counts as words, too: apiKey, accessToken.
    let mut split = String::with_capacity(name.len() + 8);
    let mut lower = false;
    for c in name.chars().take(80) {
        if c.is_ascii_uppercase() && lower {
            split.push('-');
        }
        lower = c.is_ascii_lowercase();
        split.push(c.to_ascii_lowercase());
    }
    split.split(['-', '_', '.', '[', ']', '$', ':']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

const NO_SECRET: &[&str] = &[
    "csrf",
    "xsrf",
    "csrfmiddlewaretoken",
    "idempotency",
    "websocket",
    "cache",
    "surrogate",
    "continuation",
    "page",
    "next",
    "sync",
    "crumb",
    "device",
    "push",
    "fcm",
    "sort",
    "partition",
    "public",
    "type",
    "max",
    "id_token_hint",
    "antiforgery",
    "verification",
    "request_id",
];

/// Is a field named like one that carries credentials?
pub(crate) fn is_key(name: &str) -> bool {
    let words = words(name);
    let last = words.last().map(String::as_str).unwrap_or_default();
    let named = matches!(
        last,
        "key"
            | "token"
            | "secret"
            | "apikey"
            | "auth"
            | "authorization"
            | "accesskey"
            | "accesstoken"
            | "authtoken"
            | "jwt"
            | "password"
            | "passwd"
            | "signature"
            | "apitoken"
            | "sessionid"
            | "session"
            | "credential"
            | "credentials"
            | "assertion"
    ) || matches!(
        words.iter().map(String::as_str).collect::<Vec<_>>().as_slice(),
        [.., "client" | "app" | "application", "id"] | [.., "session", "id"]
    );
    // A signature over the body: X-Hub-Signature-256, X-Shopify-Hmac-Sha256.
    let digest = last.starts_with("sha") || last.bytes().all(|byte| byte.is_ascii_digit());
    let named = named || last == "hmac" || digest && words.iter().any(|word| word == "signature" || word == "hmac");
    named && !words.iter().any(|word| NO_SECRET.contains(&word.as_str())) && !name.starts_with("sec-") && name != "proxy-authorization"
}

/// Is a parameter named like one that carries credentials?
fn is_secret(name: &str) -> bool {
    let folded = name.to_ascii_lowercase();
    let exact = [
        "sig",
        "code",
        "ticket",
        "username",
        "user",
        "login",
        "email",
        "pass",
        "pwd",
        "appid",
        "key",
        "samlresponse",
        "client_assertion",
        "assertion",
        "code_verifier",
        "otp",
        "pin",
        "grant_type",
        "skey",
        "token_auth",
        "x-amz-credential",
        "access_key_id",
        "awsaccesskeyid",
    ];
    exact.contains(&folded.as_str()) || is_key(&folded) || is_key(name)
}

/// Cookies that are known to say nothing of who asks.
pub(crate) fn is_furniture(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let exact = [
        "lang",
        "locale",
        "language",
        "theme",
        "i18n",
        "tz",
        "timezone",
        "cookieconsent",
        "csrftoken",
        "xsrf-token",
        "_csrf",
        "csrf",
        "cf_clearance",
        "currency",
        "django_language",
        "nlbi",
        "awsalb",
        "awsalbcors",
        "route",
        "serverid",
        "optanonconsent",
        "ak_bmsc",
        "bm_sz",
        "_abck",
        "datadome",
        "io",
    ];
    exact.contains(&name.as_str())
        || [
            "_ga",
            "_gid",
            "_fbp",
            "_gcl",
            "_hj",
            "__cf",
            "_pk_",
            "intercom-",
            "ajs_",
            "mp_",
            "amp_",
            "_dd",
            "incap_",
            "visid_",
            "optimizely",
            "__utm",
            "_uet",
            "hubspot",
            "__hs",
            ".aspnetcore.antiforgery",
        ]
        .iter()
        .any(|start| name.starts_with(start))
        || name.contains("csrf")
        || name.contains("xsrf")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_of_keys() {
        for name in [
            "X-API-Key",
            "apikey",
            "apiKey",
            "access_key",
            "X-Auth-Token",
            "PRIVATE-TOKEN",
            "Ocp-Apim-Subscription-Key",
            "CF-Access-Client-Id",
            "DD-API-KEY",
        ] {
            assert!(is_key(name), "{name}");
        }
        for name in ["X-CSRF-Token", "Idempotency-Key", "Sec-WebSocket-Key", "Accept", "X-Request-Id", "Cache-Key", "Content-Type", "Date"]
        {
            assert!(!is_key(&name.to_ascii_lowercase()), "{name}");
        }
    }

    #[test]
    fn everything_that_can_be_credentials_is_seen() {
        let mut request =
            Request { method: "POST".to_owned(), url: "https://a:b@x.example/p?api_key=1&q=2".to_owned(), ..Request::default() };
        request.headers.0.push(Header { name: "Cookie".to_owned(), value: "_ga=1; sid=2".to_owned(), line: 3 });
        request.body = r#"{"auth":{"accessToken":"t"},"n":"x"}"#.to_owned();
        let names: Vec<String> = credentials(&request).into_iter().map(|sent| sent.name).collect();
        assert_eq!(names, ["sid", "api_key", "accessToken", "URL"]);
    }
}
